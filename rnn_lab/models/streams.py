"""A long text as a stream: a language model reads on and on, and its state is carried from block to block."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.models.language_model import LanguageModel, TextBatch
from rnn_lab.nn import softmax_cross_entropy
from rnn_lab.nn.checks import as_ndarray, as_size
from rnn_lab.nn.functions import log_softmax


def as_columns(ids: ArrayLike, columns: int) -> NDArray:
    """Cut a text into equally long pieces, laid side by side.

    Parameters
    ----------
    ids : array_like of int, shape (T,)
    columns : int
        N.

    Returns
    -------
    ndarray, shape (T // N, N)
        A piece is a column and reads downwards; what is left over at the end of the text is left out.

    Raises
    ------
    TypeError, ValueError
        If the text is no sequence of numbers or too short.
    """
    ids, N = as_ndarray("ids", ids), as_size("columns", columns)
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise TypeError(f"ids has shape {ids.shape} and type {ids.dtype}; expected whole numbers of shape (T,)")
    if len(ids) < 2 * N:
        raise ValueError(f"ids has {len(ids)} tokens; expected two for each of the {N} columns at least")
    return ids[: len(ids) // N * N].reshape(N, -1).T


class Stream:
    """A language model on its way through a long text: truncated backpropagation with a carried state.

    The text lies in N columns. Each batch takes the next T rows of all columns, and begins with the state in which the
    batch before it ended; the gradient ends there. At the bottom of the columns it begins again, from a state of zero
    and a few rows further down, so that the borders of the blocks fall elsewhere.

    Made for `fit`: ``fit(stream, stream.next_batch, optimizer, ...)``. It remembers where it is, so it serves one
    training at a time.

    Parameters
    ----------
    model : LanguageModel
    ids : array_like of int, shape (tokens,)
    columns, steps : int
        N and T.

    Attributes
    ----------
    params : dict
        The model's own.

    Raises
    ------
    TypeError, ValueError
        If the text does not fill the columns with more than 2T rows.
    """

    def __init__(self, model: LanguageModel, ids: ArrayLike, columns: int, steps: int) -> None:
        self.model, self.params = model, model.params
        self.rows, self.steps = as_columns(ids, columns), as_size("steps", steps)
        if len(self.rows) <= 2 * self.steps:
            raise ValueError(
                f"ids gives {len(self.rows)} rows in {columns} columns; expected more than 2 * steps = {2 * steps}: "
                "take fewer columns or steps, or a longer text"
            )
        self._next_row, self._state = 0, None

    def next_batch(self, rng: np.random.Generator) -> TextBatch:
        """Return the next block, with the state to begin from; dropout will draw from `rng`."""
        if self._next_row + self.steps >= len(self.rows):
            self._next_row, self._state = int(rng.integers(self.steps)), None
        block = self.rows[self._next_row : self._next_row + self.steps + 1]
        self._next_row += self.steps
        return TextBatch(block[:-1], block[1:], state=self._state, rng=rng)

    def loss_and_grads(self, batch: TextBatch) -> tuple[float, dict[str, NDArray]]:
        """Return the loss of a block, in nats a token, and its gradients; the state after it is kept for the next."""
        logits, self._state, cache = self.model.forward(batch.ids, batch.state, batch.rng)
        loss, dlogits = softmax_cross_entropy(logits, batch.targets)
        return loss, self.model.backward(dlogits, cache)


def cross_entropy(model: LanguageModel, ids: ArrayLike, columns: int = 16, steps: int = 256) -> float:
    """Return the mean cross-entropy of a text, in nats a token; divided by ln 2, it is in bits.

    The text is read in columns at once, each of which begins without context: that costs a little, never helps.

    Parameters
    ----------
    model : LanguageModel
    ids : array_like of int, shape (tokens,)
    columns, steps : int
        How many pieces are read side by side, and how much of each at a time.

    Raises
    ------
    TypeError, ValueError
        If the text is no sequence of numbers, or too short.
    """
    rows = as_columns(ids, columns)
    state: Any = None
    total = 0.0
    for start in range(0, len(rows) - 1, as_size("steps", steps)):
        targets = rows[start + 1 : start + steps + 1]
        logits, state, _ = model.forward(rows[start : start + len(targets)], state)
        total -= float(np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1).sum(dtype=np.float64))
    return total / rows[1:].size
