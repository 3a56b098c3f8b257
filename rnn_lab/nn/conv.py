"""Layers over pictures: convolution and pooling, written as products and maxima over windows."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rnn_lab.nn.checks import as_array, as_generator, as_size
from rnn_lab.nn.recurrent import sum_of_rows
from rnn_lab.nn.workspace import empty


@dataclass(frozen=True, slots=True)
class ConvolutionCache:
    """What the way back needs: what every window saw."""

    shape: tuple[int, ...]  # of x
    windows: NDArray  # (N * rows * columns, k * k * C)


class Convolution:
    """The same small filters at every place of a picture (LeCun et al., 1989).

    ::

        y[n, i, j, f] = b[f] + sum over p, q, c of W[f, p, q, c] * x[n, stride * i + p, stride * j + q, c]

    where x has a border of `padding` zeros. Written as one product: each window of x is a row.

    Parameters
    ----------
    input_size, output_size : int
        C channels in, F filters out.
    kernel : int
        k: a filter sees k * k pixels of every channel.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.
    stride : int
        How far the window moves from one place to the next.
    padding : int
        How many zeros are put around the picture.
    dtype : dtype
        That of the parameters.

    Attributes
    ----------
    params : dict
        ``W`` (F, k, k, C), drawn with standard deviation sqrt(2 / (k * k * C)) for a relu above (He et al., 2015), and
        ``b`` (F,), zero.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        kernel: int,
        rng: np.random.Generator | None = None,
        *,
        stride: int = 1,
        padding: int = 0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        C, F = as_size("input_size", input_size), as_size("output_size", output_size)
        k, self.stride = as_size("kernel", kernel), as_size("stride", stride)
        self.padding = as_size("padding", padding) if padding else 0
        W = as_generator(rng).standard_normal((F, k, k, C)) * np.sqrt(2 / (k * k * C))
        self.params = {"W": W.astype(dtype), "b": np.zeros(F, dtype)}

    def forward(self, x: ArrayLike) -> tuple[NDArray, ConvolutionCache]:
        """Filter pictures.

        Parameters
        ----------
        x : array_like, shape (N, height, width, C)

        Returns
        -------
        y : ndarray, shape (N, rows, columns, F)
            ``rows = (height + 2 * padding - k) // stride + 1``, and columns alike.
        cache : ConvolutionCache
            For `backward`.

        Raises
        ------
        TypeError, ValueError
            If `x` has another shape, is not numeric, or is smaller than a filter.
        """
        W, b = self.params["W"], self.params["b"]
        F, k, _, C = W.shape
        x = np.ascontiguousarray(as_array("x", x, ("N", "height", "width", C)), W.dtype)
        if min(x.shape[1:3]) + 2 * self.padding < k:
            raise ValueError(f"x has pictures of {x.shape[1]} x {x.shape[2]}; expected at least {k} x {k}, a filter")
        windows = _windows(self._padded(x), k, self.stride)
        N, rows, columns, K = windows.shape
        windows = windows.reshape(-1, K)
        y = (windows @ W.reshape(F, K).T).reshape(N, -1)
        y += np.tile(b, rows * columns)  # NumPy adds a long row several times as fast as many short ones
        return y.reshape(N, rows, columns, F), ConvolutionCache(x.shape, windows)

    def backward(
        self, dy: ArrayLike, cache: ConvolutionCache, *, to_input: bool = True
    ) -> tuple[NDArray | None, dict[str, NDArray]]:
        """Carry the gradient of what the filters say back to the filters, and to the pixels.

        Parameters
        ----------
        dy : array_like, shape (N, rows, columns, F)
        cache : ConvolutionCache
            From `forward`.
        to_input : bool
            Whether the gradient of `x` is wanted; a model's first layer can spare it.

        Returns
        -------
        dx : ndarray, shape (N, height, width, C), or None
        grads : dict
            ``W`` and ``b``.

        Raises
        ------
        TypeError, ValueError
            If the shape of `dy` is not that of the output.
        """
        W, stride = self.params["W"], self.stride
        F, k, _, C = W.shape
        N, height, width, _ = cache.shape
        rows, columns = ((size + 2 * self.padding - k) // stride + 1 for size in (height, width))
        dy = as_array("dy", dy, (N, rows, columns, F)).astype(W.dtype, copy=False)
        of_windows = dy.reshape(-1, F)
        dW = (cache.windows.T @ of_windows).T.reshape(W.shape)
        grads = {"W": dW, "b": sum_of_rows(of_windows)}
        if not to_input:
            return None, grads
        # A pixel is in many windows, in each at another place, and the gradients add up: that is a convolution as well,
        # of dy, spread out by the stride, with the filters turned round.
        border, reach = self.padding, k - 1
        spread = np.zeros((N, height + 2 * border + reach, width + 2 * border + reach, F), W.dtype)
        spread[:, reach : reach + stride * rows : stride, reach : reach + stride * columns : stride] = dy
        seen = spread[:, border : border + height + reach, border : border + width + reach]
        turned = W[:, ::-1, ::-1].transpose(1, 2, 0, 3).reshape(-1, C)
        return (_windows(seen, k).reshape(-1, len(turned)) @ turned).reshape(cache.shape), grads

    def _padded(self, x: NDArray) -> NDArray:
        if not self.padding:
            return x
        N, height, width, C = x.shape
        border = self.padding
        padded = np.zeros((N, height + 2 * border, width + 2 * border, C), x.dtype)
        padded[:, border : border + height, border : border + width] = x
        return padded


def _windows(x: NDArray, k: int, stride: int = 1) -> NDArray:
    """Write each window of k x k pixels into a row, (N, rows, columns, k * k * C)."""
    if k == stride == 1:
        return x
    N, height, width, C = x.shape
    shape = (N, (height - k) // stride + 1, (width - k) // stride + 1, k)
    picture, down, right, channel = x.strides
    seen = as_strided(x, (*shape, k * C), (picture, stride * down, stride * right, down, channel), writeable=False)
    windows = empty((*shape, k * C), x.dtype)
    piece = np.dtype((np.void, k * C * x.itemsize))  # what a window sees of one row lies side by side
    np.copyto(windows.view(piece), seen.view(piece))
    return windows.reshape(*shape[:3], k * k * C)


class MaxPooling:
    """Of each block of size x size pixels the largest value, channel by channel; what does not fill a block is cut off.

    Parameters
    ----------
    size : int

    Attributes
    ----------
    params : dict
        Empty.
    """

    def __init__(self, size: int = 2) -> None:
        self.size = as_size("size", size)
        self.params: dict[str, NDArray] = {}

    def forward(self, x: ArrayLike) -> tuple[NDArray, tuple[NDArray, NDArray]]:
        """Pool pictures, shape (N, height, width, C) -> y, shape (N, height // size, width // size, C), and the cache.

        Raises
        ------
        TypeError, ValueError
            If `x` has another shape, is not numeric, or is smaller than a block.
        """
        x = as_array("x", x, ("N", "height", "width", "C"))
        if min(x.shape[1:3]) < self.size:
            raise ValueError(
                f"x has pictures of {x.shape[1]} x {x.shape[2]}; expected at least {self.size} x {self.size}, a block"
            )
        first, *others = self._places(x)
        y = first.copy()
        for other in others:
            np.maximum(y, other, out=y)
        return y, (x, y)

    def backward(self, dy: ArrayLike, cache: tuple[NDArray, NDArray]) -> tuple[NDArray, dict[str, NDArray]]:
        """Map ``dy``, of the output's shape, to ``dx``: all of it goes to the largest; of equals, to the first.

        Raises
        ------
        TypeError, ValueError
            If the shape of `dy` is not that of the output.
        """
        x, y = cache
        dy = as_array("dy", dy, y.shape).astype(x.dtype, copy=False)
        dx = np.zeros_like(x)
        left = dy.copy()  # what has not found its pixel yet
        for value, gradient in zip(self._places(x), self._places(dx), strict=True):
            here = value == y
            np.multiply(left, here, out=gradient)
            left -= gradient
        return dx, {}

    def _places(self, x: NDArray) -> list[NDArray]:
        """Return the pixels of all blocks by their place in the block, row by row: size * size arrays like y."""
        size = self.size
        height, width = (length // size * size for length in x.shape[1:3])
        return [x[:, p:height:size, q:width:size] for p in range(size) for q in range(size)]
