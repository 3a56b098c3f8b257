"""The calls of a widely read article on recurrent networks work with this package's cell, and give right gradients."""

import numpy as np
import pytest

from rnn_lab import RNNCell
from rnn_lab.nn.gradcheck import check_gradients

INPUTS, UNITS = 10, 5


@pytest.mark.parametrize("examples", [1, 3])
def test_one_step_forward_and_back(examples):
    rng = np.random.default_rng(0)
    cell = RNNCell(INPUTS, UNITS)
    x, h = rng.standard_normal((INPUTS, examples)), rng.standard_normal((UNITS, examples))
    dh_next = rng.standard_normal((UNITS, examples))

    h_next = cell.forward(x, h)
    dx, dh, dW, dU, db = cell.backward(x, h, dh_next)

    assert h_next.shape == (UNITS, examples)
    arrays = {"x": x, "h": h, "W": cell.W, "U": cell.U, "b": cell.b}
    grads = {"x": dx, "h": dh, "W": dW, "U": dU, "b": db}
    report = check_gradients(lambda: np.sum(cell.forward(x, h) * dh_next), arrays, grads)
    assert report.worst < 1e-6, report


def test_the_slope_is_that_of_the_new_state():
    """The article takes the slope of tanh at the previous state, and its gradients differ."""
    rng = np.random.default_rng(0)
    cell = RNNCell(INPUTS, UNITS, rng)
    x, h, dh_next = rng.standard_normal((INPUTS, 1)), rng.standard_normal((UNITS, 1)), np.ones((UNITS, 1))
    _, _, _, _, db = cell.backward(x, h, dh_next)
    np.testing.assert_allclose(db, 1 - cell.forward(x, h) ** 2, rtol=1e-12)
    assert np.abs(db - (1 - np.tanh(h) ** 2)).max() > 0.1


def test_training_a_cell_by_hand_lowers_the_loss():
    """Ten steps unrolled, the gradient carried back through time, and the parameters changed in place."""
    rng = np.random.default_rng(0)
    cell = RNNCell(INPUTS, UNITS, rng)
    inputs = rng.standard_normal((10, INPUTS, 1))
    targets = np.tanh(rng.standard_normal((10, UNITS, 1)))

    losses = []
    for _ in range(50):
        states = [np.zeros((UNITS, 1))]
        for x in inputs:
            states.append(cell.forward(x, states[-1]))
        losses.append(sum(np.sum((h - target) ** 2) for h, target in zip(states[1:], targets, strict=True)))
        dh = np.zeros((UNITS, 1))
        total = [np.zeros_like(param) for param in (cell.W, cell.U, cell.b)]
        for t in reversed(range(10)):
            _, dh, *grads = cell.backward(inputs[t], states[t], dh + 2 * (states[t + 1] - targets[t]))
            total = [so_far + grad for so_far, grad in zip(total, grads, strict=True)]
        for param, grad in zip((cell.W, cell.U, cell.b), total, strict=True):
            param -= 0.01 * grad
    assert losses[-1] < losses[0] / 10
