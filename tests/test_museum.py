"""The bug museum: every listing is caught, its one wrong line is the only mistake, and every line gets an answer."""

import pytest
from test_exercises import assert_reads_well

from rnn_lab.exercises import museum
from rnn_lab.exercises.exhibit import Exhibit

by_name = pytest.mark.parametrize("exhibit", museum.EXHIBITS, ids=lambda exhibit: exhibit.name)

WRONG = {
    "zero_weight_gradients": ["W", "U", "b"],
    "reversed_in_name_only": ["x"],
}


def test_all_exhibits_are_listed():
    assert [exhibit for exhibit in vars(museum).values() if isinstance(exhibit, Exhibit)] == list(museum.EXHIBITS)
    assert len(museum.EXHIBITS) == 9


@by_name
def test_the_check_finds_the_mistake(exhibit):
    report = exhibit.check_gradients()
    assert report.wrong == WRONG.get(exhibit.name, ["x", "h0", "W", "U", "b"])
    assert min(report.errors[name] for name in report.wrong) > 0.01
    assert "WRONG" in repr(report)


@by_name
def test_the_wrong_line_is_the_only_mistake(exhibit):
    assert exhibit.check_repaired().worst < 1e-7


@by_name
def test_a_listing_is_short_and_numbered(exhibit):
    assert 8 <= len(exhibit.lines) <= 18
    panel = exhibit.show()
    assert_reads_well(panel)
    assert panel.code.startswith(f" 1  def {exhibit.name}(")
    assert f"\n{exhibit.wrong_line:2}  {exhibit.lines[exhibit.wrong_line - 1]}" in panel.code
    assert max(map(len, panel.code.splitlines())) <= 110
    assert repr(exhibit) == repr(panel) and exhibit._repr_html_() == panel._repr_html_()


@by_name
def test_every_line_gets_an_answer(exhibit):
    for line in range(1, len(exhibit.lines) + 1):
        verdict = exhibit.localise(line)
        assert verdict.kind == ("right" if line == exhibit.wrong_line else "wrong")
        assert str(line) in verdict.headline
        assert_reads_well(verdict)
    assert exhibit.localise(exhibit.wrong_line).code != exhibit.lines[exhibit.wrong_line - 1].split("  #")[0].strip()


@by_name
@pytest.mark.parametrize("line", [None, ...])
def test_no_line_is_not_attempted(exhibit, line):
    assert exhibit.localise(line).kind == "not attempted"


@pytest.mark.parametrize("line", [0, -1, 99, 2.0, "11", "np.tanh"])
def test_a_line_that_is_not_there(line):
    verdict = museum.previous_state.localise(line)
    assert verdict.kind == "wrong" and "The lines go from 1 to 16." in verdict.sentences


def test_a_right_line_is_explained_with_the_report():
    text = " ".join(repr(museum.zero_weight_gradients.localise(8)).split())
    assert "line 8 is right" in text and "back to the input, and to the state before." in text
    assert "the gradient of W, U and b wrong and that of x and h0 right" in text
