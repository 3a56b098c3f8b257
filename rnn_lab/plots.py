"""Arrays to figures, in the course's one style: the same quantity has the same colour in every chapter."""

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
