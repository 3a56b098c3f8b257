"""Decoding: what is cut off, what is drawn, and how a model goes on from a prompt."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rnn_lab.decoding import generate, greedy, probabilities, sampler
from rnn_lab.models import LanguageModel
from rnn_lab.nn import LSTM

KNOWN = np.log([0.1, 0.5, 0.15, 0.25])
LOGITS = arrays.arrays(np.float64, (3, 7), elements=st.floats(-30, 30))


def test_probabilities_of_known_scores():
    np.testing.assert_allclose(probabilities(KNOWN), [0.1, 0.5, 0.15, 0.25])
    np.testing.assert_allclose(probabilities(KNOWN, top_k=2), [0, 2 / 3, 0, 1 / 3])
    np.testing.assert_allclose(probabilities(KNOWN, nucleus=0.7), [0, 2 / 3, 0, 1 / 3])
    np.testing.assert_allclose(probabilities(KNOWN, nucleus=0.4), [0, 1, 0, 0])
    np.testing.assert_allclose(probabilities(KNOWN, top_k=3, nucleus=0.8), [0, 2 / 3, 0, 1 / 3])  # of 0.9, 0.75 is 0.83
    np.testing.assert_allclose(probabilities(KNOWN, temperature=0.5), np.array([1, 25, 2.25, 6.25]) / 34.5)


@given(LOGITS, st.floats(0.05, 20), st.integers(1, 9), st.floats(0.01, 1))
def test_what_is_kept_is_the_smallest_set_and_sums_to_one(logits, temperature, top_k, nucleus):
    whole = probabilities(logits, temperature)
    for cut, kept_enough in [
        (probabilities(logits, temperature, top_k=top_k), None),
        (probabilities(logits, temperature, nucleus=nucleus), nucleus),
    ]:
        np.testing.assert_allclose(cut.sum(axis=-1), 1)
        for row, full in zip(cut, whole, strict=True):
            kept = row > 0
            assert full[kept].min() >= full[~kept].max(initial=0)  # the likeliest are kept
            np.testing.assert_allclose(row[kept], full[kept] / full[kept].sum(), rtol=1e-9)
            if kept_enough is None:
                assert kept.sum() == min(top_k, np.count_nonzero(full))
            else:
                assert full[kept].sum() > kept_enough - 1e-9
                assert full[kept].sum() - full[kept].min() < kept_enough + 1e-9


def test_draws_have_their_probabilities():
    draws = sampler(np.random.default_rng(0), 0.7, 3)(np.tile(KNOWN, (50_000, 1)))
    frequencies = np.bincount(draws, minlength=4) / len(draws)
    np.testing.assert_allclose(frequencies, probabilities(KNOWN, 0.7, 3), atol=4 * 0.5 / np.sqrt(len(draws)))
    assert frequencies[0] == 0


def test_a_low_temperature_is_greedy_and_a_high_one_uniform():
    logits = np.random.default_rng(0).standard_normal((20, 9))
    assert (sampler(np.random.default_rng(0), 1e-3)(logits) == greedy(logits)).all()
    np.testing.assert_allclose(probabilities(logits, 1e6), 1 / 9, atol=1e-5)


def successor(ids, state):
    """A model that scores the token after the one it reads highest, and counts what it has read."""
    return np.eye(10)[(ids + 1) % 10], (0 if state is None else state) + 1


def test_generation_reads_the_prompt_and_goes_on():
    added = generate(successor, [[1, 5], [2, 6]], 4, greedy)
    assert added.T.tolist() == [[3, 4, 5, 6], [7, 8, 9, 0]]


def test_generation_ends_with_the_end():
    added = generate(successor, [[1, 5]], 20, greedy, end=7)
    assert added.T.tolist() == [[2, 3, 4, 5, 6, 7], [6, 7, 7, 7, 7, 7]]


def test_the_given_state_is_where_the_model_starts():
    seen = []

    def step(ids, state):
        seen.append(state)
        return successor(ids, state)

    generate(step, [[0], [1]], 3, greedy, state=40)
    assert seen == [40, 41, 42, 43]  # the last token that is added is not read


def test_a_language_model_generates_what_its_forward_pass_scores():
    rng = np.random.default_rng(0)
    model = LanguageModel(6, 4, LSTM(4, 8, rng), rng)
    prompt = rng.integers(0, 6, (5, 2))
    added = generate(model.step, prompt, 7, greedy)
    logits, _, _ = model.forward(np.concatenate([prompt, added]))
    np.testing.assert_array_equal(added, greedy(logits)[4:-1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": 0}, "temperature is 0; expected a number above 0"),
        ({"temperature": np.nan}, "temperature is nan"),
        ({"top_k": 0}, "top_k is 0; expected at least 1"),
        ({"nucleus": 1.5}, "nucleus is 1.5; expected a share of the probability, at most 1"),
        ({"nucleus": -0.5}, "nucleus is -0.5; expected a number above 0"),
        ({"logits": [0, np.inf]}, "logits holds 1 NaN or infinite"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        probabilities(**{"logits": KNOWN} | arguments)


@pytest.mark.parametrize(
    ("prompt", "error", "message"),
    [
        (np.zeros((0, 1), int), ValueError, "prompt is empty"),
        ([1, 2], ValueError, r"prompt has shape \(2,\); expected \(T, N\)"),
        ([["a"]], TypeError, "prompt holds values of type <U1; expected whole numbers: encode the text first"),
    ],
)
def test_a_bad_prompt_is_named(prompt, error, message):
    with pytest.raises(error, match=message):
        generate(successor, prompt, 3, greedy)


def test_a_length_is_a_size():
    with pytest.raises(ValueError, match="length is 0"):
        generate(successor, [[1]], 0, greedy)
