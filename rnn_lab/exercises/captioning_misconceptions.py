"""What goes wrong with convolutions: each function is a known mistake, its docstring the advice."""

import math

import numpy as np

# --- output_size ---------------------------------------------------------------------------------------------------


def first_place_not_counted(size, kernel, stride, padding):
    """One place is missing: a window as large as the row fits once, not never. Add 1."""
    return (size + 2 * padding - kernel) // stride


def padding_on_one_side(size, kernel, stride, padding):
    """The padding stands at both ends: it counts twice."""
    return (size + padding - kernel) // stride + 1


def stride_left_out(size, kernel, stride, padding):
    """This is the number of places if the window moves by one pixel. It moves by `stride`: divide before you add 1."""
    return size + 2 * padding - kernel + 1


def rounded_up(size, kernel, stride, padding):
    """What is left over at the end is not enough for another window: round down."""
    return math.ceil((size + 2 * padding - kernel) / stride) + 1


def divided_before_the_kernel(size, kernel, stride, padding):
    """The window's own pixels come off before the division: its first pixel can go only so far."""
    return (size + 2 * padding) // stride - kernel + 1


# --- convolution ---------------------------------------------------------------------------------------------------


def at_every_place(x, W, b, stride, answer):
    """Write down `answer(window)` for every window."""
    k = W.shape[1]
    rows, columns = ((size - k) // stride + 1 for size in x.shape[:2])
    y = np.empty((rows, columns, len(W)))
    for i in range(rows):
        for j in range(columns):
            y[i, j] = answer(x[stride * i : stride * i + k, stride * j : stride * j + k])
    return y


def filter_turned_round(x, W, b, stride):
    """The filter is turned round before it is laid on the window. That is a convolution as mathematics has it; networks
    lay the filter on as it is (a correlation), since they learn it anyway."""
    return at_every_place(x, W, b, stride, lambda window: np.tensordot(W[:, ::-1, ::-1], window, 3) + b)


def rows_and_columns_of_the_filter_swapped(x, W, b, stride):
    """Rows and columns of the filter are swapped: W[f, p, q] belongs to row p and column q of the window."""
    return at_every_place(x, W, b, stride, lambda window: np.tensordot(W.swapaxes(1, 2), window, 3) + b)


def bias_left_out(x, W, b, stride):
    """The bias is missing: each filter adds its own to all of its answers."""
    return at_every_place(x, W, b, stride, lambda window: np.tensordot(W, window, 3))


def mean_of_the_window(x, W, b, stride):
    """This is the mean of the products. A filter answers with their sum."""
    return at_every_place(x, W, b, stride, lambda window: np.tensordot(W, window, 3) / W[0].size + b)


def one_channel_only(x, W, b, stride):
    """Only the first channel is seen. A filter has weights for every channel, and adds all of them up."""
    return at_every_place(x, W, b, stride, lambda window: np.tensordot(W[..., :1], window[..., :1], 3) + b)


def window_does_not_move_by_the_stride(x, W, b, stride):
    """The number of places is right, but the window moves by one pixel from one to the next, not by `stride`."""
    k = W.shape[1]
    rows, columns = ((size - k) // stride + 1 for size in x.shape[:2])
    return at_every_place(x[: rows + k - 1, : columns + k - 1], W, b, 1, lambda window: np.tensordot(W, window, 3) + b)


# --- convolution_backward ------------------------------------------------------------------------------------------


def back(dy, x, W, stride):
    """Yield for every place its window, as an index, and the gradients that belong to it: of the window and of W."""
    k = W.shape[1]
    for i, j in np.ndindex(dy.shape[:2]):
        window = np.s_[stride * i : stride * i + k, stride * j : stride * j + k]
        yield window, np.tensordot(dy[i, j], W, 1), dy[i, j][:, None, None, None] * x[window]


def right(dy, x, W, stride):
    """All three gradients as they should be."""
    dx, dW = np.zeros_like(x), np.zeros_like(W)
    for window, dwindow, dW_here in back(dy, x, W, stride):
        dx[window] += dwindow
        dW += dW_here
    return dx, dW, dy.sum(axis=(0, 1))


def last_window_wins(dy, x, W, stride):
    """A pixel that is in several windows hears only the last of them. Add the gradients up: `+=`, not `=`."""
    _, dW, db = right(dy, x, W, stride)
    dx = np.zeros_like(x)
    for window, dwindow, _ in back(dy, x, W, stride):
        dx[window] = dwindow
    return dx, dW, db


def filter_turned_round_on_the_way_back(dy, x, W, stride):
    """The filter is turned round for dx. That is right if you slide a window over dy, but not if each place gives its
    gradient back to its own window: there the weights stay where they were."""
    _, dW, db = right(dy, x, W, stride)
    return right(dy, x, W[:, ::-1, ::-1], stride)[0], dW, db


def weights_hear_the_last_window_only(dy, x, W, stride):
    """dW is that of the last place alone. One filter is used at every place: add up what all of them say."""
    dx, _, db = right(dy, x, W, stride)
    *_, (_, _, dW) = back(dy, x, W, stride)
    return dx, dW, db


def weights_averaged_over_the_places(dy, x, W, stride):
    """dW is averaged over the places. The loss depends on the filter through all of them: the gradients add up."""
    dx, dW, db = right(dy, x, W, stride)
    return dx, dW / (dy.shape[0] * dy.shape[1]), db


def bias_hears_the_mean(dy, x, W, stride):
    """db is the mean over the places. The bias is added at every place, so its gradient is the sum."""
    dx, dW, db = right(dy, x, W, stride)
    return dx, dW, db / (dy.shape[0] * dy.shape[1])


def overlaps_averaged(dy, x, W, stride):
    """Where windows overlap, the gradients are averaged. A pixel acts through each of its windows: they add up."""
    dx, dW, db = right(dy, x, W, stride)
    count = np.zeros_like(x)
    for window, _, _ in back(dy, x, W, stride):
        count[window] += 1
    return dx / np.maximum(count, 1), dW, db


def stride_forgotten_on_the_way_back(dy, x, W, stride):
    """The windows are those of a stride of 1. On the way back, place (i, j) belongs to the same window as on the way
    forward, which begins at (stride * i, stride * j)."""
    return right(dy, x, W, 1)


# --- pooling_backward ----------------------------------------------------------------------------------------------


def blocks(x):
    """Return x as (rows, columns, C, 4), the pixels of each block on the last axis."""
    height, width, C = x.shape
    return x.reshape(height // 2, 2, width // 2, 2, C).transpose(0, 2, 4, 1, 3).reshape(height // 2, width // 2, C, 4)


def picture(by_block):
    """Put blocks together again."""
    rows, columns, C, _ = by_block.shape
    return by_block.reshape(rows, columns, C, 2, 2).transpose(0, 3, 1, 4, 2).reshape(2 * rows, 2 * columns, C)


def given_to(places, dy):
    """The gradient for one place of each block."""
    return picture(np.eye(4)[places] * dy[..., None])


def gradient_for_the_whole_block(dy, x):
    """Every pixel of the block gets the gradient. Only the largest one has any influence on what comes out."""
    return picture(np.repeat(dy[..., None], 4, axis=3))


def gradient_shared_out(dy, x):
    """The gradient is shared out evenly. That is the way back of a mean; through a maximum it goes to the largest."""
    return picture(np.repeat(dy[..., None] / 4, 4, axis=3))


def gradient_for_all_that_are_equal(dy, x):
    """Of several equal largest values, all get the whole gradient. Only the first one was taken: a block's gradients
    must not add up to more than came in."""
    return picture((blocks(x) == blocks(x).max(axis=3, keepdims=True)) * dy[..., None])


def gradient_for_the_last_of_equals(dy, x):
    """Of several equal largest values, the last gets the gradient. Here the first one was taken, as `argmax` does."""
    return given_to(3 - blocks(x)[..., ::-1].argmax(axis=3), dy)


def one_winner_for_all_channels(dy, x):
    """The largest pixel is chosen for all channels together. Each channel has its own largest value."""
    places = blocks(x).sum(axis=2).argmax(axis=2)
    return given_to(np.repeat(places[..., None], x.shape[2], axis=2), dy)


def gradient_for_the_smallest(dy, x):
    """The smallest value gets the gradient: the largest one was taken."""
    return given_to(blocks(x).argmin(axis=3), dy)


# --- keys_of -------------------------------------------------------------------------------------------------------


def with_places(features, *places):
    """Features row by row, and what says where they are."""
    return np.concatenate([features.reshape(-1, features.shape[2]), *places], axis=1)


def row_and_column(features):
    """The row and the column of each place."""
    rows, columns, _ = features.shape
    return np.divmod(np.arange(rows * columns), columns)


def places_left_out(features):
    """The places are missing: attention mixes keys without regard to their order, so a key has to say where it is."""
    return with_places(features)


def columns_before_rows(features):
    """The column comes before the row; asked for is the row first."""
    row, column = row_and_column(features)
    return with_places(features, np.eye(features.shape[1])[column], np.eye(features.shape[0])[row])


def down_before_across(features):
    """The places go down the columns. Go row by row, as `reshape` does."""
    rows, columns, K = features.shape
    column, row = np.divmod(np.arange(rows * columns), rows)
    keys = [features.swapaxes(0, 1).reshape(-1, K), np.eye(rows)[row], np.eye(columns)[column]]
    return np.concatenate(keys, axis=1)


def places_as_numbers(features):
    """Row and column stand there as two numbers. One-hot, each row and each column has a weight of its own, and can be
    looked at without its neighbours."""
    row, column = row_and_column(features)
    return with_places(features, row[:, None], column[:, None])


def one_entry_for_each_place(features):
    """Every place has an entry of its own. Then nothing that is learnt about a row helps in another column: give the
    row and the column separately."""
    return with_places(features, np.eye(features.shape[0] * features.shape[1]))
