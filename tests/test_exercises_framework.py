"""What a check says to answers that are not there yet, right, or badly behaved, and how it shows what it says."""

import random
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


def test_what_the_answer_prints_is_left_alone(capsys):
    def prints(h):
        print("h is", h.shape)
        return 2 * h

    assert double.check(prints).kind == "right"
    assert "h is (4, 3)" in capsys.readouterr().out


def test_misconceptions_print_nothing(capsys):
    vars(double).pop("_known", None)
    double.check(lambda h: 3 * h)
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
    assert repr(panel) == "a < b.\nTake `x @ W` & more.\n    if a < b:\n        pass"
