"""The sun, the air, the sea and the weather: bundled means, and what is downloaded on request."""

import csv
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnn_lab.datasets.download import bundled, fetch
from rnn_lab.datasets.time_series import Series, Table, refuse_gaps

YEARLY_SHA256 = "74b8e3acb9886b68abe9c56f6081257d522e2cb2470f17dbf597b396f4ea1706"
MONTHLY_URL = (
    "https://raw.githubusercontent.com/statsmodels/statsmodels/82c59e378bdfb5ae324006c477954879ad3e24be"
    "/statsmodels/datasets/sunspots/src/sunspots_monthly.dat"
)
MONTHLY_SHA256 = "cc303d26340b6d599bc2878899f8c50c12323dc04b52a26ad047965ea2b9d2a3"
CO2_SHA256 = "bd28eba98a5e139551cb6fb46734f8788be688f0004af2c4c7556e7465aede75"
EL_NINO_SHA256 = "b832276a15793027780b8f7f0572e04de15a770ddfa89e3d1ac2846e297a3d00"
SEATTLE_URL = (
    "https://raw.githubusercontent.com/vega/vega-datasets/cad85578e232704bb0453544742440038038c6a2"
    "/data/seattle-weather.csv"
)
SEATTLE_SHA256 = "0845078a290b48e3149ab8639966824110a251db4e06fc144c06ebb534af23be"
SEATTLE_UNITS = {
    "precipitation": "precipitation, mm a day",
    "temp_max": "highest temperature of the day, °C",
    "temp_min": "lowest temperature of the day, °C",
    "wind": "mean wind speed, m/s",
}


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


def co2() -> Series:
    """Return the carbon dioxide in the air of Mauna Loa, monthly means 1958-2001 (Keeling and Whorf, 2004), bundled.

    Five months without a measurement, the last of them in 1964, are interpolated.
    """
    return Series(*_monthly("co2_monthly.csv", CO2_SHA256), "carbon dioxide, ppm")


def el_nino() -> Series:
    """Return the temperature of the sea off Peru, Nino 1+2, monthly means 1950-2010 (NOAA, ERSST.V3B), bundled."""
    return Series(*_monthly("el_nino_monthly.csv", EL_NINO_SHA256), "sea temperature, °C")


def seattle_weather() -> Table:
    """Return the weather of Seattle, each day of 2012-2015 (NOAA, as vega-datasets has it), downloaded once.

    Columns ``precipitation``, ``temp_max``, ``temp_min`` and ``wind``.
    """
    with fetch(SEATTLE_URL, SEATTLE_SHA256).open(newline="") as file:
        rows = list(csv.DictReader(file))
    dates = np.array([row["date"] for row in rows], "datetime64[D]")
    refuse_gaps("dates", dates)
    return Table(dates, {name: np.array([float(row[name]) for row in rows]) for name in SEATTLE_UNITS}, SEATTLE_UNITS)


def _monthly(name: str, sha256: str) -> tuple[NDArray, NDArray]:
    """Read a bundled file of months and values -> years, values."""
    rows = [line.split(",") for line in Path(bundled(name, sha256)).read_text().splitlines()[1:]]
    months = np.array([month for month, _ in rows], "datetime64[M]").astype(int)  # since 1970
    return 1970 + months / 12, np.array([float(value) for _, value in rows])
