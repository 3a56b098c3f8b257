"""The gated recurrent unit (Cho et al., 2014), with the reset gate after the product, as PyTorch has it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from rnn_lab.nn.inputs import Lookup, Vectors
from rnn_lab.nn.recurrent import Cache, Recurrent, gate_by_gate, sum_of_rows
from rnn_lab.nn.workspace import empty


@dataclass(frozen=True, slots=True)
class GRUCache(Cache):
    """Also the gates, and what the reset gate lets through or not."""

    gates: NDArray  # (T, 3, N, H): r, z, n
    recalled: NDArray  # (T, N, H), the state's share of n before the reset


class GRU(Recurrent[NDArray]):
    """A layer of GRU cells: `GRUCell` over whole sequences, in rows.

    ::

        r, z = sigmoid(...)         each of x[t] @ W.T + b[0] + h[t - 1] @ U.T + b[1]
        n = tanh(x[t] @ W.T + b[0] + r * (h[t - 1] @ U.T + b[1]))
        h[t] = (1 - z) * n + z * h[t - 1]

    Keeps T * N * 5H numbers for the way back, and needs T * N * 4H more on it.

    Parameters
    ----------
    input_size, hidden_size : int
        D and H.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.
    dtype : dtype
        That of the parameters.

    Attributes
    ----------
    params : dict
        ``W`` (3H, D), ``U`` (3H, H): the rows of r, z, n, as PyTorch stacks them; ``b`` (2, 3H): the bias beside the
        input and that beside the state, which differ because the reset gate acts on one of them alone.
    """

    GATES = 3

    def __init__(
        self, input_size: int, hidden_size: int, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64
    ) -> None:
        super().__init__(input_size, hidden_size, rng, dtype)
        self.params["b"] = np.zeros((2, 3 * hidden_size), dtype)

    def _steps(self, inputs: Vectors | Lookup, states: list[NDArray], mask: NDArray[np.bool_] | None) -> GRUCache:
        T, N = inputs.steps
        H, dtype = self.output_size, inputs.dtype
        # sigmoid(z) = 0.5 * tanh(0.5 * z) + 0.5: one tanh serves r and z.
        W, U_T, (b_input, b_state) = self._scaled_weights(np.array([0.5, 0.5, 1], dtype))
        b_input[: 2 * H] += b_state[: 2 * H]  # to r and z only the sum of the two matters

        gates = empty((T, 3, N, H), dtype)
        from_input = inputs.share(W, b_input, out=gates.reshape(T, N, 3 * H))  # the gates of a step take its place
        from_state = np.empty((N, 3 * H), dtype)
        before_sigmoids, before_reset = from_state[:, : 2 * H], from_state[:, 2 * H :]
        before_r_and_z = gate_by_gate(before_sigmoids, 2)
        n_input = np.empty((N, H), dtype)
        recalled = empty((T, N, H), dtype)
        h = empty((T + 1, N, H), dtype)
        h[0] = states[0]
        for t in range(T):
            np.matmul(h[t], U_T, out=from_state)
            before_sigmoids += from_input[t, :, : 2 * H]
            n_input[:] = from_input[t, :, 2 * H :]
            sigmoids, (r, z, n) = gates[t, :2], gates[t]
            np.tanh(before_r_and_z, out=sigmoids)
            sigmoids *= 0.5
            sigmoids += 0.5
            np.add(before_reset, b_state[2 * H :], out=recalled[t])
            np.multiply(r, recalled[t], out=n)
            n += n_input
            np.tanh(n, out=n)
            np.subtract(h[t], n, out=h[t + 1])  # n + z * (h - n), the same mixture in one product
            h[t + 1] *= z
            h[t + 1] += n
            if mask is not None:
                h[t + 1] *= mask[t]
        return GRUCache(inputs, h, mask, gates, recalled)

    def _steps_back(
        self, dy: NDArray, cache: GRUCache, dstates: list[NDArray], steps: Iterable[int]
    ) -> tuple[NDArray, NDArray]:
        T, N, H = dy.shape
        h, gates, recalled = cache.h, cache.gates, cache.recalled
        U = self._weight("U", dy.dtype)
        (dh,) = dstates
        dfrom = empty((T, N, 4 * H), dy.dtype)  # the input's share of n, r and z, the state's share of n
        dfrom_input, dfrom_state, dfrom_gates = dfrom[:, :, : 3 * H], dfrom[:, :, H:], gate_by_gate(dfrom, 4)
        dgates, opposite = np.empty((4, N, H), dy.dtype), np.empty((3, N, H), dy.dtype)
        dn, dr, dz, dreset = dgates
        not_r, not_z, not_n = opposite
        through_gates = np.empty_like(dh)
        for t in steps:
            r, z, n = gates[t]
            dh += dy[t]  # from the future + from above
            np.subtract(1, gates[t], out=opposite)
            np.multiply(dh, not_z, out=dn)
            np.subtract(h[t + 1], n, out=dz)  # z * (h - n)
            dz *= dn  # dh * (h - n) * z * (1 - z)
            np.multiply(dn, n, out=dr)
            dn += dr
            dn *= not_n  # dh * (1 - z) * (1 + n) * (1 - n)
            np.multiply(dn, r, out=dreset)
            np.multiply(dreset, recalled[t], out=dr)
            dr *= not_r  # dn * recalled * r * (1 - r)
            dfrom_gates[t] = dgates
            np.matmul(dfrom_state[t], U, out=through_gates)
            dh *= z  # the shortcut past the gates
            dh += through_gates
        return dfrom_input, dfrom_state

    def _input_gradients(
        self, inputs: Vectors | Lookup, from_input: NDArray, to_input: bool
    ) -> tuple[NDArray | None, NDArray]:
        H = self.output_size
        W = np.roll(self._weight("W", from_input.dtype), H, axis=0)  # n, r, z, as in `from_input`
        dx, dW = inputs.gradients(from_input, W, to_input)
        return dx, np.roll(dW, -H, axis=0)

    def _bias_gradient(self, from_input: NDArray, from_state: NDArray) -> NDArray:
        return np.stack([np.roll(sum_of_rows(from_input), -self.output_size), sum_of_rows(from_state)])
