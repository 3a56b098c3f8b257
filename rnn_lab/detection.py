"""Judging detectors: how well a score ranks what is unusual above what is usual, whatever the threshold."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from rnn_lab.nn.checks import as_array, as_ndarray


class PrecisionRecall(NamedTuple):
    """What each threshold would find, from the strictest to the one that finds everything.

    Attributes
    ----------
    thresholds : ndarray, shape (R,)
        The scores that occur, falling; whatever has at least this score is reported.
    precision : ndarray, shape (R,)
        The share of what is reported that is unusual.
    recall : ndarray, shape (R,)
        The share of what is unusual that is reported.
    """

    thresholds: NDArray
    precision: NDArray
    recall: NDArray

    @property
    def average(self) -> float:
        """The average precision: the precision over all steps of the recall, weighted by their size."""
        return float(np.diff(self.recall, prepend=0) @ self.precision)


def precision_recall(scores: ArrayLike, unusual: ArrayLike) -> PrecisionRecall:
    """Return precision and recall at every threshold.

    Parameters
    ----------
    scores : array_like, shape (N,)
        Larger means more unusual.
    unusual : array_like of bool, shape (N,)

    Raises
    ------
    TypeError, ValueError
        If there are not as many of both, a score is NaN, or all or none are unusual.
    """
    scores, unusual = _checked(scores, unusual)
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf))  # equal scores are reported together
    found = np.cumsum(unusual[order])[ends]
    return PrecisionRecall(scores[order][ends], found / (ends + 1), found / unusual.sum())


def roc_auc(scores: ArrayLike, unusual: ArrayLike) -> float:
    """Return the probability that something unusual has a larger score than something usual: 0.5 is chance.

    The area under the curve of true against false alarms; the arguments are those of `precision_recall`.
    """
    scores, unusual = _checked(scores, unusual)
    wins = stats.mannwhitneyu(scores[unusual], scores[~unusual]).statistic
    return float(wins / (unusual.sum() * (~unusual).sum()))


def around(values: NDArray, places: NDArray, before: int, after: int) -> NDArray:
    """Cut a window out of a series around each place: shape (before + after, P), the place in row `before`.

    Raises
    ------
    ValueError
        If a window reaches beyond the series.
    """
    places = as_ndarray("places", places)
    if places.min() < before or places.max() + after > len(values):
        raise ValueError(
            f"places goes from {places.min()} to {places.max()}; expected from {before} to {len(values) - after}: "
            "leave out those whose window reaches beyond the series"
        )
    return values[places + np.arange(-before, after)[:, None]]


def _checked(scores: ArrayLike, unusual: ArrayLike) -> tuple[NDArray, NDArray[np.bool_]]:
    scores, unusual = as_array("scores", scores, ("N",), finite=True), as_ndarray("unusual", unusual)
    if unusual.dtype != bool:
        raise TypeError(f"unusual holds values of type {unusual.dtype}; expected True where something is unusual")
    if unusual.shape != scores.shape:
        raise ValueError(f"unusual has shape {unusual.shape}; expected {scores.shape}, one for each score")
    if unusual.all() or not unusual.any():
        raise ValueError(f"{int(unusual.sum())} of {len(unusual)} are unusual; expected some, and others that are not")
    return scores, unusual
