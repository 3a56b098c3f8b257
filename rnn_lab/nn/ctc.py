"""Connectionist temporal classification: the loss of a text whose place in time nobody knows (Graves et al., 2006).

At each of T steps a network says how likely each symbol is, or the blank, symbol 0. A path is one symbol for each step;
what it says is what is left when repeated symbols are merged and blanks dropped. The probability of a text is that of
all its paths together. They run through states: the text with a blank before, between and after its symbols.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn.checks import as_array, as_mask, as_ndarray
from rnn_lab.nn.functions import log_softmax
from rnn_lab.nn.workspace import empty

BLANK = 0
IMPOSSIBLE = -1e30  # a logarithm of zero that can be subtracted from itself


def collapse(path: Iterable[int]) -> list[int]:
    """Return what a path says: repeated symbols merged, then blanks dropped."""
    symbols = list(path)
    return [int(s) for s, before in zip(symbols, [BLANK, *symbols], strict=False) if s not in (before, BLANK)]


def steps_needed(labels: ArrayLike, label_lengths: ArrayLike | None = None) -> NDArray[np.integer]:
    """Return how many steps the shortest path of each text has: one for each symbol, and a blank between two alike.

    Parameters
    ----------
    labels : array_like of int, shape (L, N)
    label_lengths : array_like of int, shape (N,), optional

    Returns
    -------
    ndarray of int, shape (N,)
    """
    symbols, counts = _as_labels(labels, label_lengths)
    alike = (symbols[1:] == symbols[:-1]) & (np.arange(1, len(symbols))[:, None] < counts)
    return counts + alike.sum(axis=0)


@dataclass(frozen=True, slots=True)
class Lattice:
    """All paths of a text: its S = 2L + 1 states over time, and the logarithms of what goes through them.

    Attributes
    ----------
    symbols : ndarray of int, shape (N, S)
        What each state stands for: blank, first symbol, blank, second symbol, ..., blank.
    log_emissions : ndarray, shape (T, N, S)
        Of the symbol of each state at each step.
    alpha : ndarray, shape (T, N, S)
        Of all beginnings of paths that are in the state at the step, the step included.
    beta : ndarray, shape (T, N, S)
        Of all ends of paths that begin there, the step included.
    log_likelihood : ndarray, shape (N,)
        Of each text; minus infinity where no path is short enough.
    """

    symbols: NDArray[np.integer]
    log_emissions: NDArray
    alpha: NDArray
    beta: NDArray
    log_likelihood: NDArray

    @property
    def posterior(self) -> NDArray:
        """How probable it is to be in each state at each step, given the text, (T, N, S); 0 where there is no path.

        What it says of the steps after the end of a sequence means nothing.
        """
        reachable = np.isfinite(self.log_likelihood)
        through = self.alpha + self.beta
        through -= self.log_emissions  # the step counts in both
        through -= np.where(reachable, self.log_likelihood, 0)[:, None]
        np.exp(np.minimum(through, 0, out=through), out=through)
        return through if reachable.all() else through * reachable[:, None]


def forward_backward(
    log_p: ArrayLike, labels: ArrayLike, lengths: ArrayLike | None = None, label_lengths: ArrayLike | None = None
) -> Lattice:
    """Add up the paths of each text by dynamic programming, from both ends.

    Parameters
    ----------
    log_p : array_like, shape (T, N, K)
        The logarithm of the probability of each symbol at each step.
    labels : array_like of int, shape (L, N)
        The texts, in symbols from 1 to K - 1; what is padded may be any number.
    lengths : array_like of int, shape (N,), optional
        How many of the T steps belong to each sequence.
    label_lengths : array_like of int, shape (N,), optional
        How many of the L symbols belong to each text; 0 is an empty one.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.
    """
    log_p = as_array("log_p", log_p, ("T", "N", "K"))
    return _lattice(log_p, *_as_texts(labels, label_lengths, lengths, log_p.shape))


def ctc_loss(
    logits: ArrayLike, labels: ArrayLike, lengths: ArrayLike | None = None, label_lengths: ArrayLike | None = None
) -> tuple[float, NDArray]:
    """Return the mean negative log-probability of the texts, in nats a text, and its gradient.

    Parameters
    ----------
    logits : array_like, shape (T, N, K)
        Scores before the softmax; symbol 0 is the blank.
    labels, lengths, label_lengths
        As in `forward_backward`.

    Returns
    -------
    loss : float
        Infinite if a text needs more steps than its sequence has; see `steps_needed`.
    dlogits : ndarray, shape (T, N, K)
        ``(softmax(logits) - posterior of each symbol) / N``; zero for a text that does not fit, and where padded.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit or a score is NaN or infinite.
    """
    logits = as_array("logits", logits, ("T", "N", "K"), finite=True)
    T, N, K = logits.shape
    symbols, counts, ends = _as_texts(labels, label_lengths, lengths, logits.shape)
    log_p = log_softmax(logits)
    lattice = _lattice(log_p, symbols, counts, ends)

    # One symbol, many states: the posteriors add up, as a product with one-hot columns.
    of_states = (lattice.symbols[:, :, None] == np.arange(K)).astype(logits.dtype)  # (N, S, K)
    of_symbols = np.matmul(lattice.posterior.swapaxes(0, 1), of_states).swapaxes(0, 1)  # (T, N, K)
    dlogits = np.exp(log_p)
    dlogits -= of_symbols
    dlogits /= N
    dlogits[(np.arange(T)[:, None] >= ends) | np.isinf(lattice.log_likelihood)] = 0
    return float(-lattice.log_likelihood.mean()), dlogits


def _lattice(log_p: NDArray, labels: NDArray, counts: NDArray, ends: NDArray) -> Lattice:
    N, last = len(counts), 2 * counts  # the last state of each text
    symbols = np.full((N, 2 * len(labels) + 1), BLANK)
    symbols[:, 1::2] = labels.T
    emissions = _emissions(log_p, symbols, last, ends)
    paths = _paths(emissions, symbols)
    alpha, beta = paths[:, 0, :, 2:], paths[::-1, 1, :, :1:-1]
    whole = alpha[-1, np.arange(N), last]
    log_likelihood = np.where(whole > IMPOSSIBLE / 2, whole, -np.inf)
    return Lattice(symbols, emissions[1:-1, 0, :, 2:], alpha[1:-1], beta[1:-1], log_likelihood)


def _emissions(log_p: NDArray, symbols: NDArray, last: NDArray, ends: NDArray) -> NDArray:
    """Look up what the states emit -> logarithms from both ends, (T + 2, 2, N, 2 + S).

    The way from the end is the way from the beginning with time and states turned round. Before its first step a text
    is in the first state, after its end in the last, which costs nothing: so all begin and end together. In front of
    the states are two that are never reached: so every state has two before it.
    """
    T, N, K = log_p.shape
    t, n, s = np.arange(T + 2)[:, None], np.arange(N), np.arange(symbols.shape[1])
    both = empty((T + 2, 2, N, 2 + len(s)), log_p.dtype)
    both[:] = IMPOSSIBLE
    emissions = both[:, 0, :, 2:]
    log_p = np.maximum(log_p, IMPOSSIBLE).reshape(T, N * K)
    within = (t[1:-1] <= ends)[:, :, None] & (s <= last[:, None])
    np.copyto(emissions[1:-1], np.take(log_p, symbols + K * n[:, None], axis=1), where=within)
    emissions[0, :, 0] = 0
    after, text = np.nonzero(t > ends)
    emissions[after, text, last[text]] = 0
    both[:, 1, :, 2:] = emissions[::-1, :, ::-1]
    return both


def _paths(emissions: NDArray, symbols: NDArray) -> NDArray:
    """Add up, from both ends, the paths to each state at each step -> logarithms, of the shape of `emissions`."""
    steps, _, N, width = emissions.shape
    barred = np.zeros((2, N, width), bool)  # from two states before: only to a symbol, and another one than that
    barred[0, :, 4:] = (symbols[:, 2:] == BLANK) | (symbols[:, 2:] == symbols[:, :-2])
    barred[1, :, 4:] = barred[0, :, :3:-1]

    # All texts side by side in one row; the first two places stay impossible.
    emitted = emissions.reshape(steps, -1)
    paths = empty(emitted.shape, emitted.dtype)
    paths[0], paths[:, :2] = emitted[0], IMPOSSIBLE
    before = sliding_window_view(paths, 3, axis=1).swapaxes(1, 2)  # from two states before, from one, from the same
    cost = np.zeros(before.shape[1:], paths.dtype)
    cost[0, barred.ravel()[2:]] = IMPOSSIBLE
    ways, (best, total) = np.empty_like(cost), np.empty_like(cost[:2])
    for t in range(1, steps):
        np.add(before[t - 1], cost, out=ways)
        np.maximum.reduce(ways, axis=0, out=best)
        ways -= best
        np.exp(ways, out=ways)
        np.add.reduce(ways, axis=0, out=total)
        np.log(total, out=total)
        best += emitted[t, 2:]
        np.add(best, total, out=paths[t, 2:])
    return paths.reshape(emissions.shape)


def _as_texts(
    labels: Any, label_lengths: ArrayLike | None, lengths: ArrayLike | None, shape: tuple[int, ...]
) -> tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.integer]]:
    """Check texts and lengths for scores of a shape -> labels (L, N), the length of each text, and of each sequence."""
    T, N, K = shape
    mask = as_mask(lengths, T, N)
    return *_as_labels(labels, label_lengths, N, K), np.full(N, T) if mask is None else mask.sum(axis=0)[:, 0]


def _as_labels(
    labels: Any, label_lengths: ArrayLike | None, N: int | None = None, K: int | None = None
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Check texts in symbols -> labels (L, N), blank where padded, and the length of each."""
    labels = as_ndarray("labels", labels)
    if labels.size and labels.dtype.kind not in "iu":
        raise TypeError(f"labels holds values of type {labels.dtype}; expected whole numbers from 1")
    if labels.ndim != 2 or (N is not None and labels.shape[1] != N):
        texts = "N" if N is None else N
        raise ValueError(f"labels has shape {labels.shape}; expected (L, {texts}), a column for each text")
    L, N = labels.shape
    counts = np.full(N, L) if label_lengths is None else as_ndarray("label_lengths", label_lengths)
    if counts.dtype.kind not in "iu":
        raise TypeError(f"label_lengths holds values of type {counts.dtype}; expected whole numbers")
    if counts.shape != (N,):
        raise ValueError(f"label_lengths has shape {counts.shape}; expected ({N},), one length for each text")
    if counts.size and (counts.min() < 0 or counts.max() > L):
        raise ValueError(f"label_lengths holds values from {counts.min()} to {counts.max()}; expected 0 to L = {L}")
    labels = np.where(np.arange(L)[:, None] < counts, labels, BLANK).astype(np.intp)
    used = labels[np.arange(L)[:, None] < counts]
    if used.size and (used.min() <= BLANK or (K is not None and used.max() >= K)):
        raise ValueError(
            f"labels holds symbols from {used.min()} to {used.max()}; "
            f"expected 1 to {'K - 1' if K is None else K - 1}, since 0 is the blank"
        )
    return labels, counts
