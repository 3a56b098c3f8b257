"""What goes wrong in a language model: each function is a known mistake, its docstring the advice."""

import numpy as np

# --- cross_entropy -------------------------------------------------------------------------------------------------


def parts(logits, targets, axis=-1):
    """The log-probabilities and the one-hot targets, rightly."""
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)), np.eye(logits.shape[-1])[targets]


def overflows(logits, targets):
    """The exponential of a score in the thousands is infinite, and infinity divided by infinity is no number. Take the
    largest score of each step off all of them first: the softmax stays the same."""
    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    one_hot = np.eye(logits.shape[-1])[targets]
    picked = np.take_along_axis(p, targets[..., None], axis=-1)
    return -np.log(picked).sum() / targets.size, (p - one_hot) / targets.size


def sum_instead_of_mean(logits, targets):
    """Loss and gradient are sums over all steps and sequences. A mean keeps the learning rate's meaning when the batch
    grows: divide both by the number of targets."""
    log_p, one_hot = parts(logits, targets)
    return -np.sum(one_hot * log_p), np.exp(log_p) - one_hot


def gradient_of_the_sum(logits, targets):
    """The loss is a mean, the gradient is that of a sum. The division belongs to the function that is differentiated,
    so it is in the gradient too."""
    log_p, one_hot = parts(logits, targets)
    return -np.sum(one_hot * log_p) / targets.size, np.exp(log_p) - one_hot


def averaged_over_the_vocabulary_too(logits, targets):
    """The mean is taken over the V scores as well. Only one of them counts at each step: the mean is over the
    targets."""
    log_p, one_hot = parts(logits, targets)
    return -np.mean(one_hot * log_p), (np.exp(log_p) - one_hot) / logits.size


def averaged_over_time_only(logits, targets):
    """The sum is divided by T. There are T * N targets."""
    log_p, one_hot = parts(logits, targets)
    return -np.sum(one_hot * log_p) / len(targets), (np.exp(log_p) - one_hot) / len(targets)


def opposite_sign(logits, targets):
    """The gradient points downhill: `one_hot - p`. To raise the score of the target lowers the loss, so its gradient is
    negative: `p - one_hot`."""
    log_p, one_hot = parts(logits, targets)
    return -np.sum(one_hot * log_p) / targets.size, (one_hot - np.exp(log_p)) / targets.size


def gradient_at_the_target_only(logits, targets):
    """Only the score of the target gets a gradient. All scores are in the softmax's denominator: each of the others
    gets its probability."""
    log_p, one_hot = parts(logits, targets)
    return -np.sum(one_hot * log_p) / targets.size, one_hot * (np.exp(log_p) - 1) / targets.size


def target_not_taken_off(logits, targets):
    """The gradient is p alone. The numerator of the softmax depends on the score of the target too: take 1 off
    there."""
    log_p, one_hot = parts(logits, targets)
    return -np.sum(one_hot * log_p) / targets.size, np.exp(log_p) / targets.size


def gradient_by_the_probabilities(logits, targets):
    """This is the gradient with respect to the probabilities, `-1 / p` at the target. One more link of the chain leads
    to the scores; together they become `p - one_hot`."""
    log_p, one_hot = parts(logits, targets)
    return -np.sum(one_hot * log_p) / targets.size, -one_hot / np.exp(log_p) / targets.size


def loss_in_bits(logits, targets):
    """The loss is in bits. Asked for are nats, the natural logarithm; only then is the gradient `p - one_hot`."""
    log_p, one_hot = parts(logits, targets)
    return -np.sum(one_hot * log_p) / np.log(2) / targets.size, (np.exp(log_p) - one_hot) / targets.size


def loss_without_logarithm(logits, targets):
    """The loss is the mean of 1 - p. The cross-entropy is the mean of -log p: it has no upper end, so a model pays for
    being sure of what is wrong."""
    log_p, one_hot = parts(logits, targets)
    return np.sum(one_hot * (1 - np.exp(log_p))) / targets.size, (np.exp(log_p) - one_hot) / targets.size


def softmax_over_time(logits, targets):
    """The softmax runs over the first axis. The probabilities of the V tokens at one step sum to 1: use the last
    axis."""
    log_p, one_hot = parts(logits, targets, axis=0)
    return -np.sum(one_hot * log_p) / targets.size, (np.exp(log_p) - one_hot) / targets.size


# --- embedding_gradient --------------------------------------------------------------------------------------------


def last_use_only(ids, dx, V):
    """Of a token that was read several times, only the last use counts. `dE[ids] += dx` reads every row once, before it
    writes: the uses overwrite each other. `np.add.at(dE, ids, dx)` adds all of them."""
    dE = np.zeros((V, dx.shape[-1]))
    dE[ids] += dx
    return dE


def first_use_only(ids, dx, V):
    """Of a token that was read several times, only the first use counts. One weight, many uses: add them all."""
    dE = np.zeros((V, dx.shape[-1]))
    dE[ids.ravel()[::-1]] = dx.reshape(-1, dx.shape[-1])[::-1]
    return dE


def averaged_over_the_uses(ids, dx, V):
    """The gradients of a token's uses are averaged. Whether the loss is a mean is the loss's own affair, and `dx` knows
    it already: add them up."""
    dE = np.zeros((V, dx.shape[-1]))
    np.add.at(dE, ids, dx)
    return dE / np.maximum(np.bincount(ids.ravel(), minlength=V), 1)[:, None]


def only_the_first_sequence(ids, dx, V):
    """Only the first sequence of the batch counts. The table is shared by all of them."""
    dE = np.zeros((V, dx.shape[-1]))
    np.add.at(dE, ids[:, 0], dx[:, 0])
    return dE


def as_many_rows_as_tokens_seen(ids, dx, V):
    """The gradient has a row for each token that was read. It needs the shape of the table: a token that was not read
    gets a row of zeros."""
    seen, rows = np.unique(ids, return_inverse=True)
    dE = np.zeros((len(seen), dx.shape[-1]))
    np.add.at(dE, rows.reshape(ids.shape), dx)
    return dE


def in_the_order_of_reading(ids, dx, V):
    """The gradients stand in the order in which the tokens were read. Row k of dE belongs to token k, wherever it
    stood."""
    dE = np.zeros((V, dx.shape[-1]))
    flat = dx.reshape(-1, dx.shape[-1])[:V]
    dE[: len(flat)] = flat
    return dE


# --- nucleus -------------------------------------------------------------------------------------------------------


def kept_of(p, chosen):
    """Zeros but for the chosen tokens, renormalised."""
    kept = np.zeros_like(p)
    kept[chosen] = p[chosen]
    return kept / kept.sum()


def not_renormalised(p, share):
    """What is kept does not sum to 1. Divide by its sum, or the draw may land on nothing."""
    order = np.argsort(-p)
    chosen = order[np.cumsum(p[order]) - p[order] < share]
    kept = np.zeros_like(p)
    kept[chosen] = p[chosen]
    return kept


def stops_one_token_early(p, share):
    """What is kept holds less than the share: the token that crosses it belongs to the set, and the likeliest one
    always does."""
    order = np.argsort(-p)
    inside = np.cumsum(p[order]) <= share
    return kept_of(p, order[inside])


def takes_one_token_too_many(p, share):
    """One token more than needed is kept. The set is complete as soon as it holds the share."""
    order = np.argsort(-p)
    return kept_of(p, order[: np.count_nonzero(np.cumsum(p[order]) - p[order] < share) + 1])


def in_the_order_of_the_vocabulary(p, share):
    """The tokens are taken as they stand in the vocabulary. The likeliest come first: sort before you add up."""
    return kept_of(p, np.flatnonzero(np.cumsum(p) - p < share))


def least_likely_first(p, share):
    """The least likely tokens are taken first: `np.argsort` sorts upwards. Sort `-p`."""
    order = np.argsort(p)
    return kept_of(p, order[np.cumsum(p[order]) - p[order] < share])


def threshold_on_each_probability(p, share):
    """Each probability is compared with a bound of its own. The share is of the sum: add up from the likeliest token
    on."""
    return kept_of(p, p >= (1 - share) * p.max())


def returned_in_rank_order(p, share):
    """The probabilities come back sorted, so they belong to other tokens. Put each back in its place in the
    vocabulary."""
    ranked = np.sort(p)[::-1]
    return kept_of(ranked, np.cumsum(ranked) - ranked < share)
