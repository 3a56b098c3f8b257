"""Arrays to figures, in the course's one style: the same quantity has the same colour in every chapter."""

import html
import io
from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

INPUT = "#E69F00"
STATE = "#0072B2"
GRADIENT = "#D55E00"
WEIGHTS = "#CC79A7"
PREDICTION = "#009E73"
TRUTH = "#000000"
BASELINE = "#999999"

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


def cell_diagram(axes: Axes) -> None:
    """Draw the plain recurrent cell: x and h in, through W and U, the sum, the tanh, and h back for the next step."""
    axes.set(xlim=(0, 10), ylim=(0, 4.4), aspect="equal")
    axes.axis("off")
    nodes = {
        "$x$": (0.8, 1.0, INPUT),
        "$h$": (0.8, 3.0, STATE),
        "$W x$": (3.0, 1.0, WEIGHTS),
        "$U h$": (3.0, 3.0, WEIGHTS),
        "$+\\, b$": (5.0, 2.0, WEIGHTS),
        "tanh": (6.9, 2.0, BASELINE),
        "$h_{next}$": (9.0, 2.0, STATE),
    }
    for label, (x, y, colour) in nodes.items():
        axes.text(
            *(x, y, label),
            ha="center",
            va="center",
            fontsize=15,
            bbox={"boxstyle": "round,pad=0.45", "facecolor": "white", "edgecolor": colour, "linewidth": 2.5},
        )
    arrow = {"arrowstyle": "-|>", "color": "0.35", "linewidth": 1.5, "shrinkA": 20, "shrinkB": 20}
    for start, end in [("$x$", "$W x$"), ("$h$", "$U h$"), ("$W x$", "$+\\, b$"), ("$U h$", "$+\\, b$")]:
        axes.annotate("", nodes[end][:2], nodes[start][:2], arrowprops=arrow)
    for start, end in [("$+\\, b$", "tanh"), ("tanh", "$h_{next}$")]:
        axes.annotate("", nodes[end][:2], nodes[start][:2], arrowprops=arrow)
    back = arrow | {"connectionstyle": "arc3,rad=0.42", "linestyle": "--", "color": STATE}
    axes.annotate("", nodes["$h$"][:2], nodes["$h_{next}$"][:2], arrowprops=back)
    axes.text(5.0, 3.6, "one step later", color=STATE, ha="center", va="center", fontsize=12)
