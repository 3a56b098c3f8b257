"""An autoencoder of short sequences: what it cannot say again through a narrow waist is unusual."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rnn_lab.models.sequence_model import named
from rnn_lab.nn import GRU, Linear, mean_squared_error
from rnn_lab.nn.checks import as_array, as_generator

CLOCK = np.pi * 2.0 ** np.arange(5)  # half a turn in a sequence, a whole one, two, ...


class Autoencoder:
    """A GRU that reads a sequence into a few numbers, and a GRU that says it again from these (Malhotra et al., 2016).

    At every step the second one reads the few numbers, and what time it is: ten waves, from half a turn in the whole
    sequence to eight. Without that clock it would have to count, and learns many times more slowly.

    Parameters
    ----------
    input_size, hidden_size, code_size : int
        D, H and how many numbers the waist has.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.
    dtype : dtype
        That of the parameters.

    Attributes
    ----------
    params : dict
        ``encoder.W``, ..., ``waist.W``, ..., ``decoder.W``, ..., ``readout.W``, ...: the layers' own arrays.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        code_size: int,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        rng, D, H = as_generator(rng), input_size, hidden_size
        self.encoder = GRU(D, H, rng, dtype)
        self.waist = Linear(H, code_size, rng, dtype)
        self.decoder = GRU(code_size + 2 * len(CLOCK), H, rng, dtype)
        self.readout = Linear(H, D, rng, dtype)
        parts = ("encoder", "waist", "decoder", "readout")
        self.params = named(**{part: getattr(self, part).params for part in parts})

    def encode(self, x: ArrayLike) -> NDArray:
        """Return the numbers of the waist, shape (N, code_size), for sequences x of shape (T, N, D)."""
        _, state, _ = self.encoder.forward(x)
        return self.waist.forward(state)[0]

    def reconstruct(self, x: ArrayLike) -> NDArray:
        """Return x as it comes through the waist, shape (T, N, D)."""
        return self._forward(x)[0]

    def loss_and_grads(self, x: ArrayLike) -> tuple[float, dict[str, NDArray]]:
        """Return the mean squared error of the reconstruction of x, shape (T, N, D), and its gradients.

        Raises
        ------
        TypeError, ValueError
            If the shape does not fit or a value is NaN.
        """
        y, caches = self._forward(x)
        loss, dy = mean_squared_error(y, x)
        grads = {}
        dh, grads["readout"] = self.readout.backward(dy, caches["readout"])
        dx, _, grads["decoder"] = self.decoder.backward(dh, caches["decoder"])
        dcode = dx[:, :, : -2 * len(CLOCK)].sum(axis=0)  # one code, used at every step: add
        dstate, grads["waist"] = self.waist.backward(dcode, caches["waist"])
        nothing = np.zeros((*y.shape[:2], dstate.shape[1]), y.dtype)  # only the encoder's last state is used
        _, _, grads["encoder"] = self.encoder.backward(nothing, caches["encoder"], dstate)
        flat = named(**grads)
        return loss, {name: flat[name] for name in self.params}

    def _forward(self, x: ArrayLike) -> tuple[NDArray, dict[str, Any]]:
        x = as_array("x", x, ("T", "N", self.encoder.input_size), finite=True)
        caches: dict[str, Any] = {}
        _, state, caches["encoder"] = self.encoder.forward(x)
        code, caches["waist"] = self.waist.forward(state)
        angles = np.linspace(0, 1, len(x))[:, None, None] * CLOCK
        clock = np.concatenate([np.cos(angles), np.sin(angles)], axis=2)
        each = [np.broadcast_to(part, (*x.shape[:2], part.shape[-1])) for part in (code, clock)]
        h, _, caches["decoder"] = self.decoder.forward(np.concatenate(each, axis=2).astype(x.dtype, copy=False))
        y, caches["readout"] = self.readout.forward(h)
        return y, caches
