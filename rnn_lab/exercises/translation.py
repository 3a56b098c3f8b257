"""The exercises of chapter 06: additive attention, forward and back, its mask, the decoder's input, a step of the beam.

Attention is that of one example: a query (H,), keys (S, K), and the weights W (A, H), U (A, K) and v (A,). Batches have
an example in each row (masked_weights) or, with time first, in each column (decoder_inputs).
"""

import numpy as np

from rnn_lab.exercises import translation_misconceptions as wrong
from rnn_lab.exercises.framework import Condition, exercise


def look(S, scale=1.0) -> Condition:
    """Arguments of `attention`: a query, S keys, and weights; a large scale makes large scores."""

    def draw(rng):
        H, K, A = 3, 4, 5
        return (
            rng.standard_normal(H),
            rng.standard_normal((S, K)),
            rng.standard_normal((A, H)),
            rng.standard_normal((A, K)),
            scale * rng.standard_normal(A),
        )

    return draw


@exercise(
    returns="weights, context",
    conditions={"a single key": look(1), "several keys": look(6), "large scores": look(6, scale=1e4)},
    misconceptions=(
        wrong.tanh_left_out,
        wrong.query_left_out,
        wrong.sigmoid_for_the_softmax,
        wrong.weights_not_divided_by_their_sum,
        wrong.only_the_best_key,
        wrong.plain_mean_of_the_keys,
        wrong.large_scores_overflow,
    ),
    hints=(
        "`keys @ U.T` is (S, A), `W @ query` is (A,): added, the query's share goes to every row.",
        "The softmax of scores is that of `scores - scores.max()`, and exponentials of these do not overflow.",
    ),
)
def attention(query, keys, W, U, v):
    """Return the weights (S,) and the context (K,) of a look: the softmax of v @ tanh(W @ query + U @ key) over the
    keys, and the sum of the keys with these weights."""
    scores = np.tanh(W @ query + keys @ U.T) @ v
    weights = np.exp(scores - scores.max())
    weights = weights / weights.sum()
    return weights, weights @ keys


def look_back(S, dtype=np.float64) -> Condition:
    """Arguments of `attention_backward`."""

    def draw(rng):
        query, keys, W, U, v = look(S)(rng)
        weights, context = attention.reference(query, keys, W, U, v)
        dcontext = rng.standard_normal(len(context))
        return tuple(np.asarray(array, dtype) for array in (dcontext, query, keys, weights, W, U, v))

    return draw


@exercise(
    returns="dquery, dkeys, dW, dU, dv",
    conditions={
        "a single key": look_back(1),
        "several keys": look_back(6),
        "float32 arrays": look_back(6, np.float32),
    },
    misconceptions=(
        wrong.keys_only_mixed,
        wrong.keys_only_scored,
        wrong.softmax_entry_by_entry,
        wrong.mean_not_subtracted,
        wrong.plain_mean_subtracted,
        wrong.softmax_passed_over,
        wrong.slope_of_the_tanh_left_out,
        wrong.v_left_out,
        wrong.query_hears_one_key,
        wrong.averaged_over_the_keys,
    ),
    hints=(
        "Walk back: context, weights, scores, u, and from there to query and keys. Each key is used twice.",
        "With dweights (S,), the softmax gives `dscores = weights * (dweights - weights @ dweights)`.",
        "With `du = np.outer(dscores, v) * (1 - u**2)`, (S, A), the query's share is `du.sum(axis=0)`.",
    ),
)
def attention_backward(dcontext, query, keys, weights, W, U, v):
    """Return the gradients of a look from that of its context, dcontext (K,); `weights` (S,) are those of the way
    forward."""
    u = np.tanh(W @ query + keys @ U.T)
    dweights = keys @ dcontext
    dscores = weights * (dweights - weights @ dweights)
    du = np.outer(dscores, v) * (1 - u**2)
    from_query = du.sum(axis=0)
    dkeys = np.outer(weights, dcontext) + du @ U
    return W.T @ from_query, dkeys, np.outer(from_query, query), du.T @ keys, u.T @ dscores


def padded(lengths, shift=0.0) -> Condition:
    """Arguments of `masked_weights`: scores around `shift`, and the lengths."""
    return lambda rng: (shift + rng.standard_normal((len(lengths), max(lengths))), np.array(lengths))


@exercise(
    returns="weights",
    conditions={
        "equal lengths": padded([4, 4]),
        "a padded batch": padded([5, 2, 3]),
        "scores far below zero": padded([5, 2, 3], shift=-30),
    },
    misconceptions=(
        wrong.padding_seen,
        wrong.padding_scored_zero,
        wrong.scores_multiplied_by_the_mask,
        wrong.divided_by_the_length,
        wrong.one_step_too_many,
        wrong.padding_taken_to_come_first,
        wrong.softmax_over_the_batch,
    ),
    hints=(
        "`np.arange(S) < lengths[:, None]` is True, (N, S), where a step belongs to its sequence.",
        "What has a score of minus infinity has a weight of exactly 0, and the others share what there is.",
    ),
)
def masked_weights(scores, lengths):
    """Return the softmax of scores (N, S) along the steps, where only the first `lengths[n]` steps of sequence n count
    and the padding gets exactly 0."""
    inside = np.arange(scores.shape[1]) < lengths[:, None]
    masked = np.where(inside, scores, -np.inf)
    weights = np.exp(masked - masked.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def translations(T, N) -> Condition:
    """Arguments of `decoder_inputs`: targets without repetition, and a start symbol that is none of them."""
    return lambda rng: (rng.permutation(T * N).reshape(T, N) + 2, 1)


@exercise(
    returns="inputs",
    conditions={
        "one step": translations(1, 1),
        "several steps": translations(5, 1),
        "a batch of 3": translations(5, 3),
    },
    misconceptions=(
        wrong.the_answer_given_away,
        wrong.shifted_the_other_way,
        wrong.last_token_put_first,
        wrong.first_target_lost,
        wrong.nothing_dropped,
        wrong.always_the_start,
        wrong.shifted_along_the_batch,
    ),
    hints=("Before it writes `targets[t]`, the decoder has read `targets[t - 1]`. And before the first?",),
)
def decoder_inputs(targets, start):
    """Return what a decoder reads when it is taught: at the first step the start symbol, then the target of the step
    before. targets (T, N) are ids, and so is start."""
    return np.concatenate([np.full_like(targets[:1], start), targets[:-1]])


def beginnings(M, V, width) -> Condition:
    """Arguments of `beam_step`: totals of M beginnings, log-probabilities of V tokens after each, and the width."""

    def draw(rng):
        scores = rng.standard_normal((M, V))
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return -rng.random(M) * 2 - 0.1, log_p, width

    return draw


@exercise(
    returns="parents, tokens, kept",
    conditions={
        "a single beginning": beginnings(1, 5, 3),
        "a width of 1": beginnings(3, 5, 1),
        "a width of 4": beginnings(4, 6, 4),
    },
    misconceptions=(
        wrong.past_forgotten,
        wrong.past_dropped_from_the_totals,
        wrong.log_probabilities_multiplied,
        wrong.worst_first,
        wrong.only_the_best_beginning,
        wrong.parents_and_tokens_confused,
    ),
    hints=(
        "All M * V continuations compete: `totals[:, None] + log_p` has the log-probability of each.",
        "`np.argsort(-table, axis=None)` ranks a whole table, and `np.unravel_index` finds row and column again.",
    ),
)
def beam_step(totals, log_p, width):
    """Return the likeliest continuations, `width` of them, the best first: parents, the beginning that each comes from,
    tokens, and their log-probabilities. totals (M,) are the log-probabilities of the beginnings, log_p (M, V) those of
    each token after them."""
    table = totals[:, None] + log_p
    best = np.argsort(-table, axis=None)[:width]
    parents, tokens = np.unravel_index(best, table.shape)
    return parents, tokens, table[parents, tokens]
