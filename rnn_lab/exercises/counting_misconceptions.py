"""What goes wrong when a text is counted or cut: each function is a known mistake, its docstring the advice."""

import numpy as np

# --- witten_bell ---------------------------------------------------------------------------------------------------


def followed_by(text, context, V):
    """How often each token follows the context, rightly."""
    windows = np.lib.stride_tricks.sliding_window_view(text, len(context) + 1)
    return np.bincount(windows[(windows[:, :-1] == context).all(axis=1), -1], minlength=V)


def interpolated(text, context, V, mix, shorten=lambda context: context[1:], below=None):
    """The recursion over ever shorter contexts, with `mix(counts, shorter)` at each; where nothing follows, the shorter
    one's probabilities."""
    if len(context):
        shorter = interpolated(text, shorten(context), V, mix, shorten, below)
    else:
        shorter = np.full(V, 1 / V) if below is None else below
    counts = followed_by(text, context, V)
    return mix(counts, shorter) if counts.any() else shorter


def mixed(counts, shorter):
    """The formula."""
    different = np.count_nonzero(counts)
    return (counts + different * shorter) / (counts.sum() + different)


def not_interpolated(text, context, V):
    """These are plain frequencies. What never followed the context gets probability 0, and one such surprise in a text
    makes its loss infinite: mix in the shorter context, weighted by the number of different followers."""
    return interpolated(text, context, V, lambda counts, shorter: counts / counts.sum())


def every_token_counts_as_a_follower(text, context, V):
    """The shorter context is weighted by V. Its weight is the number of *different* tokens that were seen after this
    context: where few things ever follow, the counts are to be trusted."""
    return interpolated(text, context, V, lambda counts, shorter: (counts + V * shorter) / (counts.sum() + V))


def occurrences_for_followers(text, context, V):
    """The shorter context is weighted by how often the context was seen, so both halves always weigh the same. Count
    each different follower once."""
    return interpolated(text, context, V, lambda counts, shorter: (counts / counts.sum() + shorter) / 2)


def ends_with_single_tokens(text, context, V):
    """The recursion ends with the frequencies of single tokens. A token that is nowhere in the text still needs a
    probability: below the empty context lies 1 / V."""
    counts = np.bincount(text, minlength=V)
    if not len(context):
        return counts / counts.sum()
    shorter = ends_with_single_tokens(text, context[1:], V)
    counts = followed_by(text, context, V)
    return mixed(counts, shorter) if counts.any() else shorter


def shortened_at_the_wrong_end(text, context, V):
    """The shorter context is `context[:-1]`. What stands nearest to the prediction says most: drop the oldest token,
    `context[1:]`."""
    return interpolated(text, context, V, mixed, shorten=lambda context: context[:-1])


def one_added_to_every_count(text, context, V):
    """One is added to every count (Laplace). That gives every unseen token the same; the shorter context knows better
    which of them are likely."""
    counts = followed_by(text, context, V)
    return (counts + 1) / (counts.sum() + V)


def context_counted_at_the_end(text, context, V):
    """The context is counted also where it ends the text, with nothing behind it. Then the probabilities sum to less
    than 1: count its followers only."""
    n = len(context)
    if not n:
        return mixed(np.bincount(text, minlength=V), np.full(V, 1 / V))
    shorter = context_counted_at_the_end(text, context[1:], V)
    counts = followed_by(text, context, V)
    seen = (np.lib.stride_tricks.sliding_window_view(text, n) == context).all(axis=1).sum()
    different = np.count_nonzero(counts)
    return (counts + different * shorter) / (seen + different) if seen else shorter


# --- blocks --------------------------------------------------------------------------------------------------------


def cut(part, N, T, B):
    """Cut one part of the text, rightly."""
    return part[: B * T * N].reshape(N, B, T).transpose(1, 2, 0).copy()


def whole_blocks(text, N, T):
    """How many blocks there are tokens for."""
    return (len(text) - 1) // (N * T)


def columns_read_across(text, N, T):
    """The text runs across the columns: neighbours in time stand side by side, and each column reads every N-th token.
    A column has to be a piece of the text that reads downwards."""
    B = whole_blocks(text, N, T)
    return tuple(part[: B * T * N].reshape(B, T, N).copy() for part in (text[:-1], text[1:]))


def blocks_side_by_side(text, N, T):
    """Within a block all is well, but the next block's column n does not go on where this one's ended: the state that
    is carried over belongs to another place. Cut the text into N long columns first, then the columns into blocks."""
    B = whole_blocks(text, N, T)
    return tuple(part[: B * T * N].reshape(B, N, T).transpose(0, 2, 1).copy() for part in (text[:-1], text[1:]))


def targets_are_the_inputs(text, N, T):
    """The targets are the inputs themselves: the network would learn to copy. A target is the token after its input."""
    B = whole_blocks(text, N, T)
    return cut(text, N, T, B), cut(text, N, T, B)


def targets_wrap_around(text, N, T):
    """Within each block the targets are the inputs moved up by one, so the last one is the block's first token again.
    The token after the last input stands in the next block."""
    inputs = cut(text, N, T, whole_blocks(text, N, T))
    return inputs, np.roll(inputs, -1, axis=1)


def blocks_overlap(text, N, T):
    """Each block begins with the last token of the one before, which the state has read already. Go on with the next
    one: a block moves on by T rows."""
    B = whole_blocks(text, N, T)
    columns = text[: B * T * N].reshape(N, B * T).T
    starts = [b * (T - 1) if T > 1 else b for b in range(B)]
    following = text[1 : B * T * N + 1].reshape(N, B * T).T
    return tuple(np.stack([part[start : start + T] for start in starts]) for part in (columns, following))


def target_of_the_last_row_missing(text, N, T):
    """The text is cut into columns first, and the targets are found within each column: so the last row has none, and a
    block is lost. The token after a column's end is the next column's first."""
    rows = len(text) // N
    columns = text[: rows * N].reshape(N, rows).T
    B = (rows - 1) // T
    shape = (B, T, N)
    return columns[: B * T].reshape(shape).copy(), columns[1 : B * T + 1].reshape(shape).copy()


def batch_first(text, N, T):
    """The shape is (B, N, T). Sequences are time-major here: (B, T, N)."""
    B = whole_blocks(text, N, T)
    return tuple(cut(part, N, T, B).transpose(0, 2, 1).copy() for part in (text[:-1], text[1:]))
