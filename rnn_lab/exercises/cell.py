"""The exercises of chapter 01: the cell, forwards and backwards, and what its memory hangs on.

Columns, as in `rnn_lab.RNNCell`: x (D, N), h (H, N), W (H, D), U (H, H), b (H, 1).
"""

import math

import numpy as np

from rnn_lab.exercises import cell_misconceptions as wrong
from rnn_lab.exercises.framework import Condition, exercise


def one_step(D=3, H=4, N=1, dtype=np.float64) -> Condition:
    """Arguments of `forward`: an input, a state and the weights."""

    def draw(rng):
        shapes = (D, N), (H, N), (H, D), (H, H), (H, 1)
        return tuple(rng.standard_normal(shape).astype(dtype) for shape in shapes)

    return draw


def from_zero(rng):
    """Arguments of `forward` with a state of zero."""
    x, h, W, U, b = one_step()(rng)
    return x, 0 * h, W, U, b


@exercise(
    returns="h_next",
    conditions={
        "a state of zero": from_zero,
        "a state that is not zero": one_step(),
        "a batch of 3": one_step(N=3),
        "as many inputs as units": one_step(D=4),
        "float32 arrays": one_step(dtype=np.float32),
    },
    misconceptions=(
        wrong.no_memory,
        wrong.no_tanh,
        wrong.no_bias,
        wrong.tanh_of_each_product,
        wrong.bias_after_the_tanh,
        wrong.sigmoid_instead_of_tanh,
        wrong.weights_swapped,
        wrong.recurrent_weights_transposed,
    ),
    hints=(
        "Three things reach a unit: the input through `W`, the state through `U`, and the bias.",
        "`@` multiplies matrices; `b` has one column, and NumPy repeats it for each example. The tanh comes last.",
    ),
)
def forward(x, h, W, U, b):
    """Return the state after one step of the plain cell, of shape (H, N), from the input x (D, N), the state h (H, N)
    and the weights W (H, D), U (H, H) and b (H, 1)."""
    return np.tanh(W @ x + U @ h + b)


def sequence(T=5, D=3, H=4, N=1, h0_scale=1.0, dtype=np.float64) -> Condition:
    """Arguments of `unroll`: T inputs, the initial state and the weights."""

    def draw(rng):
        x, h0, W, U, b = one_step(D, H, N)(rng)
        x = rng.standard_normal((T, D, N))
        return tuple(array.astype(dtype) for array in (x, h0_scale * h0, W, U, b))

    return draw


@exercise(
    returns="h",
    conditions={
        "several steps": sequence(),
        "one step": sequence(T=1),
        "several steps from a state of zero": sequence(h0_scale=0),
        "a batch of 3": sequence(N=3),
        "float32 arrays": sequence(dtype=np.float32),
    },
    misconceptions=(
        wrong.restarts_at_every_step,
        wrong.reads_the_first_input_only,
        wrong.runs_backwards,
        wrong.starts_from_zero,
        wrong.last_state_only,
        wrong.without_the_initial_state,
        wrong.one_array_for_all_states,
    ),
    hints=(
        "The initial state is the first of T + 1 states; each step appends one.",
        "Collect the states in a list that starts as `[h0]`; step t reads `x[t]` and the list's last entry.",
    ),
)
def unroll(x, h0, W, U, b):
    """Return all states of the cell over the inputs x (T, D, N), as one array of shape (T + 1, H, N): first the initial
    state h0 (H, N), then the state after each step."""
    h = [h0]
    for t in range(len(x)):
        h.append(np.tanh(W @ x[t] + U @ h[t] + b))
    return np.array(h)


def one_step_back(**sizes) -> Condition:
    """Arguments of `backward`: those of `forward`, and the gradient from above."""

    def draw(rng):
        x, h, W, U, b = one_step(**sizes)(rng)
        return x, h, rng.standard_normal(h.shape).astype(h.dtype), W, U, b

    return draw


@exercise(
    returns="dx, dh, dW, dU, db",
    conditions={
        "one example": one_step_back(),
        "a batch of 3": one_step_back(N=3),
        "as many inputs as units": one_step_back(D=4),
        "float32 arrays": one_step_back(N=3, dtype=np.float32),
    },
    misconceptions=(
        wrong.slope_at_the_previous_state,
        wrong.slope_from_the_previous_state,
        wrong.tanh_of_the_activated_value,
        wrong.no_slope,
        wrong.slope_not_squared,
        wrong.tanh_for_its_slope,
        wrong.gradient_from_above_left_out,
        wrong.bias_left_out_of_the_sum,
        wrong.bias_gradient_not_summed,
        wrong.averaged_over_the_batch,
        wrong.recurrent_gradient_with_the_next_state,
        wrong.recurrent_weights_not_transposed,
        wrong.weights_not_transposed,
        wrong.weights_swapped_backwards,
    ),
    hints=(
        "Begin with the sum z under the tanh: `dz` is `dh_next` times the slope of the tanh at z, entry by entry. All "
        "five gradients follow from `dz`.",
        "With `h_next = tanh(z)` the slope is `1 - h_next**2`.",
        "Each gradient has the shape of what it belongs to: `dW` (H, D) can only be `dz` (H, N) times `x.T` (N, D).",
    ),
)
def backward(x, h, dh_next, W, U, b):
    """Return the gradients dx, dh, dW, dU and db of one step of the cell, each shaped as what it belongs to, given
    dh_next (H, N), the gradient with respect to the state after the step."""
    h_next = np.tanh(W @ x + U @ h + b)
    dz = (1 - h_next**2) * dh_next  # (H, N)
    dx = W.T @ dz
    dh = U.T @ dz
    dW = dz @ x.T
    dU = dz @ h.T
    db = dz.sum(axis=1, keepdims=True)
    return dx, dh, dW, dU, db


def symmetric(rng):
    """A matrix whose singular values are the sizes of its eigenvalues."""
    A = rng.standard_normal((5, 5))
    return A + A.T, 0.9


@exercise(
    returns="U_scaled",
    conditions={
        "a symmetric matrix": symmetric,
        "a radius below 1": lambda rng: (rng.standard_normal((5, 5)), 0.9),
        "a radius above 1": lambda rng: (rng.standard_normal((4, 4)), 1.5),
    },
    misconceptions=(
        wrong.largest_singular_value,
        wrong.frobenius_norm,
        wrong.only_multiplied,
        wrong.multiplied_by_its_own_radius,
        wrong.largest_real_part,
        wrong.eigenvalue_without_its_size,
        wrong.smallest_eigenvalue,
        wrong.largest_entry,
    ),
    hints=(
        "Multiplying a matrix by a number multiplies each of its eigenvalues by it.",
        "`np.linalg.eigvals(U)` gives the eigenvalues, which may be complex; `np.abs` is their distance from zero.",
    ),
)
def set_spectral_radius(U, radius):
    """Return a multiple of the matrix U (H, H) by a positive number, such that its spectral radius is `radius`."""
    return U * (radius / np.abs(np.linalg.eigvals(U)).max())


def fading(shortest, longest) -> Condition:
    """A radius between two bounds, and a fraction that is reached well between two steps."""

    def draw(rng):
        radius = rng.uniform(shortest, longest)
        steps = rng.integers(2, 6) / (1 - radius)
        return radius, radius ** (np.floor(steps) + rng.uniform(0.2, 0.8))

    return draw


@exercise(
    returns="steps",
    conditions={
        "a short memory": fading(0.3, 0.7),
        "a long memory": fading(0.9, 0.98),
        "a fraction reached exactly": lambda rng: (0.5, 0.5 ** int(rng.integers(2, 6))),
    },
    misconceptions=(
        wrong.rounded_down,
        wrong.rounded_to_the_nearest,
        wrong.one_step_too_many,
        wrong.linear_decay,
        wrong.quotient_upside_down,
        wrong.counted_in_halvings,
        wrong.divided_without_logarithms,
    ),
    hints=(
        "After n steps an impulse of 1 has become `radius**n`.",
        "Solve `radius**n = fraction` for n with logarithms; the first whole number not below it is the answer. A loop "
        "that multiplies and counts does as well.",
    ),
)
def memory_span(radius, fraction):
    """Return after how many steps an impulse in the linear cell `h[t + 1] = radius * h[t]` has first fallen to
    `fraction` of its size or below; both are numbers between 0 and 1."""
    return math.ceil(math.log(fraction) / math.log(radius))
