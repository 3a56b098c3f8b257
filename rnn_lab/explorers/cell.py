"""Chapter 01: a cell of eight units, its states over time, its flow and its eigenvalues."""

from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, FloatSlider, IntSlider, Text
from numpy.typing import NDArray

from rnn_lab import plots
from rnn_lab.live import LiveFigure, Panel
from rnn_lab.nn import RNNCell

STEPS = 40
PAIRS = 4
ALPHABET = "abcdefghijklmnopqrstuvwxyz "
SIGNALS = ("impulse", "step", "sine", "text")
GRID = np.linspace(-1, 1, 11)
LONGEST_ARROW = 0.3


@dataclass(frozen=True)
class CellRun:
    """A cell and what it did.

    Attributes
    ----------
    cell : RNNCell
        Of 8 units: four pairs, of which pair k is turned by k times the rotation at each step.
    x : ndarray, shape (T, D)
        The input: one number at each step, or a one-hot letter.
    h : ndarray, shape (T + 1, 8)
        The states, the initial one first.
    eigenvalues : ndarray of complex, shape (8,)
        Of U.
    """

    cell: RNNCell
    x: NDArray
    h: NDArray
    eigenvalues: NDArray


def rotating_weights(radius: float, rotation: float) -> NDArray:
    """Return U, shape (8, 8): four 2 x 2 blocks, block k a rotation by k times `rotation`, scaled by `radius`.

    Parameters
    ----------
    radius : float
        The spectral radius of U.
    rotation : float
        In degrees a step, for the first pair.
    """
    U = np.zeros((2 * PAIRS, 2 * PAIRS))
    for pair in range(PAIRS):
        angle = np.deg2rad(rotation) * (pair + 1)
        block = slice(2 * pair, 2 * pair + 2)
        U[block, block] = radius * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return U


def readable(text: str) -> str:
    """Return the text as the cell reads it: 40 letters at most, small ones, and a dot for what is no input."""
    return "".join(letter if letter in ALPHABET else "·" for letter in text.lower()[:STEPS])


def make_input(signal: str, text: str = "") -> NDArray:
    """Return the input of 40 steps: shape (T, 1) for a signal, (T, 27) for a text (a-z and space, one-hot).

    Raises
    ------
    ValueError
        If the signal is unknown.
    """
    t = np.arange(STEPS)
    if signal == "impulse":
        return (t == 2).astype(float)[:, None]
    if signal == "step":
        return ((t >= 5) & (t < 25)).astype(float)[:, None]
    if signal == "sine":
        return np.sin(2 * np.pi * t / 12)[:, None]
    if signal == "text":
        x = np.zeros((STEPS, len(ALPHABET)))
        for step, letter in enumerate(readable(text)):
            if letter in ALPHABET:
                x[step, ALPHABET.index(letter)] = 1
        return x
    raise ValueError(f"signal is {signal!r}; expected one of {', '.join(SIGNALS)}")


def compute(radius: float, rotation: float, weight: float, bias: float, signal: str, text: str) -> CellRun:
    """Run the cell over one of the inputs.

    Parameters
    ----------
    radius, rotation : float
        Of U, see `rotating_weights`.
    weight : float
        Scales W; the directions of its columns are fixed.
    bias : float
        Every entry of b.
    signal : {"impulse", "step", "sine", "text"}
    text : str
        Read when the signal is "text".
    """
    x = make_input(signal, text)
    cell = RNNCell(x.shape[1], 2 * PAIRS, np.random.default_rng(3))
    if signal != "text":
        cell.W = np.tile([[1.0], [0.0]], (PAIRS, 1))  # a signal pushes the first unit of each pair
    cell.W *= weight
    cell.U = rotating_weights(radius, rotation)
    cell.b[:] = bias
    h = np.zeros((STEPS + 1, 2 * PAIRS))
    for t in range(STEPS):
        h[t + 1] = cell.forward(x[t][:, None], h[t][:, None])[:, 0]
    return CellRun(cell, x, h, np.linalg.eigvals(cell.U))


def flow(run: CellRun, step: int) -> NDArray:
    """Return how far one step moves the first two units from every point of a grid, shape (2, G, G).

    The pairs do not touch each other, so the picture of the first pair is exact, but for moves above LONGEST_ARROW:
    they are cut to that length.
    """
    h = np.zeros((2 * PAIRS, GRID.size**2))
    h[0], h[1] = (axis.ravel() for axis in np.meshgrid(GRID, GRID))
    x = np.repeat(run.x[step][:, None], h.shape[1], axis=1)
    moves = (run.cell.forward(x, h) - h)[:2]
    moves *= LONGEST_ARROW / np.maximum(np.hypot(*moves), LONGEST_ARROW)
    return moves.reshape(2, GRID.size, GRID.size)


def describe(run: CellRun, step: int) -> str:
    """Say in words what the explorer shows at a step."""
    radius = round(float(np.abs(run.eigenvalues).max()), 2)
    side = "outside" if radius > 1 else "on" if radius == 1 else "inside"
    one, two = run.h[step + 1, :2]
    return (
        f"Eight hidden units over {STEPS} steps as a heat map, below their input. After step {step} unit 1 is "
        f"{one:.1f} and unit 2 is {two:.1f}, on a path over their flow field. The largest eigenvalues of U, of size "
        f"{radius:.2f}, lie {side} the unit circle."
    )


def explorer() -> Panel:
    """Return the explorer of chapter 01, to be displayed."""
    figure = plt.figure(figsize=(10, 6.6))
    rows = figure.add_gridspec(3, 2, height_ratios=[0.7, 1.6, 3.2], width_ratios=[1.15, 1])
    input_axes, state_axes = figure.add_subplot(rows[0, :]), figure.add_subplot(rows[1, :])
    flow_axes, eigenvalue_axes = figure.add_subplot(rows[2, 0]), figure.add_subplot(rows[2, 1])
    start = compute(0.95, 30.0, 1.0, 0.0, "impulse", "")
    steps = range(STEPS)

    input_axes.set(xlim=(-0.5, STEPS - 0.5), ylim=(-1.3, 1.3), yticks=[-1, 0, 1], ylabel="input $x_t$")
    input_axes.tick_params(labelbottom=False)
    bars = input_axes.vlines(steps, 0, 0, color=plots.INPUT, linewidth=12)
    letters = [input_axes.text(t, 0, "", ha="center", va="center", fontsize=12) for t in steps]

    image = plots.heat_map(state_axes, start.h[1:].T)
    state_axes.set(xlabel="step $t$", ylabel="unit of $h_t$", yticks=range(2 * PAIRS), yticklabels=range(1, 9))
    figure.colorbar(image, ax=state_axes, label="$h_t$", pad=0.01, aspect=8)
    cursors = [axes.axvline(0, color="black", linewidth=1) for axes in (input_axes, state_axes)]

    arrows = flow_axes.quiver(
        GRID, GRID, *np.zeros((2, GRID.size, GRID.size)), color="0.6", angles="xy", scale_units="xy", scale=1
    )
    (path,) = flow_axes.plot([], [], color=plots.STATE, marker=".", markersize=5, linewidth=1)
    (here,) = flow_axes.plot([], [], color="black", marker="o", markersize=9, linestyle="none")
    flow_axes.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal", xlabel="unit 1", ylabel="unit 2")
    flow_axes.set_title("where one step leads")
    shown: dict[str, Any] = {"run": start, "step": 0}

    plots.unit_circle(eigenvalue_axes)
    eigenvalues = eigenvalue_axes.scatter(
        start.eigenvalues.real, start.eigenvalues.imag, s=60, color=plots.WEIGHTS, edgecolor="black", zorder=3
    )
    eigenvalue_axes.set(xlim=(-1.65, 1.65), ylim=(-1.65, 1.65), title="eigenvalues of $U$")

    def update(radius: float, rotation: float, weight: float, bias: float, signal: str, text: str, step: int) -> None:
        run = compute(radius, rotation, weight, bias, signal, text)
        is_text = signal == "text"
        for t, letter in enumerate((readable(text) if is_text else "").ljust(STEPS)):
            letters[t].set_text(letter.strip())
        heights = np.zeros(STEPS) if is_text else run.x[:, 0]
        bars.set_segments([((t, 0), (t, height)) for t, height in enumerate(heights)])
        image.set_data(run.h[1:].T)
        for cursor in cursors:
            cursor.set_xdata([step, step])
        arrows.set_UVC(*flow(run, step))
        path.set_data(run.h[: step + 2, 0], run.h[: step + 2, 1])
        here.set_data(run.h[step + 1 : step + 2, 0], run.h[step + 1 : step + 2, 1])
        eigenvalues.set_offsets(np.column_stack([run.eigenvalues.real, run.eigenvalues.imag]))
        shown.update(run=run, step=step)

    live = LiveFigure(
        figure,
        [bars, *letters, image, *cursors, arrows, path, here, eigenvalues],
        alt=lambda: describe(**shown),
    )
    signal_control = Dropdown(options=SIGNALS, value="impulse", description="input")
    text_control = Text("to be or not to be", description="text", continuous_update=True)
    text_control.observe(lambda _: signal_control.set_trait("value", "text"), "value")  # who types wants to see it read
    return live.explore(
        update,
        signal=signal_control,
        text=text_control,
        step=IntSlider(12, 0, STEPS - 1, description="step t"),
        radius=FloatSlider(0.95, min=0, max=1.5, step=0.01, description="radius of U"),
        rotation=FloatSlider(30, min=0, max=180, step=1, description="rotation (°)"),
        weight=FloatSlider(1.0, min=-3, max=3, step=0.05, description="weight W"),
        bias=FloatSlider(0.0, min=-1, max=1, step=0.02, description="bias b"),
    )
