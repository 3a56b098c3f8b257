"""Sentences as sets of words or of short phrases, and two linear models of them: the baselines of every classifier."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn import Adam, cosine_decay
from rnn_lab.nn.checks import as_array, as_ndarray, as_positive, as_size
from rnn_lab.nn.functions import sigmoid


class Table(NamedTuple):
    """A matrix of zeros and ones, shape `shape`, by the places of its ones: one row for each sentence.

    Attributes
    ----------
    rows, columns : ndarray of int, shape (ones,)
    shape : tuple of int
        N sentences and F features.
    """

    rows: NDArray
    columns: NDArray
    shape: tuple[int, int]

    def times(self, weights: NDArray) -> NDArray:
        """Return the sum of the weights of each sentence's features: (F,) -> (N,)."""
        return np.bincount(self.rows, weights[self.columns], self.shape[0])

    def transposed_times(self, values: NDArray) -> NDArray:
        """Return the sum of the values of the sentences that have each feature: (N,) -> (F,)."""
        return np.bincount(self.columns, values[self.rows], self.shape[1])


class BagOfWords:
    """Which phrases of up to `order` words occur in a sentence, whatever their order and number.

    Parameters
    ----------
    sentences : sequence of sequence of str
        Whose phrases are known; others are left out.
    order : int
        1 for words alone, 2 for words and pairs of neighbours (bigrams), and so on.

    Attributes
    ----------
    phrases : list of tuple of str
        In the order of the columns.

    Raises
    ------
    ValueError
        If there is no word, or `order` is not at least 1.
    """

    def __init__(self, sentences: Sequence[Sequence[str]], order: int = 1) -> None:
        self.order = as_size("order", order)
        self.phrases = sorted({phrase for words in sentences for phrase in self._phrases_of(words)})
        if not self.phrases:
            raise ValueError("sentences has no word; expected one at least")
        self._columns = {phrase: column for column, phrase in enumerate(self.phrases)}

    def table(self, sentences: Sequence[Sequence[str]]) -> Table:
        """Return which of the phrases each sentence has."""
        found = [{self._columns.get(phrase, -1) for phrase in self._phrases_of(words)} for words in sentences]
        columns = [sorted(known - {-1}) for known in found]
        rows = np.repeat(np.arange(len(columns)), [len(row) for row in columns])
        flat = np.array([column for row in columns for column in row], np.int64)
        return Table(rows, flat, (len(columns), len(self.phrases)))

    def _phrases_of(self, words: Sequence[str]) -> Iterator[tuple[str, ...]]:
        for order in range(1, self.order + 1):
            for start in range(len(words) - order + 1):
                yield tuple(words[start : start + order])


class LinearModel(NamedTuple):
    """A weight for each feature: the score of a sentence is the sum of its features' weights, and the bias.

    Attributes
    ----------
    weights : ndarray, shape (F,)
    bias : float
    """

    weights: NDArray
    bias: float

    def scores(self, table: Table) -> NDArray:
        """Return the logarithm of the odds that each sentence is praise, shape (N,); above 0 it is likelier."""
        return table.times(self.weights) + self.bias

    def probabilities(self, table: Table) -> NDArray:
        """Return the probability of each class, shape (N, 2)."""
        praise = sigmoid(self.scores(table))
        return np.stack([1 - praise, praise], axis=1)


def naive_bayes(table: Table, labels: ArrayLike, smoothing: float = 1.0) -> LinearModel:
    """Weigh each feature by how much more often it comes in praise, as if features came independently of each other.

    ::

        p(feature | class) = (count + smoothing) / (sum of these over all features)
        weight = log(p(feature | praise) / p(feature | not))

    Parameters
    ----------
    table : Table
    labels : array_like of int, shape (N,)
        1 for praise, 0 for the other; both occur.
    smoothing : float
        What is added to each count, so that no feature rules a class out.

    Raises
    ------
    TypeError, ValueError
        If the labels do not fit, or `smoothing` is not above 0.
    """
    labels, smoothing = _as_labels(labels, table), as_positive("smoothing", smoothing)
    log_p = []
    for label in (0, 1):
        counts = table.transposed_times((labels == label).astype(float)) + smoothing
        log_p.append(np.log(counts / counts.sum()))
    praise = labels.mean()
    return LinearModel(log_p[1] - log_p[0], float(np.log(praise / (1 - praise))))


def logistic_regression(
    table: Table, labels: ArrayLike, penalty: float, scale: ArrayLike | None = None, steps: int = 400
) -> LinearModel:
    """Weigh the features so that the labels get the largest probability, less a penalty for large weights.

    ::

        minimise   mean of log(1 + exp(-sign * score))  +  penalty / 2 * sum of weights**2

    There is one minimum, so it does not matter where one begins: at zero.

    Parameters
    ----------
    table : Table
    labels : array_like of int, shape (N,)
        1 for praise, 0 for the other; both occur.
    penalty : float
        Above 0.
    scale : array_like, shape (F,), optional
        What stands in the table instead of ones. The weights of naive Bayes make a famously strong baseline of it
        (Wang & Manning, 2012).
    steps : int
        Of gradient descent on all sentences at once, by `Adam` with a rate that falls to zero.

    Raises
    ------
    TypeError, ValueError
        If the labels or the scale do not fit, or `penalty` is not above 0.
    """
    labels, penalty = _as_labels(labels, table), as_positive("penalty", penalty)
    N, F = table.shape
    scale = np.ones(F) if scale is None else as_array("scale", scale, (F,), finite=True)
    params = {"weights": np.zeros(F), "bias": np.zeros(1)}
    optimizer = Adam(cosine_decay(0.1, as_size("steps", steps)))
    for _ in range(steps):
        error = (sigmoid(table.times(scale * params["weights"]) + params["bias"]) - labels) / N
        grads = {
            "weights": scale * table.transposed_times(error) + penalty * params["weights"],
            "bias": error.sum(keepdims=True),
        }
        optimizer.update(params, grads)
    return LinearModel(scale * params["weights"], float(params["bias"][0]))


def _as_labels(labels: ArrayLike, table: Table) -> NDArray:
    array = as_ndarray("labels", labels)
    if array.shape != (table.shape[0],):
        raise ValueError(f"labels has shape {array.shape}; expected ({table.shape[0]},), one for each row of the table")
    if set(np.unique(array).tolist()) != {0, 1}:
        raise ValueError(f"labels holds {np.unique(array).tolist()}; expected 0 and 1, and both of them")
    return array
