"""The exercises of chapter 05: what to read out of a padded batch, counting words, and knowing how sure one is.

Sequences are time-major: h (T, N, H), padded at the end; lengths (N,) says how many of the T steps are real.
"""

import numpy as np

from rnn_lab.exercises import sentiment_misconceptions as wrong
from rnn_lab.exercises.framework import Condition, exercise

T, N, H = 6, 4, 3


def states(lengths=(4, 6, 1, 3), padding=0.0, shift=0.0) -> Condition:
    """Random states of sequences of these lengths, with padding of this size after each."""

    def draw(rng):
        h, real = rng.standard_normal((T, len(lengths), H)), np.arange(T)[:, None] < np.array(lengths)
        return np.where(real[:, :, None], h + shift, padding * np.abs(h)), np.array(lengths)

    return draw


BATCHES = {
    "one sentence": states(lengths=(T,)),
    "sentences of one length": states(lengths=(T, T, T)),
    "a padded batch": states(),
    "padding that is not zero": states(padding=5.0),
}


@exercise(
    returns="last",
    conditions=BATCHES,
    misconceptions=(
        wrong.last_step_of_the_batch,
        wrong.one_step_late,
        wrong.one_step_early,
        wrong.first_step,
        wrong.shortest_for_all,
        wrong.every_pair_of_steps_and_sequences,
        wrong.mean_of_the_states,
    ),
    hints=(
        "Steps are counted from 0: a sequence of 4 ends at step 3.",
        "Two lists of indices, one for the step and one for the sequence, pick one entry for each pair: `h[steps, n]`.",
    ),
)
def last_state(h, lengths):
    """Return the state of each sequence after its last real step, shape (N, H), from the states h (T, N, H) of a padded
    batch and the lengths (N,)."""
    return h[lengths - 1, np.arange(len(lengths))]


@exercise(
    returns="mean",
    conditions=BATCHES,
    misconceptions=(
        wrong.padding_counted,
        wrong.divided_by_the_longest,
        wrong.padding_summed,
        wrong.sum_instead_of_mean,
        wrong.one_step_too_many,
        wrong.one_divisor_for_the_batch,
    ),
    hints=(
        "`np.arange(T)[:, None] < lengths` is True where a step is real, shape (T, N); one more axis makes it fit h.",
        "Set the padding to zero with `np.where`, sum over the steps, divide by `lengths[:, None]`.",
    ),
)
def masked_mean(h, lengths):
    """Return the mean over the real steps of each sequence, shape (N, H), from the states h (T, N, H) of a padded batch
    and the lengths (N,)."""
    real = np.arange(len(h))[:, None] < lengths
    return np.where(real[:, :, None], h, 0).sum(axis=0) / lengths[:, None]


def with_gradient(**batch) -> Condition:
    """Arguments of `max_backward`: a gradient from above, and those of the other exercises."""

    def draw(rng):
        h, lengths = states(**batch)(rng)
        return rng.standard_normal(h.shape[1:]), h, lengths

    return draw


@exercise(
    returns="dh",
    conditions={
        "one sentence": with_gradient(lengths=(T,)),
        "a padded batch": with_gradient(),
        "states below zero": with_gradient(shift=-4.0),
        "padding that is not zero": with_gradient(padding=5.0),
    },
    misconceptions=(
        wrong.padding_wins,
        wrong.padding_as_it_is,
        wrong.spread_over_all_steps,
        wrong.shared_like_a_mean,
        wrong.one_step_for_all_units,
        wrong.times_the_value,
        wrong.smallest_instead_of_largest,
    ),
    hints=(
        "Forwards, the output of a unit is its value at one step. That step gets the whole gradient, the others zero.",
        "Find the step with `argmax` along time, after minus infinity was put where a step is padding.",
        "`np.put_along_axis(dh, steps[None], dpooled[None], axis=0)` writes one entry for each sequence and unit.",
    ),
)
def max_backward(dpooled, h, lengths):
    """Return dh (T, N, H), the gradient of max pooling, from dpooled (N, H), the gradient with respect to the largest
    value of each unit over the real steps, the states h (T, N, H) and the lengths (N,)."""
    real = np.arange(len(h))[:, None] < lengths
    steps = np.where(real[:, :, None], h, -np.inf).argmax(axis=0)  # (N, H)
    dh = np.zeros_like(h)
    np.put_along_axis(dh, steps[None], dpooled[None], axis=0)
    return dh


def counted(N, F, share=0.5, smoothing=1.0) -> Condition:
    """Arguments of `naive_bayes`: which of F words each of N sentences has, and which of them praise."""

    def draw(rng):
        X = (rng.random((N, F)) < 0.4).astype(float)
        X[: N // 2, 0] = 1  # no class without a word
        X[N // 2 :, 1] = 1
        labels = (np.arange(N) < share * N).astype(int)
        return X, rng.permutation(labels), smoothing

    return draw


@exercise(
    returns="weights, bias",
    conditions={
        "a few sentences": counted(8, 5),
        "more praise than not": counted(20, 6, share=0.7),
        "words that are rare": counted(6, 12),
        "little smoothing": counted(12, 7, smoothing=0.1),
    },
    misconceptions=(
        wrong.no_smoothing,
        wrong.smoothing_in_the_numerator_alone,
        wrong.smoothing_added_once_below,
        wrong.share_of_the_sentences,
        wrong.logarithm_forgotten,
        wrong.opposite_sign,
        wrong.prior_forgotten,
    ),
    hints=(
        "Count each word among the sentences of one class: `X[labels == 1].sum(axis=0)`. Add the smoothing, divide by "
        "the sum: these are probabilities, and sum to 1.",
        "The weights are the logarithm of the probabilities in praise, less that of the others. The bias is the "
        "logarithm of how many sentences praise, over how many do not.",
    ),
)
def naive_bayes(X, labels, smoothing):
    """Return the weights (F,) and the bias of naive Bayes, so that `X @ weights + bias` is the logarithm of the odds of
    praise, from which words each sentence has, X (N, F) of zeros and ones, the labels (N,), 1 for praise, and what is
    added to each count."""
    log_p = []
    for label in (0, 1):
        counts = X[labels == label].sum(axis=0) + smoothing
        log_p.append(np.log(counts / counts.sum()))
    return log_p[1] - log_p[0], np.log(np.sum(labels == 1) / np.sum(labels == 0))


def answers(count, least=0.5, exponent=1.0, bins=10) -> Condition:
    """Arguments of `calibration_error`: how sure a classifier was, whether it was right, the number of bins."""

    def draw(rng):
        confidence = rng.uniform(least, 0.999, count)
        return confidence, (rng.random(count) < confidence**exponent).astype(float), bins

    return draw


@exercise(
    returns="error",
    conditions={
        "a classifier that is too sure": answers(200, exponent=3.0),
        "one that is too modest": answers(200, exponent=0.2),
        "one that is about right": answers(400),
        "few bins": answers(100, exponent=2.0, bins=3),
        "empty bins": answers(30, least=0.8, exponent=3.0, bins=20),
    },
    misconceptions=(
        wrong.bins_count_alike,
        wrong.gaps_cancel,
        wrong.one_bin_for_all,
        wrong.gaps_squared,
        wrong.answers_one_by_one,
        wrong.middle_of_the_bin,
    ),
    hints=(
        "Bin number k of B holds the confidences from k / B to (k + 1) / B: `(confidence * bins).astype(int)`.",
        "In each bin that is not empty, compare the mean confidence with the share of right answers, without the sign; "
        "weigh by how many of all answers are in it.",
    ),
)
def calibration_error(confidence, right, bins):
    """Return the expected calibration error of answers with these confidences (N,), each below 1, of which those with
    right = 1 (N,) are right: the mean gap between confidence and accuracy over bins of equal width from 0 to 1, each
    weighed by its share of the answers."""
    place = (confidence * bins).astype(int)
    error = 0.0
    for number in range(bins):
        chosen = place == number
        if chosen.any():
            error += chosen.mean() * abs(confidence[chosen].mean() - right[chosen].mean())
    return error
