"""Chapter 04: what a prediction looks back on, in a plain network, a GRU and an LSTM."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
BLOCK = 32  # characters that are read together
FADED = 1e-30  # what is smaller counts as 0: on its way to the smallest float32, a step would take 100 times as long


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


class Reader:
    """A model that has read a text, and looks back from any place of it.

    It keeps what it has read in blocks, so that of the way to a place only the part in its own block is read anew.

    Parameters
    ----------
    model : LanguageModel
    ids : array_like of int, shape (T,)
        Two tokens at least.
    """

    def __init__(self, model: LanguageModel, ids: ArrayLike) -> None:
        self._model, self._ids = model, np.asarray(ids)
        self._x, _ = model.embedding.forward(self._ids[:, None])
        self._states: list[Any] = [None]  # before each block
        self._caches: list[Any] = []
        for start in range(0, len(self._ids), BLOCK):
            _, state, cache = model.layer.forward(self._x[start : start + BLOCK], self._states[-1])
            self._states.append(state)
            self._caches.append(cache)

    def look_back(self, place: int) -> LookBack:
        """Differentiate the score of the token at a place, 1 or more, by everything before it."""
        layer, readout, scored = self._model.layer, self._model.readout, self._ids[place]
        block = (place - 1) // BLOCK
        h, _, last = layer.forward(self._x[block * BLOCK : place], self._states[block])
        logits, read = readout.forward(h[-1:])
        dlogits = np.zeros_like(logits)
        dlogits[0, 0, scored] = 1  # the score itself: its gradient is 1
        dh = np.zeros_like(h)
        dh[-1:], _ = readout.backward(dlogits, read)
        dx, dstate, _ = layer.backward(dh, last)
        gradients = [dx]
        for cache in reversed(self._caches[:block]):
            dh = np.zeros((BLOCK, *h.shape[1:]), h.dtype)
            dx, dstate, _ = layer.backward(dh, cache, _without_faded(dstate))
            gradients.append(dx)
        sizes = np.linalg.norm(np.concatenate(gradients[::-1])[:, 0].astype(float), axis=1)
        shares = np.cumsum(sizes[::-1]) / sizes.sum()
        scores = logits[0, 0].astype(float)
        probability = float(1 / np.exp(scores - scores[scored]).sum())
        return LookBack(sizes, probability, int(np.searchsorted(shares, 0.9)) + 1)


def _without_faded(dstate: Any) -> Any:
    if isinstance(dstate, tuple):  # an LSTM's pair
        return tuple(map(_without_faded, dstate))
    return np.where(np.abs(dstate) < FADED, 0, dstate)


def compute(model: LanguageModel, ids: ArrayLike) -> LookBack:
    """Differentiate the score of the last token of a text by everything before it.

    Parameters
    ----------
    model : LanguageModel
    ids : array_like of int, shape (T + 1,)
        T tokens to read, at least one, and the one that is scored after them.
    """
    return Reader(model, ids).look_back(len(np.asarray(ids)) - 1)


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
    text = text[:LONGEST]
    readers = {cell: Reader(given[cell], PRINTABLE.encode(text)) for cell in plots.CELLS}
    figure, rows = plt.subplots(len(readers), 1, figsize=(10, 2.1 * len(readers)))
    grids, frames, headings = {}, {}, {}
    for axes, name in zip(rows, readers, strict=True):
        grids[name] = Letters(axes, text, WIDTH, GROWING, (-DECADES, 0), size=9)
        frames[name] = axes.add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor=plots.CELLS[name], linewidth=2.5))
        headings[name] = axes.set_title(name, color=plots.CELLS[name])
    scale = figure.colorbar(grids["RNN"].image, ax=rows, pad=0.01, aspect=40, shrink=0.8, ticks=range(-DECADES, 1))
    scale.set_ticklabels([f"{10.0**exponent:g}" for exponent in range(-DECADES, 1)])
    scale.set_label("gradient, of the largest")

    def update(place: int) -> None:
        predicted = text[place - 1].replace("\n", LINE_BREAK)
        for name, reader in readers.items():
            back = reader.look_back(place - 1)
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
