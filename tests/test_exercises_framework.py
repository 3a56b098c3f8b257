"""What a check says to answers that are not there yet, right, or badly behaved, and how it shows what it says."""

import random
import sys
import warnings
from collections import UserDict

import numpy as np
import pytest

from rnn_lab.exercises import bptt, cell, start
from rnn_lab.exercises.panel import GREEN, NEUTRAL, Panel

double = start.warm_up
right_backward = cell.backward.reference


# --- nothing to look at yet ---------------------------------------------------------------------------------------


def only_a_docstring(h):
    """Twice the state."""


def passes(h):
    pass


def returns_none(h):
    doubled = None
    return doubled


def returns_dots(h):
    z = 3 * h
    z = ...
    return z


def raises_not_implemented(h):
    raise NotImplementedError("later")


@pytest.mark.parametrize(
    "answer",
    [None, ..., NotImplemented, only_a_docstring, passes, returns_none, returns_dots, raises_not_implemented],
)
def test_not_attempted(answer):
    verdict = double.check(answer)
    assert (verdict.kind, verdict.misconception, verdict.colour) == ("not attempted", None, NEUTRAL)
    assert double.task in verdict.sentences


@pytest.mark.parametrize("output", [None, ...])
def test_a_tuple_of_placeholders_is_not_attempted(output):
    assert cell.backward.check(lambda x, h, dh_next, W, U, b: (output,) * 5).kind == "not attempted"


@pytest.mark.parametrize("placeholder", [lambda h: ..., raises_not_implemented], ids=["dots", "raised"])
def test_a_part_that_is_still_to_be_written(placeholder):
    verdict = double.check(lambda h: 2 * h if h.shape[1] == 1 else placeholder(h))
    assert verdict.kind == "not attempted"
    assert "For a batch of 3, the function returns nothing so far." in verdict.sentences


# --- right --------------------------------------------------------------------------------------------------------


class Doubler:
    def __call__(self, h):
        return h + h


@pytest.mark.parametrize(
    "answer",
    [
        lambda h: 2 * h,
        lambda h: (2 * h).tolist(),
        lambda h, factor=2: factor * h,
        lambda *arguments: 2 * arguments[0],
        Doubler(),
    ],
    ids=["array", "list", "default", "any number", "object"],
)
def test_whatever_is_right_passes(answer):
    verdict = double.check(answer)
    assert (verdict.kind, verdict.colour) == ("right", GREEN), verdict
    assert repr(verdict) == "Right: warm_up.\nIt agrees with the solution for one column and a batch of 3."


def test_float32_is_held_to_what_float32_can_do():
    def in_one_product(x, h, W, U, b):
        ones = np.ones((1, x.shape[1]), x.dtype)
        return np.tanh(np.hstack([W, U, b]) @ np.vstack([x, h, ones]))

    assert cell.forward.check(in_one_product).kind == "right"


def test_a_guard_against_division_by_zero_is_forgiven():
    def guarded(grads, max_norm):
        norm = np.sqrt(sum(np.sum(grad**2) for grad in grads.values()))
        return {name: grad * min(1.0, max_norm / (norm + 1e-6)) for name, grad in grads.items()}

    assert bptt.clip.check(guarded).kind == "right"


def test_rounding_is_forgiven_where_zero_is_expected():
    assert (
        bptt.clip.check(
            lambda grads, max_norm: {name: grad + 1e-15 for name, grad in bptt.clip.reference(grads, max_norm).items()}
        ).kind
        == "right"
    )


def test_a_list_of_outputs_and_another_kind_of_dict_pass():
    assert cell.backward.check(lambda *arguments: list(right_backward(*arguments))).kind == "right"
    assert bptt.clip.check(lambda grads, max_norm: UserDict(bptt.clip.reference(grads, max_norm))).kind == "right"


# --- what is printed ----------------------------------------------------------------------------------------------


def test_of_what_is_printed_the_first_call_is_shown_below_the_verdict(capsys):
    def prints(h):
        print("h is", h.shape)
        print("on stderr", file=sys.stderr)
        warnings.warn("have\ncare", stacklevel=1)
        return 2 * h

    verdict = double.check(prints)
    assert (verdict.kind, verdict.printed) == ("right", "h is (4, 1)\non stderr\nUserWarning: have care")
    assert repr(verdict).endswith("the function printed:\n    h is (4, 1)\n    on stderr\n    UserWarning: have care")
    assert "h is (4, 1)\non stderr" in verdict._repr_html_()
    assert capsys.readouterr() == ("", "")


def test_a_flood_is_cut():
    def floods(h):
        for _ in range(1000):
            print("<" * 1000)
        raise ValueError

    lines = double.check(floods).printed.splitlines()
    assert len(lines) == 11 and lines[-1] == "... 1000 lines in all"
    assert all(len(line) == 88 for line in lines[:-1])


def test_what_is_printed_before_anything_returns_is_shown_too():
    def prints_only(h):
        print("so far")
        return ...

    verdict = double.check(prints_only)
    assert (verdict.kind, verdict.printed) == ("not attempted", "so far")


def test_misconceptions_print_nothing(capsys):
    vars(double).pop("_known", None)
    assert double.check(lambda h: 3 * h).printed == ""
    assert capsys.readouterr().out == ""


# --- changed arguments, and memory ------------------------------------------------------------------------------


def test_arguments_changed_in_place_are_named():
    def changes(x, h, dh_next, W, U, b):
        outputs = right_backward(x, h, dh_next, W, U, b)
        dh_next *= 2
        W += 1
        return outputs

    verdict = cell.backward.check(changes)
    assert verdict.headline == "Not right yet: it changes dh_next and W in place."
    assert "dx, dh, dW, dU and db are right." in verdict.sentences


def doubles_without_a_return(h):
    h *= 2


def clips_without_a_return(grads, max_norm):
    for name, clipped in bptt.clip.reference(grads, max_norm).items():
        grads[name] *= clipped.sum()


@pytest.mark.parametrize(
    ("exercise", "answer", "argument", "output"),
    [(double, doubles_without_a_return, "h", "doubled"), (bptt.clip, clips_without_a_return, "grads", "clipped")],
)
def test_changing_an_argument_is_no_return(exercise, answer, argument, output):
    verdict = exercise.check(answer)
    assert verdict.headline == f"Not right yet: it changes {argument} in place and returns nothing."
    assert f"end the function with `return {output}`" in verdict.sentences[-1]
    assert "under every condition" not in repr(verdict)


def test_the_callers_own_arrays_handed_back_are_noticed():
    def leaves_small_ones_alone(grads, max_norm):
        clipped = bptt.clip.reference(grads, max_norm)
        return clipped if any((clipped[name] != grads[name]).any() for name in grads) else grads

    verdict = bptt.clip.check(leaves_small_ones_alone)
    assert (verdict.kind, verdict.headline) == ("wrong", "Not right yet: it hands back grads instead of new arrays.")
    assert "for a norm that is small enough the caller gets its own grads back" in verdict.sentences[0]


def test_gradients_in_a_dict_changed_in_place_are_noticed():
    def changes(grads, max_norm):
        clipped = bptt.clip.reference(grads, max_norm)
        del grads["W"]
        return clipped

    assert bptt.clip.check(changes).headline == "Not right yet: it changes grads in place."


def test_what_is_remembered_or_random_is_noticed():
    calls = []

    def remembers(h):
        calls.append(h)
        return 2 * h + len(calls)

    assert "a second call with the same arguments gives another result" in double.check(remembers).headline
    assert "a second call" in double.check(lambda h: 2 * h + random.random()).headline


def test_a_result_that_is_overwritten_later_does_not_confuse_the_check():
    buffers = {}

    def reuses_its_buffer(h):
        buffer = buffers.setdefault(h.shape, np.empty_like(h))
        return np.multiply(2, h, out=buffer)

    assert double.check(reuses_its_buffer).kind == "right"


# --- how it is shown ----------------------------------------------------------------------------------------------


def test_html_is_escaped_and_says_the_same():
    panel = Panel("a < b.", ("Take `x @ W` & more.",), "if a < b:\n    pass")
    html = panel._repr_html_()
    assert "<strong>a &lt; b.</strong>" in html
    assert "Take <code>x @ W</code> &amp; more." in html
    assert "if a &lt; b:\n    pass</pre>" in html
    assert "white-space: pre; overflow-x: auto" in html
    assert repr(panel) == "a < b.\nTake `x @ W` & more.\n    if a < b:\n        pass"
