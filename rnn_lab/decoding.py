"""Decoding: from scores of the next token to a text, for any model that offers a step.

A step is a function ``step(ids, state) -> logits, state``: it reads one token of each of N sequences, ids (N,), and
scores the next one, logits (N, V). The state is the model's own affair; None is the beginning.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn.checks import as_array, as_generator, as_ndarray, as_size
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
    p = np.exp(log_softmax(logits / _positive("temperature", temperature)))
    order = np.argsort(-p, axis=-1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=-1)  # the likeliest first
    if top_k is not None:
        ranked[..., as_size("top_k", top_k) :] = 0
        ranked /= ranked.sum(axis=-1, keepdims=True)
    if nucleus is not None:
        if _positive("nucleus", nucleus) > 1:
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


def _positive(name: str, value: float) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float, np.integer, np.floating))
        or not 0 < value < np.inf
    ):
        raise ValueError(f"{name} is {value!r}; expected a number above 0")
    return float(value)
