"""One step of a recurrent network, as the formulas have it: column vectors, one time step, nothing hidden."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn.checks import as_array, as_generator, as_size


class Cell:
    """What all cells share: how the weights begin, and a look at what comes in."""

    GATES = 1
    BIASES = 1

    def __init__(self, input_size: int, hidden_size: int, rng: np.random.Generator | None = None) -> None:
        D, H = as_size("input_size", input_size), as_size("hidden_size", hidden_size)
        rng = as_generator(rng)
        self.W = rng.standard_normal((self.GATES * H, D)) / np.sqrt(D)
        self.U = rng.standard_normal((self.GATES * H, H)) / np.sqrt(H)
        self.b = np.zeros((self.GATES * H, self.BIASES))

    def _checked(self, x: ArrayLike, h: ArrayLike) -> tuple[NDArray, NDArray]:
        x = self._checked_input(x)
        return x, as_array("h", h, (self.U.shape[1], x.shape[1]), finite=True)

    def _checked_input(self, x: ArrayLike) -> NDArray:
        return as_array("x", x, (self.W.shape[1], "N"), finite=True)


class RNNCell(Cell):
    """The plain recurrent cell, ``h_next = tanh(W @ x + U @ h + b)`` (Elman, 1990).

    Parameters
    ----------
    input_size : int
        D, the number of inputs.
    hidden_size : int
        H, the number of units in the hidden state.
    rng : numpy.random.Generator, optional
        Where the initial weights come from.

    Attributes
    ----------
    W : ndarray, shape (H, D)
        Input to hidden, drawn with standard deviation 1/sqrt(D).
    U : ndarray, shape (H, H)
        Hidden to hidden, drawn with standard deviation 1/sqrt(H): its spectral radius is near 1.
    b : ndarray, shape (H, 1)
        The bias, zero at first.
    """

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
        return np.tanh(self.W @ x + self.U @ h + self.b)

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
        dW : ndarray, shape (H, D)
        dU : ndarray, shape (H, H)
        db : ndarray, shape (H, 1)

        Raises
        ------
        TypeError, ValueError
            As `forward`.
        """
        x, h = self._checked(x, h)
        h_next = self.forward(x, h)
        dz = (1 - h_next**2) * as_array("dh_next", dh_next, h_next.shape)  # (H, N)
        dW = dz @ x.T
        dU = dz @ h.T
        db = dz.sum(axis=1, keepdims=True)
        dx = self.W.T @ dz
        dh = self.U.T @ dz
        return dx, dh, dW, dU, db
