"""Series of numbers over time."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnn_lab.datasets.download import bundled, fetch

YEARLY_SHA256 = "74b8e3acb9886b68abe9c56f6081257d522e2cb2470f17dbf597b396f4ea1706"
MONTHLY_URL = (
    "https://raw.githubusercontent.com/statsmodels/statsmodels/82c59e378bdfb5ae324006c477954879ad3e24be"
    "/statsmodels/datasets/sunspots/src/sunspots_monthly.dat"
)
MONTHLY_SHA256 = "cc303d26340b6d599bc2878899f8c50c12323dc04b52a26ad047965ea2b9d2a3"


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
    """

    years: NDArray
    values: NDArray
    unit: str


def sunspots(source: str = "yearly") -> Series:
    """Return the sunspot numbers (international series, first version; NOAA National Geophysical Data Center).

    Parameters
    ----------
    source : {"yearly", "monthly"}
        Yearly means 1700-2008, bundled; or monthly means 1749-2008, downloaded once.

    Raises
    ------
    ValueError
        If the source is unknown or a file is damaged.
    FileNotFoundError, ConnectionError
        If a file is not to be had.
    """
    if source == "yearly":
        table = np.loadtxt(bundled("sunspots_yearly.csv", YEARLY_SHA256), delimiter=",", skiprows=1)
        return Series(table[:, 0], table[:, 1], "sunspot number, yearly mean")
    if source == "monthly":
        text = fetch(MONTHLY_URL, MONTHLY_SHA256).read_text()
        rows = [line.split() for line in text.splitlines() if re.fullmatch(r"\d{4}(\s+[\d.]+){12}\s*", line)]
        table = np.array(rows, float)  # a year and its twelve months
        years = (table[:, :1] + np.arange(12) / 12).ravel()
        return Series(years, table[:, 1:].ravel(), "sunspot number, monthly mean")
    raise ValueError(f"source is {source!r}; expected 'yearly' (bundled) or 'monthly' (downloaded)")
