"""Detection: precision, recall and ranks by hand, and windows around places."""

import numpy as np
import pytest
from support import assert_same

from rnn_lab.detection import around, precision_recall, roc_auc

SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
UNUSUAL = np.array([True, False, True, False, False])


def test_precision_and_recall_by_hand():
    found = precision_recall(SCORES, UNUSUAL)
    assert found.thresholds.tolist() == SCORES.tolist()
    assert_same(found.precision, np.array([1, 1 / 2, 2 / 3, 2 / 4, 2 / 5]))
    assert_same(found.recall, np.array([1 / 2, 1 / 2, 1, 1, 1]))
    assert found.average == pytest.approx(1 / 2 * 1 + 1 / 2 * 2 / 3)


def test_equal_scores_are_reported_together():
    found = precision_recall([0.9, 0.5, 0.5, 0.1], np.array([True, True, False, False]))
    assert found.thresholds.tolist() == [0.9, 0.5, 0.1]
    assert_same(found.precision, np.array([1, 2 / 3, 1 / 2]))


def test_the_order_of_the_beats_changes_nothing():
    rng = np.random.default_rng(0)
    scores, unusual = rng.integers(0, 6, 40).astype(float), rng.random(40) < 0.3
    order = rng.permutation(40)
    assert_same(precision_recall(scores[order], unusual[order]).average, precision_recall(scores, unusual).average)
    assert_same(roc_auc(scores[order], unusual[order]), roc_auc(scores, unusual))


def test_the_area_counts_pairs():
    rng = np.random.default_rng(0)
    scores, unusual = rng.integers(0, 6, 40).astype(float), rng.random(40) < 0.3
    pairs = scores[unusual][:, None] - scores[~unusual]
    assert roc_auc(scores, unusual) == pytest.approx(np.mean((pairs > 0) + 0.5 * (pairs == 0)))
    assert roc_auc(unusual.astype(float), unusual) == 1
    assert roc_auc(-scores, unusual) == pytest.approx(1 - roc_auc(scores, unusual))


def test_windows_stand_around_their_places():
    values = np.arange(10) ** 2
    assert around(values, np.array([3, 8]), 2, 2).tolist() == [[1, 36], [4, 49], [9, 64], [16, 81]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: roc_auc(SCORES, UNUSUAL.astype(int)), TypeError, "expected True where something is unusual"),
        (lambda: roc_auc(SCORES, UNUSUAL[:4]), ValueError, r"unusual has shape \(4,\); expected \(5,\)"),
        (lambda: precision_recall(SCORES, np.ones(5, bool)), ValueError, "5 of 5 are unusual"),
        (lambda: precision_recall(SCORES, np.zeros(5, bool)), ValueError, "0 of 5 are unusual"),
        (lambda: precision_recall([np.nan, 1.0], [True, False]), ValueError, "scores holds 1 NaN"),
        (lambda: around(np.arange(10), np.array([1, 5]), 2, 2), ValueError, "expected from 2 to 8"),
        (lambda: around(np.arange(10), np.array([5, 9]), 2, 2), ValueError, "places goes from 5 to 9"),
    ],
)
def test_what_does_not_fit_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
