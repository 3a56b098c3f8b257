"""The exercises of chapter 02: gradients through time, cut and clipped, and the baseline for real data.

Sequences are time-major with an example in each column: x (T, D, N). The states h (T + 1, H, N) begin with the initial
one, so `h[t + 1]` is the state after step t; dh (T, H, N) comes from above, and `dh[t]` belongs to `h[t + 1]`.
"""

import numpy as np

from rnn_lab.exercises import bptt_misconceptions as wrong
from rnn_lab.exercises import training_misconceptions as training
from rnn_lab.exercises.framework import Condition, exercise


def predictions(*shape) -> Condition:
    """Arguments of `loss_gradient`: predictions and targets of this shape."""
    return lambda rng: (rng.standard_normal(shape), rng.standard_normal(shape))


@exercise(
    returns="loss, dy",
    conditions={
        "a single number": predictions(1, 1, 1),
        "several steps": predictions(5, 1, 1),
        "a batch of 3": predictions(5, 3, 1),
        "several outputs": predictions(5, 3, 2),
    },
    misconceptions=(
        training.factor_two_forgotten,
        training.half_the_square,
        training.sum_instead_of_mean,
        training.gradient_of_the_sum,
        training.averaged_over_time_only,
        training.opposite_sign,
        training.last_step_only,
        training.root_taken,
    ),
    hints=(
        "The loss is one number: the mean over all T * N * K squared differences.",
        "Differentiate `(y - target)**2` by y, and do not lose the mean: `y.size` counts the numbers.",
    ),
)
def loss_gradient(y, target):
    """Return the mean squared error between y and target, both (T, N, K), over all their entries, and its gradient dy
    with respect to y."""
    error = y - target
    return np.mean(error**2), 2 * error / error.size


def sequence(T=5, D=3, H=4, N=1, dtype=np.float64) -> Condition:
    """Arguments of `backward_through_time`: inputs, the states they lead to, gradients from above, and weights."""

    def draw(rng):
        x, dh = rng.standard_normal((T, D, N)), rng.standard_normal((T, H, N))
        W, U = rng.standard_normal((H, D)), rng.standard_normal((H, H)) / np.sqrt(H)
        h = [rng.standard_normal((H, N))]
        for t in range(T):
            h.append(np.tanh(W @ x[t] + U @ h[t]))
        return tuple(np.asarray(array, dtype) for array in (x, h, dh, W, U))

    return draw


@exercise(
    returns="dx, dh0, dW, dU, db",
    conditions={
        "one step": sequence(T=1),
        "several steps": sequence(),
        "a batch of 3": sequence(N=3),
        "float32 arrays": sequence(dtype=np.float32),
    },
    misconceptions=(
        wrong.future_dropped,
        wrong.future_past_the_slope,
        wrong.future_added_up,
        wrong.time_forwards,
        wrong.last_loss_only,
        wrong.slope_of_the_state_before,
        wrong.tanh_of_the_activated_value,
        wrong.no_slope,
        wrong.recurrent_weights_not_transposed,
        wrong.weight_gradients_overwritten,
        wrong.averaged_over_time,
        wrong.recurrent_gradient_with_the_state_after,
        wrong.weight_gradient_with_the_input_before,
        wrong.future_clipped_inside_the_loop,
        wrong.initial_state_one_product_short,
    ),
    hints=(
        "Walk from the last step to the first. A state is used twice: by the loss above it, and by the next step.",
        "At step t, `dz` is `(dh[t] + future)` times the slope `1 - h[t + 1]**2`. For the step before it, "
        "`future = U.T @ dz`.",
        "One weight, many uses: begin `dW`, `dU` and `db` at zero, and add what each step contributes.",
    ),
)
def backward_through_time(x, h, dh, W, U):
    """Return the gradients dx (T, D, N), dh0 (H, N) of the initial state, dW (H, D), dU (H, H) and db (H, 1) of a whole
    sequence, from its inputs x (T, D, N), states h (T + 1, H, N) and the gradients dh (T, H, N) from above."""
    dx, future = np.empty_like(x), np.zeros_like(h[0])
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(U[:, :1])
    for t in reversed(range(len(x))):
        dz = (dh[t] + future) * (1 - h[t + 1] ** 2)  # from above + from the future
        dx[t] = W.T @ dz
        future = U.T @ dz
        dW += dz @ x[t].T
        dU += dz @ h[t].T
        db += dz.sum(axis=1, keepdims=True)
    return dx, future, dW, dU, db


def blocks(k, **sizes) -> Condition:
    """Arguments of `truncated`: those of `backward_through_time`, and the length of a block."""
    return lambda rng: (*sequence(**sizes)(rng), k)


@exercise(
    returns="dW, dU, db",
    conditions={
        "blocks of one step": blocks(1),
        "blocks that fit": blocks(3, T=6),
        "a last block that is shorter": blocks(3, T=8),
        "one block for all": blocks(9),
        "a batch of 3": blocks(2, N=3),
    },
    misconceptions=(
        wrong.not_cut,
        wrong.cut_everywhere,
        wrong.cut_one_step_late,
        wrong.first_steps_hear_no_future,
        wrong.blocks_counted_from_the_end,
        wrong.last_block_only,
        wrong.sliding_window,
        wrong.loss_cut_too,
        wrong.as_many_blocks_as_k,
    ),
    hints=(
        "Begin with the whole way back, and ask before each step: does what comes from the future come from another "
        "block?",
        "Step t is the last of its block when `(t + 1) % k == 0`. There the future counts as zero.",
    ),
)
def truncated(x, h, dh, W, U, k):
    """Return the gradients dW, dU and db of truncated backpropagation: as `backward_through_time`, but what comes from
    the future stops at the borders of blocks of k steps, counted from the first step."""
    future = np.zeros_like(h[0])
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(U[:, :1])
    for t in reversed(range(len(x))):
        if (t + 1) % k == 0:  # the next step belongs to another block
            future = np.zeros_like(future)
        dz = (dh[t] + future) * (1 - h[t + 1] ** 2)
        future = U.T @ dz
        dW += dz @ x[t].T
        dU += dz @ h[t].T
        db += dz.sum(axis=1, keepdims=True)
    return dW, dU, db


SHAPES = {"W": (4, 3), "U": (4, 4), "b": (4, 1)}


def gradients_of_norm(ratio, shapes) -> Condition:
    """Arguments of `clip`: arrays whose common norm is `ratio` times the largest allowed, and that largest norm."""

    def draw(rng):
        grads = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
        norm, max_norm = np.sqrt(sum(np.sum(grad**2) for grad in grads.values())), rng.uniform(0.5, 3)
        return {name: grad * (ratio * max_norm / norm) for name, grad in grads.items()}, max_norm

    return draw


@exercise(
    returns="clipped",
    conditions={
        "a norm that is too large": gradients_of_norm(4.0, SHAPES),
        "a norm that is small enough": gradients_of_norm(0.7, SHAPES),
        "a single array": gradients_of_norm(4.0, {"W": (4, 3)}),
        "gradients of zero": gradients_of_norm(0.0, SHAPES),
    },
    misconceptions=(
        training.each_entry_clipped,
        training.each_array_by_its_own_norm,
        training.always_rescaled,
        training.root_forgotten,
        training.norms_added_up,
        training.largest_entry_as_the_norm,
        training.scaled_to_length_one,
        training.thrown_away,
        training.changes_the_gradients_in_place,
    ),
    hints=(
        "All arrays together are one long vector: its norm is the root of the sum of all squared entries.",
        "If that norm is above `max_norm`, multiply every array by `max_norm / norm`: the direction stays.",
    ),
    tolerance=1e-5,  # `max_norm / (norm + 1e-6)`, a common guard against division by zero, is right too
)
def clip(grads, max_norm):
    """Return a dict of new arrays: the gradients in the dict `grads`, scaled by one common factor so that the norm of
    all of them together is at most `max_norm`; left as they are if it already is."""
    norm = np.sqrt(sum(np.sum(grad**2) for grad in grads.values()))
    scale = max_norm / norm if norm > max_norm else 1.0
    return {name: scale * grad for name, grad in grads.items()}


def walk(T, order) -> Condition:
    """Arguments of `ar_features`: a series that wanders, and the number of lags."""
    return lambda rng: (rng.standard_normal(T).cumsum(), order)


@exercise(
    returns="X, y",
    conditions={
        "one lag": walk(8, 1),
        "several lags": walk(10, 3),
        "as many lags as there is room for": walk(6, 5),
    },
    misconceptions=(
        training.oldest_first,
        training.looks_into_the_future,
        training.newest_value_left_out,
        training.last_row_missing,
        training.one_column_for_each_row,
        training.padded_with_zeros,
        training.target_one_step_early,
    ),
    hints=(
        "The first value with a full history behind it is `series[order]`: it is the first target.",
        "Column by column: lag 1 is the series shifted by one step, `series[order - 1 : T - 1]`, as long as `y`.",
    ),
)
def ar_features(series, order):
    """Return what an autoregression is fitted to, from a series (T,): X (T - order, order), in each row the `order`
    values before a target, the newest first, and the targets y (T - order,)."""
    T, lags = len(series), range(1, order + 1)
    return np.stack([series[order - lag : T - lag] for lag in lags], axis=1), series[order:]
