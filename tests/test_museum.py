"""The bug museum: every listing is caught, its one wrong line is the only mistake, and every line gets an answer."""

import inspect

import pytest
from test_exercises import assert_reads_well

from rnn_lab.exercises import listings, museum

by_number = pytest.mark.parametrize("exhibit", museum.EXHIBITS, ids=lambda exhibit: f"{exhibit.number}-{exhibit.name}")

ALL = ["x", "h0", "W", "U", "b"]
WRONG = {"zero_weight_gradients": ["W", "U", "b"], "reversed_in_name_only": ["x"]}
WRONG_OVER_ONE_STEP = {"no_future": [], "no_states_kept": [], "running_gradient_never_updated": ["h0"]}


def named(name):
    (found,) = (exhibit for exhibit in museum.EXHIBITS if exhibit.name == name)
    return found


def said(panel):
    return " ".join(repr(panel).split())


def test_all_listings_are_exhibited_once():
    names = {exhibit.name for exhibit in museum.EXHIBITS}
    assert len(names) == len(museum.EXHIBITS) == inspect.getsource(listings).count("@mistaken(") == 9


def test_exhibits_are_asked_for_by_number():
    assert [museum.exhibit(number) for number in range(1, 10)] == list(museum.EXHIBITS)
    assert [exhibit.number for exhibit in museum.EXHIBITS] == list(range(1, 10))
    assert museum.exhibit(1) is named("previous_state")


@pytest.mark.parametrize("number", [0, 10, -1, 1.5, "1", None])
def test_an_exhibit_that_is_not_there(number):
    with pytest.raises(ValueError, match=r"expected a whole number from 1 to 9"):
        museum.exhibit(number)


@by_number
def test_the_check_finds_the_mistake(exhibit):
    report = exhibit.check_gradients()
    assert report.wrong == WRONG.get(exhibit.name, ALL)
    assert min(report.errors[name] for name in report.wrong) > 0.01
    assert "WRONG" in repr(report)


@by_number
def test_what_one_step_tells(exhibit):
    assert exhibit.check_gradients(steps=1).wrong == WRONG_OVER_ONE_STEP.get(exhibit.name, WRONG.get(exhibit.name, ALL))


@pytest.mark.parametrize("steps", [0, 1.5, "1"])
def test_steps_that_cannot_be_run(steps):
    with pytest.raises(ValueError, match=r"steps is .*; expected a whole number of at least 1"):
        museum.exhibit(1).check_gradients(steps)


@by_number
def test_the_wrong_line_is_the_only_mistake(exhibit):
    assert exhibit.check_repaired().worst < 1e-7


@by_number
def test_a_listing_is_short_and_numbered(exhibit):
    assert 8 <= len(exhibit.lines) <= 18
    panel = exhibit.show()
    assert_reads_well(panel)
    assert panel.headline == f"Exhibit {exhibit.number} of 9."
    assert panel.code.startswith(" 1  def loss_and_gradients(")
    assert f"\n{exhibit.wrong_line:2}  {exhibit.lines[exhibit.wrong_line - 1]}" in panel.code
    assert max(map(len, panel.code.splitlines())) <= 88
    assert repr(exhibit) == repr(panel) and exhibit._repr_html_() == panel._repr_html_()


@by_number
def test_every_line_gets_an_answer_and_only_the_right_one_the_name(exhibit):
    for line in range(1, len(exhibit.lines) + 1):
        verdict = exhibit.localise(line)
        assert verdict.kind == ("right" if line == exhibit.wrong_line else "wrong")
        assert str(line) in verdict.headline
        assert (exhibit.name in repr(verdict)) == ("It was found in" in repr(verdict)) == (verdict.kind == "right")
        assert_reads_well(verdict)
    assert exhibit.localise(exhibit.wrong_line).code != exhibit.lines[exhibit.wrong_line - 1].split("  #")[0].strip()
    assert exhibit.name not in repr(exhibit) + repr(exhibit.localise())


@by_number
@pytest.mark.parametrize("line", [None, ...])
def test_no_line_is_not_attempted(exhibit, line):
    assert exhibit.localise(line).kind == "not attempted"


@pytest.mark.parametrize("line", [0, -1, 99])
def test_a_line_that_is_not_there(line):
    verdict = museum.exhibit(1).localise(line)
    assert verdict.kind == "wrong" and "The lines go from 1 to 16." in verdict.sentences


@pytest.mark.parametrize("line", ["11", 11.0, [11], "dz", True])
def test_what_is_no_line_number(line):
    verdict = museum.exhibit(1).localise(line)
    assert verdict.kind == "wrong" and "Give the line's number, for instance `localise(7)`." in verdict.sentences


def test_a_right_line_is_explained_with_the_report():
    text = said(named("zero_weight_gradients").localise(8))
    assert "line 8 is right" in text and "back to the input, and to the state before." in text
    assert "the gradient of W, U and b wrong and that of x and h0 right. Look for" in text


def test_a_right_line_is_explained_with_one_step():
    text = said(named("no_states_kept").localise(2))
    assert "`check_gradients(steps=1)`, it finds every gradient right. What is right there" in text
    assert "has to do with time" not in said(museum.exhibit(1).localise(2))
