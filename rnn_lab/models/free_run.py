"""Forecasting many steps by running free: each forecast is the next step's input, in use and also in training."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.models.sequence_model import named
from rnn_lab.nn import Linear, mean_squared_error
from rnn_lab.nn.checks import as_array, as_generator, as_size
from rnn_lab.nn.composed import Composed, as_recurrent
from rnn_lab.nn.recurrent import Recurrent


class RunBatch(NamedTuple):
    """What a free-running forecaster learns from in one step.

    Attributes
    ----------
    past : array_like, shape (T, N, D)
        What is read first; in column 0 the value, in the others whatever is known in advance, such as the calendar.
    ahead : array_like, shape (K - 1, N, D)
        The same for the steps that follow; teacher forcing reads it all, a free run only what is known in advance.
    target : array_like, shape (K, N)
        The values after the past.
    """

    past: ArrayLike
    ahead: ArrayLike
    target: ArrayLike


class FreeRunForecaster:
    """Reads the past, says the next value, reads that as if it had come, and goes on.

    With an encoder it goes from sequence to sequence (Sutskever et al., 2014): the encoder reads the past but for the
    last step, and the layer, now the decoder, begins with the encoder's state and the last step.

    Parameters
    ----------
    layer : RNN, GRU, LSTM, or a composition
    rng : numpy.random.Generator, optional
        Where the readout's initial weights come from.
    teacher_forcing : bool
        Whether it reads the true values ahead while it learns, instead of its own.
    encoder : RNN, GRU, LSTM, or a composition, optional
        Of the same kind and sizes as the layer; if left out, the layer reads the whole past itself.

    Attributes
    ----------
    params : dict
        ``layer.W``, ..., ``readout.W``, ``readout.b`` and, with an encoder, ``encoder.W``, ...: the layers' own arrays.
    """

    def __init__(
        self,
        layer: Recurrent | Composed,
        rng: np.random.Generator | None = None,
        teacher_forcing: bool = False,
        encoder: Recurrent | Composed | None = None,
    ) -> None:
        self.layer = as_recurrent("layer", layer)
        self.encoder = as_recurrent("encoder", encoder) if encoder else None
        dtype = next(iter(layer.params.values())).dtype
        self.readout = Linear(layer.output_size, 1, as_generator(rng), dtype)
        self.teacher_forcing = bool(teacher_forcing)
        read = {"encoder": self.encoder.params} if self.encoder else {}
        self.params = named(layer=self.layer.params, readout=self.readout.params, **read)
        if self.encoder and _shapes(self.encoder.params) != _shapes(self.layer.params):
            raise ValueError(
                f"encoder has parameters of shapes {_shapes(self.encoder.params)}; expected those of the layer, "
                f"{_shapes(self.layer.params)}, which goes on with its state"
            )

    def predict(self, past: ArrayLike, ahead: ArrayLike | None = None, steps: int = 1) -> NDArray:
        """Return the next values, shape (K, N).

        Parameters
        ----------
        past : array_like, shape (T, N, D)
        ahead : array_like, shape (at least K - 1, N, D), optional
            What is known in advance of the steps after the past, in columns 1 and up; column 0 is not looked at.
        steps : int
            K.
        """
        past = as_array("past", past, ("T", "N", self.layer.input_size), finite=True)
        if ahead is None:
            if as_size("steps", steps) > 1 and past.shape[2] > 1:
                raise ValueError(
                    f"ahead is missing; expected what is known in advance in {past.shape[2] - 1} column(s)"
                )
            ahead = np.zeros((steps, *past.shape[1:]))
        return self._run(past, np.asarray(ahead), as_size("steps", steps), forced=False)[0]

    def loss_and_grads(self, batch: RunBatch | tuple) -> tuple[float, dict[str, NDArray]]:
        """Return the mean squared error over the K steps and its gradients.

        In a free run, a forecast is used twice: by the loss, and as the next step's input. Its gradient is the sum.

        Raises
        ------
        TypeError, ValueError
            If a shape does not fit or a value is NaN.
        """
        past, ahead, target = RunBatch(*batch)
        past = as_array("past", past, ("T", "N", self.layer.input_size), finite=True)
        target = as_array("target", target, ("K", past.shape[1]))
        y, encoder_cache, caches = self._run(past, np.asarray(ahead), len(target), forced=self.teacher_forcing)
        loss, dy = mean_squared_error(y, target)

        grads = {name: np.zeros_like(param) for name, param in self.params.items()}
        dstate: Any = None
        for k in reversed(range(len(target))):
            layer_cache, readout_cache = caches[k]
            dh, readout_grads = self.readout.backward(dy[k][:, None], readout_cache)
            read = len(past) if k == 0 and not self.encoder else 1
            dabove = np.zeros((read, *dh.shape), dh.dtype)
            dabove[-1] = dh  # of the past, only the last state is read out
            dx, dstate, layer_grads = self.layer.backward(dabove, layer_cache, dstate)
            if k and not self.teacher_forcing:
                dy[k - 1] += dx[0, :, 0]  # the forecast was the next step's input
            for name, grad in named(layer=layer_grads, readout=readout_grads).items():
                grads[name] += grad
        if self.encoder:
            nothing = np.zeros((len(past) - 1, past.shape[1], self.encoder.output_size), y.dtype)
            _, _, encoder_grads = self.encoder.backward(nothing, encoder_cache, dstate)
            grads |= named(encoder=encoder_grads)
        return loss, grads

    def _run(self, past: NDArray, ahead: NDArray, steps: int, forced: bool) -> tuple[NDArray, Any, list[tuple]]:
        """Read and go on -> forecasts, shape (K, N), the encoder's cache and those of each step."""
        if len(ahead) < steps - 1:
            raise ValueError(f"ahead has {len(ahead)} steps; expected at least {steps - 1} for {steps} forecasts")
        x, state, encoder_cache = past, None, None
        if self.encoder:
            if len(past) < 2:
                raise ValueError("past has 1 step; expected at least 2, one for the encoder and one for the decoder")
            _, state, encoder_cache = self.encoder.forward(past[:-1])
            x = past[-1:]
        forecasts, caches = [], []
        for k in range(steps):
            h, state, layer_cache = self.layer.forward(x, state)
            y, readout_cache = self.readout.forward(h[-1])
            forecasts.append(y[:, 0])
            caches.append((layer_cache, readout_cache))
            if k < steps - 1:
                x = ahead[k : k + 1].astype(past.dtype)
                if not forced:
                    x[0, :, 0] = y[:, 0]
        return np.stack(forecasts), encoder_cache, caches


def _shapes(params: dict[str, NDArray]) -> dict[str, tuple[int, ...]]:
    return {name: param.shape for name, param in params.items()}
