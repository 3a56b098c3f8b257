"""What is forecast in chapter 08: for each series the parts in time, the horizon, and everything that is known then."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnn_lab.datasets import climate, markets, mitdb, physiology, taxi
from rnn_lab.datasets.download import bundled
from rnn_lab.datasets.time_series import Table
from rnn_lab.evaluation import rolling_origins
from rnn_lab.nn.checks import as_array, as_size

RESULTS_SHA256 = {
    "time_series_results.json": "72391b99444a81b38a4288dd62c6ab3dc7df2eaf227570fcfd4785e63ebfb96d",
    "heartbeat_detection.json": "16eb7ed9e206703586c5208e8a02f7caa4b780c4a08a1d3658003c2ec7a3fc78",
}
LOG_PRICE = "price, 100 log"
HEART_RATE_DIVISOR = 4  # of the 360 samples a second of a recorded heart
HEART_HORIZON = 18  # 200 ms
PATIENT = 88  # the seed of the simulated heart
GOOGLE_BORDERS, SP500_BORDERS = ("2007-01-01", "2007-10-01"), ("2012-01-01", "2016-01-01")
PHASE = (1, 2)  # where `_with_phase` puts the place in a cycle
STOCKS_BORDERS = ("2008-01", "2014-01")


@dataclass(frozen=True)
class Task:
    """A series to be forecast, cut in time into a part to train on, one to choose by and one to test on.

    Attributes
    ----------
    values : ndarray, shape (T,)
        What is forecast.
    unit : str
    borders : (int, int)
        Where the parts to choose by and to test on begin; the training part is what comes before.
    horizon : int
        K, how many steps ahead.
    inputs : ndarray, shape (T, D)
        What is known at each step: the values in column 0, other quantities, the calendar.
    period : int
        Of the season, in steps; 1 if there is none.
    harmonics : dict of int
        Of the climatology: period in steps -> number of waves.
    trend : int
        Of the climatology: 0 a constant, 1 a straight line, 2 a parabola.
    every : int
        Steps between the origins that are judged.
    calendar : tuple of int
        Which columns of the inputs are known in advance.

    Raises
    ------
    ValueError
        If a value is NaN, there are not as many inputs as values, or a part is shorter than the horizon.
    """

    values: NDArray
    unit: str
    borders: tuple[int, int]
    horizon: int
    inputs: NDArray
    period: int = 1
    harmonics: dict[float, int] = field(default_factory=dict)
    trend: int = 0
    every: int = 1
    calendar: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        values = as_array("values", self.values, ("T",), finite=True)
        as_array("inputs", self.inputs, (len(values), "D"), finite=True)
        parts = np.diff([0, *self.borders, len(values)])
        if parts.min() < as_size("horizon", self.horizon):
            raise ValueError(
                f"borders is {self.borders} for {len(values)} values, so that the parts have {parts.tolist()} of them; "
                f"expected each to have a horizon of {self.horizon} at least, one part after the other"
            )

    def origins(self, part: str) -> NDArray[np.integer]:
        """Return the origins in the part ``"train"``, ``"choose"`` or ``"test"`` whose horizon ends in it."""
        choose, test = self.borders
        ends = {"train": (1, choose), "choose": (choose, test), "test": (test, len(self.values))}
        if part not in ends:
            raise ValueError(f"part is {part!r}; expected 'train', 'choose' or 'test'")
        first, end = ends[part]
        return rolling_origins(end, first, self.horizon, self.every)


def _borders(times: NDArray, choose: object, test: object) -> tuple[int, int]:
    """Find the first of the times in the part to choose by and in the part to test on."""
    first, second = np.searchsorted(times, np.array([choose, test], times.dtype))
    return int(first), int(second)


def _alone(values: NDArray) -> NDArray:
    return values[:, None]


def _with_phase(values: NDArray, phases: NDArray) -> NDArray:
    """Put the place in a cycle, an angle, beside the values as two numbers."""
    return np.column_stack([values, np.cos(phases), np.sin(phases)])


def sunspots_yearly() -> Task:
    series = climate.sunspots()
    values = series.values
    return Task(values, series.unit, _borders(series.years, 1921, 1956), 5, _alone(values))


def sunspots_monthly() -> Task:
    series = climate.sunspots("monthly")
    values = series.values
    return Task(values, series.unit, _borders(series.years, 1921, 1956), 36, _alone(values))


def co2() -> Task:
    series = climate.co2()
    values, season = series.values, 2 * np.pi * series.years
    parts = _borders(series.years, 1984, 1992)
    over_a_year = values - np.roll(values, 12)  # the level leaves the range that was trained on, its growth does not
    over_a_year[:12] = over_a_year[12]  # the first year has none before it; it is all training, so nothing leaks
    return Task(values, series.unit, parts, 12, _with_phase(over_a_year, season), 12, {12: 4}, trend=2, calendar=PHASE)


def el_nino() -> Task:
    series = climate.el_nino()
    values, season = series.values, 2 * np.pi * series.years
    parts = _borders(series.years, 1985, 1996)
    return Task(values, series.unit, parts, 12, _with_phase(values, season), 12, {12: 4}, calendar=PHASE)


def seattle() -> Task:
    table = climate.seattle_weather()
    values = table["temp_max"]
    season = 2 * np.pi * np.arange(len(values)) / 365.25
    others = np.column_stack([table["temp_min"], np.log1p(table["precipitation"]), table["wind"]])
    parts = _borders(table.times, "2014-07-01", "2015-01-01")
    inputs = np.column_stack([_with_phase(values, season), others])
    return Task(values, table.units["temp_max"], parts, 7, inputs, 1, {365.25: 3}, calendar=PHASE)


def _price(table: Table, choose: str, test: str) -> Task:
    values = 100 * np.log(table["close"])
    returns = np.diff(values, prepend=values[0])
    inputs = np.column_stack([returns, np.abs(returns), log_range(table)])
    return Task(values, LOG_PRICE, _borders(table.times, choose, test), 5, inputs)


def _range(table: Table, choose: str, test: str) -> Task:
    values, returns = log_range(table), 100 * np.diff(np.log(table["close"]), prepend=np.log(table["close"][0]))
    inputs = np.column_stack([values, returns, np.abs(returns)])
    return Task(values, "log of the day's range", _borders(table.times, choose, test), 5, inputs)


def google_price() -> Task:
    return _price(markets.google(), *GOOGLE_BORDERS)


def google_range() -> Task:
    return _range(markets.google(), *GOOGLE_BORDERS)


def stocks_monthly() -> Task:
    """The mean of five shares, which the returns of the two indices stand beside."""
    table = markets.monthly_stocks()
    values = 100 * np.mean([np.log(table[share]) for share in markets.SHARES], axis=0)
    levels = np.column_stack([values, *(100 * np.log(table[index]) for index in markets.INDICES)])
    returns = np.diff(levels, axis=0, prepend=levels[:1])
    return Task(values, LOG_PRICE, _borders(table.times, *STOCKS_BORDERS), 6, returns)


def sp500_price() -> Task:
    return _price(markets.sp500(), *SP500_BORDERS)


def sp500_range() -> Task:
    return _range(markets.sp500(), *SP500_BORDERS)


def log_range(table: Table) -> NDArray:
    """Return how far apart a day's highest and lowest price are: the logarithm of the log-ratio in percent."""
    return np.log(np.maximum(100 * np.log(table["high"] / table["low"]), 0.05))


def taxis() -> Task:
    table = taxi.new_york_taxi()
    values = table["passengers"] / 1000
    week = 2 * np.pi * taxi.half_hour_of_week(table.times) / taxi.HALF_HOURS_A_WEEK
    calendar = [wave(turns * week) for turns in (1, 2, 7, 14, 21) for wave in (np.cos, np.sin)]
    parts = _borders(table.times, "2014-11-01", "2014-12-01")
    return Task(
        values,
        "thousand passengers in half an hour",
        parts,
        taxi.HALF_HOURS_A_DAY,
        np.column_stack([values, *calendar]),
        taxi.HALF_HOURS_A_WEEK,
        {taxi.HALF_HOURS_A_WEEK: 84},
        every=5,
        calendar=tuple(range(1, 1 + len(calendar))),
    )


def eeg() -> Task:
    channels = np.column_stack(list(physiology.eeg().columns.values()))
    return Task(channels[:, 0], "current, scaled", (480, 640), 10, channels)


def heart_simulated() -> Task:
    recording = physiology.heartbeats(360, np.random.default_rng(PATIENT))
    return _heart(recording, 200, 260, every=5)


def heart_208() -> Task:
    recording = mitdb.record_208().resampled(HEART_RATE_DIVISOR)
    return _heart(recording, 600, 780, every=20)


def _heart(recording: physiology.Recording, choose: float, test: float, every: int) -> Task:
    parts = round(choose * recording.rate), round(test * recording.rate)
    return Task(recording.signal, "millivolts", parts, HEART_HORIZON, _alone(recording.signal), every=every)


TASKS: dict[str, Callable[[], Task]] = {
    "sunspots, yearly": sunspots_yearly,
    "sunspots, monthly": sunspots_monthly,
    "carbon dioxide": co2,
    "El Niño": el_nino,
    "Seattle": seattle,
    "Google, price": google_price,
    "Google, range": google_range,
    "five shares, monthly": stocks_monthly,
    "S&P 500, price": sp500_price,
    "S&P 500, range": sp500_range,
    "taxis": taxis,
    "EEG": eeg,
    "heart, simulated": heart_simulated,
    "heart, record 208": heart_208,
}


def results(name: str) -> dict[str, Any]:
    """Return what a committed command has found, by series or by recording.

    Parameters
    ----------
    name : {"time_series_results.json", "heartbeat_detection.json"}
        Written by data/train_forecasters.py and data/train_detectors.py.
    """
    if name not in RESULTS_SHA256:
        raise ValueError(f"name is {name!r}; expected one of {', '.join(RESULTS_SHA256)}")
    return json.loads(bundled(name, RESULTS_SHA256[name]).read_text())
