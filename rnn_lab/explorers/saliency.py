"""Chapter 09: which pixels a word hangs on, beside where it looked."""

from dataclasses import dataclass
from functools import lru_cache

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider
from numpy.typing import NDArray

from rnn_lab.datasets.captions import LONGEST, vocabulary
from rnn_lab.datasets.scenes import SIZE, random_scene
from rnn_lab.explorers.scene_editor import Description, lit
from rnn_lab.explorers.scene_editor import compute as describe
from rnn_lab.live import LiveFigure, Panel
from rnn_lab.models import Captioner
from rnn_lab.nn.functions import log_softmax


@dataclass(frozen=True)
class Saliency:
    """A caption, and what one of its words hangs on.

    Attributes
    ----------
    description : Description
    place : int
        Which word.
    pixels : ndarray, shape (40, 40, 3)
        The gradient of the word's log-probability with respect to every pixel.
    """

    description: Description
    place: int
    pixels: NDArray

    @property
    def strength(self) -> NDArray:
        """How much each pixel matters: the norm of its three gradients, shape (40, 40)."""
        return np.linalg.norm(self.pixels, axis=2)


def compute(captioner: Captioner, number: int, place: int) -> Saliency:
    """Describe the scene of a number, and go back from one word of its caption to the pixels.

    Parameters
    ----------
    captioner : Captioner
        Of the course's scenes, with attention.
    number : int
        Seeds the scene, by a test writer.
    place : int
        Which word, from 0; the last one if there are fewer.

    Raises
    ------
    ValueError
        If `place` is negative, or the caption has no words.
    """
    if place < 0:
        raise ValueError(f"place is {place}; expected a word's place, from 0")
    description = describe(captioner, random_scene(np.random.default_rng(number), "test"), ground=number)
    if not description.words:
        raise ValueError(f"the caption of scene {number} has no words; expected a captioner that says at least one")
    place = min(place, len(description.words) - 1)
    words = vocabulary()
    ids = words.encode(description.words)
    inputs = np.array([words.start, *ids[:place]])[:, None]
    logits, cache = captioner.forward(description.picture[None], inputs)
    dlogits = np.zeros_like(logits)
    dlogits[-1, 0] = -np.exp(log_softmax(logits[-1, 0]))
    dlogits[-1, 0, ids[place]] += 1
    dpictures, _ = captioner.backward(dlogits, cache, to_input=True)
    assert dpictures is not None  # it was asked for
    return Saliency(description, place, dpictures[0])


def explorer(captioner: Captioner) -> Panel:
    """Return the explorer of saliency, to be displayed.

    Parameters
    ----------
    captioner : Captioner
        Of the course's scenes, with attention.
    """
    figure, axes = plt.subplots(1, 3, figsize=(10.5, 4.2))
    for one, name in zip(axes, ("the scene", "where the word looked", "the pixels it hangs on"), strict=True):
        one.set(xticks=[], yticks=[], xlabel=name, frame_on=False)
    blank = np.zeros((SIZE, SIZE, 3))
    shown, looked = axes[0].imshow(blank), axes[1].imshow(blank)
    pixels = axes[2].imshow(blank[..., 0], cmap="inferno", vmin=0, vmax=1)
    caption = figure.suptitle("a", fontsize=12)
    computed = lru_cache(maxsize=64)(lambda scene, word: compute(captioner, scene, word - 1))

    def update(scene: int, word: int) -> None:
        found = computed(scene, word)
        before, now, after = np.split(np.array(found.description.words), [found.place, found.place + 1])
        caption.set_text(" ".join([*before, f"[{now[0]}]", *after]))
        shown.set_data(found.description.picture)
        looked.set_data(lit(found.description.picture, found.description.weights[found.place]))
        pixels.set_data(found.strength / found.strength.max())

    live = LiveFigure(
        figure,
        [shown, looked, pixels, caption],
        alt=lambda: f"A scene described as {caption.get_text()}: where the word in brackets looked, and its pixels.",
    )
    return live.explore(
        update,
        scene=IntSlider(value=3, min=0, max=30, description="scene"),
        word=IntSlider(value=4, min=1, max=LONGEST, description="word"),
    )
