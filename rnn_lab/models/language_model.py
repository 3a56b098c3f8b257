"""Language modelling: a recurrent layer that gives, after every token, a score to each token that may come next."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.models.sequence_model import named
from rnn_lab.nn import Bidirectional, Dropout, Embedding, Linear, softmax_cross_entropy
from rnn_lab.nn.checks import as_generator, as_ndarray, as_size
from rnn_lab.nn.composed import Composed, as_recurrent
from rnn_lab.nn.inputs import Lookup
from rnn_lab.nn.recurrent import Recurrent


class TextBatch(NamedTuple):
    """What a language model learns from in one step; a plain tuple of the first entries will do.

    Attributes
    ----------
    ids, targets : array_like of int, shape (T, N)
        What is read at each step, and the token that comes next.
    mask : array_like of bool, shape (T, N), optional
        False where the target is padding.
    state : optional
        The recurrent layer's state before the first step; zero if left out.
    rng : numpy.random.Generator, optional
        Where dropout draws from; without it nothing is silenced.
    """

    ids: ArrayLike
    targets: ArrayLike
    mask: ArrayLike | None = None
    state: Any = None
    rng: np.random.Generator | None = None


@dataclass(frozen=True, slots=True)
class LanguageModelCache:
    """What each part needs on the way back."""

    embedding: NDArray | None  # None where the recurrent layer looks the tokens up itself
    dropout_below: NDArray | None
    layer: Any
    dropout_above: NDArray | None
    readout: NDArray


class LanguageModel:
    """Embedding, dropout, recurrent layer, dropout, readout: scores of the next token at every step.

    Parameters
    ----------
    vocabulary_size, embedding_size : int
        V, and D, what the recurrent layer takes.
    layer : RNN, GRU, LSTM or Stacked
        The recurrent layer, in whose dtype the model computes; its output has H values.
    rng : numpy.random.Generator, optional
        Where the initial weights of the embedding and the readout come from.
    tied : bool
        Read out with the embedding's own table (Press & Wolf, 2017), so that D must be H: one weight, two uses, whose
        gradients add up. Drawn with standard deviation D**-0.25.
    dropout : float
        The `Dropout` rate below and above the layer (Zaremba, Sutskever & Vinyals, 2014); `Stacked` has its own between
        its layers. All need an `rng` in `forward`.

    Attributes
    ----------
    params : dict
        ``embedding.E`` (V, D), ``layer.<name>``, ``readout.W`` (V, H) unless tied, ``readout.b`` (V,): the layers' own
        arrays.

    Raises
    ------
    TypeError, ValueError
        If the layer is not recurrent, reads backwards, or a size does not fit.
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_size: int,
        layer: Recurrent | Composed,
        rng: np.random.Generator | None = None,
        *,
        tied: bool = False,
        dropout: float = 0.0,
    ) -> None:
        _refuse_reading_backwards(as_recurrent("layer", layer))
        V, D = as_size("vocabulary_size", vocabulary_size), as_size("embedding_size", embedding_size)
        takes, gives = layer.input_size, layer.output_size
        if D != takes:
            raise ValueError(f"embedding_size is {D}; expected {takes}, the input_size of layer")
        if tied and D != gives:
            raise ValueError(
                f"embedding_size is {D}, but layer gives {gives} values at each step; expected the same number: "
                "a tied model scores a token by the product of its embedding and the layer's output"
            )
        rng, dtype = as_generator(rng), next(iter(layer.params.values())).dtype
        self.embedding = Embedding(V, D, rng, dtype=dtype)
        self.layer = layer
        self.readout = Linear(gives, V, rng, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.tied = bool(tied)
        if tied:
            # Between the scales of its two uses, 1 and 1 / sqrt(D): the smaller learns slowly, the larger begins badly.
            self.readout.params["W"] *= D**0.25
            self.embedding.params["E"] = self.readout.params["W"]
        self.params = self._named(self.embedding.params, self.layer.params, self.readout.params)

    def forward(
        self, ids: ArrayLike, state: Any = None, rng: np.random.Generator | None = None
    ) -> tuple[NDArray, Any, LanguageModelCache]:
        """Read tokens and score the next one after each.

        Parameters
        ----------
        ids : array_like of int, shape (T, N)
        state : optional
            The layer's state before the first step, as it takes it; zero if left out.
        rng : numpy.random.Generator, optional
            Where dropout draws from; without it, for evaluation, nothing is silenced.

        Returns
        -------
        logits : ndarray, shape (T, N, V)
            Scores before the softmax.
        state
            That after the last step: pass it in with the tokens that follow.
        cache : LanguageModelCache
            For `backward`.

        Raises
        ------
        TypeError, ValueError
            If the ids are not tokens or the state does not fit.
        """
        ids = as_ndarray("ids", ids)
        if ids.ndim != 2:
            raise ValueError(f"ids has shape {ids.shape}; expected (T, N)")
        x: NDArray | Lookup
        if ids.size > len(self.embedding.params["E"]) and (rng is None or self.dropout.rate == 0):
            x, embedding, below = Lookup(self.embedding.params["E"], ids), None, None
        else:
            x, embedding = self.embedding.forward(ids)
            x, below = self.dropout.forward(x, rng)
        if isinstance(self.layer, Composed):
            h, state, layer = self.layer.forward(x, state, rng=rng)
        else:
            h, state, layer = self.layer.forward(x, state)
        h, above = self.dropout.forward(h, rng)
        logits, readout = self.readout.forward(h)
        return logits, state, LanguageModelCache(embedding, below, layer, above, readout)

    def backward(self, dlogits: ArrayLike, cache: LanguageModelCache) -> dict[str, NDArray]:
        """Map the gradient of the scores, shape (T, N, V), to the gradients of `params`.

        It ends at the first step: a state that was passed in counts as given (truncated backpropagation through time).

        Raises
        ------
        TypeError, ValueError
            If the shape of `dlogits` is not that of the scores.
        """
        dh, readout = self.readout.backward(dlogits, cache.readout)
        dh, _ = self.dropout.backward(dh, cache.dropout_above)
        dx, _, layer = self.layer.backward(dh, cache.layer)
        if cache.embedding is None:
            embedding = {"E": dx}
        else:
            dx, _ = self.dropout.backward(dx, cache.dropout_below)
            _, embedding = self.embedding.backward(dx, cache.embedding)
        if self.tied:
            embedding["E"] += readout["W"]
        return self._named(embedding, layer, readout)

    def loss_and_grads(self, batch: TextBatch | tuple) -> tuple[float, dict[str, NDArray]]:
        """Return the mean cross-entropy of the targets, in nats a token, and its gradients.

        Parameters
        ----------
        batch : TextBatch
            Or a tuple of its first entries: ``(ids, targets)``, ``(ids, targets, mask)``.

        Raises
        ------
        TypeError, ValueError
            If a part of the batch does not fit.
        """
        ids, targets, mask, state, rng = TextBatch(*batch)
        logits, _, cache = self.forward(ids, state, rng)
        loss, dlogits = softmax_cross_entropy(logits, targets, mask)
        return loss, self.backward(dlogits, cache)

    def step(self, ids: ArrayLike, state: Any = None) -> tuple[NDArray, Any]:
        """Read one token of each sequence -> the scores of the next one, shape (N, V), and the state.

        Parameters
        ----------
        ids : array_like of int, shape (N,)
        state : optional
            As in `forward`.

        Raises
        ------
        TypeError, ValueError
            If the ids are not tokens or the state does not fit.
        """
        ids = as_ndarray("ids", ids)
        if ids.ndim != 1:
            raise ValueError(f"ids has shape {ids.shape}; expected (N,)")
        logits, state, _ = self.forward(ids[None], state)
        return logits[0], state

    def _named(
        self, embedding: dict[str, NDArray], layer: dict[str, NDArray], readout: dict[str, NDArray]
    ) -> dict[str, NDArray]:
        arrays = named(embedding=embedding, layer=layer, readout=readout)
        if self.tied:
            del arrays["readout.W"]
        return arrays


def _refuse_reading_backwards(layer: Recurrent | Composed) -> None:
    if isinstance(layer, Bidirectional):
        raise ValueError(
            "layer is or holds a Bidirectional; expected layers that read forwards, or the next token, "
            "which is to be predicted, has been read already"
        )
    for part in layer.layers.values() if isinstance(layer, Composed) else ():
        _refuse_reading_backwards(part)
