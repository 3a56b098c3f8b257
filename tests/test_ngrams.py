"""N-grams: the formula, counted one by one, and what a distribution has to be."""

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_lab.models.ngrams import NGrams

V = 4
TEXTS = st.lists(st.integers(0, V - 1), min_size=6, max_size=60)


def witten_bell(text, order, context, token):
    """The probability of a token after a context, by counting anew."""
    if order == 0:
        return 1 / V
    context = tuple(context)[max(0, len(context) - order + 1) :]
    shorter = witten_bell(text, order - 1, context, token)
    if len(context) < order - 1:
        return shorter
    followers = defaultdict(Counter)
    for i in range(order - 1, len(text)):
        followers[tuple(text[i - order + 1 : i])][text[i]] += 1
    seen = followers[context]
    if not seen:
        return shorter
    return (seen[token] + len(seen) * shorter) / (seen.total() + len(seen))


@given(TEXTS, TEXTS, st.integers(1, 5))
def test_probabilities_are_those_of_the_formula(text, other, order):
    found = NGrams(text, order, V).log_probabilities(other)
    expected = [witten_bell(text, order, other[:t], token) for t, token in enumerate(other)]
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-12)


@given(TEXTS, TEXTS, st.integers(1, 5))
def test_steps_give_what_the_whole_text_gives(text, other, order):
    model, state, found = NGrams(text, order, V), None, []
    for token, following in pairwise(other):
        logits, state = model.step([token], state)
        np.testing.assert_allclose(np.exp(logits).sum(), 1, rtol=1e-12)
        found.append(logits[0, following])
    np.testing.assert_allclose(found, model.log_probabilities(other)[1:], rtol=1e-12)


def test_several_sequences_step_side_by_side():
    rng = np.random.default_rng(0)
    model = NGrams(rng.integers(0, V, 200), 4, V)
    prompt, state = rng.integers(0, V, (5, 3)), None
    for ids in prompt:
        together, state = model.step(ids, state)
    for n in range(3):
        alone = None
        for token in prompt[:, n]:
            logits, alone = model.step([token], alone)
        np.testing.assert_allclose(together[n], logits[0], rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([0, 1, 2], 4, V), ValueError, "ids has 3 tokens; expected at least order = 4"),
        (([0, V], 1, V), ValueError, "ids holds values from 0 to 4; expected 0 to 3"),
        (([0.0, 1.0], 1, V), TypeError, "ids holds values of type float64"),
        (([], 1, V), ValueError, r"ids has shape \(0,\)"),
        (([0, 1], 0, V), ValueError, "order is 0"),
        (([0] * 40, 32, V), ValueError, r"order is 32, and 4\*\*32 exceeds 2\*\*63"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        NGrams(*arguments)
