"""Every exercise: its solution passes, each misconception is named as itself, the stub is not attempted."""

import pytest

from rnn_lab import exercises
from rnn_lab.exercises.framework import Exercise

ALL = {
    f"{chapter}.{name}": value
    for chapter in ("start", "cell")
    for name, value in vars(getattr(exercises, chapter)).items()
    if isinstance(value, Exercise)
}
MISCONCEPTIONS = [(exercise, name) for exercise in ALL for name in ALL[exercise].misconceptions]


@pytest.mark.parametrize("name", ALL)
def test_the_solution_is_right(name):
    verdict = ALL[name].check(ALL[name]._solution)
    assert (verdict.kind, verdict.misconception) == ("right", None), verdict


@pytest.mark.parametrize(("name", "misconception"), MISCONCEPTIONS)
def test_a_misconception_is_named_as_itself(name, misconception):
    verdict = ALL[name].check(ALL[name].misconceptions[misconception])
    assert (verdict.kind, verdict.misconception) == ("wrong", misconception), verdict
