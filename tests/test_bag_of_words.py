"""The linear baselines: against counting by hand, against differences, and at the minimum that they claim."""

import numpy as np
import pytest
from support import assert_same

from rnn_lab.models.bag_of_words import BagOfWords, LinearModel, Table, logistic_regression, naive_bayes
from rnn_lab.nn.functions import sigmoid

SENTENCES = [text.split() for text in ("good good film", "bad film", "not good", "good", "not bad film", "bad")]
LABELS = np.array([1, 0, 0, 1, 1, 0])


def dense(table):
    matrix = np.zeros(table.shape)
    matrix[table.rows, table.columns] = 1
    return matrix


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_table_says_which_phrases_occur(order):
    bag = BagOfWords(SENTENCES, order)
    unseen = [*SENTENCES, ["film", "good", "strange"], []]
    matrix = dense(bag.table(unseen))
    assert matrix.shape == (8, len(bag.phrases))
    for words, row in zip(unseen, matrix, strict=True):
        text = f" {' '.join(words)} "
        assert row.tolist() == [float(f" {' '.join(phrase)} " in text) for phrase in bag.phrases]
    assert max(map(len, bag.phrases)) == order


def test_products_with_a_table_are_those_of_its_matrix():
    table, rng = BagOfWords(SENTENCES, 2).table(SENTENCES), np.random.default_rng(0)
    weights, values = rng.standard_normal(table.shape[1]), rng.standard_normal(table.shape[0])
    assert_same(table.times(weights), dense(table) @ weights)
    assert_same(table.transposed_times(values), dense(table).T @ values)


def test_naive_bayes_by_hand():
    """Of 5 words in praise 2 are 'good', of 5 in the rest 1; the vocabulary has 4 words."""
    bag = BagOfWords(SENTENCES)
    table = bag.table(SENTENCES)
    model = naive_bayes(table, LABELS, smoothing=1.0)
    praise, rest = dense(table)[LABELS == 1].sum(), dense(table)[LABELS == 0].sum()
    expected = np.log(3 / (praise + 4)) - np.log(2 / (rest + 4))
    assert model.weights[bag.phrases.index(("good",))] == pytest.approx(expected)
    assert model.bias == 0
    assert naive_bayes(bag.table(SENTENCES[:4]), LABELS[:4]).bias == 0
    assert naive_bayes(bag.table(SENTENCES[:3]), LABELS[:3]).bias == pytest.approx(np.log(1 / 2))


@pytest.mark.parametrize("scaled", [False, True])
def test_logistic_regression_ends_where_the_gradient_is_zero(scaled):
    rng = np.random.default_rng(0)
    matrix, labels = rng.random((60, 9)) < 0.3, rng.integers(0, 2, 60)
    rows, columns = np.nonzero(matrix)
    scale = rng.standard_normal(9) if scaled else None
    model = logistic_regression(Table(rows, columns, (60, 9)), labels, 0.01, scale, steps=3000)
    x = matrix * (1 if scale is None else scale)
    inner = model.weights / (1 if scale is None else scale)  # what the penalty is on
    error = (sigmoid(x @ inner + model.bias) - labels) / 60
    assert np.abs(x.T @ error + 0.01 * inner).max() < 1e-5
    assert abs(error.sum()) < 1e-5


def test_probabilities_follow_the_scores():
    table = BagOfWords(SENTENCES).table(SENTENCES)
    p = LinearModel(np.zeros(table.shape[1]), np.log(3)).probabilities(table)
    assert_same(p, np.tile([0.25, 0.75], (6, 1)))


TABLE = BagOfWords(SENTENCES).table(SENTENCES)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BagOfWords([[], []]), "sentences has no word"),
        (lambda: BagOfWords(SENTENCES, 0), "order is 0; expected at least 1"),
        (lambda: naive_bayes(TABLE, LABELS[:3]), r"labels has shape \(3,\); expected \(6,\), one for each row"),
        (lambda: naive_bayes(TABLE, np.ones(6, int)), r"labels holds \[1\]; expected 0 and 1, and both"),
        (lambda: naive_bayes(TABLE, LABELS, 0), "smoothing is 0; expected a number above 0"),
        (lambda: logistic_regression(TABLE, LABELS, -1), "penalty is -1; expected a number above 0"),
        (lambda: logistic_regression(TABLE, LABELS, 0.1, [1.0]), r"scale has shape \(1,\); expected \(4,\)"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
