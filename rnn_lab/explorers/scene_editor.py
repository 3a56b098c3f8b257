"""Chapter 09: put things into a scene, move them about, and see what is said of it, and where each word looked."""

from dataclasses import dataclass
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Box, Dropdown, FloatSlider, IntSlider
from numpy.typing import NDArray

from rnn_lab import plots
from rnn_lab.datasets.captions import LONGEST, true_captions, vocabulary
from rnn_lab.datasets.scenes import COLOURS, KINDS, NUMERALS, RADII, SIZE, Scene, Thing, draw, samples
from rnn_lab.decoding import beam_search
from rnn_lab.live import LiveFigure, Panel
from rnn_lab.models import Captioner
from rnn_lab.models.picture_encoder import CELL
from rnn_lab.nn.functions import log_softmax

NOTHING = "nothing"
SEARCHES = {"greedy": 1, "a beam of five": 5}  # their widths
START = (
    ("circle", "green", "small", 20.0, 9.0),
    ("seven", "blue", "large", 9.0, 28.0),
    ("triangle", "white", "small", 34.0, 9.0),
)
DARKEST = 0.12  # of a picture where a word did not look
ROWS, COLUMNS = 2, 7  # of small pictures, one for each word
WHOLE = 4  # columns for the scene


@dataclass(frozen=True)
class Description:
    """What a captioner says of a scene.

    Attributes
    ----------
    picture : ndarray, shape (40, 40, 3)
    words : list of str
    weights : ndarray, shape (T, rows, columns)
        Where each word looked.
    probabilities : ndarray, shape (T,)
        How sure it was of each word, given those before.
    allowed : list of str
        All captions that are true.
    """

    picture: NDArray
    words: list[str]
    weights: NDArray
    probabilities: NDArray
    allowed: list[str]

    @property
    def caption(self) -> str:
        """The words in one text."""
        return " ".join(self.words)

    @property
    def verdict(self) -> str:
        """Whether the caption is true, in words."""
        if self.caption in self.allowed:
            return "true"
        if self.allowed:
            return "not true"
        return "no caption can be true: there are no two things clearly beside each other"


def compute(captioner: Captioner, scene: Scene, width: int = 1, ground: int = 4) -> Description:
    """Draw a scene and let a captioner describe it with beam search.

    Parameters
    ----------
    captioner : Captioner
        Of the course's scenes, with attention.
    scene : Scene
        May be empty, and things may overlap.
    width : int
        Of the beam; 1 is greedy.
    ground : int
        Seeds what the scene stands on: shade, strokes and noise.

    Raises
    ------
    TypeError, ValueError
        If a thing is unknown or lies outside, the width is no size, or the captioner has no attention.
    """
    if not captioner.decoder.attention:
        raise ValueError("captioner has no attention; expected one that has, since this shows where it looks")
    pictures, words = draw([scene], np.random.default_rng(ground)), vocabulary()
    features, _ = captioner.encoder.forward(pictures)
    memory, state = captioner.decoder.look_over(features)
    step = partial(captioner.decoder.step, memory)
    ids = beam_search(step, words.start, words.end, width, LONGEST + 1, state=state).found[0].ids
    logits, cache = captioner.decoder.forward(features, np.array([words.start, *ids[:-1]])[:, None])
    said = len(words.decode(ids))
    assert cache.weights is not None  # there is attention
    return Description(
        picture=pictures[0],
        words=words.decode(ids),
        weights=cache.weights[:said, 0],
        probabilities=np.exp(log_softmax(logits[:, 0]))[np.arange(len(ids)), list(ids)][:said],
        allowed=true_captions(scene),
    )


def lit(picture: NDArray, weights: NDArray) -> NDArray:
    """Return a picture that is dark where the weights, (rows, columns), are small beside the largest."""
    light = DARKEST + (1 - DARKEST) * weights / weights.max()
    return picture * np.kron(light, np.ones((CELL, CELL)))[:, :, None]


def scene_of(
    kinds: list[str], colours: list[str], sizes: list[str], x: list[float], y: list[float], *, hand: int = 0
) -> Scene:
    """Return the scene of what the controls say; a digit is that of its kind by the test writers with number `hand`."""
    things = zip(kinds, colours, sizes, x, y, strict=True)
    return tuple(
        Thing(kind, colour, size, left, top, sample=int(samples(kind, "test")[hand]) if kind in NUMERALS else 0)
        for kind, colour, size, left, top in things
        if kind != NOTHING
    )


def explorer(captioner: Captioner) -> Panel:
    """Return the scene editor, to be displayed.

    Parameters
    ----------
    captioner : Captioner
        Of the course's scenes, with attention: yours, or `bundled_captioner`.
    """
    figure = plt.figure(figsize=(10.5, 4.4))
    grid = figure.add_gridspec(ROWS, WHOLE + COLUMNS)
    blank = np.zeros((SIZE, SIZE, 3))
    scene_axes = figure.add_subplot(grid[:, :WHOLE])
    shown, verdict = scene_axes.imshow(blank), scene_axes.set_title("true")
    scene_axes.set(xticks=[], yticks=[], xlabel="the scene", frame_on=False)
    caption = figure.suptitle("a", fontsize=12)
    pictures, labels, shares = [], [], []
    for row, column in np.ndindex(ROWS, COLUMNS):
        axes = figure.add_subplot(grid[row, WHOLE + column])
        axes.set(xticks=[], yticks=[], frame_on=False)
        pictures.append(axes.imshow(blank))
        labels.append(axes.set_title("a"))
        shares.append(axes.text(0.5, -0.05, "100 %", transform=axes.transAxes, ha="center", va="top"))

    def update(beam: int, ground: int, hand: int, **values) -> None:
        columns = ([values[f"{name}{n}"] for n in (1, 2, 3)] for name in ("kind", "colour", "size", "x", "y"))
        described = compute(captioner, scene_of(*columns, hand=hand), beam, ground)
        shown.set_data(described.picture)
        caption.set_text(described.caption)
        verdict.set_text(described.verdict)
        verdict.set_color(plots.PREDICTION if described.verdict == "true" else plots.GRADIENT)
        for n, (picture, label, share) in enumerate(zip(pictures, labels, shares, strict=True)):
            said = n < len(described.words)
            picture.set_visible(said)
            label.set_text(described.words[n] if said else "")
            share.set_text(f"{100 * described.probabilities[n]:.0f} %" if said else "")
            if said:
                picture.set_data(lit(described.picture, described.weights[n]))

    live = LiveFigure(
        figure,
        shown,
        caption,
        verdict,
        pictures,
        labels,
        shares,
        alt=lambda: (
            f"A scene, and what is said of it: {caption.get_text()} ({verdict.get_text()}). For each word, the scene "
            "lit where the word looked, and how sure the network was of it."
        ),
    )
    controls = {}
    for n, (kind, colour, size, x, y) in enumerate(START, start=1):
        controls[f"kind{n}"] = Dropdown(options=[NOTHING, *KINDS], value=kind, description=f"kind {n}")
        controls[f"colour{n}"] = Dropdown(options=list(COLOURS), value=colour, description=f"colour {n}")
        controls[f"size{n}"] = Dropdown(options=list(RADII), value=size, description=f"size {n}")
        for name, centre, words in (("x", x, "from left"), ("y", y, "from top")):
            controls[f"{name}{n}"] = FloatSlider(
                value=centre, min=5, max=35, step=0.5, readout_format=".1f", description=f"{name}{n}, {words}"
            )
    controls["beam"] = Dropdown(options=list(SEARCHES.items()), value=1, description="search")
    controls["ground"] = IntSlider(value=4, min=0, max=20, description="ground")
    hands = min(len(samples(numeral, "test")) for numeral in NUMERALS)
    controls["hand"] = IntSlider(value=0, min=0, max=hands - 1, description="handwriting")
    by_row = [controls[f"{name}{n}"] for name in ("kind", "colour", "size", "x", "y") for n in (1, 2, 3)]
    by_row += [controls["beam"], controls["ground"], controls["hand"]]
    for control in by_row:
        control.layout.width, control.style.description_width = "auto", "8em"
    layout = Box(
        by_row,
        layout={
            "display": "grid",
            "grid_template_columns": "1fr 1fr 1fr",
            "grid_gap": "0 1em",
            "width": f"{live.page_width:.0f}px",
            "max_width": "100%",
        },
    )
    return live.explore(update, layout=layout, **controls)
