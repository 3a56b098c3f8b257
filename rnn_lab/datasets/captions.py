"""What is true of a scene, in words: a small grammar, every caption that it allows, and batches to learn from."""

from collections.abc import Sequence
from functools import cache
from itertools import chain

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.datasets.scenes import COLOURS, KINDS, RADII, Scene, Thing
from rnn_lab.datasets.translation import Vocabulary, padded

CLEARLY = 5.0  # pixels between two centres, at least, before one thing is left of another
SIDES = {"left of": "on its left", "right of": "on its right", "above": "above it", "below": "below it"}
LONGEST = 12  # words of a caption


def phrase(thing: Thing) -> str:
    """Return what a thing is called: ``a small red circle``."""
    return f"a {thing.size} {thing.colour} {thing.kind}"


def relations(one: Thing, other: Thing) -> list[str]:
    """Return where one thing is clearly seen from another: ``left of``, ``above``, both, or neither."""
    right, down = one.x - other.x, one.y - other.y
    found = []
    if abs(right) >= CLEARLY:
        found.append("right of" if right > 0 else "left of")
    if abs(down) >= CLEARLY:
        found.append("below" if down > 0 else "above")
    return found


def true_captions(scene: Scene) -> list[str]:
    """Return every caption that is true of a scene; none if nothing in it is clearly beside something else.

    A caption names two things and says where one is, in either of two ways: ``a small red circle left of a large blue
    seven``, ``a large blue seven with a small red circle on its left``.
    """
    found = []
    for one in scene:
        for other in scene:
            if one is not other:
                for where in relations(one, other):
                    found += [f"{phrase(one)} {where} {phrase(other)}"]
                    found += [f"{phrase(other)} with {phrase(one)} {SIDES[where]}"]
    return list(dict.fromkeys(found))


@cache
def vocabulary() -> Vocabulary:
    """Return the words of the grammar."""
    words = " ".join(["a with", *RADII, *COLOURS, *KINDS, *SIDES, *SIDES.values()])
    return Vocabulary([words.split()])


class Captioned:
    """Scenes as they are seen, with their captions as ids.

    Parameters
    ----------
    seen : ndarray, shape (N, ...)
        A picture of each, or its features.
    captions : sequence of sequence of str
        All captions of each: as many lists as there are pictures.
    words : Vocabulary

    Raises
    ------
    ValueError
        If the numbers differ or are zero, one has no caption, a caption is empty, or a word is unknown and may not be.
    """

    def __init__(self, seen: NDArray, captions: Sequence[Sequence[str]], words: Vocabulary) -> None:
        if len(seen) != len(captions) or not len(seen):
            raise ValueError(
                f"there are {len(seen)} pictures and captions for {len(captions)}; expected as many, at least one"
            )
        if not all(captions):
            raise ValueError("captions has an empty list; expected at least one caption for each picture")
        texts = [caption.split() for caption in set(chain.from_iterable(captions))]
        if not all(texts):
            raise ValueError("captions has a caption without a word; expected at least one word in each")
        words.encode(sorted(set(chain.from_iterable(texts))))  # an unknown word is named now, not in mid-training
        self.seen, self.captions, self.words = seen, captions, words
        self._ids: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self.seen)

    def batch(self, which: ArrayLike, rng: np.random.Generator) -> tuple[NDArray, NDArray, NDArray, NDArray]:
        """Return the first four entries of a `CaptionBatch`, with a random one of each picture's captions.

        Parameters
        ----------
        which : array_like of int, shape (N,)
            The numbers of the pictures.
        rng : numpy.random.Generator
        """
        which = np.atleast_1d(which)
        chosen = [self.captions[n][int(rng.random() * len(self.captions[n]))] for n in which]
        targets, lengths = padded([self._encoded(caption) for caption in chosen], self.words.end)
        inputs = np.roll(targets, 1, axis=0)
        inputs[0] = self.words.start
        return self.seen[which], inputs, targets, np.arange(len(targets))[:, None] < lengths

    def _encoded(self, caption: str) -> list[int]:
        if caption not in self._ids:
            self._ids[caption] = self.words.encode(caption.split())
        return self._ids[caption]
