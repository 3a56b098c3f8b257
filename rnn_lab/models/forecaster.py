"""Forecasting: a recurrent layer and a linear readout that says what comes next at every step."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rnn_lab.models.sequence_model import SequenceModel
from rnn_lab.nn import RNN, mean_squared_error, pinball
from rnn_lab.nn.checks import as_array, as_generator, as_size
from rnn_lab.nn.composed import Composed
from rnn_lab.nn.recurrent import Recurrent

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
        self.rnn = RNN(input_size, hidden_size, rng, dtype=dtype)
        self._model = SequenceModel(self.rnn, input_size, mean_squared_error, rng)
        self.readout = self._model.readout
        self.warm_up = _as_warm_up(warm_up)
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
        loss, grads = self._model.loss_and_grads((x, target, _counts(x, self.warm_up)))
        return loss, _renamed(grads)


class QuantileForecaster:
    """Says at every step the quantiles of each of the next K values, directly (Wen et al., 2017).

    Parameters
    ----------
    layer : RNN, GRU, LSTM, or a composition
        Reads D values at each step: the series itself, other quantities, the calendar.
    horizon : int
        K.
    quantiles : array_like, shape (Q,)
        In ascending order, each between 0 and 1.
    rng : numpy.random.Generator, optional
        Where the readout's initial weights come from.
    warm_up : int
        How many first steps of a training sequence do not count in the loss.

    Attributes
    ----------
    params : dict
        ``layer.W``, ..., ``readout.W``, ``readout.b``: the layers' own arrays.
    """

    def __init__(
        self,
        layer: Recurrent | Composed,
        horizon: int,
        quantiles: ArrayLike,
        rng: np.random.Generator | None = None,
        warm_up: int = 0,
    ) -> None:
        self.horizon, self.quantiles = as_size("horizon", horizon), as_array("quantiles", quantiles, ("Q",))
        ascending = np.diff(self.quantiles, prepend=0.0, append=1.0)
        if (ascending <= 0).any():
            raise ValueError(f"quantiles is {self.quantiles.tolist()}; expected numbers that rise, between 0 and 1")
        self._model = SequenceModel(layer, self.horizon * len(self.quantiles), self._loss, rng)
        self.layer, self.readout = self._model.layer, self._model.readout
        self.warm_up = _as_warm_up(warm_up)
        self.params = self._model.params

    def predict(self, x: ArrayLike, state: Any = None) -> tuple[NDArray, Any]:
        """Return the quantiles of what comes at every step, and the state after the last.

        Parameters
        ----------
        x : array_like, shape (T, N, D)
        state : optional
            As the layer takes it.

        Returns
        -------
        y : ndarray, shape (T, N, K, Q)
            ``y[t, :, k]`` belongs to the value k + 1 steps after step t; sorted, so that quantiles never cross
            (Chernozhukov et al., 2010).
        state
            As the layer returns it.
        """
        h, last, _ = self.layer.forward(x, state)
        y, _ = self.readout.forward(h)
        return np.sort(self._by_quantile(y), axis=-1), last

    def loss_and_grads(self, batch: Batch) -> tuple[float, dict[str, NDArray]]:
        """Return the mean pinball loss over a batch and its gradients.

        Parameters
        ----------
        batch : (x, target)
            Of shapes (T, N, D) and (T, N, K), T above `warm_up`.

        Raises
        ------
        TypeError, ValueError
            If a shape does not fit or a value is NaN.
        """
        x, target = batch
        x = as_array("x", x, ("T", "N", "D"))
        return self._model.loss_and_grads((x, target, _counts(x, self.warm_up)))

    def _loss(self, y: NDArray, target: ArrayLike, mask: NDArray) -> tuple[float, NDArray]:
        each = np.repeat(mask[..., None], self.horizon, axis=-1)
        loss, dy = pinball(self._by_quantile(y), target, self.quantiles, each)
        return loss, dy.reshape(y.shape)

    def _by_quantile(self, y: NDArray) -> NDArray:
        return y.reshape(*y.shape[:-1], self.horizon, len(self.quantiles))


def _as_warm_up(warm_up: int) -> int:
    if not isinstance(warm_up, int) or isinstance(warm_up, bool) or warm_up < 0:
        raise ValueError(f"warm_up is {warm_up!r}; expected a whole number of steps, 0 or more")
    return warm_up


def _counts(x: NDArray, warm_up: int) -> NDArray[np.bool_]:
    """Say which steps of x count in the loss, shape (T, N)."""
    if len(x) <= warm_up:
        raise ValueError(f"x has {len(x)} steps; expected more than warm_up = {warm_up}, or nothing is learnt")
    counts = np.zeros(x.shape[:2], bool)
    counts[warm_up:] = True
    return counts


def _renamed(arrays: dict[str, NDArray]) -> dict[str, NDArray]:
    return {name.replace("layer.", "rnn."): array for name, array in arrays.items()}
