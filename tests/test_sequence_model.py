"""The sequence model: its gradients with every cell and loss, and that only the steps that count do count."""

import numpy as np
import pytest
from support import assert_same

from rnn_lab.models import SequenceModel
from rnn_lab.nn import GRU, LSTM, RNN, Bidirectional, Linear, Stacked, mean_squared_error, softmax_cross_entropy
from rnn_lab.nn.gradcheck import check_gradients, negative_control

LAYERS = {
    "RNN": RNN,
    "GRU": GRU,
    "LSTM": LSTM,
    "Stacked": lambda D, H, rng: Stacked([LSTM(D, H, rng), GRU(H, H, rng)]),
    "Bidirectional": lambda D, H, rng: Bidirectional(RNN(D, H, rng), RNN(D, H, rng)),
}
LOSSES = {"classes": softmax_cross_entropy, "numbers": mean_squared_error}


def model_and_batch(rng, make=LSTM, loss=softmax_cross_entropy):
    """Draw a model, and a batch of which about half the steps count."""
    T, N, D, H, K = rng.integers(2, 6, 5)
    model = SequenceModel(make(D, H, rng), K, loss, rng)
    for param in model.params.values():
        param += 0.1 * rng.standard_normal(param.shape)  # biases too
    numbers = loss is mean_squared_error
    target = rng.standard_normal((T, N, K)) if numbers else rng.integers(K, size=(T, N))
    mask = rng.random((T, N)) < 0.5
    mask[-1] = True
    return model, (rng.standard_normal((T, N, D)), target, mask)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_gradients_agree_with_central_differences(make, loss):
    rng = np.random.default_rng(0)
    for _ in range(2):
        model, batch = model_and_batch(rng, make, loss)
        _, grads = model.loss_and_grads(batch)

        def value(model=model, batch=batch):
            return model.loss_and_grads(batch)[0]

        assert check_gradients(value, model.params, grads).worst < 1e-6
        assert negative_control(value, model.params, grads).wrong == list(model.params)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_the_loss_is_that_of_the_answers_at_the_steps_that_count(loss):
    model, (x, target, mask) = model_and_batch(np.random.default_rng(1), loss=loss)
    y, _ = model.forward(x)
    value, grads = model.loss_and_grads((x, target, mask))
    assert_same(value, loss(y[mask], target[mask])[0])
    target[~mask] = 0
    assert_same(model.loss_and_grads((x, target, mask))[1], grads, tolerance=0)


def test_the_answers_are_the_readout_of_the_layers_output():
    model, (x, _, _) = model_and_batch(np.random.default_rng(2))
    y, (layer_cache, h) = model.forward(x)
    assert_same(y, h @ model.params["readout.W"].T + model.params["readout.b"])
    assert_same(h, model.layer.forward(x)[0])
    assert_same(layer_cache.h[1:], h)


def test_the_parameters_are_those_of_the_layers():
    layer = Stacked([GRU(2, 3), GRU(3, 4)])
    model = SequenceModel(layer, 5, softmax_cross_entropy)
    names = ["layer.0.W", "layer.0.U", "layer.0.b", "layer.1.W", "layer.1.U", "layer.1.b", "readout.W", "readout.b"]
    assert list(model.params) == names
    assert model.params["layer.1.U"] is layer.params["1.U"]
    assert model.params["readout.W"] is model.readout.params["W"] and model.params["readout.W"].shape == (5, 4)


def test_a_seed_gives_the_same_readout():
    one, other = (SequenceModel(RNN(2, 3), 4, softmax_cross_entropy, np.random.default_rng(0)) for _ in range(2))
    assert_same(one.readout.params, other.readout.params, tolerance=0)


def test_float32_stays_float32():
    rng = np.random.default_rng(3)
    model = SequenceModel(LSTM(2, 3, rng, dtype=np.float32), 4, mean_squared_error, rng)
    x, target = rng.standard_normal((5, 1, 2)).astype(np.float32), rng.standard_normal((5, 1, 4))
    _, grads = model.loss_and_grads((x, target, np.ones((5, 1), bool)))
    arrays = (model.forward(x)[0], *model.params.values(), *grads.values())
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_a_layer_that_is_not_recurrent_is_refused():
    with pytest.raises(TypeError, match="layer is a Linear; expected a recurrent layer such as an LSTM"):
        SequenceModel(Linear(2, 3), 4, softmax_cross_entropy)


@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        ((np.ones((4, 2)), np.zeros((4, 2), int), np.ones((4, 2), bool)), ValueError, r"x has shape \(4, 2\)"),
        ((np.full((4, 2, 1), np.nan), np.zeros((4, 2), int), np.ones((4, 2), bool)), ValueError, "x holds 8 NaN"),
        ((np.ones((4, 2, 1)), np.zeros((3, 2), int), np.ones((4, 2), bool)), ValueError, r"targets has shape \(3, 2\)"),
        (
            (np.ones((4, 2, 1)), np.zeros((4, 2)), np.ones((4, 2), bool)),
            TypeError,
            "targets holds values of type float64",
        ),
        ((np.ones((4, 2, 1)), np.zeros((4, 2), int), np.ones((4, 2))), TypeError, "mask holds values of type float64"),
        ((np.ones((4, 2, 1)), np.zeros((4, 2), int), np.zeros((4, 2), bool)), ValueError, "mask is False everywhere"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(batch, error, message):
    with pytest.raises(error, match=message):
        SequenceModel(RNN(1, 3), 2, softmax_cross_entropy).loss_and_grads(batch)
