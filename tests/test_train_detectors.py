"""The command that ranks heart beats: what is chosen where, and which error belongs to which sample."""

import importlib
from pathlib import Path

import numpy as np
import pytest
from support import assert_same

from rnn_lab.datasets.forecasting import results
from rnn_lab.detection import precision_recall, roc_auc

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def command():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DATA))
        yield importlib.import_module("train_detectors")


def test_the_choosing_part_chooses_and_the_rest_is_judged(command):
    """One setting is right about the choosing part, the other about the rest: the first is chosen, and fails."""
    rng = np.random.default_rng(0)
    ectopic, choose = rng.random(80) < 0.3, np.arange(80) < 40
    noise = rng.standard_normal((2, 80))
    scores = [
        {"early bird": np.where(choose, ectopic + 0.1 * each, each), "late riser": np.where(choose, each, ectopic)}
        for each in noise
    ]
    found = command.judged(scores, ectopic, choose, ~choose)
    assert found["chosen"] == "early bird" and found["tried"]["early bird"] == 1
    for each, auc, average in zip(noise, found["auc"], found["average_precision"], strict=True):
        assert auc == roc_auc(each[~choose], ectopic[~choose])
        assert average == precision_recall(each[~choose], ectopic[~choose]).average


def test_an_error_stands_at_the_sample_that_was_forecast(command, monkeypatch):
    """A forecaster that says the last value again: its error k steps ahead is the change over k steps."""
    monkeypatch.setattr(command, "trained", lambda model, *_: model)

    class SaysNoChange(command.QuantileForecaster):
        def predict(self, x):
            return np.zeros((len(x), 1, self.horizon, 3)), None

    monkeypatch.setattr(command, "QuantileForecaster", SaysNoChange)
    signal = np.random.default_rng(0).standard_normal(400).astype(np.float32)
    errors = command.forecast_errors(signal, 300, seed=0)
    assert errors.shape == (command.HORIZON, 400)
    for k in (1, 7, command.HORIZON):
        said = slice(k, 400 - command.HORIZON + k)
        change = np.abs(signal[k:] - signal[:-k])
        assert_same(errors[k - 1, said], change[: 400 - command.HORIZON], 1e-6)


def test_detectors_see_nothing_of_the_labels(command, monkeypatch):
    """Every score is a function of the voltage and the times of beats alone; the autoencoder learns the first part."""
    monkeypatch.setattr(command, "FORECASTER", command.FORECASTER | {"steps": 1, "hidden": 2})
    monkeypatch.setattr(command, "CODES", ((2, 1),))
    signal = np.random.default_rng(0).standard_normal(1200).astype(np.float32)
    beats = np.arange(60, 1100, 80)
    found = command.networks(signal, 600, beats, seed=0) | command.rulers(signal, 0.0, beats)
    assert {scores.shape for of in found.values() for scores in of.values()} == {(len(beats),)}
    changed = signal.copy()
    changed[700:] = 0
    again = command.networks(changed, 600, beats, seed=0)
    early = beats < 600
    for detector, of in again.items():
        for setting, scores in of.items():
            assert_same(scores[early], found[detector][setting][early], 1e-5)


def test_the_bundled_results_meet_the_bars():
    found = results("heartbeat_detection.json")
    assert min(found["simulated"]["detectors"]["ahead, mean"]["auc"]) >= 0.95
    assert min(found["record 208"]["detectors"]["ahead, mean"]["auc"]) >= 0.90
