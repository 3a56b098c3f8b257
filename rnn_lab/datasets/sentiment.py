"""Sentences with a verdict: their words as numbers, batches of them, and the public ones."""

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

from rnn_lab.datasets.download import bundled, fetch
from rnn_lab.datasets.translation import padded
from rnn_lab.nn.checks import as_size

PADDING, UNKNOWN = "<padding>", "<unknown>"
WORD = re.compile(r"[\w'-]+|[^\w\s]")

_ROTTEN_TOMATOES = (
    "https://raw.githubusercontent.com/dennybritz/cnn-text-classification-tf/18762b459e21d9c70e5c242f8d43fc4e6db37a0d"
    "/data/rt-polaritydata/rt-polarity."
)
ROTTEN_TOMATOES = (  # in the order of the labels
    (f"{_ROTTEN_TOMATOES}neg", "2d11cfbc790f1cd96d78339f41ce53ced1efa83cd22d37d6788fa3fe3d17e2fd"),
    (f"{_ROTTEN_TOMATOES}pos", "4134882974a28d0c7b5151256f0e33a6169984ee7372c279e673f1114f475d58"),
)
RESULTS = {
    "rotten tomatoes": ("rotten_tomatoes.json", "221d05e6f6c0f4c8bc55d2b6f2080355d4c6bf601b3654f56b8d08a1ccd52089"),
    "held-out constructions": (
        "held_out_constructions.json",
        "20e5f7475a2baef8a62688ee7cd3de961df9b30f2901947f0dadc38c088598a6",
    ),
}


class Sentence(NamedTuple):
    """A sentence and its verdict.

    Attributes
    ----------
    words : list of str
    label : int
        1 if it praises, 0 if not.
    kind : str
        Of a generated one, what is new about its construction; empty for others.
    """

    words: list[str]
    label: int
    kind: str = ""


class Parts(NamedTuple):
    """Sentences to learn from; to choose by; and to be looked at once, at the end."""

    train: list[Sentence]
    choose: list[Sentence]
    test: list[Sentence]


def split_words(text: str) -> list[str]:
    """Return the words of a text in small letters, and its punctuation marks as words of their own.

    Raises
    ------
    TypeError
        If it is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"text is a {type(text).__name__}; expected a sentence such as 'not bad at all'")
    return WORD.findall(text.lower())


class Words:
    """A vocabulary of words: 0 is padding, 1 stands for every word that it does not know.

    Parameters
    ----------
    sentences : iterable of sequence of str
        Whose words are known.
    at_least : int
        Words that come less often stay unknown.

    Attributes
    ----------
    words : list of str
        By number.
    padding, unknown : int
        0 and 1.

    Raises
    ------
    ValueError
        If no word is left.
    """

    padding, unknown = 0, 1

    def __init__(self, sentences: Iterable[Sequence[str]], at_least: int = 1) -> None:
        counts = Counter(word for words in sentences for word in words)
        known = sorted(word for word, count in counts.items() if count >= as_size("at_least", at_least))
        if not known:
            raise ValueError(f"sentences has no word that comes {at_least} times; expected one at least")
        self.words = [PADDING, UNKNOWN, *known]
        self._numbers = {word: number for number, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._numbers

    def encode(self, words: Sequence[str]) -> list[int]:
        """Return the number of each word; an empty sentence is read as a single unknown word.

        Raises
        ------
        TypeError
            If `words` is a text that was not split.
        """
        if isinstance(words, str):
            raise TypeError("words is a text; expected a list of words: split_words(text) makes one")
        return [self._numbers.get(word, self.unknown) for word in words] or [self.unknown]

    def batch(self, sentences: Sequence[Sequence[str]]) -> tuple[NDArray, NDArray]:
        """Return sentences side by side, shape (T, N), padded at the end, and their lengths, shape (N,).

        Raises
        ------
        TypeError, ValueError
            If a sentence was not split, or there is none.
        """
        if not len(sentences):
            raise ValueError("sentences is empty; expected at least one sentence")
        return padded([self.encode(words) for words in sentences], self.padding)


def rotten_tomatoes() -> Parts:
    """Return 10,662 sentences of film reviews (Pang & Lee, 2005), half of them praise, downloaded once.

    Which part a sentence belongs to follows from its text alone: about a tenth each for choosing and for the test.

    Raises
    ------
    FileNotFoundError, ConnectionError, ValueError
        If they are not to be had, or damaged.
    """
    parts = Parts([], [], [])
    for label, (url, sha256) in enumerate(ROTTEN_TOMATOES):
        for line in fetch(url, sha256).read_text(encoding="utf-8").splitlines():
            part = {0: parts.test, 1: parts.choose}.get(zlib.crc32(line.strip().encode()) % 10, parts.train)
            part.append(Sentence(split_words(line), label))
    return parts


def results(name: str) -> dict[str, list[dict[str, Any]]]:
    """Return what ``python data/train_sentiment.py`` measured, bundled: for each model its runs, one for each seed.

    ``run["test"]`` and ``run["choose"]`` have the ``accuracy``, the expected calibration ``error``, and the ``bins`` of
    a `rnn_lab.metrics.Reliability`.

    Parameters
    ----------
    name : {"rotten tomatoes", "held-out constructions"}
        On Rotten Tomatoes, a baseline has a single run: it has no seed. Of opinions, a seed draws what is held out.

    Raises
    ------
    ValueError
        If there are no such results, or the file is damaged.
    FileNotFoundError
        If the file is missing.
    """
    if name not in RESULTS:
        raise ValueError(f"name is {name!r}; expected one of {', '.join(RESULTS)}")
    runs: dict[str, list[dict[str, Any]]] = {}
    for run in json.loads(bundled(*RESULTS[name]).read_text())["runs"]:
        runs.setdefault(run["model"], []).append(run)
    return runs
