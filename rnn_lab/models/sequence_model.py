"""A recurrent layer read out at every step: the model of every task that asks for an answer at some steps."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn import Linear
from rnn_lab.nn.composed import Composed, as_recurrent
from rnn_lab.nn.recurrent import Recurrent

Loss = Callable[..., tuple[float, NDArray]]


class SequenceModel:
    """Answers at every step: a recurrent layer, and a linear readout of its output.

    Parameters
    ----------
    layer : RNN, GRU, LSTM, Stacked or Bidirectional
        Its dtype becomes that of the readout.
    output_size : int
        K: classes for `softmax_cross_entropy`, numbers for `mean_squared_error`.
    loss : callable
        One of these two: takes y, target and mask, returns the loss and its gradient with respect to y.
    rng : numpy.random.Generator, optional
        Where the readout's initial weights come from.

    Attributes
    ----------
    params : dict
        ``layer.W``, ``layer.U``, ``layer.b``, ``readout.W``, ``readout.b``: the layers' own arrays.
    """

    def __init__(
        self, layer: Recurrent | Composed, output_size: int, loss: Loss, rng: np.random.Generator | None = None
    ) -> None:
        self.layer, self.loss = as_recurrent("layer", layer), loss
        dtype = next(iter(layer.params.values())).dtype
        self.readout = Linear(layer.output_size, output_size, rng, dtype)
        self.params = named(layer=layer.params, readout=self.readout.params)

    def forward(self, x: ArrayLike) -> tuple[NDArray, tuple[Any, NDArray]]:
        """Return the answer at every step, and what the way back needs.

        Parameters
        ----------
        x : array_like, shape (T, N, D)

        Returns
        -------
        y : ndarray, shape (T, N, K)
        cache : tuple
            The layer's and the readout's.

        Raises
        ------
        TypeError, ValueError
            If `x` has another shape, is not numeric or holds NaN.
        """
        h, _, layer_cache = self.layer.forward(x)
        y, readout_cache = self.readout.forward(h)
        return y, (layer_cache, readout_cache)

    def loss_and_grads(self, batch: tuple[ArrayLike, ArrayLike, ArrayLike]) -> tuple[float, dict[str, NDArray]]:
        """Return the loss over the steps that count, and its gradients.

        Parameters
        ----------
        batch : (x, target, mask)
            Of shapes (T, N, D), what the loss takes beside y, and (T, N); True where a step counts.

        Raises
        ------
        TypeError, ValueError
            If a shape does not fit, a value is NaN, or no step counts.
        """
        x, target, mask = batch
        y, (layer_cache, readout_cache) = self.forward(x)
        loss, dy = self.loss(y, target, mask)
        dh, readout_grads = self.readout.backward(dy, readout_cache)
        _, _, layer_grads = self.layer.backward(dh, layer_cache, to_input=False)
        return loss, named(layer=layer_grads, readout=readout_grads)


def named(**parts: dict[str, NDArray]) -> dict[str, NDArray]:
    """Give the arrays of a model's parts dotted names, such as ``layer.W``."""
    return {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}
