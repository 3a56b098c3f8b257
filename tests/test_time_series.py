"""The series of chapter 08: bundled and generated ones, the readers of public formats, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from support import assert_same

from rnn_lab import datasets
from rnn_lab.datasets import mitdb, taxi
from rnn_lab.datasets.forecasting import TASKS, Task, results
from rnn_lab.datasets.time_series import Series, Table
from rnn_lab.evaluation import following
from rnn_lab.models import Windows

OFFLINE = (
    "sunspots, yearly",
    "carbon dioxide",
    "El Niño",
    "Google, price",
    "Google, range",
    "five shares, monthly",
    "EEG",
    "heart, simulated",
)


def test_bundled_climate():
    air, sea = datasets.co2(), datasets.el_nino()
    assert len(air.values) == 526 and len(sea.values) == 732
    assert (air.years[0], sea.years[0]) == (pytest.approx(1958 + 2 / 12), 1950)
    assert air.values[-12:].mean() > air.values[:12].mean() + 50
    assert sea.values[:2].tolist() == [23.11, 24.2]


def test_what_matplotlib_ships():
    share = datasets.google()
    assert (
        len(share.times) == 1047 and (share["low"] <= share["close"]).all() and (share["close"] <= share["high"]).all()
    )
    stocks = datasets.monthly_stocks()
    assert list(stocks.columns) == ["IBM", "AAPL", "MSFT", "XRX", "ADBE", "^GSPC", "^IXIC"]
    assert (np.diff(stocks.times).astype(int) == 1).all() and len(stocks.times) == 32 * 12 + 6
    assert [len(channel) for channel in datasets.eeg().columns.values()] == [800] * 4


def test_a_heart_is_simulated():
    heart = datasets.heartbeats(120, np.random.default_rng(0))
    assert len(heart.signal) == 120 * 90 and heart.ectopic.dtype == bool
    intervals = np.diff(heart.beats) / heart.rate
    assert 0.8 < np.median(intervals) < 0.9
    normal = heart.beats[~heart.ectopic]
    assert (heart.signal[normal] > heart.signal[normal - 20]).mean() > 0.95  # a peak, after a flat part
    assert 0.03 < heart.ectopic.mean() < 0.2 and not (heart.ectopic[1:] & heart.ectopic[:-1]).any()
    assert intervals[heart.ectopic[1:]].mean() < 0.95 * intervals.mean()


def test_the_same_generator_gives_the_same_heart():
    one, other = (datasets.heartbeats(20, np.random.default_rng(3)) for _ in range(2))
    assert_same(one.signal, other.signal)
    assert not datasets.heartbeats(60, np.random.default_rng(3), ectopic=0.0).ectopic.any()


def test_resampling_keeps_beats_in_place():
    heart = datasets.heartbeats(60, np.random.default_rng(0), rate=360, noise=0, wander=0)
    slower, late = heart.resampled(4), 10
    assert slower.rate == 90 and len(slower.signal) == 60 * 90
    assert_same(slower.signal[100 + late : -100], heart.signal[::4][100 : -100 - late], 0.25)
    assert (slower.beats[:60] == heart.beats[:60] // 4 + late).all() and slower.beats[-1] < len(slower.signal)


def test_resampling_looks_back_alone():
    heart = datasets.heartbeats(20, np.random.default_rng(0), rate=360)
    changed = replace(heart, signal=np.where(np.arange(len(heart.signal)) > 4000, 99.0, heart.signal))
    assert_same(changed.resampled(4).signal[: 4000 // 4 + 1], heart.resampled(4).signal[: 4000 // 4 + 1])


def test_format_212_by_hand():
    """Signals 1, -1 and then 2047, -2048: twelve bits each, the middle byte is shared."""
    content = bytes([0x01, 0xF0, 0xFF, 0xFF, 0x87, 0x00])
    assert mitdb.signals_212(content).tolist() == [[1, 2047], [-1, -2048]]
    with pytest.raises(ValueError, match="content has 5 bytes"):
        mitdb.signals_212(content[:5])


def word(code, value):
    return ((code << 10) + value).to_bytes(2, "little")


def test_annotations_by_hand():
    """A beat, text, a long pause of 65,536 + 7 samples, a beat, a note on it, the end."""
    long_pause = word(59, 0) + (1).to_bytes(2, "little") + (7).to_bytes(2, "little")
    content = word(1, 18) + word(63, 3) + b"(N\0\0" + long_pause + word(5, 2) + word(60, 1) + b"\0\0"
    samples, codes = mitdb.annotations(content)
    assert samples.tolist() == [18, 18 + 65_543 + 2] and codes.tolist() == [1, 5]
    for end in range(0, len(content) - 2, 2):
        with pytest.raises(ValueError, match="not whole"):
            mitdb.annotations(content[:end])


def test_half_hours_of_a_week():
    times = np.array(["2014-07-07T00:00", "2014-07-07T00:30", "2014-07-06T23:30"], "datetime64[m]")
    assert taxi.half_hour_of_week(times).tolist() == [0, 1, 335]


def task(**changes):
    """A task of a hundred values, with some of its fields changed."""
    values = np.arange(100.0)
    fields = {"values": values, "unit": "m", "borders": (60, 80), "horizon": 5, "inputs": values[:, None]} | changes
    return Task(**fields)


@pytest.mark.parametrize("name", OFFLINE)
def test_a_task_fits_together(name):
    task = TASKS[name]()
    assert len(task.inputs) == len(task.values) and np.isfinite(task.inputs).all()
    choose, test = task.borders
    assert 0 < choose < test < len(task.values)
    in_advance = task.inputs[:, list(task.calendar)]
    assert in_advance.shape == (len(task.values), 2 * (name in ("carbon dioxide", "El Niño")))
    assert (np.abs(in_advance) <= 1).all()
    for part, end in [("choose", test), ("test", len(task.values))]:
        assert task.origins(part)[-1] + task.horizon <= end
    with pytest.raises(ValueError, match="part is 'validation'"):
        task.origins("validation")


def test_windows_end_before_the_choosing_part_and_come_back_as_forecasts():
    task = TASKS["El Niño"]()
    windows = Windows(task)
    x, y = windows.sample(np.random.default_rng(0), 30, 500)
    assert x.shape == (30, 500, 3) and y.shape == (30, 500, 12) and np.isfinite(y).all()
    known = {tuple(row) for row in windows.x[: task.borders[0] - task.horizon, 0]}
    assert {tuple(row) for row in x.reshape(-1, 3)} <= known
    origins = task.origins("test")
    answers = windows.y[origins - 1, 0][..., None].astype(float)
    assert_same(windows.forecasts(answers, origins - 1)[..., 0], following(task.values, origins, 12), 1e-5)


def test_windows_know_nothing_of_what_comes_after_the_training_part():
    task = TASKS["sunspots, yearly"]()
    before = Windows(task)
    task.values[task.borders[0] :] += 100  # the inputs are these values
    after = Windows(task)
    known = slice(0, task.borders[0] - task.horizon)
    assert_same(after.x[: task.borders[0]], before.x[: task.borders[0]])
    assert_same(after.y[known], before.y[known])


def test_the_results_are_those_of_the_tasks():
    assert results("time_series_results.json").keys() == TASKS.keys()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Series(np.array([1.0, 2, 4, 5]), np.ones(4), "m"), "years has 1 gap"),
        (lambda: Series(np.array([1.0, 3, 2]), np.ones(3), "m"), "years is not in order: 2.0 at index 2 follows 3.0"),
        (lambda: Series(np.arange(3.0), np.array([1, np.nan, 2]), "m"), "values holds 1 NaN"),
        (lambda: Series(np.arange(3.0), np.ones(4), "m"), "values has 4 entries for 3 times"),
        (lambda: Table(np.array([2, 2]), {"a": np.ones(2)}, {}), "times is not in order"),
        (lambda: Table(np.arange(2), {"a": np.ones(3)}, {}), "a has 3 entries for 2 times"),
        (lambda: Table(np.arange(2), {"a": np.ones(2)}, {}), "units has none; expected one for each of a"),
        (lambda: datasets.heartbeats(0, np.random.default_rng(0)), "seconds is 0; expected a number above 0"),
        (lambda: datasets.heartbeats(9, np.random.default_rng(0), ectopic=2), "ectopic is 2; expected"),
        (lambda: datasets.heartbeats(9, np.random.default_rng(0), noise=-1), "noise is -1; expected"),
        (lambda: datasets.heartbeats(0.001, np.random.default_rng(0)), "seconds is 0.001 at a rate of 90"),
        (lambda: datasets.heartbeats(9, np.random.default_rng(0)).resampled(0), "divisor is 0; expected at least 1"),
        (
            lambda: task(borders=(60, 40)),
            r"borders is \(60, 40\) for 100 values, so that the parts have \[60, -20, 60\]",
        ),
        (lambda: task(borders=(60, 120)), "expected each to have a horizon of 5 at least"),
        (lambda: task(horizon=25), "the parts have .60, 20, 20. of them; expected each to have a horizon of 25"),
        (lambda: task(horizon=0), "horizon is 0; expected at least 1"),
        (lambda: task(values=np.full(100, np.nan)), "values holds 100 NaN"),
        (lambda: task(inputs=np.ones((99, 1))), r"inputs has shape \(99, 1\); expected \(100, D\)"),
        (lambda: results("other.json"), "name is 'other.json'; expected one of time_series_results.json"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
