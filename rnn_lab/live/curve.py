"""The loss, watched while it falls."""

import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from rnn_lab import plots
from rnn_lab.live.figure import LiveFigure
from rnn_lab.live.output import display_with_picture, update_picture
from rnn_lab.nn.checks import as_positive, as_size
from rnn_lab.training import History

RAW_POINTS = 600  # more would lie on the same pixels
MEANS = 100
ROOM_FOR_LABELS = 1.24  # of the axis: they stand at the ends of the lines
LINE_OF_TEXT = 0.07  # of the height


class LossCurve:
    """A live figure of a training: the loss, its mean over the last hundredth of the steps, validation, a baseline.

    Made to be handed over: ``fit(..., watch=LossCurve(steps))``. It shows itself when the training begins, moves while
    it runs, and leaves a picture of its end.

    Parameters
    ----------
    steps : int
        Of the whole training.
    unit : str
        What the vertical axis is called.
    scale : float
        What losses and validations are multiplied by to be in this unit, such as 1 / log(2) for bits from nats.
    baseline : (str, float), optional
        The name of what is to be beaten, and its value in this unit.

    Attributes
    ----------
    live : LiveFigure

    Raises
    ------
    TypeError, ValueError
        If `steps` is no whole number, `scale` or the baseline's value no number above 0, or `baseline` no pair.
    """

    def __init__(
        self, steps: int, unit: str = "loss", scale: float = 1.0, baseline: tuple[str, float] | None = None
    ) -> None:
        self._steps, self._scale = as_size("steps", steps), as_positive("scale", scale)
        if baseline is not None and not (isinstance(baseline, (tuple, list)) and len(baseline) == 2):
            raise TypeError(f"baseline is {baseline!r}; expected a name and a value, such as ('5-gram', 2.1)")
        self._floor = 0.0 if baseline is None else as_positive("the value of baseline", baseline[1])
        self._shown = False
        fig, axes = plt.subplots(figsize=(8, 3.6))
        axes.set(xlim=(0, ROOM_FOR_LABELS * steps), ylim=(0, 1.25 * self._floor or 1), xlabel="step", ylabel=unit)
        axes.yaxis.set_label_coords(-0.1, 0.5)  # beside ticks of three decimals, too
        axes.set_xticks([tick for tick in axes.get_xticks() if tick <= steps])
        described = f"The {unit} against the step: of training, with its mean, and of validation"
        if baseline is not None:
            axes.axhline(self._floor, color=plots.BASELINE, linestyle="--")
            beside = axes.get_yaxis_transform()
            axes.text(1.01, self._floor, baseline[0], color="0.35", va="center", transform=beside)
            described += f"; dashed, {baseline[0]}"
        (self._raw,) = axes.plot([], [], color=plots.PREDICTION, linewidth=0.8, alpha=0.35)
        (self._mean,) = axes.plot([], [], color=plots.PREDICTION)
        (self._validation,) = axes.plot([], [], "o-", color=plots.TRUTH, markersize=4, linewidth=1)
        behind = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
        self._labels = [
            axes.text(0, 0, "", color=line.get_color(), va="center", bbox=behind)
            for line in (self._mean, self._validation)
        ]
        self._axes = axes
        self.live = LiveFigure(fig, self._raw, self._mean, self._validation, self._labels, alt=f"{described}.")

    def __call__(self, history: History) -> None:
        """Show how far the training has come."""
        if history.losses:
            self._draw(history)
            self.live.refresh()
        if not self._shown:
            display_with_picture(self.live, self.live)
            self._shown = True
        if history.stopped != "running":
            update_picture(self.live)

    def _draw(self, history: History) -> None:
        losses = self._scale * np.array(history.losses)
        validations = np.array(history.validations).reshape(-1, 2) * (1, self._scale)
        ends, means = _trailing_means(losses, max(1, self._steps // MEANS))
        every = max(1, len(losses) // RAW_POINTS)
        self._raw.set_data(np.arange(1, len(losses) + 1)[::every], losses[::every])
        self._mean.set_data(ends, means)
        self._validation.set_data(*validations.T)
        latest = {"training": means[-1]}
        if history.validations:
            latest["validation"] = validations[-1, 1]
        self._set_height(max(*means[len(means) // 10 :], *latest.values(), self._floor))
        self._place_labels(len(losses), latest)

    def _set_height(self, needed: float) -> None:
        """Change the limits, which costs a drawing of everything, only when the curve would leave or look flat."""
        if not 0.25 < needed / self._axes.get_ylim()[1] < 1:
            self._axes.set_ylim(0, 1.1 * needed)

    def _place_labels(self, step: int, latest: dict[str, float]) -> None:
        """Put the names at the ends of the lines, a line of text apart."""
        apart = LINE_OF_TEXT * self._axes.get_ylim()[1]
        heights = list(latest.values())
        if len(heights) == 2 and abs(heights[0] - heights[1]) < apart:
            middle, half = np.mean(heights), np.copysign(apart / 2, heights[0] - heights[1])
            heights = [middle + half, middle - half]
        for label, name, height in zip(self._labels, latest, heights, strict=False):
            label.set(text=f"  {name} {latest[name]:#.3g}", position=(step, height))


def _trailing_means(values: NDArray, window: int) -> tuple[NDArray, NDArray]:
    """Return at every window's end, and at the last value, the mean of the window before it: ends and means."""
    ends = np.append(np.arange(window, len(values), window), len(values))
    starts = np.maximum(ends - window, 0)
    sums = np.cumsum(np.append(0.0, values))
    return ends, (sums[ends] - sums[starts]) / (ends - starts)
