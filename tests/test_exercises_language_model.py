"""The exercises of chapter 04: the solutions compute what the package computes."""

import numpy as np
import pytest
from support import assert_same

from rnn_lab.decoding import probabilities
from rnn_lab.exercises import language_model as exercises
from rnn_lab.models import LanguageModel, NGrams, Stream
from rnn_lab.nn import RNN, Embedding, softmax_cross_entropy

RNG = np.random.default_rng(0)


def test_the_loss_is_that_of_the_package():
    logits, targets = RNG.standard_normal((6, 3, 5)), RNG.integers(0, 5, (6, 3))
    for ours, theirs in zip(
        exercises.cross_entropy.reference(logits, targets), softmax_cross_entropy(logits, targets), strict=True
    ):
        assert_same(np.asarray(ours), np.asarray(theirs))


def test_the_embedding_gradient_is_that_of_the_package():
    embedding, ids, dx = Embedding(5, 3, RNG), RNG.integers(0, 5, (6, 2)), RNG.standard_normal((6, 2, 3))
    _, cache = embedding.forward(ids)
    _, grads = embedding.backward(dx, cache)
    assert_same(exercises.embedding_gradient.reference(ids, dx, 5), grads["E"])


def test_the_counted_probabilities_are_those_of_the_package():
    text, context = RNG.integers(0, 5, 80), np.array([3, 1, 4])
    model, state = NGrams(text, 4, 5), None
    for token in context:
        logits, state = model.step([token], state)
    assert_same(exercises.witten_bell.reference(text, context, 5), np.exp(logits[0]))


def test_the_blocks_are_those_that_a_stream_reads():
    text = RNG.integers(0, 7, 400)
    inputs, targets = exercises.blocks.reference(text[:121], 4, 10)  # the columns are 30 rows of input each
    model = LanguageModel(7, 2, RNN(2, 3, RNG), RNG)
    stream = Stream(model, text[:120], columns=4, steps=10)
    for b in range(2):  # a stream's last row is a target only
        batch = stream.next_batch(RNG)
        np.testing.assert_array_equal(batch.ids, inputs[b])
        np.testing.assert_array_equal(batch.targets, targets[b])


@pytest.mark.parametrize("share", [0.3, 0.8, 1.0])
def test_the_nucleus_is_that_of_the_package(share):
    p = RNG.dirichlet(np.ones(9))
    assert_same(exercises.nucleus.reference(p, share), probabilities(np.log(p), nucleus=share))
