"""Chapter 09: what each filter of an encoder answers to a scene."""

import math
from dataclasses import dataclass
from functools import lru_cache

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, IntSlider
from numpy.typing import NDArray

from rnn_lab.datasets.scenes import SIZE, draw, random_scene
from rnn_lab.live import LiveFigure, Panel
from rnn_lab.models import PictureEncoder

LAYERS = {"first, 5 x 5": "shape1", "second, 3 x 3": "shape2", "third, 3 x 3": "shape3", "colours, 1 x 1": "colour"}
CANVAS = 168  # pixels of the picture of all maps, both ways


@dataclass(frozen=True)
class Answers:
    """What a layer answers to a scene.

    Attributes
    ----------
    picture : ndarray, shape (40, 40, 3)
    maps : ndarray, shape (F, rows, columns)
        After the relu, before pooling.
    filters : ndarray, shape (F, k, k) or (F, 1, 3)
        The weights; those of the colours side by side, and of several maps below how strong they are together.
    caption : str
        Which of these it is.
    """

    picture: NDArray
    maps: NDArray
    filters: NDArray
    caption: str


def compute(encoder: PictureEncoder, number: int, layer: str = "shape1") -> Answers:
    """Draw the scene of a number by a test writer, and look at a layer.

    Parameters
    ----------
    encoder : PictureEncoder
    number : int
        Seeds the scene.
    layer : {"shape1", "shape2", "shape3", "colour"}

    Raises
    ------
    ValueError
        If the encoder has no such layer.
    """
    if layer not in encoder.layers:
        raise ValueError(f"layer is {layer!r}; expected one of {', '.join(encoder.layers)}")
    scene = random_scene(np.random.default_rng(number), "test")
    pictures = draw([scene], np.random.default_rng(number))  # on the ground that it has in `saliency`
    _, cache = encoder.forward(pictures)
    weights = encoder.layers[layer].convolution.params["W"]
    if layer == "colour":
        filters, caption = weights[:, 0], "red, green, blue"
    elif weights.shape[3] == 1:
        filters, caption = weights[..., 0], "weights"
    else:
        filters, caption = np.linalg.norm(weights, axis=3), "strength"
    return Answers(pictures[0], cache.layers[layer].active[0].transpose(2, 0, 1), filters, caption)


def tiled(maps: NDArray) -> NDArray:
    """Return maps side by side, each divided by its largest value, in a square of 168 x 168 pixels."""
    count, rows, columns = maps.shape
    across = math.ceil(math.sqrt(count))
    side = CANVAS // across
    largest = maps.max(axis=(1, 2), keepdims=True)
    maps = maps / np.where(largest > 0, largest, 1)
    pixels = np.ix_(*(np.arange(side - 1) * size // (side - 1) for size in (rows, columns)))
    canvas = np.full((CANVAS, CANVAS), np.nan)
    for n, answer in enumerate(maps):
        top, left = n // across * side, n % across * side
        canvas[top : top + side - 1, left : left + side - 1] = answer[pixels]
    return canvas


def explorer(encoder: PictureEncoder) -> Panel:
    """Return the explorer of filters and feature maps, to be displayed.

    Parameters
    ----------
    encoder : PictureEncoder
    """
    figure, axes = plt.subplots(1, 4, figsize=(10.5, 3.3), width_ratios=[1, 1.25, 1, 0.55])
    names = ("the scene", "all maps of the layer", "the chosen map", "its filter")
    for one, name in zip(axes, names, strict=True):
        one.set(xticks=[], yticks=[], xlabel=name, frame_on=False)
    shown = axes[0].imshow(np.zeros((SIZE, SIZE, 3)))
    every = axes[1].imshow(np.zeros((CANVAS, CANVAS)), cmap="viridis", vmin=0, vmax=1)
    extent = (0, 1, 1, 0)
    chosen = axes[2].imshow(np.zeros((SIZE, SIZE)), cmap="viridis", vmin=0, vmax=1, extent=extent)
    weights = axes[3].imshow(np.zeros((5, 5)), cmap="RdBu_r", vmin=-1, vmax=1, extent=extent)
    strength, caption = axes[2].set_title(""), axes[3].set_title("", fontsize=10)
    look = lru_cache(maxsize=1)(lambda scene, layer: compute(encoder, scene, LAYERS[layer]))

    def update(scene: int, layer: str, filter: int) -> None:
        answers = look(scene, layer)
        one, its = answers.maps[filter - 1], answers.filters[filter - 1]
        shown.set_data(answers.picture)
        every.set_data(tiled(answers.maps))
        chosen.set_data(one / max(float(one.max()), 1e-9))
        weights.set_data(its / np.abs(its).max())
        strength.set_text(f"up to {one.max():.1f}")
        caption.set_text(answers.caption)

    live = LiveFigure(
        figure,
        [shown, every, chosen, weights, strength, caption],
        alt=lambda: (
            f"A scene, the maps of all filters of a layer, one of them enlarged ({strength.get_text()}), its weights."
        ),
    )
    filters = {
        words: len(encoder.layers[name].convolution.params["b"])
        for words, name in LAYERS.items()
        if name in encoder.layers
    }
    layer = Dropdown(options=list(filters), description="layer")
    filter = IntSlider(value=1, min=1, max=filters[layer.value], description="filter")
    layer.observe(lambda change: setattr(filter, "max", filters[change.new]), "value")
    scene = IntSlider(value=3, min=0, max=30, description="scene")
    return live.explore(update, scene=scene, layer=layer, filter=filter)
