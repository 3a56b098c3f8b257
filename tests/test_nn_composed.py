"""Stacked and bidirectional layers against PyTorch, central differences, and the layers that they are made of."""

from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import assert_same

from rnn_lab.interop import from_torch, to_torch
from rnn_lab.nn import GRU, LSTM, RNN, SGD, Dropout, Linear
from rnn_lab.nn.composed import Bidirectional, Composed, Stacked
from rnn_lab.nn.gradcheck import check_gradients, negative_control

VALUES = Path(__file__).parent / "oracles" / "torch_composed_values.npz"
KINDS = (RNN, GRU, LSTM)


def stacked(kind, D, H):
    return Stacked([kind(D, H), kind(H, H)])


def bidirectional(kind, D, H):
    return Bidirectional(kind(D, H), kind(D, H))


def stacked_bidirectional(kind, D, H):
    return Stacked([bidirectional(kind, D, H), bidirectional(kind, 2 * H, H)])


def bidirectional_stacked(kind, D, H):
    return Bidirectional(stacked(kind, D, H), stacked(kind, D, H))


ARCHITECTURES = (stacked, bidirectional, stacked_bidirectional, bidirectional_stacked)


def fill(layer, arrays):
    """Give a state of the layer's structure, made of the next arrays."""
    if isinstance(layer, Composed):
        return tuple(fill(part, arrays) for part in layer.layers.values())
    return (next(arrays), next(arrays)) if isinstance(layer, LSTM) else next(arrays)


def leaves(state):
    """Yield the arrays of a state, in the order of `fill`."""
    if isinstance(state, tuple):
        for part in state:
            yield from leaves(part)
    else:
        yield state


def named(name, state):
    return {f"{name}[{index}]": array for index, array in enumerate(leaves(state))}


@dataclass(frozen=True)
class Case:
    """A composition, a batch for it, and the gradients that come back to it."""

    layer: Composed
    x: np.ndarray  # (T, N, D)
    state: tuple
    lengths: np.ndarray | None  # (N,)
    dy: np.ndarray  # (T, N, output size)
    dstate: tuple

    def both_passes(self):
        """Return all that the two passes give, under one name each."""
        y, last_state, cache = self.layer.forward(self.x, self.state, self.lengths)
        dx, dstate, grads = self.layer.backward(self.dy, cache, self.dstate)
        return {"y": y, **named("last_state", last_state), "dx": dx, **named("dstate", dstate), **grads}

    def one(self, n):
        """Return the case of the sequence `n` alone."""
        length, row = self.lengths[n], slice(n, n + 1)
        state, dstate = (fill(self.layer, (a[row] for a in leaves(whole))) for whole in (self.state, self.dstate))
        return Case(self.layer, self.x[:length, row], state, None, self.dy[:length, row], dstate)


def random_case(seed, T, N, D, H, kind, architecture, dtype=np.float64):
    rng = np.random.default_rng(seed)
    layer = architecture(kind, D, H)
    for param in layer.params.values():
        param[:] = rng.standard_normal(param.shape) / np.sqrt(H)
    states = (rng.standard_normal((N, H)).astype(dtype) for _ in count())
    x, dy = (rng.standard_normal((T, N, size)).astype(dtype) for size in (D, layer.output_size))
    return Case(layer, x, fill(layer, states), rng.integers(1, T + 1, N), dy, fill(layer, states))


sizes = {"T": st.integers(1, 6), "N": st.integers(1, 4), "D": st.integers(1, 4), "H": st.integers(1, 4)}
which = {"kind": st.sampled_from(KINDS), "architecture": st.sampled_from(ARCHITECTURES)}
cases = st.builds(random_case, seed=st.integers(0, 2**32 - 1), **sizes, **which)
every_composition = [pytest.param(k, a, id=f"{k.__name__} {a.__name__}") for k in KINDS for a in ARCHITECTURES]


@pytest.mark.parametrize(("kind", "architecture"), [p for p in every_composition if "l_s" not in p.id])
def test_values_and_gradients_are_those_of_pytorch(kind, architecture):
    """PyTorch packed the ragged batch and has no `bidirectional_stacked`."""
    prefix = f"{kind.__name__}_{architecture.__name__}."
    with np.load(VALUES) as file:
        torch = {key.removeprefix(prefix): file[key] for key in file if key.startswith(prefix)}
    layer = architecture(kind, 2, 3)
    from_torch(layer, {name: array for name, array in torch.items() if name.startswith(("weight", "bias"))})
    state, dstate = (fill(layer, (a for run in np.swapaxes(torch[s], 0, 1) for a in run)) for s in ("state", "dstate"))
    results = Case(layer, torch["x"], state, torch["lengths"], torch["dy"], dstate).both_passes()

    grads = deepcopy(layer)
    for name, param in grads.params.items():
        param[:] = results[name]
    torch_grads = {name: grad for name, grad in to_torch(grads).items() if kind is GRU or "bias_hh" not in name}
    ours = {"y": results["y"], "dx": results["dx"]} | {f"grad.{name}": grad for name, grad in torch_grads.items()}
    for theirs, name in (("last_state", "last_state"), ("dinitial_state", "dstate")):
        runs = np.stack([array for key, array in results.items() if key.startswith(name)])
        ours[theirs] = np.swapaxes(runs.reshape(-1, len(torch["state"]), *runs.shape[1:]), 0, 1)
    for name, array in ours.items():
        error = np.abs(array - torch[name]).max() / np.abs(torch[name]).max()
        assert array.shape == torch[name].shape and error < 1e-9, f"{name}: relative error {error:.1e}"


@pytest.mark.parametrize(("kind", "architecture"), every_composition)
def test_gradients_agree_with_central_differences(kind, architecture):
    """Each gradient along one random direction, for ten shapes; the smallest shape also entry by entry."""
    rng = np.random.default_rng(7)
    shapes = [(3, 2, 1, 2), *(rng.integers(1, (7, 4, 4, 5)) for _ in range(10))]
    for T, N, D, H in shapes:
        case = random_case(rng.integers(2**32), T, N, D, H, kind, architecture)
        layer = case.layer

        def loss(case=case, layer=layer):
            y, last, _ = layer.forward(case.x, case.state, case.lengths)
            return np.sum(y * case.dy) + sum(map(np.vdot, leaves(last), leaves(case.dstate)))

        arrays = {"x": case.x, **named("dstate", case.state), **layer.params}
        results = case.both_passes()
        grads = {"x": results["dx"]} | {name: results[name] for name in arrays if name != "x"}
        entries = {"every_entry_up_to": 2000 if (T, N, D, H) == shapes[0] else 0}
        report = check_gradients(loss, arrays, grads, **entries)
        assert report.worst < 1e-6, report
    control = negative_control(loss, arrays, grads)
    assert control.wrong == list(control.errors), control


@given(cases)
def test_a_padded_batch_equals_its_sequences_one_by_one(case):
    batch = case.both_passes()
    total = {name: np.zeros_like(param) for name, param in case.layer.params.items()}
    for n, length in enumerate(case.lengths):
        alone = case.one(n).both_passes()
        for name in batch.keys() - total.keys():
            rows = batch[name][:length, n : n + 1] if name in ("y", "dx") else batch[name][n : n + 1]
            assert_same(rows, alone[name])
        assert not batch["y"][length:, n].any() and not batch["dx"][length:, n].any()
        for name in total:
            total[name] += alone[name]
    assert_same({name: batch[name] for name in total}, total, 1e-11)


@pytest.mark.parametrize("garbage", [1e30, np.nan])
@given(case=cases)
def test_what_stands_in_the_padding_changes_nothing(garbage, case):
    clean = case.both_passes()
    padding = np.arange(len(case.x))[:, None] >= case.lengths
    case.x[padding] = garbage
    case.dy[padding] = garbage
    assert_same(case.both_passes(), clean, 0)


@given(cases)
def test_lengths_that_fill_the_batch_change_nothing(case):
    T, N, _ = case.x.shape
    assert_same(replace(case, lengths=[T] * N).both_passes(), replace(case, lengths=None).both_passes(), 0)


@given(cases)
def test_a_state_left_out_in_any_place_is_zero(case):
    for array in (*leaves(case.state), *leaves(case.dstate)):
        array[:] = 0
    zero = case.both_passes()
    assert_same(replace(case, state=None, dstate=None).both_passes(), zero, 0)
    assert_same(replace(case, state=[case.state[0], None], dstate=(None, case.dstate[1])).both_passes(), zero, 0)


@given(
    case=st.builds(random_case, st.integers(0, 99), **sizes, kind=st.sampled_from(KINDS), architecture=st.just(stacked))
)
def test_a_stack_carries_its_state_from_chunk_to_chunk(case):
    y, state, _ = case.layer.forward(case.x, case.state)
    half = len(case.x) // 2 + 1
    y_first, carried, _ = case.layer.forward(case.x[:half], case.state)
    parts = [y_first]
    for step in case.x[half:]:
        y_step, carried, _ = case.layer.forward(step[None], carried)
        parts.append(y_step)
    assert_same(np.concatenate(parts), y)
    assert_same(named("state", carried), named("state", state))


def test_grouping_changes_nothing():
    one, two, three = GRU(3, 4), LSTM(4, 2), RNN(2, 5)
    x = np.random.default_rng(0).standard_normal((6, 3, 3))
    flat, nested = Stacked([one, two, three]), Stacked((Stacked([one, two]), three))
    y, (h0, (h1, c1), h2), _ = flat.forward(x, lengths=[6, 2, 3])
    y_nested, ((g0, (g1, d1)), g2), _ = nested.forward(x, lengths=[6, 2, 3])
    assert_same([y_nested, g0, g1, d1, g2][0], y, 0)
    assert_same({"0": g0, "1": g1, "c": d1, "2": g2}, {"0": h0, "1": h1, "c": c1, "2": h2}, 0)
    assert list(nested.params) == [f"{place}.{name}" for place in ("0.0", "0.1", "1") for name in "WUb"]
    assert (nested.input_size, nested.output_size) == (3, 5)


def test_dropout_acts_between_the_layers_while_training():
    layers, x = [LSTM(3, 40), GRU(40, 5)], np.random.default_rng(0).standard_normal((6, 4, 3))
    layer, between = Stacked(layers, dropout=0.5), Dropout(0.5)
    y, _, cache = layer.forward(x, lengths=[6, 2, 3, 1], rng=np.random.default_rng(1))
    h, _, cache_below = layers[0].forward(x, lengths=[6, 2, 3, 1])
    silenced, factors = between.forward(h, np.random.default_rng(1))
    expected, _, cache_above = layers[1].forward(silenced, lengths=[6, 2, 3, 1])
    assert_same(y, expected, 0)
    dh, _ = between.backward(layers[1].backward(y, cache_above)[0], factors)
    assert_same(layer.backward(y, cache)[0], layers[0].backward(dh, cache_below)[0], 0)
    assert_same(layer.forward(x)[0], Stacked(layers).forward(x)[0], 0)


@pytest.mark.parametrize("inside", ["nothing", "a stack", "both directions"])
def test_gradients_through_dropout(inside):
    stack, other = (Stacked([LSTM(3, 4), GRU(4, 4)], dropout=0.5) for _ in range(2))
    layer = {"nothing": stack, "a stack": Stacked([stack]), "both directions": Bidirectional(stack, other)}[inside]
    x, dy = (np.random.default_rng(0).standard_normal((5, 2, size)) for size in (3, layer.output_size))

    def forward():
        return layer.forward(x, lengths=[5, 3], rng=np.random.default_rng(1))

    dx, _, grads = layer.backward(dy, forward()[2])
    arrays, grads = {"x": x, **layer.params}, {"x": dx, **grads}
    report = check_gradients(lambda: np.vdot(forward()[0], dy), arrays, grads)
    assert report.worst < 1e-6, report
    assert (forward()[0] != layer.forward(x, lengths=[5, 3])[0]).any()


def test_each_direction_reads_from_its_own_end():
    """Units that add up: forward the sum up to t, reverse the sum from t on, within each length."""
    adds = [RNN(1, 1, activation="identity") for _ in range(2)]
    for layer in adds:
        layer.params["W"][:] = layer.params["U"][:] = 1
    x = [[[1], [10]], [[2], [20]], [[3], [999]]]
    y, (end, start), _ = Bidirectional(*adds).forward(x, lengths=[3, 2])
    assert y[:, 0].tolist() == [[1, 6], [3, 5], [6, 3]]
    assert y[:, 1].tolist() == [[10, 30], [30, 20], [0, 0]]
    assert end.tolist() == start.tolist() == [[6], [30]]


@given(cases)
def test_other_uses_between_forward_and_backward_change_nothing(case):
    undisturbed = case.both_passes()
    y, last, cache = case.layer.forward(case.x, case.state, case.lengths)
    _, _, other = case.layer.forward(2 * case.x)
    case.layer.backward(2 * case.dy, other)
    case.layer.backward(2 * case.dy, cache)
    dx, dstate, grads = case.layer.backward(case.dy, cache, case.dstate)
    again = {"y": y, **named("last_state", last), "dx": dx, **named("dstate", dstate), **grads}
    assert_same(again, undisturbed, 0)


@given(cases)
def test_inputs_and_parameters_are_never_changed(case):
    for array in (case.x, case.dy, *leaves(case.state), *leaves(case.dstate), *case.layer.params.values()):
        array.flags.writeable = False
    case.both_passes()


def test_the_parameters_are_the_layers_own():
    below, above = Bidirectional(LSTM(2, 3), LSTM(2, 3)), GRU(6, 2)
    layer = Stacked([below, above])
    assert layer.params["0.reverse.U"] is below.layers["reverse"].params["U"]
    y, _, cache = layer.forward(np.ones((4, 1, 2)))
    before = above.params["W"].copy()
    SGD(0.1).update(layer.params, layer.backward(np.ones_like(y), cache)[2])
    assert (above.params["W"] != before).any()


@pytest.mark.parametrize(("kind", "architecture"), every_composition)
def test_float32_stays_float32_and_close_to_float64(kind, architecture):
    case = random_case(0, 20, 4, 3, 8, kind, architecture, np.float32)
    state, dstate = (fill(case.layer, (a.astype(float) for a in leaves(s))) for s in (case.state, case.dstate))
    double = replace(case, x=case.x.astype(float), dy=case.dy.astype(float), state=state, dstate=dstate).both_passes()
    single = case.both_passes()
    assert {array.dtype for array in single.values()} == {np.dtype(np.float32)}
    for name, array in double.items():
        assert np.abs(single[name] - array).max() <= 1e-4 * np.abs(array).max(), name


# What the calls below are made of: three inputs, four units; five steps of two sequences.
NAMES = {
    **vars(np),
    **{"RNN": RNN, "GRU": GRU, "LSTM": LSTM, "Linear": Linear, "Stacked": Stacked, "Bidirectional": Bidirectional},
    **{"lstm": LSTM(3, 4), "pile": Stacked([GRU(3, 4), LSTM(4, 4)]), "both": Bidirectional(GRU(3, 4), GRU(3, 4))},
    **{"x": np.ones((5, 2, 3)), "h": np.ones((2, 4)), "dy": np.ones((5, 2, 4))},
}
NAMES |= {"pile_cache": NAMES["pile"].forward(NAMES["x"])[2], "both_cache": NAMES["both"].forward(NAMES["x"])[2]}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("Stacked(lstm)", "TypeError: layers is a LSTM; expected a list of recurrent layers"),
        ("Stacked([])", "ValueError: layers is empty; expected at least one recurrent layer"),
        ("Stacked([lstm, Linear(4, 2)])", "TypeError: layer 1 is a Linear; expected a recurrent layer such as an LSTM"),
        (
            "Stacked([lstm], dropout=1.5)",
            "ValueError: rate is 1.5; expected a number from 0 to below 1\nin layer dropout",
        ),
        ("pile.forward(x, rng=7)", "TypeError: rng is 7; expected a generator such as numpy.random.default_rng(0)"),
        ("Bidirectional(lstm, 'LSTM')", "TypeError: layer reverse is a str; expected a recurrent layer such as an LST"),
        ("Stacked([LSTM(4, 4)] * 2)", "ValueError: the same layer has two places; expected one of its own for each"),
        ("Bidirectional(lstm, lstm)", "ValueError: the same layer has two places; expected one of its own for each"),
        (
            "Stacked([GRU(3, 8), GRU(8, 4), both])",
            "ValueError: layer 2 takes 3 values at each step, but layer 1 gives 4; expected layer 2 to have an "
            "input_size of 4",
        ),
        (
            "Stacked([both, GRU(4, 4)])",
            "ValueError: layer 1 takes 4 values at each step, but layer 0 gives 8; expected layer 1 to have an "
            "input_size of 8",
        ),
        (
            "Bidirectional(GRU(3, 4), GRU(3, 5))",
            "ValueError: the directions differ: forward has an input and an output size of 3 and 4, reverse of 3 and 5;"
            " expected the same",
        ),
        (
            "Bidirectional(GRU(3, 4), GRU(2, 4))",
            "ValueError: the directions differ: forward has an input and an output size of 3 and 4, reverse of 2 and 4;"
            " expected the same",
        ),
        ("pile.forward(ones((5, 2, 4)))", "ValueError: x has shape (5, 2, 4); expected (T, N, 3)"),
        ("both.forward(ones((5, 3)))", "ValueError: x has shape (5, 3); expected (T, N, 3)"),
        ("both.forward(full((5, 2, 3), nan))", "ValueError: x holds 30 NaN or infinite value(s), the first at"),
        ("both.forward(x, lengths=[2, 6])", "ValueError: lengths holds values from 2 to 6; expected 1 to T = 5"),
        ("both.forward(x, lengths=[2, 3, 4])", "ValueError: lengths has shape (3,); expected (2,), one length for"),
        ("pile.forward(x, lengths=[2.0, 3.0])", "TypeError: lengths holds values of type float64; expected whole"),
        ("pile.forward(x, h)", "TypeError: state is a ndarray; expected a tuple of 2, one for each layer: 0, 1"),
        ("both.forward(x, (h,))", "ValueError: state has 1 parts; expected a tuple of 2, one for each layer: forward"),
        (
            "both.forward(x, (h, ones((1, 4))))",
            "ValueError: state has shape (1, 4); expected (2, 4)\nin layer reverse",
        ),
        (
            "pile.forward(x, (h, h))",
            "TypeError: state is a ndarray; expected the pair (h, c), each of shape (2, 4)\nin layer 1",
        ),
        ("pile.backward(ones((5, 2, 3)), pile_cache)", "ValueError: dy has shape (5, 2, 3); expected (5, 2, 4)"),
        ("both.backward(dy, both_cache)", "ValueError: dy has shape (5, 2, 4); expected (5, 2, 8)"),
        ("pile.backward(dy, pile_cache, h)", "TypeError: dstate is a ndarray; expected a tuple of 2, one for each la"),
        ("pile.backward(dy, pile_cache, (h, h, h))", "ValueError: dstate has 3 parts; expected a tuple of 2, one for"),
        (
            "pile.backward(dy, pile_cache, (h.T, None))",
            "ValueError: dstate has shape (4, 2); expected (2, 4)\nin layer 0",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        eval(call, NAMES)
    assert "\n".join([f"{caught.typename}: {caught.value}", *getattr(caught.value, "__notes__", [])]).startswith(
        message
    )


SMALL = {kind.__name__: kind(3, 4) for kind in KINDS} | {build.__name__: build(GRU, 3, 4) for build in ARCHITECTURES}


@pytest.mark.parametrize("layer", SMALL.values(), ids=SMALL)
def test_the_gradient_of_the_input_can_be_spared(layer):
    rng = np.random.default_rng(0)
    y, _, cache = layer.forward(rng.standard_normal((5, 2, 3)), lengths=[5, 3])
    dy = rng.standard_normal(y.shape)
    spared, dstate, grads = layer.backward(dy, cache, to_input=False)
    _, its_dstate, its_grads = layer.backward(dy, cache)
    assert spared is None
    assert_same(grads | named("dstate", dstate), its_grads | named("dstate", its_dstate), 0)
