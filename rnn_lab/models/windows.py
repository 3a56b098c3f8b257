"""A series as a network sees it: scaled inputs, and at each step how far the next values are from an anchor."""

import numpy as np
from numpy.typing import NDArray

from rnn_lab.datasets.forecasting import Task
from rnn_lab.evaluation import Scaler, following
from rnn_lab.models.classical import seasonal_naive
from rnn_lab.nn.checks import as_size


class Windows:
    """Windows of a task for training, and the way from a network's answers back to forecasts in the series' own unit.

    A network that says the next values themselves levels off near the height that it was trained on. One that says how
    far they are from an anchor, from the last value or from another forecast, goes wherever the anchor goes.

    Parameters
    ----------
    task : Task
    anchor : ndarray, shape (T, K), optional
        In row t a forecast of the next K values from what is known at step t, NaN where there is none; if left out,
        the value of a season before, which without a season is the last one. Scale and shift of the inputs and the
        size of the distances come from the training part alone.

    Attributes
    ----------
    x : ndarray of float32, shape (T, 1, D)
    y : ndarray of float32, shape (T, 1, K)
        What the network is to say at each step; NaN where the future or the anchor is unknown.
    size : ndarray, shape (K,)
        The distance that is written as 1, in the unit of the series.
    """

    def __init__(self, task: Task, anchor: NDArray | None = None) -> None:
        length, horizon, (choose, _) = len(task.values), task.horizon, task.borders
        self.task = task
        self.anchor = np.full((length, horizon), np.nan) if anchor is None else anchor
        steps = np.arange(task.period - 1, length - horizon)  # those with a season before them and K values after
        if anchor is None:
            self.anchor[steps] = seasonal_naive(task.values, steps + 1, horizon, task.period)
        distance = np.full((length, horizon), np.nan)
        distance[steps] = following(task.values, steps + 1, horizon) - self.anchor[steps]
        trained = distance[: choose - horizon]
        self._first = int(np.argmax(np.isfinite(trained).all(axis=1)))  # the first step with an anchor
        self.size = np.sqrt(np.mean(trained[self._first :] ** 2, axis=0))
        scaler = Scaler.fit(task.inputs[:choose])
        self.x = scaler.scale(task.inputs).astype(np.float32)[:, None]
        self.y = (distance / self.size).astype(np.float32)[:, None]

    def sample(self, rng: np.random.Generator, length: int, size: int) -> tuple[NDArray, NDArray]:
        """Draw windows from the training part -> x, shape (length, size, D), and y, shape (length, size, K).

        Raises
        ------
        ValueError
            If the training part is too short for one.
        """
        end = self.task.borders[0] - self.task.horizon  # the last step whose future is in the training part, plus one
        starts = end - self._first - as_size("length", length)
        if starts < 1:
            raise ValueError(
                f"length is {length}, but the training part has {end - self._first} steps with a known future: "
                "the series is too short; take shorter windows or a shorter horizon"
            )
        steps = self._first + rng.integers(0, starts + 1, size) + np.arange(length)[:, None]
        return self.x[steps, 0], self.y[steps, 0]

    def forecasts(self, answers: NDArray, steps: NDArray) -> NDArray:
        """Turn a network's answers at some steps into forecasts, in the unit of the series.

        Parameters
        ----------
        answers : ndarray, shape (O, K, Q)
        steps : ndarray of int, shape (O,)
            The last known step of each, one less than the origin.
        """
        return self.anchor[steps][..., None] + answers * self.size[:, None]
