"""Outputs of an answer: told apart, compared, and described in words."""

from collections.abc import Iterable, Mapping
from types import EllipsisType, NoneType, NotImplementedType
from typing import Any

import numpy as np
from numpy.typing import NDArray

REAL = "fiub"  # kinds of dtype
MOST_RUNS = 2  # of wrong rows that are listed; more are no pattern
NOT_REAL = {"U": "text", "c": "complex numbers", "O": "objects"}


class UnfitError(Exception):
    """What came back cannot be told apart into outputs: `what` it is, and `what_to_do`."""

    def __init__(self, what: str, what_to_do: str) -> None:
        super().__init__(what, what_to_do)
        self.what, self.what_to_do = what, what_to_do


def unpack(result: Any, model: Any, names: tuple[str, ...]) -> dict[str, NDArray]:
    """Tell the outputs in `result` apart.

    Parameters
    ----------
    result : object
        What a function returned.
    model : object
        What the solution returned: an array or a number, a tuple of them, or a dict.
    names : tuple of str
        What the outputs are called; the name of a dict.

    Returns
    -------
    dict of ndarray
        Copies, so that nothing that happens later changes them.

    Raises
    ------
    UnfitError
        If `result` is not built as `model` is.
    """
    if result is None:
        raise UnfitError(
            "nothing",
            "What is only printed or kept in a variable is not handed back: end the function with "
            f"`return {', '.join(names)}`.",
        )
    if isinstance(model, dict):
        keys = ", ".join(map(repr, model))
        if not isinstance(result, Mapping):
            raise UnfitError(described(result), f"Expected a dict with the keys {keys}.")
        if result.keys() != model.keys():
            raise UnfitError(f"a dict with the keys {', '.join(map(repr, result)) or '(none)'}", f"Expected {keys}.")
        return {f"{names[0]}[{key!r}]": _as_array(key, result[key]) for key in model}
    if len(names) == 1 and not isinstance(result, tuple):
        return {names[0]: _as_array(names[0], result)}
    if not isinstance(result, (tuple, list)):
        raise UnfitError(described(result), f"Expected {len(names)} outputs: {listed(names)}.")
    if len(result) != len(names):
        came = f"{len(result)} {'output' if len(result) == 1 else 'outputs'}"
        raise UnfitError(came, f"Expected {len(names)}: {listed(names)}.")
    return {name: _as_array(name, value) for name, value in zip(names, result, strict=True)}


def is_placeholder(value: Any) -> bool:
    """Whether `value` holds the place of one that is still to be written: ``...``, or a tuple of such and None."""
    if isinstance(value, (tuple, list)):
        return bool(value) and all(isinstance(part, (NoneType, EllipsisType, NotImplementedType)) for part in value)
    return isinstance(value, (EllipsisType, NotImplementedType))


def close(value: NDArray, right: NDArray, tolerance: float) -> bool:
    """Whether two arrays agree, relative to the largest entry of `right`; NaN agrees with NaN, and text with text."""
    if value.shape != right.shape:
        return False
    if value.dtype.kind not in REAL or right.dtype.kind not in REAL:
        return value.dtype.kind == right.dtype.kind
    return bool(_agrees(value, right, tolerance).all())


def fault(name: str, outputs: Mapping[str, NDArray], expected: Mapping[str, NDArray], tolerance: float) -> str:
    """Say what is wrong with the output called `name`; an empty string if it is right."""
    value, right = outputs[name], expected[name]
    if value.dtype.kind not in REAL:
        if value.ndim == 0:
            return f"{name} is {described(value.item())}; expected {described(right)}."
        return f"{name} holds {NOT_REAL.get(value.dtype.kind, value.dtype)}; expected real numbers."
    if value.shape != right.shape:
        return f"{name} has shape {value.shape}; expected {right.shape}.{_clue(name, value, expected, tolerance)}"
    if not np.isfinite(value).all():
        count = int(value.size - np.isfinite(value).sum())
        return f"{name} holds NaN or infinity in {count} of {value.size} {'entry' if value.size == 1 else 'entries'}."
    if close(value, right, tolerance):
        return ""
    if right.size == 1:
        return f"{name} is {value.item():.6g}; expected {right.item():.6g}."
    difference, largest = np.abs(value.astype(float) - right).max(), np.abs(right).max()
    size = f"{name} differs by up to {difference:.2g}, where its largest entry should be {largest:.2g}."
    where = _first_step_that_is_wrong(name, value, right, tolerance) + _rows_that_are_wrong(value, right, tolerance)
    return size + (_clue(name, value, expected, tolerance) or where)


def described(value: Any) -> str:
    """Name a value as a sentence needs it: ``an array of shape (4, 1)``, ``a number``, ``a value of type str``."""
    if value is None or value is ...:
        return "None" if value is None else "`...`"
    if isinstance(value, (int, float, np.number)) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return "a number"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return f"a value of type {type(value).__name__}"


def with_shapes(arguments: Mapping[str, Any]) -> str:
    """Name each argument with its shape or its value: ``x (3, 1), k = 2``."""
    return ", ".join(
        f"{name} {value.shape}"
        if isinstance(value, np.ndarray)
        else f"{name} {{{with_shapes(value)}}}"
        if isinstance(value, dict)
        else f"{name} = {value:.6g}"
        if isinstance(value, (int, float, np.number))
        else f"{name} = {value!r}"
        for name, value in arguments.items()
    )


def listed(words: Iterable[str]) -> str:
    """Join words as a sentence does: ``a, b and c``."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _agrees(value: NDArray, right: NDArray, tolerance: float) -> NDArray:
    """Whether each entry agrees, relative to the largest entry of `right`."""
    largest = np.abs(right[np.isfinite(right)]).max(initial=0) or 1.0
    return np.isclose(value, right, rtol=0, atol=tolerance * largest, equal_nan=True)


def _clue(name: str, value: NDArray, expected: Mapping[str, NDArray], tolerance: float) -> str:
    """Point out a simple relation between a wrong output and a right one, if there is one."""
    right = expected[name]
    for other in expected:
        if other != name and right.ndim and close(value, expected[other], tolerance):
            return f" It equals {other}: the order is {', '.join(expected)}."
    if value.ndim == 2 and close(value.T, right, tolerance):
        return " It is the transpose of what it should be."
    if value.shape != right.shape:
        return ""
    factor = float(np.vdot(right, value) / np.vdot(right, right))
    if not close(value, factor * right, tolerance) or factor == 0:
        return " It is zero." if not value.any() else ""
    rounded = f"{factor:.3g}"
    if rounded == "1":
        return " All entries are off by the same factor, close to 1."
    return " It has the opposite sign." if rounded == "-1" else f" Every entry is {rounded} times its due."


def _first_step_that_is_wrong(name: str, value: NDArray, right: NDArray, tolerance: float) -> str:
    """Along time, the first axis of three, say up to where an output is right; the way back begins at the end."""
    if right.ndim != 3:
        return ""
    is_right = [bool(entries.all()) for entries in _agrees(value, right, tolerance)]
    steps = range(len(right)) if is_right[0] else range(len(right) - 1, -1, -1)
    count = next(count for count, step in enumerate(steps) if not is_right[step])
    if count == 0:
        return ""
    first, last = sorted((steps[0], steps[count - 1]))
    fine = f"{name}[{first}] is" if count == 1 else f"{name}[{first}] to {name}[{last}] are"
    zero = "" if value[steps[count]].any() else ": it is zero"
    return f" {fine} right, {name}[{steps[count]}] is not{zero}."


def _rows_that_are_wrong(value: NDArray, right: NDArray, tolerance: float) -> str:
    """In a matrix, say which rows are wrong if the others are right: gates lie below one another."""
    if right.ndim != 2:
        return ""
    is_wrong = ~_agrees(value, right, tolerance).all(axis=1)
    borders = np.flatnonzero(np.diff(is_wrong, prepend=False, append=False)).reshape(-1, 2)
    if is_wrong.all() or len(borders) > MOST_RUNS:
        return ""
    runs = [f"{first}" if first + 1 == end else f"{first} to {end - 1}" for first, end in borders]
    return f" Of its {len(right)} rows, only {listed(runs)} {'is' if is_wrong.sum() == 1 else 'are'} wrong."


def _as_array(name: str, value: Any) -> NDArray:
    try:
        return np.array(value)
    except Exception as error:
        problem = f"{name} cannot be made an array: have its parts different shapes?"
        raise UnfitError(described(value), problem) from error
