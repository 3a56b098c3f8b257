"""The exercises of chapter 05: solutions agree with the package, and slips are recognised as learners write them."""

import numpy as np
import pytest
from support import assert_same

from rnn_lab.exercises import sentiment
from rnn_lab.metrics import reliability
from rnn_lab.models.bag_of_words import Table, naive_bayes
from rnn_lab.nn import Pooling

LENGTHS = np.array([4, 1, 6, 3])


def test_pooling_is_that_of_the_package():
    rng = np.random.default_rng(0)
    h, dpooled = rng.standard_normal((6, 4, 5)) - 2, rng.standard_normal((4, 5))
    assert_same(sentiment.last_state.reference(h, LENGTHS), Pooling("last").forward(h, LENGTHS)[0])
    assert_same(sentiment.masked_mean.reference(h, LENGTHS), Pooling("mean").forward(h, LENGTHS)[0])
    _, cache = Pooling("max").forward(h, LENGTHS)
    assert_same(sentiment.max_backward.reference(dpooled, h, LENGTHS), Pooling("max").backward(dpooled, cache)[0])


def test_naive_bayes_is_that_of_the_package():
    rng = np.random.default_rng(0)
    X, labels = (rng.random((30, 7)) < 0.4).astype(float), (np.arange(30) < 12).astype(int)
    rows, columns = np.nonzero(X)
    weights, bias = sentiment.naive_bayes.reference(X, labels, 0.5)
    model = naive_bayes(Table(rows, columns, X.shape), labels, 0.5)
    assert_same(weights, model.weights)
    assert_same(bias, model.bias)


def test_the_calibration_error_is_that_of_the_package():
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 0.999, 300)
    right = rng.random(300) < sure**2
    p = np.stack([sure, 1 - sure], axis=1)
    error = reliability(p, np.where(right, 0, 1), bins=12).error
    assert_same(sentiment.calibration_error.reference(sure, right.astype(float), 12), error)


LAST = """
def answer(h, lengths):
    return np.stack([h[length - 1, n] for n, length in enumerate(lengths)])
"""
MEAN = """
def answer(h, lengths):
    means = []
    for n, length in enumerate(lengths):
        means.append(h[:length, n].sum(axis=0) / length)
    return np.array(means)
"""
MAX = """
def answer(dpooled, h, lengths):
    dh = np.zeros(h.shape)
    for n, length in enumerate(lengths):
        for unit in range(h.shape[2]):
            dh[h[:length, n, unit].argmax(), n, unit] = dpooled[n, unit]
    return dh
"""
BAYES = """
def answer(X, labels, smoothing):
    good, bad = X[labels == 1].sum(axis=0) + smoothing, X[labels == 0].sum(axis=0) + smoothing
    return np.log(good / good.sum()) - np.log(bad / bad.sum()), np.log(labels.mean() / (1 - labels.mean()))
"""
CALIBRATION = """
def answer(confidence, right, bins):
    total = 0
    for low in range(bins):
        inside = (confidence >= low / bins) & (confidence < (low + 1) / bins)
        if inside.any():
            total += abs(confidence[inside].sum() - right[inside].sum())
    return total / len(right)
"""
SOURCES = {
    "last_state": LAST,
    "masked_mean": MEAN,
    "max_backward": MAX,
    "naive_bayes": BAYES,
    "calibration_error": CALIBRATION,
}


def written(source, right="", wrong=""):
    """The answer that a learner has written, with the slip in it."""
    assert not right or right in source
    notebook = {"np": np}
    exec(source.replace(right, wrong) if right else source, notebook)
    return notebook["answer"]


@pytest.mark.parametrize("name", SOURCES)
def test_without_a_slip_it_is_right(name):
    assert getattr(sentiment, name).check(written(SOURCES[name])).kind == "right"


@pytest.mark.parametrize("name", SOURCES)
def test_the_solution_shown_runs_in_the_notebook(name):
    exercise = getattr(sentiment, name)
    notebook = {"np": np}
    exec(exercise.solution().code, notebook)
    assert exercise.check(notebook[name]).kind == "right"


@pytest.mark.parametrize(
    ("name", "right", "wrong", "misconception"),
    [
        ("last_state", "length - 1", "-1", "last step of the batch"),
        ("last_state", "length - 1", "0", "first step"),
        ("masked_mean", "sum(axis=0) / length", "sum(axis=0) / len(h)", "divided by the longest"),
        ("masked_mean", "h[:length, n]", "h[:, n]", "padding summed"),
        ("masked_mean", "h[:length, n].sum(axis=0) / length", "h[:, n].mean(axis=0)", "padding counted"),
        ("masked_mean", " / length", "", "sum instead of mean"),
        ("max_backward", "h[:length, n, unit].argmax()", "h[:, n, unit].argmax()", "padding as it is"),
        ("max_backward", "h[:length, n, unit].argmax(), n", ":length, n", "spread over all steps"),
        ("max_backward", "argmax", "argmin", "smallest instead of largest"),
        ("naive_bayes", " + smoothing", "", "no smoothing"),
        ("naive_bayes", "np.log(labels.mean() / (1 - labels.mean()))", "0", "prior forgotten"),
        ("calibration_error", "abs", "", "gaps cancel"),
        ("calibration_error", "right[inside].sum()", "right[inside].sum()) ** 2 / (inside.sum()", "gaps squared"),
    ],
)
def test_a_slip_is_named(name, right, wrong, misconception):
    assert getattr(sentiment, name).check(written(SOURCES[name], right, wrong)).misconception == misconception
