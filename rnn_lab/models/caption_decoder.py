"""The decoder of captions: a recurrent network that looks at a grid of features before it says each word."""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rnn_lab.datasets.translation import Vocabulary
from rnn_lab.decoding import generate, greedy
from rnn_lab.models.sequence_model import named
from rnn_lab.nn import GRU, AttentionGRU, Dropout, Embedding, Linear, softmax_cross_entropy
from rnn_lab.nn.attention import Memory
from rnn_lab.nn.checks import as_array, as_generator, as_ndarray
from rnn_lab.nn.functions import tanh_slope

SCALE = 0.3  # a trained encoder's features reach 8 and more, and a tanh is flat from about 2


class CaptionBatch(NamedTuple):
    """What is learnt from in one step; a plain tuple of the first entries will do.

    Attributes
    ----------
    seen : array_like, shape (N, height, width, 3) or (N, rows, columns, K)
        Pictures for a `Captioner`, features for a `CaptionDecoder`.
    inputs : array_like of int, shape (T, N)
        What the decoder reads: the start symbol, then the caption.
    targets : array_like of int, shape (T, N)
        What it is to say: the caption, then the end symbol.
    mask : array_like of bool, shape (T, N), optional
        False where the target is padding.
    rng : numpy.random.Generator, optional
        Where dropout draws from; without it nothing is silenced.
    """

    seen: ArrayLike
    inputs: ArrayLike
    targets: ArrayLike
    mask: ArrayLike | None = None
    rng: np.random.Generator | None = None


@dataclass(frozen=True, slots=True)
class DecoderCache:
    """What each part of a `CaptionDecoder` needs on the way back."""

    first: NDArray  # the first state
    bridge: NDArray
    embedding: NDArray
    dropout_below: NDArray | None
    decoder: Any
    dropout_above: NDArray | None
    readout: NDArray
    weights: NDArray | None  # where each word looked, (T, N, rows, columns); None without attention


class CaptionDecoder:
    """A GRU that says a caption, looking at a grid of features before it says each word (Xu et al., 2015).

    The features of all places, through a linear map and a tanh, are the first state. A key is a place's features with
    its row and its column, one-hot. A word is read out of the state and of the look that this state asked for; the same
    look is then read together with the word. Without attention, the first state is all that is ever seen of a picture.

    Parameters
    ----------
    grid : (int, int, int)
        Rows, columns and K, the features of a place.
    vocabulary_size, embedding_size, hidden_size : int
        V, D and H; the attention has H units as well.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.
    attention : bool
        Whether the decoder looks.
    dropout : float
        The `Dropout` rate of the words that are read and of the states that are read out, but not of what is seen: what
        was said must not decide alone what is said next. It needs the `rng` of a batch.
    dtype : dtype
        That of the parameters.

    Raises
    ------
    ValueError
        If the grid is not given by three numbers.

    Attributes
    ----------
    params : dict
        ``bridge.W``, ``words.E``, ``decoder.W``, ..., ``readout.W``, ...: the layers' own arrays.
    """

    def __init__(
        self,
        grid: tuple[int, int, int],
        vocabulary_size: int,
        embedding_size: int,
        hidden_size: int,
        rng: np.random.Generator | None = None,
        *,
        attention: bool = True,
        dropout: float = 0.0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        if len(grid) != 3:
            raise ValueError(f"grid is {grid}; expected rows, columns and features of a place, such as (5, 5, 60)")
        rng, self.grid, D, H = as_generator(rng), grid, embedding_size, hidden_size
        rows, columns, K = grid
        key_size = K + rows + columns
        self.attention = bool(attention)
        self.bridge = Linear(rows * columns * K, H, rng, dtype)
        self.words = Embedding(vocabulary_size, D, rng, dtype=dtype)
        self.decoder: Any = AttentionGRU(D, H, key_size, rng=rng, dtype=dtype) if attention else GRU(D, H, rng, dtype)
        self.readout = Linear(H + key_size if attention else H, vocabulary_size, rng, dtype)
        self.dropout = Dropout(dropout)
        parts = ("bridge", "words", "decoder", "readout")
        self.params = named(**{part: getattr(self, part).params for part in parts})

    def look_over(self, features: ArrayLike) -> tuple[Memory | None, NDArray]:
        """Take features in -> what can be looked at (None without attention), and the first state, shape (N, H).

        Parameters
        ----------
        features : array_like, shape (N, rows, columns, K)

        Raises
        ------
        TypeError, ValueError
            If the features have another shape or hold NaN.
        """
        memory, state, _ = self._begin(features)
        return memory, state

    def step(self, memory: Memory | None, ids: ArrayLike, state: NDArray) -> tuple[NDArray, NDArray]:
        """Say on: read one word of each caption -> the scores of the next one, shape (N, V), and the state.

        ``functools.partial(decoder.step, memory)`` is a step as `rnn_lab.decoding` takes it.

        Parameters
        ----------
        memory
            From `look_over`; one picture's serves any number of captions of it.
        ids : array_like of int, shape (N,)
        state : ndarray, shape (N, H)

        Raises
        ------
        TypeError, ValueError
            If the ids are not words or the state does not fit.
        """
        ids = as_ndarray("ids", ids)
        if ids.ndim != 1:
            raise ValueError(f"ids has shape {ids.shape}; expected (N,)")
        x, _ = self.words.forward(ids[None])
        if memory is None:
            h, state, _ = self.decoder.forward(x, state)
        else:
            _, _, state, _ = self.decoder.forward(x, state, memory)
            context, _ = self.decoder.attention.forward(state, memory)
            h = np.concatenate([state, context], axis=1)[None]
        return self.readout.forward(h)[0][0], state

    def say(self, memory: Memory | None, state: NDArray, words: Vocabulary, length: int) -> list[str]:
        """Say captions of at most `length` words, greedily, of what `look_over` returned."""
        start = np.full((1, len(state)), words.start)
        ids = generate(partial(self.step, memory), start, length + 1, greedy, state=state, end=words.end)
        return [" ".join(words.decode(column)) for column in ids.T]

    def forward(
        self, features: ArrayLike, inputs: ArrayLike, rng: np.random.Generator | None = None
    ) -> tuple[NDArray, DecoderCache]:
        """Score the next word after each of the `inputs`.

        Parameters
        ----------
        features : array_like, shape (N, rows, columns, K)
        inputs : array_like of int, shape (T, N)
        rng : numpy.random.Generator, optional
            Where dropout draws from.

        Returns
        -------
        logits : ndarray, shape (T, N, V)
        cache : DecoderCache
            For `backward`; its `weights` say where each word looked.

        Raises
        ------
        TypeError, ValueError
            If an argument has another shape or holds something else.
        """
        memory, first, bridge = self._begin(features)
        inputs = as_ndarray("inputs", inputs)
        if inputs.ndim != 2:
            raise ValueError(f"inputs has shape {inputs.shape}; expected (T, N), one column for each caption")
        x, embedding = self.words.forward(inputs)
        x, below = self.dropout.forward(x, rng)
        weights = None
        if memory is None:
            h, _, decoder = self.decoder.forward(x, first)
            h, above = self.dropout.forward(h, rng)
        else:  # one step more: the look that follows a state belongs to its word
            h, contexts, _, decoder = self.decoder.forward(np.concatenate([x, np.zeros_like(x[:1])]), first, memory)
            h, above = self.dropout.forward(h[:-1], rng)
            h = np.concatenate([h, contexts[1:]], axis=2)
            weights = decoder.weights[1:].reshape(*inputs.shape, *self.grid[:2])
        logits, readout = self.readout.forward(h)
        return logits, DecoderCache(first, bridge, embedding, below, decoder, above, readout, weights)

    def backward(self, dlogits: ArrayLike, cache: DecoderCache) -> tuple[NDArray, dict[str, NDArray]]:
        """Map the gradient of the scores, shape (T, N, V), to that of the features and the gradients of `params`.

        Raises
        ------
        TypeError, ValueError
            If the shape of `dlogits` is not that of the scores.
        """
        grads: dict[str, Any] = {}
        dread, grads["readout"] = self.readout.backward(dlogits, cache.readout)
        N, H = cache.first.shape
        dh, _ = self.dropout.backward(dread[:, :, :H], cache.dropout_above)
        rows, columns, K = self.grid
        dkeys: Any = None
        if self.attention:
            nothing = np.zeros_like(dread[:1])
            dstates = np.concatenate([dh, nothing[:, :, :H]])
            dcontexts = np.concatenate([nothing[:, :, H:], dread[:, :, H:]])
            dx, dfirst, dkeys, grads["decoder"] = self.decoder.backward(dstates, dcontexts, cache.decoder)
            dx = dx[:-1]
        else:
            dx, dfirst, grads["decoder"] = self.decoder.backward(dh, cache.decoder)
        dx, _ = self.dropout.backward(dx, cache.dropout_below)
        _, grads["words"] = self.words.backward(dx, cache.embedding)
        dflat, grads["bridge"] = self.bridge.backward(dfirst * tanh_slope(cache.first), cache.bridge)
        dfeatures = dflat.reshape(N, rows, columns, K)
        if dkeys is not None:
            dfeatures = dfeatures + dkeys[:, :, :K].swapaxes(0, 1).reshape(dfeatures.shape)
        flat = named(**grads)
        return SCALE * dfeatures, {name: flat[name] for name in self.params}

    def loss_and_grads(self, batch: CaptionBatch | tuple) -> tuple[float, dict[str, NDArray]]:
        """Return the mean cross-entropy of the targets, in nats a word, and its gradients.

        Parameters
        ----------
        batch : CaptionBatch
            Of features; or a tuple of its first entries.

        Raises
        ------
        TypeError, ValueError
            If a part of the batch does not fit.
        """
        features, inputs, targets, mask, rng = CaptionBatch(*batch)
        logits, cache = self.forward(features, inputs, rng)
        loss, dlogits = softmax_cross_entropy(logits, targets, mask)
        return loss, self.backward(dlogits, cache)[1]

    def _begin(self, features: ArrayLike) -> tuple[Memory | None, NDArray, NDArray]:
        """Return the memory, the first state, and what the way back needs of the bridge."""
        dtype = self.bridge.params["W"].dtype
        rows, columns, K = self.grid
        features = SCALE * as_array("features", features, ("N", rows, columns, K), finite=True).astype(dtype)
        N, S = len(features), rows * columns
        z, bridge = self.bridge.forward(features.reshape(N, S * K))
        if not self.attention:
            return None, np.tanh(z), bridge
        keys = np.zeros((S, N, K + rows + columns), dtype)
        keys[:, :, :K] = features.reshape(N, S, K).swapaxes(0, 1)
        place = np.arange(S)
        keys[place, :, K + place // columns] = 1
        keys[place, :, K + rows + place % columns] = 1
        return self.decoder.attention.remember(keys), np.tanh(z), bridge
