"""Prices of shares, one row for each day of trading."""

import numpy as np

from rnn_lab.datasets.download import fetch, sample_data
from rnn_lab.datasets.time_series import Table

SP500_URL = (
    "https://raw.githubusercontent.com/vega/vega-datasets/cad85578e232704bb0453544742440038038c6a2/data/sp500-2000.csv"
)
SP500_SHA256 = "9409e9342d0657c747324e4cfabce8a8c7f663bc485b95a3378f36b0a160f8c8"
PRICES = ("open", "high", "low", "close")


def google() -> Table:
    """Return Google's first four years on the market, 2004-2008 (shipped with matplotlib as sample data).

    Columns ``open``, ``high``, ``low`` and ``close``; the days are those of trading, so weekends are missing.
    """
    rows = np.load(sample_data("goog.npz"))["price_data"]
    return Table(rows["date"], {name: rows[name] for name in PRICES}, dict.fromkeys(PRICES, "US dollars"))


def sp500() -> Table:
    """Return the S&P 500 index, 2000-2020 (as vega-datasets has it), downloaded once; columns as `google`."""
    path = fetch(SP500_URL, SP500_SHA256)
    dates = np.loadtxt(path, "datetime64[D]", delimiter=",", skiprows=1, usecols=0)
    columns = np.loadtxt(path, delimiter=",", skiprows=1, usecols=range(1, 5), unpack=True)
    return Table(dates, dict(zip(PRICES, columns, strict=True)), dict.fromkeys(PRICES, "index points"))
