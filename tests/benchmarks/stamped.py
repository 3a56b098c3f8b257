"""The course's explorers with a stamp: a grey patch in the corner that tells which slider position is drawn.

Imported by the kernels that frames.py drives. The stamp is how the page learns that the picture for a key press has
arrived, the same for every way to draw it.
"""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from ipywidgets import SelectionSlider, interact
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rnn_lab import datasets, evaluation, live
from rnn_lab.audio import features
from rnn_lab.datasets import numbers, speech
from rnn_lab.datasets.memory import Batch, recall
from rnn_lab.datasets.opinions import opinions
from rnn_lab.datasets.sentiment import Words
from rnn_lab.datasets.speech import Utterance
from rnn_lab.live import Panel
from rnn_lab.models import Classifier, SequenceModel, Translator
from rnn_lab.models.recognizer import Recognizer, bundled_recognizer
from rnn_lab.nn import GRU, LSTM, Adam, softmax_cross_entropy
from rnn_lab.training import fit

Update = Callable[..., object]


def grey(index: int) -> str:
    """Return the stamp's colour for a slider position; those 128 steps apart look alike."""
    return str(2 * (index % 128) / 255)


def add_stamp(figure: Figure) -> Rectangle:
    """Put the stamp into the lower left corner, 0.3 inches both ways: the page looks at a pixel in its middle."""
    return figure.add_artist(Rectangle((0, 0), 0.3, 0.3, transform=figure.dpi_scale_trans, linewidth=0))


def position(control: Any, value: Any) -> int:
    """Return how many steps a slider's value is from its lower end; a recording's value is its own position."""
    if control is None:
        return value
    if isinstance(control, SelectionSlider):
        return control.options.index(value)
    return round((value - control.min) / control.step)


class StampedFigure(live.LiveFigure):
    """A live figure with a stamp for the slider called `watched`."""

    watched = ""

    def __init__(self, figure: Figure, *artists: Any, alt: Any) -> None:
        self.stamp = add_stamp(figure)
        super().__init__(figure, *artists, self.stamp, alt=alt)

    def explore(self, update: Update, /, layout: Any = None, **controls: Any) -> Any:
        def update_and_stamp(**values: Any) -> None:
            update(**values)
            self.stamp.set_facecolor(grey(position(controls[self.watched], values[self.watched])))

        update_and_stamp.__signature__ = inspect.signature(update)
        return super().explore(update_and_stamp, layout=layout, **controls)

    def record(self, update: Update, values: Any, **options: Any) -> Any:
        values = list(values)

        def update_and_stamp(index: int) -> None:
            update(values[index])
            self.stamp.set_facecolor(grey(index))

        options.setdefault("labels", values)
        return super().record(update_and_stamp, range(len(values)), **options)


def recalling() -> tuple[SequenceModel, Batch]:
    """Return an LSTM, not trained, and a batch for it to recall."""
    rng = np.random.default_rng(0)
    return SequenceModel(LSTM(17, 8, rng, dtype=np.float32), 8, softmax_cross_entropy, rng), recall(40, 64, rng)


def judging() -> tuple[Classifier, Words]:
    """Return a classifier of the course's own sentences, not trained, and its vocabulary."""
    words, rng = Words([sentence.words for sentence in opinions(train=500).train]), np.random.default_rng(0)
    return Classifier(len(words), 2, GRU(32, 24, rng, dtype=np.float32), rng, pooling="mean"), words


def forecasting() -> tuple[Any, ...]:
    """Return El Niño with bands of two kinds, drawn at random around it."""
    sea, rng = datasets.el_nino(), np.random.default_rng(0)
    origins = np.arange(100, 600)
    middle = evaluation.following(sea.values, origins, 12)[..., None]
    quantiles = middle + np.sort(rng.standard_normal((len(origins), 12, 3)), axis=-1)
    return sea.years, sea.values, origins, {"a band": quantiles, "a line": middle + 0.5}, sea.unit


def beating() -> tuple[Any, ...]:
    """Return a simulated heart with scores of its beats, drawn at random."""
    rng = np.random.default_rng(0)
    heart = datasets.heartbeats(240, rng)
    scores = {name: rng.standard_normal(len(heart.beats)) + heart.ectopic for name in ("one", "other")}
    return heart.signal, heart.rate, heart.beats, heart.ectopic, scores


def circling() -> tuple[Any, ...]:
    """Return a simulated heart with the states of a GRU, not trained, that reads it."""
    rng = np.random.default_rng(0)
    heart = datasets.heartbeats(30, rng)
    states, _, _ = GRU(1, 32, rng).forward(heart.signal[:, None, None])
    return heart.signal, states[:, 0], heart.rate


@cache
def spelling() -> Translator:
    """Return a translator of numbers, trained so far that its words are as long as right ones."""
    pairs, rng = numbers.pairs(range(2000)), np.random.default_rng(0)
    model = Translator(len(pairs.source), len(pairs.target), 32, 96, rng, dtype=np.float32)

    def sample_batch(rng: np.random.Generator) -> tuple:
        return pairs.batch(rng.choice(len(pairs), 32, replace=False))

    fit(model, sample_batch, Adam(5e-3), steps=80, rng=rng, max_norm=1.0, progress=False)
    return model


def show_live(module: Any, build: Callable[[], Panel], watched: str) -> None:
    """Show an explorer as the course does."""
    StampedFigure.watched = watched
    module.LiveFigure = StampedFigure
    display(build())


class Taken(Exception):
    """Carries an explorer's parts out of the function that builds it."""


def parts(module: Any, build: Callable[[], Panel]) -> tuple[Figure, Update, dict[str, Any]]:
    """Build an explorer and return its figure, its update function and its controls."""

    class Catcher:
        def __init__(self, figure: Figure, *artists: Any, alt: Any) -> None:
            self.figure = figure

        def explore(self, update: Update, layout: Any = None, **controls: Any) -> None:
            raise Taken(self.figure, update, controls)

    module.LiveFigure = Catcher
    try:
        build()
    except Taken as taken:
        return taken.args
    raise ValueError(f"{module.__name__} does not explore")


def show_interact(module: Any, build: Callable[[], Panel], watched: str, keep_figure: bool) -> None:
    """Show the same figure under `interact`: built anew for each value, or kept and shown again."""
    figure, update, controls = parts(module, build)
    plt.close(figure)
    kept = [figure, update, add_stamp(figure)] if keep_figure else None

    def draw(**values: Any) -> None:
        if kept:
            figure, update, stamp = kept
        else:
            figure, update, _ = parts(module, build)
            stamp = add_stamp(figure)
        update(**values)
        stamp.set_facecolor(grey(position(controls[watched], values[watched])))
        if kept:
            display(figure)
        else:
            plt.show()

    interact(draw, **controls)


@cache
def hearing() -> tuple[Recognizer, dict[str, Utterance]]:
    """Return the bundled recogniser and a few strings of digits, as chapter 07 has them."""
    return bundled_recognizer(), {one.text: one for one in speech.spoken_digits()["choose"][2:6]}


def aligning() -> tuple[np.ndarray, str]:
    """Return the bundled recogniser's scores for one word, and its text."""
    one = speech.spoken_digits()["choose"][0]
    return bundled_recognizer().forward(features(one.sound)[:, None])[0][:, 0], one.text
