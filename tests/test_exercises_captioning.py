"""The exercises of chapter 09 agree with the package, and know answers that are written in another way."""

import numpy as np
from support import assert_same

from rnn_lab.exercises import captioning
from rnn_lab.nn import Convolution, MaxPooling


def case(stride=2):
    rng = np.random.default_rng(0)
    layer = Convolution(3, 4, 3, rng, stride=stride)
    layer.params["b"][:] = rng.standard_normal(4)
    return rng, layer, rng.standard_normal((9, 8, 3))


def test_the_convolution_and_its_backward_are_those_of_the_package():
    rng, layer, x = case()
    y, cache = layer.forward(x[None])
    dy = rng.standard_normal(y.shape)
    dx, grads = layer.backward(dy, cache)
    assert_same(captioning.convolution.reference(x, layer.params["W"], layer.params["b"], 2), y[0])
    ours = captioning.convolution_backward.reference(dy[0], x, layer.params["W"], 2)
    for one, other in zip(ours, (dx[0], grads["W"], grads["b"]), strict=True):
        assert_same(one, other)
    assert y.shape[1:3] == tuple(captioning.output_size.reference(size, 3, 2, 0) for size in (9, 8))


def test_pooling_is_that_of_the_package():
    rng, _, _ = case()
    x = np.round(rng.standard_normal((6, 8, 3)))  # with ties
    y, cache = MaxPooling(2).forward(x[None])
    dy = rng.standard_normal(y.shape)
    assert_same(captioning.pooling_backward.reference(dy[0], x), MaxPooling(2).backward(dy, cache)[0][0])


def test_a_convolution_backward_that_assigns():
    def answer(dy, x, W, stride):
        F, k = W.shape[:2]
        dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros(F)
        for i in range(dy.shape[0]):
            for j in range(dy.shape[1]):
                r, c = i * stride, j * stride
                for f in range(F):
                    dW[f] += dy[i, j, f] * x[r : r + k, c : c + k]
                    db[f] += dy[i, j, f]
                dx[r : r + k, c : c + k] = sum(dy[i, j, f] * W[f] for f in range(F))
        return dx, dW, db

    assert captioning.convolution_backward.check(answer).misconception == "last window wins"
