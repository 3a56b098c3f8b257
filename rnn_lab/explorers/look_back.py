"""Chapter 04: what a prediction looks back on, in a plain network, a GRU and an LSTM."""

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from rnn_lab import plots
from rnn_lab.datasets.text import PRINTABLE
from rnn_lab.explorers.lettering import GROWING, LINE_BREAK, Letters
from rnn_lab.live import LiveFigure, Panel
from rnn_lab.models import LanguageModel, bundled_language_models

WIDTH, LONGEST = 84, 280
EXAMPLE = """\
Return the names of all files in a folder (also of the hidden ones, if 'hidden' is
true) as a list of strings.

If the folder does not exist, FileNotFoundError is raised; the name of the folder
that was not found is in its "filename" attribute.
"""
DECADES = 3  # from the largest gradient down to where no colour is left


@dataclass(frozen=True)
class LookBack:
    """The gradient of one score with respect to everything read before it.

    Attributes
    ----------
    sizes : ndarray, shape (T,)
        The norm of the score's gradient with respect to the embedding of each character read.
    probability : float
        That of the scored character.
    reach : int
        The last so many characters hold nine tenths of the sum of the sizes.
    """

    sizes: NDArray
    probability: float
    reach: int


def compute(model: LanguageModel, ids: ArrayLike) -> LookBack:
    """Differentiate the score of the last token of a text by everything before it.

    Parameters
    ----------
    model : LanguageModel
    ids : array_like of int, shape (T + 1,)
        T tokens to read, at least one, and the one that is scored after them.
    """
    ids = np.asarray(ids)
    x, _ = model.embedding.forward(ids[:-1, None])
    h, _, layer = model.layer.forward(x)
    logits, readout = model.readout.forward(h)
    dlogits = np.zeros_like(logits)
    dlogits[-1, 0, ids[-1]] = 1  # the score itself: its gradient is 1
    dh, _ = model.readout.backward(dlogits, readout)
    dx, _, _ = model.layer.backward(dh, layer)
    sizes = np.linalg.norm(dx[:, 0].astype(float), axis=1)
    shares = np.cumsum(sizes[::-1]) / sizes.sum()
    scores = logits[-1, 0].astype(float)
    probability = float(1 / np.exp(scores - scores[ids[-1]]).sum())
    return LookBack(sizes, probability, int(np.searchsorted(shares, 0.9)) + 1)


def explorer(text: str = EXAMPLE, place: int = 88, models: Mapping[str, LanguageModel] | None = None) -> Panel:
    """Return the explorer of the gradients that go back from one prediction, to be displayed.

    Parameters
    ----------
    text : str
        Its first 280 characters are shown.
    place : int
        Which of them is predicted at first, counted from 1.
    models : mapping, optional
        Models over the characters of `PRINTABLE`: ``RNN``, ``GRU`` and ``LSTM``; the small bundled ones if left out.
    """
    given = bundled_language_models() if models is None else models
    models = {cell: given[cell] for cell in plots.CELLS}
    text = text[:LONGEST]
    ids = PRINTABLE.encode(text)
    figure, rows = plt.subplots(len(models), 1, figsize=(10, 2.1 * len(models)))
    grids, frames, headings = {}, {}, {}
    for axes, name in zip(rows, models, strict=True):
        grids[name] = Letters(axes, text, WIDTH, GROWING, (-DECADES, 0), size=9)
        frames[name] = axes.add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor=plots.CELLS[name], linewidth=2.5))
        headings[name] = axes.set_title(name, color=plots.CELLS[name])
    scale = figure.colorbar(grids["RNN"].image, ax=rows, pad=0.01, aspect=40, shrink=0.8, ticks=range(-DECADES, 1))
    scale.set_ticklabels([f"{10.0**exponent:g}" for exponent in range(-DECADES, 1)])
    scale.set_label("gradient, of the largest")

    def update(place: int) -> None:
        predicted = text[place - 1].replace("\n", LINE_BREAK)
        for name, model in models.items():
            back = compute(model, ids[:place])
            with np.errstate(divide="ignore"):
                shade = np.log10(back.sizes / back.sizes.max())
            grids[name].shade(np.where(shade < -DECADES, np.nan, shade))
            row, column = grids[name].place(place - 1)
            frames[name].set_xy((column - 0.5, row - 0.5))
            headings[name].set_text(
                f"{name}: predicts “{predicted}” with {back.probability:.0%}; "
                f"nine tenths of the gradient lie within {back.reach} characters"
            )

    live = LiveFigure(
        figure,
        [*(grid.image for grid in grids.values()), *frames.values(), *headings.values()],
        alt="A text, once for each cell; a frame around one character, and behind each earlier one the size of the "
        "gradient of that prediction: dark near the frame, fading with the distance.",
    )
    return live.explore(update, place=IntSlider(place, 2, len(text), description="place in the text"))
