"""Chapter 03: the gates of a trained LSTM over a sequence; push them, silence a unit, write into its memory."""

import re
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import cast

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, FloatSlider, IntSlider
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from numpy.typing import ArrayLike, NDArray

from rnn_lab import plots
from rnn_lab.datasets.memory import Batch, success
from rnn_lab.live import LiveFigure, Panel
from rnn_lab.models import SequenceModel
from rnn_lab.nn import LSTM
from rnn_lab.nn.checks import as_array
from rnn_lab.nn.functions import log_softmax
from rnn_lab.nn.lstm import LSTMCache

TREATMENTS = ("as trained", "silenced", "clamped")
STRONGEST = 3.0  # the cell state of the strongest colour: beyond it, tanh(c) is within 0.005 of its end
MAPS = (  # from top to bottom: title, colours, and the values of the first and the last colour
    ("input", "Greys", 0, 1),
    ("input gate $i$ (bright: write)", "cividis", 0, 1),
    ("forget gate $f$ (bright: keep, dark: erase)", "cividis", 0, 1),
    ("cell state $c$ (the memory; the unit most needed is on top)", "RdBu_r", -STRONGEST, STRONGEST),
    ("output gate $o$ (bright: show)", "cividis", 0, 1),
    ("answer", "Greens", 0, 1),
)
CERTAINTY = re.compile(r" \(.*?\)")  # in a verdict
FORMULAS: tuple[dict[float, str], ...] = (  # how a step makes the states of a unit: the words, by columns
    {0: "$c_{next}$", 1: "=", 2: "$f$", 3: "·", 4: "$c$", 5: "+", 6: "$i$", 7: "·", 8: "$g$"},
    {0: "$h_{next}$", 1: "=", 2: "$o$", 3: "·", 4.7: r"$\tanh\, c_{next}$"},
)


@dataclass(frozen=True)
class GatesRun:
    """An LSTM on its way through N sequences, and what it would answer at every step.

    Attributes
    ----------
    gates : ndarray, shape (T, 4, N, H)
        i, f, g and o.
    c, h : ndarray, shape (T + 1, N, H)
        The states, the initial ones first.
    probabilities : ndarray, shape (T, N, K)
    """

    gates: NDArray
    c: NDArray
    h: NDArray
    probabilities: NDArray


def compute(
    model: SequenceModel,
    x: ArrayLike,
    forget_bias: float = 0.0,
    unit: int = 0,
    treatment: str = "as trained",
    value: float = 0.0,
) -> GatesRun:
    """Run a model over sequences, with its forget gates pushed, or one unit treated, at every step.

    Parameters
    ----------
    model : SequenceModel
        With an LSTM as its layer; it is not changed.
    x : array_like, shape (T, N, D)
    forget_bias : float
        Added to the forget gate's bias of every unit.
    unit : int
        The unit that is treated, from 0 to H - 1.
    treatment : {"as trained", "silenced", "clamped"}
        Silenced, the unit's h is 0; clamped, its c is `value`.
    value : float
        What a clamped unit holds.

    Raises
    ------
    TypeError, ValueError
        If the model's layer is not an LSTM, the unit or the treatment does not exist, or `x` has another shape.
    """
    layer = model.layer
    if not isinstance(layer, LSTM):
        raise TypeError(f"model.layer is a {type(layer).__name__}; expected an LSTM, whose gates are shown")
    H, D = layer.params["U"].shape[1], layer.params["W"].shape[1]
    if unit not in range(H):
        raise ValueError(f"unit is {unit!r}; expected a whole number from 0 to {H - 1}")
    if treatment not in TREATMENTS:
        raise ValueError(f"treatment is {treatment!r}; expected one of {', '.join(TREATMENTS)}")
    x = as_array("x", x, ("T", "N", D))
    T, N, _ = x.shape

    pushed = copy(layer)
    pushed.params = layer.params | {"b": layer.params["b"] + np.repeat([0, forget_bias, 0, 0], H)}
    gates = np.empty((T, 4, N, H), x.dtype)
    c, h = np.zeros((2, T + 1, N, H), x.dtype)
    for t in range(T):
        _, (h[t + 1], c[t + 1]), cache = pushed.forward(x[t : t + 1], (h[t], c[t]))
        gates[t] = cast(LSTMCache, cache).gates[0]
        if treatment == "silenced":
            h[t + 1, :, unit] = 0
        elif treatment == "clamped":
            c[t + 1, :, unit] = value
            h[t + 1, :, unit] = gates[t, 3, :, unit] * np.tanh(value)
    scores, _ = model.readout.forward(h[1:])
    return GatesRun(gates, c, h, np.exp(log_softmax(scores)))


def answers(probabilities: NDArray, target: NDArray, mask: NDArray) -> NDArray:
    """Return the mean probability of every answer, for every symbol that is right.

    Parameters
    ----------
    probabilities : ndarray, shape (T, N, K)
    target : ndarray of int, shape (T, N)
    mask : ndarray of bool, shape (T, N)
        True where an answer counts.

    Returns
    -------
    ndarray, shape (K, K)
        A row for the right symbol, NaN if it is never right; a column for the answer.

    Raises
    ------
    TypeError
        If the targets are not ids.
    """
    if target.dtype.kind not in "iu":
        raise TypeError(f"target holds values of type {target.dtype}; expected the ids of symbols")
    said, right = probabilities[mask], target[mask]
    table = np.full((said.shape[1], said.shape[1]), np.nan)
    for symbol in np.unique(right):
        table[symbol] = said[right == symbol].mean(axis=0)
    return table


def right_without(model: SequenceModel, batch: Batch) -> NDArray:
    """Return how probable the right answers are when one unit is silenced, for each unit, shape (H,).

    Raises
    ------
    TypeError, ValueError
        As `compute`.
    """
    x, target, mask = batch
    units = range(model.readout.params["W"].shape[1])
    tables = [answers(compute(model, x, unit=unit, treatment="silenced").probabilities, target, mask) for unit in units]
    return np.array([np.nanmean(np.diag(table)) for table in tables])


def verdict(probabilities: NDArray, target: NDArray, mask: NDArray) -> str:
    """Say in words what the model answers to one sequence; (T, K), (T,) and (T,)."""
    said, right = probabilities[mask].argmax(axis=1), target[mask]
    words = f"says {' '.join(map(str, said))} ({probabilities[mask, said].prod():.2f})"
    return f"{words}: right" if (said == right).all() else f"{words}, should say {' '.join(map(str, right))}"


def arithmetic(run: GatesRun, n: int, step: int, unit: int, treatment: str) -> list[str]:
    """Return the numbers below the words of FORMULAS, for a unit and a step of sequence n."""
    (i, f, g, o), c = run.gates[step, :, n, unit], run.c[step, n, unit]
    c_next, h_next = run.c[step + 1, n, unit], run.h[step + 1, n, unit]
    for_c = [f"{number:.2f}" for number in (c_next, f, c, i, g)]
    for_h = [f"{number:.2f}" for number in (h_next, o, np.tanh(c_next))]
    if treatment == "clamped":
        for_c[1:] = ["held", "", "", ""]
    if treatment == "silenced":
        for_h[1:] = ["silenced", ""]
    return [word.replace("-", "−") for word in for_c + for_h]


def draw_map(axes: Axes, height: int, T: int, title: str, cmap: str, low: float, high: float) -> AxesImage:
    """Draw an empty map of `height` rows over T steps, with its scale."""
    image = axes.imshow(np.zeros((height, T)), cmap, aspect="auto", interpolation="nearest", vmin=low, vmax=high)
    axes.set_title(title)
    axes.tick_params(left=False, labelbottom=False)
    axes.figure.colorbar(image, ax=axes, pad=0.01, aspect=8, ticks=[low, high])
    return image


def label_channels(axes: Axes, channels: Mapping[str, int], T: int) -> None:
    """Name the rows of an input, and draw lines between what has different names."""
    borders = np.cumsum([0, *channels.values()]) - 0.5
    axes.set(yticks=(borders[:-1] + borders[1:]) / 2, yticklabels=channels)
    axes.hlines(borders[1:-1], -0.5, T - 0.5, color="0.8", linewidth=0.8)


def draw_formulas(axes: Axes) -> list[Text]:
    """Write FORMULAS, and return the empty texts below their words."""
    axes.set(xlim=(-0.8, 8.8), ylim=(-3.5, 0.5))
    axes.set_axis_off()
    places = [(column, -2 * row, word) for row, formula in enumerate(FORMULAS) for column, word in formula.items()]
    for place in places:
        axes.text(*place, ha="center", va="center")
    # Numbers come after all words, because each change between what stands still and what moves costs a layer.
    return [
        axes.text(x, y - 1, "", ha="center", va="center", color=plots.STATE)
        for x, y, word in places
        if word not in "=·+"
    ]


def explorer(model: SequenceModel, batch: Batch, channels: Mapping[str, int] | None = None) -> Panel:
    """Return the explorer of a trained LSTM's gates, to be displayed.

    Parameters
    ----------
    model : SequenceModel
        Trained to recall symbols; its layer is an LSTM.
    batch : (x, target, mask)
        The sequences to look at, of shapes (T, N, D), (T, N) and (T, N).
    channels : mapping of str to int, optional
        The names of the input's channels from the first on, each with the number of channels that it stands for.

    Raises
    ------
    TypeError, ValueError
        As `compute`.
    """
    x, target, mask = batch
    (T, N, D), (K, H) = x.shape, model.readout.params["W"].shape
    order = np.argsort(right_without(model, batch))  # the unit that the answers need most comes first
    trained = compute(model, x)
    run_with = lru_cache(maxsize=1)(partial(compute, model, x))  # another step or sequence needs no other run

    figure = plt.figure(figsize=(10, 7.1))
    columns = figure.add_gridspec(1, 2, width_ratios=[1.9, 1])
    rows = columns[0].subgridspec(len(MAPS), 1, height_ratios=[0.9, 1, 1, 1, 1, 0.7])
    side = columns[1].subgridspec(3, 1, height_ratios=[0.9, 0.9, 2])
    over_time = [figure.add_subplot(rows[row]) for row in range(len(MAPS))]
    sum_axes, unit_axes, table_axes = (figure.add_subplot(side[row]) for row in range(3))

    sizes = (D, H, H, H, H, K)
    images = [draw_map(axes, size, T, *look) for axes, size, look in zip(over_time, sizes, MAPS, strict=True)]
    label_channels(over_time[0], channels or {"channels": D}, T)
    frames = [Rectangle((-0.5, 0), T, 1, fill=False, linewidth=1.5, clip_on=False) for _ in over_time[1:5]]
    for axes, frame in zip(over_time[1:5], frames, strict=True):
        axes.set(ylabel="unit", yticks=[0, H - 1], yticklabels=[1, H])
        axes.add_patch(frame)
    over_time[5].set(xlabel="step $t$", ylabel="symbol", yticks=[0, K - 1])
    over_time[5].tick_params(labelbottom=True)
    (asked,) = over_time[5].plot([], [], "s", markersize=9, markerfacecolor="none", color=plots.TRUTH)
    answer = over_time[5].set_title("answer")
    cursors = [axes.axvline(0, color="black", linewidth=1) for axes in (*over_time, unit_axes)]

    which = sum_axes.set_title("unit 1 at step 0")
    numbers = draw_formulas(sum_axes)
    unit_axes.set(xlim=(-0.5, T - 0.5), ylim=(-1.1, 1.1), yticks=[-1, 0, 1], xlabel="step $t$")
    unit_axes.set_title(r"its $\tanh\, c$ (grey: as trained)")
    unit_axes.axhline(0, color="0.9", linewidth=0.8, zorder=0)
    (before,) = unit_axes.plot(np.zeros(T), color=plots.BASELINE)
    (now,) = unit_axes.plot(np.zeros(T), color=plots.STATE)
    table_image = table_axes.imshow(np.zeros((K, K)), "Greens", aspect="auto", interpolation="nearest", vmin=0, vmax=1)
    table_axes.set(xlabel="says (mean probability in %)", ylabel="should say", xticks=range(K), yticks=range(K))
    shares = [table_axes.text(symbol, symbol, "", ha="center", va="center") for symbol in range(K)]
    score = table_axes.set_title("0 of 0 sequences right")

    def update(sequence: int, step: int, bias: float, unit: int, treatment: str, value: float) -> None:
        n, chosen = sequence - 1, order[unit - 1]
        run = run_with(forget_bias=bias, unit=chosen, treatment=treatment, value=value)
        i, f, _, o = run.gates[:, :, n, order].transpose(1, 2, 0)  # (H, T) each
        values = (x[:, n].T, i, f, run.c[1:, n, order].T, o, run.probabilities[:, n].T)
        for image, array in zip(images, values, strict=True):
            image.set_data(array)
        for frame in frames:
            frame.set_y(unit - 1.5)
        for cursor in cursors:
            cursor.set_xdata([step, step])
        asked.set_data(np.flatnonzero(mask[:, n]), target[mask[:, n], n])
        answer.set_text(verdict(run.probabilities[:, n], target[:, n], mask[:, n]))
        which.set_text(f"unit {unit} at step {step}")
        for line, each in ((before, trained), (now, run)):
            line.set_ydata(np.tanh(each.c[1:, n, chosen]))
        for number, word in zip(numbers, arithmetic(run, n, step, chosen, treatment), strict=True):
            number.set_text(word)
        table = answers(run.probabilities, target, mask)
        table_image.set_data(table)
        for text, share in zip(shares, np.diag(table), strict=True):
            text.set_text("" if np.isnan(share) else f"{100 * share:.0f}")
            text.set_color("white" if share > 0.65 else "black")
        score.set_text(f"{round(N * success(run.probabilities, target, mask))} of {N} sequences right")

    live = LiveFigure(
        figure,
        [*images, *frames, *cursors, asked, answer, before, now, which, *numbers, table_image, *shares, score],
        alt=lambda: (
            "Maps of the input, the three gates and the cell state over time, and the probability of each answer. The "
            f"model {CERTAINTY.sub('', answer.get_text())}. Beside them, {which.get_text()}, and a table of what the "
            f"model says where it should say each symbol: {score.get_text()}."
        ),
    )
    treatment_control = Dropdown(options=TREATMENTS, description="the unit is")
    value_control = FloatSlider(0, min=-STRONGEST, max=STRONGEST, step=0.1, description="clamp its c at")
    value_control.observe(lambda _: treatment_control.set_trait("value", "clamped"), "value")  # who moves it wants it
    return live.explore(
        update,
        sequence=IntSlider(1, 1, N, description="sequence"),
        step=IntSlider(T // 2, 0, T - 1, description="step t"),
        bias=FloatSlider(0, min=-6, max=6, step=0.1, description="add to forget bias"),
        unit=IntSlider(1, 1, H, description="unit"),
        treatment=treatment_control,
        value=value_control,
    )
