"""Convolution and pooling: gradients, PyTorch's values, a plain copy of the formula, mistakes in the input."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import assert_same

from rnn_lab.nn import Convolution, MaxPooling, conv
from rnn_lab.nn.functions import relu
from rnn_lab.nn.gradcheck import check_gradients, negative_control

VALUES = Path(__file__).parent / "oracles" / "torch_captioner_values.npz"
OPTIONS = {"plain": {}, "strided": {"stride": 2, "padding": 2}}


@pytest.fixture(scope="module")
def torch_case():
    """Give the arrays of one case by name."""
    with np.load(VALUES) as file:
        arrays = dict(file)
    return lambda case: {key.removeprefix(f"{case}."): a for key, a in arrays.items() if key.startswith(f"{case}.")}


def assert_agree(torch, ours):
    for name, array in ours.items():
        assert array.shape == torch[name].shape
        assert np.abs(array - torch[name]).max() < 1e-9 * np.abs(torch[name]).max(), name


@pytest.mark.parametrize("case", OPTIONS)
def test_convolution_agrees_with_torch(torch_case, case):
    torch = torch_case(case)
    F, k, _, C = torch["W"].shape
    layer = Convolution(C, F, k, **OPTIONS[case])
    layer.params |= {"W": torch["W"], "b": torch["b"]}
    y, cache = layer.forward(torch["x"])
    dx, grads = layer.backward(torch["dy"], cache)
    assert_agree(torch, {"y": y, "dx": dx, "dW": grads["W"], "db": grads["b"]})


def test_pooling_agrees_with_torch(torch_case):
    torch = torch_case("pooling")
    y, cache = MaxPooling(2).forward(torch["x"])
    assert_agree(torch, {"y": y, "dx": MaxPooling(2).backward(torch["dy"], cache)[0]})


def test_of_equal_values_the_first_one_gets_the_gradient_as_in_torch(torch_case):
    torch = torch_case("ties")
    active = relu(torch["x"])
    y, cache = MaxPooling(2).forward(active)
    dactive, _ = MaxPooling(2).backward(torch["dy"], cache)
    assert_agree(torch, {"y": y, "dx": dactive * (active > 0)})
    dequal, _ = MaxPooling(2).backward(np.ones((1, 1, 1, 1)), MaxPooling(2).forward(np.ones((1, 2, 2, 1)))[1])
    assert_same(dequal[0, :, :, 0], np.array([[1.0, 0.0], [0.0, 0.0]]))


sizes = st.fixed_dictionaries(
    {name: st.integers(1, 3) for name in ("N", "C", "F", "kernel", "stride")}
    | {"padding": st.integers(0, 2), "height": st.integers(3, 7), "width": st.integers(3, 7)}
)


def case_of(seed, N, C, F, kernel, stride, padding, height, width):
    rng = np.random.default_rng(seed)
    layer = Convolution(C, F, kernel, rng, stride=stride, padding=padding)
    layer.params["b"][:] = rng.standard_normal(F)
    return rng, layer, rng.standard_normal((N, height, width, C))


@given(seed=st.integers(0, 2**32 - 1), size=sizes)
def test_the_formula_of_the_page(seed, size):
    """Filter by filter, place by place."""
    _, layer, x = case_of(seed, **size)
    y, _ = layer.forward(x)
    W, b, k, stride, border = layer.params["W"], layer.params["b"], size["kernel"], size["stride"], size["padding"]
    padded = np.pad(x, ((0, 0), (border, border), (border, border), (0, 0)))
    assert y.shape[1:3] == tuple((s + 2 * border - k) // stride + 1 for s in x.shape[1:3])
    for n, i, j, f in np.ndindex(y.shape):
        window = padded[n, stride * i : stride * i + k, stride * j : stride * j + k]
        assert_same(y[n, i, j, f], b[f] + np.sum(W[f] * window))


@given(seed=st.integers(0, 2**32 - 1), size=sizes)
def test_gradients_of_a_convolution_agree_with_central_differences(seed, size):
    rng, layer, x = case_of(seed, **size)
    dy = rng.standard_normal(layer.forward(x)[0].shape)

    def loss():
        return np.vdot(layer.forward(x)[0], dy)

    dx, grads = layer.backward(dy, layer.forward(x)[1])
    arrays, grads = layer.params | {"x": x}, grads | {"x": dx}
    assert check_gradients(loss, arrays, grads).worst < 1e-6
    assert set(negative_control(loss, arrays, grads).wrong) == set(arrays)


def test_gradients_of_pooling_agree_with_central_differences():
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((2, 7, 6, 3)), rng.standard_normal((2, 2, 2, 3))

    def loss():
        return np.vdot(MaxPooling(3).forward(x)[0], dy)

    grads = {"x": MaxPooling(3).backward(dy, MaxPooling(3).forward(x)[1])[0]}
    assert check_gradients(loss, {"x": x}, grads).worst < 1e-6
    assert negative_control(loss, {"x": x}, grads).wrong == ["x"]


def test_the_gradient_of_the_input_can_be_spared():
    rng, layer, x = case_of(0, 2, 2, 3, 3, 1, 1, 5, 6)
    y, cache = layer.forward(x)
    dy = rng.standard_normal(y.shape)
    spared, grads = layer.backward(dy, cache, to_input=False)
    assert spared is None
    assert_same(grads, layer.backward(dy, cache)[1], 0)


def test_float32_stays_float32_and_nothing_is_changed_in_place():
    rng = np.random.default_rng(0)
    layer, pooling = Convolution(2, 3, 3, rng, padding=1, dtype=np.float32), MaxPooling(2)
    x = rng.standard_normal((2, 6, 6, 2)).astype(np.float32)
    before = x.copy()
    y, cache = layer.forward(x)
    pooled, pooling_cache = pooling.forward(y)
    dy, _ = pooling.backward(pooled, pooling_cache)
    dx, grads = layer.backward(dy, cache)
    assert {array.dtype for array in (y, pooled, dy, dx, *grads.values())} == {np.dtype(np.float32)}
    assert_same(x, before, 0)


def test_it_does_not_matter_how_many_pictures_are_taken_at_a_time(monkeypatch):
    rng, layer, x = case_of(0, 5, 2, 3, 3, 1, 1, 6, 5)
    y, cache = layer.forward(x)
    dy = rng.standard_normal(y.shape)
    dx, grads = layer.backward(dy, cache)
    monkeypatch.setattr(conv, "IN_CACHE", 2 * 6 * 5 * 18 * 8)  # two of the five
    monkeypatch.setattr(conv, "FEW_WEIGHTS", 0)
    by_two, its_cache = layer.forward(x)
    by_two_dx, by_two_grads = layer.backward(dy, its_cache)
    assert_same(by_two_grads | {"x": by_two_dx, "y": by_two}, grads | {"x": dx, "y": y})


@pytest.mark.parametrize("padding", [0, 1])
def test_pictures_may_lie_in_memory_in_any_order(padding):
    rng, layer, x = case_of(0, 2, 2, 3, 3, 1, padding, 5, 6)
    upright = x.transpose(0, 2, 1, 3)[:, ::-1]
    y, cache = layer.forward(upright)
    dy = rng.standard_normal(y.shape).transpose(0, 2, 1, 3).copy().transpose(0, 2, 1, 3)
    expected, its_cache = layer.forward(upright.copy())
    assert_same(y, expected, 0)
    (dx, grads), (its_dx, its_grads) = layer.backward(dy, cache), layer.backward(dy.copy(), its_cache)
    assert_same(grads | {"x": dx}, its_grads | {"x": its_dx}, 0)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 8, 8)), r"x has shape \(2, 8, 8\); expected \(N, height, width, 3\)"),
        (np.zeros((2, 8, 8, 1)), r"x has shape \(2, 8, 8, 1\); expected \(N, height, width, 3\)"),
        (np.zeros((2, 2, 8, 3)), "pictures of 2 x 8; expected at least 3 x 3"),
        (np.full((1, 8, 8, 3), "red"), "expected real numbers"),
    ],
)
def test_a_convolution_says_what_is_wrong_with_its_input(x, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Convolution(3, 4, 3).forward(x)


def test_pooling_says_what_is_wrong_with_its_input():
    with pytest.raises(ValueError, match="pictures of 1 x 4; expected at least 2 x 2"):
        MaxPooling(2).forward(np.zeros((1, 1, 4, 2)))
    _, cache = MaxPooling(2).forward(np.zeros((1, 4, 4, 2)))
    with pytest.raises(ValueError, match="dy has shape"):
        MaxPooling(2).backward(np.zeros((1, 4, 4, 2)), cache)
    with pytest.raises(ValueError, match="at least 1"):
        MaxPooling(0)


def test_a_gradient_of_another_shape_is_refused():
    layer = Convolution(3, 4, 3)
    _, cache = layer.forward(np.zeros((1, 5, 5, 3)))
    with pytest.raises(ValueError, match="dy has shape"):
        layer.backward(np.zeros((1, 5, 5, 4)), cache)
