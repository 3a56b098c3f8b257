"""Metrics: exact match, and BLEU against a score computed by hand."""

import numpy as np
import pytest

from rnn_lab.metrics import bleu, exact_match


def test_exact_match_counts_whole_texts():
    assert exact_match(["eins", "zwei", "drie"], ["eins", "zwei", "drei"]) == pytest.approx(2 / 3)


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
