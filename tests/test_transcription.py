"""Best path, prefix search and its languages: against every path written out."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_lab.datasets import speech
from rnn_lab.nn.ctc import collapse, forward_backward
from rnn_lab.nn.functions import log_softmax
from rnn_lab.transcription import CharacterModel, Lexicon, best_path, prefix_search


def random_log_p(seed, T, K, scale=1.5):
    return log_softmax(scale * np.random.default_rng(seed).standard_normal((T, K)))


def every_text(log_p):
    """The log-probability of every text, each path written out."""
    texts = {}
    for path in itertools.product(range(log_p.shape[1]), repeat=len(log_p)):
        text, value = tuple(collapse(path)), sum(log_p[t, k] for t, k in enumerate(path))
        texts[text] = np.logaddexp(texts.get(text, -np.inf), value)
    return texts


def test_the_best_path_is_collapsed():
    log_p = np.log(np.array([[0.1, 0.8, 0.1], [0.1, 0.8, 0.1], [0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]]))
    assert best_path(log_p) == [1, 1, 2]


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(2, 4))
def test_a_wide_search_finds_every_text_with_its_probability(seed, T, K):
    log_p = random_log_p(seed, T, K)
    texts = every_text(log_p)
    found = prefix_search(log_p, 10_000)
    assert {candidate.symbols for candidate in found} == set(texts)
    for candidate in found:
        assert candidate.log_probability == pytest.approx(texts[candidate.symbols], abs=1e-10)
    scores = [candidate.score for candidate in found]
    assert scores == sorted(scores, reverse=True)
    assert found[0].log_probability == pytest.approx(max(texts.values()))


def test_many_paths_may_beat_the_best_one():
    log_p = np.log(np.array([[0.6, 0.4], [0.6, 0.4]]))  # blank twice: 0.36; the symbol in three ways: 0.64
    assert best_path(log_p) == []
    assert prefix_search(log_p)[0].symbols == (1,)


def test_a_narrow_search_over_a_long_sequence_adds_up_what_the_lattice_adds_up():
    log_p = random_log_p(0, 60, 6, scale=10)
    for candidate in prefix_search(log_p, 50)[:3]:
        lattice = forward_backward(log_p[:, None], np.array(candidate.symbols)[:, None])
        assert candidate.log_probability == pytest.approx(lattice.log_likelihood[0], abs=0.05)
        assert candidate.log_probability <= lattice.log_likelihood[0] + 1e-9


def lexicon():
    return Lexicon(map(speech.encode, ("one", "on", "two")), speech.SYMBOLS.index(" "), len(speech.SYMBOLS))


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", {"", "o", "t"}),  # nothing may follow nothing: somebody was silent
        ("o", {"n"}),
        ("on", {"", " ", "e"}),
        ("one", {"", " "}),
        ("one ", {"o", "t"}),
        ("one tw", {"o"}),
    ],
)
def test_the_lexicon_allows_words_with_one_space_between(text, allowed):
    scores = lexicon()(tuple(speech.encode(text)))
    assert {speech.SYMBOLS[symbol] for symbol in np.flatnonzero(scores == 0)} == allowed
    assert np.isneginf(scores[scores != 0]).all()


def test_with_a_lexicon_only_words_are_written():
    for seed in range(5):
        log_p = random_log_p(seed, 30, len(speech.SYMBOLS), scale=3)
        for candidate in prefix_search(log_p, 16, lexicon()):
            assert set(speech.decode(candidate.symbols).split(" ")) <= {"one", "on", "two"}


def test_if_nothing_may_end_what_there_is_comes_back():
    log_p = np.full((1, len(speech.SYMBOLS)), -1e3)
    log_p[0, speech.SYMBOLS.index("t")] = 0
    assert speech.decode(prefix_search(log_p, 1, lexicon())[0].symbols) == "t"


def test_the_character_model_is_that_of_the_n_grams():
    texts = [speech.encode(text) for text in ("two one", "two two", "one")]
    K = len(speech.SYMBOLS)
    model = CharacterModel(texts, K, order=3, weight=0.5)
    scores = model(tuple(speech.encode("two o")))
    np.testing.assert_allclose(np.exp(scores / 0.5).sum(), 1)
    assert scores.argmax() == speech.SYMBOLS.index("n")
    assert model(tuple(speech.encode("two one"))).argmax() == 0  # the end
    likely, unlikely = (
        sum(model(tuple(speech.encode(text[:n])))[speech.encode(text[n])[0]] for n in range(3))
        for text in ("two", "wto")
    )
    assert likely > unlikely


@given(st.integers(0, 2**32 - 1))
def test_the_score_adds_what_the_language_says_of_every_symbol_and_of_the_end(seed):
    log_p, K = random_log_p(seed, 4, 3), 3

    def language(text):
        return log_softmax(np.random.default_rng([seed, *text, 9]).standard_normal(K))

    texts = every_text(log_p)
    scores = {
        text: value + sum(language(text[:n])[text[n]] for n in range(len(text))) + language(text)[0]
        for text, value in texts.items()
    }
    found = prefix_search(log_p, 1000, language)
    assert {candidate.symbols for candidate in found} == set(texts)
    for candidate in found:
        assert candidate.score == pytest.approx(scores[candidate.symbols], abs=1e-10)
    assert found[0].symbols == max(scores, key=scores.get)


def test_a_language_decides_between_equals():
    log_p = np.log(np.array([[0.01, 0.495, 0.495]]))
    assert prefix_search(log_p, 4, lambda text: np.array([0.0, -1.0, 0.0]))[0].symbols == (2,)
    assert prefix_search(log_p, 4, lambda text: np.array([0.0, 0.0, -1.0]))[0].symbols == (1,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: prefix_search(np.zeros((3, 2, 2))), r"log_p has shape \(3, 2, 2\)"),
        (lambda: prefix_search(np.full((3, 2), np.nan)), "log_p holds NaN"),
        (lambda: prefix_search(np.zeros((3, 2)), 0), "width is 0"),
        (lambda: best_path(np.zeros((0, 2))), "log_p is empty"),
        (lambda: Lexicon([], 1, 5), "words holds"),
        (lambda: Lexicon([[2, 1, 3]], 1, 5), "expected words of symbols from 1 to 4, no space"),
        (lambda: CharacterModel([[2, 3]], 5, order=1), "order is 1; expected at least 2"),
        (lambda: CharacterModel([], 5), "texts is empty"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
