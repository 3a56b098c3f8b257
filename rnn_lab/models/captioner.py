"""Captions: an encoder sees a picture, and a decoder says what is in it, looking again before each word."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.datasets.translation import Vocabulary
from rnn_lab.models.caption_decoder import CaptionBatch, CaptionDecoder, DecoderCache
from rnn_lab.models.picture_encoder import EncoderCache, PictureEncoder
from rnn_lab.models.sequence_model import named
from rnn_lab.nn import softmax_cross_entropy
from rnn_lab.nn.attention import Memory


class Captioner:
    """An encoder and a decoder, joined: from pixels to words, and from the words' gradient to the pixels.

    Parameters
    ----------
    encoder : PictureEncoder
    decoder : CaptionDecoder

    Attributes
    ----------
    params : dict
        Those of both, as ``encoder.<name>`` and ``decoder.<name>``.
    """

    def __init__(self, encoder: PictureEncoder, decoder: CaptionDecoder) -> None:
        self.encoder, self.decoder = encoder, decoder
        self.params = named(encoder=encoder.params, decoder=decoder.params)

    def see(self, pictures: ArrayLike) -> tuple[Memory | None, NDArray]:
        """See pictures -> what the decoder can look at, and its first state; ``decoder.step`` goes on from there.

        Parameters
        ----------
        pictures : array_like, shape (N, height, width, 3)

        Raises
        ------
        TypeError, ValueError
            If the pictures have another shape or size, or hold NaN.
        """
        return self.decoder.look_over(self.encoder.forward(pictures)[0])

    def describe(self, pictures: ArrayLike, words: Vocabulary, length: int) -> list[str]:
        """Say of each picture, greedily, a caption of at most `length` words; raises what `see` does."""
        return self.decoder.say(*self.see(pictures), words, length)

    def forward(
        self, pictures: ArrayLike, inputs: ArrayLike, rng: np.random.Generator | None = None
    ) -> tuple[NDArray, tuple[EncoderCache, DecoderCache]]:
        """Score the next word after each of the `inputs`; see `CaptionDecoder.forward`."""
        features, seen = self.encoder.forward(pictures)
        logits, said = self.decoder.forward(features, inputs, rng)
        return logits, (seen, said)

    def backward(
        self, dlogits: ArrayLike, cache: tuple[EncoderCache, DecoderCache], *, to_input: bool = False
    ) -> tuple[NDArray | None, dict[str, NDArray]]:
        """Map the gradient of the scores to that of the pixels, if asked for, and the gradients of `params`."""
        seen, said = cache
        dfeatures, decoder_grads = self.decoder.backward(dlogits, said)
        dpictures, encoder_grads = self.encoder.backward(dfeatures, seen, to_input=to_input)
        return dpictures, named(encoder=encoder_grads, decoder=decoder_grads)

    def loss_and_grads(self, batch: CaptionBatch | tuple) -> tuple[float, dict[str, NDArray]]:
        """Return the mean cross-entropy of the targets, in nats a word, and its gradients.

        Parameters
        ----------
        batch : CaptionBatch
            Of pictures; or a tuple of its first entries.

        Raises
        ------
        TypeError, ValueError
            If a part of the batch does not fit.
        """
        pictures, inputs, targets, mask, rng = CaptionBatch(*batch)
        logits, cache = self.forward(pictures, inputs, rng)
        loss, dlogits = softmax_cross_entropy(logits, targets, mask)
        return loss, self.backward(dlogits, cache)[1]
