"""One call of an answer: whatever it does, an `Outcome` comes of it."""

import copy
import dis
import io
import linecache
import re
import warnings
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnn_lab.exercises.values import UnfitError, close, fault, is_placeholder, unpack

LONGEST_MESSAGE = 400  # characters of an exception's message that are shown
MOST_LINES, LONGEST_LINE = 10, 88  # of what an answer prints


@dataclass(frozen=True)
class Outcome:
    """What one call did, in a form that can be compared with another.

    Attributes
    ----------
    outputs : dict of ndarray
        What was returned, by name; empty after a failure.
    failure : str
        What happened instead: ``raises ValueError``, ``returns 3 outputs``; empty if outputs came back.
    sentence : str
        More about the failure.
    code : str
        The line that raised, with its number.
    changed : tuple of str
        The arguments that were changed in place.
    handed_back : tuple of str
        The arguments that are, or hold, one of the arrays that came back.
    printed : str
        What was printed, warnings included, shortened.
    blank : bool
        Whether there is nothing yet that could be right or wrong.
    """

    outputs: Mapping[str, NDArray] = field(default_factory=dict)
    failure: str = ""
    sentence: str = ""
    code: str = ""
    changed: tuple[str, ...] = ()
    handed_back: tuple[str, ...] = ()
    printed: str = ""
    blank: bool = False


@dataclass(frozen=True)
class Trial:
    """One set of arguments, and what the solution makes of it.

    Attributes
    ----------
    condition : str
        Such as ``a batch of 3``.
    arguments : dict
        By name, in the order of the call.
    model : object
        What the solution returned.
    returns : tuple of str
        The names of the outputs.
    tolerance : float
        The error that is forgiven, relative to the largest entry.
    """

    condition: str
    arguments: Mapping[str, Any]
    model: Any
    returns: tuple[str, ...]
    tolerance: float

    def run(self, function: Callable) -> Outcome:
        """Call `function` on copies of the arguments; of what it may raise, only KeyboardInterrupt comes through."""
        text = io.StringIO()
        with redirect_stdout(text), redirect_stderr(text), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            outcome = self._call(function)
        warned = [f"{warning.category.__name__}: {' '.join(str(warning.message).split())}" for warning in caught]
        return replace(outcome, printed=_shortened([*text.getvalue().splitlines(), *warned]))

    def _call(self, function: Callable) -> Outcome:
        given = copy.deepcopy(dict(self.arguments))
        try:
            result = function(*given.values())
        except KeyboardInterrupt:
            raise
        except NotImplementedError:
            return Outcome(blank=True)
        except BaseException as error:
            return Outcome(
                failure=f"raises {type(error).__name__}",
                sentence=_message(error),
                code=_line_that_raised(error),
            )
        changed = tuple(name for name, value in given.items() if not _unchanged(value, self.arguments[name]))
        if is_placeholder(result) or (result is None and not _computes(function)):
            return Outcome(blank=True)
        try:
            outputs = unpack(result, self.model, self.returns)
        except UnfitError as unfit:
            return Outcome(failure=f"returns {unfit.what}", sentence=unfit.what_to_do, changed=changed)
        came_back = set(map(id, _arrays(result)))
        handed_back = tuple(name for name, value in given.items() if came_back & set(map(id, _arrays(value))))
        return Outcome(outputs, changed=changed, handed_back=handed_back)

    def faults(self, outcome: Outcome) -> dict[str, str]:
        """Say what is wrong with each output that is not right, by name."""
        expected = unpack(self.model, self.model, self.returns)
        if outcome.failure:
            return dict.fromkeys(expected, "")
        faults = {name: fault(name, outcome.outputs, expected, self.tolerance) for name in expected}
        return {name: sentence for name, sentence in faults.items() if sentence}

    def alike(self, one: Outcome, other: Outcome) -> bool:
        """Whether two calls gave the same outputs, or failed in the same way, and changed the same arguments."""
        return (
            (one.failure, one.changed, one.outputs.keys()) == (other.failure, other.changed, other.outputs.keys())
        ) and all(close(value, other.outputs[name], self.tolerance) for name, value in one.outputs.items())


def _shortened(lines: list[str]) -> str:
    shown = [line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 4]} ..." for line in lines[:MOST_LINES]]
    rest = [f"... {len(lines)} lines in all"] if len(lines) > MOST_LINES else []
    return "\n".join(shown + rest)


def _arrays(value: Any) -> list[NDArray]:
    """The arrays among an argument or the outputs of a call; tuples and dicts are looked into."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    return [part for part in (value if isinstance(value, tuple) else (value,)) if isinstance(part, np.ndarray)]


def _unchanged(value: Any, original: Any) -> bool:
    if isinstance(original, dict):
        return value.keys() == original.keys() and all(_unchanged(value[key], original[key]) for key in original)
    return np.array_equal(value, original)


def _computes(function: Callable) -> bool:
    """Whether there is more to `function` than a name and a ``...``; what cannot be looked into does compute."""
    try:
        instructions = [instruction.opname for instruction in dis.get_instructions(function)]
    except TypeError:
        return True
    return any(name.startswith(("BINARY", "CALL", "COMPARE", "STORE_SUBSCR", "UNARY")) for name in instructions)


def _message(error: BaseException) -> str:
    try:
        message = " ".join(str(error).split())
    except KeyboardInterrupt:
        raise
    except BaseException:
        return "Its message cannot be shown."
    message = re.sub(r"0x[0-9a-fA-F]+", "0x...", message)  # addresses differ from run to run
    if len(message) > LONGEST_MESSAGE:
        message = message[:LONGEST_MESSAGE] + " ..."
    if isinstance(error, NameError) and error.name == "np":
        return f"Its message: {message}. Run the first cell of the chapter: it imports NumPy as `np`."
    return f"Its message: {message}" if message else "It has no message."


def _line_that_raised(error: BaseException) -> str:
    """The last line that ran of the file, or the notebook cell, that holds the answer."""
    traceback = error.__traceback__.tb_next if error.__traceback__ else None  # the first frame is that of `_call`
    if traceback is None:
        return ""
    filename, number = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
    while traceback := traceback.tb_next:
        if traceback.tb_frame.f_code.co_filename == filename:
            number = traceback.tb_lineno
    text = linecache.getline(filename, number).strip()
    return f"line {number}: {text}" if text else f"line {number}"
