"""What goes wrong in translation: each function is a known mistake, its docstring the advice."""

import numpy as np

from rnn_lab.nn.functions import sigmoid


def softmax(scores):
    """Along the last axis, shifted so that nothing overflows."""
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# --- attention -----------------------------------------------------------------------------------------------------


def looked(scores, keys):
    """What follows, rightly, from scores."""
    weights = softmax(scores)
    return weights, weights @ keys


def tanh_left_out(query, keys, W, U, v):
    """Without the tanh, the query adds the same to every score, and the softmax does not see it: every query would look
    at the same place. It has to meet each key inside the tanh."""
    return looked((W @ query + keys @ U.T) @ v, keys)


def query_left_out(query, keys, W, U, v):
    """The query has no say, so that every step would look at the same place. Add `W @ query` to the projection of each
    key before the tanh: outside of it, the softmax does not see it."""
    return looked(np.tanh(keys @ U.T) @ v, keys)


def sigmoid_for_the_softmax(query, keys, W, U, v):
    """Each key is judged alone, and the weights do not sum to 1. With the softmax, a look at one place is no look at
    another."""
    weights = sigmoid(np.tanh(W @ query + keys @ U.T) @ v)
    return weights, weights @ keys


def weights_not_divided_by_their_sum(query, keys, W, U, v):
    """The weights are positive but do not sum to 1. Divide them by their sum."""
    weights = np.exp(np.tanh(W @ query + keys @ U.T) @ v)
    return weights, weights @ keys


def only_the_best_key(query, keys, W, U, v):
    """All weight goes to the key with the highest score. That is another kind of attention, a hard one: where it looks
    does not change a little when the weights do, so it has no gradient."""
    weights = np.eye(len(keys))[np.argmax(np.tanh(W @ query + keys @ U.T) @ v)]
    return weights, weights @ keys


def plain_mean_of_the_keys(query, keys, W, U, v):
    """The weights are right and not used: the context is the plain mean of the keys."""
    return softmax(np.tanh(W @ query + keys @ U.T) @ v), keys.mean(axis=0)


def large_scores_overflow(query, keys, W, U, v):
    """The formula is right, but the exponential of a large score overflows. Subtract the largest score from all of them
    before: the weights stay the same."""
    weights = np.exp(np.tanh(W @ query + keys @ U.T) @ v)
    weights = weights / weights.sum()
    return weights, weights @ keys


# --- attention_backward --------------------------------------------------------------------------------------------


def back(dcontext, query, keys, weights, W, U, v, dscores=None, du=None):
    """Every gradient, with a wrong one somewhere on the way."""
    u = np.tanh(W @ query + keys @ U.T)
    if dscores is None:
        dweights = keys @ dcontext
        dscores = weights * (dweights - weights @ dweights)
    if du is None:
        du = np.outer(dscores, v) * (1 - u**2)
    through_scores = du.sum(axis=0)
    dkeys = np.outer(weights, dcontext) + du @ U
    return W.T @ through_scores, dkeys, np.outer(through_scores, query), du.T @ keys, u.T @ dscores


def keys_only_mixed(dcontext, query, keys, weights, W, U, v):
    """A key is used twice: it is mixed into the context, and it gets a score. The second use is missing from dkeys."""
    dquery, _, *rest = back(dcontext, query, keys, weights, W, U, v)
    return dquery, np.outer(weights, dcontext), *rest


def keys_only_scored(dcontext, query, keys, weights, W, U, v):
    """A key is used twice: it gets a score, and it is mixed into the context with its weight. The second use is missing
    from dkeys."""
    dquery, dkeys, *rest = back(dcontext, query, keys, weights, W, U, v)
    return dquery, dkeys - np.outer(weights, dcontext), *rest


def softmax_entry_by_entry(dcontext, query, keys, weights, W, U, v):
    """The softmax is treated as if each weight came from its own score alone. Each score also takes away from every
    other weight: subtract the mean of dweights under the weights."""
    dweights = keys @ dcontext
    return back(dcontext, query, keys, weights, W, U, v, dscores=weights * (1 - weights) * dweights)


def mean_not_subtracted(dcontext, query, keys, weights, W, U, v):
    """In the softmax's gradient, `weights * dweights` is only the first half. All weights sum to 1, so the mean of
    dweights under the weights has to be subtracted."""
    return back(dcontext, query, keys, weights, W, U, v, dscores=weights * (keys @ dcontext))


def plain_mean_subtracted(dcontext, query, keys, weights, W, U, v):
    """What is subtracted in the softmax's gradient is the plain mean of dweights. It has to be the mean under the
    weights: `weights @ dweights`."""
    dweights = keys @ dcontext
    return back(dcontext, query, keys, weights, W, U, v, dscores=weights * (dweights - dweights.mean()))


def softmax_passed_over(dcontext, query, keys, weights, W, U, v):
    """The gradient of the weights is taken for that of the scores. Between them stands the softmax."""
    return back(dcontext, query, keys, weights, W, U, v, dscores=keys @ dcontext)


def slope_of_the_tanh_left_out(dcontext, query, keys, weights, W, U, v):
    """The way back goes through the tanh as well: multiply by its slope, `1 - u**2`."""
    dweights = keys @ dcontext
    dscores = weights * (dweights - weights @ dweights)
    return back(dcontext, query, keys, weights, W, U, v, dscores=dscores, du=np.outer(dscores, v))


def v_left_out(dcontext, query, keys, weights, W, U, v):
    """A score is `v @ u`, so its gradient reaches u in the proportions of v."""
    u, dweights = np.tanh(W @ query + keys @ U.T), keys @ dcontext
    dscores = weights * (dweights - weights @ dweights)
    return back(dcontext, query, keys, weights, W, U, v, dscores=dscores, du=dscores[:, None] * (1 - u**2))


def query_hears_one_key(dcontext, query, keys, weights, W, U, v):
    """The query takes part in the score of every key: add the gradients of all of them up, for dquery and for dW."""
    u, dweights = np.tanh(W @ query + keys @ U.T), keys @ dcontext
    last = np.outer(weights * (dweights - weights @ dweights), v)[-1] * (1 - u[-1] ** 2)
    _, dkeys, _, dU, dv = back(dcontext, query, keys, weights, W, U, v)
    return W.T @ last, dkeys, np.outer(last, query), dU, dv


def averaged_over_the_keys(dcontext, query, keys, weights, W, U, v):
    """The gradients of the query and of the weights are averaged over the keys. One weight, many uses: add."""
    dquery, dkeys, *grads = back(dcontext, query, keys, weights, W, U, v)
    return dquery / len(keys), dkeys, *(grad / len(keys) for grad in grads)


# --- masked_weights ------------------------------------------------------------------------------------------------


def steps_within(scores, lengths):
    """True where a step belongs to its sequence, (N, S)."""
    return np.arange(scores.shape[1]) < lengths[:, None]


def padding_seen(scores, lengths):
    """The lengths are not used: the padding gets a share of the look, and the longer the batch, the more."""
    return softmax(scores)


def padding_scored_zero(scores, lengths):
    """The padding's scores are set to 0, and exp(0) is 1: it gets a share, a large one if the real scores are low. Set
    them to minus infinity: `np.where(mask, scores, -np.inf)`."""
    return softmax(np.where(steps_within(scores, lengths), scores, 0))


def scores_multiplied_by_the_mask(scores, lengths):
    """The weights of the padding are taken away after the softmax, and what is left does not sum to 1. Mask the scores,
    before the softmax."""
    return softmax(scores) * steps_within(scores, lengths)


def divided_by_the_length(scores, lengths):
    """The steps that are there share alike. Their scores have to decide."""
    return steps_within(scores, lengths) / lengths[:, None]


def one_step_too_many(scores, lengths):
    """One step of padding is let in. Steps are counted from 0: those below the length belong to the sequence."""
    return softmax(np.where(np.arange(scores.shape[1]) <= lengths[:, None], scores, -np.inf))


def padding_taken_to_come_first(scores, lengths):
    """The first steps are masked. Sequences begin at step 0, and the padding stands at their end."""
    S = scores.shape[1]
    return softmax(np.where(np.arange(S) >= S - lengths[:, None], scores, -np.inf))


def softmax_over_the_batch(scores, lengths):
    """The weights sum to 1 over the examples of the batch. Each example has its own look: normalise along the steps."""
    masked = np.where(steps_within(scores, lengths), scores, -1e300)
    return softmax(masked.T).T * steps_within(scores, lengths)


# --- decoder_inputs ------------------------------------------------------------------------------------------------


def the_answer_given_away(targets, start):
    """The decoder reads, at every step, what it is to write at that step. It will learn to copy, and know nothing where
    there is nothing to copy. What it reads has to be one step behind."""
    return targets.copy()


def shifted_the_other_way(targets, start):
    """The decoder reads what comes one step later. It has to read what came before."""
    return np.concatenate([targets[1:], np.full_like(targets[:1], start)])


def last_token_put_first(targets, start):
    """The last target has come round to the first step. There, nothing has been written yet: it reads the start
    symbol."""
    return np.roll(targets, 1, axis=0)


def first_target_lost(targets, start):
    """The first target is replaced by the start symbol, and the others stand where they stood. They have to move one
    step later."""
    inputs = targets.copy()
    inputs[0] = start
    return inputs


def nothing_dropped(targets, start):
    """There is one step more than there are targets. After the last target nothing is to be written, so nobody reads
    it."""
    return np.concatenate([np.full_like(targets[:1], start), targets])


def always_the_start(targets, start):
    """The decoder reads the start symbol at every step, and never what came before."""
    return np.full_like(targets, start)


def shifted_along_the_batch(targets, start):
    """The shift goes along the examples. Time is the first axis."""
    return np.concatenate([np.full_like(targets[:, :1], start), targets[:, :-1]], axis=1)


# --- beam_step -----------------------------------------------------------------------------------------------------


def best_of(totals, width, order=-1):
    """The best `width` entries of a table, with where they stand."""
    best = np.argsort(order * totals, axis=None, kind="stable")[:width]
    parents, tokens = np.unravel_index(best, totals.shape)
    return parents, tokens, totals[parents, tokens]


def past_forgotten(totals, log_p, width):
    """Only the next token counts, and not how likely its beginning is. Add the total of each beginning to its row."""
    return best_of(log_p, width)


def past_dropped_from_the_totals(totals, log_p, width):
    """The choice is right, but the totals that come back are those of the last token alone. The next step needs the
    whole."""
    parents, tokens, _ = best_of(totals[:, None] + log_p, width)
    return parents, tokens, log_p[parents, tokens]


def log_probabilities_multiplied(totals, log_p, width):
    """Log-probabilities are multiplied. Probabilities multiply, their logarithms add."""
    return best_of(totals[:, None] * log_p, width)


def worst_first(totals, log_p, width):
    """The least likely are kept. A log-probability is negative: the likeliest is the largest, the one nearest to 0."""
    return best_of(totals[:, None] + log_p, width, order=1)


def only_the_best_beginning(totals, log_p, width):
    """All that is kept goes on from the best beginning. A worse beginning may have a better end: rank all
    continuations together."""
    best = int(np.argmax(totals))
    _, tokens, kept = best_of(totals[best] + log_p[best : best + 1], width)
    return np.full(len(tokens), best), tokens, kept


def parents_and_tokens_confused(totals, log_p, width):
    """Parents and tokens have changed places. The table has a row for each beginning and a column for each token."""
    parents, tokens, kept = best_of(totals[:, None] + log_p, width)
    return tokens, parents, kept
