"""Chapter 03: what has to be remembered, for how long, and how often three cells manage it."""

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, SelectionSlider
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from rnn_lab import plots
from rnn_lab.datasets.memory import TASKS, MemoryCurves
from rnn_lab.live import LiveFigure, Panel

SEED = 2
SHARES = (0, 0.25, 0.5, 0.75, 1)


@dataclass(frozen=True)
class Lesson:
    """What a learner has to know to read a sequence of a task.

    Attributes
    ----------
    channels : mapping of str to int
        The names of the input's channels from the first on, each with the number of channels that it stands for.
    telling : slice
        The channels that are on where something has to be remembered.
    question : str
        What is asked when, before a colon.
    """

    channels: Mapping[str, int]
    telling: slice
    question: str


LESSONS = {
    "delayed recall": Lesson({"symbol": 8, "distractor": 8, "cue": 1}, slice(8), "asked at the cue, the symbol"),
    "copy": Lesson({"symbol": 8, "blank": 1, "cue": 1}, slice(8), "asked after the cue, the five symbols in order"),
    "adding": Lesson({"number": 1, "marker": 1}, slice(1, 2), "asked at the end, the sum of the marked numbers"),
}


@dataclass(frozen=True)
class Example:
    """A sequence of a task.

    Attributes
    ----------
    x : ndarray, shape (T, D)
    remembered, asked : ndarray of bool, shape (T,)
        The steps whose input matters, and the steps at which an answer counts.
    answer : str
        What is right there.
    """

    x: NDArray
    remembered: NDArray[np.bool_]
    asked: NDArray[np.bool_]
    answer: str


def compute(task: str, lag: int) -> Example:
    """Generate a sequence of a task, the same in every call.

    Parameters
    ----------
    task : {"delayed recall", "copy", "adding"}
    lag : int
    """
    x, target, mask = TASKS[task].batch(lag, 1, np.random.default_rng(SEED))
    remembered = np.any(x[:, 0, LESSONS[task].telling] > 0, axis=1)
    words = [f"{answer:.2f}" if target.dtype.kind == "f" else str(answer) for answer in target[mask].ravel()]
    return Example(x[:, 0], remembered, mask[:, 0], " ".join(words))


def explorer(curves: MemoryCurves) -> Panel:
    """Return the explorer of lag against success, to be displayed.

    Parameters
    ----------
    curves : MemoryCurves
        What was measured, from `datasets.memory.memory_curves`.
    """
    lags = np.array(curves.lags)
    figure = plt.figure(figsize=(10, 6.6))
    rows = figure.add_gridspec(2, 2, height_ratios=[1.1, 1.5], width_ratios=[1.5, 1], wspace=0.1)
    example_axes = figure.add_subplot(rows[0, :])
    curve_axes, bar_axes = figure.add_subplot(rows[1, 0]), figure.add_subplot(rows[1, 1])

    heading = example_axes.set_title("delayed recall")
    image = example_axes.imshow(np.zeros((1, 1)), "Greys", aspect="auto", interpolation="nearest", extent=(0, 1, 1, 0))
    image.set_clim(-0.1, 1)  # what is off is light grey, not white, and shows how far the map reaches
    example_axes.set(xlim=(0, 1), ylim=(1, -0.35), xticks=[], yticks=[], xlabel="one sequence, step by step")
    example_axes.spines[:].set_visible(False)
    (remembered,) = example_axes.plot(0, 0, "v", color=plots.INPUT, markersize=9, clip_on=False)
    (asked,) = example_axes.plot(0, 0, "v", color=plots.TRUTH, markersize=9, clip_on=False)
    (gap,) = example_axes.plot([0, 0], [0, 0], color="0.35", linewidth=1, marker="|", markersize=9)
    gap_label = example_axes.text(0, -0.24, "", ha="center", va="center", backgroundcolor="white")
    channels = [example_axes.text(-0.01, 0, "distractor", ha="right", va="center") for _ in range(3)]

    curve_axes.set(xscale="log", xticks=lags, xticklabels=lags, xlabel="lag", ylim=(-0.04, 1.04), yticks=SHARES)
    curve_axes.minorticks_off()
    curve_axes.yaxis.set_major_formatter(PercentFormatter(1))
    curve_axes.set_title("sequences answered right (dots: seeds; lines: medians)")
    chance = curve_axes.axhline(0, color=plots.BASELINE, linestyle=":")
    chance_label = curve_axes.text(1.05 * lags[0], 0, "guessing", color="0.4", va="bottom")
    cursor = curve_axes.axvline(lags[0], color="black", linewidth=1)
    lines, dots = [], []
    for width, colour in zip((6, 4, 2), plots.CELLS.values(), strict=True):  # lines that coincide all show
        lines += curve_axes.plot(lags, np.zeros(len(lags)), color=colour, linewidth=width)
        dots += curve_axes.plot([], [], "o", color=colour, markersize=5, markeredgecolor="white")
    bars = bar_axes.barh(list(plots.CELLS), np.zeros(3), color=plots.CELLS.values(), height=0.4)
    sizes = [bar_axes.text(0.01, row - 0.3, "", va="bottom") for row in range(3)]
    values = [bar_axes.text(1, row - 0.3, "", va="bottom", ha="right") for row in range(3)]
    bar_axes.set(xlim=(0, 1), xticks=SHARES[::2], yticks=[], ylim=(2.4, -0.8))
    bar_axes.xaxis.set_major_formatter(PercentFormatter(1))
    bars_title = bar_axes.set_title("at lag 100")

    def update(task: str, lag: int) -> None:
        example, lesson = compute(task, lag), LESSONS[task]
        T = len(example.x)
        heading.set_text(f"{task}; {lesson.question}: {example.answer}")
        image.set_data(example.x.T)
        for marks, steps in ((remembered, example.remembered), (asked, example.asked)):
            marks.set_data((np.flatnonzero(steps) + 0.5) / T, np.full(steps.sum(), -0.07))
        ends = np.array([example.remembered.argmax(), example.asked.argmax()])
        gap.set_data((ends + 0.5) / T, [-0.24, -0.24])
        gap_label.set_x((ends.mean() + 0.5) / T)
        gap_label.set_text(f"to be remembered for {ends[1] - ends[0]} steps")
        borders = np.cumsum([0, *lesson.channels.values()]) / sum(lesson.channels.values())
        middles = (borders[:-1] + borders[1:]) / 2
        for label, name, middle in zip(channels, [*lesson.channels, ""], [*middles, 0], strict=False):
            label.set_text(name)
            label.set_y(middle)
        chance.set_ydata([TASKS[task].chance] * 2)
        chance_label.set_y(TASKS[task].chance + 0.01)
        cursor.set_xdata([lag, lag])
        bars_title.set_text(f"at lag {lag}")
        for cell, line, points, bar, size, value in zip(plots.CELLS, lines, dots, bars, sizes, values, strict=True):
            success, settings = curves.success[task][cell], curves.settings[task][cell]  # success: (L, S)
            medians = np.median(success, axis=1)
            line.set_ydata(medians)
            points.set_data(np.repeat(lags, success.shape[1]), success.ravel())
            median = medians[curves.lags.index(lag)]
            bar.set_width(median)
            size.set_text(f"{cell}, {settings['hidden_size']} units, {settings['parameters']:,} parameters")
            value.set_text(f"{median:.0%}")

    live = LiveFigure(
        figure,
        *(heading, image, remembered, asked, gap, gap_label, channels, chance, chance_label, cursor, lines, dots),
        *(bars, sizes, values, bars_title),
        alt=lambda: (
            f"One sequence of the task as a heat map, {gap_label.get_text()}: {heading.get_text()}. Below, how many "
            f"sequences the three cells answer right, against the lag; {bars_title.get_text()}: "
            + ", ".join(f"{cell} {value.get_text()}" for cell, value in zip(plots.CELLS, values, strict=True))
            + "."
        ),
    )
    return live.explore(
        update,
        task=Dropdown(options=list(TASKS), description="task"),
        lag=SelectionSlider(options=curves.lags, value=curves.lags[-2], description="lag"),
    )
