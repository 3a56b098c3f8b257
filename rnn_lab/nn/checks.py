"""What every layer asks of its input, so that a mistake is named where it enters."""

from types import EllipsisType

import numpy as np
from numpy.typing import ArrayLike, NDArray


def as_array(
    name: str, value: ArrayLike, shape: tuple[int | str | EllipsisType, ...], *, finite: bool = False
) -> NDArray:
    """Return `value` as a floating-point array of the expected shape, or say what is wrong with it.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : array_like
        Real numbers; integers and booleans become float64, float32 stays float32.
    shape : tuple
        An integer is an exact size; a letter such as ``"T"`` stands for any size of at least 1, and
        ``...`` in the first place for any axes.
    finite : bool
        Whether NaN and infinity are refused.

    Raises
    ------
    TypeError
        If the values are not real numbers.
    ValueError
        If the shape does not fit, the array is empty, or (with `finite`) a value is NaN or infinite.
    """
    array = as_ndarray(name, value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} holds values of type {array.dtype}; expected real numbers, float32 or float64")
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    if shape[0] is ...:
        shape = (*array.shape[: array.ndim + 1 - len(shape)], *shape[1:])
    fits = array.ndim == len(shape) and all(
        isinstance(expected, str) or size == expected for size, expected in zip(array.shape, shape, strict=True)
    )
    if not fits:
        expected_shape = "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
        raise ValueError(f"{name} has shape {array.shape}; expected {expected_shape}")
    if array.size == 0:
        raise ValueError(f"{name} is empty, of shape {array.shape}; expected at least one value along every axis")
    if finite:
        refuse_non_finite(name, array)
    return array


def as_pair(
    name: str, value: ArrayLike, shape: tuple[int | str | EllipsisType, ...], *, finite: bool = False
) -> tuple[NDArray, NDArray]:
    """Return an LSTM's state, or its gradient, as two arrays of the expected shape, or say what is wrong with it."""
    expected = f"the pair (h, c), each of shape {shape}"
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{name} is a {type(value).__name__}; expected {expected}")
    if len(value) != 2:
        raise ValueError(f"{name} has {len(value)} parts; expected {expected}")
    h, c = (as_array(f"{name}[{part}]", array, shape, finite=finite) for part, array in enumerate(value))
    return h, c


def as_ndarray(name: str, value: ArrayLike) -> NDArray:
    """Return `value` as an array, or say that its rows differ in length."""
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{name} has rows of different lengths; expected an array: pad the rows to one length"
        ) from None


def refuse_non_finite(name: str, array: NDArray) -> None:
    """Raise a ValueError that counts the NaN and infinite values of `array` and gives the place of the first."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(array.sum()):  # one pass without a temporary; only a suspicious sum is looked at closely
            return
    places = np.argwhere(~np.isfinite(array))
    if len(places):
        first = tuple(int(i) for i in places[0])
        raise ValueError(
            f"{name} holds {len(places)} NaN or infinite value(s), the first at index {first}; "
            "expected finite numbers: remove or fill them before they reach the network"
        )


def as_size(name: str, value: int) -> int:
    """Return `value` as a size: a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} is {value!r}, a {type(value).__name__}; expected a whole number such as 16")
    if value < 1:
        raise ValueError(f"{name} is {value}; expected at least 1")
    return int(value)


def as_positive(name: str, value: float) -> float:
    """Return `value` as a number above 0."""
    if not (isinstance(value, (int, float, np.integer, np.floating)) and 0 < value < np.inf):
        raise ValueError(f"{name} is {value!r}; expected a number above 0")
    return float(value)


def as_generator(rng: np.random.Generator | None) -> np.random.Generator:
    """Return `rng`, or a generator seeded by the system if it is left out."""
    if rng is None:
        return np.random.default_rng()
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}; expected a generator such as numpy.random.default_rng(0)")
    return rng


def as_mask(lengths: ArrayLike | None, T: int, N: int) -> NDArray[np.bool_] | None:
    """Turn the lengths of N padded sequences into a mask.

    Parameters
    ----------
    lengths : array_like of int, shape (N,), or None
        How many of the T steps belong to each sequence.

    Returns
    -------
    ndarray of bool, shape (T, N, 1), or None
        True where a step belongs to its sequence; None when nothing is padded.

    Raises
    ------
    TypeError, ValueError
        If the lengths are not whole numbers from 1 to T, one for each of the N sequences.
    """
    if lengths is None:
        return None
    array = as_ndarray("lengths", lengths)
    if array.dtype.kind not in "iu":
        raise TypeError(f"lengths holds values of type {array.dtype}; expected whole numbers")
    if array.shape != (N,):
        raise ValueError(f"lengths has shape {array.shape}; expected ({N},), one length for each sequence of the batch")
    if array.min() < 1 or array.max() > T:
        raise ValueError(f"lengths holds values from {array.min()} to {array.max()}; expected 1 to T = {T}")
    if array.min() == T:
        return None
    return (np.arange(T)[:, None] < array)[:, :, None]
