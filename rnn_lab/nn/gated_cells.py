"""One step of the gated networks, as the formulas have it: column vectors, one time step, nothing hidden."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn.cells import Cell
from rnn_lab.nn.checks import as_array, as_pair
from rnn_lab.nn.functions import sigmoid


class LSTMCell(Cell):
    """The cell of a long short-term memory (Hochreiter & Schmidhuber, 1997; forget gate: Gers et al., 2000).

    ::

        i, f, o = sigmoid(...)      g = tanh(...)          each of W @ x + U @ h + b
        c_next = f * c + i * g
        h_next = o * tanh(c_next)

    Parameters
    ----------
    input_size, hidden_size : int
        D and H.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.
    forget_bias : float
        The initial bias of the forget gate; 1 lets a new cell remember (Jozefowicz et al., 2015).

    Attributes
    ----------
    W, U, b : ndarray, shapes (4H, D), (4H, H), (4H, 1)
        As those of `RNNCell`, with the rows of the gates i, f, g, o below one another.
    """

    GATES = 4

    def __init__(
        self, input_size: int, hidden_size: int, rng: np.random.Generator | None = None, forget_bias: float = 1.0
    ) -> None:
        super().__init__(input_size, hidden_size, rng)
        self.b[hidden_size : 2 * hidden_size] = forget_bias

    def forward(self, x: ArrayLike, h: ArrayLike) -> tuple[NDArray, NDArray]:
        """Take one step in time.

        Parameters
        ----------
        x : array_like, shape (D, N)
            The input at this step; each column is an example.
        h : pair of array_like, each of shape (H, N)
            The state before the step: the hidden state h and the cell state c.

        Returns
        -------
        h_next, c_next : ndarray, shape (H, N)
            The state after the step.

        Raises
        ------
        TypeError, ValueError
            If `x` or a part of `h` has another shape, is not numeric, or holds NaN, or `h` is not a pair.
        """
        x = self._checked_input(x)
        h, c = self._checked_pair("h", h, x.shape[1])
        i, f, g, o = self._gates(x, h)
        c_next = f * c + i * g
        return o * np.tanh(c_next), c_next

    def backward(
        self, x: ArrayLike, h: ArrayLike, dh_next: ArrayLike
    ) -> tuple[NDArray, tuple[NDArray, NDArray], NDArray, NDArray, NDArray]:
        """Carry the gradient of the loss back through one step.

        Parameters
        ----------
        x : array_like, shape (D, N)
        h : pair of array_like, each of shape (H, N)
            What `forward` was given.
        dh_next : pair of array_like, each of shape (H, N)
            The gradients with respect to the two states that `forward` returned.

        Returns
        -------
        dx : ndarray, shape (D, N)
        dh : pair of ndarray, each of shape (H, N)
            The gradients with respect to h and to c.
        dW : ndarray, shape (4H, D)
        dU : ndarray, shape (4H, H)
        db : ndarray, shape (4H, 1)

        Raises
        ------
        TypeError, ValueError
            As `forward`.
        """
        x = self._checked_input(x)
        h, c = self._checked_pair("h", h, x.shape[1])
        dh_next, dc_next = self._checked_pair("dh_next", dh_next, x.shape[1])
        i, f, g, o = self._gates(x, h)
        tanh_c = np.tanh(f * c + i * g)

        dc_next = dc_next + dh_next * o * (1 - tanh_c**2)  # c_next also acts through h_next
        di = dc_next * g * i * (1 - i)
        df = dc_next * c * f * (1 - f)
        dg = dc_next * i * (1 - g**2)
        do = dh_next * tanh_c * o * (1 - o)
        dc = dc_next * f

        dz = np.concatenate([di, df, dg, do])  # (4H, N)
        dW = dz @ x.T
        dU = dz @ h.T
        db = dz.sum(axis=1, keepdims=True)
        dx = self.W.T @ dz
        dh = self.U.T @ dz
        return dx, (dh, dc), dW, dU, db

    def _gates(self, x: NDArray, h: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
        i, f, g, o = np.split(self.W @ x + self.U @ h + self.b, 4)  # (H, N) each
        return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)

    def _checked_pair(self, name: str, pair: ArrayLike, N: int) -> tuple[NDArray, NDArray]:
        return as_pair(name, pair, (self.U.shape[1], N), finite=True)


class GRUCell(Cell):
    """The cell of a gated recurrent unit (Cho et al., 2014), with the reset after the product, as PyTorch has it.

    ::

        r, z = sigmoid(...)         each of W @ x + b[:, :1] + U @ h + b[:, 1:]
        n = tanh(W @ x + b[:, :1] + r * (U @ h + b[:, 1:]))
        h_next = (1 - z) * n + z * h

    Parameters
    ----------
    input_size, hidden_size : int
        D and H.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.

    Attributes
    ----------
    W, U : ndarray, shapes (3H, D), (3H, H)
        As those of `RNNCell`, with the rows of r, z, n below one another.
    b : ndarray, shape (3H, 2)
        The input's bias and the state's, zero at first. They differ because the reset gate acts on one of them alone.
    """

    GATES = 3
    BIASES = 2

    def forward(self, x: ArrayLike, h: ArrayLike) -> NDArray:
        """Take one step in time.

        Parameters
        ----------
        x : array_like, shape (D, N)
            The input at this step; each column is an example.
        h : array_like, shape (H, N)
            The hidden state before the step.

        Returns
        -------
        ndarray, shape (H, N)
            The hidden state after the step.

        Raises
        ------
        TypeError, ValueError
            If `x` or `h` has another shape, is not numeric, or holds NaN.
        """
        x, h = self._checked(x, h)
        _, z, n, _ = self._gates(x, h)
        return (1 - z) * n + z * h

    def backward(
        self, x: ArrayLike, h: ArrayLike, dh_next: ArrayLike
    ) -> tuple[NDArray, NDArray, NDArray, NDArray, NDArray]:
        """Carry the gradient of the loss back through one step.

        Parameters
        ----------
        x : array_like, shape (D, N)
        h : array_like, shape (H, N)
            What `forward` was given.
        dh_next : array_like, shape (H, N)
            The gradient with respect to the state that `forward` returned.

        Returns
        -------
        dx : ndarray, shape (D, N)
        dh : ndarray, shape (H, N)
        dW : ndarray, shape (3H, D)
        dU : ndarray, shape (3H, H)
        db : ndarray, shape (3H, 2)

        Raises
        ------
        TypeError, ValueError
            As `forward`.
        """
        x, h = self._checked(x, h)
        dh_next = as_array("dh_next", dh_next, h.shape)
        r, z, n, recalled = self._gates(x, h)

        dn = dh_next * (1 - z) * (1 - n**2)
        dz = dh_next * (h - n) * z * (1 - z)
        dr = dn * recalled * r * (1 - r)
        from_input = np.concatenate([dr, dz, dn])  # the gradient with respect to W @ x, (3H, N)
        from_state = np.concatenate([dr, dz, dn * r])  # ... and to U @ h

        dW = from_input @ x.T
        dU = from_state @ h.T
        db = np.stack([from_input.sum(axis=1), from_state.sum(axis=1)], axis=1)
        dx = self.W.T @ from_input
        dh = dh_next * z + self.U.T @ from_state
        return dx, dh, dW, dU, db

    def _gates(self, x: NDArray, h: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
        """Return r, z and n, and what r acts on: the state's share of n."""
        r_input, z_input, n_input = np.split(self.W @ x + self.b[:, :1], 3)  # (H, N) each
        r_state, z_state, recalled = np.split(self.U @ h + self.b[:, 1:], 3)
        r, z = sigmoid(r_input + r_state), sigmoid(z_input + z_state)
        return r, z, np.tanh(n_input + r * recalled), recalled
