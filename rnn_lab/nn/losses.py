"""Losses: each returns the mean over everything that is not masked, and its gradient."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn.checks import as_array, as_ndarray, refuse_non_finite


def mean_squared_error(y: ArrayLike, target: ArrayLike, mask: ArrayLike | None = None) -> tuple[float, NDArray]:
    """Return the mean of ``(y - target)**2`` and its gradient with respect to `y`.

    Parameters
    ----------
    y : array_like, shape (..., K)
        Predictions.
    target : array_like, shape (..., K)
    mask : array_like of bool, shape (...), optional
        False where a step is padding: it counts for nothing, and its target may be anything.

    Returns
    -------
    loss : float
    dy : ndarray, shape (..., K)

    Raises
    ------
    TypeError, ValueError
        If shapes differ, a target that counts is NaN, or everything is masked.
    """
    y = as_array("y", y, (..., "K"))
    target = as_array("target", target, y.shape)
    counted = _counted(mask, y.shape[:-1])
    refuse_non_finite("target", target[counted])
    error = np.where(counted[..., None], y - target, 0).astype(y.dtype, copy=False)
    count = int(counted.sum()) * y.shape[-1]
    return float(np.sum(error * error) / count), error * (2 / count)


def pinball(
    y: ArrayLike, target: ArrayLike, quantiles: ArrayLike, mask: ArrayLike | None = None
) -> tuple[float, NDArray]:
    """Return the mean pinball loss (Koenker and Bassett, 1978) and its gradient with respect to `y`.

    A prediction below the target costs q for each unit that it is short, one above it 1 - q for each unit too many: at
    the lowest mean cost, a share q of the targets lies below.

    Parameters
    ----------
    y : array_like, shape (..., Q)
        Predicted quantiles.
    target : array_like, shape (...)
    quantiles : array_like, shape (Q,)
        Each between 0 and 1.
    mask : array_like of bool, shape (...), optional
        False where a target counts for nothing, and may be anything.

    Returns
    -------
    loss : float
    dy : ndarray, shape (..., Q)
        ``-q`` below the target and ``1 - q`` from it on, over the number of predictions that count.

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit, a quantile is not between 0 and 1, a target that counts is NaN, or everything is masked.
    """
    q = as_array("quantiles", quantiles, ("Q",))
    if q.min() <= 0 or q.max() >= 1:
        raise ValueError(f"quantiles holds values from {q.min()} to {q.max()}; expected each between 0 and 1")
    y = as_array("y", y, (..., len(q)))
    target = as_array("target", target, y.shape[:-1])
    counted = _counted(mask, target.shape)
    refuse_non_finite("target", target[counted])
    short_by = np.where(counted, target, 0)[..., None] - y
    slope = np.where(short_by > 0, -q, 1 - q) * counted[..., None]
    count = int(counted.sum()) * len(q)
    return float(np.sum(-slope * short_by) / count), (slope / count).astype(y.dtype, copy=False)


def softmax_cross_entropy(
    logits: ArrayLike, targets: ArrayLike, mask: ArrayLike | None = None
) -> tuple[float, NDArray]:
    """Return the mean negative log-probability of the targets, in nats, and its gradient.

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Scores before the softmax.
    targets : array_like of int, shape (...)
        The right class of each, 0 ... K - 1.
    mask : array_like of bool, shape (...), optional
        False where a step is padding.

    Returns
    -------
    loss : float
    dlogits : ndarray, shape (..., K)
        ``(softmax(logits) - one_hot(targets)) / count``.

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit, a target that counts is not a class, or everything is masked.
    """
    logits = as_array("logits", logits, (..., "K"))
    *leading, K = logits.shape
    targets = as_ndarray("targets", targets)
    if targets.dtype.kind not in "iu":
        raise TypeError(f"targets holds values of type {targets.dtype}; expected whole numbers from 0 to {K - 1}")
    if targets.shape != tuple(leading):
        raise ValueError(
            f"targets has shape {targets.shape}; expected {tuple(leading)}, as logits without its last axis"
        )
    counted = _counted(mask, targets.shape)
    seen = targets[counted]
    if seen.min() < 0 or seen.max() >= K:
        raise ValueError(f"targets holds values from {seen.min()} to {seen.max()}; expected 0 to {K - 1}")

    rows = logits.reshape(-1, K)
    each, of_target = np.arange(len(rows)), np.where(counted, targets, 0).ravel()
    p = rows - rows[each, rows.argmax(axis=1), None]  # no exponential overflows; argmax is twice as fast as max
    log_p_target = p[each, of_target]
    np.exp(p, out=p)
    total = p @ np.ones(K, p.dtype)  # the sum of each row, as a product: five times as fast
    log_p_target -= np.log(total)
    count = int(counted.sum())
    loss = -log_p_target[counted.ravel()].sum() / count
    p /= (total * count)[:, None]
    p[each, of_target] -= 1 / count
    dlogits = p.reshape(logits.shape)
    dlogits[~counted] = 0
    return float(loss), dlogits


def _counted(mask: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    if mask is None:
        return np.ones(shape, bool)
    array = as_ndarray("mask", mask)
    if array.dtype != bool:
        raise TypeError(
            f"mask holds values of type {array.dtype}; expected True where a step counts, False where padded"
        )
    if array.shape != shape:
        raise ValueError(f"mask has shape {array.shape}; expected {shape}")
    if not array.any():
        raise ValueError("mask is False everywhere; expected at least one step that counts")
    return array
