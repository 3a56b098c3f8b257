"""The linear layer, the losses and the functions under them: values by hand, masks, dtypes, extremes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import assert_same

from rnn_lab.nn import Dropout, Embedding, Linear, mean_squared_error, softmax_cross_entropy
from rnn_lab.nn.functions import ACTIVATIONS, log_softmax, sigmoid

FLOATS = pytest.mark.parametrize("dtype", [np.float32, np.float64])
# Each loss with random arguments of shape (T, N, K), as its two positional arguments.
LOSSES = {
    mean_squared_error: lambda rng, *shape: (rng.standard_normal(shape), rng.standard_normal(shape)),
    softmax_cross_entropy: lambda rng, *shape: (rng.standard_normal(shape), rng.integers(0, shape[-1], shape[:-1])),
}
EVERY_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)


def test_linear_by_hand():
    layer = Linear(2, 1)
    layer.params.update(W=np.array([[2.0, 3.0]]), b=np.array([1.0]))
    y, cache = layer.forward([[10, 100], [1, 2]])
    dx, grads = layer.backward([[1], [10]], cache)
    assert_same(y, [[321], [9]])
    assert_same(dx, [[2, 3], [20, 30]])
    assert_same(grads, {"W": np.array([[20, 120]]), "b": np.array([11])})


@pytest.mark.parametrize("leading", [(), (1,), (4,), (3, 2), (3, 1, 2)])
def test_linear_maps_the_last_axis_whatever_stands_before_it(leading):
    rng = np.random.default_rng(0)
    layer = Linear(3, 2, rng)
    x, dy = rng.standard_normal((*leading, 3)), rng.standard_normal((*leading, 2))
    y, cache = layer.forward(x)
    dx, grads = layer.backward(dy, cache)
    rows, row_cache = layer.forward(x.reshape(-1, 3))
    row_dx, row_grads = layer.backward(dy.reshape(-1, 2), row_cache)
    assert y.shape == (*leading, 2) and dx.shape == x.shape
    assert_same(y.reshape(-1, 2), rows)
    assert_same(dx.reshape(-1, 3), row_dx)
    assert_same(grads, row_grads)


@FLOATS
def test_linear_computes_in_the_dtype_of_its_input(dtype):
    layer = Linear(3, 2, np.random.default_rng(0))
    y, cache = layer.forward(np.ones((4, 3), dtype))
    dx, grads = layer.backward(np.ones((4, 2)), cache)
    assert {array.dtype for array in (y, dx, *grads.values())} == {np.dtype(dtype)}
    assert Linear(3, 2, dtype=dtype).params["W"].dtype == dtype


def test_linear_weights_are_scaled_by_their_fan_in():
    params = Linear(400, 300, np.random.default_rng(0)).params
    assert params["W"].std() * np.sqrt(400) == pytest.approx(1, rel=0.01)
    assert not params["b"].any()


def test_embedding_by_hand():
    """A token used twice adds up, an unused one gets nothing."""
    layer = Embedding(4, 2)
    layer.params["E"] = np.array([[0.0, 0], [1, 10], [2, 20], [3, 30]])
    y, cache = layer.forward([[1, 3], [3, 0]])
    _, grads = layer.backward([[[1, 2], [3, 4]], [[50, 60], [7, 8]]], cache)
    assert_same(y, [[[1, 10], [3, 30]], [[3, 30], [0, 0]]])
    assert_same(grads, {"E": np.array([[7, 8], [1, 2], [0, 0], [53, 64]])})


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 4), st.integers(1, 60))
def test_the_embeddings_gradient_adds_up_token_by_token(seed, R, D, V):
    rng = np.random.default_rng(seed)
    layer, dy = Embedding(V, D, rng), rng.standard_normal((R, 2, D))
    for dtype in (np.uint8, np.int16, np.uint64):
        ids = rng.integers(0, V, (R, 2)).astype(dtype)
        expected = np.zeros((V, D))
        for token, row in zip(ids.ravel(), dy.reshape(-1, D), strict=True):
            expected[token] += row
        assert_same(layer.backward(dy, layer.forward(ids)[1])[1]["E"], expected)


def test_a_padding_id_is_zero_and_gets_no_gradient():
    layer = Embedding(3, 2, padding_id=1)
    y, cache = layer.forward([1, 2, 1])
    _, grads = layer.backward(np.ones((3, 2)), cache)
    assert not y[[0, 2]].any() and y[1].all()
    assert_same(grads["E"], [[0, 0], [0, 0], [1, 1]])


@FLOATS
def test_embedding_computes_in_the_dtype_of_its_table(dtype):
    layer = Embedding(3, 2, dtype=dtype)
    y, cache = layer.forward([0, 2])
    assert y.dtype == layer.backward(np.ones((2, 2)), cache)[1]["E"].dtype == dtype


@FLOATS
@pytest.mark.parametrize("rate", [0.0, 0.25, 0.5])
def test_dropout_silences_its_share_and_keeps_the_mean(rate, dtype):
    layer, x = Dropout(rate), np.full((50, 40, 20), 2, dtype)
    y, cache = layer.forward(x, np.random.default_rng(0))
    silent = y == 0
    assert silent.mean() == pytest.approx(rate, abs=0.01)
    assert_same(y[~silent], np.full(np.sum(~silent), 2 / (1 - rate)), 1e-6)
    dx, grads = layer.backward(np.full(x.shape, 3, dtype), cache)
    assert_same(dx, 1.5 * y, 1e-6)
    assert grads == layer.params == {} and y.dtype == dx.dtype == dtype


def test_a_dropout_of_nothing_draws_nothing():
    rng = np.random.default_rng(0)
    Dropout(0.0).forward(np.ones(3), rng)
    assert rng.random() == np.random.default_rng(0).random()


def test_dropout_follows_its_generator_and_rests_in_evaluation():
    layer, x = Dropout(0.5), np.ones((4, 5))
    seeded = np.random.default_rng
    assert_same(layer.forward(x, seeded(1))[0], layer.forward(x, seeded(1))[0], 0)
    assert (layer.forward(x, seeded(1))[0] != layer.forward(x, seeded(2))[0]).any()
    y, cache = layer.forward(x)
    assert_same(y, x, 0)
    assert_same(layer.backward(2 * x, cache)[0], 2 * x, 0)


def test_mean_squared_error_by_hand():
    loss, dy = mean_squared_error([[1, 2], [3, 4]], [[1, 0], [0, 8]])
    assert loss == (0 + 4 + 9 + 16) / 4
    assert_same(dy, [[0, 1], [1.5, -2]])


def test_softmax_cross_entropy_by_hand():
    """Odds of 3 to 1: the right class has probability 3/4 in the first row and 1/4 in the second."""
    loss, dlogits = softmax_cross_entropy([[np.log(3), 0], [np.log(3), 0]], [0, 1])
    assert loss == pytest.approx(-(np.log(3 / 4) + np.log(1 / 4)) / 2)
    assert_same(dlogits, [[-1 / 8, 1 / 8], [3 / 8, -3 / 8]])


@EVERY_LOSS
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 4), st.integers(1, 5))
def test_a_masked_loss_is_the_loss_of_what_counts(loss, seed, T, N, K):
    rng = np.random.default_rng(seed)
    y, target = LOSSES[loss](rng, T, N, K)
    mask = rng.random((T, N)) < 0.7
    mask.flat[rng.integers(T * N)] = True
    value, dy = loss(y, target, mask)
    expected, expected_dy = loss(y[mask], target[mask])
    assert_same(value, expected)
    assert_same(dy[mask], expected_dy)
    assert not dy[~mask].any()

    for anything in (-1, 99, np.nan):  # where it is masked
        y[~mask], target[~mask] = anything, anything if target.dtype == float or np.isfinite(anything) else -1
        assert_same(loss(y, target, mask)[1], dy, 0)
        assert_same(loss(y, target, mask)[0], value, 0)


@EVERY_LOSS
def test_a_mask_of_true_changes_nothing(loss):
    y, target = LOSSES[loss](np.random.default_rng(0), 3, 2, 4)
    value, dy = loss(y, target)
    masked_value, masked_dy = loss(y, target, np.ones((3, 2), bool))
    assert masked_value == value
    assert_same(masked_dy, dy, 0)


@EVERY_LOSS
def test_a_single_vector_will_do(loss):
    y, target = LOSSES[loss](np.random.default_rng(0), 1, 3)
    value, dy = loss(y[0], target[0])
    assert value == loss(y, target)[0]
    assert_same(dy, loss(y, target)[1][0], 0)


@FLOATS
@pytest.mark.parametrize("mask", [None, [[True, False], [True, True], [False, True]]])
@EVERY_LOSS
def test_the_gradient_of_a_loss_has_the_dtype_of_its_input(loss, mask, dtype):
    y, target = LOSSES[loss](np.random.default_rng(0), 3, 2, 4)
    value, dy = loss(y.astype(dtype), target, mask)
    exact, exact_dy = loss(y, target, mask)
    assert type(value) is float and dy.dtype == dtype
    assert_same(value, exact, 1e-6)
    assert_same(dy, exact_dy, 1e-6)


@EVERY_LOSS
def test_losses_leave_their_arguments_alone(loss):
    arguments = (*LOSSES[loss](np.random.default_rng(0), 3, 2, 4), np.array([[True, False]] * 3))
    for array in arguments:
        array.flags.writeable = False
    loss(*arguments)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
def test_targets_of_any_integer_type(dtype):
    logits, targets = LOSSES[softmax_cross_entropy](np.random.default_rng(0), 5, 3)
    loss, dlogits = softmax_cross_entropy(logits, targets.astype(dtype))
    assert loss == softmax_cross_entropy(logits, targets)[0]
    assert_same(dlogits, softmax_cross_entropy(logits, targets)[1], 0)


@FLOATS
def test_extreme_logits_neither_overflow_nor_lose_the_loss(dtype):
    logits = np.array([[1e4, 0, -1e4]], dtype)
    for target, loss in enumerate((0, 1e4, 2e4)):
        value, dlogits = softmax_cross_entropy(logits, [target])
        assert value == loss
        assert_same(dlogits, np.eye(3)[:1] - np.eye(3)[target])


def test_log_softmax_is_normalised_and_ignores_a_shift():
    logits = np.random.default_rng(0).standard_normal((4, 3))
    assert_same(np.exp(log_softmax(logits)).sum(axis=-1), np.ones(4))
    assert_same(log_softmax(logits + 100), log_softmax(logits))


def test_sigmoid_at_extremes_and_in_the_middle():
    assert_same(sigmoid(np.array([-1e4, -2.0, 0.0, 2.0, 1e4])), [0, 1 / (1 + np.exp(2)), 0.5, 1 / (1 + np.exp(-2)), 1])


@FLOATS
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_work_in_place_and_keep_the_dtype(name, dtype):
    activation = ACTIVATIONS[name]
    z = np.linspace(-2, 2, 9).astype(dtype)
    h = activation.function(z)
    buffer = np.empty_like(z)
    assert activation.function(z, out=buffer) is buffer
    assert_same(buffer, h, 0)
    assert h.dtype == activation.derivative_from_output(h).dtype == dtype
