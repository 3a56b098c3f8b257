"""Series of numbers over time: what they have in common, whatever they tell of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnn_lab.nn.checks import as_ndarray, refuse_non_finite

SAME_STEP = 1e-3  # by what part of it the steps between times may differ, as a month is written in decimals


@dataclass(frozen=True)
class Series:
    """A regularly sampled series.

    Attributes
    ----------
    years : ndarray, shape (T,)
        Time in years; a month is a twelfth.
    values : ndarray, shape (T,)
    unit : str
        Of the values, for an axis.

    Raises
    ------
    ValueError
        If times are not in order or have a gap, or a value is NaN.
    """

    years: NDArray
    values: NDArray
    unit: str

    def __post_init__(self) -> None:
        refuse_gaps("years", self.years)
        _check_column("values", self.values, self.years)


@dataclass(frozen=True)
class Table:
    """Several quantities, measured at the same times.

    Attributes
    ----------
    times : ndarray of datetime64, shape (T,)
        In order.
    columns : dict of ndarray, shape (T,) each
    units : dict of str
        Of each column, for an axis.

    Raises
    ------
    ValueError
        If times are not in order, a value is NaN, or a column has no unit.
    """

    times: NDArray
    columns: dict[str, NDArray]
    units: dict[str, str]

    def __post_init__(self) -> None:
        refuse_disorder("times", self.times)
        for name, column in self.columns.items():
            _check_column(name, column, self.times)
        if self.units.keys() != self.columns.keys():
            raise ValueError(
                f"units has {', '.join(self.units) or 'none'}; expected one for each of {', '.join(self.columns)}"
            )

    def __getitem__(self, name: str) -> NDArray:
        return self.columns[name]


def refuse_disorder(name: str, times: NDArray) -> None:
    """Raise a ValueError unless each time is later than the one before."""
    times = as_ndarray(name, times)
    late = np.flatnonzero(times[1:] <= times[:-1])
    if len(late):
        place = int(late[0]) + 1
        raise ValueError(
            f"{name} is not in order: {times[place]} at index {place} follows {times[place - 1]}; "
            "sort the table by time, and keep one row for each time"
        )


def refuse_gaps(name: str, times: NDArray) -> None:
    """Raise a ValueError unless the times are in order and equally far apart."""
    refuse_disorder(name, times)
    steps = np.diff(times)
    usual = np.median(steps)
    odd = np.flatnonzero(np.abs(steps / usual - 1) > SAME_STEP)
    if len(odd):
        place = int(odd[0])
        raise ValueError(
            f"{name} has {len(odd)} gap(s), the first after {times[place]} (index {place}), where the next is "
            f"{times[place + 1]}; expected equal steps of {usual}: fill the gap, or use the longest part without one"
        )


def _check_column(name: str, column: NDArray, times: NDArray) -> None:
    if len(column) != len(times):
        raise ValueError(f"{name} has {len(column)} entries for {len(times)} times; expected one for each")
    refuse_non_finite(name, column)
