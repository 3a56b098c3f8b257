"""Is a gradient right? Ask the loss itself, by central differences.

For a loss f and a small step s, ``(f(x + s) - f(x - s)) / 2s`` differs from the derivative by about
s**2. With s = 1e-5 in float64, truncation and rounding both stay near 1e-10, so a right gradient
agrees to 1e-6 with room to spare, and a wrong one hardly ever does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP = 1e-5
TOLERANCE = 1e-6
Loss = Callable[[], float]


def numerical_gradient(loss: Loss, array: NDArray, step: float = STEP) -> NDArray:
    """Measure the gradient of `loss` with respect to every entry of `array` by central differences.

    Parameters
    ----------
    loss : callable
        Takes nothing, reads `array`, returns a float.
    array : ndarray of float64
        Changed entry by entry and restored.
    step : float
        How far each entry is moved, both ways.

    Returns
    -------
    ndarray
        Of the shape of `array`.
    """
    _require_float64("array", array)
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        try:
            array[index] = value + step
            above = loss()
            array[index] = value - step
            below = loss()
        finally:
            array[index] = value
        gradient[index] = (above - below) / (2 * step)
    return gradient


def relative_error(analytic: NDArray, numerical: NDArray, floor: float = 0.0) -> float:
    """Return the largest difference of two arrays relative to their largest entry (or to `floor`, if larger)."""
    scale = float(np.max([np.abs(analytic).max(), np.abs(numerical).max(), floor]))  # NaN if one of them is
    difference = float(np.abs(analytic - numerical).max())
    return 0.0 if scale == 0 else difference / scale


@dataclass(frozen=True)
class GradientReport:
    """The relative error of each gradient by name; shows itself as a table.

    Attributes
    ----------
    errors : dict of float
    tolerance : float
        Up to this error, a gradient counts as right.
    """

    errors: Mapping[str, float]
    tolerance: float = TOLERANCE

    @property
    def worst(self) -> float:
        """The largest error; NaN if one of them is NaN."""
        return float(np.max(list(self.errors.values())))

    @property
    def wrong(self) -> list[str]:
        """The names whose error is above the tolerance or NaN."""
        return [name for name, error in self.errors.items() if not error <= self.tolerance]

    def __repr__(self) -> str:
        width = max(len(name) for name in (*self.errors, "gradient"))
        rows = [f"{'gradient':<{width}}  relative error"]
        for name, error in self.errors.items():
            rows.append(f"{name:<{width}}  {error:<14.1e}  {'WRONG' if name in self.wrong else 'right'}")
        return "\n".join(rows)


def check_gradients(
    loss: Loss,
    arrays: Mapping[str, NDArray],
    grads: Mapping[str, NDArray],
    *,
    every_entry_up_to: int = 2000,
    rng: np.random.Generator | None = None,
    step: float = STEP,
    tolerance: float = TOLERANCE,
) -> GradientReport:
    """Compare gradients with central differences of the loss.

    Each array of at most `every_entry_up_to` entries is checked entry by entry. A larger one is moved
    along one random direction of +1 and -1, where a wrong entry shows in the sum: two evaluations
    instead of two for each entry.

    Parameters
    ----------
    loss : callable
        Takes nothing, reads `arrays`, returns a float.
    arrays : dict of ndarray of float64
        What the loss depends on: parameters, inputs, states. Changed in place and restored.
    grads : dict of ndarray
        The gradients to check, with the names and shapes of `arrays`.
    every_entry_up_to : int
    rng : numpy.random.Generator, optional
        For the random directions.
    step, tolerance : float

    Returns
    -------
    GradientReport
        For an entrywise check the largest difference, relative to the gradient's largest entry; for a
        random direction the difference relative to the gradient's norm. Gradients smaller than 1e-4
        of the loss are measured against that, because rounding of the loss drowns them.

    Raises
    ------
    TypeError
        If the loss is not a number.
    ValueError
        If an array is not float64, or names or shapes differ.
    """
    if arrays.keys() != grads.keys():
        raise ValueError(f"grads has the names {sorted(grads)}; expected those of arrays, {sorted(arrays)}")
    rng = rng or np.random.default_rng(0)
    value = loss()
    if not isinstance(value, (int, float, np.number)):
        raise TypeError(f"loss() returned a {type(value).__name__}; expected one number, the loss alone")
    floor = 1e-4 * abs(value)
    errors = {}
    for name, array in arrays.items():
        _require_float64(f"arrays[{name!r}]", array)
        grad = np.asarray(grads[name])
        if grad.shape != array.shape:
            raise ValueError(f"grads[{name!r}] has shape {grad.shape}; expected {array.shape}, as arrays")
        if array.size <= every_entry_up_to:
            errors[name] = relative_error(grad, numerical_gradient(loss, array, step), floor)
        else:
            direction = rng.choice([-1.0, 1.0], array.shape)
            measured = _directional_derivative(loss, array, direction, step)
            claimed = np.vdot(grad, direction)
            errors[name] = relative_error(claimed, np.array(measured), max(float(np.linalg.norm(grad)), floor))
    return GradientReport(errors, tolerance)


def negative_control(
    loss: Loss, arrays: Mapping[str, NDArray], grads: Mapping[str, NDArray], **options
) -> GradientReport:
    """Run the same check on gradients spoiled on purpose: every name must come out wrong.

    In each gradient the largest entry is made 1 % larger. A check that lets this pass proves nothing.
    Takes the arguments of `check_gradients`; a gradient that is zero everywhere cannot be spoiled so
    and is moved by 1 instead.
    """
    spoiled = {name: np.array(grad, dtype=np.float64) for name, grad in grads.items()}
    for grad in spoiled.values():
        largest = np.unravel_index(np.abs(grad).argmax(), grad.shape)
        grad[largest] += 0.01 * grad[largest] or 1.0
    return check_gradients(loss, arrays, spoiled, **options)


def _directional_derivative(loss: Loss, array: NDArray, direction: NDArray, step: float) -> float:
    original = array.copy()
    try:
        array += step * direction
        above = loss()
        array[...] = original - step * direction
        below = loss()
    finally:
        array[...] = original
    return (above - below) / (2 * step)


def _require_float64(name: str, array: NDArray) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != np.float64:
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f"{name} is {kind}; expected a float64 array, because float32 is too coarse for differences")
