"""From the symbols at every step to a text: the best path, and a search among texts that knows the words."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.models.ngrams import NGrams
from rnn_lab.nn.checks import as_array, as_size
from rnn_lab.nn.ctc import BLANK, collapse

# Takes what has been written, symbols without blanks, and returns a score for each symbol that may follow, shape (K,),
# and at the place of the blank for the end: logarithms, minus infinity for what may not be.
Language = Callable[[tuple[int, ...]], NDArray]
NEGLIGIBLE = -14.0  # what is less likely than e to this power, a millionth, is not written


def best_path(log_p: ArrayLike) -> list[int]:
    """Return what the likeliest path says: the likeliest symbol of each step, collapsed.

    Parameters
    ----------
    log_p : array_like, shape (T, K)
        Probabilities of the symbols of one sequence at each step, their logarithms, or scores before the softmax.
    """
    return collapse(np.argmax(as_array("log_p", log_p, ("T", "K")), axis=1))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that prefix search has looked at.

    Attributes
    ----------
    symbols : tuple of int
    log_probability : float
        Of all paths that say it, as far as they were followed.
    score : float
        With what the language says; the search ranks by it.
    """

    symbols: tuple[int, ...]
    log_probability: float
    score: float


def prefix_search(log_p: ArrayLike, width: int = 16, language: Language | None = None) -> list[Candidate]:
    """Look for the likeliest text: follow the best beginnings of texts, each with all of its paths.

    A beginning has two sums: of the paths that end in a blank, and of those that end in its last symbol. They differ in
    what comes of the same symbol again: after a blank another one, otherwise the same one, still sounding (Graves
    et al., 2006; with a language model Hannun et al., 2014).

    Parameters
    ----------
    log_p : array_like, shape (T, K)
        The logarithms of the probabilities of the symbols of one sequence at each step.
    width : int
        How many beginnings are kept at each step.
    language : callable, optional
        What may follow what, and how gladly: a `Lexicon`, a `CharacterModel`, or a function that adds up several.

    Returns
    -------
    list of Candidate
        The best first; those that may end, or if none may, those that the search had at the last step.

    Raises
    ------
    TypeError, ValueError
        If `log_p` has another shape or holds NaN, or `width` is no size.
    """
    log_p, width = as_array("log_p", log_p, ("T", "K")), as_size("width", width)
    if np.isnan(log_p).any():
        raise ValueError("log_p holds NaN; expected logarithms of probabilities")
    indifferent = np.zeros(log_p.shape[1])
    said: dict[tuple[int, ...], NDArray] = {}  # what the language says after each beginning

    def after(text: tuple[int, ...]) -> NDArray:
        if text not in said:
            said[text] = indifferent if language is None else language(text)
        return said[text]

    # beginning: paths ending in a blank, paths ending in its last symbol, what the language said so far
    kept: dict[tuple[int, ...], tuple[float, float, float]] = {(): (0.0, -math.inf, 0.0)}
    for row in log_p.astype(np.float64):
        grown: dict[tuple[int, ...], tuple[float, float, float]] = {}
        step, heard = row.tolist(), row > NEGLIGIBLE
        heard[BLANK] = False
        for text, (blank, symbol, praise) in kept.items():
            both = _log_add(blank, symbol)
            last = text[-1] if text else BLANK
            _add(grown, text, both + step[BLANK], symbol + step[last] if text else -math.inf, praise)
            follow = after(text)
            for k in np.flatnonzero(heard & np.isfinite(follow)).tolist():
                ways = blank if k == last else both
                if ways > -math.inf:
                    _add(grown, (*text, k), -math.inf, ways + step[k], praise + float(follow[k]))
        best = sorted(grown, key=lambda text: _log_add(*grown[text][:2]) + grown[text][2], reverse=True)[:width]
        kept = {text: grown[text] for text in best}

    found, unfinished = [], []
    for text, (blank, symbol, praise) in kept.items():
        total, end = _log_add(blank, symbol), float(after(text)[BLANK])
        if math.isfinite(end):
            found.append(Candidate(text, total, total + praise + end))
        else:
            unfinished.append(Candidate(text, total, total + praise))
    return sorted(found or unfinished, key=lambda candidate: candidate.score, reverse=True)


def _add(grown: dict, text: tuple[int, ...], blank: float, symbol: float, praise: float) -> None:
    """Add paths to a beginning, which may have come about in another way before."""
    before_blank, before_symbol, _ = grown.get(text, (-math.inf, -math.inf, praise))
    grown[text] = (_log_add(before_blank, blank), _log_add(before_symbol, symbol), praise)


def _log_add(a: float, b: float) -> float:
    """Add two probabilities by their logarithms; for single numbers five times as fast as `numpy.logaddexp`."""
    low, high = min(a, b), max(a, b)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


class Lexicon:
    """A language of known words, with one space between two: nothing else may be written.

    Parameters
    ----------
    words : iterable of sequences of int
        In symbols.
    space : int
        The symbol between words.
    symbols : int
        K, the blank included.

    Raises
    ------
    ValueError
        If there is no word, or one is empty or holds something else than letters.
    """

    def __init__(self, words: Iterable[Iterable[int]], space: int, symbols: int) -> None:
        self.space, self.symbols = space, symbols
        self.words = {tuple(map(int, word)) for word in words}
        letters = set(range(1, symbols)) - {space}
        if not self.words or not all(word and set(word) <= letters for word in self.words):
            raise ValueError(
                f"words holds {sorted(self.words)}; expected words of symbols from 1 to {symbols - 1}, no space"
            )
        self.beginnings = {word[:length] for word in self.words for length in range(len(word) + 1)}

    def __call__(self, text: tuple[int, ...]) -> NDArray:
        """Score what may follow: 0 for what continues or ends a word, minus infinity for all else."""
        spaces = [place for place, symbol in enumerate(text) if symbol == self.space]
        word = text[spaces[-1] + 1 :] if spaces else text
        scores = np.full(self.symbols, -np.inf)
        for symbol in range(1, self.symbols):
            if (*word, symbol) in self.beginnings:
                scores[symbol] = 0.0
        if word in self.words:
            scores[[self.space, BLANK]] = 0.0
        elif not text:
            scores[BLANK] = 0.0  # nobody said anything
        return scores


class CharacterModel:
    """A language that was counted: n-grams of symbols, the end of a text among them.

    Parameters
    ----------
    texts : iterable of sequences of int
        In symbols.
    symbols : int
        K, the blank included; the counts use it as the border between texts.
    order : int
        n of the n-grams.
    weight : float
        How much its logarithms count beside those of the network.

    Raises
    ------
    TypeError, ValueError
        If there is no text, a symbol is none, or the order is not at least 2.
    """

    def __init__(self, texts: Iterable[Iterable[int]], symbols: int, order: int = 6, weight: float = 0.5) -> None:
        if as_size("order", order) < 2:
            raise ValueError(f"order is {order}; expected at least 2, since a single symbol has no context")
        border = [BLANK] * (order - 1)
        bordered = [[*border, *text, BLANK] for text in texts]
        if not bordered:
            raise ValueError("texts is empty; expected at least one to count")
        self.counts = NGrams(np.concatenate(bordered), order, symbols)
        self.border, self.weight = tuple(border), weight
        self._scores: dict[tuple[int, ...], NDArray] = {}  # after each context that was asked for

    def __call__(self, text: tuple[int, ...]) -> NDArray:
        """Score each symbol, and the end, by how often it followed the last ones."""
        context = (*self.border, *text)[-len(self.border) :]
        if context not in self._scores:
            state = None
            for symbol in context:
                logits, state = self.counts.step(np.array([symbol]), state)
            self._scores[context] = self.weight * logits[0]
        return self._scores[context]
