"""Pairs of texts as a translator takes them: vocabularies, and padded batches."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

START, END, UNKNOWN = "<start>", "<end>", "<unknown>"
Tokens = Sequence[str]  # a text of characters, or a list of words


class Vocabulary:
    """Tokens and their ids: first the symbols for start and end, then what the texts hold.

    Parameters
    ----------
    texts : iterable of sequence of str
        Strings give characters, lists give words.
    at_least : int, optional
        Tokens that come less often are unknown, and an unknown token gets an id of its own. Without it, every token
        of the texts is known, and an unknown one is refused.

    Attributes
    ----------
    tokens : list of str
        By id; as often in the texts, in the order of the alphabet.
    start, end : int
    unknown : int or None
    """

    def __init__(self, texts: Iterable[Tokens], at_least: int | None = None) -> None:
        counts = Counter(token for text in texts for token in text)
        known = sorted(token for token, count in counts.items() if count >= (at_least or 1))
        self.start, self.end = 0, 1
        self.unknown = None if at_least is None else 2
        self.tokens = [START, END, *([] if at_least is None else [UNKNOWN]), *known]
        self._ids = {token: number for number, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, text: Tokens) -> list[int]:
        """Return the ids of a text, and that of the end.

        Raises
        ------
        TypeError, ValueError
            If the text is empty, is not made of tokens, or holds one that is unknown and may not be.
        """
        if not isinstance(text, Sequence):
            raise TypeError(f"text is {text!r}, a {type(text).__name__}; expected a string or a list of words")
        if not text:
            raise ValueError("text is empty; expected at least one token to translate")
        if self.unknown is None:
            strange = sorted({token for token in text if token not in self._ids})
            if strange:
                known = "".join(self.tokens[2:])
                raise ValueError(f"text holds {', '.join(map(repr, strange))}; expected only tokens of {known!r}")
        return [*(self._ids.get(token, self.unknown) for token in text), self.end]  # type: ignore[list-item]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the tokens up to the end symbol, without it."""
        tokens = []
        for number in ids:
            if number == self.end:
                break
            tokens.append(self.tokens[number])
        return tokens


class Pairs:
    """Texts and their translations as ids, from which batches are made.

    Parameters
    ----------
    texts, translations : sequence of sequence of str
        As many of the one as of the other.
    source, target : Vocabulary
        Of the texts and of the translations.

    Raises
    ------
    ValueError
        If their numbers differ, there are none, or a vocabulary refuses one.
    """

    def __init__(
        self, texts: Sequence[Tokens], translations: Sequence[Tokens], source: Vocabulary, target: Vocabulary
    ) -> None:
        if len(texts) != len(translations):
            raise ValueError(f"there are {len(texts)} texts and {len(translations)} translations; expected as many")
        self.texts, self.translations = texts, translations
        self.source, self.target = source, target
        self._from = [source.encode(text) for text in texts]
        self._to = [target.encode(translation) for translation in translations]

    def __len__(self) -> int:
        return len(self.texts)

    def batch(self, which: ArrayLike) -> tuple[NDArray, NDArray, NDArray, NDArray, NDArray]:
        """Return the source, lengths, inputs, targets and mask of a `PairBatch`, padded to its own longest texts.

        Parameters
        ----------
        which : array_like of int, shape (N,)
            The numbers of the pairs.
        """
        chosen = np.atleast_1d(which)
        source, lengths = padded([self._from[number] for number in chosen], self.source.end)
        targets, written = padded([self._to[number] for number in chosen], self.target.end)
        inputs = np.roll(targets, 1, axis=0)  # the right translation, one step later
        inputs[0] = self.target.start
        return source, lengths, inputs, targets, np.arange(len(targets))[:, None] < written


def padded(sequences: Sequence[Sequence[int]], filler: int) -> tuple[NDArray, NDArray]:
    """Return sequences side by side, shape (T, N), filled up at their ends, and their lengths, shape (N,)."""
    lengths = np.array([len(ids) for ids in sequences])
    table = np.full((lengths.max(), len(sequences)), filler)
    for column, ids in enumerate(sequences):
        table[: len(ids), column] = ids
    return table, lengths
