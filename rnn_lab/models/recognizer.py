"""Speech recognition: a recurrent layer reads sound, and a readout says at each step which letter it hears, if any."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.datasets.download import bundled
from rnn_lab.models.architectures import CELLS
from rnn_lab.models.sequence_model import named
from rnn_lab.nn import Bidirectional, Dropout, Linear, Stacked
from rnn_lab.nn.checks import as_array
from rnn_lab.nn.composed import Composed, as_recurrent
from rnn_lab.nn.ctc import ctc_loss
from rnn_lab.nn.functions import log_softmax
from rnn_lab.nn.recurrent import Recurrent
from rnn_lab.storage import read_arrays, restore, write_arrays

BUNDLED_SHA256 = "4b2ec511b556d10f8e1b1adae39f77808b577dc46267f25e4c4c06894c685001"


class SoundBatch(NamedTuple):
    """What a recogniser learns from in one step; a plain tuple of the first entries will do.

    Attributes
    ----------
    x : array_like, shape (T, N, D)
        The features of N sounds, padded at the end.
    lengths : array_like of int, shape (N,), or None
        How many of the T steps belong to each.
    labels : array_like of int, shape (L, N)
        The texts, in symbols from 1, padded at the end.
    label_lengths : array_like of int, shape (N,), or None
    rng : numpy.random.Generator, optional
        Where dropout draws from; without it nothing is silenced.
    """

    x: ArrayLike
    lengths: ArrayLike | None
    labels: ArrayLike
    label_lengths: ArrayLike | None = None
    rng: np.random.Generator | None = None


class Recognizer:
    """Dropout, recurrent layer, dropout, readout: scores of the symbols at every step, learnt by CTC.

    Parameters
    ----------
    layer : RNN, GRU, LSTM, Stacked or Bidirectional
        The recurrent layer, in whose dtype the model computes; it takes the D features.
    symbols : int
        K, the blank included.
    rng : numpy.random.Generator, optional
        Where the initial weights of the readout come from.
    dropout : float
        The `Dropout` rate of the features and of what is read out; it needs the `rng` of a batch.
    memory : bool
        Without it, every step is a sequence of its own: the same layer, judging each step by itself.

    Attributes
    ----------
    params : dict
        ``layer.<...>``, ``readout.W`` and ``readout.b``: the layers' own arrays.
    """

    def __init__(
        self,
        layer: Recurrent | Composed,
        symbols: int,
        rng: np.random.Generator | None = None,
        *,
        dropout: float = 0.0,
        memory: bool = True,
    ) -> None:
        self.layer, self.dropout, self.memory = as_recurrent("layer", layer), Dropout(dropout), bool(memory)
        self.dtype = next(iter(layer.params.values())).dtype
        self.readout = Linear(layer.output_size, symbols, rng, self.dtype)
        self.params = named(layer=layer.params, readout=self.readout.params)

    def forward(
        self, x: ArrayLike, lengths: ArrayLike | None = None, rng: np.random.Generator | None = None
    ) -> tuple[NDArray, tuple[Any, ...]]:
        """Score the symbols at every step.

        Parameters
        ----------
        x : array_like, shape (T, N, D)
        lengths : array_like of int, shape (N,), optional
        rng : numpy.random.Generator, optional
            Where dropout draws from; without it, for evaluation, nothing is silenced.

        Returns
        -------
        logits : ndarray, shape (T, N, K)
        cache : tuple
            For `backward`.

        Raises
        ------
        TypeError, ValueError
            If an argument does not fit.
        """
        x = as_array("x", x, ("T", "N", self.layer.input_size)).astype(self.dtype, copy=False)
        x, below = self.dropout.forward(x, rng)
        T, N, D = x.shape
        if self.memory:
            h, _, layer = self.layer.forward(x, lengths=lengths)
        else:
            h, _, layer = self.layer.forward(x.reshape(1, T * N, D))
            h = h.reshape(T, N, -1)
        h, above = self.dropout.forward(h, rng)
        logits, readout = self.readout.forward(h)
        return logits, (below, layer, above, readout)

    def backward(self, dlogits: ArrayLike, cache: tuple[Any, ...]) -> dict[str, NDArray]:
        """Map the gradient of the scores, shape (T, N, K), to the gradients of `params`.

        Raises
        ------
        TypeError, ValueError
            If the shape of `dlogits` is not that of the scores.
        """
        _, layer, above, readout = cache
        dh, readout_grads = self.readout.backward(dlogits, readout)
        dh, _ = self.dropout.backward(dh, above)
        if not self.memory:
            T, N, H = dh.shape
            dh = dh.reshape(1, T * N, H)
        _, _, layer_grads = self.layer.backward(dh, layer, to_input=False)
        return named(layer=layer_grads, readout=readout_grads)

    def loss_and_grads(self, batch: SoundBatch | tuple) -> tuple[float, dict[str, NDArray]]:
        """Return the mean CTC loss, in nats a text, and its gradients.

        Parameters
        ----------
        batch : SoundBatch
            Or a tuple of its first entries.

        Raises
        ------
        TypeError, ValueError
            If a part of the batch does not fit.
        """
        x, lengths, labels, label_lengths, rng = SoundBatch(*batch)
        logits, cache = self.forward(x, lengths, rng)
        loss, dlogits = ctc_loss(logits, labels, lengths, label_lengths)
        return loss, self.backward(dlogits, cache)

    def log_probabilities(self, x: ArrayLike, lengths: ArrayLike | None = None) -> NDArray:
        """Return the logarithm of the probability of each symbol at each step, shape (T, N, K)."""
        return log_softmax(self.forward(x, lengths)[0])


@dataclass(frozen=True)
class RecognizerArchitecture:
    """What a recogniser in float32 is built of.

    Attributes
    ----------
    cell : {"RNN", "GRU", "LSTM"}
    hidden_size : int
        H, in each direction.
    layers : int
        One above the other, each in both directions.
    dropout : float
        Below, between and above the layers.
    memory : bool
        As in `Recognizer`.
    features, symbols : int
        D, and K with the blank.
    """

    cell: str
    hidden_size: int
    layers: int = 1
    dropout: float = 0.0
    memory: bool = True
    features: int = 64
    symbols: int = 17

    def build(self, rng: np.random.Generator | None = None) -> Recognizer:
        """Return a recogniser with new weights.

        Raises
        ------
        TypeError, ValueError
            If a measure is none, or they do not fit together.
        """
        if self.cell not in CELLS:
            raise ValueError(f"cell is {self.cell!r}; expected one of {', '.join(CELLS)}")
        cell, H = CELLS[self.cell], self.hidden_size
        layers = [
            Bidirectional(*(cell(D, H, rng, dtype=np.float32) for _ in range(2)))
            for D in (self.features, *[2 * H] * (self.layers - 1))
        ]
        layer = layers[0] if self.layers == 1 else Stacked(layers, dropout=self.dropout)
        return Recognizer(layer, self.symbols, rng, dropout=self.dropout, memory=self.memory)


def save_recognizer(path: Path, architecture: RecognizerArchitecture, model: Recognizer) -> None:
    """Write a recogniser with its architecture into a safetensors file, whole or not at all."""
    write_arrays(path, model.params, {"architecture": json.dumps(asdict(architecture))})


def load_recognizer(path: Path) -> Recognizer:
    """Return the recogniser of a file that `save_recognizer` wrote.

    Raises
    ------
    OSError
        If the file is missing or cannot be read.
    ValueError
        If it is damaged, was not written by `save_recognizer`, or the weights do not fit the architecture.
    """
    arrays, metadata = read_arrays(path)
    if "architecture" not in metadata:
        raise ValueError(f"{path} says nothing of its architecture; expected a file that save_recognizer wrote")
    model = RecognizerArchitecture(**json.loads(metadata["architecture"])).build()
    restore(model.params, arrays, path)
    return model


def bundled_recognizer() -> Recognizer:
    """Return the recogniser of spoken digits that the course carries, trained on voices of espeak-ng.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is missing or damaged.
    """
    return load_recognizer(bundled("weights/recognizer.safetensors", BUNDLED_SHA256))
