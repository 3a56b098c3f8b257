"""From a sequence of states to one vector: the last state, the mean or the largest values, padding left out exactly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn.checks import as_array, as_mask, as_size, refuse_non_finite

KINDS = ("last", "mean", "max")


@dataclass(frozen=True, slots=True)
class PoolingCache:
    """What the way back needs: where each value of the output came from."""

    shape: tuple[int, int, int]  # of h
    lengths: NDArray[np.integer]  # (N,)
    steps: NDArray[np.integer] | None  # (N, H), the step of each value; None for the mean, which all steps share


class Pooling:
    """One vector for each sequence of a padded batch.

    ::

        last    h[length - 1]
        mean    the sum of h[0] ... h[length - 1], divided by length
        max     of each unit the largest value among h[0] ... h[length - 1]

    Parameters
    ----------
    kind : {"last", "mean", "max"}
    reverse : int
        How many of the units, counted from the end, read backwards, as half of those of a `Bidirectional` do: their
        last state is at step 0.

    Attributes
    ----------
    params : dict
        Empty.

    Raises
    ------
    ValueError
        If `kind` is none of the three, or `reverse` is negative.
    """

    def __init__(self, kind: str, reverse: int = 0) -> None:
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r}; expected one of {', '.join(KINDS)}")
        self.kind = kind
        self.reverse = as_size("reverse", reverse) if reverse else 0
        self.params: dict[str, NDArray] = {}

    def forward(self, h: ArrayLike, lengths: ArrayLike | None = None) -> tuple[NDArray, PoolingCache]:
        """Pool the states of each sequence.

        Parameters
        ----------
        h : array_like, shape (T, N, H)
        lengths : array_like of int, shape (N,), optional
            How many of the T steps belong to each sequence; the rest may be anything and changes nothing.

        Returns
        -------
        pooled : ndarray, shape (N, H)
        cache : PoolingCache
            For `backward`.

        Raises
        ------
        TypeError, ValueError
            If `h` has another shape or holds NaN outside the padding, or a length is not in 1 ... T.
        """
        h = as_array("h", h, ("T", "N", "H"))
        T, N, H = h.shape
        mask = as_mask(lengths, T, N)
        ends = np.full(N, T) if mask is None else mask.sum(axis=0)[:, 0]
        if self.kind == "mean":
            real = h if mask is None else np.where(mask, h, 0)
            refuse_non_finite("h", real)
            return real.sum(axis=0) / ends[:, None].astype(h.dtype), PoolingCache(h.shape, ends, None)
        if self.kind == "max":
            real = h if mask is None else np.where(mask, h, -np.inf)  # zero would win against negative states
            steps = real.argmax(axis=0)
        else:
            steps = np.repeat(ends[:, None] - 1, H, axis=1)
            steps[:, H - self.reverse :] = 0
        pooled = np.take_along_axis(h, steps[None], axis=0)[0]
        refuse_non_finite("h", pooled)
        return pooled, PoolingCache(h.shape, ends, steps)

    def backward(self, dpooled: ArrayLike, cache: PoolingCache) -> tuple[NDArray, dict[str, NDArray]]:
        """Map ``dpooled``, shape (N, H), to ``dh``, shape (T, N, H), zero where padded; there are no other gradients.

        Raises
        ------
        TypeError, ValueError
            If the shape of `dpooled` is not that of the output.
        """
        T, N, H = cache.shape
        dpooled = as_array("dpooled", dpooled, (N, H))
        if cache.steps is None:
            share = dpooled / cache.lengths[:, None].astype(dpooled.dtype)
            return np.where((np.arange(T)[:, None] < cache.lengths)[:, :, None], share, 0).astype(share.dtype), {}
        dh = np.zeros((T, N, H), dpooled.dtype)
        np.put_along_axis(dh, cache.steps[None], dpooled[None], axis=0)
        return dh, {}
