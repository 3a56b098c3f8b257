"""Arrays to figures, in the course's one style: the same quantity has the same colour in every chapter."""

import html
import io
from collections.abc import Mapping
from importlib.resources import files
from itertools import pairwise
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.text import Text
from numpy.typing import NDArray

INPUT = "#E69F00"
STATE = "#0072B2"
GRADIENT = "#D55E00"
WEIGHTS = "#CC79A7"
PREDICTION = "#009E73"
TRUTH = "#000000"
BASELINE = "#999999"
GATE = "#56B4E9"
CELLS = {"RNN": "#0072B2", "GRU": "#E69F00", "LSTM": "#009E73"}  # wherever the three are compared

# Jupyter gives pictures no alternative text, so the words stand before the picture, for screen readers alone.
FOR_SCREEN_READERS = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"


def use_style() -> None:
    """Make the course's style matplotlib's default for this session."""
    plt.style.use(str(files("rnn_lab") / "course.mplstyle"))


def show(figure: Figure, alt: str) -> None:
    """Display a figure as a picture with alternative text, and close it.

    Parameters
    ----------
    figure : Figure
    alt : str
        What the picture shows, in a sentence, for readers who do not see it.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    words = f'<p style="{FOR_SCREEN_READERS}">{html.escape(alt)}</p>'
    display({"text/html": words, "text/plain": alt}, raw=True)
    display({"image/png": buffer.getvalue(), "text/plain": alt}, metadata={"image/png": {"alt": alt}}, raw=True)


def show_texts(texts: Mapping[str, str], alt: str, width: int = 104, lines: int = 10) -> None:
    """Display named texts one below the other, as a picture: what a model writes is not the same on every machine.

    Parameters
    ----------
    texts : dict of str
    alt : str
        As in `show`.
    width, lines : int
        Characters in a line, and lines of each text: what is longer is broken, then cut; of empty lines in a row one
        stays.
    """
    figure = plt.figure(figsize=(9.5, 0.17 * len(texts) * (lines + 2.5)))
    for place, (name, text) in enumerate(texts.items()):
        rows = [line[i : i + width] for line in text.split("\n") for i in range(0, max(len(line), 1), width)]
        shown = [row for row, before in zip(rows, ["", *rows], strict=False) if row or before][:lines]
        top = 1 - (place + 0.03) / len(texts)
        figure.text(0.005, top, name, va="top", color=PREDICTION, weight="bold")
        below = top - 1.4 / (lines + 2.5) / len(texts)
        figure.text(0.005, below, "\n".join(shown), va="top", family="monospace", size=9, parse_math=False)
    show(figure, alt)


def heat_map(axes: Axes, values: NDArray, limit: float = 1.0) -> AxesImage:
    """Draw signed values, shape (units, steps), with colours centred at zero.

    Parameters
    ----------
    axes : Axes
    values : ndarray, shape (H, T)
        Hidden states or gradients, one row a unit, one column a step.
    limit : float
        The value of the strongest colour, both ways.
    """
    return axes.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")


def unit_circle(axes: Axes) -> None:
    """Draw the border between fading and growing for the eigenvalues of U."""
    angle = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(angle), np.sin(angle), color=BASELINE, linewidth=1)
    axes.axhline(0, color="0.9", linewidth=0.8, zorder=0)
    axes.axvline(0, color="0.9", linewidth=0.8, zorder=0)
    axes.set(aspect="equal", xlabel=r"real part of $\lambda$", ylabel=r"imaginary part of $\lambda$")


class Node(NamedTuple):
    """A part of a diagram: what is written in it, where it stands, and its colour."""

    label: str
    x: float
    y: float
    colour: str


def cell_diagram(axes: Axes) -> None:
    """Draw the plain recurrent cell: x and h in, through W and U, the sum, the tanh, and h back for the next step."""
    nodes = {
        "x": Node("$x$", 0.8, 1.0, INPUT),
        "h": Node("$h$", 0.8, 3.0, STATE),
        "Wx": Node("$W x$", 3.0, 1.0, WEIGHTS),
        "Uh": Node("$U h$", 3.0, 3.0, WEIGHTS),
        "sum": Node("$+\\, b$", 5.0, 2.0, WEIGHTS),
        "tanh": Node("tanh", 6.9, 2.0, BASELINE),
        "h_next": Node("$h_{next}$", 9.0, 2.0, STATE),
    }
    boxes = _draw_nodes(axes, (10, 4.4), nodes)
    _draw_chains(axes, boxes, "x Wx sum tanh h_next", "h Uh sum")
    _draw_return(axes, boxes["h_next"], boxes["h"], bend=0.42)
    axes.text(5.0, 3.6, "one step later", color=STATE, ha="center", va="center", fontsize=12)


def lstm_diagram(axes: Axes) -> None:
    """Draw the LSTM cell: along the top the cell state, kept and added to, with no matrix in its way."""
    nodes = {
        "x": Node("$x$", 0.7, 2.2, INPUT),
        "h": Node("$h$", 0.7, 1.0, STATE),
        "c": Node("$c$", 0.7, 5.1, STATE),
        "sum": Node("$W x + U h + b$", 2.8, 1.6, WEIGHTS),
        "f": Node("$f$", 4.8, 3.1, GATE),
        "i": Node("$i$", 6.4, 3.1, GATE),
        "g": Node("$g$", 7.9, 3.1, BASELINE),
        "o": Node("$o$", 9.2, 3.1, GATE),
        "kept": Node("×", 4.8, 5.1, BASELINE),
        "written": Node("×", 7.15, 4.1, BASELINE),
        "added": Node("+", 7.15, 5.1, BASELINE),
        "tanh": Node("tanh", 10.5, 4.15, BASELINE),
        "shown": Node("×", 10.5, 3.1, BASELINE),
        "c_next": Node("$c_{next}$", 12.0, 5.1, STATE),
        "h_next": Node("$h_{next}$", 12.0, 3.1, STATE),
    }
    boxes = _draw_nodes(axes, (12.8, 6.7), nodes)
    _draw_gates(axes, boxes, {"f": r"$\sigma$, keep", "i": r"$\sigma$, write", "g": "tanh", "o": r"$\sigma$, show"})
    _draw_chains(axes, boxes, "x sum", "h sum", "c kept added c_next", "f kept", "i written added", "g written")
    _draw_chains(axes, boxes, "c_next tanh shown h_next", "o shown")
    _draw_return(axes, boxes["c_next"], boxes["c"], bend=0.16)
    _draw_return(axes, boxes["h_next"], boxes["h"], bend=-0.3)
    axes.text(6.3, 6.35, "one step later", color=STATE, ha="center", va="center", fontsize=12)


def gru_diagram(axes: Axes) -> None:
    """Draw the GRU cell: along the top the hidden state, mixed with a candidate in the shares z and 1 - z."""
    nodes = {
        "x": Node("$x$", 0.7, 0.7, INPUT),
        "h": Node("$h$", 0.7, 4.2, STATE),
        "sum": Node("$W x + U h + b$", 2.8, 0.7, WEIGHTS),
        "z": Node("$z$", 4.8, 2.2, GATE),
        "r": Node("$r$", 7.0, 2.2, GATE),
        "n": Node("$n$", 9.6, 2.2, BASELINE),
        "kept": Node("×", 4.8, 4.2, BASELINE),
        "rest": Node("$1 - z$", 7.0, 3.2, BASELINE),
        "written": Node("×", 9.6, 3.2, BASELINE),
        "added": Node("+", 9.6, 4.2, BASELINE),
        "h_next": Node("$h_{next}$", 12.0, 4.2, STATE),
    }
    boxes = _draw_nodes(axes, (12.8, 5.8), nodes)
    _draw_gates(axes, boxes, {"z": r"$\sigma$, keep", "r": r"$\sigma$, recall", "n": r"tanh, of $W x$ and $r\,q$"})
    _draw_chains(axes, boxes, "x sum", "h sum", "h kept added h_next", "z kept", "z rest written added", "n written")
    _draw_chains(axes, boxes, "r n")
    axes.text(8.25, 2.4, "$\\times\\ q$", ha="center", fontsize=12)
    _draw_return(axes, boxes["h_next"], boxes["h"], bend=0.16)
    axes.text(6.3, 5.45, "one step later", color=STATE, ha="center", va="center", fontsize=12)


def _draw_nodes(axes: Axes, size: tuple[float, float], nodes: dict[str, Node]) -> dict[str, Text]:
    axes.set(xlim=(0, size[0]), ylim=(0, size[1]), aspect="equal")
    axes.axis("off")
    look = {"boxstyle": "round,pad=0.45", "facecolor": "white", "linewidth": 2.5}
    return {
        name: axes.text(x, y, label, ha="center", va="center", fontsize=15, bbox=look | {"edgecolor": colour})
        for name, (label, x, y, colour) in nodes.items()
    }


def _draw_chains(axes: Axes, boxes: dict[str, Text], *chains: str) -> None:
    """Draw an arrow from each node that a chain names to the next one."""
    for start, end in (pair for chain in chains for pair in pairwise(chain.split())):
        _draw_arrow(axes, boxes[start].get_position(), boxes[end], patchA=boxes[start].get_bbox_patch())


def _draw_gates(axes: Axes, boxes: dict[str, Text], functions: dict[str, str]) -> None:
    """Draw a line from the sum past all gates, and from it an arrow up to each, with the function on its way."""
    (left, y), right = boxes["sum"].get_position(), max(boxes[gate].get_position()[0] for gate in functions)
    axes.plot([left, right], [y, y], color="0.35", linewidth=1.5)
    for gate, function in functions.items():
        x = boxes[gate].get_position()[0]
        _draw_arrow(axes, (x, y), boxes[gate])
        axes.text(x + 0.12, y + 0.45, function, va="center", fontsize=12)


def _draw_return(axes: Axes, start: Text, end: Text, bend: float) -> None:
    """Draw the dashed arrow from what a step returns to what the next step takes."""
    style = {"connectionstyle": f"arc3,rad={bend}", "linestyle": "--", "color": STATE}
    _draw_arrow(axes, start.get_position(), end, patchA=start.get_bbox_patch(), **style)


def _draw_arrow(axes: Axes, start: tuple[float, float], end: Text, **style: Any) -> None:
    arrow = {"arrowstyle": "-|>", "color": "0.35", "linewidth": 1.5, "shrinkA": 0, "shrinkB": 2}
    axes.annotate("", end.get_position(), start, arrowprops=arrow | {"patchB": end.get_bbox_patch()} | style)
