"""Forecasting: a recurrent layer and a linear readout that says the next value at every step."""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rnn_lab.models.sequence_model import SequenceModel
from rnn_lab.nn import RNN, mean_squared_error
from rnn_lab.nn.checks import as_array, as_generator

Batch = tuple[ArrayLike, ArrayLike]


class Forecaster:
    """Predicts ``x[t + 1]`` from ``x[0] ... x[t]``, at every t.

    Parameters
    ----------
    input_size, hidden_size : int
        D, the values at each step, and H.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.
    warm_up : int
        How many first steps of a training sequence do not count in the loss: from a state of zero,
        nobody can tell yet.
    dtype : dtype
        That of the parameters.

    Attributes
    ----------
    params : dict
        ``rnn.W``, ``rnn.U``, ``rnn.b``, ``readout.W``, ``readout.b``: the layers' own arrays.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        rng: np.random.Generator | None = None,
        warm_up: int = 0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        rng = as_generator(rng)
        if not isinstance(warm_up, int) or isinstance(warm_up, bool) or warm_up < 0:
            raise ValueError(f"warm_up is {warm_up!r}; expected a whole number of steps, 0 or more")
        self.rnn = RNN(input_size, hidden_size, rng, dtype=dtype)
        self._model = SequenceModel(self.rnn, input_size, mean_squared_error, rng)
        self.readout = self._model.readout
        self.warm_up = warm_up
        self.params = _renamed(self._model.params)

    def predict(self, x: ArrayLike, state: ArrayLike | None = None) -> tuple[NDArray, NDArray]:
        """Return the prediction of the next value at every step, and the state after the last.

        Parameters
        ----------
        x : array_like, shape (T, N, D)
        state : array_like, shape (N, H), optional

        Returns
        -------
        y : ndarray, shape (T, N, D)
            ``y[t]`` predicts ``x[t + 1]``.
        state : ndarray, shape (N, H)
        """
        h, last, _ = self.rnn.forward(x, state)
        y, _ = self.readout.forward(h)
        return y, last

    def loss_and_grads(self, batch: Batch) -> tuple[float, dict[str, NDArray]]:
        """Return the mean squared error over a batch and its gradients.

        Parameters
        ----------
        batch : (x, target)
            Both of shape (T, N, D), T above `warm_up`.

        Raises
        ------
        TypeError, ValueError
            If a shape does not fit or a value is NaN.
        """
        x, target = batch
        x = as_array("x", x, ("T", "N", self.rnn.params["W"].shape[1]), finite=True)
        if len(x) <= self.warm_up:
            raise ValueError(f"x has {len(x)} steps; expected more than warm_up = {self.warm_up}, or nothing is learnt")
        counts = np.zeros(x.shape[:2], bool)
        counts[self.warm_up :] = True
        loss, grads = self._model.loss_and_grads((x, target, counts))
        return loss, _renamed(grads)


def _renamed(arrays: dict[str, NDArray]) -> dict[str, NDArray]:
    return {name.replace("layer.", "rnn."): array for name, array in arrays.items()}
