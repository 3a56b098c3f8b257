"""What a recurrent layer reads: vectors, or tokens that stand for the rows of a table."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn.checks import as_array, as_mask, as_ndarray, refuse_non_finite


class Vectors:
    """A vector for every step of every example, `x` of shape (T, N, D)."""

    def __init__(self, x: NDArray) -> None:
        self.x = x

    @property
    def steps(self) -> tuple[int, int]:
        """T and N."""
        return self.x.shape[:2]

    @property
    def dtype(self) -> np.dtype:
        """That of the computation."""
        return self.x.dtype

    def share(self, W: NDArray, b: NDArray, out: NDArray) -> NDArray:
        """Write ``x[t] @ W.T + b`` of all steps at once into `out`, shape (T, N, G), and return it."""
        T, N, D = self.x.shape
        np.matmul(self.x.reshape(T * N, D), W.T, out=out.reshape(T * N, len(W)))
        out += b
        return out

    def gradients(self, dz: NDArray, W: NDArray, to_input: bool) -> tuple[NDArray | None, NDArray]:
        """Map the gradient of ``x @ W.T``, shape (T * N, G), to those of x, if it is wanted, and of W."""
        dW = dz.T @ self.x.reshape(len(dz), -1)  # one weight, many uses: the products add up
        return (dz @ W).reshape(self.x.shape) if to_input else None, dW


class Lookup:
    """The vectors of tokens, row ``ids[t, n]`` of `table`, without writing them out.

    Instead of T * N vectors, a recurrent layer then multiplies the V rows of the table, before it looks them up; on the
    way back it adds up the gradients of each token, before it multiplies them. Where V is much less than T * N, as for
    characters, that saves almost three of the six large products of a training step.

    Parameters
    ----------
    table : array_like, shape (V, D)
        A vector for each token, such as the params of an `Embedding`.
    ids : array_like of int, shape (...)
        Tokens, from 0 to V - 1; (T, N) for a recurrent layer, and tokens also where a sequence is padded.

    Raises
    ------
    TypeError, ValueError
        If the table is no table of numbers, or the ids are not whole numbers from 0 to V - 1.
    """

    def __init__(self, table: ArrayLike, ids: ArrayLike) -> None:
        self.table = as_array("table", table, ("V", "D"))
        V = len(self.table)
        ids = as_ndarray("ids", ids)
        if ids.dtype.kind not in "iu":
            raise TypeError(f"ids holds values of type {ids.dtype}; expected whole numbers from 0 to {V - 1}")
        if ids.size == 0:
            raise ValueError(f"ids is empty, of shape {ids.shape}; expected at least one token")
        if ids.min() < 0 or ids.max() >= V:
            raise ValueError(f"ids holds values from {ids.min()} to {ids.max()}; expected 0 to {V - 1}")
        self.ids = ids.astype(np.intp, copy=False)

    @property
    def steps(self) -> tuple[int, int]:
        """T and N."""
        return self.ids.shape

    @property
    def dtype(self) -> np.dtype:
        """That of the computation."""
        return self.table.dtype

    def share(self, W: NDArray, b: NDArray, out: NDArray) -> NDArray:
        """As `Vectors.share`: multiply first, look up then."""
        return np.take(self.table @ W.T + b, self.ids, axis=0, out=out, mode="clip")  # "raise" would copy `out`

    def gradients(self, dz: NDArray, W: NDArray, to_input: bool) -> tuple[NDArray | None, NDArray]:
        """Map the gradient of ``table[ids] @ W.T``, shape (T * N, G), to those of the table, if wanted, and of W."""
        of_tokens = sum_by_token(dz, self.ids.ravel(), len(self.table))  # (V, G)
        return of_tokens @ W if to_input else None, of_tokens.T @ self.table


def sum_by_token(rows: NDArray, ids: NDArray[np.integer], vocabulary_size: int) -> NDArray:
    """Add up the rows of each token, which occur at any places: shapes (R, D), (R,) -> (V, D).

    Sorted by token, what belongs together is one sum. `numpy.add.at` does the same row by row, and takes ten times as
    long; a product with one-hot columns is slower from a thousand rows on.
    """
    by_token = np.argsort(ids)
    counts = np.bincount(ids, minlength=vocabulary_size)
    used, ends = np.flatnonzero(counts).tolist(), np.cumsum(counts[counts > 0]).tolist()
    sums = np.zeros((vocabulary_size, rows.shape[1]), rows.dtype)
    for token, start, end in zip(used, [0, *ends], ends, strict=False):
        np.add.reduce(rows[by_token[start:end]], axis=0, out=sums[token])  # `take` would copy all of a view each time
    return sums


def as_inputs(x: Any, D: int, lengths: ArrayLike | None) -> tuple[Vectors | Lookup, NDArray[np.bool_] | None]:
    """Check what a layer of D inputs is given -> the inputs, and the mask that `lengths` mean; see `as_mask`."""
    if isinstance(x, Lookup):
        as_array("x.table", x.table, ("V", D), finite=True)
        if x.ids.ndim != 2:
            raise ValueError(f"x.ids has shape {x.ids.shape}; expected (T, N)")
        return x, as_mask(lengths, *x.steps)
    x = as_array("x", x, ("T", "N", D))
    mask = as_mask(lengths, *x.shape[:2])
    if mask is not None:
        x = np.where(mask, x, 0)  # not even NaN in the padding may reach a product
    refuse_non_finite("x", x)
    return Vectors(x), mask
