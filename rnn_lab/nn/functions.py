"""Elementwise functions and their derivatives, and the softmax."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Activation(NamedTuple):
    """A nonlinearity and its derivative, the derivative written in terms of the output.

    Backpropagation keeps the output h = f(z) and not z; all four functions here let the derivative
    f'(z) be found from h alone. Both write into `out`, an array of the shape of their argument, if it is given.
    """

    function: Callable[..., NDArray]
    derivative_from_output: Callable[..., NDArray]


def sigmoid(z: NDArray, out: NDArray | None = None) -> NDArray:
    """Return 1 / (1 + exp(-z)), written with tanh so that no value of z overflows."""
    h = np.multiply(z, 0.5, out=out)
    np.tanh(h, out=h)
    h += 1
    h *= 0.5
    return h


def relu(z: NDArray, out: NDArray | None = None) -> NDArray:
    """Return max(z, 0)."""
    return np.maximum(z, 0, out=out)


def tanh_slope(h: NDArray, out: NDArray | None = None) -> NDArray:
    """Return 1 - h * h."""
    slope = np.multiply(h, h, out=out)
    return np.subtract(1, slope, out=slope)


def sigmoid_slope(h: NDArray, out: NDArray | None = None) -> NDArray:
    """Return (1 - h) * h."""
    slope = np.subtract(1, h, out=out)
    slope *= h
    return slope


def identity_slope(h: NDArray, out: NDArray | None = None) -> NDArray:
    """Return 1 everywhere."""
    slope = np.empty_like(h) if out is None else out
    slope.fill(1)
    return slope


ACTIVATIONS = {
    "tanh": Activation(np.tanh, tanh_slope),
    "sigmoid": Activation(sigmoid, sigmoid_slope),
    "relu": Activation(relu, np.sign),  # of max(z, 0), the sign is 0 or 1
    "identity": Activation(np.positive, identity_slope),
}


def find_activation(name: str) -> Activation:
    """Return the activation called `name`, or raise a ValueError that lists the known ones."""
    if name not in ACTIVATIONS:
        raise ValueError(f"activation is {name!r}; expected one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]


def log_softmax(logits: NDArray) -> NDArray:
    """Return the logarithm of the softmax along the last axis, shifted so that no exponential overflows.

    Parameters
    ----------
    logits : ndarray, shape (..., K)

    Returns
    -------
    ndarray, shape (..., K)
        ``logits - log(sum(exp(logits)))``; its exponential sums to 1.
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
