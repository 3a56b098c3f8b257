"""How good the answers are, counted by libraries that others use too."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn.checks import as_array, as_ndarray, as_size


def exact_match(written: Sequence[str], expected: Sequence[str]) -> float:
    """Return the share of texts that are right in every character, from 0 to 1.

    Raises
    ------
    ValueError
        If there are none, or not as many of the one as of the other.
    """
    _check_alike(written, expected)
    return sum(one == other for one, other in zip(written, expected, strict=True)) / len(expected)


def any_match(written: Sequence[str], allowed: Sequence[Sequence[str]]) -> float:
    """Return the share of texts that are one of those allowed in their place, from 0 to 1.

    Raises
    ------
    ValueError
        If there are none, or not as many of the one as of the other.
    """
    _check_alike(written, allowed)
    return sum(text in texts for text, texts in zip(written, allowed, strict=True)) / len(written)


def word_accuracy(written: Sequence[str], allowed: Sequence[Sequence[str]]) -> float:
    """Return the share of words that are right in their place, each text held against the allowed one nearest to it.

    Raises
    ------
    ValueError
        If there are none, not as many of the one as of the other, or nothing is allowed for one of them.
    """
    _check_alike(written, allowed)
    if not all(allowed):
        raise ValueError("allowed has an empty list; expected at least one right text for each that is written")
    shares = [max(_shared_words(text, right) for right in texts) for text, texts in zip(written, allowed, strict=True)]
    return sum(shares) / len(shares)


def _shared_words(one: str, other: str) -> float:
    words = one.split(), other.split()
    return sum(a == b for a, b in zip(*words, strict=False)) / max(map(len, words))


def bleu(written: Sequence[str], expected: Sequence[str] | Sequence[Sequence[str]]) -> float:
    """Return the BLEU of translations (Papineni et al., 2002), from 0 to 100, as sacreBLEU counts it (Post, 2018).

    Case counts, and punctuation marks are words: the tokenizer is `13a`, sacreBLEU's own.

    Parameters
    ----------
    written, expected : sequence of str
        Sentences as they are printed, not split into words; one right translation for each, or several as a list.

    Raises
    ------
    ValueError
        If there are none, or not as many of the one as of the other.
    """
    import sacrebleu  # imported here, because only real sentences need it

    _check_alike(written, expected)
    right = [[texts] if isinstance(texts, str) else texts for texts in expected]
    references = [list(nth) for nth in zip_longest(*right)]  # None where a sentence has fewer than others
    return float(sacrebleu.corpus_bleu(list(written), references).score)


def character_error_rate(written: Sequence[str], expected: Sequence[str]) -> float:
    """Return how many characters must be put in, left out or changed to mend the texts, per expected one, by jiwer.

    Raises
    ------
    ValueError
        If there are none, or not as many of the one as of the other, or an expected one is empty.
    """
    import jiwer  # imported here, because only speech needs it

    _check_alike(written, expected)
    return float(jiwer.cer(list(expected), list(written)))


def word_error_rate(written: Sequence[str], expected: Sequence[str]) -> float:
    """Return how many words must be put in, left out or changed to mend the texts, per expected one, by jiwer.

    Raises
    ------
    ValueError
        As `character_error_rate`.
    """
    import jiwer

    _check_alike(written, expected)
    return float(jiwer.wer(list(expected), list(written)))


class Reliability(NamedTuple):
    """How often a classifier is right, by how sure it is of it.

    Attributes
    ----------
    edges : ndarray, shape (B + 1,)
        The borders of the bins, from 0 to 1.
    counts : ndarray of int, shape (B,)
        How many predictions have a confidence, the probability of the likeliest class, in each bin.
    confidence, accuracy : ndarray, shape (B,)
        The mean confidence in each bin, and the share that is right; NaN where there is none.
    """

    edges: NDArray
    counts: NDArray
    confidence: NDArray
    accuracy: NDArray

    @property
    def error(self) -> float:
        """The expected calibration error: how far confidence and accuracy lie apart, over all predictions."""
        filled = self.counts > 0
        gaps = np.abs(self.confidence[filled] - self.accuracy[filled])
        return float(gaps @ self.counts[filled] / self.counts.sum())


def reliability(probabilities: ArrayLike, labels: ArrayLike, bins: int = 10) -> Reliability:
    """Sort predictions into bins of equal width by their confidence (Guo et al., 2017).

    Parameters
    ----------
    probabilities : array_like, shape (N, K)
        Of each class; each row sums to 1.
    labels : array_like of int, shape (N,)
        The right classes.
    bins : int
        B.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, or a row does not sum to 1.
    """
    p, labels, B = as_array("probabilities", probabilities, ("N", "K")), as_ndarray("labels", labels), bins
    if labels.shape != p.shape[:1]:
        raise ValueError(f"labels has shape {labels.shape}; expected {p.shape[:1]}, one for each row of probabilities")
    if not np.allclose(p.sum(axis=1), 1, atol=1e-4):
        raise ValueError("probabilities has a row that does not sum to 1; expected the softmax of the scores")
    sure, right = p.max(axis=1).astype(np.float64), p.argmax(axis=1) == labels
    place = np.minimum((sure * as_size("bins", B)).astype(int), B - 1)
    counts = np.bincount(place, minlength=B)
    with np.errstate(invalid="ignore"):  # empty bins give NaN
        confidence, accuracy = (np.bincount(place, values, B) / counts for values in (sure, right))
    return Reliability(np.linspace(0, 1, B + 1), counts, confidence, accuracy)


def _check_alike(written: Sequence[str], expected: Sequence[str] | Sequence[Sequence[str]]) -> None:
    if not expected or len(written) != len(expected):
        raise ValueError(f"written has {len(written)} texts, expected {len(expected)}; give as many, one at least")
