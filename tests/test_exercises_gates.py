"""The exercises of chapter 03: solutions agree with the package, and slips are recognised as learners write them."""

import numpy as np
import pytest
from support import assert_same

from rnn_lab.exercises import gates
from rnn_lab.nn import LSTM, GRUCell, LSTMCell
from rnn_lab.nn.functions import sigmoid


def cell_and_arrays(kind, *shapes):
    """A cell of 3 inputs and 4 units with random biases, and random arrays of 5 examples."""
    rng = np.random.default_rng(0)
    cell = kind(3, 4, rng)
    cell.b = rng.standard_normal(cell.b.shape)
    return cell, *(rng.standard_normal((rows, 5)) for rows in shapes)


def test_the_lstm_is_that_of_the_package():
    cell, x, h, c, dh_next, dc_next = cell_and_arrays(LSTMCell, 3, 4, 4, 4, 4)
    weights = cell.W, cell.U, cell.b
    for ours, theirs in zip(gates.lstm_step.reference(x, h, c, *weights), cell.forward(x, (h, c)), strict=True):
        assert_same(ours, theirs)
    ours = gates.lstm_backward.reference(x, h, c, *weights, dh_next, dc_next)
    dx, (dh, dc), *grads = cell.backward(x, (h, c), (dh_next, dc_next))
    for one, other in zip(ours, (dx, dh, dc, *grads), strict=True):
        assert_same(one, other)


def test_the_gru_is_that_of_the_package():
    cell, x, h, dh_next = cell_and_arrays(GRUCell, 3, 4, 4)
    ours = gates.gru_backward.reference(x, h, cell.W, cell.U, cell.b, dh_next)
    for one, other in zip(ours, cell.backward(x, h, dh_next), strict=True):
        assert_same(one, other)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_the_fast_layer_is_that_of_the_package(dtype, tolerance):
    rng = np.random.default_rng(1)
    layer = LSTM(3, 4, rng, dtype=dtype)
    layer.params["b"] += rng.standard_normal(16).astype(dtype)
    x = rng.standard_normal((7, 5, 3)).astype(dtype)
    h, c = gates.fast_forward.reference(x, *layer.params.values())
    _, _, cache = layer.forward(x)
    assert h.dtype == c.dtype == dtype
    assert_same(h, cache.h[1:], tolerance)
    assert_same(c, cache.c[1:], tolerance)


def test_after_its_half_life_a_cell_holds_half():
    bias = np.array([-3.0, -0.2, 0.0, 1.0, 6.0])
    steps = gates.half_life.reference(bias)
    assert_same(sigmoid(bias) ** steps, np.full(5, 0.5))
    assert steps[2] == 1


@pytest.mark.parametrize("name", ["lstm_step", "lstm_backward", "gru_backward", "half_life", "fast_forward"])
def test_the_solution_shown_runs_in_the_notebook(name):
    exercise = getattr(gates, name)
    notebook = {"np": np, "sigmoid": sigmoid}
    exec(exercise.solution().code, notebook)
    assert exercise.check(notebook[name]).kind == "right"


def test_the_published_mistakes_are_known():
    assert gates.lstm_backward.misconceptions.keys() >= {
        "running gradients never updated",
        "cell gradient dropped",
        "activated values differentiated again",
        "one bias shared among three gates",
        "zero weight gradients",
    }


# --- slips as they are written ------------------------------------------------------------------------------------

STEP = """
def answer(x, h, c, W, U, b):
    H = len(h)
    z = W @ x + U @ h + b
    i, f, g, o = sigmoid(z[:H]), sigmoid(z[H : 2 * H]), np.tanh(z[2 * H : 3 * H]), sigmoid(z[3 * H :])
    c_next = f * c + i * g
    return o * np.tanh(c_next), c_next
"""
LSTM_BACKWARD = """
def dsigmoid(value):
    return value * (1 - value)


def dtanh(value):
    return 1 - value**2


def answer(x, h, c, W, U, b, dh_next, dc_next):
    H = len(h)
    z = W @ x + U @ h + b
    i, f, g, o = sigmoid(z[:H]), sigmoid(z[H : 2 * H]), np.tanh(z[2 * H : 3 * H]), sigmoid(z[3 * H :])
    shown = np.tanh(f * c + i * g)
    arrived = dc_next + dh_next * o * dtanh(shown)
    dz = np.zeros_like(z)
    dz[:H] = arrived * g * dsigmoid(i)
    dz[H : 2 * H] = arrived * c * dsigmoid(f)
    dz[2 * H : 3 * H] = arrived * i * dtanh(g)
    dz[3 * H :] = dh_next * shown * dsigmoid(o)
    return W.T @ dz, U.T @ dz, arrived * f, dz @ x.T, dz @ h.T, dz.sum(axis=1, keepdims=True)
"""
GRU_BACKWARD = """
def answer(x, h, W, U, b, dh_next):
    H = len(h)
    from_x, from_h = W @ x + b[:, :1], U @ h + b[:, 1:]
    r, z = sigmoid(from_x[:H] + from_h[:H]), sigmoid(from_x[H : 2 * H] + from_h[H : 2 * H])
    n = np.tanh(from_x[2 * H :] + r * from_h[2 * H :])
    dn = dh_next * (1 - z) * (1 - n**2)
    dx_side = np.vstack([dn * from_h[2 * H :] * r * (1 - r), dh_next * (h - n) * z * (1 - z), dn])
    dh_side = np.vstack([dx_side[: 2 * H], r * dn])
    db = np.hstack([dx_side.sum(axis=1, keepdims=True), dh_side.sum(axis=1, keepdims=True)])
    return W.T @ dx_side, z * dh_next + U.T @ dh_side, dx_side @ x.T, dh_side @ h.T, db
"""
HALF_LIFE = """
def answer(bias):
    return np.log(0.5) / np.log(sigmoid(bias))
"""
FAST = """
def answer(x, W, U, b):
    T, N, D = x.shape
    H = U.shape[1]
    from_input = (x.reshape(T * N, D) @ W.T + b).reshape(T, N, 4 * H)
    h, c = np.zeros((N, H)), np.zeros((N, H))
    all_h, all_c = [], []
    for t in range(T):
        z = from_input[t] + h @ U.T
        i, f, g, o = np.split(z, 4, axis=1)
        i, f, g, o = (1 + np.tanh(i / 2)) / 2, (1 + np.tanh(f / 2)) / 2, np.tanh(g), (1 + np.tanh(o / 2)) / 2
        c = f * c + i * g
        h = o * np.tanh(c)
        all_h.append(h)
        all_c.append(c)
    return np.array(all_h), np.array(all_c)
"""
AGAIN = {
    "value * (1 - value)": "sigmoid(value) * (1 - sigmoid(value))",
    "1 - value**2": "1 - np.tanh(value) ** 2",
}
THIRD_AND_FOURTH = {
    "np.tanh(z[2 * H : 3 * H]), sigmoid(z[3 * H :])": "np.tanh(z[3 * H :]), sigmoid(z[2 * H : 3 * H])",
}
BUFFERS = {"c = f * c + i * g": "c *= f; c += i * g", "h = o * np.tanh(c)": "h[:] = o * np.tanh(c)"}


def written(source, slip):
    """The answer that a learner has written, with the slip in it."""
    for right, wrong in slip.items():
        assert source.count(right) == 1, right
        source = source.replace(right, wrong)
    notebook = {"np": np, "sigmoid": sigmoid}
    exec(source, notebook)
    return notebook["answer"]


SOURCES = {
    "lstm_step": STEP,
    "lstm_backward": LSTM_BACKWARD,
    "gru_backward": GRU_BACKWARD,
    "half_life": HALF_LIFE,
    "fast_forward": FAST,
}


@pytest.mark.parametrize("name", SOURCES)
def test_without_a_slip_it_is_right(name):
    assert getattr(gates, name).check(written(SOURCES[name], {})).kind == "right"


@pytest.mark.parametrize(
    ("name", "slip", "misconception"),
    [
        ("lstm_step", {"f * c + i * g": "i * c + f * g"}, "forget gate read first"),
        ("lstm_step", {"f * c + i * g": "f * c + (1 - f) * g"}, "coupled gates"),
        ("lstm_step", THIRD_AND_FOURTH, "output gate read third"),
        ("lstm_step", {"U @ h": "U @ c"}, "gates hear the cell state"),
        ("lstm_backward", {"dc_next + dh_next": "dh_next"}, "cell gradient dropped"),
        ("lstm_backward", {"dc_next + dh_next * o * dtanh(shown)": "dc_next"}, "hidden gradient misses the cell"),
        ("lstm_backward", {"dtanh(shown)": "dtanh(f * c + i * g)"}, "cell taken for its own tanh"),
        ("lstm_backward", {"arrived * f,": "arrived,"}, "cell gradient past the forget gate"),
        ("lstm_backward", {"arrived * f,": "dc_next * f,"}, "only the incoming cell gradient carried"),
        ("lstm_backward", {"U.T @ dz, arrived * f": "dh_next, dc_next"}, "running gradients never updated"),
        ("lstm_backward", AGAIN, "activated values differentiated again"),
        ("lstm_backward", {"dtanh(g)": "dsigmoid(g)"}, "sigmoid slope for the candidate"),
        ("lstm_backward", {"sum(axis=1, keepdims=True)": "copy()"}, "bias gradient not summed"),
        ("gru_backward", {"z * dh_next + U.T": "U.T"}, "shortcut forgotten"),
        ("gru_backward", {"z * dh_next + U.T": "(1 - z) * dh_next + U.T"}, "shortcut with the candidates share"),
        ("gru_backward", {"dn * from_h[2 * H :]": "dn * (U @ h)[2 * H :]"}, "reset gradient without the bias"),
        ("gru_backward", {"np.vstack([dx_side[: 2 * H], r * dn])": "dx_side"}, "no reset on the way back"),
        ("gru_backward", {"dh_side.sum": "dx_side.sum"}, "both bias gradients the same"),
        ("half_life", {"np.log(0.5)": "np.log2(0.5)"}, "a part of e instead of half"),
        ("half_life", {"np.log(sigmoid(bias))": "np.log(1 - sigmoid(bias))"}, "gate as what is lost"),
        ("half_life", {"np.log(0.5) / np.log(sigmoid(bias))": "1 / sigmoid(-bias)"}, "time constant"),
        ("fast_forward", {"h @ U.T": "h @ U.T + b"}, "bias added twice"),
        ("fast_forward", {"np.split(z, 4, axis=1)": "z.reshape(4, N, H)"}, "gates cut across the examples"),
        ("fast_forward", {"np.split(z, 4, axis=1)": "z.reshape(N, H, 4).transpose(2, 0, 1)"}, "gates interleaved"),
        ("fast_forward", {"reshape(T, N, 4 * H)": "reshape(N, T, -1).swapaxes(0, 1)"}, "steps and examples mixed"),
        ("fast_forward", {"(i / 2)": "(i)", "(f / 2)": "(f)", "(o / 2)": "(o)"}, "tanh without the half"),
        ("fast_forward", BUFFERS, "one buffer for all steps"),
        ("fast_forward", {"[], []": "[h], [c]"}, "initial state left in"),
    ],
)
def test_a_slip_is_named(name, slip, misconception):
    assert getattr(gates, name).check(written(SOURCES[name], slip)).misconception == misconception


@pytest.mark.parametrize(
    ("slip", "rows"),
    [
        ({"arrived * g * dsigmoid(i)": "arrived * g * (1 - i)"}, "0 to 3"),
        ({"arrived * c": "arrived * h"}, "4 to 7"),
        ({"arrived * i * dtanh(g)": "arrived * i * (1 - g)"}, "8 to 11"),
        ({"dh_next * shown": "dh_next * o"}, "12 to 15"),
    ],
)
def test_a_slip_that_nobody_knows_is_placed_by_its_gate(slip, rows):
    verdict = gates.lstm_backward.check(written(LSTM_BACKWARD, slip))
    assert (verdict.kind, verdict.misconception) == ("wrong", None)
    assert any(said.endswith(f"Of its 16 rows, only {rows} are wrong.") for said in verdict.sentences)


def test_adding_to_the_gradient_that_came_in_is_noticed():
    slip = {
        "arrived = dc_next + dh_next * o * dtanh(shown)": "arrived = dc_next; arrived += dh_next * o * dtanh(shown)"
    }
    assert gates.lstm_backward.check(written(LSTM_BACKWARD, slip)).headline == (
        "Not right yet: it changes dc_next in place."
    )
