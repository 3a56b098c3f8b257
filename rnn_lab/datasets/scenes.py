"""Scenes drawn by the course: coloured shapes and real handwritten digits on a cluttered, noisy ground."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnn_lab.datasets.download import bundled
from rnn_lab.nn.checks import as_generator, as_size

DIGITS_SHA256 = "1c789d27911ca1e0343e835e4912b310150c8f8939f5e08c1be1de17cc4d6e80"
PARTS = {"train": (0, 1157), "choose": (1157, 1415), "test": (1415, 1797)}  # rows of digits.csv, cut between writers
SIZE = 40  # pixels, both ways
SHAPES = ("circle", "square", "triangle", "cross")
NUMERALS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
KINDS = SHAPES + NUMERALS
RADII = {"small": 4.5, "large": 7.0}  # pixels
COLOURS = {
    "red": (0.86, 0.20, 0.18),
    "green": (0.20, 0.68, 0.28),
    "blue": (0.20, 0.40, 0.95),
    "yellow": (0.95, 0.85, 0.20),
    "purple": (0.66, 0.28, 0.80),
    "white": (0.96, 0.96, 0.96),
}
GAP = 1.0  # pixels between two things, at least
TURN = 15.0  # degrees, at most
PATCH = np.arange(-11, 12, dtype=np.float32)  # pixels around its centre in which a thing is drawn
STROKES = 3
AT_ONCE = 250  # pictures that are drawn together
NOISE, SHADE = 0.04, 0.05  # standard deviations of a pixel and of a thing's colour


class Thing(NamedTuple):
    """One thing in a scene.

    Attributes
    ----------
    kind, colour, size : str
        Of KINDS, COLOURS and RADII.
    x, y : float
        Its centre in pixels, from the left and from the top.
    angle : float
        Degrees, clockwise.
    sample : int
        Of a digit, which of the `handwritten` ones.
    """

    kind: str
    colour: str
    size: str
    x: float
    y: float
    angle: float = 0.0
    sample: int = 0


Scene = tuple[Thing, ...]
QUESTIONS: tuple[tuple[str, ...], ...] = (KINDS, tuple(COLOURS), tuple(RADII))


def held_out(colour: str, kind: str) -> bool:
    """Tell whether a colour and a kind never meet in training: so it is for two of the 14 kinds of each colour."""
    return (2 * list(COLOURS).index(colour) + KINDS.index(kind)) % 7 == 0


@cache
def handwritten() -> tuple[NDArray, NDArray]:
    """Return 1,797 handwritten digits (Kaynak, 1995; UCI): ink from 0 to 1, (1797, 8, 8), and which digit each is."""
    table = np.loadtxt(bundled("digits.csv", DIGITS_SHA256), np.float32, delimiter=",", skiprows=1)
    return table[:, 1:].reshape(-1, 8, 8) / 16, table[:, 0].astype(int)


@cache
def samples(numeral: str, part: str) -> NDArray:
    """Return which of the `handwritten` digits of a part, such as ``"test"``, show a numeral, such as ``"seven"``."""
    first, end = PARTS[part]
    return first + np.flatnonzero(handwritten()[1][first:end] == NUMERALS.index(numeral))


def random_scene(
    rng: np.random.Generator, part: str = "train", unseen: bool = False, count: int | None = None
) -> Scene:
    """Draw two or three things, half of them shapes and half digits, at places where they hardly ever overlap.

    Circles never do; the corners of squares and the ends of digits reach a little farther.

    Parameters
    ----------
    rng : numpy.random.Generator
    part : {"train", "choose", "test"}
        Whose handwriting: each part has writers of its own.
    unseen : bool
        Whether all colours and kinds are combinations that are held out; otherwise none is.
    count : int, optional
        How many things, from 1 to 3; two or three unless given.

    Raises
    ------
    ValueError
        If there is no such part, or `count` is another number.
    """
    if part not in PARTS:
        raise ValueError(f"part is {part!r}; expected one of {', '.join(PARTS)}")
    if count not in (None, 1, 2, 3):
        raise ValueError(f"count is {count!r}; expected 1, 2 or 3, or None for two or three")
    rng, unseen = as_generator(rng), bool(unseen)
    count = count or int(rng.integers(2, 4))
    scene: list[Thing] = []
    while len(scene) < count:
        kinds = SHAPES if rng.random() < 0.5 else NUMERALS
        colour, kind = _pairs(kinds, unseen)[int(rng.random() * len(_pairs(kinds, unseen)))]
        size = "small" if rng.random() < 0.5 else "large"
        reach = RADII[size] + 1
        x, y = reach + rng.random(2) * (SIZE - 1 - 2 * reach)
        if any(np.hypot(x - other.x, y - other.y) < RADII[size] + RADII[other.size] + GAP for other in scene):
            continue
        writing = samples(kind, part) if kind in NUMERALS else (0,)
        angle, sample = rng.uniform(-TURN, TURN), writing[int(rng.random() * len(writing))]
        scene.append(Thing(kind, colour, size, float(x), float(y), float(angle), int(sample)))
    return tuple(scene)


@cache
def _pairs(kinds: tuple[str, ...], unseen: bool) -> list[tuple[str, str]]:
    return [(colour, kind) for colour in COLOURS for kind in kinds if held_out(colour, kind) is unseen]


def answers(scenes: Sequence[Scene]) -> NDArray:
    """Return of the first thing of each scene its kind, colour and size, as places in QUESTIONS, shape (N, 3)."""
    first = [(scene[0].kind, scene[0].colour, scene[0].size) for scene in scenes]
    return np.array([[words.index(word) for words, word in zip(QUESTIONS, row, strict=True)] for row in first])


def draw(scenes: Sequence[Scene], rng: np.random.Generator) -> NDArray:
    """Draw scenes; where things overlap, the later one is on top.

    Parameters
    ----------
    scenes : sequence of Scene
        N of them; an empty one is ground alone.
    rng : numpy.random.Generator
        Ground, clutter, shades and noise come from it: the same ones for the same number of things.

    Returns
    -------
    ndarray of float32, shape (N, 40, 40, 3)
        Red, green and blue from 0 to 1.

    Raises
    ------
    TypeError, ValueError
        If there is no scene, a scene is not made of things, or a thing is unknown or lies outside.
    """
    if not len(scenes):
        raise ValueError("scenes is empty; expected at least one scene")
    rng = as_generator(rng)
    for thing in (thing for scene in scenes for thing in scene):
        if not isinstance(thing, Thing):
            raise TypeError(f"a scene holds {thing!r}; expected things: scenes is a list of tuples of Thing")
        _check(thing)
    N, border = len(scenes), len(PATCH) // 2
    wide = np.pad(_ground(N, rng), ((0, 0), (border, border), (border, border), (0, 0)))  # room for every patch
    for place in range(max(map(len, scenes))):
        which = np.array([n for n, scene in enumerate(scenes) if len(scene) > place])
        things = [scenes[n][place] for n in which]
        colours = np.array([COLOURS[thing.colour] for thing in things], np.float32)
        colours += SHADE * rng.standard_normal(colours.shape, np.float32)
        rows, columns = (
            np.array([round(centre) for centre in centres])[:, None] + np.arange(len(PATCH))
            for centres in ([thing.y for thing in things], [thing.x for thing in things])
        )
        patch = which[:, None, None], rows[:, :, None], columns[:, None, :]
        under = wide[patch]
        wide[patch] = under + _ink(things)[..., None] * (colours[:, None, None] - under)
    pictures = wide[:, border : border + SIZE, border : border + SIZE]
    return np.clip(pictures + NOISE * rng.standard_normal(pictures.shape, np.float32), 0, 1)


def draw_random(
    rng: np.random.Generator, count: int, part: str = "train", unseen: bool = False, things: int | None = None
) -> tuple[list[Scene], NDArray]:
    """Draw `count` random scenes -> the scenes and their pictures; the rest is as in `random_scene`."""
    count = as_size("count", count)
    scenes = [random_scene(rng, part, unseen, things) for _ in range(count)]
    return scenes, np.concatenate([draw(scenes[n : n + AT_ONCE], rng) for n in range(0, count, AT_ONCE)])


def _check(thing: Thing) -> None:
    for name, known in (("kind", KINDS), ("colour", COLOURS), ("size", RADII)):
        if getattr(thing, name) not in known:
            raise ValueError(f"a thing's {name} is {getattr(thing, name)!r}; expected one of {', '.join(known)}")
    if not (0 <= thing.x <= SIZE - 1 and 0 <= thing.y <= SIZE - 1):
        raise ValueError(f"a thing's centre is ({thing.x}, {thing.y}); expected both from 0 to {SIZE - 1} pixels")
    if not 0 <= thing.sample < len(handwritten()[1]):
        raise ValueError(f"a thing's sample is {thing.sample}; expected 0 to {len(handwritten()[1]) - 1}")
    if thing.kind in NUMERALS and handwritten()[1][thing.sample] != NUMERALS.index(thing.kind):
        raise ValueError(
            f"sample {thing.sample} of a {thing.kind} shows a {NUMERALS[handwritten()[1][thing.sample]]}; "
            f'expected one of samples("{thing.kind}", part)'
        )


def _ground(N: int, rng: np.random.Generator) -> NDArray:
    """Draw a dark ground that gets lighter to one side, and strokes that mean nothing, (N, SIZE, SIZE, 3)."""

    def drawn(low: float, high: float, *shape: int) -> NDArray:
        return rng.uniform(low, high, (*shape, N, 1, 1)).astype(np.float32)

    across = np.arange(SIZE, dtype=np.float32)
    slopes = drawn(-0.004, 0.004, 2)
    grey = drawn(0.05, 0.3) + slopes[0] * (across - SIZE / 2) + slopes[1] * (across - SIZE / 2)[:, None]
    for _ in range(STROKES):
        x, y = drawn(0, SIZE, 2)
        angle, length, width = drawn(0, np.pi), drawn(2, 9), drawn(0.5, 1.2)
        right, down = across - x, across[:, None] - y
        along, aside = np.cos(angle) * right + np.sin(angle) * down, np.cos(angle) * down - np.sin(angle) * right
        inside = np.minimum(length - np.abs(along), width - np.abs(aside))
        grey += np.clip(inside + 0.5, 0, 1) * drawn(-0.2, 0.2)
    return grey[..., None] + 0.03 * rng.standard_normal((N, 1, 1, 3), np.float32)


def _ink(things: Sequence[Thing]) -> NDArray:
    """Return how much of each pixel of its patch each thing covers, (M, 23, 23)."""
    numbers = [(thing.x, thing.y, np.deg2rad(thing.angle), RADII[thing.size]) for thing in things]
    x, y, angle, radius = np.array(numbers, np.float32).T[:, :, None, None]
    right, down = PATCH + np.round(x) - x, PATCH[:, None] + np.round(y) - y
    u = (np.cos(angle) * right + np.sin(angle) * down) / radius  # to the thing's own right, in radii
    v = (np.cos(angle) * down - np.sin(angle) * right) / radius  # and down
    covered = np.empty(u.shape, np.float32)
    kinds = np.array([thing.kind for thing in things])
    for shape in SHAPES:
        its = kinds == shape
        covered[its] = np.clip(DEPTHS[shape](u[its], v[its]) * radius[its] + 0.5, 0, 1)
    written = np.isin(kinds, NUMERALS)
    covered[written] = _enlarged(handwritten()[0][[thing.sample for thing in things]][written], u[written], v[written])
    return covered


def _enlarged(pictures: NDArray, u: NDArray, v: NDArray) -> NDArray:
    """Look digits of 8 x 8 pixels up at any points, between their pixels in proportion (bilinearly)."""
    framed = np.pad(pictures, ((0, 0), (2, 2), (2, 2)))
    row, column = (np.clip(3.6 * axis + 5.5, 0, 10.99) for axis in (v, u))  # 5.5 is the middle of the frame
    i, j, which = row.astype(int), column.astype(int), np.arange(len(pictures))[:, None, None]
    down, right = row - i, column - j
    above = framed[which, i, j] * (1 - right) + framed[which, i, j + 1] * right
    below = framed[which, i + 1, j] * (1 - right) + framed[which, i + 1, j + 1] * right
    return np.minimum(1.4 * (above * (1 - down) + below * down), 1)


def _cross(u: NDArray, v: NDArray) -> NDArray:
    u, v = np.abs(u), np.abs(v)
    return np.maximum(np.minimum(0.3 - u, 1 - v), np.minimum(1 - u, 0.3 - v))


DEPTHS: dict[str, Callable[[NDArray, NDArray], NDArray]] = {  # how far inside a shape of radius 1 a point lies
    "circle": lambda u, v: 1 - np.hypot(u, v),
    "square": lambda u, v: 0.87 - np.maximum(np.abs(u), np.abs(v)),
    "triangle": lambda u, v: 0.57 - np.maximum(v - 0.15, np.sqrt(0.75) * np.abs(u) - (v - 0.15) / 2),
    "cross": _cross,
}
