"""Every gradient of rnn_lab.nn against central differences in float64, over 200 random shapes each."""

import numpy as np
import pytest
from support import sequence_case

from rnn_lab import Linear, RNNCell, mean_squared_error, softmax_cross_entropy
from rnn_lab.nn.gradcheck import check_gradients, negative_control

SHAPES = 200
LIMIT = 1e-6


def cell(rng):
    D, H, N = rng.integers(1, 7, 3)
    cell = RNNCell(D, H, rng)
    cell.b[:] = rng.standard_normal((H, 1))
    x, h, dh_next = (rng.standard_normal((rows, N)) for rows in (D, H, H))
    names = ("x", "h", "W", "U", "b")
    return (
        lambda: np.sum(cell.forward(x, h) * dh_next),
        dict(zip(names, (x, h, cell.W, cell.U, cell.b), strict=True)),
        dict(zip(names, cell.backward(x, h, dh_next), strict=True)),
    )


def rnn(activation, padded=False):
    def make(rng):
        case = smooth_case(rng, activation)
        layer, lengths = case.layer, case.lengths if padded else None

        def loss():
            y, state, _ = layer.forward(case.x, case.state, lengths)
            return np.sum(y * case.dy) + np.sum(state * case.dstate)

        cache = layer.forward(case.x, case.state, lengths)[2]
        dx, dstate, grads = layer.backward(case.dy, cache, case.dstate)
        return loss, {"x": case.x, "state": case.state, **layer.params}, {"x": dx, "state": dstate, **grads}

    return make


def truncated_rnn(rng):
    """The truncated gradient is the gradient of a loss in which every block but the first starts from a constant."""
    case = smooth_case(rng, "tanh")
    layer, x, dy = case.layer, case.x, case.dy
    blocks = [slice(start, start + case.truncate) for start in range(0, len(x), case.truncate)]
    starts = [case.state]
    for block in blocks[:-1]:
        starts.append(layer.forward(x[block], starts[-1])[1])

    def loss():
        total = 0.0
        for block, start in zip(blocks, starts, strict=True):
            y, state, _ = layer.forward(x[block], start)
            total += np.sum(y * dy[block])
        return total + np.sum(state * case.dstate)

    dx, dstate, grads = layer.backward(dy, layer.forward(x, case.state)[2], case.dstate, case.truncate)
    return loss, {"x": x, "state": case.state, **layer.params}, {"x": dx, "state": dstate, **grads}


def linear(rng):
    *leading, D, K = rng.integers(1, 6, rng.integers(2, 6))
    layer = Linear(D, K, rng)
    layer.params["b"][:] = rng.standard_normal(K)
    x, dy = rng.standard_normal((*leading, D)), rng.standard_normal((*leading, K))
    dx, grads = layer.backward(dy, layer.forward(x)[1])
    return lambda: np.sum(layer.forward(x)[0] * dy), {"x": x, **layer.params}, {"x": dx, **grads}


def mse(masked):
    def make(rng):
        shape = rng.integers(1, 6, rng.integers(2, 5))
        y, target = rng.standard_normal((2, *shape))
        mask = random_mask(rng, shape[:-1]) if masked else None
        return lambda: mean_squared_error(y, target, mask)[0], {"y": y}, {"y": mean_squared_error(y, target, mask)[1]}

    return make


def cross_entropy(masked):
    def make(rng):
        *leading, K = rng.integers(1, 6, rng.integers(2, 5))
        logits, targets = 2 * rng.standard_normal((*leading, K)), rng.integers(0, K, leading)
        mask = random_mask(rng, leading) if masked else None

        def loss_and_gradient():
            return softmax_cross_entropy(logits, targets, mask)

        return lambda: loss_and_gradient()[0], {"logits": logits}, {"logits": loss_and_gradient()[1]}

    return make


def network(rng):
    """Two recurrent layers that share their parameters, a linear layer and a loss over ragged sequences."""
    case = smooth_case(rng, "tanh")
    layer, state, lengths = case.layer, case.state, case.lengths
    T, N, H = case.dy.shape
    head = Linear(H, 2, rng)
    back = Linear(H, case.x.shape[2], rng)
    target, mask = rng.standard_normal((T, N, 2)), np.arange(T)[:, None] < lengths

    def forward():
        y1, state1, cache1 = layer.forward(case.x, state, lengths)
        x2, back_cache = back.forward(y1)
        y2, _, cache2 = layer.forward(x2, state1, lengths)
        prediction, head_cache = head.forward(y2)
        return *mean_squared_error(prediction, target, mask), cache1, back_cache, cache2, head_cache

    _, dprediction, cache1, back_cache, cache2, head_cache = forward()
    dy2, head_grads = head.backward(dprediction, head_cache)
    dx2, dstate1, grads2 = layer.backward(dy2, cache2)
    dy1, back_grads = back.backward(dx2, back_cache)
    dx, dstate, grads1 = layer.backward(dy1, cache1, dstate1)

    arrays, grads = {"x": case.x, "state": state, **layer.params}, {"x": dx, "state": dstate}
    grads |= {name: grads1[name] + grads2[name] for name in layer.params}
    for name, linear_layer, linear_grads in (("head", head, head_grads), ("back", back, back_grads)):
        arrays |= {f"{name}.{key}": value for key, value in linear_layer.params.items()}
        grads |= {f"{name}.{key}": value for key, value in linear_grads.items()}
    return lambda: forward()[0], arrays, grads


def smooth_case(rng, activation):
    """Draw a case; for ReLU, one in which no unit is so near its kink that a difference steps over it."""
    T, N, D, H = rng.integers(1, (8, 4, 4, 6))
    while True:
        case = sequence_case(rng.integers(2**32), T, N, D, H, activation)
        y, _, _ = case.layer.forward(case.x, case.state)
        before = np.concatenate([case.state[None], y[:-1]])
        W, U, b = case.layer.params.values()
        if activation != "relu" or np.abs(case.x @ W.T + before @ U.T + b).min() > 1e-3:
            return case


def random_mask(rng, shape):
    """Draw a mask that lets at least one step count."""
    mask = rng.random(shape) < 0.6
    mask.flat[rng.integers(mask.size)] = True
    return mask


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(cell, id="RNNCell"),
        *(pytest.param(rnn(name), id=f"RNN {name}") for name in ("tanh", "sigmoid", "relu", "identity")),
        pytest.param(rnn("tanh", padded=True), id="RNN padded"),
        pytest.param(rnn("sigmoid", padded=True), id="RNN sigmoid padded"),
        pytest.param(truncated_rnn, id="RNN truncated"),
        pytest.param(linear, id="Linear"),
        pytest.param(mse(masked=False), id="mean_squared_error"),
        pytest.param(mse(masked=True), id="mean_squared_error masked"),
        pytest.param(cross_entropy(masked=False), id="softmax_cross_entropy"),
        pytest.param(cross_entropy(masked=True), id="softmax_cross_entropy masked"),
        pytest.param(network, id="network"),
    ],
)
def test_gradients_agree_with_central_differences(make, request):
    rng = np.random.default_rng(7)
    reports = [check_gradients(*make(rng)) for _ in range(SHAPES)]
    worst = np.max([report.worst for report in reports])  # NaN if one of them is
    print(f"largest relative error over {SHAPES} random shapes, {request.node.callspec.id}: {worst:.1e}")
    assert worst < LIMIT
    control = negative_control(*make(rng))
    assert control.wrong == list(control.errors), control
