"""Optimizers and clipping: their rules by hand, in place, in the dtype of the parameters."""

import numpy as np
import pytest
from support import assert_same

from rnn_lab.nn import SGD, Adam, clip_by_norm

RULES = pytest.mark.parametrize(
    "make", [lambda: SGD(0.1), lambda: SGD(0.1, momentum=0.9), lambda: Adam(0.1)], ids=["SGD", "momentum", "Adam"]
)


def one(value):
    """A dictionary of one parameter with one entry."""
    return {"w": np.array([float(value)])}


def test_sgd_by_hand():
    params = one(1)
    SGD(0.1).update(params, one(2))
    assert_same(params, one(0.8))


def test_momentum_by_hand():
    """Velocities 2, then 0.5 * 2 + 2 = 3."""
    params, optimizer = one(1), SGD(0.1, momentum=0.5)
    optimizer.update(params, one(2))
    optimizer.update(params, one(2))
    assert_same(params, one(1 - 0.2 - 0.3))
    assert_same(optimizer.state, {"velocity.w": np.array([3.0])})


@pytest.mark.parametrize("grad", [1e-3, 5, -1e6])
def test_adams_first_step_has_the_size_of_the_learning_rate(grad):
    params = one(1)
    Adam(0.1, epsilon=1e-20).update(params, one(grad))
    assert_same(params, one(1 - 0.1 * np.sign(grad)))


def test_adam_by_hand():
    """Gradients 1 and 3, betas 1/2 and 3/4: the corrected means after two steps are 7/3 and 9.75/1.75."""
    params, optimizer = one(0), Adam(1, betas=(0.5, 0.75), epsilon=2)
    optimizer.update(params, one(1))
    assert_same(params, one(-1 / (1 + 2)))
    optimizer.update(params, one(3))
    mean, square = (0.25 * 1 + 0.5 * 3) / (1 - 0.25), (0.1875 * 1 + 0.25 * 9) / (1 - 0.5625)
    assert_same(params, one(-1 / 3 - mean / (np.sqrt(square) + 2)))


@RULES
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_updates_happen_in_place_in_the_dtype_of_the_parameters(make, dtype):
    rng, optimizer = np.random.default_rng(0), make()
    params = {"W": rng.standard_normal((3, 2)).astype(dtype), "b": np.zeros(3, dtype)}
    arrays, before = dict(params), {name: param.copy() for name, param in params.items()}
    grads = {name: rng.standard_normal(param.shape) for name, param in params.items()}
    for grad in grads.values():
        grad.flags.writeable = False
    optimizer.update(params, grads)
    for name, param in params.items():
        assert param is arrays[name] and param.dtype == dtype
        assert ((param - before[name]) * grads[name] < 0).all()  # downhill
    assert all(array.dtype == dtype for name, array in optimizer.state.items() if name != "step")


@RULES
def test_a_copied_state_continues_the_same_path(make):
    grads = [one(value) for value in (1, -2, 3, 0.5)]
    params, optimizer = one(1), make()
    for grad in grads[:2]:
        optimizer.update(params, grad)
    resumed_params, resumed = one(params["w"][0]), make()
    resumed.state = {name: array.copy() for name, array in optimizer.state.items()}
    for grad in grads[2:]:
        optimizer.update(params, grad)
        resumed.update(resumed_params, grad)
    assert_same(resumed_params, params, 0)


@RULES
def test_every_rule_finds_the_bottom_of_a_bowl(make):
    params, optimizer = {"w": np.array([3.0, -2.0])}, make()
    for _ in range(500):
        optimizer.update(params, {"w": 2 * params["w"]})
    assert np.abs(params["w"]).max() < 1e-3


@pytest.mark.parametrize(("max_norm", "factor"), [(1, 0.2), (5, 1), (10, 1), (None, 1)])
def test_clipping_scales_all_gradients_together(max_norm, factor):
    grads = {"a": np.array([3.0]), "b": np.array([[0.0, 4.0]])}
    arrays = dict(grads)
    assert clip_by_norm(grads, max_norm) == 5
    assert_same(grads, {"a": np.array([3 * factor]), "b": np.array([[0, 4 * factor]])})
    assert all(grads[name] is arrays[name] for name in arrays)


def test_clipping_keeps_the_dtype_and_a_zero_gradient():
    grads = {"a": np.full(2, 3, np.float32)}
    assert clip_by_norm(grads, 1) == pytest.approx(np.sqrt(18))
    assert grads["a"].dtype == np.float32
    assert clip_by_norm({"a": np.zeros(2)}, 1) == 0


def test_the_norm_tells_of_nan_and_infinity():
    assert np.isnan(clip_by_norm({"a": np.array([1.0, np.nan])}, 1))
    assert clip_by_norm({"a": np.array([1.0, np.inf])}, None) == np.inf
