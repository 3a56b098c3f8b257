"""A recurrent layer that looks before every step (Bahdanau, Cho & Bengio, 2015)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rnn_lab.nn.attention import AdditiveAttention, Grads, Look, Memory
from rnn_lab.nn.checks import as_array, as_generator, as_size
from rnn_lab.nn.functions import sigmoid
from rnn_lab.nn.gru import GRU
from rnn_lab.nn.recurrent import gate_by_gate


@dataclass(frozen=True, slots=True)
class AttentionCache:
    """What the backward pass of an `AttentionGRU` needs of its forward pass."""

    read: NDArray  # (T, N, D + K), the input and, beside it, the context
    h: NDArray  # (T + 1, N, H), the initial state first
    gates: NDArray  # (T, 3, N, H): r, z, n
    recalled: NDArray  # (T, N, H), the state's share of n before the reset
    looks: list[Look]
    memory: Memory

    @property
    def weights(self) -> NDArray:
        """Where each step looked, shape (T, N, S)."""
        return np.stack([look.weights for look in self.looks])


class AttentionGRU:
    """A GRU that looks at a memory before every step, with the state before the step as its query.

    ::

        context[t] = attention(h[t - 1], keys)
        h[t] = GRU step from h[t - 1] with the input (x[t], context[t])

    Keeps T * N * (S * A + 6H + D + K) numbers for the way back: the looks are what costs.

    Parameters
    ----------
    input_size, hidden_size, key_size : int
        D, H and K.
    attention_size : int, optional
        A; H if left out.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.
    dtype : dtype
        That of the parameters, and of everything computed.

    Attributes
    ----------
    params : dict
        Those of a `GRU` with D + K inputs, ``W``, ``U`` and ``b``, and ``attention.W``, ``attention.U``,
        ``attention.v``.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        key_size: int,
        attention_size: int | None = None,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        rng, self.input_size = as_generator(rng), as_size("input_size", input_size)
        A = hidden_size if attention_size is None else attention_size
        self.attention = AdditiveAttention(hidden_size, key_size, A, rng, dtype)
        gru = GRU(input_size + key_size, hidden_size, rng, dtype)
        self.params = gru.params | {f"attention.{name}": array for name, array in self.attention.params.items()}

    def forward(
        self, x: ArrayLike, state: ArrayLike, memory: Memory
    ) -> tuple[NDArray, NDArray, NDArray, AttentionCache]:
        """Run over whole sequences.

        Parameters
        ----------
        x : array_like, shape (T, N, D)
        state : array_like, shape (N, H)
            The state before the first step.
        memory : Memory
            From ``attention.remember``; of N examples, or of one that all sequences share.

        Returns
        -------
        h : ndarray, shape (T, N, H)
            The state after each step.
        contexts : ndarray, shape (T, N, K)
            What was seen before each step.
        state : ndarray, shape (N, H)
            That after the last step.
        cache : AttentionCache
            For `backward`; its `weights` say where each step looked.

        Raises
        ------
        TypeError, ValueError
            If an argument has another shape, is not numeric or holds NaN.
        """
        W, U, (b_input, b_state) = (self.params[name] for name in ("W", "U", "b"))
        D, H = self.input_size, U.shape[1]
        x = as_array("x", x, ("T", "N", D), finite=True)
        T, N, _ = x.shape
        read = np.empty((T, N, W.shape[1]), W.dtype)
        read[:, :, :D] = x
        h = np.empty((T + 1, N, H), W.dtype)
        h[0] = as_array("state", state, (N, H), finite=True)
        from_x = read[:, :, :D] @ W[:, :D].T + b_input  # the inputs' share of every step at once
        gates, recalled = np.empty((T, 3, N, H), W.dtype), np.empty((T, N, H), W.dtype)
        looks = []
        for t in range(T):
            read[t, :, D:], look = self.attention.forward(h[t], memory)
            looks.append(look)
            r_input, z_input, n_input = gate_by_gate(from_x[t] + read[t, :, D:] @ W[:, D:].T, 3)
            r_state, z_state, recalled[t] = gate_by_gate(h[t] @ U.T + b_state, 3)
            r, z, n = gates[t]
            sigmoid(r_input + r_state, out=r)
            sigmoid(z_input + z_state, out=z)
            np.tanh(n_input + r * recalled[t], out=n)
            h[t + 1] = (1 - z) * n + z * h[t]
        return h[1:], read[:, :, D:], h[T], AttentionCache(read, h, gates, recalled, looks, memory)

    def backward(
        self, dh: ArrayLike, dcontexts: ArrayLike, cache: AttentionCache
    ) -> tuple[NDArray, NDArray, NDArray, Grads]:
        """Backpropagate through time and through every look.

        Parameters
        ----------
        dh : array_like, shape (T, N, H)
            The gradient with respect to `h`, from above.
        dcontexts : array_like, shape (T, N, K)
            The gradient with respect to `contexts`, from above.
        cache : AttentionCache
            From `forward`.

        Returns
        -------
        dx : ndarray, shape (T, N, D)
        dstate : ndarray, shape (N, H)
            The gradient with respect to the initial state.
        dkeys : ndarray, shape (S, N, K)
        grads : dict
            Keys and shapes of `params`.

        Raises
        ------
        TypeError, ValueError
            If a gradient has another shape.
        """
        W, U = self.params["W"], self.params["U"]
        (T, N, width), H, D = cache.read.shape, U.shape[1], self.input_size
        dh = as_array("dh", dh, (T, N, H))
        dcontexts = np.array(as_array("dcontexts", dcontexts, (T, N, width - D)), W.dtype)
        from_input, from_state = np.empty((2, T, N, 3 * H), W.dtype)
        dprojected = np.zeros_like(cache.memory.projected)
        dattention: dict[str, Any] = {"W": 0, "v": 0}
        future = np.zeros((N, H), W.dtype)
        for t in reversed(range(T)):
            r, z, n = cache.gates[t]
            dstate = dh[t] + future  # from above + from the future
            dn = dstate * (1 - z) * (1 - n**2)
            dz = dstate * (cache.h[t] - n) * z * (1 - z)
            dr = dn * cache.recalled[t] * r * (1 - r)
            np.concatenate([dr, dz, dn], axis=1, out=from_input[t])
            np.concatenate([dr, dz, dn * r], axis=1, out=from_state[t])
            dcontexts[t] += from_input[t] @ W[:, D:]
            dquery, dprojected_t, dattention_t = self.attention.backward(dcontexts[t], cache.looks[t], cache.memory)
            dprojected += dprojected_t
            dattention = {name: dattention[name] + grad for name, grad in dattention_t.items()}
            future = dstate * z + from_state[t] @ U + dquery  # kept, through the gates, and as the query
        dkeys, dmemory = self.attention.remember_backward(dprojected, cache.weights, dcontexts, cache.memory)

        from_input, from_state = from_input.reshape(T * N, 3 * H), from_state.reshape(T * N, 3 * H)
        grads = {
            "W": from_input.T @ cache.read.reshape(T * N, width),
            "U": from_state.T @ cache.h[:T].reshape(T * N, H),
            "b": np.stack([from_input.sum(axis=0), from_state.sum(axis=0)]),
        }
        grads |= {f"attention.{name}": grad for name, grad in (dattention | dmemory).items()}
        dx = (from_input @ W[:, :D]).reshape(T, N, D)
        return dx, future, dkeys, {name: grads[name] for name in self.params}
