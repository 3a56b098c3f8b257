"""Chapter 04: a text coloured by one unit of the network, the units ranked by what they follow."""

from collections.abc import Callable
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, IntSlider
from numpy.typing import NDArray

from rnn_lab.datasets.text import PRINTABLE
from rnn_lab.explorers.lettering import SIGNED, Letters
from rnn_lab.live import LiveFigure, Panel
from rnn_lab.models import LanguageModel, bundled_language_models

WIDTH, ROWS = 84, 17
RANKS = 30


def within(text: str, opening: str, closing: str) -> NDArray:
    """Return for each character whether a bracket before it is still open, within a paragraph."""
    depth, found = 0, []
    for index, character in enumerate(text):
        found.append(depth > 0)
        if text[index : index + 2] == "\n\n":
            depth = 0
        elif character in opening:
            depth += 1
        elif character in closing:
            depth = max(0, depth - 1)
    return np.array(found, float)


def within_quotes(text: str) -> NDArray:
    """Return for each character whether it stands between two double quotes or backquotes of its paragraph."""
    quoting, found = "", []
    for index, character in enumerate(text):
        found.append(bool(quoting))
        if text[index : index + 2] == "\n\n":
            quoting = ""
        elif character == quoting:
            quoting = ""
        elif not quoting and character in '"`':
            quoting = character
    return np.array(found, float)


def position_in_line(text: str) -> NDArray:
    """Return how many characters of the line stand before each."""
    starts = np.array([index + 1 for index, character in enumerate(text) if character == "\n"], int)
    places = np.arange(len(text))
    line = np.searchsorted(starts, places, side="right")
    return places - np.concatenate([[0], starts])[line].astype(float)


def position_in_word(text: str) -> NDArray:
    """Return how many letters and digits in a row stand before each character."""
    found, count = [], 0
    for character in text:
        found.append(count)
        count = count + 1 if character.isalnum() else 0
    return np.array(found, float)


def indentation(text: str) -> NDArray:
    """Return by how many spaces the line of each character is indented."""
    lines = text.split("\n")
    return np.concatenate([np.full(len(line) + 1, len(line) - len(line.lstrip(" "))) for line in lines])[:-1].astype(
        float
    )


FOLLOWED: dict[str, Callable[[str], NDArray]] = {
    "inside (...), [...] or {...}": lambda text: within(text, "([{", ")]}"),
    'inside "..." or `...`': within_quotes,
    "position in the line": position_in_line,
    "position in the word": position_in_word,
    "indentation of the line": indentation,
}


@dataclass(frozen=True)
class Units:
    """The units of a model over a text.

    Attributes
    ----------
    activity : ndarray, shape (T, H)
        h after each character.
    correlations : dict of ndarray, shape (H,)
        Of each unit with each thing to follow, by its name.
    """

    activity: NDArray
    correlations: dict[str, NDArray]

    def ranked(self, followed: str) -> NDArray:
        """Return the units, that with the strongest correlation first, shape (H,)."""
        return np.argsort(-np.abs(self.correlations[followed]), kind="stable")


def compute(model: LanguageModel, text: str) -> Units:
    """Let a model read a text, and correlate each of its units with what a reader might keep in mind.

    What is followed is taken *after* each character has been read: whether the next one stands inside brackets, and how
    far into the line it is.

    Parameters
    ----------
    model : LanguageModel
        Over the characters of `PRINTABLE`.
    text : str
        Two characters at least, all of them printable; the longer, the surer the correlations.
    """
    x, _ = model.embedding.forward(PRINTABLE.encode(text)[:, None])
    h, _, _ = model.layer.forward(x)
    activity = h[:, 0].astype(float)
    centred = activity - activity.mean(axis=0)
    spread = np.maximum(centred.std(axis=0), 1e-12)
    correlations = {}
    for name, follow in FOLLOWED.items():
        values = follow(text + " ")[1:]  # of the place that comes next
        values = (values - values.mean()) / max(values.std(), 1e-12)
        correlations[name] = values @ (centred / spread) / len(text)
    return Units(activity, correlations)


def explorer(text: str, model: LanguageModel | None = None) -> Panel:
    """Return the explorer of single units, to be displayed.

    Parameters
    ----------
    text : str
        All of it ranks the units; its beginning is shown.
    model : LanguageModel, optional
        Over the characters of `PRINTABLE`; the large bundled one if left out.
    """
    units = compute(model or bundled_language_models()["large"], text)
    figure, axes = plt.subplots(figsize=(10, 5.2))
    letters = Letters(axes, shown_part(text), WIDTH, SIGNED, (-1, 1), size=9)
    heading = axes.set_title("unit")
    figure.colorbar(letters.image, ax=axes, pad=0.01, aspect=40, shrink=0.8, label="the unit's h after the character")

    def update(followed: str, rank: int) -> None:
        unit = units.ranked(followed)[rank - 1]
        letters.shade(units.activity[: len(shown_part(text)), unit])
        heading.set_text(
            f"unit {unit}, rank {rank}: correlation {units.correlations[followed][unit]:+.2f} with “{followed}”"
        )

    live = LiveFigure(
        figure,
        [letters.image, heading],
        alt="A docstring, each character on a colour: blue where the chosen unit is low, red where it is high.",
    )
    return live.explore(
        update,
        followed=Dropdown(options=list(FOLLOWED), description="ranked by"),
        rank=IntSlider(1, 1, RANKS, description="rank"),
    )


def shown_part(text: str) -> str:
    """Return the beginning of a text that fills the figure."""
    rows = np.cumsum([max(1, -(-(len(line) + 1) // WIDTH)) for line in text.split("\n")])
    return "\n".join(text.split("\n")[: int(np.searchsorted(rows, ROWS, side="right"))])
