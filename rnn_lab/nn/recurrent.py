"""Recurrent layers over whole sequences: rows instead of columns, one large product wherever time allows it.

Here is what every recurrent layer does the same way, and the plain layer. `lstm` and `gru` hold the gated ones.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rnn_lab.nn.checks import as_array, as_generator, as_pair, as_size
from rnn_lab.nn.functions import find_activation
from rnn_lab.nn.inputs import Lookup, Vectors, as_inputs
from rnn_lab.nn.workspace import empty

State = TypeVar("State")  # an array of shape (N, H), or for an LSTM the pair of them (h, c)


@dataclass(frozen=True, slots=True)
class Cache:
    """What the backward pass of every recurrent layer needs of its forward pass."""

    inputs: Vectors | Lookup  # vectors are zero where padded
    h: NDArray  # (T + 1, N, H), the initial state first, zero where padded
    mask: NDArray[np.bool_] | None  # (T, N, 1), False where padded; None when nothing is

    @property
    def lengths(self) -> NDArray[np.integer]:
        """How many steps each sequence has, shape (N,)."""
        steps, N, _ = self.h.shape
        return np.full(N, steps - 1) if self.mask is None else self.mask.sum(axis=0)[:, 0]


class Recurrent(Generic[State]):
    """What recurrent layers share: parameters, checks, padding, truncation, and the gradients of the weights.

    A layer adds `_steps`, how one state follows from the one before, and `_steps_back`, the way back. The computation
    runs in the dtype of `x`. A forward pass keeps what the way back needs: memory grows as T * N * (state), see each
    layer.
    """

    GATES: ClassVar[int] = 1
    STATES: ClassVar[tuple[str, ...]] = ("h",)

    def __init__(
        self, input_size: int, hidden_size: int, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64
    ) -> None:
        D, H = as_size("input_size", input_size), as_size("hidden_size", hidden_size)
        rng = as_generator(rng)
        self.params = {
            "W": (rng.standard_normal((self.GATES * H, D)) / np.sqrt(D)).astype(dtype),
            "U": (rng.standard_normal((self.GATES * H, H)) / np.sqrt(H)).astype(dtype),
            "b": np.zeros(self.GATES * H, dtype),
        }

    @property
    def input_size(self) -> int:
        """D, how many values it takes at each step."""
        return self.params["W"].shape[1]

    @property
    def output_size(self) -> int:
        """H, how many values it gives at each step."""
        return self.params["U"].shape[1]

    def forward(
        self, x: ArrayLike | Lookup, state: ArrayLike | None = None, lengths: ArrayLike | None = None
    ) -> tuple[NDArray, State, Cache]:
        """Run over whole sequences.

        Parameters
        ----------
        x : array_like, shape (T, N, D), or Lookup
            T steps of N examples.
        state : array_like, shape (N, H), optional
            The state before the first step; zero if left out. For an LSTM the pair ``(h, c)``.
        lengths : array_like of int, shape (N,), optional
            How many steps belong to each example; the rest is padding, may be anything and changes nothing.

        Returns
        -------
        y : ndarray, shape (T, N, H)
            h after each step, zero where padded; read-only, because `cache` shares it.
        state : ndarray, shape (N, H)
            The state after each example's last step. For an LSTM the pair ``(h, c)``.
        cache : Cache
            For `backward`; may keep a reference to `x`.

        Raises
        ------
        TypeError, ValueError
            If an argument has another shape, is not numeric, holds NaN outside the padding, or a length is not
            in 1 ... T.
        """
        inputs, mask = as_inputs(x, self.input_size, lengths)
        _, N = inputs.steps
        cache = self._steps(inputs, self._as_states("state", state, N, inputs.dtype), mask)
        y = cache.h[1:]
        y.flags.writeable = False
        last = (cache.lengths, np.arange(N))
        return y, self._as_state([getattr(cache, name)[last] for name in self.STATES]), cache

    def backward(
        self,
        dy: ArrayLike,
        cache: Cache,
        dstate: ArrayLike | None = None,
        truncate: int | None = None,
        *,
        to_input: bool = True,
    ) -> tuple[Any, State, dict[str, NDArray]]:
        """Backpropagate through time (Werbos, 1990).

        Parameters
        ----------
        dy : array_like, shape (T, N, H)
            The gradient with respect to `y`; ignored where padded.
        cache : Cache
            From `forward`.
        dstate : array_like, shape (N, H), optional
            The gradient with respect to the final state, zero if left out. For an LSTM the pair ``(dh, dc)``.
        truncate : int, optional
            Cut the gradient at the borders of blocks of this many steps, counted from the first.
        to_input : bool
            Whether the gradient of `x` is wanted; a model's first layer can spare it.

        Returns
        -------
        dx : ndarray, shape (T, N, D), or None
            For a `Lookup` the gradient with respect to its table, (V, D).
        dstate : ndarray, shape (N, H)
            The gradient with respect to the initial state. For an LSTM the pair ``(dh, dc)``.
        grads : dict
            Keys and shapes of `params`.

        Raises
        ------
        TypeError, ValueError
            If a gradient has another shape or `truncate` is not a whole number of at least 1.
        """
        h, dtype = cache.h, cache.h.dtype
        T, N, H = h[1:].shape
        dy = as_array("dy", dy, (T, N, H)).astype(dtype, copy=False)
        if cache.mask is not None:
            given, dy = dy, empty(dy.shape, dtype)
            dy[:] = given
            np.copyto(dy, 0, where=~cache.mask)
        block = T if truncate is None else as_size("truncate", truncate)
        arriving = self._as_states("dstate", dstate, N, dtype)
        dstates = [np.zeros_like(array) for array in arriving]
        dz_input, dz_state = self._steps_back(dy, cache, dstates, _back(cache.lengths, T, block, dstates, arriving))

        from_input = dz_input.reshape(T * N, self.GATES * H)
        from_state = dz_state.reshape(T * N, self.GATES * H)
        dx, dW = self._input_gradients(cache.inputs, from_input, to_input)
        dU = from_state.T @ h[:T].reshape(T * N, H)  # one weight, many uses: the products add up
        grads = {"W": dW, "U": dU, "b": self._bias_gradient(from_input, from_state)}
        return dx, self._as_state(dstates), grads

    def _steps(self, inputs: Vectors | Lookup, states: list[NDArray], mask: NDArray[np.bool_] | None) -> Cache:
        """Take all steps -> what the way back needs."""
        raise NotImplementedError

    def _steps_back(
        self, dy: NDArray, cache: Any, dstates: list[NDArray], steps: Iterable[int]
    ) -> tuple[NDArray, NDArray]:
        """Go back through all `steps`, changing `dstates` from what comes from the future to what goes to the past.

        Returns the gradients with respect to ``W @ x`` and to ``U @ h`` at every step, both (T, N, GATES * H).
        """
        raise NotImplementedError

    def _weight(self, name: str, dtype: DTypeLike) -> NDArray:
        return self.params[name].astype(dtype, copy=False)

    def _scaled_weights(self, scale: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Return copies of W, U.T and b, what belongs to each gate times its `scale`, in the dtype of that."""
        scales = np.repeat(scale, self.output_size)
        W, U, b = (self._weight(name, scale.dtype) for name in ("W", "U", "b"))
        U_T = transposed(U)
        U_T *= scales
        return W * scales[:, None], U_T, b * scales

    def _input_gradients(
        self, inputs: Vectors | Lookup, from_input: NDArray, to_input: bool
    ) -> tuple[NDArray | None, NDArray]:
        return inputs.gradients(from_input, self._weight("W", from_input.dtype), to_input)

    def _bias_gradient(self, from_input: NDArray, from_state: NDArray) -> NDArray:
        return sum_of_rows(from_input)

    def _as_states(self, name: str, state: ArrayLike | None, N: int, dtype: DTypeLike) -> list[NDArray]:
        """Check a state or a state's gradient -> its arrays, one for each of STATES, zero if left out."""
        H = self.output_size
        if state is None:
            return [np.zeros((N, H), dtype) for _ in self.STATES]
        arrays: Iterable[NDArray]
        if len(self.STATES) == 1:
            arrays = [as_array(name, state, (N, H), finite=True)]
        else:
            arrays = as_pair(name, state, (N, H), finite=True)
        return [array.astype(dtype, copy=False) for array in arrays]

    def _as_state(self, arrays: list[NDArray]) -> Any:
        return arrays[0] if len(self.STATES) == 1 else tuple(arrays)


def _back(
    lengths: NDArray[np.integer], T: int, block: int, dstates: list[NDArray], arriving: list[NDArray]
) -> Iterator[int]:
    """Yield T - 1 ... 0, with `dstates` made ready: cut at the border of a block, begun at the end of a sequence."""
    ends = set(lengths.tolist())
    for t in reversed(range(T)):
        if (t + 1) % block == 0:
            for dstate in dstates:
                dstate[:] = 0
        if t + 1 in ends:
            for dstate, arrival in zip(dstates, arriving, strict=True):
                np.copyto(dstate, arrival, where=(lengths == t + 1)[:, None])
        yield t


def transposed(weight: NDArray) -> NDArray:
    """Copy `weight.T` into rows of memory, from which the product of every step reads it a quarter faster.

    Blocks of rows stay in the processor's cache: NumPy's own copy takes nine times as long at 2048 x 512.
    """
    rows, columns = weight.shape
    copy = np.empty((columns, rows), weight.dtype)
    for start in range(0, rows, 32):
        copy[:, start : start + 32] = weight[start : start + 32].T
    return copy


def gate_by_gate(rows: NDArray, gates: int) -> NDArray:
    """View rows in which the gates lie side by side, (..., N, gates * H), as (..., gates, N, H)."""
    *leading, N, width = rows.shape
    return np.swapaxes(rows.reshape(*leading, N, gates, width // gates), -3, -2)


def sum_of_rows(rows: NDArray) -> NDArray:
    """Add up the rows by a product with ones, on which NumPy takes a third of the time of its own sum."""
    return np.ones(len(rows), rows.dtype) @ rows


class RNN(Recurrent[NDArray]):
    """The plain recurrent layer, ``h[t] = f(x[t] @ W.T + h[t - 1] @ U.T + b)`` for t = 0 ... T - 1.

    Computes what `RNNCell` computes step by step, in rows: an example is a row of a batch. Keeps T * N * H numbers for
    the way back, and needs as many more on it.

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
        super().__init__(input_size, hidden_size, rng, dtype)
        self.activation = find_activation(activation)

    def _steps(self, inputs: Vectors | Lookup, states: list[NDArray], mask: NDArray[np.bool_] | None) -> Cache:
        T, N = inputs.steps
        W, U, b = (self._weight(name, inputs.dtype) for name in ("W", "U", "b"))
        H, U_T = len(U), transposed(U)
        h = empty((T + 1, N, H), inputs.dtype)
        h[0] = states[0]
        inputs.share(W, b, out=h[1:])
        from_state = np.empty_like(h[0])
        for t in range(T):
            np.matmul(h[t], U_T, out=from_state)
            h[t + 1] += from_state
            self.activation.function(h[t + 1], out=h[t + 1])
            if mask is not None:
                h[t + 1] *= mask[t]
        return Cache(inputs, h, mask)

    def _steps_back(
        self, dy: NDArray, cache: Cache, dstates: list[NDArray], steps: Iterable[int]
    ) -> tuple[NDArray, NDArray]:
        U = self._weight("U", dy.dtype)
        (dh,) = dstates
        slope = np.empty_like(dh)
        dz = empty(dy.shape, dy.dtype)
        for t in steps:
            dh += dy[t]  # from the future + from above
            self.activation.derivative_from_output(cache.h[t + 1], out=slope)
            np.multiply(dh, slope, out=dz[t])
            np.matmul(dz[t], U, out=dh)
        return dz, dz
