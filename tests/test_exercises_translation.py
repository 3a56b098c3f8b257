"""The exercises of chapter 06: solutions agree with the package, and slips are recognised as learners write them."""

import numpy as np
from support import assert_same

from rnn_lab.datasets import numbers
from rnn_lab.decoding import beam_search
from rnn_lab.exercises import translation
from rnn_lab.nn import AdditiveAttention


def test_attention_is_that_of_the_package():
    rng = np.random.default_rng(0)
    layer = AdditiveAttention(3, 4, 5, rng)
    weights_of = layer.params["W"], layer.params["U"], layer.params["v"]
    query, keys, dcontext = rng.standard_normal((1, 3)), rng.standard_normal((6, 1, 4)), rng.standard_normal((1, 4))
    memory = layer.remember(keys)
    context, look = layer.forward(query, memory)
    ours = translation.attention.reference(query[0], keys[:, 0], *weights_of)
    assert_same(ours[0], look.weights[0])
    assert_same(ours[1], context[0])

    dquery, dprojected, grads = layer.backward(dcontext, look, memory)
    dkeys, more = layer.remember_backward(dprojected, look.weights[None], dcontext[None], memory)
    theirs = dquery[0], dkeys[:, 0], grads["W"], more["U"], grads["v"]
    ours = translation.attention_backward.reference(dcontext[0], query[0], keys[:, 0], ours[0], *weights_of)
    for one, other in zip(ours, theirs, strict=True):
        assert_same(one, other)


def test_the_mask_is_that_of_the_package():
    rng = np.random.default_rng(1)
    layer = AdditiveAttention(3, 4, 5, rng)
    query, keys, lengths = rng.standard_normal((3, 3)), rng.standard_normal((6, 3, 4)), np.array([6, 1, 4])
    _, look = layer.forward(query, layer.remember(keys, lengths))
    assert_same(translation.masked_weights.reference(look.u @ layer.params["v"], lengths), look.weights)


def test_the_decoder_reads_what_the_batches_of_the_course_give_it():
    pairs = numbers.pairs([7, 12, 90])
    _, _, inputs, targets, _ = pairs.batch(range(3))
    assert_same(translation.decoder_inputs.reference(targets, pairs.target.start), inputs)


def test_the_step_is_that_of_beam_search():
    rng = np.random.default_rng(2)
    table = np.log(rng.dirichlet(np.ones(5), 5))
    nothing_ends = 5
    first, second = beam_search(lambda ids, state: (table[ids], ids), 0, nothing_ends, 3, 2).kept
    totals = np.array([hypothesis.log_probability for hypothesis in first])
    last = [hypothesis.ids[-1] for hypothesis in first]
    parents, tokens, kept = translation.beam_step.reference(totals, table[last], 3)
    assert [(*first[parent].ids, token) for parent, token in zip(parents, tokens, strict=True)] == [
        hypothesis.ids for hypothesis in second
    ]
    assert_same(kept, [hypothesis.log_probability for hypothesis in second])


def test_a_loop_over_keys_that_forgets_the_sum():
    def answer(query, keys, W, U, v):
        scores = [v @ np.tanh(W @ query + U @ key) for key in keys]
        weights = np.exp(np.array(scores))
        return weights, sum(weight * key for weight, key in zip(weights, keys, strict=True))

    assert translation.attention.check(answer).misconception == "weights not divided by their sum"


def test_a_diagonal_softmax_gradient():
    def answer(dcontext, query, keys, weights, W, U, v):
        u = np.tanh(keys @ U.T + W @ query)
        dscores = (keys @ dcontext) * weights * (1 - weights)
        du = dscores[:, None] * v * (1 - u * u)
        s = du.sum(0)
        return s @ W, weights[:, None] * dcontext + du @ U, s[:, None] * query, du.T @ keys, dscores @ u

    assert translation.attention_backward.check(answer).misconception == "softmax entry by entry"
