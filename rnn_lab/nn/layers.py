"""Layers without memory."""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rnn_lab.nn.checks import as_array, as_generator, as_size


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
        x = as_array("x", x, (..., self.params["W"].shape[1]))
        W, b = (self.params[name].astype(x.dtype, copy=False) for name in ("W", "b"))
        return x @ W.T + b, x

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
        flat = dy.reshape(-1, K)
        grads = {"W": flat.T @ x.reshape(-1, D), "b": flat.sum(axis=0)}
        return dy @ self.params["W"].astype(x.dtype, copy=False), grads
