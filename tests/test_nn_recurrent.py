"""The recurrent layer against its own definition: the cell unrolled, sequences one by one, chunks one by one."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ACTIVATIONS, LAYERS, assert_same, each_part, named, parts, sequence_case, sequence_cases

from rnn_lab.nn import GRU, LSTM, RNN, GRUCell, Linear, LSTMCell, RNNCell
from rnn_lab.nn.recurrent import transposed


def both_passes(case, lengths=None, truncate=None):
    """Return all that the two passes of a case give, under one name each."""
    y, last_state, cache = case.layer.forward(case.x, case.state, lengths)
    return results(y, last_state, *case.layer.backward(case.dy, cache, case.dstate, truncate))


def results(y, last_state, dx, dstate, grads):
    return {"y": y, **named("last_state", last_state), "dx": dx, **named("dstate", dstate), **grads}


@pytest.mark.parametrize(("kind", "make_cell"), [("RNN tanh", RNNCell), ("GRU", GRUCell), ("LSTM", LSTMCell)])
@given(data=st.data())
def test_equals_the_unrolled_cell(kind, make_cell, data):
    case = data.draw(sequence_cases(kind=kind))
    T, _, D = case.x.shape
    params = case.layer.params
    b_shape = make_cell(D, case.dy.shape[2]).b.shape
    cell = make_cell(D, case.dy.shape[2])
    cell.W, cell.U, cell.b = params["W"], params["U"], params["b"].T.reshape(b_shape)

    states = [each_part(np.transpose, case.state)]
    for t in range(T):
        states.append(cell.forward(case.x[t].T, states[t]))
    dx, dh = np.empty_like(case.x), each_part(np.transpose, case.dstate)
    total = {"W": np.zeros_like(cell.W), "U": np.zeros_like(cell.U), "b": np.zeros_like(cell.b)}
    for t in reversed(range(T)):
        from_future, *rest = parts(dh)
        dh_next = (case.dy[t].T + from_future, *rest) if rest else case.dy[t].T + from_future
        dxt, dh, *step = cell.backward(case.x[t].T, states[t], dh_next)
        dx[t] = dxt.T
        for name, grad in zip(total, step, strict=True):
            total[name] += grad

    total["b"] = total["b"].T.reshape(params["b"].shape)
    y = np.stack([parts(state)[0].T for state in states[1:]])
    last_state, dstate = (each_part(np.transpose, state) for state in (states[-1], dh))
    assert_same(both_passes(case), results(y, last_state, dx, dstate, total))


@given(sequence_cases(), st.booleans())
def test_a_padded_batch_equals_its_sequences_one_by_one(case, truncated):
    truncate = case.truncate if truncated else None
    batch = both_passes(case, case.lengths, truncate)
    total = {name: np.zeros_like(param) for name, param in case.layer.params.items()}
    for n, x, state, dy, dstate in case.sequences():
        y, last_state, cache = case.layer.forward(x, state)
        dx, dinitial, grads = case.layer.backward(dy, cache, dstate, truncate)
        assert_same(batch["y"][: len(x), n : n + 1], y)
        assert_same(batch["dx"][: len(x), n : n + 1], dx)
        for name, part in {**named("last_state", last_state), **named("dstate", dinitial)}.items():
            assert_same(batch[name][n : n + 1], part)
        assert not batch["y"][len(x) :, n].any() and not batch["dx"][len(x) :, n].any()
        for name in total:
            total[name] += grads[name]
    assert_same({name: batch[name] for name in total}, total, 1e-11)


@pytest.mark.parametrize("garbage", [1e30, -np.inf, np.nan])
@given(case=sequence_cases())
def test_what_stands_in_the_padding_changes_nothing(garbage, case):
    clean = both_passes(case, case.lengths, case.truncate)
    padding = np.arange(len(case.x))[:, None] >= case.lengths
    case.x[padding] = garbage
    case.dy[padding] = garbage
    assert_same(both_passes(case, case.lengths, case.truncate), clean, 0)


@given(sequence_cases())
def test_lengths_that_fill_the_batch_change_nothing(case):
    T, N, _ = case.x.shape
    assert_same(both_passes(case, [T] * N), both_passes(case), 0)


@given(sequence_cases())
def test_truncation_equals_chunks_that_carry_the_state(case):
    whole, k = both_passes(case, truncate=case.truncate), case.truncate
    starts = list(range(0, len(case.x), k))
    state, runs = case.state, []
    for start in starts:
        y, state, cache = case.layer.forward(case.x[start : start + k], state)
        runs.append((y, cache))
    dstates = [None] * (len(starts) - 1) + [case.dstate]
    back = [
        case.layer.backward(case.dy[start : start + k], cache, dstate)
        for start, (_, cache), dstate in zip(starts, runs, dstates, strict=True)
    ]
    chunks = {
        "y": np.concatenate([y for y, _ in runs]),
        **named("last_state", state),
        "dx": np.concatenate([dx for dx, _, _ in back]),
        **named("dstate", back[0][1]),
        **{name: sum(grads[name] for _, _, grads in back) for name in case.layer.params},
    }
    assert_same(whole, chunks, 1e-11)


@given(sequence_cases(), st.integers(0, 3))
def test_truncation_at_the_length_or_beyond_cuts_nothing(case, beyond):
    assert_same(both_passes(case, truncate=len(case.x) + beyond), both_passes(case), 0)


@given(sequence_cases())
def test_state_and_its_gradient_are_zero_when_left_out(case):
    for part in (*parts(case.state), *parts(case.dstate)):
        part[:] = 0
    y, last_state, cache = case.layer.forward(case.x)
    assert_same(results(y, last_state, *case.layer.backward(case.dy, cache)), both_passes(case), 0)


@given(sequence_cases())
def test_other_uses_between_forward_and_backward_change_nothing(case):
    undisturbed = both_passes(case, case.lengths)
    rng = np.random.default_rng(0)
    other = rng.standard_normal((3, 2, case.x.shape[2]))

    y, last_state, cache = case.layer.forward(case.x, case.state, case.lengths)
    _, _, other_cache = case.layer.forward(other)
    case.layer.backward(rng.standard_normal((3, 2, case.dy.shape[2])), other_cache)
    case.layer.backward(2 * case.dy, cache)
    last_state_before = each_part(np.copy, last_state)
    for part in parts(last_state):
        part += 1  # what the caller does with its own array
    disturbed = results(y, last_state_before, *case.layer.backward(case.dy, cache, case.dstate))
    assert_same(disturbed, undisturbed, 0)


@given(sequence_cases())
def test_inputs_and_parameters_are_never_changed(case):
    arrays = (case.x, *parts(case.state), case.lengths, case.dy, *parts(case.dstate), *case.layer.params.values())
    for array in arrays:
        array.flags.writeable = False
    both_passes(case, case.lengths, case.truncate)


def test_outputs_cannot_be_changed_under_the_cache():
    case = sequence_case(0, 3, 2, 2, 4)
    y, _, _ = case.layer.forward(case.x)
    with pytest.raises(ValueError, match="read-only"):
        y += 1


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("seed", range(5))
def test_float32_stays_float32_and_close_to_float64(kind, seed):
    case = sequence_case(seed, 30, 4, 8, 16, kind, np.float32)
    x, dy, state, dstate = (each_part(np.float64, array) for array in (case.x, case.dy, case.state, case.dstate))
    double = both_passes(replace(case, x=x, dy=dy, state=state, dstate=dstate), case.lengths, case.truncate)
    single = both_passes(case, case.lengths, case.truncate)
    assert {array.dtype for array in single.values()} == {np.dtype(np.float32)}
    for name, array in double.items():
        assert np.abs(single[name] - array).max() <= 1e-4 * np.abs(array).max(), name


@pytest.mark.parametrize("kind", LAYERS)
def test_the_dtype_of_the_input_decides(kind):
    case = sequence_case(0, 3, 2, 2, 4, kind)
    case = replace(case, x=case.x.astype(np.float32))
    assert {array.dtype for array in both_passes(case).values()} == {np.dtype(np.float32)}
    _, _, cache = case.layer.forward(case.x, case.state)
    kept = [getattr(cache, field.name) for field in fields(cache)]
    assert {array.dtype for array in kept if array is not None} == {np.dtype(np.float32)}
    assert case.layer.forward(np.ones((3, 2, 2), int))[0].dtype == np.float64


@pytest.mark.parametrize("shape", [(1, 1), (31, 5), (32, 5), (100, 33)])
def test_transposed_copies_every_block(shape):
    weight = np.random.default_rng(0).standard_normal(shape)
    copy = transposed(weight)
    assert copy.flags.c_contiguous
    assert_same(copy, weight.T, 0)


def test_lists_will_do():
    layer = RNN(1, 2, np.random.default_rng(0))
    x = [[[1], [2]], [[3], [4]]]
    assert_same(layer.forward(x, [[0, 0], [1, 1]], [1, 2])[0], layer.forward(np.array(x), [[0, 0], [1, 1]], [1, 2])[0])


def weights(layer):
    return vars(layer) if hasattr(layer, "W") else layer.params


@pytest.mark.parametrize("make", [RNNCell, RNN, GRUCell, GRU, LSTMCell, LSTM])
def test_initial_weights_are_scaled_by_their_fan_in(make):
    params = weights(make(400, 300, np.random.default_rng(0)))
    for name, fan_in in (("W", 400), ("U", 300)):
        assert params[name].std() * np.sqrt(fan_in) == pytest.approx(1, rel=0.01)
        assert abs(params[name].mean()) < 0.001
    for gate in np.split(params["U"], len(params["U"]) // 300):
        assert np.abs(np.linalg.eigvals(gate)).max() == pytest.approx(1, rel=0.1)
    forget = slice(300, 600)
    assert not params["b"].any() or ((params["b"][forget] == 1).all() and params["b"].sum() == 300)


@pytest.mark.parametrize("make", [RNNCell, RNN, GRUCell, GRU, LSTMCell, LSTM, Linear])
def test_randomness_comes_from_the_generator(make):
    def W(rng=None):
        return weights(make(3, 4, rng))["W"]

    seeded = np.random.default_rng
    assert (W(seeded(1)) == W(seeded(1))).all()
    assert (W(seeded(1)) != W(seeded(2))).any()
    assert (W() != W()).any()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_one_step_by_hand(activation):
    """One unit: z = 2 * 0.5 + 3 * 0.2 - 1.8 = -0.2; its state, and its slope there."""
    layer = RNN(1, 1, activation=activation)
    layer.params.update(W=np.array([[2.0]]), U=np.array([[3.0]]), b=np.array([-1.8]))
    y, state, cache = layer.forward([[[0.5]]], [[0.2]])
    dx, dstate, grads = layer.backward([[[1.0]]], cache)
    h, slope = {
        "tanh": (np.tanh(-0.2), 1 - np.tanh(0.2) ** 2),
        "sigmoid": (1 / (1 + np.exp(0.2)), np.exp(0.2) / (1 + np.exp(0.2)) ** 2),
        "relu": (0.0, 0.0),
        "identity": (-0.2, 1.0),
    }[activation]
    assert_same([y[0, 0, 0], state[0, 0]], [h, h])
    assert_same([dx[0, 0, 0], dstate[0, 0]], [2 * slope, 3 * slope])
    assert_same([grads["W"][0, 0], grads["U"][0, 0], grads["b"][0]], [0.5 * slope, 0.2 * slope, slope])
