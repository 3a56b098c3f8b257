"""An exhibit of the bug museum: one line of a listing is wrong; the gradient check notices, the learner finds it."""

import inspect
import textwrap
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rnn_lab.exercises.panel import Panel, Verdict
from rnn_lab.exercises.values import listed
from rnn_lab.nn.gradcheck import GradientReport, check_gradients

D, H, N, T = 3, 4, 2, 4  # inputs, units, examples and steps of the sequence that every listing is run on
NAMES = ("x", "h0", "W", "U", "b")  # in the order in which a listing returns their gradients


def exhibit(*, found: str, mistake: str, repair: str, diagnosis: str) -> Callable[[Callable], "Exhibit"]:
    """Turn a listing into an exhibit.

    Parameters
    ----------
    found : str
        Where mistakes of this kind stand, in one sentence.
    mistake : str
        What is wrong in the listing: a piece of exactly one line.
    repair : str
        What has to stand in its place.
    diagnosis : str
        What the wrong line does and what it should do.

    Returns
    -------
    callable
        The decorator of a function ``(x, h0, target, W, U, b) -> loss, (dx, dh0, dW, dU, db)``.
    """
    return lambda listing: Exhibit(listing, found, mistake, repair, diagnosis)


class Exhibit:
    """A listing with one wrong line; made by `exhibit`.

    Attributes
    ----------
    name : str
    lines : list of str
        The listing; line 1 is ``lines[0]``.
    wrong_line : int
        The number of the wrong one.
    """

    def __init__(self, listing: Callable, found: str, mistake: str, repair: str, diagnosis: str) -> None:
        source = textwrap.dedent(inspect.getsource(listing))
        self.name = listing.__name__
        self.lines = source[source.index(f"def {self.name}(") :].splitlines()
        (self.wrong_line,) = (number for number, line in enumerate(self.lines, 1) if mistake in line)
        self._listing = listing
        self._found = found
        self._mistake = mistake
        self._repair = repair
        self._diagnosis = diagnosis

    def show(self) -> Panel:
        """Show the listing, its lines numbered from 1, and where it was found."""
        numbered = "\n".join(f"{number:2}  {line}".rstrip() for number, line in enumerate(self.lines, 1))
        return Panel(f"Exhibit: {self.name}.", (self._found, "One line is wrong. What it calls is right."), numbered)

    def check_gradients(self) -> GradientReport:
        """Hold the gradients that the listing returns against central differences of the loss that it returns."""
        return _check(self._listing)

    def check_repaired(self) -> GradientReport:
        """Do the same with nothing but the wrong line mended: it is the only mistake."""
        source = "\n".join(self.lines).replace(self._mistake, self._repair)
        namespace = dict(self._listing.__globals__)
        exec(compile(source, f"<{self.name}, repaired>", "exec"), namespace)
        return _check(namespace[self.name])

    def localise(self, line: object = None) -> Verdict:
        """Say whether the line with this number is the wrong one and, if it is not, where to look on.

        Parameters
        ----------
        line : int
            Counted from 1. Anything else gets a sentence too.

        Returns
        -------
        Verdict
        """
        if line is None or line is ...:
            advice = "Run `check_gradients()`, read the listing with `show()`, and name the line that is wrong."
            return Verdict(f"Not attempted yet: {self.name}.", (advice,), kind="not attempted")
        if not isinstance(line, (int, np.integer)) or line not in range(1, len(self.lines) + 1):
            return Verdict("Not right yet: there is no such line.", (f"The lines go from 1 to {len(self.lines)}.",))
        code, _, purpose = (part.strip() for part in self.lines[line - 1].partition("  # "))
        if line == self.wrong_line:
            mended = code.replace(self._mistake, self._repair)
            sentences = (self._diagnosis, "With this in its place, every gradient passes the check:")
            return Verdict(f"Right: line {line} is the wrong one.", sentences, mended, kind="right")
        if not code:
            return Verdict(f"Not right yet: line {line} is empty.", (self._where_to_look(),))
        role = f"It does what it should: {purpose}." if purpose else "It does what it should."
        return Verdict(f"Not right yet: line {line} is right.", (role, self._where_to_look()), code)

    def _where_to_look(self) -> str:
        wrong = self.check_gradients().wrong
        right = [name for name in NAMES if name not in wrong]
        if not right:
            return "The check finds every gradient wrong. Look for a line that all of them hang on."
        return (
            f"The check finds the gradient of {listed(wrong)} wrong and that of {listed(right)} right. "
            "Look for a line that the wrong hang on and the right do not."
        )

    def __repr__(self) -> str:
        return repr(self.show())

    def _repr_html_(self) -> str:
        return self.show()._repr_html_()


def _check(listing: Callable) -> GradientReport:
    rng = np.random.default_rng(0)
    x, target = rng.standard_normal((T, D, N)), rng.standard_normal((T, H, N))
    shapes = {"h0": (H, N), "W": (H, D), "U": (H, H), "b": (H, 1)}
    arrays = {"x": x, **{name: 0.5 * rng.standard_normal(shape) for name, shape in shapes.items()}}

    def run() -> tuple[float, tuple[NDArray, ...]]:
        return listing(target=target, **arrays)

    _, gradients = run()
    return check_gradients(lambda: run()[0], arrays, dict(zip(NAMES, gradients, strict=True)))
