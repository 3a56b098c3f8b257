"""Chapter 06: a number translated letter by letter: where each letter looks, what may come next, and the beam."""

from dataclasses import dataclass
from functools import cache, lru_cache, partial

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.container import BarContainer
from matplotlib.font_manager import FontProperties
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import IdentityTransform
from numpy.typing import NDArray

from rnn_lab import plots
from rnn_lab.datasets import numbers
from rnn_lab.decoding import Beam, beam_search
from rnn_lab.live import LiveFigure, Panel
from rnn_lab.models import Translator
from rnn_lab.nn.functions import log_softmax

LONGEST = 90  # letters that are written at most
WIDEST = 5
CANDIDATES = 6  # letters in the bar chart
FEWEST_STEPS = 12  # for which the tree has room, however short the word
START, END = "□", "■"
LARGEST_SIZE = 13.0  # of a letter, in points
MAP_SIZE, TREE_SIZE = 430, 1000  # of all letters of a row together, at most
GAP_IN_LINE = (np.nan, np.nan)
GAP = 0.025  # between the map and its letters, as a share of its sides
Letter = tuple[float, float, str, str]  # where it stands, x and y, and its colour


@dataclass(frozen=True)
class Translation:
    """A number on its way through a translator.

    Attributes
    ----------
    read, written, expected : str
        The English words, what the model writes, and what would be right.
    weights : ndarray, shape (T, S)
        Where each letter looked, the end symbols of both included.
    probabilities : ndarray, shape (T, V)
        Of what may come at each place of what is written.
    letters : list of str
        By their ids; the end symbol is a black square.
    beam : Beam
    """

    read: str
    written: str
    expected: str
    weights: NDArray
    probabilities: NDArray
    letters: list[str]
    beam: Beam

    @property
    def ids(self) -> tuple[int, ...]:
        """What is written, as ids."""
        return self.beam.found[0].ids


def compute(model: Translator, number: int, width: int = 1, language: str = "German") -> Translation:
    """Translate a number with beam search, and look at what the model did.

    Parameters
    ----------
    model : Translator
        From English into the language, letter by letter, with attention.
    number : int
        From 0 to 999,999.
    width : int
        Of the beam; 1 is greedy.
    language : {"German", "French", "English"}

    Raises
    ------
    TypeError, ValueError
        If the number is none of these, the language is unknown, or the model has no attention.
    """
    if not model.attention:
        raise ValueError("model has no attention; expected one that has, since this shows where it looks")
    pair = numbers.pairs([number], language)
    source, *_ = pair.batch(0)
    memory, state = model.encode(source)
    start, end = pair.target.start, pair.target.end
    beam = beam_search(partial(model.step, memory), start, end, width, LONGEST, state=state)
    ids = beam.found[0].ids
    logits, weights = model.look(memory, np.array([start, *ids[:-1]])[:, None], state)
    letters = [START, END, *pair.target.tokens[2:]]
    return Translation(
        read=numbers.english(number),
        written="".join(letters[token] for token in ids).removesuffix(END),
        expected=numbers.SPELLERS[language](number),
        weights=weights[:, 0],
        probabilities=np.exp(log_softmax(logits[:, 0])),
        letters=letters,
        beam=beam,
    )


def branches(kept: list) -> list[tuple[int, int, int]]:
    """Return each branch of a beam's tree: the step, the rank of the beginning and the rank of what it became."""
    found = []
    for step, hypotheses in enumerate(kept):
        ranks = {hypothesis.ids: rank for rank, hypothesis in enumerate(kept[step - 1])} if step else {(): 0}
        found += [(step, ranks[hypothesis.ids[:-1]], rank) for rank, hypothesis in enumerate(hypotheses)]
    return found


def right_so_far(translation: Translation) -> list[bool]:
    """Say of each letter that is written whether it is right in its place."""
    expected = f"{translation.expected}{END}"
    written = [translation.letters[number] for number in translation.ids]
    return [place < len(expected) and letter == expected[place] for place, letter in enumerate(written)]


@cache
def glyph(letter: str) -> Path:
    """Return the outline of a letter of size 1, its middle at the origin."""
    outline = TextPath((0, 0), letter.replace(" ", "␣"), 1, FontProperties(family="monospace"))
    return Path(outline.vertices - [0.3, 0.27], outline.codes)


class Lettering:
    """Letters at any places, in any colours, as one artist: texts of their own would each take as long as all of it."""

    def __init__(self, axes: Axes) -> None:
        self.artist = PathCollection([], linewidths=0, offset_transform=axes.transData)
        self.artist.set_transform(IdentityTransform())
        axes.add_collection(self.artist, autolim=False)

    def write(self, letters: list[Letter], size: float) -> None:
        """Show letters, of at most this size in points, instead of those before."""
        self.artist.set_paths([glyph(letter) for _, _, letter, _ in letters])
        self.artist.set_offsets([(x, y) for x, y, _, _ in letters] or np.empty((0, 2)))
        self.artist.set_facecolor([colour for _, _, _, colour in letters])
        self.artist.set_sizes([min(LARGEST_SIZE, size) ** 2])


def draw_map(image: AxesImage, names: Lettering, translation: Translation, shown: int) -> None:
    """Draw where the first `shown` letters looked."""
    T, S = translation.weights.shape
    weights = np.full((T, S), np.nan)
    weights[:shown] = translation.weights[:shown]
    image.set_data(weights)
    letters: list[Letter] = [
        ((s + 0.5) / S, -GAP, letter, plots.INPUT) for s, letter in enumerate(f"{translation.read}{END}")
    ]
    for t, is_right in enumerate(right_so_far(translation)[:shown]):
        colour = plots.PREDICTION if is_right else plots.GRADIENT
        letters.append((-GAP, (t + 0.5) / T, translation.letters[translation.ids[t]], colour))
    names.write(letters, MAP_SIZE / max(S, T))


def draw_tree(grey: Line2D, coloured: Line2D, tree: Lettering, translation: Translation, shown: int) -> None:
    """Draw what the beam kept in the first `shown` steps, and in colour the way to what is written."""
    kept, best = translation.beam.kept, translation.ids
    T = max(len(kept), FEWEST_STEPS)
    letters: list[Letter] = []
    besides: list[tuple[float, float]] = []
    on_the_way: list[tuple[float, float]] = []
    for step, parent, rank in branches(kept[:shown]):
        ids = kept[step][rank].ids
        is_best = best[: len(ids)] == ids
        letters.append(((step + 0.5) / T, rank, translation.letters[ids[-1]], plots.PREDICTION if is_best else "0.4"))
        if step:
            branch = [((step - 0.2) / T, parent), ((step + 0.2) / T, rank), GAP_IN_LINE]
            (on_the_way if is_best else besides).extend(branch)
    for line, points in ((grey, besides), (coloured, on_the_way)):
        line.set_data(np.reshape(points, (-1, 2)).T)
    tree.write(letters, TREE_SIZE / T)


def draw_candidates(bars: BarContainer, names: Lettering, translation: Translation, shown: int) -> None:
    """Draw the likeliest letters in the last place that is shown."""
    p = translation.probabilities[shown - 1]
    likeliest = np.argsort(-p, kind="stable")[:CANDIDATES]
    for bar, number in zip(bars, likeliest, strict=True):
        bar.set_width(p[number])
        bar.set_facecolor(plots.PREDICTION if number == translation.ids[shown - 1] else plots.BASELINE)
    names.write([(-0.07, row, translation.letters[number], "black") for row, number in enumerate(likeliest)], np.inf)


def explorer(model: Translator, language: str = "German") -> Panel:
    """Return the explorer of a translator of numbers, to be displayed.

    Parameters
    ----------
    model : Translator
        From English into the language, letter by letter, with attention.
    language : {"German", "French", "English"}

    Raises
    ------
    ValueError
        As `compute`.
    """
    translate = lru_cache(maxsize=1)(partial(compute, model, language=language))
    translate(0, 1)

    figure = plt.figure(figsize=(10, 8.6))
    axes = figure.subplot_mosaic(
        [["heading", "heading"], ["map", "candidates"], ["tree", "tree"]],
        height_ratios=[0.3, 5.6, 1.5],
        width_ratios=[3.6, 1],
    )
    for name in ("heading", "map", "tree"):
        axes[name].set_axis_off()
    heading = axes["heading"].text(0, 0.5, "", va="center", size=12, parse_math=False)

    axes["map"].set(xlim=(-2 * GAP, 1), ylim=(1, -2 * GAP))
    image = axes["map"].imshow(np.zeros((1, 1)), cmap="Greys", vmin=0, vmax=1, aspect="auto", extent=(0, 1, 1, 0))
    letters = Lettering(axes["map"])

    axes["candidates"].set(xlim=(-0.12, 1), ylim=(3.2 * CANDIDATES, -0.8), xticks=[0, 1], yticks=[])
    axes["candidates"].set(title="what may stand here", xlabel="probability")
    axes["candidates"].spines["left"].set_visible(False)
    bars = axes["candidates"].barh(range(CANDIDATES), [0] * CANDIDATES)
    candidates = Lettering(axes["candidates"])

    axes["tree"].set(xlim=(0, 1), ylim=(WIDEST - 0.4, -0.6))
    axes["tree"].set_title("what the beam keeps at each step, the likeliest above")
    (grey,) = axes["tree"].plot([], [], color="0.75", linewidth=1)
    (coloured,) = axes["tree"].plot([], [], color=plots.PREDICTION)
    tree = Lettering(axes["tree"])

    def update(number: int, thousands: int, width: int, back: int) -> None:
        translation = translate(10_000 * thousands + number, width)
        shown = max(len(translation.ids) - back, 1)
        is_right = translation.written == translation.expected
        verdict = "right" if is_right else f"wrong, it is {translation.expected}"
        p = np.exp(translation.beam.found[0].log_probability)
        heading.set_text(f"{10_000 * thousands + number:,} with p = {p:.2f}: {'…' if back else verdict}")
        draw_map(image, letters, translation, shown)
        draw_candidates(bars, candidates, translation, shown)
        draw_tree(grey, coloured, tree, translation, shown)

    moving = [heading, image, letters.artist, *bars, candidates.artist, grey, coloured, tree.artist]
    alt = (
        "A number in English words, above, and letter by letter in the other language, on the left: between them a map "
        "of where each letter looked. On the right the likeliest letters of one place, below the tree of the beam."
    )
    live = LiveFigure(figure, *moving, alt=alt)
    return live.explore(
        update,
        number=IntSlider(4721, 0, 9999, description="number"),
        thousands=IntSlider(0, 0, 99, description="plus ten thousands"),
        width=IntSlider(3, 1, WIDEST, description="beam width"),
        back=IntSlider(0, 0, LONGEST - 1, description="letters taken back"),
    )
