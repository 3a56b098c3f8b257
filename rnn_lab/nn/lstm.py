"""The long short-term memory (Hochreiter & Schmidhuber, 1997; with the forget gate of Gers et al., 2000)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from rnn_lab.nn.inputs import Lookup, Vectors
from rnn_lab.nn.recurrent import Cache, Recurrent, gate_by_gate
from rnn_lab.nn.workspace import empty


@dataclass(frozen=True, slots=True)
class LSTMCache(Cache):
    """Also the cell states and the gates."""

    c: NDArray  # (T + 1, N, H), the initial one first
    gates: NDArray  # (T, 4, N, H): i, f, g, o


class LSTM(Recurrent[tuple[NDArray, NDArray]]):
    """A layer of LSTM cells: `LSTMCell` over whole sequences, in rows.

    ::

        i, f, o = sigmoid(...)      g = tanh(...)          each of x[t] @ W.T + h[t - 1] @ U.T + b
        c[t] = f * c[t - 1] + i * g
        h[t] = o * tanh(c[t])

    The state is the pair ``(h, c)``, each of shape (N, H). Keeps T * N * 6H numbers for the way back, and needs
    T * N * 4H more on it.

    Parameters
    ----------
    input_size, hidden_size : int
        D and H.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.
    forget_bias : float
        The initial bias of the forget gate; 1 lets a new cell remember (Jozefowicz et al., 2015).
    dtype : dtype
        That of the parameters.

    Attributes
    ----------
    params : dict
        ``W`` (4H, D), ``U`` (4H, H) and ``b`` (4H,): the rows of the gates i, f, g, o, as PyTorch stacks them.
    """

    GATES = 4
    STATES = ("h", "c")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        rng: np.random.Generator | None = None,
        forget_bias: float = 1.0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        super().__init__(input_size, hidden_size, rng, dtype)
        self.params["b"][hidden_size : 2 * hidden_size] = forget_bias

    def _steps(self, inputs: Vectors | Lookup, states: list[NDArray], mask: NDArray[np.bool_] | None) -> LSTMCache:
        T, N = inputs.steps
        H, dtype = self.output_size, inputs.dtype
        # One tanh serves all gates, for sigmoid(z) = 0.5 * tanh(0.5 * z) + 0.5; of i, f, g and o, only g is itself one.
        W, U_T, b = self._scaled_weights(np.array([0.5, 0.5, 1, 0.5], dtype))

        gates = empty((T, 4, N, H), dtype)
        from_input = inputs.share(W, b, out=gates.reshape(T, N, 4 * H))  # the gates of a step take its place
        z = np.empty((N, 4 * H), dtype)
        z_gates = gate_by_gate(z, 4)
        h, c = empty((2, T + 1, N, H), dtype)
        h[0], c[0] = states
        written, tanh_c = np.empty((2, N, H), dtype)
        for t in range(T):
            np.matmul(h[t], U_T, out=z)
            z += from_input[t]
            np.tanh(z_gates, out=gates[t])
            i, f, g, o = gates[t]
            for sigmoids in gates[t, :2], o:
                sigmoids *= 0.5
                sigmoids += 0.5
            np.multiply(f, c[t], out=c[t + 1])
            np.multiply(i, g, out=written)
            c[t + 1] += written
            np.tanh(c[t + 1], out=tanh_c)
            np.multiply(o, tanh_c, out=h[t + 1])
            if mask is not None:
                h[t + 1] *= mask[t]
        return LSTMCache(inputs, h, mask, c, gates)

    def _steps_back(
        self, dy: NDArray, cache: LSTMCache, dstates: list[NDArray], steps: Iterable[int]
    ) -> tuple[NDArray, NDArray]:
        T, N, H = dy.shape
        h, c, gates = cache.h, cache.c, cache.gates
        U = self._weight("U", dy.dtype)
        dh, dc = dstates
        dz = empty((T, N, 4 * H), dy.dtype)
        dz_gates = gate_by_gate(dz, 4)
        dgates, opposite = np.empty((2, 4, N, H), dy.dtype)
        di, df, dg, do = dgates
        tanh_c = np.empty((N, H), dy.dtype)
        for t in steps:
            i, f, g, o = gates[t]
            dh += dy[t]  # from the future + from above
            np.multiply(dh, h[t + 1], out=do)  # dh * o * tanh_c, for h is o * tanh_c
            dh *= o
            dc += dh  # dc += dh * o * (1 - tanh_c**2)
            np.tanh(c[t + 1], out=tanh_c)
            tanh_c *= do
            dc -= tanh_c
            np.multiply(dc, i, out=dg)
            np.multiply(dg, g, out=di)  # dc * g * i
            dg += di  # dc * i * (1 + g)
            dc *= f
            np.multiply(dc, c[t], out=df)  # dc * c * f
            np.subtract(1, gates[t], out=opposite)  # the slopes are i * (1 - i), ... and (1 + g) * (1 - g)
            np.multiply(dgates, opposite, out=dz_gates[t])
            np.matmul(dz[t], U, out=dh)
        return dz, dz
