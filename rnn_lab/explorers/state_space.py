"""Chapter 08: the hidden state on its way through the plane of its two principal components, beside the signal."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider
from numpy.typing import NDArray

from rnn_lab import plots
from rnn_lab.live import LiveFigure, Panel
from rnn_lab.nn.checks import as_array

BEFORE, AFTER = 120, 60  # steps of the signal that are shown around the time
TRAIL = 45  # steps of the way that are drawn behind the state


@dataclass(frozen=True)
class Plane:
    """States in the two directions in which they vary most.

    Attributes
    ----------
    points : ndarray, shape (T, 2)
    share : float
        Of the variance that lies in the plane.
    order : ndarray of int, shape (H,)
        The units, those together that move alike in the plane.
    """

    points: NDArray
    share: float
    order: NDArray[np.integer]


def compute(states: NDArray) -> Plane:
    """Find the principal components of states, shape (T, H), H at least 2, and put the states into their plane.

    Raises
    ------
    ValueError
        If the states hold NaN.
    """
    states = as_array("states", states, ("T", "H"), finite=True)
    centred = states - states.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    angles = np.arctan2(directions[1], directions[0])
    return Plane(centred @ directions[:2].T, float(np.sum(sizes[:2] ** 2) / np.sum(sizes**2)), np.argsort(angles))


def explorer(signal: NDArray, states: NDArray, rate: float, unit: str = "millivolts") -> Panel:
    """Return the explorer of the state space, to be displayed.

    Parameters
    ----------
    signal : ndarray, shape (T,)
    states : ndarray, shape (T, H)
        The hidden state after each step of the signal.
    rate : float
        Steps a second.
    unit : str
        Of the signal.
    """
    plane = compute(states)
    figure = plt.figure(figsize=(10, 5))
    axes = figure.subplot_mosaic([["plane", "signal"], ["plane", "units"]], width_ratios=[1, 1.25])
    axes["plane"].plot(*plane.points.T, ".", color="0.85", markersize=2)
    axes["plane"].set(xlabel="first principal component", ylabel="second")
    axes["plane"].set_title(f"{plane.share:.0%} of the state's variance is in this plane")
    (trail,) = axes["plane"].plot([], [], color=plots.STATE, linewidth=2)
    (dot,) = axes["plane"].plot([], [], "o", color="black", markersize=9)
    margin = 0.1 * np.ptp(signal)
    around = (-BEFORE / rate, AFTER / rate)
    axes["signal"].set(xlim=around, ylim=(signal.min() - margin, signal.max() + margin), ylabel=unit)
    axes["units"].set(xlim=around, xlabel="seconds from the cursor", ylabel="unit", yticks=[])
    (line,) = axes["signal"].plot([], [], color=plots.TRUTH, linewidth=1.2)
    for name in ("signal", "units"):
        axes[name].axvline(0, color="black", linewidth=1.2)
    image = plots.heat_map(axes["units"], np.zeros((states.shape[1], BEFORE + AFTER)))
    image.set_extent((*around, 0, states.shape[1]))
    axes["units"].set_xlim(*around)

    def update(time: int) -> None:
        trail.set_data(*plane.points[max(time - TRAIL, 0) : time + 1].T)
        dot.set_data(*plane.points[time, :, None])
        shown = np.arange(time - BEFORE, time + AFTER)
        inside = (shown >= 0) & (shown < len(signal))
        line.set_data((shown[inside] - time) / rate, signal[shown[inside]])
        units = np.full((states.shape[1], len(shown)), np.nan)
        units[:, inside] = states[shown[inside]][:, plane.order].T
        image.set_data(units)

    live = LiveFigure(
        figure,
        [trail, dot, line, image],
        alt=(
            "On the left the hidden state on its way through the plane of its two principal components, the last part "
            "blue; on the right the signal around the same time, and below it every unit of the state in colours."
        ),
    )
    return live.explore(update, time=IntSlider(len(signal) // 3, 0, len(signal) - 1, description="time, in steps"))
