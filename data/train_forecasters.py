"""Forecast every series with every baseline and every network, and write time_series_results.json.

    python data/train_forecasters.py                     # every series that is missing or was made with other settings
    python data/train_forecasters.py --only "El Niño"    # one series; several such may run at once

Everything is fitted on the training part. Within a family of baselines, the variant that does best on the choosing
part is kept; a network keeps the weights that do best there, and its band is widened by what was outside there. Which
baseline and which network stand for their side is decided there too. Every network learns for as many steps as the
others and reads a past of the same length; what it is judged by is its mean.

Stopped, the same command goes on: what each network said is kept in a folder for temporary files until its series is
done.
"""

import argparse
import hashlib
import json
import re
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from baseline_families import GRIDS, LAGS, families

from rnn_lab.datasets.forecasting import TASKS
from rnn_lab.evaluation import (
    Scaler,
    adaptive_margins,
    conformal_margin,
    diebold_mariano,
    following,
    mase,
    outside,
    rmse,
)
from rnn_lab.models import FreeRunForecaster, QuantileForecaster, RunBatch, Windows
from rnn_lab.nn import GRU, Adam, cosine_decay
from rnn_lab.training import fit

RESULTS = Path(__file__).with_name("time_series_results.json")
PARTIAL = Path(tempfile.gettempdir()) / "rnn-lab-forecasters"
SEEDS = (0, 1, 2)
QUANTILES, BAND = (0.1, 0.3, 0.5, 0.7, 0.9), 0.8  # each stands for a fifth: their mean is the mean, nearly
LONGEST_ANCHORED = 20_000  # last steps of the training part, from which a network on top of a baseline learns
BLOCK = 512  # origins at once


class Training(NamedTuple):
    """The size of a network, the past that it reads and how long it learns; found on the choosing parts."""

    hidden: int = 16
    window: int = 60
    steps: int = 300
    warm_up: int = 12
    rate: float = 3e-3
    batch: int = 32


TRAINING = {
    "sunspots, yearly": Training(window=40),
    "sunspots, monthly": Training(hidden=32, window=200, steps=400, warm_up=24),
    "taxis": Training(hidden=32, window=150, steps=500, warm_up=48),
    "heart, simulated": Training(hidden=64, window=150, steps=800, warm_up=30, rate=5e-3),
    "heart, record 208": Training(hidden=64, window=150, steps=1200, warm_up=30, rate=5e-3),
}

ALL_AT_ONCE = ("taxis", "heart, record 208")  # too long for networks that go step by step


def judged(task, forecast, part):
    """Return the errors of a forecast for a part, as JSON takes them."""
    truth, past = following(task.values, task.origins(part), task.horizon), task.values[: task.borders[0]]
    by_step = np.sqrt(np.mean((forecast - truth) ** 2, axis=0))
    return {
        "rmse": rmse(forecast, truth),
        "mase": mase(forecast, truth, past, task.period),
        "by_step": by_step.round(4).tolist(),
    }


def bands(task, quantiles):
    """Return what a band is worth on the test part: raw, widened once, and adapted as time goes on.

    The share that it covers, its mean width, and its interval score (Gneiting and Raftery, 2007): the width, and what
    was outside times ten.
    """
    truth = {part: following(task.values, task.origins(part), task.horizon) for part in quantiles}
    missed_by = {part: outside(q[..., 0], q[..., -1], truth[part]) for part, q in quantiles.items()}
    margins = {"raw": np.zeros(task.horizon), "widened": [], "adapted": []}
    for k in range(task.horizon):
        chosen, tested = missed_by["choose"][:, k], missed_by["test"][:, k]
        delay = -(-(k + 1) // task.every)
        margins["widened"].append(conformal_margin(chosen, BAND))
        margins["adapted"].append(adaptive_margins(np.concatenate([chosen, tested]), len(chosen), delay, BAND))
    found = {}
    for way, margin in margins.items():
        widened_by = np.asarray(margin).T
        width = quantiles["test"][..., -1] - quantiles["test"][..., 0] + 2 * widened_by
        beyond = np.maximum(missed_by["test"] - widened_by, 0)
        score = np.mean(width + 2 / (1 - BAND) * beyond)
        found[way] = {"coverage": np.mean(beyond == 0), "width": np.mean(width), "score": score}
    return {way: {name: float(value) for name, value in row.items()} for way, row in found.items()}


def run_baselines(task):
    """Return the results of each family, and the forecast function of its best variant."""
    origins = {part: task.origins(part) for part in ("choose", "test")}
    truth, results, functions = following(task.values, origins["choose"], task.horizon), {}, {}
    for family, variants in families(task).items():
        errors = {variant: rmse(forecast(origins["choose"]), truth) for variant, forecast in variants.items()}
        chosen = min(errors, key=errors.get)
        functions[family] = variants[chosen]
        forecasts = {part: variants[chosen](origins[part]) for part in origins}
        scores = {part: judged(task, forecast, part) for part, forecast in forecasts.items()}
        around_it = bands(task, {part: forecast[..., None] for part, forecast in forecasts.items()})
        results[family] = {"chosen": chosen, **scores, "bands": around_it}
        print(f"  {family} ({chosen}): {errors[chosen]:.4g}", flush=True)
    return results, functions


def in_blocks(forecast, origins):
    """Forecast from some origins at a time."""
    return np.concatenate([forecast(block) for block in np.array_split(origins, len(origins) // BLOCK + 1)])


def direct(task, windows, training, rng):
    """Return a network that says quantiles of all steps at once, how it draws a batch, and how it forecasts."""
    layer = GRU(windows.x.shape[2], training.hidden, rng, dtype=np.float32)
    model = QuantileForecaster(layer, task.horizon, QUANTILES, rng, training.warm_up)
    model.readout.params["W"][:] = 0  # it begins as its anchor

    def forecast(origins):
        past = windows.x[origins - training.window + np.arange(training.window)[:, None], 0]
        answers, _ = model.predict(past)
        return windows.forecasts(answers[-1], origins - 1)

    return model, lambda rng: windows.sample(rng, training.window, training.batch), forecast


def step_by_step(task, training, rng, forced=False, encoded=False):
    """Return a network that reads its own forecasts, how it draws a batch, and how it forecasts.

    What it reads and says is how far the value is from that of a season before, or if there is no season from the last
    one that is known. Beside it stand the calendar and, if the task gives it to networks, the height of that last one.
    """
    values, horizon, known, window, period = task.values, task.horizon, task.borders[0], training.window, task.period
    level, calendar = Scaler.fit(values[:known]), task.inputs[:, list(task.calendar)].astype(np.float32)
    has_level = period == 1 and np.array_equal(task.inputs[:, 0], values)  # a price is not given: it leaves its range
    apart = period if period > 1 else horizon
    size = np.std(values[apart:known] - values[: known - apart])

    def anchor(origins, steps):
        places = origins + steps[:, None]  # (steps, O)
        return values[places - period] if period > 1 else values[np.broadcast_to(origins - 1, places.shape)]

    def columns(origins, steps):
        x = (values[origins + steps[:, None]] - anchor(origins, steps)) / size
        beside = [calendar[origins + steps[:, None]]]
        if has_level:
            beside.append(np.broadcast_to(level.scale(values[origins - 1])[:, None], (*x.shape, 1)))
        return np.concatenate([x[..., None], *beside], axis=2).astype(np.float32)

    past, ahead = np.arange(-window, 0), np.arange(horizon)
    D = columns(np.array([window + period]), past).shape[2]
    layer, encoder = (GRU(D, training.hidden, rng, dtype=np.float32) for _ in range(2))
    model = FreeRunForecaster(layer, rng, forced, encoder if encoded else None)

    def sample(rng):
        origins = rng.integers(window + period, known - horizon + 1, training.batch)
        coming = columns(origins, ahead)
        return RunBatch(columns(origins, past), coming[:-1], coming[..., 0])

    def forecast(origins):
        coming = np.zeros((horizon, len(origins), D), np.float32)
        coming[..., 1:] = columns(origins, ahead)[..., 1:]
        said = model.predict(columns(origins, past), coming, horizon)
        return (anchor(origins, ahead) + size * said).T[..., None]

    return model, sample, forecast


def said_by(network, task, name, build, seed):
    """Train a network, unless that was done -> its quantiles for both parts, the best step and the seconds it took."""
    setting = [setting_of(task, name), network, seed]
    file = PARTIAL / f"{hashlib.sha256(json.dumps(setting).encode()).hexdigest()}.npz"
    if not file.exists():
        began = time.process_time()
        found = trained(task, build, TRAINING.get(name, Training()), seed)
        PARTIAL.mkdir(exist_ok=True)
        np.savez(file, **found, seconds=round(time.process_time() - began, 1))
    with np.load(file) as found:
        return {part: found[part] for part in ("choose", "test")}, int(found["best_step"]), float(found["seconds"])


def trained(task, build, training, seed):
    """Train a network -> its quantiles for the choosing and the test part, and the step that was best."""
    rng = np.random.default_rng(seed)
    model, sample, forecast = build(training=training, rng=rng)
    choose, test = task.origins("choose"), task.origins("test")
    truth = following(task.values, choose, task.horizon)
    history = fit(
        model,
        sample,
        Adam(cosine_decay(training.rate, training.steps)),
        steps=training.steps,
        rng=rng,
        max_norm=1.0,
        validate=lambda: rmse(in_blocks(forecast, choose).mean(axis=-1), truth),
        validate_every=training.steps // 10,
        progress=False,
    )
    return {"choose": in_blocks(forecast, choose), "test": in_blocks(forecast, test), "best_step": history.best[0]}


def best_of(results):
    """Return which baseline, or which network over its seeds, does best on the choosing part."""
    errors = {name: np.mean([run["choose"]["rmse"] for run in np.atleast_1d(runs)]) for name, runs in results.items()}
    return min(errors, key=errors.get)


def run_networks(task, name, baseline):
    """Return the results of every network and seed, and the forecasts for the test part by network."""
    parts = [task.origins(part) for part in ("choose", "test")]
    known = task.borders[0]
    first = max(min(max(LAGS), known // 5), known - LONGEST_ANCHORED)
    anchored_at = np.concatenate([np.arange(first, known - task.horizon + 1), *parts])
    anchor = np.full((len(task.values), task.horizon), np.nan)
    anchor[anchored_at - 1] = baseline(anchored_at)
    builds = {
        "GRU": partial(direct, task, Windows(task)),
        "GRU on top of the best baseline": partial(direct, task, Windows(task, anchor)),
    }
    if name not in ALL_AT_ONCE:
        builds["GRU step by step, teacher forcing"] = partial(step_by_step, task, forced=True)
        builds["GRU step by step, free run"] = partial(step_by_step, task)
        builds["GRU, sequence to sequence"] = partial(step_by_step, task, encoded=True)
    results, tested = {network: [] for network in builds}, {network: [] for network in builds}
    for network, build in builds.items():
        for seed in SEEDS:
            quantiles, best_step, seconds = said_by(network, task, name, build, seed)
            mean = {part: each.mean(axis=-1) for part, each in quantiles.items()}
            scores = {part: judged(task, each, part) for part, each in mean.items()}
            found = {"seed": seed, "best_step": best_step, **scores, "bands": bands(task, quantiles)}
            results[network].append({**found, "seconds": seconds})
            tested[network].append(mean["test"])
            print(f"  {network}, seed {seed}: {scores['choose']['rmse']:.4g}, {seconds} s", flush=True)
    return results, tested


def compare(task, baselines, baseline_forecast, networks, forecasts):
    """Return who stands for each side, the ratio of their errors on the test part, and whether it may be luck."""
    baseline, network = best_of(baselines), best_of(networks)
    origins = task.origins("test")
    truth = following(task.values, origins, task.horizon)
    theirs = np.mean((baseline_forecast(origins) - truth) ** 2, axis=1)
    ours = np.mean([np.mean((forecast - truth) ** 2, axis=1) for forecast in forecasts[network]], axis=0)
    lags = max(int(np.ceil(task.horizon / task.every)), int(len(origins) ** (1 / 3)))
    test = diebold_mariano(ours, theirs, lags)
    ratio = np.mean([run["test"]["rmse"] for run in networks[network]]) / baselines[baseline]["test"]["rmse"]
    return {"baseline": baseline, "network": network, "ratio": float(ratio), **test._asdict(), "lags": lags}


def setting_of(task, name):
    """Return everything that decides how a series is forecast, but for the code."""
    setting = {
        "unit": task.unit,
        "horizon": task.horizon,
        "values": len(task.values),
        "checksum": hashlib.sha256(task.values.round(3).tobytes()).hexdigest()[:12],
        "borders": task.borders,
        "origins": {part: len(task.origins(part)) for part in ("choose", "test")},
        "training": TRAINING.get(name, Training())._asdict(),
        "seeds": SEEDS,
        "quantiles": QUANTILES,
        "grids": GRIDS,
    }
    return json.loads(json.dumps(setting))  # as it comes back from the file


def run_series(task, name):
    """Return everything that is found out about a series."""
    baselines, functions = run_baselines(task)
    best = functions[best_of(baselines)]
    networks, forecasts = run_networks(task, name, best)
    verdict = compare(task, baselines, best, networks, forecasts)
    return {"setting": setting_of(task, name), "baselines": baselines, "networks": networks, "verdict": verdict}


def read():
    """Return the results so far."""
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=TASKS, help="this series alone")
    only = parser.parse_args().only
    warnings.simplefilter("ignore")  # statsmodels': that a model of many lags is hard to tell from a shorter one
    for name in [only] if only else TASKS:
        task = TASKS[name]()
        if read().get(name, {}).get("setting") == setting_of(task, name):
            continue
        print(name, flush=True)
        found = run_series(task, name)
        results = read() | {name: found}  # another run may have added a series meanwhile
        in_order = {name: results[name] for name in TASKS if name in results}
        text = json.dumps(in_order, indent=1, ensure_ascii=False)
        RESULTS.write_text(re.sub(r"\[[^][{}]*]", lambda numbers: " ".join(numbers[0].split()), text) + "\n")


if __name__ == "__main__":
    main()
