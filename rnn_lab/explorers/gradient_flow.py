"""Chapter 02: how large the gradient still is, many steps before the loss."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, FloatSlider, IntSlider, SelectionSlider
from numpy.typing import NDArray

from rnn_lab import plots
from rnn_lab.live import LiveFigure, Panel
from rnn_lab.nn import RNN
from rnn_lab.nn.functions import ACTIVATIONS
from rnn_lab.nn.optimizers import clip_by_norm

UNITS = 32
LONGEST = 60
CLIPS = [(f"{norm:g}", norm) for norm in (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 1000)] + [("off", np.inf)]
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
STEP_LIMITS = (70, -1)  # time runs to the right, as everywhere; the loss is at the right end
NORM_LIMITS = (1e-18, 1e30)
ROUNDING = np.finfo(np.float64).eps  # the smallest change of 1 that float64 can hold


@dataclass(frozen=True)
class GradientFlow:
    """The gradient of a loss at the last step, on its way back to the first.

    Attributes
    ----------
    dh : ndarray, shape (T, H)
        The gradient with respect to each state; row k is that of the state k steps before the loss.
    norms : ndarray, shape (T,)
        The Euclidean norm of each row; the first is 1.
    theory : ndarray, shape (T,)
        radius**k.
    slope : float
        The root mean square of the activation's derivative over all units and steps.
    grads_norm : float
        The norm of dW, dU and db together.
    clipped_norm : float
        The same after clipping.
    """

    dh: NDArray
    norms: NDArray
    theory: NDArray
    slope: float
    grads_norm: float
    clipped_norm: float


def compute(radius: float, length: int, activation: str, scale: float = 1.0, max_norm: float = np.inf) -> GradientFlow:
    """Run a random network of 32 units over random inputs and backpropagate from its last state.

    The loss is the last state's component along a random direction of length 1, so that the gradient starts
    with a norm of 1. The random numbers are the same in every call.

    Parameters
    ----------
    radius : float
        The spectral radius of U.
    length : int
        T, the number of steps.
    activation : {"tanh", "sigmoid", "relu", "identity"}
    scale : float
        The standard deviation of the inputs.
    max_norm : float
        Where all gradients together are clipped; infinite to leave them.
    """
    rng = np.random.default_rng(0)
    layer = RNN(1, UNITS, rng, activation)
    U = layer.params["U"]
    U *= radius / np.abs(np.linalg.eigvals(U)).max()
    direction = rng.standard_normal(UNITS)
    x = scale * rng.standard_normal((LONGEST, 1, 1))[-length:]  # (T, 1, 1)
    y, _, cache = layer.forward(x)

    dy = np.zeros_like(y)
    dy[-1] = direction / np.linalg.norm(direction)
    _, _, grads = layer.backward(dy, cache)
    grads_norm = clip_by_norm(grads, max_norm if np.isfinite(max_norm) else None)

    slopes = layer.activation.derivative_from_output(y[::-1, 0])  # (T, H), the last step first
    dh = np.empty((length, UNITS))
    dh[0] = dy[-1, 0]
    for k in range(1, length):
        dh[k] = (slopes[k - 1] * dh[k - 1]) @ U  # from the future alone: above, there is no loss but the last
    return GradientFlow(
        dh=dh,
        norms=np.linalg.norm(dh, axis=1),
        theory=radius ** np.arange(length),
        slope=float(np.sqrt(np.mean(slopes**2))),
        grads_norm=grads_norm,
        clipped_norm=clip_by_norm(grads, None),
    )


def number(value: float) -> str:
    """Return a number of at least 0 with two significant digits, as a reader writes it: 0.012, 340, 2.1 × 10⁻⁹."""
    if value == 0 or 1e-3 <= value < 1e4:
        return np.format_float_positional(float(f"{value:.2g}"), trim="-")
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits} × 10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def label_places(lines: NDArray) -> tuple[NDArray, NDArray]:
    """Return where to write the names of two lines, shape (2, T): the steps and the heights, both of shape (2,).

    Each name goes to the line's end, or to where it leaves the axes; names that would collide move apart.
    """
    low, high, gap = -14.2, 28.5, 3.2  # decades; no name lies on the band below
    decades = np.log10(lines)
    ends = [np.flatnonzero(line > low - 2)[-1] for line in decades]  # where the line has passed below the name
    decades = np.clip(decades, low, high)
    first, second = decades[np.arange(2), ends]
    middle = np.clip((first + second) / 2, low + gap / 2, high - gap / 2)
    half = max(abs(first - second), gap if abs(ends[0] - ends[1]) < 9 else 0) / 2 * (1 if first > second else -1)
    return np.array(ends), 10.0 ** np.array([middle + half, middle - half])


def explorer() -> Panel:
    """Return the explorer of vanishing and exploding gradients, to be displayed."""
    figure = plt.figure(figsize=(10, 6.6))
    norm_axes, direction_axes, clip_axes = figure.subplots(3, height_ratios=[3.4, 1.9, 0.7])
    steps = np.arange(LONGEST)

    norm_axes.set(
        xlim=STEP_LIMITS,
        xticks=range(0, LONGEST + 1, 10),
        yscale="log",
        ylim=NORM_LIMITS,
        yticks=10.0 ** np.arange(-16, 29, 4),
    )
    norm_axes.minorticks_off()
    norm_axes.tick_params(labelbottom=False)
    norm_axes.set_ylabel(r"norm of $\partial L / \partial h_t$")
    norm_axes.axhspan(NORM_LIMITS[0], ROUNDING, color="0.93")
    norm_axes.axhline(1, color=plots.BASELINE, linewidth=0.8, zorder=0)
    norm_axes.text(
        69.5, 2e-17, "lost when added to 1: below the rounding of float64", va="center", fontsize=10, color="0.35"
    )
    heading = norm_axes.set_title("the gradient")
    kept = norm_axes.annotate("", (1, 0.5), xycoords=heading, va="center", fontsize=12, color=plots.GRADIENT)
    factors = []
    for height, name, colour in (
        (1e27, "each step, measured:", plots.GRADIENT),
        (1e23, "each step, in theory:", "0.4"),
        (1e19, "slope $f\\,'(z)$, left out by the theory:", "black"),
    ):
        norm_axes.text(5, height, name, ha="right", va="center", color=colour)
        factors.append(norm_axes.text(4.5, height, "", va="center", color=colour))
    (theory,) = norm_axes.plot([], [], color=plots.BASELINE, linestyle="--")
    (measured,) = norm_axes.plot([], [], color=plots.GRADIENT, marker=".", markersize=5)
    names = [
        norm_axes.text(0, 1, name, ha="right", va="center", color=colour)
        for name, colour in (("measured ", plots.GRADIENT), (r"theory $\rho^{\,T-t}$ ", "0.4"))
    ]

    image = plots.heat_map(direction_axes, np.zeros((UNITS, LONGEST)))
    image.set_extent((-0.5, LONGEST - 0.5, UNITS + 0.5, 0.5))
    direction_axes.set(xlim=STEP_LIMITS, xticks=range(0, LONGEST + 1, 10), yticks=[1, UNITS], ylabel="unit")
    direction_axes.set_xlabel("steps before the loss, $T - t$ (time runs to the right)")
    figure.colorbar(image, ax=direction_axes, pad=0.01, aspect=8, label="each step divided\nby its largest entry")

    clip_axes.set(xscale="log", xlim=(1e-3, 1e31), yticks=[0, 1], yticklabels=["before", "after"], ylim=(1.6, -0.6))
    clip_axes.set_xticks(10.0 ** np.arange(0, 31, 6))
    clip_axes.minorticks_off()
    clip_axes.set_xlabel("norm of $dW$, $dU$ and $db$ together, before and after clipping (dotted: the limit)")
    bars = clip_axes.barh([0, 1], [1, 1], color=plots.GRADIENT, height=0.75)
    values = [clip_axes.text(1, row, "", va="center") for row in (0, 1)]
    limit = clip_axes.axvline(1, color="black", linestyle=":")

    def update(radius: float, length: int, activation: str, scale: float, max_norm: float) -> None:
        flow = compute(radius, length, activation, scale, max_norm)
        heading.set_text(f"{length - 1} steps before the loss, the gradient has been multiplied by ")
        kept.set_text(number(flow.norms[-1]))
        for factor, value in zip(factors, (flow.norms[-1] ** (1 / (length - 1)), radius, flow.slope), strict=True):
            factor.set_text(f"× {value:.2f}")
        measured.set_data(steps[:length], flow.norms)
        theory.set_data(steps[:length], flow.theory)
        for name, step, height in zip(names, *label_places(np.stack([flow.norms, flow.theory])), strict=True):
            name.set_position((step, height))
        directions = np.full((UNITS, LONGEST), np.nan)
        directions[:, :length] = (flow.dh / np.abs(flow.dh).max(axis=1, keepdims=True)).T
        image.set_data(directions)
        is_clipped = bool(np.isfinite(max_norm))
        for bar, value, norm in zip(bars, values, (flow.grads_norm, flow.clipped_norm), strict=True):
            bar.set_width(norm)
            value.set_x(max(norm, max_norm) if is_clipped else norm)  # right of the dotted line
            value.set_text(f" {number(norm)}")
        limit.set_visible(is_clipped)
        limit.set_xdata([max_norm, max_norm])

    live = LiveFigure(
        figure,
        [heading, kept, *factors, measured, theory, *names, image, *bars, *values, limit],
        alt=lambda: (
            f"{heading.get_text()}{kept.get_text()}. Below: its norm against the distance from "
            "the loss, its direction at each step, and the norm of the gradients of all weights: before clipping"
            f"{values[0].get_text()}, after clipping{values[1].get_text()}."
        ),
    )
    return live.explore(
        update,
        radius=FloatSlider(0.9, min=0.2, max=3, step=0.01, description="radius of U, ρ"),
        length=IntSlider(40, 5, LONGEST, description="length T"),
        activation=Dropdown(options=list(ACTIVATIONS), description="activation"),
        scale=FloatSlider(0.5, min=0.1, max=3, step=0.1, description="input scale"),
        max_norm=SelectionSlider(options=CLIPS, value=1, description="clip at norm"),
    )
