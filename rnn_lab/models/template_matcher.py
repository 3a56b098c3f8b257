"""Recognition without learning: spoken words are kept as they are, and a new sound is laid along them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn.checks import as_array


class TemplateMatcher:
    """Dynamic time warping of a sentence along templates of words, in one pass (Vintsyuk, 1971; Ney, 1984).

    Time may stretch: from one step of the sound to the next, a template stays, goes one step on, or two. Where one
    ends, any other may begin. The sentence is the sequence of templates that lies nearest to the sound.

    Parameters
    ----------
    templates : sequence of array_like, each of shape (T, D)
        The features of single words.
    words : sequence
        What each template says.

    Raises
    ------
    TypeError, ValueError
        If there is no template, one has another shape, or there are not as many words.
    """

    def __init__(self, templates: Sequence[ArrayLike], words: Sequence[Any]) -> None:
        if not templates or len(templates) != len(words):
            raise ValueError(f"there are {len(templates)} templates and {len(words)} words; expected as many, and some")
        arrays = [as_array(f"templates[{n}]", template, ("T", "D")) for n, template in enumerate(templates)]
        self.steps, self.words = np.concatenate(arrays), list(words)
        self.ends = np.cumsum([len(array) for array in arrays]) - 1
        self.starts = np.concatenate([[0], self.ends[:-1] + 1])

    def transcribe(self, x: ArrayLike) -> list[Any]:
        """Return the words that lie nearest to a sound; none if it is shorter than half of every template.

        Parameters
        ----------
        x : array_like, shape (T, D)
            Its features.

        Raises
        ------
        TypeError, ValueError
            If the shape does not fit.
        """
        distances = self._distances(as_array("x", x, ("T", self.steps.shape[1]), finite=True))
        T, M = distances.shape
        cost, begun = np.full(M, np.inf), np.zeros(M, int)  # of the best way to each step, and when it entered its word
        before_word = np.full(T + 1, np.inf)  # the best way to have finished a word, after each step
        before_word[0] = 0
        last_word, last_begun = np.zeros(T, int), np.zeros(T, int)
        each = np.arange(M)
        for t in range(T):
            ways = np.stack([cost, np.roll(cost, 1), np.roll(cost, 2)])
            ways[2, np.minimum(self.starts + 1, M - 1)] = np.inf
            ways[2, self.starts] = np.inf
            ways[1, self.starts] = before_word[t]
            since = np.stack([begun, np.roll(begun, 1), np.roll(begun, 2)])
            since[1, self.starts] = t
            way = ways.argmin(axis=0)
            cost, begun = ways[way, each] + distances[t], since[way, each]
            last_word[t] = cost[self.ends].argmin()
            end = self.ends[last_word[t]]
            before_word[t + 1], last_begun[t] = cost[end], begun[end]

        said: list[Any] = []
        t = T if np.isfinite(before_word[T]) else 0
        while t > 0:
            said.append(self.words[last_word[t - 1]])
            t = last_begun[t - 1]
        return said[::-1]

    def _distances(self, x: NDArray) -> NDArray:
        """Return the Euclidean distance of each step of the sound to each step of the templates, (T, M)."""
        squares = (x**2).sum(axis=1)[:, None] - 2 * x @ self.steps.T + (self.steps**2).sum(axis=1)
        return np.sqrt(np.maximum(squares, 0))
