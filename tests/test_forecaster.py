"""The one-step forecaster: its gradients, its memory, and what the warm-up leaves out."""

import numpy as np
import pytest
from support import assert_same

from rnn_lab.models import Forecaster
from rnn_lab.nn.gradcheck import check_gradients, negative_control


def forecaster_and_batch(rng, warm_up=0, dtype=np.float64):
    """Draw a model, and a batch of more steps than the warm-up."""
    T, N, D, H = rng.integers(1, 6, 4)
    T += warm_up
    model = Forecaster(D, H, rng, warm_up, dtype)
    return model, tuple(rng.standard_normal((2, T, N, D)).astype(dtype))


@pytest.mark.parametrize("warm_up", [0, 1, 4])
def test_gradients_agree_with_central_differences(warm_up):
    rng = np.random.default_rng(0)
    for _ in range(20):
        model, batch = forecaster_and_batch(rng, warm_up)
        _, grads = model.loss_and_grads(batch)

        def loss(model=model, batch=batch):
            return model.loss_and_grads(batch)[0]

        assert check_gradients(loss, model.params, grads).worst < 1e-6
        assert negative_control(loss, model.params, grads).wrong == list(model.params)


def test_the_loss_is_that_of_its_predictions_after_the_warm_up():
    model, (x, target) = forecaster_and_batch(np.random.default_rng(1), warm_up=3)
    y, _ = model.predict(x)
    loss, _ = model.loss_and_grads((x, target))
    assert_same(loss, np.mean((y[3:] - target[3:]) ** 2))
    target[:3] = 1e6
    assert model.loss_and_grads((x, target))[0] == loss


def test_the_state_carries_a_prediction_on():
    model, (x, _) = forecaster_and_batch(np.random.default_rng(2), warm_up=3)
    whole, last_state = model.predict(x)
    first, state = model.predict(x[:2])
    second, second_state = model.predict(x[2:], state)
    assert_same(np.concatenate([first, second]), whole)
    assert_same(second_state, last_state)


def test_the_parameters_are_those_of_the_layers():
    model = Forecaster(2, 3, np.random.default_rng(0))
    assert list(model.params) == ["rnn.W", "rnn.U", "rnn.b", "readout.W", "readout.b"]
    assert model.params["rnn.U"] is model.rnn.params["U"] and model.params["readout.b"] is model.readout.params["b"]


def test_float32_stays_float32():
    model, (x, target) = forecaster_and_batch(np.random.default_rng(0), dtype=np.float32)
    _, grads = model.loss_and_grads((x, target.astype(np.float64)))
    arrays = (*model.predict(x), *model.params.values(), *grads.values())
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("x", "target", "message"),
    [
        (np.ones((4, 2)), np.ones((4, 2)), r"x has shape \(4, 2\); expected \(T, N, 1\)"),
        (np.ones((4, 2, 1)), np.ones((3, 2, 1)), r"target has shape \(3, 2, 1\); expected \(4, 2, 1\)"),
        (np.full((4, 2, 1), np.nan), np.ones((4, 2, 1)), "x holds 8 NaN"),
        (np.ones((4, 2, 1)), np.full((4, 2, 1), np.nan), "target holds 8 NaN"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(x, target, message):
    with pytest.raises(ValueError, match=message):
        Forecaster(1, 3).loss_and_grads((x, target))


@pytest.mark.parametrize("warm_up", [-1, 1.5, True])
def test_a_warm_up_that_is_no_number_of_steps_is_refused(warm_up):
    with pytest.raises(ValueError, match=f"warm_up is {warm_up}; expected a whole number of steps, 0 or more"):
        Forecaster(1, 3, warm_up=warm_up)


def test_a_warm_up_that_leaves_nothing_is_named():
    with pytest.raises(ValueError, match=r"x has 4 steps; expected more than warm_up = 4"):
        Forecaster(1, 3, warm_up=4).loss_and_grads(np.ones((2, 4, 2, 1)))


def test_a_seed_is_no_generator():
    with pytest.raises(TypeError, match="rng is 0; expected a generator"):
        Forecaster(1, 3, rng=0)
