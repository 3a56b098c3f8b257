"""Every gradient of rnn_lab.nn against central differences in float64, over 200 random shapes each."""

import numpy as np
import pytest
from support import LAYERS, named, sequence_case, state_dot

from rnn_lab.nn import Dropout, Embedding, GRUCell, Linear, LSTMCell, RNNCell, mean_squared_error, softmax_cross_entropy
from rnn_lab.nn.gradcheck import check_gradients, negative_control

SHAPES = 200
CELLS = ("RNN tanh", "GRU", "LSTM")
LIMIT = 1e-6


def cell(kind):
    def make(rng):
        D, H, N = rng.integers(1, 7, 3)
        cell = kind(D, H, rng)
        cell.b[:] = rng.standard_normal(cell.b.shape)
        x, h, dh_next = rng.standard_normal((D, N)), *rng.standard_normal((2, H, N))
        if kind is LSTMCell:
            h, dh_next = (h, rng.standard_normal((H, N))), (dh_next, rng.standard_normal((H, N)))
        dx, dh, dW, dU, db = cell.backward(x, h, dh_next)
        return (
            lambda: state_dot(cell.forward(x, h), dh_next),
            {"x": x, **named("h", h), "W": cell.W, "U": cell.U, "b": cell.b},
            {"x": dx, **named("h", dh), "W": dW, "U": dU, "b": db},
        )

    return make


def recurrent(kind, padded=False):
    def make(rng):
        case = smooth_case(rng, kind)
        layer, lengths = case.layer, case.lengths if padded else None

        def loss():
            y, state, _ = layer.forward(case.x, case.state, lengths)
            return np.sum(y * case.dy) + state_dot(state, case.dstate)

        cache = layer.forward(case.x, case.state, lengths)[2]
        return loss, *arrays_and_gradients(case, *layer.backward(case.dy, cache, case.dstate))

    return make


def truncated(kind):
    def make(rng):
        """The truncated gradient is that of a loss in which every block but the first starts from a constant."""
        case = smooth_case(rng, kind)
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
            return total + state_dot(state, case.dstate)

        cache = layer.forward(x, case.state)[2]
        return loss, *arrays_and_gradients(case, *layer.backward(dy, cache, case.dstate, case.truncate))

    return make


def arrays_and_gradients(case, dx, dstate, grads):
    """Name what the loss of a case depends on, and the gradients likewise."""
    arrays = {"x": case.x, **named("state", case.state), **case.layer.params}
    return arrays, {"x": dx, **named("state", dstate), **grads}


def linear(rng):
    *leading, D, K = rng.integers(1, 6, rng.integers(2, 6))
    layer = Linear(D, K, rng)
    layer.params["b"][:] = rng.standard_normal(K)
    x, dy = rng.standard_normal((*leading, D)), rng.standard_normal((*leading, K))
    dx, grads = layer.backward(dy, layer.forward(x)[1])
    return lambda: np.sum(layer.forward(x)[0] * dy), {"x": x, **layer.params}, {"x": dx, **grads}


def embedding(rng):
    V, D = rng.integers(1, 6, 2)
    layer = Embedding(V, D, rng)
    ids, dy = rng.integers(0, V, (4, 3)), rng.standard_normal((4, 3, D))
    _, grads = layer.backward(dy, layer.forward(ids)[1])
    return lambda: np.sum(layer.forward(ids)[0] * dy), layer.params, grads


def dropout(rng):
    layer, seed = Dropout(0.3), rng.integers(2**32)
    x, dy = rng.standard_normal((2, *rng.integers(1, 6, 3)))

    def forward():
        return layer.forward(x, np.random.default_rng(seed))

    dx, _ = layer.backward(dy, forward()[1])
    return lambda: np.sum(forward()[0] * dy), {"x": x}, {"x": dx}


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
    case = smooth_case(rng, "RNN tanh")
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


def smooth_case(rng, kind):
    """Draw a case; for ReLU, one in which no unit is so near its kink that a difference steps over it."""
    T, N, D, H = rng.integers(1, (8, 4, 4, 6))
    while True:
        case = sequence_case(rng.integers(2**32), T, N, D, H, kind)
        if kind != "RNN relu":
            return case
        y, _, _ = case.layer.forward(case.x, case.state)
        before = np.concatenate([case.state[None], y[:-1]])
        W, U, b = case.layer.params.values()
        if np.abs(case.x @ W.T + before @ U.T + b).min() > 1e-3:
            return case


def random_mask(rng, shape):
    """Draw a mask that lets at least one step count."""
    mask = rng.random(shape) < 0.6
    mask.flat[rng.integers(mask.size)] = True
    return mask


@pytest.mark.parametrize(
    "make",
    [
        *(pytest.param(cell(kind), id=kind.__name__) for kind in (RNNCell, GRUCell, LSTMCell)),
        *(pytest.param(recurrent(kind), id=kind) for kind in LAYERS),
        *(pytest.param(recurrent(kind, padded=True), id=f"{kind} padded") for kind in ("RNN sigmoid", *CELLS)),
        *(pytest.param(truncated(kind), id=f"{kind} truncated") for kind in CELLS),
        pytest.param(linear, id="Linear"),
        pytest.param(embedding, id="Embedding"),
        pytest.param(dropout, id="Dropout"),
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
