"""Taxis of New York: how many passengers in each half hour, with the days on which something happened."""

import json

import numpy as np
from numpy.typing import NDArray

from rnn_lab.datasets.download import fetch
from rnn_lab.datasets.time_series import Table, refuse_gaps

NAB = "https://raw.githubusercontent.com/numenta/NAB/ea702d75cc2258d9d7dd35ca8e5e2539d71f3140"
COUNTS_URL, COUNTS_SHA256 = (
    f"{NAB}/data/realKnownCause/nyc_taxi.csv",
    "d8fa6f7f0734bf5c8be12c52a94e20a82664c397d9dec4449156bd453d32856d",
)
WINDOWS_URL, WINDOWS_SHA256 = (
    f"{NAB}/labels/combined_windows.json",
    "1e1fbc4601321aad8d0f8b3784c8134299379f68f6c1f7777565f8ffd57ab6b1",
)
HALF_HOURS_A_DAY, HALF_HOURS_A_WEEK = 48, 336


def new_york_taxi() -> Table:
    """Return the passengers of New York's taxis, half-hourly from July 2014 to January 2015 (NAB), downloaded once."""
    path = fetch(COUNTS_URL, COUNTS_SHA256)
    times, counts = np.loadtxt(path, str, delimiter=",", skiprows=1, unpack=True)
    times = times.astype("datetime64[m]")
    refuse_gaps("times", times)
    return Table(times, {"passengers": counts.astype(float)}, {"passengers": "passengers in half an hour"})


def unusual_windows() -> NDArray:
    """Return when something unusual happened, as NAB marks it: shape (5, 2), the start and the end of each window.

    The marathon, Thanksgiving, Christmas, New Year and a snow storm.
    """
    windows = json.loads(fetch(WINDOWS_URL, WINDOWS_SHA256).read_text())["realKnownCause/nyc_taxi.csv"]
    return np.array(windows, "datetime64[m]")


def half_hour_of_week(times: NDArray) -> NDArray[np.integer]:
    """Return which half hour of its week each time is, 0 being midnight at the start of a Monday."""
    half_hours = times.astype("datetime64[m]").astype(int) // 30
    return (half_hours + 3 * HALF_HOURS_A_DAY) % HALF_HOURS_A_WEEK  # 1970 began on a Thursday
