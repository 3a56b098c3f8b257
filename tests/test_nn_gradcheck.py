"""The gradient check itself: it passes what is right, catches what is wrong, and leaves no trace."""

import numpy as np
import pytest
from support import sequence_case

from rnn_lab.nn.gradcheck import (
    GradientReport,
    check_gradients,
    negative_control,
    numerical_gradient,
    relative_error,
)

# Entry by entry, and along random directions.
MODES = pytest.mark.parametrize("options", [{}, {"every_entry_up_to": 0}], ids=["entries", "direction"])


@pytest.fixture
def problem():
    """A loss, what it depends on, and its true gradients."""
    case = sequence_case(3, T=5, N=3, D=4, H=4)

    def loss():
        y, state, _ = case.layer.forward(case.x, case.state, case.lengths)
        return np.sum(y * case.dy) + np.sum(state * case.dstate)

    cache = case.layer.forward(case.x, case.state, case.lengths)[2]
    dx, dstate, grads = case.layer.backward(case.dy, cache, case.dstate)
    return loss, {"x": case.x, "state": case.state, **case.layer.params}, {"x": dx, "state": dstate, **grads}


def one_entry_off(grad):
    grad[1, 2] *= 1.001
    return grad


SPOILS = {
    "sign": lambda grad: -grad,
    "factor of two": lambda grad: 2 * grad,
    "factor near one": lambda grad: 1.0001 * grad,
    "one entry": one_entry_off,
    "transposed": lambda grad: grad.T,
    "zero": np.zeros_like,
    "rows in another order": lambda grad: grad[::-1],
    "an added constant": lambda grad: grad + 1e-3,
    "NaN": lambda grad: np.full_like(grad, np.nan),
    "one NaN": lambda grad: np.where(grad == grad.max(), np.nan, grad),
}


@MODES
def test_right_gradients_pass(problem, options):
    report = check_gradients(*problem, **options)
    assert report.wrong == [] and report.worst < 1e-7
    assert report.errors.keys() == problem[1].keys()


@MODES
@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoiled_gradient_is_caught_and_no_other_blamed(problem, options, spoil):
    loss, arrays, grads = problem
    report = check_gradients(loss, arrays, {**grads, "U": SPOILS[spoil](grads["U"].copy())}, **options)
    assert report.wrong == ["U"]
    assert not report.worst <= 1e-6


@MODES
def test_a_missing_term_is_caught(problem, options):
    """Without the gradient through time, only the last step's share is left."""
    loss, arrays, grads = problem
    case = sequence_case(3, T=5, N=3, D=4, H=4)
    cache = case.layer.forward(case.x, case.state, case.lengths)[2]
    cut = case.layer.backward(case.dy, cache, case.dstate, truncate=1)[2]
    assert check_gradients(loss, arrays, grads | cut, **options).wrong == ["W", "U", "b"]


@MODES
def test_the_negative_control_fails_every_name(problem, options):
    report = negative_control(*problem, **options)
    assert report.wrong == list(problem[1])


@MODES
def test_arrays_and_gradients_are_left_as_they_were(problem, options):
    loss, arrays, grads = problem
    before = [{name: array.copy() for name, array in group.items()} for group in (arrays, grads)]
    check_gradients(loss, arrays, grads, **options)
    negative_control(loss, arrays, grads, **options)
    for group, copies in zip((arrays, grads), before, strict=True):
        assert all((group[name] == copies[name]).all() for name in group)


@MODES
@pytest.mark.parametrize("call", [1, 2])
def test_arrays_are_restored_when_the_loss_breaks(options, call):
    array, calls = np.ones(3), iter(range(100))

    def breaks_in_the_middle():
        if next(calls) == call:
            raise KeyboardInterrupt
        return float(array.sum())

    with pytest.raises(KeyboardInterrupt):
        check_gradients(breaks_in_the_middle, {"a": array}, {"a": np.ones(3)}, **options)
    assert (array == 1).all()


@MODES
def test_a_gradient_that_is_zero_everywhere_is_right_when_the_loss_is_flat(options):
    array = np.ones((2, 3))
    for constant in (0.0, 5.0):
        report = check_gradients(lambda value=constant: value, {"a": array}, {"a": np.zeros((2, 3))}, **options)
        assert report.errors == {"a": 0}
        assert negative_control(lambda value=constant: value, {"a": array}, {"a": np.zeros((2, 3))}, **options).wrong


@MODES
def test_a_loss_that_is_nan_makes_the_check_fail(options):
    report = check_gradients(lambda: np.nan, {"a": np.ones(2)}, {"a": np.zeros(2)}, **options)
    assert report.wrong == ["a"] and np.isnan(report.worst)


def test_rounding_of_a_large_loss_does_not_count_against_a_tiny_gradient():
    array = np.random.default_rng(0).standard_normal(5)
    report = check_gradients(lambda: 1000 + 1e-3 * np.sum(array**2), {"a": array}, {"a": 2e-3 * array})
    assert report.wrong == []
    assert negative_control(lambda: 1000 + 1e-3 * np.sum(array**2), {"a": array}, {"a": 2e-3 * array}).wrong == ["a"]


def test_small_arrays_go_entry_by_entry_and_large_ones_along_a_direction():
    small, large = np.ones(4), np.ones(5)
    calls = []

    def loss():
        calls.append(1)
        return float(np.sum(small**2) + np.sum(large**2))

    report = check_gradients(loss, {"a": small, "b": large}, {"a": 2 * small, "b": 2 * large}, every_entry_up_to=4)
    assert report.wrong == []
    assert len(calls) == 1 + 2 * 4 + 2


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 3)])
def test_the_numerical_gradient_of_a_cubic(shape):
    array = np.random.default_rng(0).standard_normal(shape)
    measured = numerical_gradient(lambda: float(np.sum(array**3)), array)
    assert measured.shape == shape
    np.testing.assert_allclose(measured, 3 * array**2, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(
    ("analytic", "numerical", "floor", "error"),
    [
        ([1, 2], [1, 2], 0, 0),
        ([1, 2], [1, 4], 0, 0.5),
        ([1, -4], [1, -2], 0, 0.5),
        ([0, 0], [0, 0], 0, 0),
        ([0, 0], [0, 1e-9], 0, 1),
        ([0, 0], [0, 1e-9], 1, 1e-9),
        ([0, np.nan], [0, 1], 0, np.nan),
        ([0, 0], [0, np.nan], 0, np.nan),
    ],
)
def test_relative_error(analytic, numerical, floor, error):
    assert relative_error(np.array(analytic), np.array(numerical), floor) == pytest.approx(error, nan_ok=True)


def test_the_report_shows_itself_as_a_table():
    report = GradientReport({"W": 2e-9, "recurrent": 0.02, "b": float("nan")})
    assert repr(report).splitlines() == [
        "gradient   relative error",
        "W          2.0e-09         right",
        "recurrent  2.0e-02         WRONG",
        "b          nan             WRONG",
    ]
    assert report.wrong == ["recurrent", "b"] and np.isnan(report.worst)
    assert GradientReport({"W": 0.02}, tolerance=0.1).wrong == []
