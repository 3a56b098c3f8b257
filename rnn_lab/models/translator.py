"""Translation: an encoder reads one sequence, and a decoder, with or without attention, writes another."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rnn_lab.models.sequence_model import named
from rnn_lab.nn import GRU, AttentionGRU, Bidirectional, Dropout, Embedding, Linear, softmax_cross_entropy
from rnn_lab.nn.attention import Memory
from rnn_lab.nn.checks import as_generator, as_ndarray
from rnn_lab.nn.functions import tanh_slope


class PairBatch(NamedTuple):
    """What a translator learns from in one step; a plain tuple of the first entries will do.

    Attributes
    ----------
    source : array_like of int, shape (S, N)
        What is translated, padded at the end.
    lengths : array_like of int, shape (N,)
        How many of the S tokens belong to each sequence.
    inputs : array_like of int, shape (T, N)
        What the decoder reads at each step: the start symbol, then the right translation (teacher forcing), or
        whatever it is to be used to.
    targets : array_like of int, shape (T, N)
        What it is to write at each step.
    mask : array_like of bool, shape (T, N), optional
        False where the target is padding.
    rng : numpy.random.Generator, optional
        Where dropout draws from; without it nothing is silenced.
    """

    source: ArrayLike
    lengths: ArrayLike
    inputs: ArrayLike
    targets: ArrayLike
    mask: ArrayLike | None = None
    rng: np.random.Generator | None = None


@dataclass(frozen=True, slots=True)
class TranslatorCache:
    """What each part needs on the way back."""

    encoder: tuple[Any, ...]  # of embedding, dropout, layer and bridge
    embedding: NDArray
    dropout_below: NDArray | None
    decoder: Any  # with attention, its `weights` say where each step looked
    dropout_above: NDArray | None
    readout: NDArray


class Translator:
    """A bidirectional GRU that reads, and a GRU that writes from what it has read.

    The encoder's two last states, through a linear map and a tanh, are the decoder's first state. Without attention
    that is all the decoder ever knows of the source (Cho et al., 2014; Sutskever et al., 2014). With attention it looks
    at the encoder's states before every step (Bahdanau et al., 2015).

    Parameters
    ----------
    source_size, target_size : int
        How many tokens each vocabulary has.
    embedding_size, hidden_size : int
        D and H; the encoder has H units in each direction, the attention H as well.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.
    attention : bool
        Whether the decoder looks.
    dropout : float
        The `Dropout` rate of both embeddings and of what is read out; it needs the `rng` of a batch.
    dtype : dtype
        That of the parameters.

    Attributes
    ----------
    params : dict
        ``source.E``, ``encoder.forward.W``, ..., ``bridge.W``, ``target.E``, ``decoder.W``, ..., ``readout.W``, ...:
        the layers' own arrays.
    """

    def __init__(
        self,
        source_size: int,
        target_size: int,
        embedding_size: int,
        hidden_size: int,
        rng: np.random.Generator | None = None,
        *,
        attention: bool = True,
        dropout: float = 0.0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        rng, D, H = as_generator(rng), embedding_size, hidden_size
        self.source = Embedding(source_size, D, rng, dtype=dtype)
        self.encoder = Bidirectional(GRU(D, H, rng, dtype), GRU(D, H, rng, dtype))
        self.bridge = Linear(2 * H, H, rng, dtype)
        self.target = Embedding(target_size, D, rng, dtype=dtype)
        self.attention = bool(attention)
        self.decoder: Any = AttentionGRU(D, H, 2 * H, rng=rng, dtype=dtype) if attention else GRU(D, H, rng, dtype)
        self.readout = Linear(3 * H if attention else H, target_size, rng, dtype)
        self.dropout = Dropout(dropout)
        parts = ("source", "encoder", "bridge", "target", "decoder", "readout")
        self.params = named(**{part: getattr(self, part).params for part in parts})

    def encode(self, source: ArrayLike, lengths: ArrayLike | None = None) -> tuple[Memory | None, NDArray]:
        """Read sequences -> what the decoder can look at (None without attention), and its first state, (N, H).

        Parameters
        ----------
        source : array_like of int, shape (S, N)
        lengths : array_like of int, shape (N,), optional
            How many of the S tokens belong to each sequence.

        Raises
        ------
        TypeError, ValueError
            If the source is empty or holds something else than tokens, or a length is not in 1 ... S.
        """
        memory, state, _ = self._read(source, lengths, None)
        return memory, state

    def step(self, memory: Memory | None, ids: ArrayLike, state: NDArray) -> tuple[NDArray, NDArray]:
        """Write on: read one token of each sequence -> the scores of the next one, shape (N, V), and the state.

        ``functools.partial(model.step, memory)`` is a step as `rnn_lab.decoding` takes it.

        Parameters
        ----------
        memory
            From `encode`; one sequence's serves any number of translations of it.
        ids : array_like of int, shape (N,)
        state : ndarray, shape (N, H)
            From `encode`, or from the step before.

        Raises
        ------
        TypeError, ValueError
            If the ids are not tokens or the state does not fit.
        """
        ids = as_ndarray("ids", ids)
        if ids.ndim != 1:
            raise ValueError(f"ids has shape {ids.shape}; expected (N,)")
        logits, state, _ = self._write(memory, ids[None], state, None)
        return logits[0], state

    def look(self, memory: Memory | None, inputs: ArrayLike, state: NDArray) -> tuple[NDArray, NDArray]:
        """Say what is written and where it was looked, with attention: the scores (T, N, V) and the weights (T, N, S).

        Parameters
        ----------
        memory, state
            From `encode`.
        inputs : array_like of int, shape (T, N)
            As in `forward`, which would read the source anew.

        Raises
        ------
        TypeError, ValueError
            If the model has no attention, the inputs are not tokens, or the state does not fit.
        """
        if memory is None:
            raise ValueError("memory is None, as of a model without attention; expected one that can be looked at")
        logits, _, (_, _, decoder, _, _) = self._write(memory, inputs, state, None)
        return logits, decoder.weights

    def forward(
        self,
        source: ArrayLike,
        lengths: ArrayLike | None,
        inputs: ArrayLike,
        rng: np.random.Generator | None = None,
    ) -> tuple[NDArray, TranslatorCache]:
        """Read sequences, and score the next token after each of the `inputs`.

        Parameters
        ----------
        source : array_like of int, shape (S, N)
        lengths : array_like of int, shape (N,), or None
        inputs : array_like of int, shape (T, N)
        rng : numpy.random.Generator, optional
            Where dropout draws from; without it, for evaluation, nothing is silenced.

        Returns
        -------
        logits : ndarray, shape (T, N, V)
            Scores before the softmax.
        cache : TranslatorCache
            For `backward`; ``cache.decoder.weights``, shape (T, N, S), says where each step looked.

        Raises
        ------
        TypeError, ValueError
            If an argument holds something else than tokens or has another shape.
        """
        memory, state, encoder = self._read(source, lengths, rng)
        logits, _, caches = self._write(memory, inputs, state, rng)
        return logits, TranslatorCache(encoder, *caches)

    def backward(self, dlogits: ArrayLike, cache: TranslatorCache) -> dict[str, NDArray]:
        """Map the gradient of the scores, shape (T, N, V), to the gradients of `params`.

        Raises
        ------
        TypeError, ValueError
            If the shape of `dlogits` is not that of the scores.
        """
        grads = {}
        dread, grads["readout"] = self.readout.backward(dlogits, cache.readout)
        dread, _ = self.dropout.backward(dread, cache.dropout_above)
        H = self.bridge.params["b"].size
        dkeys: Any = None
        if self.attention:
            dx, dstate, dkeys, grads["decoder"] = self.decoder.backward(dread[:, :, :H], dread[:, :, H:], cache.decoder)
        else:
            dx, dstate, grads["decoder"] = self.decoder.backward(dread, cache.decoder)
        dx, _ = self.dropout.backward(dx, cache.dropout_below)
        _, grads["target"] = self.target.backward(dx, cache.embedding)

        ids, dropped, layer, bridge, first = cache.encoder
        dlast, grads["bridge"] = self.bridge.backward(dstate * tanh_slope(first), bridge)
        S, N = ids.shape
        dkeys = np.zeros((S, N, 2 * H), first.dtype) if dkeys is None else dkeys
        dx, _, grads["encoder"] = self.encoder.backward(dkeys, layer, tuple(np.split(dlast, 2, axis=1)))
        dx, _ = self.dropout.backward(dx, dropped)
        _, grads["source"] = self.source.backward(dx, ids)
        flat = named(**grads)
        return {name: flat[name] for name in self.params}

    def loss_and_grads(self, batch: PairBatch | tuple) -> tuple[float, dict[str, NDArray]]:
        """Return the mean cross-entropy of the targets, in nats a token, and its gradients.

        Parameters
        ----------
        batch : PairBatch
            Or a tuple of its first entries.

        Raises
        ------
        TypeError, ValueError
            If a part of the batch does not fit.
        """
        source, lengths, inputs, targets, mask, rng = PairBatch(*batch)
        logits, cache = self.forward(source, lengths, inputs, rng)
        loss, dlogits = softmax_cross_entropy(logits, targets, mask)
        return loss, self.backward(dlogits, cache)

    def _read(
        self, source: ArrayLike, lengths: ArrayLike | None, rng: np.random.Generator | None
    ) -> tuple[Memory | None, NDArray, tuple[Any, ...]]:
        """Run the encoder -> the memory, the decoder's first state, what the way back needs."""
        x, ids = self.source.forward(_as_sequences("source", source))
        x, dropped = self.dropout.forward(x, rng)
        keys, last, layer = self.encoder.forward(x, lengths=lengths)
        z, bridge = self.bridge.forward(np.concatenate(last, axis=1))
        state = np.tanh(z)
        memory = self.decoder.attention.remember(keys, lengths) if self.attention else None
        return memory, state, (ids, dropped, layer, bridge, state)

    def _write(
        self, memory: Memory | None, inputs: ArrayLike, state: NDArray, rng: np.random.Generator | None
    ) -> tuple[NDArray, NDArray, tuple[Any, ...]]:
        """Run the decoder -> scores, the last state, what the way back needs."""
        x, embedding = self.target.forward(_as_sequences("inputs", inputs))
        x, below = self.dropout.forward(x, rng)
        if memory is not None:
            h, contexts, state, decoder = self.decoder.forward(x, state, memory)
            h = np.concatenate([h, contexts], axis=2)
        else:
            h, state, decoder = self.decoder.forward(x, state)
        h, above = self.dropout.forward(h, rng)
        logits, readout = self.readout.forward(h)
        return logits, state, (embedding, below, decoder, above, readout)


def _as_sequences(name: str, ids: ArrayLike) -> NDArray:
    array = as_ndarray(name, ids)
    if array.ndim != 2:
        raise ValueError(f"{name} has shape {array.shape}; expected (T, N), one column for each sequence")
    return array
