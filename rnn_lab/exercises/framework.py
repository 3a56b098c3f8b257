"""Exercises that diagnose: a check says what is wrong, when, and which known mistake it looks like."""

import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from rnn_lab.exercises.panel import Panel, Verdict
from rnn_lab.exercises.trials import Outcome, Trial
from rnn_lab.exercises.values import described, listed, unpack, with_shapes

DRAWS = 3  # of each condition, so that two different mistakes hardly ever look alike
Condition = Callable[[np.random.Generator], tuple]


def exercise(
    *,
    returns: str,
    conditions: Mapping[str, Condition],
    misconceptions: Sequence[Callable],
    hints: Sequence[str],
    tolerance: float = 1e-7,
) -> Callable[[Callable], "Exercise"]:
    """Turn a solution into an exercise.

    Parameters
    ----------
    returns : str
        The names of the outputs, such as ``"loss, dy"``; a dict of outputs has one name.
    conditions : dict of callable
        Under which the answer is tried: a name that fits after 'for', and a function that draws the arguments.
    misconceptions : sequence of callable
        Wrong solutions. The name of each, read as words, names the mistake; its docstring is the advice.
    hints : sequence of str
    tolerance : float
        The error that is forgiven in float64, relative to the largest entry.

    Returns
    -------
    callable
        The decorator. The solution's docstring is the task, its name that of the exercise.
    """
    return lambda solution: Exercise(solution, returns, conditions, misconceptions, hints, tolerance)


class Exercise:
    """A function to write; made by `exercise`.

    Attributes
    ----------
    name, task : str
    reference : callable
        The solution.
    misconceptions : dict of callable
        The known wrong solutions, by name.
    """

    def __init__(
        self,
        solution: Callable,
        returns: str,
        conditions: Mapping[str, Condition],
        misconceptions: Sequence[Callable],
        hints: Sequence[str],
        tolerance: float,
    ) -> None:
        self.name = solution.__name__
        self.task = _in_one_line(solution)
        self.reference = solution
        self.misconceptions = {wrong.__name__.replace("_", " "): wrong for wrong in misconceptions}
        self._parameters = tuple(inspect.signature(solution).parameters)
        self._returns = tuple(returns.split(", "))
        self._conditions = conditions
        self._hints = hints
        self._tolerance = tolerance

    @np.errstate(all="ignore")  # what overflows or divides by zero is said in the verdict
    def check(self, answer: object = None) -> Verdict:
        """Try `answer` under every condition, and say what came of it.

        Parameters
        ----------
        answer : callable
            The learner's function. Anything else gets a sentence too.

        Returns
        -------
        Verdict
            Nothing is raised, except KeyboardInterrupt.
        """
        if answer is None or answer is ... or answer is NotImplemented:
            return self._not_attempted("There is no function to check so far.")
        if not callable(answer) or isinstance(answer, type):
            came = f"the class {answer.__name__}" if isinstance(answer, type) else described(answer)
            advice = f"The check was given {came}. Hand over the function itself, without calling it."
            return Verdict("Not right yet: this is not a function.", (advice,))
        if not self._accepts_the_arguments(answer):
            advice = f"It is called with {len(self._parameters)}, in this order: {listed(self._parameters)}."
            return Verdict("Not right yet: the function takes other arguments.", (advice,))

        outcomes = [trial.run(answer) for trial in self.trials]
        return replace(self._judge(answer, outcomes), printed=outcomes[0].printed)

    def hint(self, number: int = 1) -> Panel:
        """Show a hint, the first if no number is given."""
        count = len(self._hints)
        if number not in range(1, count + 1):
            return Panel(f"There is no hint {number!r}.", (f"{self.name} has hints 1 to {count}.",))
        return Panel(f"Hint {number} of {count}.", (self._hints[int(number) - 1],))

    def solution(self) -> Panel:
        """Show a solution."""
        source = inspect.getsource(self.reference)
        source = source[source.index(f"def {self.name}(") :].rstrip()
        without_docstring = re.sub(r'\n *""".*?"""', "", source, count=1, flags=re.DOTALL)
        return Panel(f"A solution of {self.name}.", code=without_docstring)

    def __repr__(self) -> str:
        return repr(self._as_panel())

    def _repr_html_(self) -> str:
        return self._as_panel()._repr_html_()

    def _as_panel(self) -> Panel:
        hints = "1 hint" if len(self._hints) == 1 else f"{len(self._hints)} hints"
        return Panel(
            f"{self.name}({', '.join(self._parameters)}) -> {', '.join(self._returns)}",
            (self.task, f"`.check(your_function)` looks at an answer. It has {hints} and a `.solution()`."),
        )

    @functools.cached_property
    def trials(self) -> list[Trial]:
        """Each condition several times, with fixed seeds."""
        trials = []
        for number, (condition, draw_arguments) in enumerate(self._conditions.items()):
            for draw in range(DRAWS):
                arguments = draw_arguments(np.random.default_rng((number, draw)))
                named = dict(zip(self._parameters, arguments, strict=True))
                in_float32 = any(getattr(value, "dtype", None) == np.float32 for value in arguments)
                tolerance = 1e-4 if in_float32 else self._tolerance
                trials.append(Trial(condition, named, self.reference(*arguments), self._returns, tolerance))
        return trials

    @functools.cached_property
    def _known(self) -> dict[str, list[Outcome]]:
        """What each misconception does in each trial."""
        return {name: [trial.run(wrong) for trial in self.trials] for name, wrong in self.misconceptions.items()}

    def _not_attempted(self, why: str) -> Verdict:
        return Verdict(f"Not attempted yet: {self.name}.", (why, self.task), kind="not attempted")

    def _accepts_the_arguments(self, answer: Callable) -> bool:
        try:
            signature = inspect.signature(answer)
        except Exception:  # some compiled functions have none; calling them will tell
            return True
        try:
            signature.bind(*self._parameters)
        except TypeError:
            return False
        return True

    def _judge(self, answer: Callable, outcomes: list[Outcome]) -> Verdict:
        for trial, outcome in zip(self.trials, outcomes, strict=True):
            if outcome.blank:
                return self._not_attempted(f"For {trial.condition}, the function returns nothing so far.")
            if not trial.alike(outcome, trial.run(answer)):
                return Verdict(
                    "Not right yet: a second call with the same arguments gives another result.",
                    (
                        "Something is remembered from one call to the next, drawn at random, or read from an array of "
                        "`np.empty` before anything is written there. "
                        "Everything that the result depends on has to come in as an argument.",
                    ),
                )
        return self._diagnose(outcomes)

    def _diagnose(self, outcomes: list[Outcome]) -> Verdict:
        faults = [trial.faults(outcome) for trial, outcome in zip(self.trials, outcomes, strict=True)]
        changed = next((outcome.changed for outcome in outcomes if outcome.changed), ())
        if not any(faults) and not changed:
            return self._right_numbers(outcomes)

        where = self._where(faults)
        for name, known in self._known.items():
            if all(map(Trial.alike, self.trials, outcomes, known)):
                advice = _in_one_line(self.misconceptions[name])
                return Verdict(f"Not right yet: {name}.", (advice, *where), misconception=name)
        if changed:
            advice = "The caller's array is overwritten. Compute new arrays: `a = a + b` makes one, `a += b` does not."
            changes = f"Not right yet: it changes {listed(changed)} in place"
            if all(outcome.failure for outcome in outcomes):
                return Verdict(f"{changes} and {outcomes[0].failure}.", (advice, outcomes[0].sentence))
            return Verdict(f"{changes}.", (advice, *where))

        trial, outcome, faulty = next(row for row in zip(self.trials, outcomes, faults, strict=True) if row[2])
        called = f"It was called with {with_shapes(trial.arguments)}."
        if outcome.failure:
            sentences = (outcome.sentence, called, *([] if all(faults) else where))
            return Verdict(f"Not right yet: it {outcome.failure}.", sentences, outcome.code)
        wrong = [name for name in outcome.outputs if any(name in faulty for faulty in faults)]
        telling = max(faulty.values(), key=lambda sentence: sentence.count(". "))  # the first that has a clue
        return Verdict(f"Not right yet: {listed(wrong)}.", (*where, f"For {trial.condition}: {telling}", called))

    def _right_numbers(self, outcomes: list[Outcome]) -> Verdict:
        """The verdict on right numbers: arrays have to be new ones."""
        for trial, outcome in zip(self.trials, outcomes, strict=True):
            if outcome.handed_back:
                names = listed(outcome.handed_back)
                advice = (
                    f"The numbers are right, but for {trial.condition} the caller gets its own {names} back, "
                    "and whoever changes the one later changes the other. Make new arrays there too."
                )
                return Verdict(f"Not right yet: it hands back {names} instead of new arrays.", (advice,))
        tried = f"It agrees with the solution for {listed(self._conditions)}."
        return Verdict(f"Right: {self.name}.", (tried,), kind="right")

    def _where(self, faults: list[dict[str, str]]) -> list[str]:
        """Say which outputs are wrong under which conditions, a sentence for each group that fares alike."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for name in unpack(self.trials[0].model, self.trials[0].model, self._returns):
            wrong = {trial.condition for trial, faulty in zip(self.trials, faults, strict=True) if name in faulty}
            groups.setdefault(tuple(c for c in self._conditions if c in wrong), []).append(name)
        sentences = []
        for wrong_for, names in groups.items():
            right_for = [condition for condition in self._conditions if condition not in wrong_for]
            subject = f"{listed(names)} {'is' if len(names) == 1 else 'are'}"
            if not wrong_for:
                sentences.append(f"{subject} right.")
            elif not right_for:
                sentences.append(f"{subject} wrong under every condition.")
            else:
                sentences.append(f"{subject} right for {listed(right_for)}; wrong for {listed(wrong_for)}.")
        return sentences


def _in_one_line(function: Callable) -> str:
    """The docstring of a function as one paragraph."""
    return " ".join((function.__doc__ or "").split())
