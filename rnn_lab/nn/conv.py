"""Layers over pictures: convolution and pooling, written as products and maxima over windows."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rnn_lab.nn.checks import as_array, as_generator, as_size
from rnn_lab.nn.recurrent import sum_of_rows
from rnn_lab.nn.workspace import LINE, empty

IN_CACHE = 1 << 22  # bytes of windows that processors can keep at hand until they are multiplied
FEW_WEIGHTS = 1000  # up to here, one product for each picture is quicker than a single one as long as all of them


@dataclass(frozen=True, slots=True)
class ConvolutionCache:
    """What the way back needs: what every window saw."""

    shape: tuple[int, ...]  # of x
    windows: NDArray  # (N, rows, columns, k * k * C)


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
        x, shape = self._padded(x), x.shape
        rows, columns = ((size - k) // self.stride + 1 for size in x.shape[1:3])
        windows = empty((len(x), rows, columns, k * k * C), x.dtype)
        return _products(x, k, self.stride, W.reshape(F, -1).T, b, windows), ConvolutionCache(shape, windows)

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
        grads = {"W": _sum_of_products(dy, cache.windows).reshape(W.shape), "b": sum_of_rows(dy.reshape(-1, F))}
        if not to_input:
            return None, grads
        # A pixel is in many windows, in each at another place, and the gradients add up: that is a convolution as well,
        # of dy, spread out by the stride, with the filters turned round.
        border, reach = self.padding, k - 1
        spread = np.zeros((N, height + 2 * border + reach, width + 2 * border + reach, F), W.dtype)
        spread[:, reach : reach + stride * rows : stride, reach : reach + stride * columns : stride] = dy
        seen = spread[:, border : border + height + reach, border : border + width + reach]
        turned = W[:, ::-1, ::-1].transpose(1, 2, 0, 3).reshape(-1, C)
        return _products(seen, k, 1, turned), grads

    def _padded(self, x: NDArray) -> NDArray:
        if not self.padding:
            return x
        N, height, width, C = x.shape
        border = self.padding
        padded = np.zeros((N, height + 2 * border, width + 2 * border, C), x.dtype)
        padded[:, border : border + height, border : border + width] = x
        return padded


def _products(
    x: NDArray, k: int, stride: int, W: NDArray, b: NDArray | None = None, windows: NDArray | None = None
) -> NDArray:
    """Multiply what each window of k x k pixels sees by W, (k * k * C, F), and add b -> (N, rows, columns, F).

    If `windows` is given, (N, rows, columns, k * k * C), what they see is kept there.
    """
    N, height, width, C = x.shape
    rows, columns, (K, F) = (height - k) // stride + 1, (width - k) // stride + 1, W.shape
    picture, down, right, channel = x.strides
    strides = (picture, stride * down, stride * right, down, channel)
    row = np.dtype((np.void, k * C * x.itemsize))  # what a window sees of one row lies side by side
    seen = as_strided(x, (N, rows, columns, k, k * C), strides, writeable=False).view(row)
    at_once = range(k) if row.itemsize < LINE else [slice(None)]  # NumPy copies short pieces quicker row by row
    y, few = empty((N, rows, columns, F), x.dtype), max(1, IN_CACHE // (rows * columns * K * x.itemsize))
    for n in range(0, N, few):
        part = slice(n, min(n + few, N))
        shape = (part.stop - n, rows, columns, k, k * C)
        copy = empty(shape, x.dtype) if windows is None else windows[part].reshape(shape)
        for p in at_once:
            copy.view(row)[:, :, :, p] = seen[part, :, :, p]
        np.matmul(copy.reshape(-1, K), W, out=y[part].reshape(-1, F))
    if b is not None:
        y.reshape(N, -1)[:] += np.tile(b, rows * columns)  # NumPy adds long rows several times as fast as short ones
    return y


def _sum_of_products(dy: NDArray, windows: NDArray) -> NDArray:
    """Add up, over all windows, each gradient times what the window saw -> (F, k * k * C)."""
    N, F, K = len(dy), dy.shape[3], windows.shape[3]
    if K * F > FEW_WEIGHTS:
        return (windows.reshape(-1, K).T @ dy.reshape(-1, F)).T
    return np.matmul(windows.reshape(N, -1, K).swapaxes(1, 2), dy.reshape(N, -1, F)).sum(axis=0).T


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
