"""Rank heart beats, and days of New York's taxis, by how unusual they are, and write heartbeat_detection.json.

    python data/train_detectors.py

A recording is cut in time. Networks are trained on the first part, of which they get the voltage alone. The beats'
times say where a beat is scored. Every detector has settings, such as how far around a beat its errors are taken; the
labels of the second part choose among them, by the average precision over all seeds. The third part is judged once.

A day of the taxis is as unusual as its forecast from the midnight before is wrong. There is nothing to choose.
"""

import json
import time
from itertools import product
from pathlib import Path

import numpy as np
from train_forecasters import TRAINING, direct

from rnn_lab.datasets import heartbeats
from rnn_lab.datasets.forecasting import TASKS
from rnn_lab.datasets.mitdb import record_208
from rnn_lab.datasets.taxi import new_york_taxi, unusual_windows
from rnn_lab.detection import around, precision_recall, roc_auc
from rnn_lab.evaluation import Scaler, following
from rnn_lab.models import Autoencoder, QuantileForecaster, Windows
from rnn_lab.models.classical import autoregression, harmonic_profile, seasonal_naive
from rnn_lab.nn import GRU, Adam, cosine_decay
from rnn_lab.training import fit

RESULTS = Path(__file__).with_name("heartbeat_detection.json")
SEEDS = (0, 1, 2)
RECORDINGS = {  # the recording, and the second at which the part to choose by and the part to judge begin
    "simulated": (lambda: heartbeats(720, np.random.default_rng(81)), 240, 480),
    "record 208": (lambda: record_208().resampled(4), 600, 780),
}
HORIZON, FROM = 18, (5, 9, 13)  # samples at 90 a second: 200 ms; the errors "ahead" are of 55, 100 or 144 ms and more
BEFORE, AFTER = (4, 9, 18), (9, 18, 27, 36)  # samples around a beat's main wave
WINDOW = (24, 40)  # samples around a beat that the autoencoder sees
CODES = ((4, 600), (8, 600), (8, 1200))  # numbers in its waist, training steps
FORECASTER = {"hidden": 32, "window": 120, "warm_up": 30, "steps": 600, "rate": 5e-3, "batch": 32}
AUTOENCODER = {"hidden": 32, "rate": 1e-2, "batch": 32}
TAXI_ORDER = 60  # of the autoregression; what the choosing part of train_forecasters.py prefers
AGGREGATES = {"mean": np.mean, "largest": np.max}


def trained(model, sample_batch, settings, rng):
    fit(
        model,
        sample_batch,
        Adam(cosine_decay(settings["rate"], settings["steps"])),
        steps=settings["steps"],
        rng=rng,
        max_norm=1.0,
        progress=False,
    )
    return model


def forecast_errors(signal, end, seed):
    """Train a forecaster on the signal up to `end` -> the error of its median, by how many samples ahead, at each."""
    rng, window = np.random.default_rng(seed), FORECASTER["window"]
    layer = GRU(1, FORECASTER["hidden"], rng, dtype=np.float32)
    model = QuantileForecaster(layer, HORIZON, (0.1, 0.5, 0.9), rng, FORECASTER["warm_up"])
    steps = np.arange(len(signal) - HORIZON)
    distance = following(signal, steps + 1, HORIZON) - signal[steps, None]

    def sample_batch(rng):
        starts = rng.integers(0, end - window - HORIZON, FORECASTER["batch"])
        chosen = starts + np.arange(window)[:, None]
        return signal[chosen, None], distance[chosen]

    trained(model, sample_batch, FORECASTER, rng)
    answers, _ = model.predict(signal[steps, None, None])
    missed = np.abs(answers[:, 0, :, 1] - distance)
    errors = np.zeros((HORIZON, len(signal)))
    for k in range(HORIZON):
        errors[k, steps + 1 + k] = missed[:, k]
    return errors


def reconstruction_errors(windows, taught, code, steps, seed):
    """Train an autoencoder on the first `taught` windows, shape (T, B, 1) -> its errors on all, shape (T, B)."""
    rng = np.random.default_rng(seed)
    model = Autoencoder(1, AUTOENCODER["hidden"], code, rng, np.float32)
    trained(
        model,
        lambda rng: windows[:, rng.integers(0, taught, AUTOENCODER["batch"])],
        AUTOENCODER | {"steps": steps},
        rng,
    )
    return np.abs(model.reconstruct(windows) - windows)[..., 0]


def rulers(signal, level, beats):
    """Return the scores of what needs no training, shape (B,), by detector and setting."""
    area = {
        f"{before} before, {after} after": around(np.abs(signal - level), beats, before, after).mean(axis=0)
        for before, after in product(BEFORE, AFTER)
    }
    return {"early": {"": -np.diff(beats, prepend=0).astype(float)}, "area": area}


def networks(signal, end, beats, seed):
    """Return the scores of what is trained, by detector and setting."""
    found = {f"{what}, {name}": {} for what in ("one step", "ahead", "autoencoder") for name in AGGREGATES}
    errors = forecast_errors(signal, end, seed)
    for (name, aggregate), before, after in product(AGGREGATES.items(), BEFORE, AFTER):
        place = f"{before} before, {after} after"
        found[f"one step, {name}"][place] = aggregate(around(errors[0], beats, before, after), axis=0)
        for first in FROM:
            ahead = around(errors[first - 1 :].mean(axis=0), beats, before, after)
            found[f"ahead, {name}"][f"from {first} ahead, {place}"] = aggregate(ahead, axis=0)
    windows = around(signal, beats, *WINDOW)
    windows -= np.median(windows, axis=0)  # the baseline wanders, and it is not what is unusual
    for code, steps in CODES:
        missed = reconstruction_errors(windows[..., None], np.sum(beats + WINDOW[1] <= end), code, steps, seed)
        for name, aggregate in AGGREGATES.items():
            found[f"autoencoder, {name}"][f"{code} numbers, {steps} steps"] = aggregate(missed, axis=0).astype(float)
    return found


def judged(scores, ectopic, choose, test):
    """Choose a detector's setting -> how it ranks the beats of the third part, by seed."""

    def precision(setting, part):
        return [precision_recall(each[setting][part], ectopic[part]).average for each in scores]

    tried = {setting: round(float(np.mean(precision(setting, choose))), 3) for setting in scores[0]}
    chosen = max(tried, key=tried.get)
    return {
        "tried": tried,
        "chosen": chosen,
        "auc": [roc_auc(each[chosen][test], ectopic[test]) for each in scores],
        "average_precision": precision(chosen, test),
    }


def run(name):
    """Return how each detector ranks the beats of a recording."""
    make, *seconds = RECORDINGS[name]
    recording = make()
    end, last = (round(second * recording.rate) for second in seconds)
    scaler = Scaler.fit(recording.signal[:end])
    signal = scaler.scale(recording.signal).astype(np.float32)
    whole = (recording.beats >= WINDOW[0]) & (recording.beats + WINDOW[1] <= len(signal))
    beats, ectopic = recording.beats[whole], recording.ectopic[whole]
    choose = (beats - WINDOW[0] >= end) & (beats + WINDOW[1] <= last)
    test = beats - WINDOW[0] >= last
    scores = {detector: [of] for detector, of in rulers(signal, np.median(signal[:end]), beats).items()}
    for found in (networks(signal, end, beats, seed) for seed in SEEDS):
        for detector, of in found.items():
            scores.setdefault(detector, []).append(of)
    counts = {
        part: [int(which.sum()), int(ectopic[which].sum())] for part, which in [("choose", choose), ("test", test)]
    }
    return {"beats": counts, "detectors": {each: judged(of, ectopic, choose, test) for each, of in scores.items()}}


def run_taxis():
    """Return how the errors of forecasts rank the days after the training part, by NAB's windows."""
    task, times = TASKS["taxis"](), new_york_taxi().times
    known = task.borders[0]
    midnights = np.arange(known, len(task.values) - task.horizon + 1, task.horizon)
    inside = np.any([(start <= times) & (times <= end) for start, end in unusual_windows()], axis=0)
    unusual = following(inside, midnights, task.horizon).mean(axis=1) > 0.5
    truth = following(task.values, midnights, task.horizon)
    season = harmonic_profile(task.values, known, task.harmonics)
    rest = autoregression(task.values - season, midnights, task.horizon, known, TAXI_ORDER)
    forecasts = {
        "a week ago": [seasonal_naive(task.values, midnights, task.horizon, task.period)],
        "climatology": [following(season, midnights, task.horizon)],
        "climatology and autoregression": [following(season, midnights, task.horizon) + rest],
        "GRU": [],
    }
    for seed in SEEDS:
        rng, training = np.random.default_rng(seed), TRAINING["taxis"]
        model, sample_batch, forecast = direct(task, Windows(task), training, rng)
        trained(model, sample_batch, training._asdict(), rng)
        forecasts["GRU"].append(forecast(midnights).mean(axis=-1))
    detectors = {}
    for name, of in forecasts.items():
        scores = [np.abs(each - truth).mean(axis=1) for each in of]
        detectors[name] = {
            "auc": [roc_auc(each, unusual) for each in scores],
            "average_precision": [precision_recall(each, unusual).average for each in scores],
            "largest": [str(times[midnights[day]])[:10] for day in np.argsort(-np.mean(scores, axis=0))[:8]],
        }
    return {"days": [len(unusual), int(unusual.sum())], "detectors": detectors}


def main():
    found = {"settings": {"forecaster": FORECASTER, "autoencoder": AUTOENCODER}}
    for name in (*RECORDINGS, "taxis"):
        began = time.process_time()
        found[name] = run(name) if name in RECORDINGS else run_taxis()
        print(name, json.dumps(found[name], indent=1), f"{time.process_time() - began:.0f} s", flush=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
