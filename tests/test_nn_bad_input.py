"""Bad input: each error names the argument, what came and what was expected."""

import numpy as np
import pytest
from numpy import nan, ones

from rnn_lab import nn
from rnn_lab.nn import GRU, LSTM, RNN, Adam, Embedding, GRUCell, Linear, LSTMCell, RNNCell, gradcheck


def with_nan(*shape):
    """Ones, and NaN in the last place."""
    spoiled = ones(shape)
    spoiled.flat[-1] = nan
    return spoiled


# What the calls below are made of: three inputs, four units, two classes; five steps of two sequences.
rng = np.random.default_rng(0)
cell, rnn, linear = RNNCell(3, 4, rng), RNN(3, 4, rng), Linear(3, 2, rng)
gru, lstm, gru_cell, lstm_cell = GRU(3, 4, rng), LSTM(3, 4, rng), GRUCell(3, 4, rng), LSTMCell(3, 4, rng)
x = ones((5, 2, 3))
NAMES = {
    **vars(np),
    **vars(nn),
    **vars(gradcheck),
    **{"cell": cell, "rnn": rnn, "rnn_cache": rnn.forward(x)[2]},
    **{"gru": gru, "gru_cell": gru_cell, "gru_cache": gru.forward(x)[2]},
    **{"lstm": lstm, "lstm_cell": lstm_cell, "lstm_cache": lstm.forward(x)[2]},
    **{"embedding": Embedding(4, 2, rng)},
    **{"linear": linear, "linear_cache": linear.forward(ones((2, 3)))[1]},
    **{"x": x, "y": ones((5, 2, 2)), "dy": ones((5, 2, 4)), "with_nan": with_nan, "ragged": [[1.0, 2.0], [3.0]]},
    **{"targets": np.zeros((5, 2), int), "mask": ones((5, 2), bool)},
    **{"params": {"W": ones((2, 2)), "b": ones(2)}},
}


def assert_refused(call, message):
    """Evaluate `call`; its error, type and text, must begin with `message`."""
    with pytest.raises((TypeError, ValueError)) as caught:
        eval(call, NAMES)
    assert f"{caught.typename}: {caught.value}".startswith(message)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("RNNCell(0, 4)", "ValueError: input_size is 0; expected at least 1"),
        ("RNNCell(3, -1)", "ValueError: hidden_size is -1; expected at least 1"),
        ("RNN(3.0, 4)", "TypeError: input_size is 3.0, a float; expected a whole number such as 16"),
        ("RNN(3, '4')", "TypeError: hidden_size is '4', a str; expected a whole number such as 16"),
        ("Linear(True, 2)", "TypeError: input_size is True, a bool; expected a whole number such as 16"),
        ("Linear(3, None)", "TypeError: output_size is None, a NoneType; expected a whole number such as 16"),
        (
            "RNN(3, 4, activation='tan')",
            "ValueError: activation is 'tan'; expected one of tanh, sigmoid, relu, identity",
        ),
        ("RNNCell(3, 4, 0)", "TypeError: rng is 0; expected a generator such as numpy.random.default_rng(0)"),
        ("LSTMCell(3, 0)", "ValueError: hidden_size is 0; expected at least 1"),
        ("GRU(0, 4)", "ValueError: input_size is 0; expected at least 1"),
        ("LSTM(3, 4.0)", "TypeError: hidden_size is 4.0, a float; expected a whole number such as 16"),
        ("RNN(3, 4, 7)", "TypeError: rng is 7; expected a generator such as numpy.random.default_rng(0)"),
        ("Linear(3, 4, 'seed')", "TypeError: rng is 'seed'; expected a generator such as"),
    ],
)
def test_construction(call, message):
    assert_refused(call, message)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("cell.forward(ones(3), ones(4))", "ValueError: x has shape (3,); expected (3, N)"),
        ("cell.forward(ones((2, 3)), ones((4, 2)))", "ValueError: x has shape (2, 3); expected (3, N)"),
        ("cell.forward(ones((3, 2)), ones((4, 1)))", "ValueError: h has shape (4, 1); expected (4, 2)"),
        ("cell.forward(ones((3, 0)), ones((4, 0)))", "ValueError: x is empty, of shape (3, 0); expected at least one"),
        ("cell.forward(with_nan(3, 2), ones((4, 2)))", "ValueError: x holds 1 NaN or infinite value(s), the first at"),
        ("cell.forward(ones((3, 2)), with_nan(4, 2))", "ValueError: h holds 1 NaN or infinite value(s), the first at"),
        ("cell.forward(ragged, ones((4, 2)))", "ValueError: x has rows of different lengths; expected an array: pad"),
        (
            "cell.backward(ones((3, 2)), ones((4, 2)), ones((2, 4)))",
            "ValueError: dh_next has shape (2, 4); expected (4, 2)",
        ),
        ("gru_cell.forward(ones((3, 2)), ones((4, 1)))", "ValueError: h has shape (4, 1); expected (4, 2)"),
        (
            "gru_cell.backward(ones((3, 2)), ones((4, 2)), ones(4))",
            "ValueError: dh_next has shape (4,); expected (4, 2)",
        ),
        (
            "lstm_cell.forward(ones((3, 2)), ones((4, 2)))",
            "TypeError: h is a ndarray; expected the pair (h, c), each of shape (4, 2)",
        ),
        (
            "lstm_cell.forward(ones((3, 2)), (ones((4, 2)),))",
            "ValueError: h has 1 parts; expected the pair (h, c), each of shape (4, 2)",
        ),
        (
            "lstm_cell.forward(ones((3, 2)), (ones((4, 2)), ones((2, 4))))",
            "ValueError: h[1] has shape (2, 4); expected (4, 2)",
        ),
        (
            "lstm_cell.forward(ones((3, 2)), (with_nan(4, 2), ones((4, 2))))",
            "ValueError: h[0] holds 1 NaN or infinite value(s), the first at",
        ),
        (
            "lstm_cell.backward(ones((3, 2)), (ones((4, 2)), ones((4, 2))), ones((4, 2)))",
            "TypeError: dh_next is a ndarray; expected the pair (h, c), each of shape (4, 2)",
        ),
    ],
)
def test_cell(call, message):
    assert_refused(call, message)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("rnn.forward(ones((5, 3)))", "ValueError: x has shape (5, 3); expected (T, N, 3)"),
        ("rnn.forward(ones((5, 2, 4)))", "ValueError: x has shape (5, 2, 4); expected (T, N, 3)"),
        ("rnn.forward(ones((0, 2, 3)))", "ValueError: x is empty, of shape (0, 2, 3); expected at least one value"),
        ("rnn.forward(ones((5, 0, 3)))", "ValueError: x is empty, of shape (5, 0, 3); expected at least one value"),
        (
            "rnn.forward(with_nan(5, 2, 3))",
            "ValueError: x holds 1 NaN or infinite value(s), the first at index (4, 1, 2); "
            "expected finite numbers: remove or fill them",
        ),
        (
            "rnn.forward(full((5, 2, 3), inf))",
            "ValueError: x holds 30 NaN or infinite value(s), the first at index (0, 0",
        ),
        ("rnn.forward(with_nan(5, 2, 3), lengths=[1, 5])", "ValueError: x holds 1 NaN or infinite value(s), the first"),
        ("rnn.forward('text')", "TypeError: x holds values of type <U4; expected real numbers, float32 or float64"),
        ("rnn.forward(None)", "TypeError: x holds values of type object; expected real numbers"),
        ("rnn.forward(1j * x)", "TypeError: x holds values of type complex128; expected real numbers"),
        ("rnn.forward(ragged)", "ValueError: x has rows of different lengths; expected an array: pad the rows"),
        ("rnn.forward(x, ones((4, 2)))", "ValueError: state has shape (4, 2); expected (2, 4)"),
        (
            "rnn.forward(x, with_nan(2, 4))",
            "ValueError: state holds 1 NaN or infinite value(s), the first at index (1, 3)",
        ),
        ("rnn.forward(x, lengths=[2, 6])", "ValueError: lengths holds values from 2 to 6; expected 1 to T = 5"),
        ("rnn.forward(x, lengths=[0, 5])", "ValueError: lengths holds values from 0 to 5; expected 1 to T = 5"),
        ("rnn.forward(x, lengths=[-1, 5])", "ValueError: lengths holds values from -1 to 5; expected 1 to T = 5"),
        (
            "rnn.forward(x, lengths=[2.0, 5.0])",
            "TypeError: lengths holds values of type float64; expected whole numbers",
        ),
        (
            "rnn.forward(x, lengths=[True, True])",
            "TypeError: lengths holds values of type bool; expected whole numbers",
        ),
        ("rnn.forward(x, lengths=[1, 2, 3])", "ValueError: lengths has shape (3,); expected (2,), one length for each"),
        ("rnn.forward(x, lengths=3)", "ValueError: lengths has shape (); expected (2,), one length for each"),
        (
            "rnn.forward(x, lengths=[[1, 2], [3]])",
            "ValueError: lengths has rows of different lengths; expected an array",
        ),
        ("rnn.backward(ones((2, 5, 4)), rnn_cache)", "ValueError: dy has shape (2, 5, 4); expected (5, 2, 4)"),
        ("rnn.backward(dy, rnn_cache, ones(4))", "ValueError: dstate has shape (4,); expected (2, 4)"),
        ("rnn.backward(dy, rnn_cache, truncate=0)", "ValueError: truncate is 0; expected at least 1"),
        ("rnn.backward(dy, rnn_cache, truncate=2.5)", "TypeError: truncate is 2.5, a float; expected a whole number"),
        ("gru.forward(x, ones((1, 4)))", "ValueError: state has shape (1, 4); expected (2, 4)"),
        ("gru.forward(x, (ones((2, 4)), ones((2, 4))))", "ValueError: state has shape (2, 2, 4); expected (2, 4)"),
        ("gru.forward(x, lengths=[1, 2, 3])", "ValueError: lengths has shape (3,); expected (2,), one length for each"),
        ("gru.backward(dy, gru_cache, ones((3, 4)))", "ValueError: dstate has shape (3, 4); expected (2, 4)"),
        (
            "lstm.forward(x, ones((2, 4)))",
            "TypeError: state is a ndarray; expected the pair (h, c), each of shape (2, 4)",
        ),
        (
            "lstm.forward(x, 3 * [ones((2, 4))])",
            "ValueError: state has 3 parts; expected the pair (h, c), each of shape (2, 4)",
        ),
        ("lstm.forward(x, (ones((2, 4)), ones((3, 4))))", "ValueError: state[1] has shape (3, 4); expected (2, 4)"),
        ("lstm.forward(x, (with_nan(2, 4), ones((2, 4))))", "ValueError: state[0] holds 1 NaN or infinite value(s)"),
        (
            "lstm.backward(dy, lstm_cache, ones((2, 4)))",
            "TypeError: dstate is a ndarray; expected the pair (h, c), each of shape (2, 4)",
        ),
        ("lstm.backward(ones((5, 2, 3)), lstm_cache)", "ValueError: dy has shape (5, 2, 3); expected (5, 2, 4)"),
        ("linear.forward(ones((2, 4)))", "ValueError: x has shape (2, 4); expected (2, 3)"),
        ("linear.forward(1.0)", "ValueError: x has shape (); expected (3,)"),
        ("linear.forward(ragged)", "ValueError: x has rows of different lengths; expected an array: pad the rows"),
        ("linear.forward(ones((0, 3)))", "ValueError: x is empty, of shape (0, 3); expected at least one value"),
        ("Embedding(0, 2)", "ValueError: vocabulary_size is 0; expected at least 1"),
        ("Embedding(4, 2, padding_id=4)", "ValueError: padding_id is 4; expected a token from 0 to 3"),
        ("embedding.forward([0, 4])", "ValueError: ids holds values from 0 to 4; expected 0 to 3"),
        ("embedding.forward([-1, 3])", "ValueError: ids holds values from -1 to 3; expected 0 to 3"),
        ("embedding.forward([0.0])", "TypeError: ids holds values of type float64; expected whole numbers from 0 to 3"),
        ("embedding.forward(targets[:0])", "ValueError: ids is empty, of shape (0, 2); expected at least one token"),
        ("embedding.forward([[0, 1], [2]])", "ValueError: ids has rows of different lengths; expected an array: pad"),
        ("embedding.backward(ones((5, 2, 3)), targets)", "ValueError: dy has shape (5, 2, 3); expected (5, 2, 2)"),
        ("Dropout(1)", "ValueError: rate is 1; expected a number from 0 to below 1"),
        ("Dropout(-0.1)", "ValueError: rate is -0.1; expected a number from 0 to below 1"),
        ("Dropout('0.1')", "ValueError: rate is '0.1'; expected a number from 0 to below 1"),
        ("Dropout(0.1).forward(x, 0)", "TypeError: rng is 0; expected a generator such as"),
        ("Dropout(0.1).backward(x[1:], x)", "ValueError: dy has shape (4, 2, 3); expected (5, 2, 3)"),
        ("linear.backward(ones((2, 4)), linear_cache)", "ValueError: dy has shape (2, 4); expected (2, 2)"),
    ],
)
def test_layers(call, message):
    assert_refused(call, message)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("mean_squared_error(y, ones((5, 2)))", "ValueError: target has shape (5, 2); expected (5, 2, 2)"),
        ("mean_squared_error(y, with_nan(5, 2, 2))", "ValueError: target holds 1 NaN or infinite value(s), the first"),
        ("mean_squared_error(y, with_nan(5, 2, 2), mask)", "ValueError: target holds 1 NaN or infinite value(s)"),
        (
            "mean_squared_error(ones((0, 2)), ones((0, 2)))",
            "ValueError: y is empty, of shape (0, 2); expected at least",
        ),
        ("mean_squared_error(1.0, 1.0)", "ValueError: y has shape (); expected (K,)"),
        ("mean_squared_error(ragged, ragged)", "ValueError: y has rows of different lengths; expected an array: pad"),
        ("mean_squared_error(y, y, ~mask)", "ValueError: mask is False everywhere; expected at least one step that"),
        ("mean_squared_error(y, y, mask[..., None])", "ValueError: mask has shape (5, 2, 1); expected (5, 2)"),
        ("mean_squared_error(y, y, 1.0 * mask)", "TypeError: mask holds values of type float64; expected True where"),
        ("softmax_cross_entropy(y, targets + 2)", "ValueError: targets holds values from 2 to 2; expected 0 to 1"),
        ("softmax_cross_entropy(y, targets - 1)", "ValueError: targets holds values from -1 to -1; expected 0 to 1"),
        ("softmax_cross_entropy(y, 0.5 * targets)", "TypeError: targets holds values of type float64; expected whole"),
        ("softmax_cross_entropy(y, targets[0])", "ValueError: targets has shape (2,); expected (5, 2), as logits"),
        ("softmax_cross_entropy(y, [[0, 1], [0]])", "ValueError: targets has rows of different lengths; expected an"),
        (
            "softmax_cross_entropy(y, targets, ~mask)",
            "ValueError: mask is False everywhere; expected at least one step",
        ),
        ("softmax_cross_entropy(1.0, 0)", "ValueError: logits has shape (); expected (K,)"),
    ],
)
def test_losses(call, message):
    assert_refused(call, message)


@pytest.mark.parametrize("rule", ["SGD", "Adam"])
@pytest.mark.parametrize("rate", ["0", "-0.1", "nan", "inf", "'0.1'", "None"])
def test_learning_rate(rule, rate):
    assert_refused(f"{rule}({rate})", f"ValueError: learning_rate is {rate}; expected a number above 0")


@pytest.mark.parametrize("rule", ["SGD", "Adam"])
@pytest.mark.parametrize(
    ("grads", "message"),
    [
        ("{'W': ones((2, 2))}", "ValueError: grads has the names ['W']; expected those of params, ['W', 'b']"),
        (
            "{'W': ones((2, 2)), 'b': ones((2, 1))}",
            "ValueError: grads['b'] has shape (2, 1); expected (2,), as params",
        ),
    ],
)
def test_gradients_that_do_not_fit_the_parameters(rule, grads, message):
    assert_refused(f"{rule}(0.1).update(params, {grads})", message)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("SGD(0.1, momentum=1)", "ValueError: momentum is 1; expected a number from 0 to below 1"),
        ("SGD(0.1, momentum=-0.1)", "ValueError: momentum is -0.1; expected a number from 0 to below 1"),
        ("Adam(0.1, betas=(0.9, 1.0))", "ValueError: betas[1] is 1.0; expected a number from 0 to below 1"),
        ("Adam(0.1, betas=(-1, 0.9))", "ValueError: betas[0] is -1; expected a number from 0 to below 1"),
        ("Adam(0.1, betas=0.9)", "ValueError: betas is 0.9; expected a pair of numbers such as (0.9, 0.999)"),
        ("Adam(0.1, betas=(0.9,))", "ValueError: betas is (0.9,); expected a pair of numbers such as (0.9, 0.999)"),
        ("Adam(0.1, epsilon=0)", "ValueError: epsilon is 0; expected a number above 0"),
        ("clip_by_norm(params, 0)", "ValueError: max_norm is 0; expected a number above 0"),
        ("clip_by_norm(params, -1.0)", "ValueError: max_norm is -1.0; expected a number above 0"),
        ("clip_by_norm(params, nan)", "ValueError: max_norm is nan; expected a number above 0"),
    ],
)
def test_optimizers(call, message):
    assert_refused(call, message)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            "check_gradients(float, {'a': x}, {'b': x})",
            "ValueError: grads has the names ['b']; expected those of arrays",
        ),
        (
            "check_gradients(float, {'a': x}, {'a': x.T})",
            "ValueError: grads['a'] has shape (3, 2, 5); expected (5, 2, 3)",
        ),
        (
            "check_gradients(float, {'a': array([1], 'f4')}, {'a': ones(1)})",
            "ValueError: arrays['a'] is float32; expected a float64 array",
        ),
        (
            "check_gradients(float, {'a': [1.0]}, {'a': [1.0]})",
            "ValueError: arrays['a'] is list; expected a float64 array",
        ),
        (
            "check_gradients(lambda: (1.0, x), {'a': x}, {'a': x})",
            "TypeError: loss() returned a tuple; expected one number",
        ),
        ("check_gradients(lambda: x, {'a': x}, {'a': x})", "TypeError: loss() returned a ndarray; expected one number"),
        ("numerical_gradient(float, array([1], 'f4'))", "ValueError: array is float32; expected a float64 array"),
    ],
)
def test_gradient_check(call, message):
    assert_refused(call, message)


def test_a_refused_update_changes_nothing():
    params, optimizer = {"W": ones(2), "b": ones(2)}, Adam(0.1)
    with pytest.raises(ValueError):
        optimizer.update(params, {"W": ones(2), "b": ones(3)})
    assert all((param == 1).all() for param in params.values())
    assert optimizer.state == {"step": 0}


def test_large_finite_numbers_are_no_infinity():
    """Their sum overflows, and they are still finite."""
    assert np.isfinite(rnn.forward(np.full((5, 2, 3), 1e307))[0]).all()
