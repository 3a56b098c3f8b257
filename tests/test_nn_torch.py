"""Values and gradients against PyTorch's, read from tests/oracles/torch_values.npz."""

from pathlib import Path

import numpy as np
import pytest

from rnn_lab.nn import (
    GRU,
    LSTM,
    RNN,
    SGD,
    Adam,
    GRUCell,
    Linear,
    LSTMCell,
    RNNCell,
    clip_by_norm,
    mean_squared_error,
    softmax_cross_entropy,
)

LIMIT = 1e-9
VALUES = Path(__file__).parent / "oracles" / "torch_values.npz"
OPTIMIZERS = {
    "sgd": lambda: SGD(0.1),
    "momentum": lambda: SGD(0.1, momentum=0.9),
    "adam": lambda: Adam(0.1),
    "adam_options": lambda: Adam(0.1, betas=(0.7, 0.9), epsilon=0.5),
}


@pytest.fixture(scope="module")
def torch_case():
    """Give the arrays of one case by name."""
    with np.load(VALUES) as file:
        arrays = dict(file)
    return lambda case: {key.removeprefix(f"{case}."): a for key, a in arrays.items() if key.startswith(f"{case}.")}


def assert_agree(torch, ours):
    """Compare each array that is named in `ours` with PyTorch's, relative to its largest entry."""
    for name, array in ours.items():
        error = np.abs(array - torch[name]).max() / np.abs(torch[name]).max()
        assert np.shape(array) == torch[name].shape and error < LIMIT, f"{name}: relative error {error:.1e}"


def test_cell(torch_case):
    torch = torch_case("cell")
    cell = RNNCell(3, 5)
    cell.W, cell.U, cell.b = torch["W"], torch["U"], torch["b"]
    gradients = cell.backward(torch["x"], torch["h"], torch["dh_next"])
    assert_agree(torch, {"h_next": cell.forward(torch["x"], torch["h"])})
    assert_agree(torch, dict(zip(("dx", "dh", "dW", "dU", "db"), gradients, strict=True)))


@pytest.mark.parametrize(("case", "activation"), [("rnn_tanh", "tanh"), ("rnn_relu", "relu"), ("rnn_lengths", "tanh")])
def test_rnn(torch_case, case, activation):
    torch = torch_case(case)
    layer = RNN(3, 5, activation=activation)
    layer.params.update({name: torch[name] for name in ("W", "U", "b")})
    y, state, cache = layer.forward(torch["x"], torch["state"], torch.get("lengths"))
    dx, dinitial_state, grads = layer.backward(torch["dy"], cache, torch["dstate"])
    assert_agree(torch, {"y": y, "last_state": state, "dx": dx, "dinitial_state": dinitial_state})
    assert_agree(torch, {f"d{name}": grad for name, grad in grads.items()})


def as_state(parts):
    """Give a state as a layer takes it: two arrays for an LSTM, one for the others."""
    return parts[0] if len(parts) == 1 else tuple(parts)


def as_parts(state):
    return np.stack(state) if isinstance(state, tuple) else state[None]


@pytest.mark.parametrize("make", [GRUCell, LSTMCell])
def test_gated_cells(torch_case, make):
    torch = torch_case(make.__name__)
    cell = make(3, 5)
    cell.W, cell.U, cell.b = torch["W"], torch["U"], torch["b"]
    h_next = cell.forward(torch["x"], as_state(torch["h"]))
    dx, dh, dW, dU, db = cell.backward(torch["x"], as_state(torch["h"]), as_state(torch["dh_next"]))
    assert_agree(torch, {"h_next": as_parts(h_next), "dx": dx, "dh": as_parts(dh), "dW": dW, "dU": dU, "db": db})


@pytest.mark.parametrize("variant", ["", "_lengths"])
@pytest.mark.parametrize("make", [GRU, LSTM])
def test_gated_layers(torch_case, make, variant):
    torch = torch_case(f"{make.__name__}{variant}")
    layer = make(3, 5)
    layer.params.update({name: torch[name] for name in ("W", "U", "b")})
    y, last, cache = layer.forward(torch["x"], as_state(torch["state"]), torch.get("lengths"))
    dx, dinitial_state, grads = layer.backward(torch["dy"], cache, as_state(torch["dstate"]))
    states = {"last_state": as_parts(last), "dinitial_state": as_parts(dinitial_state)}
    assert_agree(torch, {"y": y, "dx": dx, **states, **{f"d{name}": grad for name, grad in grads.items()}})


def test_linear(torch_case):
    torch = torch_case("linear")
    layer = Linear(3, 5)
    layer.params.update({name: torch[name] for name in ("W", "b")})
    y, cache = layer.forward(torch["x"])
    dx, grads = layer.backward(torch["dy"], cache)
    assert_agree(torch, {"y": y, "dx": dx, "dW": grads["W"], "db": grads["b"]})


@pytest.mark.parametrize("case", ["mse", "mse_masked"])
def test_mean_squared_error(torch_case, case):
    torch = torch_case(case)
    loss, dy = mean_squared_error(torch["y"], torch["target"], torch["mask"])
    assert_agree(torch, {"loss": loss, "dy": dy})


@pytest.mark.parametrize("case", ["cross_entropy", "cross_entropy_masked"])
def test_softmax_cross_entropy(torch_case, case):
    torch = torch_case(case)
    loss, dlogits = softmax_cross_entropy(torch["logits"], torch["targets"], torch["mask"])
    assert_agree(torch, {"loss": loss, "dlogits": dlogits})


@pytest.mark.parametrize("case", OPTIMIZERS)
def test_optimizers_take_the_same_path(torch_case, case):
    optimizer = OPTIMIZERS[case]()
    torch = torch_case(case)
    params = {name: torch[f"{name}_initial"] for name in ("W", "b")}
    path = {name: [] for name in params}
    for step in range(len(torch["dW"])):
        optimizer.update(params, {name: torch[f"d{name}"][step] for name in params})
        for name, param in params.items():
            path[name].append(param.copy())
    assert_agree(torch, {name: np.stack(steps) for name, steps in path.items()})


def test_clip_by_norm(torch_case):
    torch = torch_case("clipping")
    grads = {name: torch[f"d{name}"].copy() for name in ("W", "b")}
    norm = clip_by_norm(grads, max_norm=2.0)
    assert_agree(torch, {"norm": norm, "W_clipped": grads["W"], "b_clipped": grads["b"]})
