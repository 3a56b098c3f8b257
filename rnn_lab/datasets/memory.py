"""Tasks that can be solved only by remembering: generated, of any lag, and the measured success of three cells on them.

A plain cell, a GRU and an LSTM meet here on equal terms. Delayed recall and adding come from Hochreiter & Schmidhuber
(1997); copy and adding have the form of Arjovsky, Shah & Bengio (2016).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.datasets.download import bundled
from rnn_lab.nn import mean_squared_error, softmax_cross_entropy
from rnn_lab.nn.checks import as_array, as_generator, as_ndarray, as_size

Batch = tuple[NDArray[np.float32], NDArray, NDArray[np.bool_]]

SYMBOLS = 8  # what has to be remembered is one of these
COPIED = 5
MARKED = 4  # fewer symbols, so that a cell of few units can be watched
TOLERANCE = 0.1

CURVES_SHA256 = "3f8ae1ce6dfa61f0b71dbb7ef5df23c474becb7e67cf8be21b44eb92ae5a3f51"


def recall(lag: int, N: int, rng: np.random.Generator) -> Batch:
    """Generate delayed recall: one symbol, `lag` distractors, a cue; at the cue, which symbol was it?

    Parameters
    ----------
    lag : int
        The steps between the symbol and the cue, at least 1. Each shows one of 8 distractors, at random.
    N : int
        How many sequences.
    rng : numpy.random.Generator

    Returns
    -------
    x : ndarray of float32, shape (lag + 2, N, 17)
        One-hot: 8 symbols, 8 distractors, the cue.
    target : ndarray of int, shape (lag + 2, N)
        The symbol, 0 ... 7, at every step.
    mask : ndarray of bool, shape (lag + 2, N)
        True at the last step, where the answer counts.

    Raises
    ------
    TypeError, ValueError
        If `lag` or `N` is not a whole number of at least 1, or `rng` is not a generator.
    """
    lag, N, rng = _checked(lag, N, rng)
    ids = np.full((lag + 2, N), 2 * SYMBOLS)
    ids[0] = rng.integers(SYMBOLS, size=N)
    ids[1:-1] = rng.integers(SYMBOLS, 2 * SYMBOLS, (lag, N))
    return _one_hot(ids, 2 * SYMBOLS + 1), np.tile(ids[0], (lag + 2, 1)), _last_steps(1, ids.shape)


def copy(lag: int, N: int, rng: np.random.Generator) -> Batch:
    """Generate the copy task: 5 symbols, `lag` blanks, a cue; then the 5 symbols in order, while blanks come in.

    Parameters
    ----------
    lag : int
        The blanks between the last symbol and the cue, at least 1. From a symbol to its copy are lag + 6 steps.
    N : int
        How many sequences.
    rng : numpy.random.Generator

    Returns
    -------
    x : ndarray of float32, shape (lag + 11, N, 10)
        One-hot: 8 symbols, the blank, the cue.
    target : ndarray of int, shape (lag + 11, N)
        The symbols, 0 ... 7, at the last 5 steps; 0 before.
    mask : ndarray of bool, shape (lag + 11, N)
        True at the last 5 steps, where the answers count.

    Raises
    ------
    TypeError, ValueError
        If `lag` or `N` is not a whole number of at least 1, or `rng` is not a generator.
    """
    lag, N, rng = _checked(lag, N, rng)
    symbols = rng.integers(SYMBOLS, size=(COPIED, N))
    ids = np.full((lag + 2 * COPIED + 1, N), SYMBOLS)
    ids[:COPIED] = symbols
    ids[-COPIED - 1] = SYMBOLS + 1
    target = np.zeros_like(ids)
    target[-COPIED:] = symbols
    return _one_hot(ids, SYMBOLS + 2), target, _last_steps(COPIED, ids.shape)


def adding(lag: int, N: int, rng: np.random.Generator) -> Batch:
    """Generate the adding task: numbers come in, two of them marked; at the end, what is the sum of the two?

    Parameters
    ----------
    lag : int
        The length of the sequences, at least 2. One marker stands anywhere in the first half, one in the second.
    N : int
        How many sequences.
    rng : numpy.random.Generator

    Returns
    -------
    x : ndarray of float32, shape (lag, N, 2)
        A number, uniform in 0 ... 1, and the marker: 1 at two steps, 0 at the others.
    target : ndarray of float32, shape (lag, N, 1)
        The sum of the marked numbers, at every step.
    mask : ndarray of bool, shape (lag, N)
        True at the last step, where the answer counts.

    Raises
    ------
    TypeError, ValueError
        If `lag` is not a whole number of at least 2, `N` not one of at least 1, or `rng` is not a generator.
    """
    lag, N, rng = _checked(lag, N, rng)
    if lag < 2:
        raise ValueError(f"lag is {lag}; expected at least 2 steps, because two different ones are marked")
    numbers, markers = rng.random((lag, N), np.float32), np.zeros((lag, N), np.float32)
    markers[rng.integers(lag // 2, size=N), np.arange(N)] = 1
    markers[rng.integers(lag // 2, lag, N), np.arange(N)] = 1
    sums = (numbers * markers).sum(axis=0)
    return np.stack([numbers, markers], axis=2), np.tile(sums[:, None], (lag, 1, 1)), _last_steps(1, (lag, N))


def last_mark(lag: int, N: int, rng: np.random.Generator) -> Batch:
    """Generate the last mark: symbols all the time, two of them marked, a cue; at the cue, which was marked last?

    To answer, a network has to write at a mark, keep between marks, and let go of the first mark at the second.

    Parameters
    ----------
    lag : int
        The symbols between the first mark, at the first step, and the cue, at least 1. The second mark is on one of
        the first half of them, and always on another symbol.
    N : int
        How many sequences.
    rng : numpy.random.Generator

    Returns
    -------
    x : ndarray of float32, shape (lag + 2, N, 6)
        4 symbols, one-hot, then the mark and the cue.
    target : ndarray of int, shape (lag + 2, N)
        The symbol marked last, 0 ... 3, at every step.
    mask : ndarray of bool, shape (lag + 2, N)
        True at the last step, where the answer counts.

    Raises
    ------
    TypeError, ValueError
        If `lag` or `N` is not a whole number of at least 1, or `rng` is not a generator.
    """
    lag, N, rng = _checked(lag, N, rng)
    ids, n = rng.integers(MARKED, size=(lag + 2, N)), np.arange(N)
    second = rng.integers(1, max(lag // 2, 1) + 1, N)
    ids[0] = (ids[second, n] + rng.integers(1, MARKED, N)) % MARKED
    x = np.zeros((lag + 2, N, MARKED + 2), np.float32)
    x[..., :MARKED] = _one_hot(ids, MARKED)
    x[0, :, MARKED] = x[second, n, MARKED] = 1
    x[-1] = _one_hot(np.array(MARKED + 1), MARKED + 2)
    return x, np.tile(ids[second, n], (lag + 2, 1)), _last_steps(1, ids.shape)


def success(y: ArrayLike, target: ArrayLike, mask: ArrayLike) -> float:
    """Return the fraction of sequences that are answered right at every step that counts.

    Parameters
    ----------
    y : array_like, shape (T, N, K)
        What a model says: scores of K classes if the target holds ids, otherwise numbers.
    target : array_like, shape (T, N) of int, or (T, N, K)
        An id is answered right by the highest score, a number by one at most 0.1 away.
    mask : array_like of bool, shape (T, N)
        True where an answer counts; at least once in each sequence.

    Returns
    -------
    float
        From 0 to 1. What a guess reaches is the task's `Task.chance`.

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit, `mask` is not boolean, a value of `y` is NaN, or a sequence has no answer that counts.
    """
    y = as_array("y", y, ("T", "N", "K"), finite=True)
    target, mask = as_ndarray("target", target), as_ndarray("mask", mask)
    if mask.dtype != bool:
        raise TypeError(f"mask holds values of type {mask.dtype}; expected True where an answer counts")
    if mask.shape != y.shape[:2]:
        raise ValueError(f"mask has shape {mask.shape}; expected {y.shape[:2]}, as y without its last axis")
    if not mask.any(axis=0).all():
        raise ValueError("mask is False throughout a sequence; expected at least one answer that counts in each")
    ids = target.dtype.kind in "iu"
    expected = y.shape[:2] if ids else y.shape
    if target.shape != expected:
        raise ValueError(f"target has shape {target.shape}; expected {expected}, as y" + " without its last axis" * ids)
    right = y.argmax(axis=2) == target if ids else (np.abs(y - target) <= TOLERANCE).all(axis=2)
    return float((right | ~mask).all(axis=0).mean())


@dataclass(frozen=True)
class Task:
    """A memory task, and what a model of it has to be.

    Attributes
    ----------
    batch : callable
        Takes lag, N and rng; returns x, target and mask.
    input_size, output_size : int
        D of x, and K of the answer.
    loss : callable
        What is minimised: cross entropy for ids, the squared error for numbers.
    chance : float
        The `success` of the best answer that knows nothing of the sequence.
    """

    batch: Callable[[int, int, np.random.Generator], Batch]
    input_size: int
    output_size: int
    loss: Callable[..., tuple[float, NDArray]]
    chance: float


TASKS = {
    "delayed recall": Task(recall, 2 * SYMBOLS + 1, SYMBOLS, softmax_cross_entropy, 1 / SYMBOLS),
    "copy": Task(copy, SYMBOLS + 2, SYMBOLS, softmax_cross_entropy, 1 / SYMBOLS**COPIED),
    "adding": Task(adding, 2, 1, mean_squared_error, 1 - (1 - TOLERANCE) ** 2),  # by answering 1, the mean
}
LAST_MARK = Task(last_mark, MARKED + 2, MARKED, softmax_cross_entropy, 1 / MARKED)


@dataclass(frozen=True)
class MemoryCurves:
    """The success of RNN, GRU and LSTM of equally many parameters, against the lag.

    Attributes
    ----------
    lags : list of int
        The L lags.
    success, steps : dict of dict of ndarray, shape (L, S)
        By task and cell, for each lag and each of S seeds: the `success` on sequences never trained on, and the
        training steps taken; a run ended early once it had solved the task.
    settings : dict of dict of dict
        By task and cell: ``hidden_size``, ``parameters``, ``learning_rate``, ``start`` (how the weights began).
    training : dict
        What all runs shared: ``N``, ``steps`` (at most), ``max_norm``, ``solved``, ``tested``.
    """

    lags: list[int]
    success: dict[str, dict[str, NDArray]]
    steps: dict[str, dict[str, NDArray]]
    settings: dict[str, dict[str, dict[str, Any]]]
    training: dict[str, Any]


def memory_curves() -> MemoryCurves:
    """Return what ``python data/train_memory.py`` measured, bundled.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is missing or damaged.
    """
    measured = json.loads(bundled("memory_curves.json", CURVES_SHA256).read_text())
    training, settings = measured["training"], measured["settings"]
    runs = {(run["task"], run["cell"], run["lag"], run["seed"]): run for run in measured["runs"]}

    def table(quantity: str) -> dict[str, dict[str, NDArray]]:
        return {
            task: {
                cell: np.array(
                    [[runs[task, cell, lag, seed][quantity] for seed in training["seeds"]] for lag in training["lags"]]
                )
                for cell in cells
            }
            for task, cells in settings.items()
        }

    return MemoryCurves(training["lags"], table("success"), table("steps"), settings, training)


def _checked(lag: int, N: int, rng: np.random.Generator) -> tuple[int, int, np.random.Generator]:
    return as_size("lag", lag), as_size("N", N), as_generator(rng)


def _one_hot(ids: NDArray[np.integer], size: int) -> NDArray[np.float32]:
    return np.eye(size, dtype=np.float32)[ids]


def _last_steps(count: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, bool)
    mask[-count:] = True
    return mask
