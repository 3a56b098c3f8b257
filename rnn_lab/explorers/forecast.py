"""Chapter 08: a forecast unrolls from an origin that moves through time, beside what then came."""

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, IntSlider
from matplotlib.collections import PolyCollection
from numpy.typing import NDArray

from rnn_lab import plots
from rnn_lab.live import LiveFigure, Panel

PAST = 60  # steps that are shown before the origin


@dataclass(frozen=True)
class View:
    """What is seen from an origin.

    Attributes
    ----------
    steps : ndarray, shape (K,)
        From the origin, 1 being the first that is forecast.
    forecast : ndarray, shape (K,)
    lower, upper : ndarray, shape (K,)
        The band; equal to the forecast where the model gives none.
    truth : ndarray, shape (K,)
        What then came; NaN after the end of the series.
    past : ndarray, shape (PAST,)
        What was known; NaN before the start of the series.
    """

    steps: NDArray
    forecast: NDArray
    lower: NDArray
    upper: NDArray
    truth: NDArray
    past: NDArray

    @property
    def error(self) -> float:
        """The root mean squared error of what is shown; NaN if nothing of it has come yet."""
        known = np.isfinite(self.truth)
        return float(np.sqrt(np.mean((self.forecast - self.truth)[known] ** 2))) if known.any() else np.nan


def compute(values: NDArray, origin: int, quantiles: NDArray, horizon: int) -> View:
    """Look from an origin, `horizon` steps ahead.

    Parameters
    ----------
    values : ndarray, shape (T,)
    origin : int
        The index of the first value that is forecast, 1 to T.
    quantiles : ndarray, shape (K, Q)
        The forecast; of Q columns the first and the last are the band, the middle one is the forecast itself.
    horizon : int
        From 1 to K.
    """
    padded = np.concatenate([np.full(PAST, np.nan), values, np.full(len(quantiles), np.nan)])
    shown = quantiles[:horizon]
    return View(
        steps=np.arange(1, horizon + 1),
        forecast=shown[:, shown.shape[1] // 2],
        lower=shown[:, 0],
        upper=shown[:, -1],
        truth=padded[PAST + origin : PAST + origin + horizon],
        past=padded[origin : PAST + origin],
    )


def explorer(
    times: NDArray, values: NDArray, origins: NDArray, forecasts: Mapping[str, NDArray], unit: str, step: str = "month"
) -> Panel:
    """Return the explorer of forecasts, to be displayed.

    Parameters
    ----------
    times, values : ndarray, shape (T,)
        The series; times in years.
    origins : ndarray of int, shape (O,)
        From which there are forecasts, in order of time.
    forecasts : dict of ndarray, shape (O, K, Q)
        By the model's name; see `compute`.
    unit : str
        Of the values, for the axis.
    step : str
        What a step is called.
    """
    horizon = min(quantiles.shape[1] for quantiles in forecasts.values())
    low, high = np.min(values), np.max(values)
    figure, axes = plt.subplots(figsize=(10, 4.2))
    room = 0.12 * (high - low)
    axes.set(xlim=(-PAST, horizon + 1), ylim=(low - room, high + room), ylabel=unit)
    axes.set_xlabel(f"{step}s from the origin; black: known, dotted: what then came")
    axes.axvline(0, color=plots.BASELINE, linewidth=1)
    (past,) = axes.plot([], [], color=plots.TRUTH, linewidth=1.2)
    (truth,) = axes.plot([], [], color=plots.TRUTH, linestyle=":", marker=".", markersize=5)
    (line,) = axes.plot([], [], color=plots.PREDICTION, marker=".", markersize=5)
    band = PolyCollection([], facecolors=plots.PREDICTION, alpha=0.3, linewidths=0)
    axes.add_collection(band, autolim=False)
    seen_from = axes.set_title("origin", loc="left")
    heading = axes.set_title("error", loc="right")

    def update(place: int, ahead: int, model: str) -> None:
        origin = int(origins[place])
        view = compute(values, origin, forecasts[model][place], ahead)
        known = np.arange(1 - PAST, 1)
        past.set_data(known, view.past)
        truth.set_data(view.steps, view.truth)
        line.set_data(np.append(0, view.steps), np.append(view.past[-1], view.forecast))
        right = np.column_stack([view.steps, view.lower])
        left = np.column_stack([view.steps, view.upper])[::-1]
        start = [[0, view.past[-1]]]
        band.set_verts([np.concatenate([start, right, left])])
        seen_from.set_text(f"{model}, the last known {step} is {_date(times[origin - 1])}")
        heading.set_text("the rest is not known yet" if np.isnan(view.truth).any() else f"error {view.error:.2f}")

    live = LiveFigure(
        figure,
        [past, truth, line, band, seen_from, heading],
        alt=lambda: f"A series up to an origin, a forecast with its band, and what then came: {seen_from.get_text()}.",
    )
    return live.explore(
        update,
        place=IntSlider(len(origins) // 2, 0, len(origins) - 1, description="origin"),
        ahead=IntSlider(max(1, 3 * horizon // 4), 1, horizon, description=f"{step}s ahead"),
        model=Dropdown(options=list(forecasts), description="model"),
    )


def _date(years: float) -> str:
    """Write a time in years as a year and a month."""
    months = round(float(years) * 12)
    return f"{months // 12}-{months % 12 + 1:02d}"
