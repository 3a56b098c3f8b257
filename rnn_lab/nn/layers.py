"""Layers without memory."""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rnn_lab.nn.checks import as_array, as_generator, as_size
from rnn_lab.nn.inputs import Lookup, sum_by_token
from rnn_lab.nn.workspace import empty


class Linear:
    """An affine map of the last axis, ``y = x @ W.T + b``; the computation runs in the dtype of `x`.

    Parameters
    ----------
    input_size, output_size : int
        D and K.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.
    dtype : dtype
        That of the parameters.

    Attributes
    ----------
    params : dict
        ``W`` (K, D), drawn with standard deviation 1/sqrt(D), and ``b`` (K,), zero.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        D, K = as_size("input_size", input_size), as_size("output_size", output_size)
        rng = as_generator(rng)
        self.params = {
            "W": (rng.standard_normal((K, D)) / np.sqrt(D)).astype(dtype),
            "b": np.zeros(K, dtype),
        }

    def forward(self, x: ArrayLike) -> tuple[NDArray, NDArray]:
        """Map `x`, shape (..., D), to ``y``, shape (..., K); the cache is `x` itself.

        Raises
        ------
        TypeError, ValueError
            If the last axis of `x` is not D or `x` is not numeric.
        """
        K, D = self.params["W"].shape
        x = as_array("x", x, (..., D))
        W, b = (self.params[name].astype(x.dtype, copy=False) for name in ("W", "b"))
        y = x.reshape(-1, D) @ W.T  # one product for all rows: more axes would be one for each
        y += b
        return y.reshape(*x.shape[:-1], K), x

    def backward(self, dy: ArrayLike, cache: NDArray) -> tuple[NDArray, dict[str, NDArray]]:
        """Map ``dy``, shape (..., K), to ``dx``, shape (..., D), and the gradients of `params`.

        Raises
        ------
        TypeError, ValueError
            If the shape of `dy` is not that of the output.
        """
        x = cache
        K, D = self.params["W"].shape
        dy = as_array("dy", dy, (*x.shape[:-1], K)).astype(x.dtype, copy=False)
        rows = dy.reshape(-1, K)
        every_row = np.ones(len(rows), rows.dtype)
        grads = {"W": rows.T @ x.reshape(-1, D), "b": every_row @ rows}  # the sum as a product: four times as fast
        W, dx = self.params["W"].astype(x.dtype, copy=False), empty(x.shape, x.dtype)
        np.matmul(rows, W, out=dx.reshape(-1, D))
        return dx, grads


class Embedding:
    """A vector for each token of a vocabulary: row ``ids[t, n]`` of a table, learned like any other weight.

    Parameters
    ----------
    vocabulary_size, output_size : int
        V and D.
    rng : numpy.random.Generator, optional
        Where the initial vectors come from.
    padding_id : int, optional
        The token that fills short sequences: its vector is zero and gets no gradient.
    dtype : dtype
        That of the parameters, and of the output.

    Attributes
    ----------
    params : dict
        ``E`` (V, D), drawn with standard deviation 1.
    """

    def __init__(
        self,
        vocabulary_size: int,
        output_size: int,
        rng: np.random.Generator | None = None,
        padding_id: int | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        V, D = as_size("vocabulary_size", vocabulary_size), as_size("output_size", output_size)
        if padding_id is not None and not 0 <= padding_id < V:
            raise ValueError(f"padding_id is {padding_id}; expected a token from 0 to {V - 1}")
        self.params = {"E": as_generator(rng).standard_normal((V, D)).astype(dtype)}
        self.padding_id = padding_id
        if padding_id is not None:
            self.params["E"][padding_id] = 0

    def forward(self, ids: ArrayLike) -> tuple[NDArray, NDArray]:
        """Map token ids, shape (...), to ``y``, shape (..., D); the cache is the ids.

        Raises
        ------
        TypeError, ValueError
            If the ids are not whole numbers from 0 to V - 1.
        """
        x = Lookup(self.params["E"], ids)
        return x.table[x.ids], x.ids

    def backward(self, dy: ArrayLike, cache: NDArray) -> tuple[None, dict[str, NDArray]]:
        """Map ``dy``, shape (..., D), to the gradients of `params`; ids have no gradient, so the first is None.

        Raises
        ------
        TypeError, ValueError
            If the shape of `dy` is not that of the output.
        """
        E, ids = self.params["E"], cache
        dy = as_array("dy", dy, (*ids.shape, E.shape[1]))
        dE = sum_by_token(dy.reshape(ids.size, -1), ids.ravel(), len(E)).astype(E.dtype, copy=False)
        if self.padding_id is not None:
            dE[self.padding_id] = 0
        return None, {"E": dE}


class Dropout:
    """Silence a random part of the units while training (Srivastava et al., 2014).

    What remains is divided by the part that is kept, so that its mean stays, and evaluation needs no correction.

    Parameters
    ----------
    rate : float
        The probability with which a unit is silenced, from 0 to below 1.

    Attributes
    ----------
    params : dict
        Empty.
    """

    def __init__(self, rate: float) -> None:
        if not (isinstance(rate, (int, float, np.number)) and 0 <= rate < 1):
            raise ValueError(f"rate is {rate!r}; expected a number from 0 to below 1")
        self.rate = float(rate)
        self.params: dict[str, NDArray] = {}

    def forward(self, x: ArrayLike, rng: np.random.Generator | None = None) -> tuple[NDArray, NDArray | None]:
        """Silence units of `x`, shape (..., D), as `rng` draws them; without `rng`, for evaluation, return `x` itself.

        Returns
        -------
        y : ndarray, shape (..., D)
        cache : ndarray or None
            The factor of each unit: 0 or 1 / (1 - rate); None where nothing is silenced.

        Raises
        ------
        TypeError, ValueError
            If `x` is not numeric or is empty, or `rng` is not a generator.
        """
        x = as_array("x", x, (..., "D"))
        if rng is None:
            return x, None
        rng = as_generator(rng)
        if self.rate == 0:
            return x, None
        kept = rng.random(x.shape, np.float32) >= self.rate
        factors = np.multiply(kept, 1 / (1 - self.rate), dtype=x.dtype)
        return x * factors, factors

    def backward(self, dy: ArrayLike, cache: NDArray | None) -> tuple[NDArray, dict[str, NDArray]]:
        """Map ``dy``, shape (..., D), to ``dx``, of the same shape; there are no other gradients.

        Raises
        ------
        TypeError, ValueError
            If the shape of `dy` is not that of the output.
        """
        if cache is None:
            return as_array("dy", dy, (..., "D")), {}
        return as_array("dy", dy, cache.shape).astype(cache.dtype, copy=False) * cache, {}
