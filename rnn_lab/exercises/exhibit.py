"""An exhibit of the bug museum: one line of a listing is wrong; the gradient check notices, the learner finds it."""

import inspect
import textwrap
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rnn_lab.exercises.panel import Panel, Verdict
from rnn_lab.exercises.values import listed
from rnn_lab.nn.gradcheck import GradientReport, check_gradients

D, H, N = 3, 4, 2  # inputs, units and examples of the sequence that every listing is run on
STEPS = 4
NAMES = ("x", "h0", "W", "U", "b")  # in the order in which a listing returns their gradients
SHOWN_NAME = "loss_and_gradients"  # in place of the function's own name, which tells the mistake


def mistaken(*, found: str, mistake: str, repair: str, diagnosis: str) -> Callable[[Callable], Callable]:
    """Turn a listing into an exhibit that waits for its number.

    Parameters
    ----------
    found : str
        Where mistakes of this kind stand, in words that fit after 'found'.
    mistake : str
        What is wrong in the listing: a piece of exactly one line.
    repair : str
        What has to stand in its place.
    diagnosis : str
        What the wrong line does and what it should do.

    Returns
    -------
    callable
        The decorator of a function ``(x, h0, target, W, U, b) -> loss, (dx, dh0, dW, dU, db)``. It makes a function
        ``(number, count) -> Exhibit``.
    """
    return lambda listing: lambda number, count: Exhibit(listing, found, mistake, repair, diagnosis, number, count)


class Exhibit:
    """A listing with one wrong line.

    Attributes
    ----------
    number : int
        Its place in the museum, from 1.
    name : str
        What its mistake is called.
    lines : list of str
        The listing; line 1 is ``lines[0]``.
    wrong_line : int
        The number of the wrong one.
    """

    def __init__(
        self, listing: Callable, found: str, mistake: str, repair: str, diagnosis: str, number: int, count: int
    ) -> None:
        head = f"def {listing.__name__}("
        source = textwrap.dedent(inspect.getsource(listing))
        self.number = number
        self.name = listing.__name__
        self.lines = source[source.index(head) :].replace(head, f"def {SHOWN_NAME}(").splitlines()
        (self.wrong_line,) = (place for place, line in enumerate(self.lines, 1) if mistake in line)
        self._count = count
        self._listing = listing
        self._found = found
        self._mistake = mistake
        self._repair = repair
        self._diagnosis = diagnosis

    def show(self) -> Panel:
        """Show the listing, its lines numbered from 1."""
        numbered = "\n".join(f"{place:2}  {line}".rstrip() for place, line in enumerate(self.lines, 1))
        headline = f"Exhibit {self.number} of {self._count}."
        return Panel(headline, ("One line is wrong. What it calls is right.",), numbered)

    def check_gradients(self, steps: int = STEPS) -> GradientReport:
        """Hold the gradients that the listing returns against central differences of the loss that it returns.

        Parameters
        ----------
        steps : int
            The length of the sequence. What is right over one step and wrong over several has to do with time.

        Returns
        -------
        GradientReport

        Raises
        ------
        ValueError
            If `steps` is not a whole number above zero.
        """
        if not isinstance(steps, (int, np.integer)) or steps < 1:
            raise ValueError(f"steps is {steps!r}; expected a whole number of at least 1")
        return _check(self._listing, int(steps))

    def check_repaired(self) -> GradientReport:
        """Do the same with nothing but the wrong line mended: it is the only mistake."""
        source = "\n".join(self.lines).replace(self._mistake, self._repair)
        namespace = dict(self._listing.__globals__)
        exec(compile(source, f"<{self.name}, repaired>", "exec"), namespace)
        return _check(namespace[SHOWN_NAME], STEPS)

    def localise(self, line: object = None) -> Verdict:
        """Say whether the line with this number is the wrong one and, if it is not, where to look on.

        Parameters
        ----------
        line : int
            Counted from 1. Anything else gets a sentence too.

        Returns
        -------
        Verdict
            The right line brings the name of the exhibit and where it was found.
        """
        if line is None or line is ...:
            advice = (
                "Read the listing with `show()`, run `check_gradients()` and `check_gradients(steps=1)`, and give the "
                "number of the line that is wrong."
            )
            return Verdict(f"Not attempted yet: exhibit {self.number}.", (advice,), kind="not attempted")
        if isinstance(line, bool) or not isinstance(line, (int, np.integer)):
            advice = "Give the line's number, for instance `localise(7)`."
            return Verdict("Not right yet: this is no line number.", (advice,))
        if line not in range(1, len(self.lines) + 1):
            return Verdict("Not right yet: there is no such line.", (f"The lines go from 1 to {len(self.lines)}.",))
        code, _, purpose = (part.strip() for part in self.lines[line - 1].partition("  # "))
        if line == self.wrong_line:
            origin = f"The name of exhibit {self.number} is `{self.name}`. It was found {self._found}."
            sentences = (self._diagnosis, origin, "With this in its place, every gradient passes the check:")
            mended = code.replace(self._mistake, self._repair)
            return Verdict(f"Right: line {line} is the wrong one.", sentences, mended, kind="right")
        if not code:
            return Verdict(f"Not right yet: line {line} is empty.", (self._where_to_look(),))
        role = f"It does what it should: {purpose}." if purpose else "It does what it should."
        return Verdict(f"Not right yet: line {line} is right.", (role, self._where_to_look()), code)

    def _where_to_look(self) -> str:
        several, one = self.check_gradients().wrong, self.check_gradients(steps=1).wrong
        found = f"The check finds {_fared(several)}."
        if one != several:
            return (
                f"{found} Over one step, with `check_gradients(steps=1)`, it finds {_fared(one)}. "
                "What is right there and wrong over several steps has to do with time."
            )
        if len(several) < len(NAMES):
            return f"{found} Look for a line that the wrong hang on and the right do not."
        return f"{found} So it does over one step. Look for a line that all of them hang on, at each step."

    def __repr__(self) -> str:
        return repr(self.show())

    def _repr_html_(self) -> str:
        return self.show()._repr_html_()


def _fared(wrong: list[str]) -> str:
    """Say which gradients are wrong and which are right."""
    right = [name for name in NAMES if name not in wrong]
    if not wrong:
        return "every gradient right"
    if not right:
        return "every gradient wrong"
    return f"the gradient of {listed(wrong)} wrong and that of {listed(right)} right"


def _check(listing: Callable, steps: int) -> GradientReport:
    rng = np.random.default_rng(0)
    x, target = rng.standard_normal((steps, D, N)), rng.standard_normal((steps, H, N))
    shapes = {"h0": (H, N), "W": (H, D), "U": (H, H), "b": (H, 1)}
    arrays = {"x": x, **{name: 0.5 * rng.standard_normal(shape) for name, shape in shapes.items()}}

    def run() -> tuple[float, tuple[NDArray, ...]]:
        return listing(target=target, **arrays)

    _, gradients = run()
    return check_gradients(lambda: run()[0], arrays, dict(zip(NAMES, gradients, strict=True)))
