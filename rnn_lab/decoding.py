"""Decoding: from scores of the next token to a text, for any model that offers a step.

A step is a function ``step(ids, state) -> logits, state``: it reads one token of each of N sequences, ids (N,), and
scores the next one, logits (N, V). The state is the model's own affair; None is the beginning.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn.checks import as_array, as_generator, as_ndarray, as_positive, as_size
from rnn_lab.nn.functions import log_softmax

Step = Callable[[NDArray, Any], tuple[NDArray, Any]]
Choice = Callable[[NDArray], NDArray]


def probabilities(
    logits: ArrayLike, temperature: float = 1.0, top_k: int | None = None, nucleus: float | None = None
) -> NDArray:
    """Return the probabilities that sampling draws from: softmax, sharpened or flattened, its tail cut off.

    Parameters
    ----------
    logits : array_like, shape (..., V)
        Scores before the softmax.
    temperature : float
        The scores are divided by it: below 1 the likely becomes likelier, towards 0 certain; above 1 all draw level.
    top_k : int, optional
        Keep the k likeliest tokens; of equals, the one that comes first in the vocabulary.
    nucleus : float, optional
        Of what is left, keep the smallest set of the likeliest tokens that holds this share of the probability
        (Holtzman et al., 2020), above 0 and at most 1.

    Returns
    -------
    ndarray, shape (..., V)
        What is cut off is 0; the rest sums to 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what it should be.
    """
    logits = as_array("logits", logits, (..., "V"), finite=True)
    p = np.exp(log_softmax(logits / as_positive("temperature", temperature)))
    order = np.argsort(-p, axis=-1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=-1)  # the likeliest first
    if top_k is not None:
        ranked[..., as_size("top_k", top_k) :] = 0
        ranked /= ranked.sum(axis=-1, keepdims=True)
    if nucleus is not None:
        if as_positive("nucleus", nucleus) > 1:
            raise ValueError(f"nucleus is {nucleus!r}; expected a share of the probability, at most 1")
        likelier = np.cumsum(ranked, axis=-1) - ranked  # what the tokens before hold; nothing before the first
        ranked[likelier >= nucleus] = 0
        ranked /= ranked.sum(axis=-1, keepdims=True)
    np.put_along_axis(p, order, ranked, axis=-1)
    return p


def sampler(
    rng: np.random.Generator, temperature: float = 1.0, top_k: int | None = None, nucleus: float | None = None
) -> Choice:
    """Return the choice at random for `generate`: logits (N, V) -> ids (N,), drawn from their `probabilities`.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the draws come from: one number for each sequence at each step.
    temperature, top_k, nucleus
        As in `probabilities`.
    """
    as_generator(rng)

    def choose(logits: NDArray) -> NDArray:
        up_to = np.cumsum(probabilities(logits, temperature, top_k, nucleus), axis=-1)
        level = rng.random((len(up_to), 1)) * up_to[:, -1:]  # the sum is 1 up to rounding
        return (up_to <= level).sum(axis=-1)

    return choose


def greedy(logits: NDArray) -> NDArray:
    """Choose the likeliest token of each sequence, for `generate`: logits (N, V) -> ids (N,)."""
    return np.argmax(logits, axis=-1)


def generate(
    step: Step, prompt: ArrayLike, length: int, choose: Choice, *, state: Any = None, end: int | None = None
) -> NDArray:
    """Let a model go on from a prompt: read it, then choose a token, read that, choose the next.

    Parameters
    ----------
    step : callable
        ``step(ids, state) -> logits, state``, such as the method `LanguageModel.step`.
    prompt : array_like of int, shape (T, N)
        What N sequences begin with, one token at least: a start symbol will do.
    length : int
        How many tokens to add, at most.
    choose : callable
        ``choose(logits) -> ids``: `greedy`, or what `sampler` returns.
    state : optional
        The state before the prompt, such as a decoder's from its encoder.
    end : int, optional
        The token that ends a sequence: what follows it is `end` too, and when all have ended, no more is added.

    Returns
    -------
    ndarray of int, shape (up to `length`, N)
        What was added.

    Raises
    ------
    TypeError, ValueError
        If the prompt is empty or not of whole numbers, or `length` is not a size.
    """
    prompt = as_ndarray("prompt", prompt)
    if prompt.ndim != 2:
        raise ValueError(f"prompt has shape {prompt.shape}; expected (T, N), one column for each sequence")
    if prompt.size == 0:
        raise ValueError(
            f"prompt is empty, of shape {prompt.shape}; expected at least one token: a start symbol or \\n"
        )
    if prompt.dtype.kind not in "iu":
        raise TypeError(f"prompt holds values of type {prompt.dtype}; expected whole numbers: encode the text first")
    for ids in prompt:
        logits, state = step(ids, state)
    added: list[NDArray] = []
    ended = np.zeros(prompt.shape[1], bool)
    for _ in range(as_size("length", length)):
        if added:
            logits, state = step(added[-1], state)
        ids = choose(logits)
        if end is not None:
            ids = np.where(ended, end, ids)
            ended |= ids == end
        added.append(ids)
        if ended.all():
            break
    return np.array(added)


@dataclass(frozen=True)
class Hypothesis:
    """A sequence that beam search has looked at.

    Attributes
    ----------
    ids : tuple of int
        Without the start symbol; with the end symbol, if it has come to that.
    log_probability : float
        In nats, of all of it.
    """

    ids: tuple[int, ...]
    log_probability: float


@dataclass(frozen=True)
class Beam:
    """What beam search has found, and the way there.

    Attributes
    ----------
    found : list of Hypothesis
        The best first; those that ended, or if none has, those that the search had when it stopped.
    kept : list of list of Hypothesis
        What was kept at each step, the likeliest first.
    """

    found: list[Hypothesis]
    kept: list[list[Hypothesis]]


def beam_search(
    step: Step, start: int, end: int, width: int, length: int, *, state: Any = None, length_power: float = 0.0
) -> Beam:
    """Look for the likeliest sequence: keep the best `width` beginnings, let each go on in every way, keep the best.

    Parameters
    ----------
    step : callable
        As for `generate`, over several sequences at once: every array of the state has one row for each of them, on
        its first axis; the state may be a tuple of such arrays, or of tuples.
    start, end : int
        The token that is read first, and the one that ends a sequence.
    width : int
        With 1 it is greedy.
    length : int
        How many tokens to add, at most.
    state : optional
        The state before the start symbol, of one sequence; None is the beginning.
    length_power : float
        What has ended is ranked by its log-probability over its length to this power: 0 ranks by probability, which
        prefers the short; 1 by the mean of a token.

    Returns
    -------
    Beam

    Raises
    ------
    TypeError, ValueError
        If a size is not a whole number of at least 1, or `length_power` is negative.
    """
    width, length = as_size("width", width), as_size("length", length)
    if not 0 <= length_power < np.inf:
        raise ValueError(f"length_power is {length_power!r}; expected a number of at least 0")

    def score(hypothesis: Hypothesis) -> float:
        return hypothesis.log_probability / len(hypothesis.ids) ** length_power

    alive, ended, kept = [Hypothesis((), 0.0)], [], []
    for _ in range(length):
        last = np.array([hypothesis.ids[-1] if hypothesis.ids else start for hypothesis in alive])
        logits, state = step(last, state)
        totals = log_softmax(logits) + np.array([[hypothesis.log_probability] for hypothesis in alive])  # (N, V)
        best = np.argsort(-totals, axis=None, kind="stable")[:width]
        parents, tokens = np.unravel_index(best, totals.shape)
        kept.append(
            [
                Hypothesis((*alive[parent].ids, int(token)), float(totals[parent, token]))
                for parent, token in zip(parents, tokens, strict=True)
            ]
        )
        ended += [hypothesis for hypothesis in kept[-1] if hypothesis.ids[-1] == end]
        alive = [hypothesis for hypothesis in kept[-1] if hypothesis.ids[-1] != end]
        state = _rows(state, parents[tokens != end])
        # A log-probability only falls; what lives cannot rank above this any more.
        if not alive or (ended and max(map(score, ended)) >= alive[0].log_probability / length**length_power):
            break
    return Beam(sorted(ended or alive, key=score, reverse=True), kept)


def _rows(state: Any, rows: NDArray) -> Any:
    """Pick rows of every array of a state."""
    return tuple(_rows(part, rows) for part in state) if isinstance(state, tuple) else state[rows]
