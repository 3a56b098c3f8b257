"""Chapter 05: type a sentence, and see the verdict move word by word, and what each word does to it."""

from dataclasses import dataclass
from functools import lru_cache, partial

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider, Layout, Text, VBox
from numpy.typing import NDArray

from rnn_lab import plots
from rnn_lab.datasets.sentiment import UNKNOWN, Words, split_words
from rnn_lab.live import LiveFigure, Panel
from rnn_lab.models import Classifier
from rnn_lab.nn.functions import sigmoid

LONGEST = 40
EXAMPLE = "although nobody would say that the plot is dull , the ending is hardly a triumph ."
PRAISE, REJECTION = plots.PREDICTION, plots.GRADIENT
LAST_LETTER = "ɏ"  # of the Latin alphabets
LEAST_SCALE = 4.0  # the effects' axis never shows less than this, both ways
LABELS_AT = -0.06  # of the height of the lower axes
WIDEST = 18  # a sentence of so many words, or more, fills the width


@dataclass(frozen=True)
class Reading:
    """What a classifier makes of a sentence. T words of it are read; a score is that of praise less the other.

    Attributes
    ----------
    words : list of str
        All of the sentence, T or more.
    known : ndarray of bool, shape (len(words),)
        Which of them the vocabulary has.
    verdicts : ndarray, shape (len(words),)
        The probability of praise after each word, as if the sentence ended there.
    gradients : ndarray, shape (T,)
        The gradient of the score after T words with respect to each word's vector, times the vector: what the word
        adds, if the score were linear in it.
    omissions : ndarray, shape (T,)
        How much the score really falls when the word is read as unknown.
    """

    words: list[str]
    known: NDArray[np.bool_]
    verdicts: NDArray
    gradients: NDArray
    omissions: NDArray


def compute(model: Classifier, vocabulary: Words, sentence: str, read: int = LONGEST) -> Reading:
    """Read a sentence, of which the first 40 words count.

    Parameters
    ----------
    model : Classifier
        Of two classes: 1 is praise.
    vocabulary : Words
    sentence : str
        Any text; an empty one is read as a single unknown word.
    read : int
        How many of the words are read, at least 1.
    """
    words = split_words(sentence)[:LONGEST] or [UNKNOWN]
    ids, T = np.array(vocabulary.encode(words)), min(read, len(words))
    so_far = np.tile(ids[:, None], len(ids))  # the sentence once for each of its words, to end there
    verdicts = sigmoid(_score(model, so_far, np.arange(1, len(ids) + 1)))

    alone = ids[:T, None]
    logits, cache = model.forward(alone)
    dx, _ = model.backward(np.array([[-1, 1]], logits.dtype), cache)
    vectors = model.params["embedding.E"][ids[:T]]
    without = np.tile(alone, T)
    np.fill_diagonal(without, vocabulary.unknown)
    omissions = _score(model, alone) - _score(model, without)
    gradients = np.einsum("td,td->t", dx[:, 0], vectors)
    return Reading(words, np.array([word in vocabulary for word in words]), verdicts, gradients, omissions)


def _drawable(word: str) -> str:
    """Return the beginning of a word, with ? for letters that the figures' font lacks."""
    return "".join(letter if letter.isprintable() and letter <= LAST_LETTER else "?" for letter in word[:14])


def _score(model: Classifier, ids: NDArray, lengths: NDArray | None = None) -> NDArray:
    logits, _ = model.forward(ids, lengths)
    return (logits[:, 1] - logits[:, 0]).astype(float)


def explorer(model: Classifier, vocabulary: Words, sentence: str = EXAMPLE, read: int = 10) -> Panel:
    """Return the explorer of a verdict, to be displayed.

    Parameters
    ----------
    model : Classifier
    vocabulary : Words
    sentence : str
        What stands there at first.
    read : int
        How many of its words are read at first.
    """
    figure, (above, below) = plt.subplots(2, 1, figsize=(10, 5.6), sharex=True, height_ratios=[1, 1.1])
    nowhere = np.zeros(LONGEST)
    above.set(ylim=(-0.06, 1.06), yticks=[0, 0.5, 1], ylabel="probability of praise")
    above.axhline(0.5, color=plots.BASELINE, linewidth=0.8, zorder=0)
    above.tick_params(bottom=False)
    (path,) = above.plot([], [], color="0.3", linewidth=1.2)
    (ahead,) = above.plot([], [], color="0.8", linewidth=1.2)
    dots = above.scatter(nowhere, nowhere, s=40, zorder=3)
    verdict = above.set_title("verdict")  # keeps its room in the layout
    below.set(ylim=(-1.1, 1.1), xlim=(-0.8, LONGEST - 0.2), yticks=[-1, 0, 1])
    below.set_yticklabels(["against", "0", "for"])
    below.set_ylabel("what each word does")
    below.axhline(0, color=plots.BASELINE, linewidth=0.8, zorder=0)
    below.tick_params(bottom=False, labelbottom=False)
    below.set_xlabel("bars: gradient times vector; dots: what is really lost without the word; one scale", labelpad=64)
    bars = [below.plot([], [], color=colour, linewidth=9, solid_capstyle="butt")[0] for colour in (PRAISE, REJECTION)]
    (removed,) = below.plot([], [], "o", color="black", markersize=4, markerfacecolor="white")
    cursors = [axes.axvline(0, color="0.6", linewidth=1, linestyle=":") for axes in (above, below)]
    labels = [
        below.text(
            *(0, LABELS_AT, ""),
            **{"transform": below.get_xaxis_transform(), "rotation": 55, "rotation_mode": "anchor", "size": 9},
            **{"ha": "right", "va": "center", "parse_math": False},
        )
        for _ in range(LONGEST)
    ]

    judge = lru_cache(maxsize=LONGEST)(partial(compute, model, vocabulary))

    def update(sentence: str, read: int) -> None:
        reading = judge(sentence, read)
        T, length = len(reading.gradients), len(reading.words)
        places = np.arange(LONGEST) * LONGEST / max(length, WIDEST)
        path.set_data(places[:T], reading.verdicts[:T])
        ahead.set_data(places[T - 1 : length], reading.verdicts[T - 1 :])
        dots.set_offsets(np.column_stack([places[:T], reading.verdicts[:T]]))
        dots.set_facecolor([PRAISE if p > 0.5 else REJECTION for p in reading.verdicts[:T]])
        scale = max(LEAST_SCALE, np.abs([reading.gradients, reading.omissions]).max())
        for bar, speaks in zip(bars, (reading.gradients > 0, reading.gradients <= 0), strict=True):
            x, height = places[:T][speaks], reading.gradients[speaks] / scale
            bar.set_data(np.repeat(x, 3), np.column_stack([0 * height, height, np.nan * height]).ravel())
        removed.set_data(places[:T], reading.omissions / scale)
        for cursor in cursors:
            cursor.set_xdata([places[T - 1]] * 2)
        for place, label in enumerate(labels):
            label.set_x(places[place])
            label.set_text(_drawable(reading.words[place]) if place < length else "")
            known = place >= length or bool(reading.known[place])
            label.set_color("0.7" if place >= T else "black" if known else REJECTION)
        unknown = int(np.sum(~reading.known[:T]))
        verdict.set_text(
            f"after {T} of {length} words: praise with {reading.verdicts[T - 1]:.1%}"
            + (f"; {unknown} unknown" if unknown else "")
            + (f"; no more than {LONGEST} words are read" if len(split_words(sentence)) > LONGEST else "")
        )

    live = LiveFigure(
        figure,
        [path, ahead, dots, verdict, *bars, removed, *cursors, *labels],
        alt=lambda: (
            f"The probability of praise after each word of a sentence, {verdict.get_text()}. Below, a bar for each "
            "word: its share of the score by the gradient, and a dot: what the score really loses without it."
        ),
    )
    controls = {
        "sentence": Text(sentence, description="sentence", layout=Layout(width="100%")),
        "read": IntSlider(read, 1, LONGEST, description="words read", layout=Layout(width="60%")),
    }
    arranged = VBox(list(controls.values()), layout=Layout(width=f"{live.page_width:.0f}px", max_width="100%"))
    return live.explore(update, layout=arranged, **controls)
