"""Prices of shares: one row for each day of trading, or for each month."""

import csv

import numpy as np

from rnn_lab.datasets.download import fetch, sample_data
from rnn_lab.datasets.time_series import Table

SP500_URL = (
    "https://raw.githubusercontent.com/vega/vega-datasets/cad85578e232704bb0453544742440038038c6a2/data/sp500-2000.csv"
)
SP500_SHA256 = "9409e9342d0657c747324e4cfabce8a8c7f663bc485b95a3378f36b0a160f8c8"
PRICES = ("open", "high", "low", "close")
SHARES, INDICES = ("IBM", "AAPL", "MSFT", "XRX", "ADBE"), ("^GSPC", "^IXIC")  # known for the whole time


def google() -> Table:
    """Return Google's first four years on the market, 2004-2008 (shipped with matplotlib as sample data).

    Columns ``open``, ``high``, ``low`` and ``close``; the days are those of trading, so weekends are missing.
    """
    rows = np.load(sample_data("goog.npz"))["price_data"]
    return Table(rows["date"], {name: rows[name] for name in PRICES}, dict.fromkeys(PRICES, "US dollars"))


def monthly_stocks() -> Table:
    """Return the prices of five shares and two indices, each month of 1990-2022 (matplotlib's sample data).

    Columns `SHARES` and `INDICES`. What is left out: three shares that came to the market later, and the rows inside a
    month, which have no prices.
    """
    with sample_data("Stocks.csv").open(newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    rows = [row for row in rows if row["Date"].endswith("-01") and row["IBM"]]
    columns = {name: np.array([float(row[name]) for row in rows]) for name in (*SHARES, *INDICES)}
    months = np.array([row["Date"] for row in rows], "datetime64[M]")
    return Table(months, columns, dict.fromkeys(SHARES, "US dollars") | dict.fromkeys(INDICES, "index points"))


def sp500() -> Table:
    """Return the S&P 500 index, 2000-2020 (as vega-datasets has it), downloaded once; columns as `google`."""
    path = fetch(SP500_URL, SP500_SHA256)
    dates = np.loadtxt(path, "datetime64[D]", delimiter=",", skiprows=1, usecols=0)
    columns = np.loadtxt(path, delimiter=",", skiprows=1, usecols=range(1, 5), unpack=True)
    return Table(dates, dict(zip(PRICES, columns, strict=True)), dict.fromkeys(PRICES, "index points"))
