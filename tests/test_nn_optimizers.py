"""Optimizers, schedules and clipping: their rules by hand, in place, in the dtype of the parameters."""

from pathlib import Path

import numpy as np
import pytest
from support import assert_same

from rnn_lab.nn import SGD, Adam, clip_by_norm, cosine_decay, exponential_decay, step_decay, warmup
from rnn_lab.nn.optimizers import BLOCK

VALUES = Path(__file__).parent / "oracles" / "torch_schedule_values.npz"

RULES = pytest.mark.parametrize(
    "make",
    [lambda: SGD(0.1), lambda: SGD(0.1, momentum=0.9), lambda: Adam(0.1), lambda: Adam(warmup(2, 0.1))],
    ids=["SGD", "momentum", "Adam", "schedule"],
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
    assert_same(optimizer.state, {"step": 2, "velocity.w": np.array([3.0])})


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


@pytest.mark.parametrize("shape", [(), (1,), (2 * BLOCK + 5,), (3, BLOCK // 2 + 1), (2, BLOCK + 1), (7, 3, 5)])
def test_adam_in_blocks_is_adam_entry_by_entry(shape):
    """Fifty entries, each as if it were alone; and an array that does not lie in memory in its own order."""
    rng = np.random.default_rng(0)
    start, grads = rng.standard_normal(shape), rng.standard_normal((3, *shape))
    whole, turned, one_by_one = {"w": start.copy()}, {"w": start.T.copy().T}, {"w": start.reshape(-1, 1).copy()}
    for params in (whole, turned):
        optimizer = Adam(0.1)
        for grad in grads:
            optimizer.update(params, {"w": grad})
    entries = np.unique(np.linspace(0, start.size - 1, 50, dtype=int))
    for entry in entries:
        params, optimizer = {"w": one_by_one["w"][entry]}, Adam(0.1)
        for grad in grads:
            optimizer.update(params, {"w": grad.reshape(-1)[[entry]]})
    assert_same(whole["w"].ravel()[entries], one_by_one["w"].ravel()[entries])
    assert_same(turned["w"], whole["w"])
    assert (whole["w"] != start).all()


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


SCHEDULES = {
    "warmup": warmup(6, 0.3),
    "cosine": cosine_decay(0.3, 20, final=0.01),
    "exponential": exponential_decay(0.3, 0.5, every=8),
    "step": step_decay(0.3, 0.5, every=8),
    "warmup_cosine": warmup(6, cosine_decay(0.3, 14)),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_give_pytorchs_rates(name):
    with np.load(VALUES) as torch:
        rates = torch[name]
    assert_same([SCHEDULES[name](step) for step in range(len(rates))], rates, 1e-9)


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (warmup(3, 8.0), {0: 2, 1: 4, 2: 6, 3: 8, 4: 8, 1000: 8}),
        (cosine_decay(2.0, 6), {0: 2, 2: 1.5, 3: 1, 4: 0.5, 6: 0, 7: 0, 1000: 0}),
        (cosine_decay(2.0, 6, final=1.0), {0: 2, 2: 1.75, 6: 1, 7: 1}),
        (exponential_decay(8.0, 0.25, every=2), {0: 8, 1: 4, 2: 2, 3: 1}),
        (exponential_decay(1.0, 10.0, every=2), {0: 1, 2: 10, 4: 100}),
        (step_decay(8.0, 0.25, every=2), {0: 8, 1: 8, 2: 2, 3: 2, 4: 0.5}),
        (warmup(1, step_decay(8.0, 0.5, every=2)), {0: 4, 1: 8, 2: 8, 3: 4, 4: 4}),
        (warmup(1, warmup(1, 8.0)), {0: 2, 1: 4, 2: 8}),
    ],
)
def test_schedules_by_hand(schedule, rates):
    assert_same([schedule(step) for step in rates], list(rates.values()))


@pytest.mark.parametrize(("rule", "make"), [("sgd", lambda rate: SGD(rate, momentum=0.9)), ("adam", Adam)])
def test_optimizers_follow_a_schedule_as_pytorchs_do(rule, make):
    with np.load(VALUES) as torch:
        path, grads = torch[f"{rule}.params"], torch[f"{rule}.grads"]
    params, optimizer = {"w": path[0].copy()}, make(SCHEDULES["warmup_cosine"])
    for grad, expected in zip(grads, path[1:], strict=True):
        optimizer.update(params, {"w": grad})
        assert_same(params["w"], expected, 1e-9)


@pytest.mark.parametrize("make", [SGD, Adam])
def test_a_rate_that_has_reached_zero_stands_still(make):
    params, optimizer = one(1), make(cosine_decay(0.1, 1))
    for expected in (0.9, 0.9, 0.9):
        optimizer.update(params, one(1))
        assert_same(params, one(expected), 1e-7)


@pytest.mark.parametrize("make", [SGD, Adam])
@pytest.mark.parametrize("rate", [-0.1, np.nan, np.inf, None, "fast"])
def test_a_schedule_that_gives_no_rate_is_named_and_changes_nothing(make, rate):
    params, optimizer = one(1), make(lambda step: 0.1 if step < 2 else rate)
    optimizer.update(params, one(1))
    optimizer.update(params, one(1))
    before = {name: array.copy() for name, array in (params | optimizer.state).items()}
    with pytest.raises(ValueError) as caught:
        optimizer.update(params, one(1))
    assert str(caught.value) == f"the learning rate of step 2 is {rate!r}; expected the schedule to give 0 or more"
    assert_same(params | optimizer.state, before, 0)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: warmup(0, 0.1), ValueError, "steps is 0; expected at least 1"),
        (lambda: warmup(10.0, 0.1), TypeError, "steps is 10.0, a float; expected a whole number"),
        (lambda: warmup(10, 0), ValueError, "then is 0; expected a number above 0"),
        (lambda: cosine_decay(-1, 10), ValueError, "rate is -1; expected a number above 0"),
        (lambda: cosine_decay(1, -5), ValueError, "steps is -5; expected at least 1"),
        (lambda: cosine_decay(1, 10, final=-1), ValueError, "final is -1; expected a number from 0 to rate = 1.0"),
        (lambda: cosine_decay(1, 10, final=2), ValueError, "final is 2; expected a number from 0 to rate = 1.0"),
        (lambda: cosine_decay(warmup(1, 0.1), 10), ValueError, "rate is <function"),
        (lambda: exponential_decay(1, 0, every=1), ValueError, "factor is 0; expected a number above 0"),
        (lambda: exponential_decay(1, 0.5, every=0), ValueError, "every is 0; expected at least 1"),
        (lambda: step_decay(1, np.nan, every=1), ValueError, "factor is nan; expected a number above 0"),
        (lambda: step_decay(1, 0.5, every=1.5), TypeError, "every is 1.5, a float; expected a whole number"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value).startswith(message)


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
