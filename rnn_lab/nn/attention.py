"""Additive attention (Bahdanau, Cho & Bengio, 2015): one look at a whole sequence."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rnn_lab.nn.checks import as_array, as_generator, as_mask, as_size, refuse_non_finite

Grads = dict[str, NDArray]


class Memory(NamedTuple):
    """What is looked at, and what is the same for every look at it; examples first, as each is a product of its own.

    Attributes
    ----------
    keys : ndarray, shape (N, S, K)
        Zero where padded.
    projected : ndarray, shape (N, S, A)
        ``keys @ U.T``.
    mask : ndarray of bool, shape (N, S), or None
        False where padded; None when nothing is.
    """

    keys: NDArray
    projected: NDArray
    mask: NDArray[np.bool_] | None


class Look(NamedTuple):
    """One look at a memory: what the way back needs."""

    query: NDArray  # (N, Q)
    u: NDArray  # (N, S, A)
    weights: NDArray  # (N, S), each row sums to 1


class AdditiveAttention:
    """Where to look: a score for each key, a softmax over them, and the mean of the keys with these weights.

    ::

        u[s] = tanh(W @ query + U @ keys[s])
        weights = softmax over s of v @ u[s]
        context = sum over s of weights[s] * keys[s]

    Parameters
    ----------
    query_size, key_size, attention_size : int
        Q, K and A.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.
    dtype : dtype
        That of the parameters, and of everything computed.

    Attributes
    ----------
    params : dict
        ``W`` (A, Q), ``U`` (A, K) and ``v`` (A,), drawn with standard deviation 1/sqrt(Q), 1/sqrt(K) and 1/sqrt(A).
    """

    def __init__(
        self,
        query_size: int,
        key_size: int,
        attention_size: int,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        Q, K = as_size("query_size", query_size), as_size("key_size", key_size)
        A, rng = as_size("attention_size", attention_size), as_generator(rng)
        self.params = {
            "W": (rng.standard_normal((A, Q)) / np.sqrt(Q)).astype(dtype),
            "U": (rng.standard_normal((A, K)) / np.sqrt(K)).astype(dtype),
            "v": (rng.standard_normal(A) / np.sqrt(A)).astype(dtype),
        }

    def remember(self, keys: ArrayLike, lengths: ArrayLike | None = None) -> Memory:
        """Make ready what is looked at: the keys' share of every score is computed once.

        Parameters
        ----------
        keys : array_like, shape (S, N, K)
            S steps of N examples, such as an encoder's states.
        lengths : array_like of int, shape (N,), optional
            How many of the steps belong to each example; the rest gets no weight.

        Raises
        ------
        TypeError, ValueError
            If the keys have another shape or hold NaN outside the padding, or a length is not in 1 ... S.
        """
        U = self.params["U"]
        keys = as_array("keys", keys, ("S", "N", U.shape[1])).astype(U.dtype, copy=False)
        mask = as_mask(lengths, *keys.shape[:2])
        if mask is not None:
            keys = np.where(mask, keys, 0)
        refuse_non_finite("keys", keys)
        keys = np.ascontiguousarray(keys.swapaxes(0, 1))  # (N, S, K)
        return Memory(keys, keys @ U.T, None if mask is None else mask[:, :, 0].T)

    def forward(self, query: ArrayLike, memory: Memory) -> tuple[NDArray, Look]:
        """Look once.

        Parameters
        ----------
        query : array_like, shape (N, Q)
            One for each example. A memory of one example serves any number of queries.
        memory : Memory
            From `remember`.

        Returns
        -------
        context : ndarray, shape (N, K)
        look : Look
            For `backward`; its `weights`, shape (N, S), say where the look went.

        Raises
        ------
        TypeError, ValueError
            If the query has another shape or is not numeric.
        """
        W, v = self.params["W"], self.params["v"]
        query = as_array("query", query, ("N", W.shape[1])).astype(W.dtype, copy=False)
        u = (query @ W.T)[:, None] + memory.projected  # (N, S, A)
        np.tanh(u, out=u)
        weights = u @ v
        if memory.mask is not None:
            weights[~np.broadcast_to(memory.mask, weights.shape)] = -np.inf
        weights -= weights.max(axis=1, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(axis=1, keepdims=True)
        return (weights[:, None] @ memory.keys)[:, 0], Look(query, u, weights)

    def backward(self, dcontext: NDArray, look: Look, memory: Memory) -> tuple[NDArray, NDArray, Grads]:
        """Carry the gradient of one look's context back to its query and to what it looked at.

        Parameters
        ----------
        dcontext : ndarray, shape (N, K)
        look : Look
            From `forward`.
        memory : Memory
            What it looked at.

        Returns
        -------
        dquery : ndarray, shape (N, Q)
        dprojected : ndarray, shape (N, S, A)
            Add those of all looks up, for `remember_backward`.
        grads : dict
            ``W`` and ``v``.
        """
        query, u, weights = look
        W, v = self.params["W"], self.params["v"]
        N, S, A = u.shape
        dweights = (memory.keys @ dcontext[:, :, None])[:, :, 0]  # (N, S)
        dscores = weights * (dweights - (weights * dweights).sum(axis=1, keepdims=True))
        dv = dscores.reshape(N * S) @ u.reshape(N * S, A)
        du = u * u  # du = dscores * v * (1 - u**2), before the tanh
        np.subtract(1, du, out=du)
        du *= dscores[:, :, None]
        du *= v
        from_query = du.sum(axis=1)  # (N, A)
        return from_query @ W, du, {"W": from_query.T @ query, "v": dv}

    def remember_backward(
        self, dprojected: NDArray, weights: NDArray, dcontexts: NDArray, memory: Memory
    ) -> tuple[NDArray, Grads]:
        """Carry the gradients of T looks back to the keys, which each look used twice: to score and to mix.

        Parameters
        ----------
        dprojected : ndarray, shape (N, S, A)
            The sum over all looks.
        weights : ndarray, shape (T, N, S)
            Those of each look.
        dcontexts : ndarray, shape (T, N, K)
            The gradients that came to their contexts.
        memory : Memory

        Returns
        -------
        dkeys : ndarray, shape (S, N, K)
        grads : dict
            ``U``.
        """
        (N, S, A), K = dprojected.shape, memory.keys.shape[2]
        dkeys = dprojected @ self.params["U"]
        dkeys += weights.transpose(1, 2, 0) @ dcontexts.swapaxes(0, 1)
        grads = {"U": dprojected.reshape(N * S, A).T @ memory.keys.reshape(N * S, K)}
        return dkeys.swapaxes(0, 1), grads
