"""Rank heart beats by how unusual they are, without labels, and write heartbeat_detection.json.

    python data/train_detectors.py

Each detector is trained on the first part of a recording, of which it gets the voltage alone. The beats' times say
where a beat is scored; their labels are used only to judge the scores, on the rest of the recording. Forecasts are
judged near each beat, by their largest error one step ahead, and by their mean error from 100 to 200 ms ahead.
"""

import json
import time
from pathlib import Path

import numpy as np

from rnn_lab.datasets import heartbeats
from rnn_lab.datasets.mitdb import record_208
from rnn_lab.detection import around, precision_recall, roc_auc
from rnn_lab.evaluation import Scaler, following
from rnn_lab.models import Autoencoder, QuantileForecaster
from rnn_lab.nn import GRU, Adam, cosine_decay
from rnn_lab.training import fit

RESULTS = Path(__file__).with_name("heartbeat_detection.json")
SEEDS = (0, 1, 2)
HORIZON, FROM = 18, 9  # samples at 90 a second: 200 ms, 100 ms
NEAR, BEATS = (9, 18), (24, 40)  # samples before and after a beat's main wave, for the errors and for the autoencoder
RECORDINGS = {  # the recording, and how many seconds of it train
    "simulated": (lambda: heartbeats(480, np.random.default_rng(80)), 240),
    "record 208": (lambda: record_208().resampled(4), 600),
}
FORECASTER = {"hidden": 32, "window": 120, "warm_up": 30, "steps": 600, "rate": 5e-3, "batch": 32}
AUTOENCODER = {"hidden": 32, "code": 6, "steps": 600, "rate": 1e-2, "batch": 32}


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


def reconstruction_errors(signal, taught, beats, seed):
    """Train an autoencoder on some beats -> the mean error with which it says others again."""
    rng = np.random.default_rng(seed)
    model = Autoencoder(1, AUTOENCODER["hidden"], AUTOENCODER["code"], rng, np.float32)
    windows = around(signal, taught, *BEATS)[..., None]

    def sample_batch(rng):
        return windows[:, rng.integers(0, len(taught), AUTOENCODER["batch"])]

    trained(model, sample_batch, AUTOENCODER, rng)
    tested = around(signal, beats, *BEATS)[..., None]
    return np.abs(model.reconstruct(tested) - tested).mean(axis=(0, 2))


def run(name):
    """Return how each detector ranks the beats of a recording."""
    make, seconds = RECORDINGS[name]
    recording = make()
    end = round(seconds * recording.rate)
    signal = Scaler.fit(recording.signal[:end]).scale(recording.signal).astype(np.float32)
    first, last = recording.beats - BEATS[0], recording.beats + BEATS[1]
    taught, judged = (first >= 0) & (last <= end), (first >= end) & (last <= len(signal))
    beats, ectopic = recording.beats[judged], recording.ectopic[judged]
    scores = {
        "early": [-np.diff(recording.beats, prepend=0)[judged]],
        "area": [np.abs(around(signal - np.median(signal[:end]), beats, *NEAR)).mean(axis=0)],
        "one step": [],
        "ahead": [],
        "autoencoder": [],
    }
    for seed in SEEDS:
        errors = forecast_errors(signal, end, seed)
        scores["one step"].append(around(errors[0], beats, *NEAR).max(axis=0))
        scores["ahead"].append(around(errors[FROM - 1 :].mean(axis=0), beats, *NEAR).mean(axis=0))
        scores["autoencoder"].append(reconstruction_errors(signal, recording.beats[taught], beats, seed))
    detectors = {
        detector: {
            "auc": [roc_auc(each, ectopic) for each in of_seeds],
            "average_precision": [precision_recall(each, ectopic).average for each in of_seeds],
        }
        for detector, of_seeds in scores.items()
    }
    return {"beats": len(beats), "ectopic": int(ectopic.sum()), "detectors": detectors}


def main():
    found = {"settings": {"forecaster": FORECASTER, "autoencoder": AUTOENCODER}}
    for name in RECORDINGS:
        began = time.process_time()
        found[name] = run(name)
        seconds = round(time.process_time() - began, 1)
        print(name, json.dumps(found[name], indent=1), f"{seconds} s", flush=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
