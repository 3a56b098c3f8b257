"""The gated recurrent unit (Cho et al., 2014), with the reset gate after the product, as PyTorch has it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from rnn_lab.nn.functions import sigmoid_slope, tanh_slope
from rnn_lab.nn.recurrent import Cache, Recurrent, gate_by_gate, transposed


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

    Keeps T * N * 5H numbers for the way back, and needs T * N * 6H more on it.

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

    def _steps(self, x: NDArray, states: list[NDArray], mask: NDArray[np.bool_] | None) -> GRUCache:
        T, N, D = x.shape
        H = self.params["U"].shape[1]
        # sigmoid(z) = (1 + tanh(z / 2)) / 2: one tanh serves r and z.
        W, U, (b_input, b_state) = self._scaled_weights(np.array([0.5, 0.5, 1], x.dtype))
        U_T = transposed(U)
        b_input[: 2 * H] += b_state[: 2 * H]  # to r and z only the sum of the two matters

        from_input = (x.reshape(T * N, D) @ W.T).reshape(T, N, 3 * H)  # the inputs' share of every step at once
        from_input += b_input
        from_state = np.empty((N, 3 * H), x.dtype)
        before_sigmoids, before_reset = from_state[:, : 2 * H], from_state[:, 2 * H :]
        before_r_and_z = gate_by_gate(before_sigmoids, 2)
        gates = np.empty((T, 3, N, H), x.dtype)
        recalled = np.empty((T, N, H), x.dtype)
        h = np.empty((T + 1, N, H), x.dtype)
        h[0] = states[0]
        for t in range(T):
            np.matmul(h[t], U_T, out=from_state)
            before_sigmoids += from_input[t, :, : 2 * H]
            sigmoids, (r, z, n) = gates[t, :2], gates[t]
            np.tanh(before_r_and_z, out=sigmoids)
            sigmoids *= 0.5
            sigmoids += 0.5
            np.add(before_reset, b_state[2 * H :], out=recalled[t])
            np.multiply(r, recalled[t], out=n)
            n += from_input[t, :, 2 * H :]
            np.tanh(n, out=n)
            np.subtract(h[t], n, out=h[t + 1])  # n + z * (h - n), the same mixture in one product
            h[t + 1] *= z
            h[t + 1] += n
            if mask is not None:
                h[t + 1] *= mask[t]
        return GRUCache(x, h, mask, gates, recalled)

    def _steps_back(
        self, dy: NDArray, cache: GRUCache, dstates: list[NDArray], steps: Iterable[int]
    ) -> tuple[NDArray, NDArray]:
        T, N, H = dy.shape
        h, gates, recalled = cache.h, cache.gates, cache.recalled
        U = self._weight("U", dy.dtype)
        (dh,) = dstates
        dfrom_input, dfrom_state = np.empty((2, T, N, 3 * H), dy.dtype)
        dr_and_dz, dn_input = gate_by_gate(dfrom_input, 3)[:, :2], dfrom_input[:, :, 2 * H :]
        dn_state = dfrom_state[:, :, 2 * H :]
        dsigmoids, slopes = np.empty((2, 2, N, H), dy.dtype)
        dr, dz = dsigmoids
        dn, slope, through_gates = np.empty((3, N, H), dy.dtype)
        for t in steps:
            r, z, n = gates[t]
            dh += dy[t]  # from the future + from above
            np.subtract(1, z, out=dn)  # dn = dh * (1 - z) * (1 - n**2), before the tanh
            dn *= dh
            tanh_slope(n, out=slope)
            dn *= slope
            np.multiply(dn, recalled[t], out=dr)  # dr = dn * recalled * r * (1 - r)
            np.subtract(h[t], n, out=dz)  # dz = dh * (h - n) * z * (1 - z)
            dz *= dh
            sigmoid_slope(gates[t, :2], out=slopes)
            np.multiply(dsigmoids, slopes, out=dr_and_dz[t])
            dn_input[t] = dn
            dfrom_state[t] = dfrom_input[t]
            np.multiply(dn, r, out=dn_state[t])
            np.matmul(dfrom_state[t], U, out=through_gates)
            dh *= z  # the shortcut past the gates
            dh += through_gates
        return dfrom_input, dfrom_state

    def _bias_gradient(self, from_input: NDArray, from_state: NDArray) -> NDArray:
        return np.stack([from_input.sum(axis=0), from_state.sum(axis=0)])
