"""Classification: one verdict on a whole sequence of tokens, many to one."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.models.sequence_model import named
from rnn_lab.nn import Bidirectional, Dropout, Embedding, Linear, Stacked, softmax_cross_entropy
from rnn_lab.nn.checks import as_generator, as_ndarray
from rnn_lab.nn.composed import Composed, as_recurrent
from rnn_lab.nn.functions import log_softmax
from rnn_lab.nn.pooling import Pooling, PoolingCache
from rnn_lab.nn.recurrent import Recurrent


class SentenceBatch(NamedTuple):
    """What a classifier learns from in one step; a plain tuple of the first entries will do.

    Attributes
    ----------
    ids : array_like of int, shape (T, N)
        The tokens of N sequences, padded at the end.
    lengths : array_like of int, shape (N,), or None
        How many of the T tokens belong to each sequence; None if all do.
    labels : array_like of int, shape (N,)
        The right class of each.
    rng : numpy.random.Generator, optional
        Where dropout draws from; without it nothing is silenced.
    """

    ids: ArrayLike
    lengths: ArrayLike | None
    labels: ArrayLike
    rng: np.random.Generator | None = None


@dataclass(frozen=True, slots=True)
class ClassifierCache:
    """What each part needs on the way back."""

    embedding: NDArray
    dropout_below: NDArray | None
    layer: Any
    pooling: PoolingCache
    dropout_above: NDArray | None
    readout: NDArray


class Classifier:
    """Embedding, dropout, recurrent layer, pooling, dropout, readout: scores of the classes, once for each sequence.

    Parameters
    ----------
    vocabulary_size, classes : int
        V and K.
    layer : RNN, GRU, LSTM, Stacked or Bidirectional
        The recurrent layer, in whose dtype the model computes; it takes the embedding's D values and gives H.
    rng : numpy.random.Generator, optional
        Where the initial weights of the embedding and the readout come from.
    pooling : {"last", "mean", "max"}
        What is read out: the state after the last step (of a `Bidirectional`, that of each direction), the mean of
        all states, or the largest value of each unit.
    dropout : float
        The `Dropout` rate of the embedding and of what is read out; it needs the `rng` of a batch.

    Attributes
    ----------
    params : dict
        ``embedding.E`` (V, D), ``layer.<name>``, ``readout.W`` (K, H), ``readout.b`` (K,): the layers' own arrays.

    Raises
    ------
    TypeError, ValueError
        If the layer is not recurrent, a size is none, or `pooling` or `dropout` is not what it should be.
    """

    def __init__(
        self,
        vocabulary_size: int,
        classes: int,
        layer: Recurrent | Composed,
        rng: np.random.Generator | None = None,
        *,
        pooling: str = "last",
        dropout: float = 0.0,
    ) -> None:
        self.layer, rng = as_recurrent("layer", layer), as_generator(rng)
        H, dtype = layer.output_size, next(iter(layer.params.values())).dtype
        self.embedding = Embedding(vocabulary_size, layer.input_size, rng, dtype=dtype)
        self.pooling = Pooling(pooling, reverse=H // 2 if _reads_both_ways(layer) else 0)
        self.readout = Linear(H, classes, rng, dtype)
        self.dropout = Dropout(dropout)
        self.params = named(embedding=self.embedding.params, layer=layer.params, readout=self.readout.params)

    def forward(
        self, ids: ArrayLike, lengths: ArrayLike | None = None, rng: np.random.Generator | None = None
    ) -> tuple[NDArray, ClassifierCache]:
        """Read sequences and score the classes.

        Parameters
        ----------
        ids : array_like of int, shape (T, N)
        lengths : array_like of int, shape (N,), optional
            How many of the T tokens belong to each sequence; the rest changes nothing.
        rng : numpy.random.Generator, optional
            Where dropout draws from; without it, for evaluation, nothing is silenced.

        Returns
        -------
        logits : ndarray, shape (N, K)
            Scores before the softmax.
        cache : ClassifierCache
            For `backward`.

        Raises
        ------
        TypeError, ValueError
            If the ids are not tokens, or a length is not in 1 ... T.
        """
        ids = as_ndarray("ids", ids)
        if ids.ndim != 2:
            raise ValueError(f"ids has shape {ids.shape}; expected (T, N), one column for each sequence")
        x, embedding = self.embedding.forward(ids)
        x, below = self.dropout.forward(x, rng)
        if isinstance(self.layer, Composed):
            h, _, layer = self.layer.forward(x, lengths=lengths, rng=rng)
        else:
            h, _, layer = self.layer.forward(x, lengths=lengths)
        pooled, pooling = self.pooling.forward(h, lengths)
        pooled, above = self.dropout.forward(pooled, rng)
        logits, readout = self.readout.forward(pooled)
        return logits, ClassifierCache(embedding, below, layer, pooling, above, readout)

    def backward(self, dlogits: ArrayLike, cache: ClassifierCache) -> tuple[NDArray, dict[str, NDArray]]:
        """Map the gradient of the scores, shape (N, K), to that of the word vectors and to the gradients of `params`.

        Returns
        -------
        dx : ndarray, shape (T, N, D)
            With respect to the vector of each token, zero where padded: how the scores hang on this word, here.
        grads : dict
            Keys and shapes of `params`.

        Raises
        ------
        TypeError, ValueError
            If the shape of `dlogits` is not that of the scores.
        """
        dpooled, readout = self.readout.backward(dlogits, cache.readout)
        dpooled, _ = self.dropout.backward(dpooled, cache.dropout_above)
        dh, _ = self.pooling.backward(dpooled, cache.pooling)
        dx, _, layer = self.layer.backward(dh, cache.layer)
        dx, _ = self.dropout.backward(dx, cache.dropout_below)
        _, embedding = self.embedding.backward(dx, cache.embedding)
        return dx, named(embedding=embedding, layer=layer, readout=readout)

    def loss_and_grads(self, batch: SentenceBatch | tuple) -> tuple[float, dict[str, NDArray]]:
        """Return the mean cross-entropy of the labels, in nats a sequence, and its gradients.

        Parameters
        ----------
        batch : SentenceBatch
            Or a tuple of its first entries.

        Raises
        ------
        TypeError, ValueError
            If a part of the batch does not fit.
        """
        ids, lengths, labels, rng = SentenceBatch(*batch)
        logits, cache = self.forward(ids, lengths, rng)
        loss, dlogits = softmax_cross_entropy(logits, labels)
        return loss, self.backward(dlogits, cache)[1]

    def probabilities(self, ids: ArrayLike, lengths: ArrayLike | None = None) -> NDArray:
        """Return the probability of each class, shape (N, K), of sequences as `forward` takes them."""
        return np.exp(log_softmax(self.forward(ids, lengths)[0]))


def _reads_both_ways(layer: Recurrent | Composed) -> bool:
    """Whether half of what a layer gives, or the uppermost of a stack, comes from reading backwards."""
    if isinstance(layer, Stacked):
        return _reads_both_ways(list(layer.layers.values())[-1])
    return isinstance(layer, Bidirectional)
