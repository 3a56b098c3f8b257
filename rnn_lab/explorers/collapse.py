"""Chapter 07: what a path of symbols says: repeated ones merged, blanks dropped, and how many paths say the same."""

import re
from dataclasses import dataclass
from itertools import chain

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Text
from matplotlib.patches import Rectangle

from rnn_lab.live import LiveFigure, Panel
from rnn_lab.nn.ctc import forward_backward

BLANKS = "_-"
LAST_LETTER = "\u024f"  # the last that every font has
LONGEST = 28
EXAMPLE = "th_rr__e_eee_"


@dataclass(frozen=True)
class Collapsed:
    """A path and what it says.

    Attributes
    ----------
    path : str
        One symbol for each step; a blank is ``_``.
    merged : str
        Without repetitions.
    text : str
        Without blanks.
    starts : list of int
        At which step each symbol of `merged` begins, and at the end T.
    paths : int
        How many paths of as many steps say the same.
    """

    path: str
    merged: str
    text: str
    starts: list[int]
    paths: int


def compute(path: str) -> Collapsed:
    """Collapse a path of at most LONGEST symbols; what is longer is cut off, what is no Latin letter becomes ``?``."""
    known = "".join(symbol if symbol.isprintable() and symbol <= LAST_LETTER else "?" for symbol in path[:LONGEST])
    path = re.sub(f"[{BLANKS}]", "_", known)
    starts = [t for t, symbol in enumerate(path) if t == 0 or symbol != path[t - 1]]
    merged = "".join(path[t] for t in starts)
    text = merged.replace("_", "")
    return Collapsed(path, merged, text, [*starts, len(path)], number_of_paths(text, len(path)))


def number_of_paths(text: str, steps: int) -> int:
    """Return how many paths of so many steps say a text: its likelihood when every symbol has the probability 1."""
    if steps == 0:
        return 1
    alphabet = sorted(set(text))
    labels = np.array([alphabet.index(letter) + 1 for letter in text], int)[:, None]
    every_symbol = np.zeros((steps, 1, len(alphabet) + 1))
    return round(float(np.exp(forward_backward(every_symbol, labels).log_likelihood[0])))


def explorer() -> Panel:
    """Return the collapse box, to be displayed."""
    figure, axes = plt.subplots(figsize=(10, 2.9))
    axes.set(xlim=(-3.2, LONGEST), ylim=(3.2, -0.35))
    axes.set_axis_off()
    rows = {"each step": 0.0, "merged": 1.1, "without blanks": 2.2}
    for name, height in rows.items():
        axes.text(-0.4, height + 0.4, name, ha="right", va="center", color="0.35")
    cells = [
        [Rectangle((0, height), 0, 0.8, linewidth=1.2, edgecolor="white") for _ in range(LONGEST)]
        for height in rows.values()
    ]
    for patch in chain.from_iterable(cells):
        axes.add_patch(patch)
    letters = [
        [
            axes.text(0, height + 0.4, "", ha="center", va="center", fontsize=14, parse_math=False)
            for _ in range(LONGEST)
        ]
        for height in rows.values()
    ]
    title = axes.set_title("the text", loc="left", parse_math=False)

    def update(path: str) -> None:
        found = compute(path)
        merged = list(zip(found.merged, found.starts[:-1], found.starts[1:], strict=True))
        spans = (
            [(symbol, t, t + 1) for t, symbol in enumerate(found.path)],
            merged,
            [span for span in merged if span[0] != "_"],
        )
        for patches, texts, row in zip(cells, letters, spans, strict=True):
            for patch, text, span in zip(patches, texts, [*row, *[None] * LONGEST], strict=False):
                patch.set_visible(span is not None)
                text.set_text(span[0] if span else "")
                if span:
                    symbol, start, end = span
                    patch.set_bounds(start, patch.get_y(), end - start, 0.8)
                    patch.set_facecolor("0.92" if symbol == "_" else "0.74")
                    text.set_x((start + end) / 2)
        title.set_text(f"{len(found.path)} steps say “{found.text}”; {found.paths:,} paths of this length say the same")

    live = LiveFigure(
        figure,
        [*cells, *letters, title],
        alt=lambda: f"A path of symbols in cells, merged, and without blanks: {title.get_text()}.",
    )
    return live.explore(update, path=Text(EXAMPLE, description="path, one symbol a step; _ is the blank"))
