"""From a picture to a grid of features: what a captioner looks at."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rnn_lab.models.sequence_model import named
from rnn_lab.nn import Convolution, Linear, MaxPooling, softmax_cross_entropy
from rnn_lab.nn.checks import as_array, as_generator, as_ndarray
from rnn_lab.nn.conv import ConvolutionCache
from rnn_lab.nn.functions import relu

CELL = 8  # pixels of a picture, both ways, for each place of the grid
CENTRE, SPREAD = 0.25, 0.5  # pixels from 0 to 1 are moved and scaled to about -0.5 ... 1.5


class LayerCache(NamedTuple):
    """What the way back through a convolution, a relu and a pooling needs."""

    convolution: ConvolutionCache
    active: NDArray  # after the relu
    pooling: tuple[NDArray, NDArray] | None


class Layer(NamedTuple):
    """A convolution, a relu and, if there is one, a pooling."""

    convolution: Convolution
    pooling: MaxPooling | None

    def forward(self, x: NDArray) -> tuple[NDArray, LayerCache]:
        """Map pictures to pictures."""
        z, seen = self.convolution.forward(x)
        active = relu(z, out=z)
        if self.pooling is None:
            return active, LayerCache(seen, active, None)
        y, pooled = self.pooling.forward(active)
        return y, LayerCache(seen, active, pooled)

    def backward(self, dy: NDArray, cache: LayerCache, *, to_input: bool) -> tuple[NDArray | None, dict[str, NDArray]]:
        """Go back through all three."""
        if self.pooling is not None and cache.pooling is not None:
            dy, _ = self.pooling.backward(dy, cache.pooling)
        return self.convolution.backward(dy * (cache.active > 0), cache.convolution, to_input=to_input)


@dataclass(frozen=True, slots=True)
class EncoderCache:
    """What the way back through a `PictureEncoder` needs."""

    brightest: NDArray | None  # which channel of each pixel is, (N, height, width, 1); None where colours are together
    layers: dict[str, LayerCache]


class PictureEncoder:
    """A small convolutional network with two streams: one sees no colours, the other sees no shapes.

    The shape stream gets the brightness of the pixels, the largest of red, green and blue, through three convolutions;
    the colour stream one pixel at a time, through a convolution of 1 x 1. Both end in a grid with a place for every
    8 x 8 pixels, and stand there side by side. With ``separate=False``, there is one stream, which sees both.

    Parameters
    ----------
    sizes : tuple of int
        The filters of the three convolutions of the shape stream.
    colours : int
        The filters of the colour stream.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.
    separate : bool
        Whether there are two streams; one stream has the filters of both at its end.
    dtype : dtype
        That of the parameters.

    Raises
    ------
    ValueError
        If there are not three sizes.

    Attributes
    ----------
    params : dict
        ``shape1.W``, ``shape1.b``, ..., ``colour.W``, ``colour.b``: the layers' own arrays.
    output_size : int
        K, the features of a place.
    """

    def __init__(
        self,
        sizes: tuple[int, int, int] = (16, 32, 48),
        colours: int = 12,
        rng: np.random.Generator | None = None,
        *,
        separate: bool = True,
        dtype: DTypeLike = np.float64,
    ) -> None:
        if len(sizes) != 3:
            raise ValueError(f"sizes is {sizes}; expected the filters of three convolutions, such as (16, 32, 48)")
        rng, (first, second, third) = as_generator(rng), sizes
        self.separate, self.output_size = bool(separate), third + colours
        channels, last = (1, third) if separate else (3, third + colours)
        self.layers = {
            "shape1": Layer(Convolution(channels, first, 5, rng, stride=2, padding=2, dtype=dtype), None),
            "shape2": Layer(Convolution(first, second, 3, rng, padding=1, dtype=dtype), MaxPooling(2)),
            "shape3": Layer(Convolution(second, last, 3, rng, padding=1, dtype=dtype), MaxPooling(2)),
        }
        if separate:
            self.layers["colour"] = Layer(Convolution(3, colours, 1, rng, dtype=dtype), MaxPooling(CELL))
        self.params = named(**{name: layer.convolution.params for name, layer in self.layers.items()})

    def forward(self, pictures: ArrayLike) -> tuple[NDArray, EncoderCache]:
        """Look at pictures.

        Parameters
        ----------
        pictures : array_like, shape (N, height, width, 3)
            Red, green and blue from 0 to 1; height and width are multiples of 8 pixels.

        Returns
        -------
        features : ndarray, shape (N, height // 8, width // 8, K)
            The shape stream's first.
        cache : EncoderCache
            For `backward`.

        Raises
        ------
        TypeError, ValueError
            If the pictures have another shape, such as grey ones, or hold NaN.
        """
        pictures = as_array("pictures", pictures, ("N", "height", "width", 3), finite=True)
        if pictures.max() > 2 or pictures.min() < -1:
            raise ValueError(
                f"pictures has values from {pictures.min():g} to {pictures.max():g}; expected 0 to 1: divide by 255"
            )
        if pictures.shape[1] % CELL or pictures.shape[2] % CELL:
            raise ValueError(
                f"pictures has shape {pictures.shape}; expected a height and a width that are multiples of {CELL}"
            )
        brightest = pictures.argmax(axis=3)[..., None] if self.separate else None
        x = pictures if brightest is None else np.take_along_axis(pictures, brightest, axis=3)
        x, caches = _centred(x), {}
        for name in ("shape1", "shape2", "shape3"):
            x, caches[name] = self.layers[name].forward(x)
        if brightest is not None:
            colour, caches["colour"] = self.layers["colour"].forward(_centred(pictures))
            x = np.concatenate([x, colour], axis=3)
        return x, EncoderCache(brightest, caches)

    def backward(
        self, dfeatures: ArrayLike, cache: EncoderCache, *, to_input: bool = False
    ) -> tuple[NDArray | None, dict[str, NDArray]]:
        """Carry the gradient of the features back to the filters, and to the pixels if asked for.

        Parameters
        ----------
        dfeatures : array_like, shape (N, height // 8, width // 8, K)
        cache : EncoderCache
            From `forward`.
        to_input : bool
            Whether the gradient of the pictures is wanted; learning does without.

        Returns
        -------
        dpictures : ndarray, shape (N, height, width, 3), or None
        grads : dict
            Keys and shapes of `params`.

        Raises
        ------
        TypeError, ValueError
            If the gradient has another shape.
        """
        dfeatures = as_array("dfeatures", dfeatures, ("N", "rows", "columns", self.output_size))
        third = self.layers["shape3"].convolution.params["b"].size
        grads: dict[str, dict[str, NDArray]] = {}
        dx: Any = dfeatures[..., :third]
        for name in ("shape3", "shape2", "shape1"):
            needed = to_input or name != "shape1"
            dx, grads[name] = self.layers[name].backward(dx, cache.layers[name], to_input=needed)
        dpictures: Any = dx
        if cache.brightest is not None:
            colour, seen = self.layers["colour"], cache.layers["colour"]
            dpictures, grads["colour"] = colour.backward(dfeatures[..., third:], seen, to_input=to_input)
            if dpictures is not None:  # brightness is the brightest channel's alone
                brightest = np.take_along_axis(dpictures, cache.brightest, axis=3)
                np.put_along_axis(dpictures, cache.brightest, brightest + dx, axis=3)
        flat = named(**grads)
        return None if dpictures is None else dpictures / SPREAD, {name: flat[name] for name in self.params}


class ThingNamer:
    """Names the one thing in a picture: the largest value of each feature over all places, and a linear readout.

    Parameters
    ----------
    encoder : PictureEncoder
    classes : tuple of int
        How many answers each question has: kinds, colours and sizes, for instance.
    rng : numpy.random.Generator, optional
        Where the readout's initial weights come from.

    Attributes
    ----------
    params : dict
        Those of the encoder as ``encoder.<name>``, and ``readout.W``, ``readout.b``.
    """

    def __init__(
        self, encoder: PictureEncoder, classes: tuple[int, ...], rng: np.random.Generator | None = None
    ) -> None:
        self.encoder, self.classes = encoder, classes
        dtype = next(iter(encoder.params.values())).dtype
        self.readout = Linear(encoder.output_size, sum(classes), rng, dtype)
        self.params = named(encoder=encoder.params, readout=self.readout.params)

    def scores(self, pictures: ArrayLike) -> list[NDArray]:
        """Return the scores of each question's answers, each of shape (N, answers)."""
        return self._forward(pictures)[0]

    def loss_and_grads(self, batch: tuple[ArrayLike, ArrayLike]) -> tuple[float, dict[str, NDArray]]:
        """Return the cross-entropy in nats a picture, the questions added up, and its gradients.

        Parameters
        ----------
        batch : (pictures, answers)
            Of shapes (N, height, width, 3) and (N, questions).

        Raises
        ------
        TypeError, ValueError
            If a part of the batch does not fit.
        """
        pictures, answers = batch
        scores, (shape, strongest, seen, readout) = self._forward(pictures)
        answers, expected = as_ndarray("answers", answers), (len(scores[0]), len(self.classes))
        if answers.shape != expected:
            raise ValueError(
                f"answers has shape {answers.shape}; expected {expected}: one for each picture and question"
            )
        parts = [softmax_cross_entropy(part, answers[:, n]) for n, part in enumerate(scores)]
        dlogits = np.concatenate([dpart for _, dpart in parts], axis=1)
        dpooled, readout_grads = self.readout.backward(dlogits, readout)
        N, rows, columns, K = shape
        dfeatures = np.zeros((N, rows * columns, K), dpooled.dtype)
        np.put_along_axis(dfeatures, strongest[:, None], dpooled[:, None], axis=1)
        _, encoder_grads = self.encoder.backward(dfeatures.reshape(shape), seen)
        return sum(loss for loss, _ in parts), named(encoder=encoder_grads, readout=readout_grads)

    def _forward(self, pictures: ArrayLike) -> tuple[list[NDArray], tuple]:
        features, seen = self.encoder.forward(pictures)
        places = features.reshape(len(features), -1, self.encoder.output_size)
        strongest = places.argmax(axis=1)
        logits, readout = self.readout.forward(np.take_along_axis(places, strongest[:, None], axis=1)[:, 0])
        ends = np.cumsum(self.classes)[:-1]
        return np.split(logits, ends, axis=1), (features.shape, strongest, seen, readout)


def _centred(pixels: NDArray) -> NDArray:
    return (pixels - CENTRE) / SPREAD
