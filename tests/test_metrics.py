"""Metrics: exact match, BLEU against a score computed by hand, and how well a classifier knows how sure it is."""

import numpy as np
import pytest

from rnn_lab.metrics import any_match, bleu, exact_match, reliability, word_accuracy


def test_exact_match_counts_whole_texts():
    assert exact_match(["eins", "zwei", "drie"], ["eins", "zwei", "drei"]) == pytest.approx(2 / 3)


def test_any_of_several_right_texts_will_do():
    allowed = [["eins", "ein"], ["zwei"], []]
    assert any_match(["ein", "zwo", "drei"], allowed) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="written has 1 texts, expected 3"):
        any_match(["ein"], allowed)


def test_words_are_held_against_the_nearest_right_text():
    """Of the first text 3 of 4 words, with the second reference; of the other 1 of 2."""
    allowed = [["a b", "a b c x"], ["p q"]]
    assert word_accuracy(["a b c d", "p"], allowed) == pytest.approx((3 / 4 + 1 / 2) / 2)
    with pytest.raises(ValueError, match="empty list"):
        word_accuracy(["a"], [[]])


def test_bleu_by_several_references():
    several = [["the cat sat on the mat", "a cat sat on a mat"], ["a dog ran off at once"]]
    assert bleu(["a cat sat on a mat", "a dog ran off at once"], several) == pytest.approx(100)
    assert bleu(["a cat sat on a mat"], several[:1]) > bleu(["a cat sat on a mat"], ["the cat sat on the mat"])


def test_bleu_by_hand():
    """Of 6 words 5 are right, of 5 pairs 3, of 4 triples 2, of 3 quadruples 1; both have 6 words."""
    score = bleu(["the cat sat on a mat"], ["the cat sat on the mat"])
    assert score == pytest.approx(100 * np.prod([5 / 6, 3 / 5, 2 / 4, 1 / 3]) ** 0.25)


def test_bleu_punishes_what_is_short_and_sees_case_and_punctuation():
    assert bleu(["a b c d e f."], ["a b c d e f."]) == pytest.approx(100)
    assert bleu(["a b c d e"], ["a b c d e f"]) == pytest.approx(100 * np.exp(1 - 6 / 5))
    assert bleu(["A b c d e f"], ["a b c d e f"]) < 100


@pytest.mark.parametrize("metric", [exact_match, bleu])
@pytest.mark.parametrize(("written", "expected"), [([], []), (["a"], ["a", "b"])])
def test_texts_come_in_pairs(metric, written, expected):
    with pytest.raises(ValueError, match=f"written has {len(written)} texts, expected {len(expected)}"):
        metric(written, expected)


def test_reliability_by_hand():
    """Two are sure to 0.65 and one of them is right; one is sure to 0.95 and right; one, to 1, and wrong."""
    sure, labels = np.array([0.62, 0.68, 0.95, 1.0]), [1, 0, 1, 0]
    found = reliability(np.stack([1 - sure, sure], axis=1), labels, bins=10)
    assert found.counts.tolist() == [0, 0, 0, 0, 0, 0, 2, 0, 0, 2]
    assert found.confidence[[6, 9]] == pytest.approx([0.65, 0.975])
    assert found.accuracy[[6, 9]] == pytest.approx([0.5, 0.5])
    assert np.isnan(found.accuracy[0])
    assert found.error == pytest.approx(0.15 / 2 + 0.475 / 2)


def test_who_says_what_happens_is_calibrated():
    rng = np.random.default_rng(0)
    p = rng.random((200_000, 1))
    labels = (rng.random(200_000) < p[:, 0]).astype(int)
    assert reliability(np.hstack([1 - p, p]), labels).error < 0.01


@pytest.mark.parametrize(
    ("p", "labels", "message"),
    [
        ([[0.5, 0.5]], [0, 1], r"labels has shape \(2,\); expected \(1,\)"),
        ([[0.5, 0.6]], [0], "probabilities has a row that does not sum to 1"),
        ([0.5, 0.5], [0, 1], r"probabilities has shape \(2,\); expected \(N, K\)"),
    ],
)
def test_probabilities_that_are_none_are_refused(p, labels, message):
    with pytest.raises(ValueError, match=message):
        reliability(p, labels)
