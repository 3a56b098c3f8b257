"""What goes wrong with padding, pooling, counting and calibration: a known mistake each, its docstring the advice."""

import numpy as np


def real_steps(h, lengths):
    """Whether each step belongs to its sequence, shape (T, N, 1)."""
    return (np.arange(len(h))[:, None] < lengths)[:, :, None]


# --- last_state ------------------------------------------------------------------------------------------------------


def last_step_of_the_batch(h, lengths):
    """Every sequence is read out at the last step of the batch, which is padding for all but the longest. Each has a
    last step of its own, `lengths - 1`."""
    return h[-1].copy()


def one_step_late(h, lengths):
    """Step `lengths` is the first step of the padding, because steps are counted from 0."""
    return np.where((lengths < len(h))[:, None], h[np.minimum(lengths, len(h) - 1), np.arange(len(lengths))], 0)


def one_step_early(h, lengths):
    """The step before the last is read out. Steps are counted from 0, so the last one is `lengths - 1`."""
    return h[np.maximum(lengths - 2, 0), np.arange(len(lengths))]


def first_step(h, lengths):
    """The first step is read out, which has seen one word. Take step `lengths - 1` of each sequence."""
    return h[0].copy()


def shortest_for_all(h, lengths):
    """All sequences are cut at the end of the shortest. Each has a last step of its own."""
    return h[lengths.min() - 1].copy()


def every_pair_of_steps_and_sequences(h, lengths):
    """`h[lengths - 1]` takes all sequences at each of these steps. One step of one sequence: index both axes,
    `h[lengths - 1, np.arange(N)]`."""
    return h[lengths - 1]


def mean_of_the_states(h, lengths):
    """The mean over the steps is taken. What is asked for is the state after the last real step alone."""
    return np.where(real_steps(h, lengths), h, 0).sum(axis=0) / lengths[:, None]


# --- masked_mean -----------------------------------------------------------------------------------------------------


def padding_counted(h, lengths):
    """The mean is over all T steps, padding included: what stands there, and how much of it there is, changes the
    verdict. Sum the real steps, and divide by their number."""
    return h.mean(axis=0)


def divided_by_the_longest(h, lengths):
    """The padding is left out of the sum, but the sum is divided by T: short sentences come out too small. Divide each
    by its own length."""
    return np.where(real_steps(h, lengths), h, 0).mean(axis=0)


def padding_summed(h, lengths):
    """The sum takes all T steps, padding included, and only the divisor is the length. First set the
    padding to zero."""
    return h.sum(axis=0) / lengths[:, None]


def sum_instead_of_mean(h, lengths):
    """The real steps are added up and not divided: long sentences come out larger than short ones."""
    return np.where(real_steps(h, lengths), h, 0).sum(axis=0)


def one_step_too_many(h, lengths):
    """The mask is true up to step `lengths`, one too far: steps are counted from 0, so the real ones are
    `t < lengths`."""
    longer = np.minimum(lengths + 1, len(h))
    return np.where(real_steps(h, longer), h, 0).sum(axis=0) / longer[:, None]


def one_divisor_for_the_batch(h, lengths):
    """All sums are divided by the mean length of the batch: a sentence's verdict then hangs on its neighbours."""
    return np.where(real_steps(h, lengths), h, 0).sum(axis=0) / lengths.mean()


# --- max_backward ----------------------------------------------------------------------------------------------------


def to_the_largest(dpooled, steps, shape):
    """What follows, rightly, from the step of each maximum, shape (N, H)."""
    dh = np.zeros(shape)
    np.put_along_axis(dh, steps[None], dpooled[None], axis=0)
    return dh


def padding_wins(dpooled, h, lengths):
    """The largest value is looked for among padding of zeros, which beats a unit that is negative throughout. Put minus
    infinity there before the maximum."""
    return to_the_largest(dpooled, np.where(real_steps(h, lengths), h, 0).argmax(axis=0), h.shape)


def padding_as_it_is(dpooled, h, lengths):
    """The maximum is taken over the padding too, whatever stands there."""
    return to_the_largest(dpooled, h.argmax(axis=0), h.shape)


def spread_over_all_steps(dpooled, h, lengths):
    """Every real step gets the gradient. Only the step of the maximum acted on the output; the others get zero."""
    return np.where(real_steps(h, lengths), dpooled, 0)


def shared_like_a_mean(dpooled, h, lengths):
    """The gradient is divided among the real steps, as that of a mean. Here one step, that of the maximum, has it
    all."""
    return np.where(real_steps(h, lengths), dpooled / lengths[:, None], 0)


def one_step_for_all_units(dpooled, h, lengths):
    """One step of each sequence gets the gradients of all units, the step with the largest value of any. Each unit has
    its maximum at a step of its own."""
    steps = np.where(real_steps(h, lengths), h, -np.inf).max(axis=2).argmax(axis=0)
    return to_the_largest(dpooled, np.repeat(steps[:, None], h.shape[2], axis=1), h.shape)


def times_the_value(dpooled, h, lengths):
    """The gradient is multiplied by the largest value. The output is that value itself, so its slope is 1."""
    return h * to_the_largest(dpooled, np.where(real_steps(h, lengths), h, -np.inf).argmax(axis=0), h.shape)


def smallest_instead_of_largest(dpooled, h, lengths):
    """The gradient goes to the step of the smallest value."""
    return to_the_largest(dpooled, np.where(real_steps(h, lengths), h, np.inf).argmin(axis=0), h.shape)


# --- naive_bayes -----------------------------------------------------------------------------------------------------


def log_ratio(X, labels, numerator, denominator):
    """The weights from a numerator and a denominator of the counts of each class, and the right bias."""
    of = [np.log(numerator(X[labels == k].sum(axis=0)) / denominator(X[labels == k])) for k in (0, 1)]
    return of[1] - of[0], np.log(np.mean(labels == 1) / np.mean(labels == 0))


def no_smoothing(X, labels, smoothing):
    """Nothing is added to the counts: a word that one class never used gets an infinite weight, and outweighs all
    others."""
    return log_ratio(X, labels, lambda counts: counts, np.sum)


def smoothing_in_the_numerator_alone(X, labels, smoothing):
    """`smoothing` is added to each count, but the sum is that of the bare counts, so the probabilities of a class sum
    to more than 1. Divide by the sum of the smoothed counts."""
    return log_ratio(X, labels, lambda counts: counts + smoothing, np.sum)


def smoothing_added_once_below(X, labels, smoothing):
    """To the sum, `smoothing` is added once. It was added to each of the F counts, so the sum grows by F times as
    much."""
    return log_ratio(X, labels, lambda counts: counts + smoothing, lambda rows: rows.sum() + smoothing)


def share_of_the_sentences(X, labels, smoothing):
    """The counts are divided by the number of sentences. A class distributes its probability over all the words that it
    used: divide by the sum of its counts."""
    return log_ratio(X, labels, lambda counts: counts + smoothing, len)


def logarithm_forgotten(X, labels, smoothing):
    """The weights are ratios of probabilities. Probabilities multiply; for scores that add up, take their
    logarithms."""
    weights, bias = log_ratio(
        X, labels, lambda counts: counts + smoothing, lambda rows: (rows.sum(axis=0) + smoothing).sum()
    )
    return np.exp(weights), np.exp(bias)


def opposite_sign(X, labels, smoothing):
    """Praise comes out negative: the logarithms are subtracted the wrong way round."""
    weights, bias = log_ratio(
        X, labels, lambda counts: counts + smoothing, lambda rows: (rows.sum(axis=0) + smoothing).sum()
    )
    return -weights, -bias


def prior_forgotten(X, labels, smoothing):
    """The bias is zero. Before any word is read, the odds are those of the classes themselves, log(N1 / N0)."""
    weights, _ = log_ratio(
        X, labels, lambda counts: counts + smoothing, lambda rows: (rows.sum(axis=0) + smoothing).sum()
    )
    return weights, 0.0


# --- calibration_error -----------------------------------------------------------------------------------------------


def in_bins(confidence, right, bins):
    """Yield the confidences and the answers of each bin that is not empty."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    for chosen in (place == number for number in range(bins)):
        if chosen.any():
            yield confidence[chosen], right[chosen]


def bins_count_alike(confidence, right, bins):
    """Every bin counts as much as any other, even one with a single answer. Weigh each by the share of the answers that
    fall into it."""
    return np.mean([abs(sure.mean() - correct.mean()) for sure, correct in in_bins(confidence, right, bins)])


def gaps_cancel(confidence, right, bins):
    """Gaps of opposite signs cancel: too sure here and too modest there would count as perfect. Take each bin's gap
    without its sign."""
    gaps = [len(sure) * (sure.mean() - correct.mean()) for sure, correct in in_bins(confidence, right, bins)]
    return sum(gaps) / len(right)


def one_bin_for_all(confidence, right, bins):
    """The mean confidence is compared with the accuracy over everything, as if there were one bin."""
    return abs(np.mean(confidence) - np.mean(right))


def gaps_squared(confidence, right, bins):
    """The gaps are squared. The expected calibration error is the mean of the gaps themselves, without their signs."""
    gaps = [len(sure) * (sure.mean() - correct.mean()) ** 2 for sure, correct in in_bins(confidence, right, bins)]
    return sum(gaps) / len(right)


def answers_one_by_one(confidence, right, bins):
    """Each answer is compared with its own confidence. A single answer is right or wrong, so this is large even for a
    perfect forecaster; the gap is between means over a bin."""
    return np.mean(np.abs(confidence - right))


def middle_of_the_bin(confidence, right, bins):
    """The confidence of a bin is taken to be its middle. Take the mean of the confidences that fell into it."""
    total = 0.0
    for sure, correct in in_bins(confidence, right, bins):
        middle = (min(int(sure[0] * bins), bins - 1) + 0.5) / bins
        total += len(sure) * abs(middle - correct.mean())
    return total / len(right)
