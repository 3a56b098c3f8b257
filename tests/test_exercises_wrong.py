"""What a check says to wrong answers: it never raises, and it never says just 'wrong'."""

import itertools

import numpy as np
import pytest

from rnn_lab.exercises import bptt, cell, gates, start
from rnn_lab.exercises.panel import ORANGE

double = start.warm_up
right_backward = cell.backward.reference


def scolds(h):
    raise ValueError("no  such\nthing")


def recurses(h):
    return recurses(h)


def leaves(h):
    raise SystemExit


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("not even this")


def cannot_say_why(h):
    raise Unspeakable


def returns_itself(h):
    endless = []
    endless.append(endless)
    return endless


def divides_by_zero(h):
    return 2 * h / 0


def names_an_address(h):
    raise TypeError(f"cannot add {object()}")


def says_too_much(h):
    raise ValueError("x" * 5000)


def knows_no_numpy(h):
    return eval("np.multiply(2, h)", {"h": h})


class Hostile:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no array")


@pytest.mark.parametrize(
    ("answer", "sentences"),
    [
        (3, ["this is not a function", "given a number"]),
        (10**400, ["this is not a function"]),
        ("double", ["this is not a function", "a value of type str", "without calling it"]),
        (np.zeros((4, 1)), ["this is not a function", "an array of shape (4, 1)"]),
        (dict, ["this is not a function", "the class dict"]),
        (lambda: 1, ["takes other arguments", "called with 1, in this order: h"]),
        (lambda h, factor: 1, ["takes other arguments"]),
        (scolds, ["it raises ValueError", "no such thing", "with h (4, 1)", 'raise ValueError("no  such\\nthing")']),
        (recurses, ["it raises RecursionError", "return recurses(h)"]),
        (leaves, ["it raises SystemExit", "It has no message", "raise SystemExit"]),
        (cannot_say_why, ["it raises Unspeakable", "Its message cannot be shown", "raise Unspeakable"]),
        (names_an_address, ["cannot add <object object at 0x...>"]),
        (says_too_much, ["x ..."]),
        (knows_no_numpy, ["it raises NameError", "Run the first cell of the chapter: it imports NumPy as `np`."]),
        (lambda h: "state", ["doubled is a value of type str; expected an array of shape (4, 1)"]),
        (lambda h: ["a"] * 4, ["doubled holds text; expected real numbers"]),
        (lambda h: [object()] * 4, ["doubled holds objects; expected real numbers"]),
        (lambda h: 2j * h, ["doubled holds complex numbers"]),
        (lambda h: [[1.0], [2.0, 3.0]], ["returns a value of type list", "doubled cannot be made an array"]),
        (lambda h: Hostile(), ["returns a value of type Hostile"]),
        (lambda h: 10**400, ["doubled is a number; expected an array"]),
        (returns_itself, ["doubled"]),
        (lambda h: 1e308 * h * 1e308, ["NaN or infinity"]),
        (lambda h: np.full(h.shape, 1e308), ["doubled differs by up to 1e+308"]),
        (lambda h: {}, ["doubled is a value of type dict"]),
        (lambda h: (2 * h, h), ["it returns 2 outputs", "Expected 1: doubled"]),
        (lambda h: (2 * h)[:-1], ["doubled has shape (3, 1); expected (4, 1)"]),
        (lambda h: 2 * h.T, ["has shape (1, 4); expected (4, 1). It is the transpose"]),
        (lambda h: 2 * h[:, :1], ["right for one column; wrong for a batch of 3", "(4, 1); expected (4, 3)"]),
        (divides_by_zero, ["doubled holds NaN or infinity in 4 of 4 entries"]),
        (lambda h: -2 * h, ["It has the opposite sign"]),
        (lambda h: 6 * h, ["Every entry is 3 times its due"]),
        (lambda h: (2 + 1e-6) * h, ["All entries are off by the same factor, close to 1."]),
        (lambda h: 0 * h, ["It is zero"]),
        (lambda h: h + 1, ["doubled differs by up to", "It was called with h (4, 1)"]),
    ],
    ids=itertools.count(),
)
def test_wrong_answers_get_the_right_sentence(answer, sentences):
    verdict = double.check(answer)
    assert (verdict.kind, verdict.misconception, verdict.colour) == ("wrong", None, ORANGE)
    for sentence in sentences:
        assert sentence in " ".join(repr(verdict).split()) or sentence in verdict.code, verdict
    assert len(repr(verdict)) < 1000


def test_the_line_that_raised_is_the_learners_own():
    def helper(x):
        return np.zeros(3) @ np.zeros(4)

    def calls_a_helper(h):
        return helper(h)

    first_line = helper.__code__.co_firstlineno
    assert double.check(calls_a_helper).code == f"line {first_line + 1}: return np.zeros(3) @ np.zeros(4)"


def test_an_exception_under_every_condition_needs_no_list_of_them():
    assert "condition" not in repr(double.check(scolds))


def test_an_exception_in_some_conditions_only():
    def only_one_example(h):
        if h.shape[1] > 1:
            raise IndexError("batch")
        return 2 * h

    verdict = double.check(only_one_example)
    assert verdict.headline == "Not right yet: it raises IndexError."
    assert "doubled is right for one column; wrong for a batch of 3." in verdict.sentences


def test_keyboard_interrupt_comes_through():
    def interrupted(h):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        double.check(interrupted)


# --- several outputs ----------------------------------------------------------------------------------------------


def spoiled(**changes):
    """A right `backward` with some outputs changed afterwards."""

    def answer(x, h, dh_next, W, U, b):
        outputs = dict(zip(("dx", "dh", "dW", "dU", "db"), right_backward(x, h, dh_next, W, U, b), strict=True))
        return tuple(changes.get(name, lambda value: value)(value) for name, value in outputs.items())

    return answer


@pytest.mark.parametrize(
    ("answer", "sentences"),
    [
        (lambda *a: right_backward(*a)[:3], ["it returns 3 outputs", "Expected 5: dx, dh, dW, dU and db"]),
        (lambda *a: right_backward(*a)[:1], ["it returns 1 output."]),
        (lambda *a: right_backward(*a)[0], ["it returns an array of shape (3, 1)", "Expected 5 outputs"]),
        (spoiled(dW=lambda dW: None), ["Not right yet: dW.", "dW is None; expected an array of shape (4, 3)"]),
        (spoiled(dW=lambda dW: ...), ["dW is `...`; expected an array of shape (4, 3)"]),
        (
            spoiled(dU=lambda dU: 2 * dU, db=lambda db: db[:, 0]),
            ["Not right yet: dU and db.", "dx, dh and dW are right.", "dU and db are wrong under every condition."],
        ),
        (
            spoiled(db=lambda db: db.astype(np.float16).astype(float)),
            ["dx, dh, dW and dU are right.", "db is wrong under every condition."],
        ),
        (
            lambda *a: (lambda dx, dh, dW, dU, db: (dx, dh, dU, dW, db))(*right_backward(*a)),
            ["dW has shape (4, 4); expected (4, 3). It equals dU: the order is dx, dh, dW, dU, db."],
        ),
    ],
    ids=itertools.count(),
)
def test_outputs_are_told_apart(answer, sentences):
    verdict = cell.backward.check(answer)
    assert (verdict.kind, verdict.misconception) == ("wrong", None)
    for sentence in sentences:
        assert sentence in (verdict.headline, *verdict.sentences) or sentence in " ".join(repr(verdict).split()), (
            verdict
        )


def raised(*rows):
    """Add 1 in some rows of a column."""
    return lambda db: db + np.isin(np.arange(len(db)), rows)[:, None]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ((1, 2), "Of its 4 rows, only 1 to 2 are wrong."),
        ((3,), "Of its 4 rows, only 3 is wrong."),
        ((0, 2, 3), "Of its 4 rows, only 0 and 2 to 3 are wrong."),
    ],
)
def test_among_several_outputs_that_are_wrong_one_with_a_clue_is_described(rows, sentence):
    verdict = cell.backward.check(spoiled(dx=lambda dx: dx + 1, db=raised(*rows)))
    assert verdict.headline == "Not right yet: dx and db."
    assert any(said.startswith("For one example: db ") and said.endswith(sentence) for said in verdict.sentences)


def test_wrong_rows_without_a_pattern_are_not_listed():
    def every_third_row_raised(*arguments):
        *others, db = gates.lstm_backward.reference(*arguments)
        return *others, raised(0, 3, 6, 9)(db)

    assert "rows" not in repr(gates.lstm_backward.check(every_third_row_raised))


def test_a_single_number_in_an_array_is_shown():
    verdict = gates.half_life.check(lambda bias: 0 * bias + 7)
    assert any(said.startswith("For one bias: steps is 7; expected ") for said in verdict.sentences)


def test_two_mistakes_at_once_are_placed_though_not_named():
    def two_mistakes(x, h, dh, W, U):
        dz = dh * (1 - h[1:] ** 2)  # no future, and then only the first example
        dx, dh0, _, dU, _ = bptt.backward_through_time.reference(x, h, dh, W, U)
        return dx, dh0, dz[0] @ x[0].T, dU, dz[:, :, 0].sum(axis=0)[:, None]

    verdict = bptt.backward_through_time.check(two_mistakes)
    assert (verdict.headline, verdict.misconception) == ("Not right yet: dW and db.", None)
    assert verdict.sentences[:2] == (
        "dx, dh0 and dU are right.",
        "dW and db are right for one step; wrong for several steps, a batch of 3 and float32 arrays.",
    )
    assert verdict.sentences[2].startswith("For several steps: dW differs by up to ")


def spoiled_states(step, value):
    """A right `unroll` whose states from `step` on are replaced."""

    def answer(*arguments):
        h = cell.unroll.reference(*arguments)
        h[step:] = value
        return h

    return answer


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (spoiled_states(3, 7), "h[0] to h[2] are right, h[3] is not."),
        (spoiled_states(1, 7), "h[0] is right, h[1] is not."),
        (spoiled_states(-1, 0), "h[0] to h[4] are right, h[5] is not: it is zero."),
    ],
)
def test_along_time_the_first_step_that_is_wrong_is_named(answer, sentence):
    assert any(said.endswith(sentence) for said in cell.unroll.check(answer).sentences)


def test_on_the_way_back_steps_are_counted_from_the_end():
    def late_losses_only(y, target):
        loss, dy = bptt.loss_gradient.reference(y, target)
        dy[:-2] += 1
        return loss, dy

    assert "dy[3] to dy[4] are right, dy[2] is not." in " ".join(bptt.loss_gradient.check(late_losses_only).sentences)


def test_something_where_zero_is_expected_is_measured():
    only_zero_is_wrong = bptt.clip.check(
        lambda grads, max_norm: {
            name: clipped if clipped.any() else clipped + 1
            for name, clipped in bptt.clip.reference(grads, max_norm).items()
        }
    )
    assert only_zero_is_wrong.sentences[1].endswith("differs by up to 1, where its largest entry should be 0.")


def test_a_dict_that_is_no_dict_or_has_other_keys():
    assert "Expected a dict with the keys 'W', 'U', 'b'." in repr(bptt.clip.check(lambda grads, max_norm: 1.0))
    other = bptt.clip.check(lambda grads, max_norm: {"w": grads["W"]})
    assert "it returns a dict with the keys 'w'" in other.headline


def test_a_number_is_shown_beside_the_one_expected():
    verdict = cell.memory_span.check(lambda radius, fraction: 7)
    assert any("steps is 7; expected" in sentence for sentence in verdict.sentences)
    assert any("with radius = 0." in sentence for sentence in verdict.sentences)
