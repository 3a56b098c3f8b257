"""The command that forecasts every series: nothing looks into the future, and nothing is done twice or left undone."""

import importlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import assert_same

from rnn_lab.datasets.forecasting import TASKS, Task, results
from rnn_lab.evaluation import following, mase

DATA = Path(__file__).parents[1] / "data"
OFFLINE = ("sunspots, yearly", "carbon dioxide", "El Niño", "Google, range", "five shares, monthly", "EEG")
NETWORKS = ("direct", "teacher forcing", "free run", "sequence to sequence")


@pytest.fixture(scope="module")
def command():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DATA))
        yield importlib.import_module("train_forecasters")


@pytest.fixture(params=[12, 1], ids=["season", "no season"])
def task(request):
    """A wave and a random walk, with two harmonics and the calendar, or with nothing of that."""
    rng, t, period = np.random.default_rng(0), np.arange(300), request.param
    values = 3 * np.sin(2 * np.pi * t / 12) + 0.3 * rng.standard_normal(300).cumsum() + 10
    if period == 1:
        return Task(values, "m", (200, 240), 5, values[:, None])
    angle = 2 * np.pi * t / 12
    inputs = np.column_stack([values, np.cos(angle), np.sin(angle)])
    return Task(values, "m", (200, 240), 5, inputs, period, {12: 2}, calendar=(1, 2))


def changed_from(task, origin):
    """The same task in another future."""
    values, inputs = task.values.copy(), task.inputs.copy()
    values[origin:] += 100 * np.random.default_rng(1).standard_normal(len(values) - origin)
    inputs[:, 0] = values
    return replace(task, values=values, inputs=inputs)


def network(command, task, kind):
    """An untrained network with a readout that says something, and how it draws a batch and forecasts."""
    rng, training = np.random.default_rng(0), command.Training(hidden=4, window=20, warm_up=2, batch=64)
    if kind == "direct":
        built = command.direct(task, command.Windows(task), training, rng)
    else:
        encoded = kind == "sequence to sequence"
        built = command.step_by_step(task, training, rng, forced=kind == "teacher forcing", encoded=encoded)
    weights = built[0].readout.params["W"]
    weights[:] = np.random.default_rng(1).standard_normal(weights.shape)
    return built


@pytest.mark.filterwarnings("ignore")  # statsmodels' on the tiny series
def test_no_baseline_looks_into_the_future(command, task):
    origins = np.array([200, 231, 262])
    later = command.families(changed_from(task, origins[-1]))
    for family, variants in command.families(task).items():
        for variant, forecast in variants.items():
            expected = forecast(origins)
            assert expected.shape == (3, 5) and np.isfinite(expected).all(), (family, variant)
            assert_same(later[family][variant](origins), expected, 1e-6)


@pytest.mark.parametrize("kind", NETWORKS)
def test_no_network_looks_into_the_future(command, task, kind):
    origins = np.array([200, 231, 262])
    _, _, forecast = network(command, task, kind)
    _, _, later = network(command, changed_from(task, origins[-1]), kind)
    expected = forecast(origins)
    assert expected.shape[:2] == (3, 5) and np.ptp(expected) > 0.1
    assert_same(later(origins), expected, 1e-5)


@pytest.mark.parametrize("kind", NETWORKS)
def test_no_network_learns_from_what_comes_after_the_training_part(command, task, kind):
    _, sample, _ = network(command, task, kind)
    _, later, _ = network(command, changed_from(task, task.borders[0]), kind)
    for ours, theirs in zip(sample(np.random.default_rng(2)), later(np.random.default_rng(2)), strict=True):
        assert_same(theirs, ours, 1e-5)


@pytest.mark.parametrize("kind", NETWORKS[1:])
def test_whoever_goes_step_by_step_and_says_the_target_is_right(command, task, kind):
    """The targets of the network, turned into a forecast as its answers are, are the truth."""
    model, _, forecast = network(command, task, kind)
    origins = np.array([150, 260])
    truth = following(task.values, origins, 5)
    anchor = following(task.values, origins - 12, 5) if task.period > 1 else task.values[origins - 1, None]
    known, apart = task.values[: task.borders[0]], task.period if task.period > 1 else task.horizon
    size = np.std(known[apart:] - known[:-apart])
    model.predict = lambda past, ahead, steps: ((truth - anchor) / size).T
    assert_same(forecast(origins)[..., 0], truth, 1e-9)


def test_errors_are_scaled_by_the_season_of_the_task(command, task):
    forecast = np.zeros((len(task.origins("test")), 5))
    truth = following(task.values, task.origins("test"), 5)
    found = command.judged(task, forecast, "test")["mase"]
    assert found == pytest.approx(mase(forecast, truth, task.values[:200], period=task.period))


def test_a_band_that_holds_everything_is_as_wide_as_its_score(command, task):
    origins = {part: task.origins(part) for part in ("choose", "test")}
    truth = {part: following(task.values, each, 5) for part, each in origins.items()}
    found = command.bands(task, {part: np.stack([each - 2, each + 2], axis=-1) for part, each in truth.items()})
    assert found["raw"] == {"coverage": 1, "width": pytest.approx(4), "score": pytest.approx(4)}
    assert found["widened"]["width"] == pytest.approx(0, abs=1e-9)  # nothing more is needed
    missed = command.bands(task, {part: np.stack([each + 1, each + 2], axis=-1) for part, each in truth.items()})
    assert missed["raw"] == {"coverage": 0, "width": pytest.approx(1), "score": pytest.approx(1 + 10 * 1)}


def test_a_network_is_trained_once(command, task, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "PARTIAL", tmp_path / "partial")
    calls = []

    def train(task, build, training, seed):
        calls.append(seed)
        return {"choose": np.zeros(3), "test": np.full(3, seed), "best_step": 7}

    monkeypatch.setattr(command, "trained", train)
    for seed in (0, 1, 0):
        quantiles, best_step, _ = command.said_by("GRU", task, "a wave", None, seed)
        assert quantiles["test"].tolist() == [seed] * 3 and best_step == 7
    command.said_by("another", task, "a wave", None, 0)
    assert calls == [0, 1, 0]


def test_a_series_is_done_again_when_a_setting_differs(command, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr("sys.argv", ["train_forecasters.py", "--only", "EEG"])
    done = []

    def run_series(task, name):
        done.append(name)
        return {"setting": command.setting_of(task, name)}

    monkeypatch.setattr(command, "run_series", run_series)
    command.main()
    command.main()
    assert done == ["EEG"]
    monkeypatch.setitem(command.TRAINING, "EEG", command.Training(steps=5))
    command.main()
    assert done == ["EEG", "EEG"]
    assert json.loads(command.RESULTS.read_text())["EEG"]["setting"]["training"]["steps"] == 5


@pytest.mark.parametrize("name", OFFLINE)
def test_the_bundled_results_are_of_these_settings(command, name):
    assert results("time_series_results.json")[name]["setting"] == command.setting_of(TASKS[name](), name)
