"""A layer that looks tokens up gives what it gives for their vectors, and the gradient of the table."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import LAYERS, assert_same, named, sequence_case, sequence_cases, state_dot

from rnn_lab.nn import GRU, LSTM, Bidirectional, Stacked
from rnn_lab.nn.gradcheck import check_gradients, negative_control
from rnn_lab.nn.inputs import Lookup, sum_by_token


def table_and_ids(case, V, seed):
    """Draw vectors for V tokens, and a token for each step of a case."""
    T, N, D = case.x.shape
    rng = np.random.default_rng(seed)
    return rng.standard_normal((V, D)).astype(case.x.dtype), rng.integers(0, V, (T, N))


def both_passes(case, x, lengths=None):
    """Return all that the two passes of a case's layer give for `x`, under one name each."""
    y, last_state, cache = case.layer.forward(x, case.state, lengths)
    dx, dstate, grads = case.layer.backward(case.dy, cache, case.dstate, case.truncate)
    return {"y": y, **named("last_state", last_state), "dx": dx, **named("dstate", dstate), **grads}


def added_up(dx, ids, V):
    """Add the gradients of each token's vectors up, one by one."""
    dtable = np.zeros((V, dx.shape[2]), dx.dtype)
    np.add.at(dtable, ids, dx)
    return dtable


@given(sequence_cases(), st.integers(1, 12), st.integers(0, 99), st.booleans())
def test_equals_the_vectors_written_out(case, V, seed, padded):
    table, ids = table_and_ids(case, V, seed)
    lengths = case.lengths if padded else None
    expected = both_passes(case, table[ids], lengths)
    expected["dx"] = added_up(expected["dx"], ids, V)
    assert_same(both_passes(case, Lookup(table, ids), lengths), expected, 1e-11)


@given(sequence_cases(), st.integers(1, 12))
def test_tokens_in_the_padding_change_nothing(case, V):
    table, ids = table_and_ids(case, V, 0)
    padding = np.arange(len(ids))[:, None] >= case.lengths
    others = np.where(padding, 0, ids)
    with_others = both_passes(case, Lookup(table, others), case.lengths)
    assert_same(both_passes(case, Lookup(table, ids), case.lengths), with_others)


@pytest.mark.parametrize("kind", LAYERS)
def test_the_tables_gradient_agrees_with_central_differences(kind):
    case = sequence_case(3, 5, 3, 2, 4, kind)
    table, ids = table_and_ids(case, 4, 5)
    x = Lookup(table, ids)

    def loss():
        y, state, _ = case.layer.forward(x, case.state, case.lengths)
        return np.sum(y * case.dy) + state_dot(state, case.dstate)

    cache = case.layer.forward(x, case.state, case.lengths)[2]
    dtable, dstate, grads = case.layer.backward(case.dy, cache, case.dstate)
    arrays = {"table": table, **named("state", case.state), **case.layer.params}
    grads = {"table": dtable, **named("state", dstate), **grads}
    assert check_gradients(loss, arrays, grads).worst < 1e-6
    control = negative_control(loss, arrays, grads)
    assert control.wrong == list(control.errors), control


@pytest.mark.parametrize("kind", LAYERS)
def test_float32_stays_float32_and_close_to_float64(kind):
    case = sequence_case(1, 30, 4, 8, 16, kind, np.float32)
    table, ids = table_and_ids(case, 20, 0)
    y, state, cache = case.layer.forward(Lookup(table, ids))
    dtable, dstate, grads = case.layer.backward(case.dy, cache)
    single = {"y": y, **named("state", state), "table": dtable, **named("dstate", dstate), **grads}
    assert {array.dtype for array in single.values()} == {np.dtype(np.float32)}
    y, state, cache = case.layer.forward(Lookup(table.astype(float), ids))
    dtable, dstate, grads = case.layer.backward(case.dy, cache)
    double = {"y": y, **named("state", state), "table": dtable, **named("dstate", dstate), **grads}
    for name, array in double.items():
        assert array.dtype == np.float64
        assert np.abs(single[name] - array).max() <= 1e-4 * np.abs(array).max(), name


def test_a_stack_looks_up_in_its_lowest_layer():
    stack, rng = Stacked([GRU(3, 4), LSTM(4, 5)]), np.random.default_rng(0)
    table, ids, dy = rng.standard_normal((6, 3)), rng.integers(0, 6, (7, 2)), rng.standard_normal((7, 2, 5))
    y, _, cache = stack.forward(Lookup(table, ids))
    dtable, _, grads = stack.backward(dy, cache)
    expected, _, cache = stack.forward(table[ids])
    dx, _, expected_grads = stack.backward(dy, cache)
    assert_same({"y": y, "table": dtable, **grads}, {"y": expected, "table": added_up(dx, ids, 6), **expected_grads})


def test_no_argument_is_changed_and_the_cache_serves_twice():
    case = sequence_case(0, 6, 3, 2, 4, "LSTM")
    table, ids = table_and_ids(case, 3, 0)
    for array in (table, ids, *case.layer.params.values()):
        array.flags.writeable = False
    _, _, cache = case.layer.forward(Lookup(table, ids))
    once, again = (case.layer.backward(case.dy, cache) for _ in range(2))
    assert_same({"table": once[0], **once[2]}, {"table": again[0], **again[2]}, 0)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 30), st.sampled_from([np.float32, np.float64]))
def test_sum_by_token_adds_up_row_by_row(seed, R, V, dtype):
    rng = np.random.default_rng(seed)
    rows, ids = rng.standard_normal((R, 4)).astype(dtype), rng.integers(0, V, R)
    sums = sum_by_token(rows, ids, V)
    assert sums.dtype == dtype
    assert_same(sums, added_up(rows[None], ids[None], V), 1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Lookup(np.ones(3), [[0]]), "table has shape (3,); expected (V, D)"),
        (lambda: Lookup([["a"]], [[0]]), "table holds values of type <U1; expected real numbers"),
        (lambda: Lookup(np.ones((4, 3)), [[0, 4]]), "ids holds values from 0 to 4; expected 0 to 3"),
        (lambda: Lookup(np.ones((4, 3)), [[-1]]), "ids holds values from -1 to -1; expected 0 to 3"),
        (lambda: Lookup(np.ones((4, 3)), [[0.5]]), "ids holds values of type float64; expected whole numbers from 0"),
        (lambda: Lookup(np.ones((4, 3)), np.zeros((0, 2), int)), "ids is empty, of shape (0, 2); expected at least"),
        (lambda: LSTM(3, 2).forward(Lookup(np.ones((4, 3)), [0])), "x.ids has shape (1,); expected (T, N)"),
        (lambda: LSTM(2, 2).forward(Lookup(np.ones((4, 3)), [[0]])), "x.table has shape (4, 3); expected (V, 2)"),
        (lambda: GRU(1, 2).forward(Lookup([[np.nan]], [[0]])), "x.table holds 1 NaN or infinite value(s), the first"),
        (lambda: GRU(1, 2).forward(Lookup([[1]], [[0]]), lengths=[2]), "lengths holds values from 2 to 2; expected 1"),
        (
            lambda: Bidirectional(GRU(1, 2), GRU(1, 2)).forward(Lookup([[1]], [[0]])),
            "x is a Lookup; expected vectors, which a bidirectional layer can turn round",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert str(caught.value).startswith(message)


def test_sum_by_token_gathers_from_a_view_without_copying_it():
    rng = np.random.default_rng(0)
    rows, ids = rng.standard_normal((4096, 64))[:, :48], rng.integers(0, 32, 4096)
    tracemalloc.start()
    try:
        sum_by_token(rows, ids, 32)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < rows.nbytes / 4
