"""The exercises of chapter 04: the loss and its gradient, the embedding's gradient, a baseline, a stream, a nucleus.

Tokens are whole numbers from 0 to V - 1. Sequences are time-major: ids (T, N), scores (T, N, V).
"""

import numpy as np

from rnn_lab.exercises import counting_misconceptions as counting
from rnn_lab.exercises import language_model_misconceptions as wrong
from rnn_lab.exercises.framework import Condition, exercise

V = 5


def scores(T, N, size=1.0, dtype=np.float64) -> Condition:
    """Arguments of `cross_entropy`: scores of this size, and the tokens that came."""
    return lambda rng: ((size * rng.standard_normal((T, N, V))).astype(dtype), rng.integers(0, V, (T, N)))


@exercise(
    returns="loss, dlogits",
    conditions={
        "one step": scores(1, 1),
        "several steps": scores(6, 1),
        "a batch of 3": scores(6, 3),
        "scores in the thousands": scores(4, 2, size=3000.0),
        "float32 arrays": scores(6, 3, dtype=np.float32),
    },
    misconceptions=(
        wrong.overflows,
        wrong.sum_instead_of_mean,
        wrong.gradient_of_the_sum,
        wrong.averaged_over_the_vocabulary_too,
        wrong.averaged_over_time_only,
        wrong.opposite_sign,
        wrong.gradient_at_the_target_only,
        wrong.target_not_taken_off,
        wrong.gradient_by_the_probabilities,
        wrong.loss_in_bits,
        wrong.loss_without_logarithm,
        wrong.softmax_over_time,
    ),
    hints=(
        "The softmax does not change if the same number is taken off all scores of a step: take off the largest, and "
        "no exponential overflows.",
        "`np.take_along_axis(log_p, targets[..., None], axis=-1)` picks the log-probability of each target.",
        "The gradient is `p - one_hot(targets)`, divided by how many losses the mean is taken over.",
    ),
)
def cross_entropy(logits, targets):
    """Return the mean of -log softmax(logits)[target], in nats, over the T * N targets (T, N), and its gradient dlogits
    with respect to the scores logits (T, N, V). Scores may be in the thousands."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    one_hot = np.eye(logits.shape[-1])[targets]
    loss = -np.sum(one_hot * log_p) / targets.size
    return loss, (np.exp(log_p) - one_hot) / targets.size


def embedded(ids, D=3) -> Condition:
    """Arguments of `embedding_gradient`: tokens, the gradients of their vectors, and the size of the vocabulary."""
    ids = np.array(ids)
    return lambda rng: (rng.permutation(V)[ids], rng.standard_normal((*ids.shape, D)), V)


@exercise(
    returns="dE",
    conditions={
        "one token": embedded([[0]]),
        "tokens that differ": embedded([[0], [1], [3]]),
        "a token that comes twice": embedded([[0], [1], [0], [2]]),
        "a batch of 2": embedded([[0, 1], [1, 1], [2, 0]]),
    },
    misconceptions=(
        wrong.last_use_only,
        wrong.first_use_only,
        wrong.averaged_over_the_uses,
        wrong.only_the_first_sequence,
        wrong.as_many_rows_as_tokens_seen,
        wrong.in_the_order_of_reading,
    ),
    hints=(
        "As a product: the vector is `one_hot @ E`, so `dE = one_hot.T @ dx`, summed over all steps and sequences.",
        "One weight, many uses: a token that was read twice adds two rows. `dE[ids] += dx` adds only one of them; "
        "`np.add.at(dE, ids, dx)` adds all.",
    ),
)
def embedding_gradient(ids, dx, V):
    """Return the gradient dE (V, D) of an embedding table E, of which row `ids[t, n]` was read for each token of ids
    (T, N), from the gradients dx (T, N, D) of the rows that were read."""
    dE = np.zeros((V, dx.shape[-1]))
    np.add.at(dE, ids, dx)
    return dE


def counted(T, context) -> Condition:
    """Arguments of `witten_bell`: a text, the tokens before the one to predict, and the size of the vocabulary."""

    def draw(rng):
        text = rng.integers(0, V - 1, T)  # one token is never seen
        if context == "seen":
            return text, text[4:6].copy(), V
        if context == "last":
            return np.concatenate([text, [V - 1]]), np.array([V - 1]), V
        return text, np.array({"none": [], "unseen": [V - 1]}[context], int), V

    return draw


@exercise(
    returns="p",
    conditions={
        "no context": counted(12, "none"),
        "a context of two tokens": counted(40, "seen"),
        "a context that was never seen": counted(12, "unseen"),
        "a context that stands at the end of the text": counted(12, "last"),
    },
    misconceptions=(
        counting.not_interpolated,
        counting.every_token_counts_as_a_follower,
        counting.occurrences_for_followers,
        counting.ends_with_single_tokens,
        counting.shortened_at_the_wrong_end,
        counting.one_added_to_every_count,
        counting.context_counted_at_the_end,
    ),
    hints=(
        "Begin with 1 / V for every token. Then go from no context to the whole one, and mix in what each says; "
        "a context of k tokens is the last k.",
        "Count what follows each place where the context stands in the text. With c counts in all and f different "
        "followers, `p = (counts + f * shorter) / (c + f)`.",
        "Where the context was never followed by anything, c + f is 0: there the answer is the shorter one's.",
    ),
)
def witten_bell(text, context, V):
    """Return the probabilities p (V,) of the token after the last n - 1 tokens `context`, by interpolated Witten-Bell
    n-grams counted in the token ids `text` (T,)."""
    p = np.full(V, 1 / V)
    for length in range(len(context) + 1):  # from no context to all of it
        windows = np.lib.stride_tricks.sliding_window_view(text, length + 1)
        fits = (windows[:, :-1] == context[len(context) - length :]).all(axis=1)
        counts = np.bincount(windows[fits, -1], minlength=V)
        different = np.count_nonzero(counts)
        if different:
            p = (counts + different * p) / (counts.sum() + different)
    return p


def stream(tokens, N, T) -> Condition:
    """Arguments of `blocks`: a text in which every token can be told apart, columns and steps."""
    return lambda rng: (rng.permutation(10 * tokens)[:tokens], N, T)


@exercise(
    returns="inputs, targets",
    conditions={
        "one column": stream(13, 1, 4),
        "several columns": stream(25, 3, 2),
        "columns that fit exactly": stream(21, 4, 5),
        "tokens left over": stream(32, 3, 4),
    },
    misconceptions=(
        counting.columns_read_across,
        counting.blocks_side_by_side,
        counting.targets_are_the_inputs,
        counting.targets_wrap_around,
        counting.blocks_overlap,
        counting.target_of_the_last_row_missing,
        counting.batch_first,
    ),
    hints=(
        "Each column is a piece of the text that reads downwards: `text[:rows * N].reshape(N, rows).T`.",
        "Inputs and targets are the same text, one token apart: cut both, `text[:-1]` and `text[1:]`, in the same way. "
        "Then row t + 1 of a column goes on where row t ended, also from block to block.",
        "With B blocks, `rows = B * T`, where `B = (len(text) - 1) // (N * T)`.",
    ),
)
def blocks(text, N, T):
    """Cut a text of token ids into inputs and targets, both (B, T, N), for truncated BPTT with a carried state: N
    columns side by side, block b + 1 goes on in every column where block b ended, and a target is the token after its
    input. Use as many whole blocks as the text has tokens for, from its beginning."""
    B = (len(text) - 1) // (N * T)
    inputs, targets = (part[: B * T * N].reshape(N, B, T).transpose(1, 2, 0) for part in (text[:-1], text[1:]))
    return inputs.copy(), targets.copy()


def distribution(K, share, order="as drawn") -> Condition:
    """Arguments of `nucleus`: probabilities of K tokens, and the share to keep."""

    def draw(rng):
        p = rng.dirichlet(np.full(K, 0.7))
        return {"as drawn": p, "likeliest last": np.sort(p), "likeliest first": np.sort(p)[::-1].copy()}[order], share

    return draw


@exercise(
    returns="kept",
    conditions={
        "half of the probability": distribution(8, 0.5),
        "nine tenths": distribution(12, 0.9),
        "a share smaller than the likeliest token": distribution(4, 0.01),
        "all of it": distribution(6, 1.0),
        "tokens in rising order": distribution(8, 0.7, "likeliest last"),
    },
    misconceptions=(
        wrong.not_renormalised,
        wrong.stops_one_token_early,
        wrong.takes_one_token_too_many,
        wrong.in_the_order_of_the_vocabulary,
        wrong.least_likely_first,
        wrong.threshold_on_each_probability,
        wrong.returned_in_rank_order,
    ),
    hints=(
        "Sort first, the likeliest token at the front: `order = np.argsort(-p)`.",
        "A token is kept while those before it hold less than the share: `np.cumsum(p[order]) - p[order] < share`. "
        "The first one always is.",
        "Put zeros where nothing is kept, in the order of the vocabulary, and divide by the sum.",
    ),
)
def nucleus(p, share):
    """Return the probabilities kept (V,): of p (V,), the smallest set of the likeliest tokens that holds at least this
    share of the probability, renormalised; 0 for all others."""
    order = np.argsort(-p)
    ranked = p[order]
    kept = np.zeros_like(p)
    inside = order[np.cumsum(ranked) - ranked < share]
    kept[inside] = p[inside]
    return kept / kept.sum()
