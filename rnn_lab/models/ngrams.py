"""Language modelling by counting: n-grams with Witten-Bell interpolation, the baseline of every network."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn.checks import as_ndarray, as_size


class Counts(NamedTuple):
    """What was seen of one order, looked up by number: a sequence of tokens is a number with V as its base."""

    grams: NDArray  # sorted: each context with its next token
    gram_counts: NDArray
    contexts: NDArray  # sorted
    context_counts: NDArray
    followers: NDArray  # how many different tokens were seen after each context


class NGrams:
    """Interpolated Witten-Bell n-grams (Witten & Bell, 1991; as in Chen & Goodman, 1999).

    ::

        p_n(x | context) = (count(context x) + followers(context) * p_{n-1}(x | context[1:]))
                           / (count(context) + followers(context))

    and p_0 = 1 / V. A context that was never seen leaves everything to the shorter one.

    Parameters
    ----------
    ids : array_like of int, shape (T,)
        The text that is counted.
    order : int
        n, the longest sequence that is counted; it predicts from the n - 1 tokens before.
    vocabulary_size : int
        V.

    Raises
    ------
    TypeError, ValueError
        If the ids are not tokens, or too few, or V to the power of n exceeds the whole numbers of 64 bits.
    """

    def __init__(self, ids: ArrayLike, order: int, vocabulary_size: int) -> None:
        self.order, self.vocabulary_size = as_size("order", order), as_size("vocabulary_size", vocabulary_size)
        if self.vocabulary_size**self.order >= 2**63:
            raise ValueError(
                f"order is {order}, and {vocabulary_size}**{order} exceeds 2**63; expected a smaller order"
            )
        ids = self._as_tokens(ids)
        if len(ids) < self.order:
            raise ValueError(f"ids has {len(ids)} tokens; expected at least order = {order}")
        self._counts = [self._count(ids, n) for n in range(1, self.order + 1)]

    def log_probabilities(self, ids: ArrayLike) -> NDArray:
        """Return the logarithm of the probability of each token of a text after those before it, in nats.

        Parameters
        ----------
        ids : array_like of int, shape (T,)

        Returns
        -------
        ndarray, shape (T,)
            The first tokens have shorter contexts, or none.

        Raises
        ------
        TypeError, ValueError
            If the ids are not tokens.
        """
        ids = self._as_tokens(ids)
        p = np.full(len(ids), 1 / self.vocabulary_size)
        for n in range(1, min(self.order, len(ids)) + 1):
            grams = self._numbered(ids, n)
            p[n - 1 :] = self._interpolate(n, grams // self.vocabulary_size, grams, p[n - 1 :])
        return np.log(p)

    def step(self, ids: ArrayLike, state: NDArray | None = None) -> tuple[NDArray, NDArray]:
        """Read one token of each sequence -> the logarithms of the probabilities of the next one, and the state.

        Parameters
        ----------
        ids : array_like of int, shape (N,)
        state : ndarray of int, shape (T, N), optional
            The tokens read before, n - 2 at most.

        Returns
        -------
        logits : ndarray, shape (N, V)
        state : ndarray, shape (T, N)
            The tokens that the next prediction is made from, n - 1 at most.
        """
        ids = self._as_tokens(ids)
        read = ids[None] if state is None else np.concatenate([state, ids[None]])
        read = read[max(0, len(read) - self.order + 1) :]
        V = self.vocabulary_size
        p = np.full((len(ids), V), 1 / V)
        for n in range(1, len(read) + 2):
            contexts = np.zeros(len(ids), np.int64)
            for token in read[len(read) - n + 1 :]:
                contexts = contexts * V + token
            p = self._interpolate(n, contexts[:, None], contexts[:, None] * V + np.arange(V), p)
        return np.log(p), read

    def _interpolate(self, n: int, contexts: NDArray, grams: NDArray, shorter: NDArray) -> NDArray:
        """Mix what order n counted with the probabilities of the order below."""
        counts = self._counts[n - 1]
        seen = _look_up(counts.grams, counts.gram_counts, grams)
        before = _look_up(counts.contexts, counts.context_counts, contexts)
        followers = _look_up(counts.contexts, counts.followers, contexts)
        return np.where(before > 0, (seen + followers * shorter) / np.maximum(before + followers, 1), shorter)

    def _count(self, ids: NDArray, n: int) -> Counts:
        grams, gram_counts = np.unique(self._numbered(ids, n), return_counts=True)
        contexts, first, followers = np.unique(grams // self.vocabulary_size, return_index=True, return_counts=True)
        return Counts(grams, gram_counts, contexts, np.add.reduceat(gram_counts, first), followers)

    def _numbered(self, ids: NDArray, n: int) -> NDArray:
        """Return the number of each n tokens in a row, shape (T - n + 1,)."""
        grams = np.zeros(len(ids) - n + 1, np.int64)
        for place in range(n):
            grams = grams * self.vocabulary_size + ids[place : len(ids) - n + 1 + place]
        return grams

    def _as_tokens(self, ids: ArrayLike) -> NDArray:
        ids = as_ndarray("ids", ids)
        if ids.ndim != 1 or ids.size == 0:
            raise ValueError(f"ids has shape {ids.shape}; expected (T,), with at least one token")
        if ids.dtype.kind not in "iu":
            raise TypeError(f"ids holds values of type {ids.dtype}; expected whole numbers")
        if ids.min() < 0 or ids.max() >= self.vocabulary_size:
            raise ValueError(
                f"ids holds values from {ids.min()} to {ids.max()}; expected 0 to {self.vocabulary_size - 1}"
            )
        return ids


def _look_up(keys: NDArray, values: NDArray, wanted: NDArray) -> NDArray:
    """Return the value of each wanted key, 0 where it is not among the sorted `keys`."""
    places = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0)
