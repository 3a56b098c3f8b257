"""Recurrent layers over whole sequences: rows instead of columns, one large product wherever time allows it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rnn_lab.nn.checks import as_array, as_generator, as_mask, as_size, refuse_non_finite
from rnn_lab.nn.functions import find_activation


@dataclass(frozen=True, slots=True)
class RNNCache:
    """What `RNN.backward` needs of a forward pass: the input, every state, and which steps are not padding."""

    x: NDArray  # (T, N, D)
    h: NDArray  # (T + 1, N, H), the initial state first
    mask: NDArray[np.bool_] | None  # (T, N, 1)


class RNN:
    """The plain recurrent layer, ``h[t] = f(x[t] @ W.T + h[t - 1] @ U.T + b)`` for t = 0 ... T - 1.

    Computes what `RNNCell` computes step by step, in rows: an example is a row of a batch. The
    computation runs in the dtype of `x`.

    Parameters
    ----------
    input_size, hidden_size : int
        D and H.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.
    activation : {"tanh", "sigmoid", "relu", "identity"}
        The nonlinearity f.
    dtype : dtype
        That of the parameters: float32 to train, float64 to check a gradient.

    Attributes
    ----------
    params : dict
        ``W`` (H, D), ``U`` (H, H) and ``b`` (H,), drawn as in `RNNCell`.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        rng: np.random.Generator | None = None,
        activation: str = "tanh",
        dtype: DTypeLike = np.float64,
    ) -> None:
        D, H = as_size("input_size", input_size), as_size("hidden_size", hidden_size)
        rng = as_generator(rng)
        self.activation = find_activation(activation)
        self.params = {
            "W": (rng.standard_normal((H, D)) / np.sqrt(D)).astype(dtype),
            "U": (rng.standard_normal((H, H)) / np.sqrt(H)).astype(dtype),
            "b": np.zeros(H, dtype),
        }

    def forward(
        self, x: ArrayLike, state: ArrayLike | None = None, lengths: ArrayLike | None = None
    ) -> tuple[NDArray, NDArray, RNNCache]:
        """Run over whole sequences.

        Parameters
        ----------
        x : array_like, shape (T, N, D)
            T steps of N examples.
        state : array_like, shape (N, H), optional
            The state before the first step; zero if left out.
        lengths : array_like of int, shape (N,), optional
            How many steps belong to each example; the rest is padding, may be anything and changes nothing.

        Returns
        -------
        y : ndarray, shape (T, N, H)
            The state after each step, zero where padded; read-only, because `cache` shares it.
        state : ndarray, shape (N, H)
            The state after each example's last step.
        cache : RNNCache
            For `backward`; may keep a reference to `x`.

        Raises
        ------
        TypeError, ValueError
            If an argument has another shape, is not numeric, holds NaN outside the padding, or a length is not
            in 1 ... T.
        """
        H, D = self.params["W"].shape
        x = as_array("x", x, ("T", "N", D))
        T, N, _ = x.shape
        mask = as_mask(lengths, T, N)
        if mask is not None:
            x = np.where(mask, x, 0)  # not even NaN in the padding may reach a product
        refuse_non_finite("x", x)
        W, U, b = (self.params[name].astype(x.dtype, copy=False) for name in ("W", "U", "b"))

        h = np.empty((T + 1, N, H), x.dtype)
        h[0] = 0 if state is None else as_array("state", state, (N, H), finite=True)
        np.matmul(x, W.T, out=h[1:])  # the inputs' share of every step at once
        h[1:] += b
        for t in range(T):
            h[t + 1] += h[t] @ U.T
            self.activation.function(h[t + 1], out=h[t + 1])
            if mask is not None:
                np.copyto(h[t + 1], h[t], where=~mask[t])  # an ended sequence keeps its last state

        y = h[1:] if mask is None else h[1:] * mask
        y.flags.writeable = False
        return y, h[T].copy(), RNNCache(x, h, mask)

    def backward(
        self, dy: ArrayLike, cache: RNNCache, dstate: ArrayLike | None = None, truncate: int | None = None
    ) -> tuple[NDArray, NDArray, dict[str, NDArray]]:
        """Backpropagate through time (Werbos, 1990).

        Parameters
        ----------
        dy : array_like, shape (T, N, H)
            The gradient with respect to `y`; ignored where padded.
        cache : RNNCache
            From `forward`.
        dstate : array_like, shape (N, H), optional
            The gradient with respect to the final state, zero if left out.
        truncate : int, optional
            Cut the gradient at the borders of blocks of this many steps, counted from the first.

        Returns
        -------
        dx : ndarray, shape (T, N, D)
        dstate : ndarray, shape (N, H)
            The gradient with respect to the initial state.
        grads : dict
            Keys and shapes of `params`.

        Raises
        ------
        TypeError, ValueError
            If a gradient has another shape or `truncate` is not a whole number of at least 1.
        """
        x, h, mask = cache.x, cache.h, cache.mask
        T, N, D = x.shape
        H = h.shape[2]
        dy = as_array("dy", dy, (T, N, H))
        block = T if truncate is None else as_size("truncate", truncate)
        W, U = (self.params[name].astype(x.dtype, copy=False) for name in ("W", "U"))

        future = np.zeros((N, H), x.dtype)
        if dstate is not None:
            future += as_array("dstate", dstate, (N, H))
        dz = self.activation.derivative_from_output(h[1:])  # (T, N, H), times dh below
        if mask is not None:
            dy, dz = np.where(mask, dy, 0), dz * mask
        for t in reversed(range(T)):
            if t + 1 < T and (t + 1) % block == 0:
                # The gradient of an ended sequence's state waits for its last step and crosses no border.
                np.copyto(future, 0, where=True if mask is None else mask[t + 1])
            dz[t] *= dy[t] + future  # from above + from the future
            if mask is None:
                np.matmul(dz[t], U, out=future)
            else:
                np.copyto(future, dz[t] @ U, where=mask[t])

        flat = dz.reshape(T * N, H)
        grads = {
            "W": flat.T @ x.reshape(T * N, D),  # one weight, many uses: the products add up
            "U": flat.T @ h[:T].reshape(T * N, H),
            "b": flat.sum(axis=0),
        }
        return dz @ W, future, grads
