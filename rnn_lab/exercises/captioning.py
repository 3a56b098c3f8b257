"""The exercises of chapter 09: the size of what a convolution gives, the convolution and its backward, pooling, keys.

Pictures are single ones, (height, width, C), and filters W are (F, k, k, C), square and without padding.
"""

import numpy as np

from rnn_lab.exercises import captioning_misconceptions as wrong
from rnn_lab.exercises.framework import Condition, exercise


def sizes(size, kernel, stride, padding) -> Condition:
    """Arguments of `output_size`."""
    return lambda rng: (size, kernel, stride, padding)


@exercise(
    returns="size",
    conditions={
        "a filter as large as the picture": sizes(5, 5, 1, 0),
        "no padding": sizes(9, 3, 1, 0),
        "padding": sizes(9, 3, 1, 1),
        "steps of 2": sizes(40, 5, 2, 2),
        "steps of 3 that do not come out even": sizes(12, 4, 3, 1),
    },
    misconceptions=(
        wrong.first_place_not_counted,
        wrong.padding_on_one_side,
        wrong.stride_left_out,
        wrong.rounded_up,
        wrong.divided_before_the_kernel,
    ),
    hints=("With the padding, there are `size + 2 * padding` pixels. How far can the window's first pixel go?",),
)
def output_size(size, kernel, stride, padding):
    """Return at how many places a window of `kernel` pixels fits into a row of `size` pixels with `padding` zeros at
    either end, if it moves by `stride`."""
    return (size + 2 * padding - kernel) // stride + 1


def filtered(height, width, C, F, k, stride) -> Condition:
    """Arguments of `convolution`."""

    def draw(rng):
        x, W = rng.standard_normal((height, width, C)), rng.standard_normal((F, k, k, C))
        return x, W, rng.standard_normal(F), stride

    return draw


@exercise(
    returns="y",
    conditions={
        "a single window": filtered(3, 3, 1, 1, 3, 1),
        "one channel, one filter": filtered(5, 6, 1, 1, 3, 1),
        "several channels and filters": filtered(5, 6, 3, 4, 3, 1),
        "steps of 2": filtered(7, 6, 3, 4, 3, 2),
    },
    misconceptions=(
        wrong.filter_turned_round,
        wrong.rows_and_columns_of_the_filter_swapped,
        wrong.bias_left_out,
        wrong.mean_of_the_window,
        wrong.one_channel_only,
        wrong.window_does_not_move_by_the_stride,
    ),
    hints=(
        "The window of place (i, j) is `x[stride * i : stride * i + k, stride * j : stride * j + k]`.",
        "Filter f answers `np.sum(W[f] * window) + b[f]`; with `np.tensordot(W, window, 3)`, all do at once.",
    ),
)
def convolution(x, W, b, stride):
    """Return what every filter answers at every place, (rows, columns, F): the sum of the products of its weights with
    the pixels of the window, and its bias."""
    F, k = W.shape[:2]
    rows, columns = ((size - k) // stride + 1 for size in x.shape[:2])
    y = np.empty((rows, columns, F))
    for i in range(rows):
        for j in range(columns):
            y[i, j] = np.tensordot(W, x[stride * i : stride * i + k, stride * j : stride * j + k], 3) + b
    return y


def filtered_back(height, width, C, F, k, stride) -> Condition:
    """Arguments of `convolution_backward`."""

    def draw(rng):
        x, W, b, _ = filtered(height, width, C, F, k, stride)(rng)
        return rng.standard_normal(convolution.reference(x, W, b, stride).shape), x, W, stride

    return draw


@exercise(
    returns="dx, dW, db",
    conditions={
        "a single window": filtered_back(3, 3, 1, 1, 3, 1),
        "windows that do not overlap": filtered_back(6, 6, 2, 3, 3, 3),
        "windows that overlap": filtered_back(5, 6, 2, 3, 3, 1),
        "steps of 2": filtered_back(7, 7, 2, 3, 3, 2),
    },
    misconceptions=(
        wrong.last_window_wins,
        wrong.filter_turned_round_on_the_way_back,
        wrong.weights_hear_the_last_window_only,
        wrong.weights_averaged_over_the_places,
        wrong.bias_hears_the_mean,
        wrong.overlaps_averaged,
        wrong.stride_forgotten_on_the_way_back,
    ),
    hints=(
        "At each place, y = W window + b: a linear layer, whose backward you know. Places share weights and pixels.",
        "At place (i, j): `dW += dy[i, j][:, None, None, None] * window`, and `np.tensordot(dy[i, j], W, 1)` is the "
        "gradient of the window.",
        "A pixel is in several windows: add the gradient of each window to its pixels of dx.",
    ),
)
def convolution_backward(dy, x, W, stride):
    """Return the gradients of the picture, the filters and the biases from dy (rows, columns, F)."""
    k = W.shape[1]
    dx, dW = np.zeros_like(x), np.zeros_like(W)
    for i in range(dy.shape[0]):
        for j in range(dy.shape[1]):
            window = np.s_[stride * i : stride * i + k, stride * j : stride * j + k]
            dW += dy[i, j][:, None, None, None] * x[window]
            dx[window] += np.tensordot(dy[i, j], W, 1)
    return dx, dW, dy.sum(axis=(0, 1))


def pooled(height, width, C, flat=False) -> Condition:
    """Arguments of `pooling_backward`: dy and a picture, in a flat one of which all values are equal."""

    def draw(rng):
        x = np.zeros((height, width, C)) if flat else rng.standard_normal((height, width, C))
        return rng.standard_normal((height // 2, width // 2, C)), x

    return draw


@exercise(
    returns="dx",
    conditions={
        "a single block": pooled(2, 2, 1),
        "several channels": pooled(4, 6, 3),
        "equal values": pooled(4, 4, 1, flat=True),
    },
    misconceptions=(
        wrong.gradient_for_the_whole_block,
        wrong.gradient_shared_out,
        wrong.gradient_for_all_that_are_equal,
        wrong.gradient_for_the_last_of_equals,
        wrong.one_winner_for_all_channels,
        wrong.gradient_for_the_smallest,
    ),
    hints=(
        "Only the largest value of a block, in each channel, got through; so only it gets the gradient.",
        "Of several equal ones the first gets it, row by row, as `argmax` finds it.",
    ),
)
def pooling_backward(dy, x):
    """Return the gradient of x (height, width, C) from that of the largest values of its blocks of 2 x 2 pixels, dy
    (height / 2, width / 2, C). Of equal values, the first of the block, row by row, was taken."""
    dx = np.zeros_like(x)
    for i, j, c in np.ndindex(dy.shape):
        row, column = divmod(int(x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2, c].argmax()), 2)
        dx[2 * i + row, 2 * j + column, c] = dy[i, j, c]
    return dx


def grid(rows, columns, K) -> Condition:
    """Arguments of `keys_of`."""
    return lambda rng: (rng.standard_normal((rows, columns, K)),)


@exercise(
    returns="keys",
    conditions={"a single place": grid(1, 1, 2), "a square": grid(3, 3, 2), "more columns than rows": grid(2, 4, 3)},
    misconceptions=(
        wrong.places_left_out,
        wrong.columns_before_rows,
        wrong.down_before_across,
        wrong.places_as_numbers,
        wrong.one_entry_for_each_place,
    ),
    hints=(
        "`features.reshape(rows * columns, K)` goes row by row: place s is in row `s // columns`.",
        "`np.eye(rows)[row]` is a row's number, one-hot.",
    ),
)
def keys_of(features):
    """Return what attention looks at, (rows * columns, K + rows + columns): place by place, row by row, its features,
    its row one-hot, its column one-hot. features are (rows, columns, K)."""
    rows, columns, K = features.shape
    row, column = np.divmod(np.arange(rows * columns), columns)
    return np.concatenate([features.reshape(-1, K), np.eye(rows)[row], np.eye(columns)[column]], axis=1)
