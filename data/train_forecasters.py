"""Forecast every series with every baseline and every network, and write time_series_results.json.

    python data/train_forecasters.py                       # all of them, three seeds
    python data/train_forecasters.py --try "El Niño"       # one series, judged by the choosing part; writes nothing

Everything is fitted on the training part. Within a family of baselines, the variant that does best on the choosing
part is kept; a network keeps the weights that do best there, and its band is widened by what was outside there. Which
baseline and which network stand for their side is decided there too. The test part decides nothing, but it was looked
at twice: after the first look, the margins that adapt were added. Stopped, the same command goes on with the series
that are missing; remove the file to begin anew.
"""

import argparse
import json
import time
import warnings
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnn_lab.datasets.forecasting import TASKS
from rnn_lab.datasets.windows import Windows
from rnn_lab.evaluation import adaptive_margins, conformal_margin, diebold_mariano, following, mase, outside, rmse
from rnn_lab.models import FreeRunForecaster, QuantileForecaster, RunBatch
from rnn_lab.models.classical import (
    autoregression,
    bic_order,
    exponential_smoothing,
    harmonic_profile,
    lagged_regression,
    seasonal_naive,
)
from rnn_lab.nn import GRU, Adam, cosine_decay
from rnn_lab.training import fit

RESULTS = Path(__file__).with_name("time_series_results.json")
SEEDS = (0, 1, 2)
QUANTILES, BAND = (0.1, 0.5, 0.9), 0.8
ORDERS, LONGEST_BIC = (1, 2, 3, 6, 9, 12, 20, 30, 60, 100, 200), 30
LAGS, PENALTIES = (1, 5, 20, 60, 120, 336), (1e-3, 1e-1)
MOST_LAGS = 1500  # times inputs
LONGEST_REFITTED = 1000  # values of a training part; longer ones take too long to fit at every origin
LONGEST_SEASON = 12  # for exponential smoothing


class Training(NamedTuple):
    """The size of a network, its windows and how long it learns; found on the choosing parts."""

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
    "heart, simulated": Training(hidden=32, window=150, steps=500, warm_up=30, rate=5e-3),
    "heart, record 208": Training(hidden=48, window=150, steps=900, warm_up=30, rate=5e-3),
}
RUNS = {"heart, simulated": 300, "sunspots, monthly": 300}  # training steps of the networks that go step by step
RUN_PAST = 150


def families(task):
    """Return each family of baselines: the names of its variants and how each forecasts from some origins."""
    values, horizon, known, period = task.values, task.horizon, task.borders[0], task.period
    profile = harmonic_profile(values, known, task.harmonics, task.trend)
    rest, season = values - profile, partial(following, profile, horizon=horizon)
    by_season = {False, bool(task.harmonics)}
    found = {"persistence": {"": lambda origins: seasonal_naive(values, origins, horizon)}}
    if period > 1:
        found["seasonal naive"] = {"": lambda origins: seasonal_naive(values, origins, horizon, period)}
    if task.harmonics:
        found["climatology"] = {"": season}

    def add(family, variant, forecast, **settings):
        """Add a forecast of the values, and if there is a season one of what the season leaves."""
        variants = found.setdefault(family, {})
        for seasonal in by_season:
            given = rest if seasonal else values
            variants[f"{variant}{', season removed' * seasonal}"] = lambda origins, given=given, seasonal=seasonal: (
                forecast(given, origins, horizon, known, **settings) + (season(origins) if seasonal else 0)
            )

    add("exponential smoothing", "plain", exponential_smoothing)
    if 1 < period <= LONGEST_SEASON:
        found["exponential smoothing"]["with seasons"] = lambda origins: exponential_smoothing(
            values, origins, horizon, known, period
        )
    for order in sorted({*ORDERS, bic_order(values[:known], min(LONGEST_BIC, known // 10))}):
        if order <= known // 10:
            add("autoregression", f"order {order}", autoregression, order=order)
            if known <= LONGEST_REFITTED:
                add("autoregression, re-fitted", f"order {order}", refitted, order=order)
    for lags in LAGS:
        if lags <= known // 10 and lags * task.inputs.shape[1] <= MOST_LAGS:
            for penalty in PENALTIES:
                add("ridge regression", f"{lags} lags, penalty {penalty}", ridge_on(task), lags=lags, penalty=penalty)
    return found


def refitted(given, origins, horizon, known, order):
    """Forecast with an autoregression that is fitted anew at every origin, on all values before it."""
    return np.concatenate([autoregression(given, [origin], horizon, max(origin, known), order) for origin in origins])


def ridge_on(task):
    """Return a ridge regression that sees the given values beside all other inputs of the task."""

    def forecast(given, origins, horizon, known, lags, penalty):
        return lagged_regression(np.column_stack([given, task.inputs]), given, origins, horizon, known, lags, penalty)

    return forecast


def judged(task, forecast, origins):
    """Return the errors of a forecast, as JSON takes them."""
    truth, past = following(task.values, origins, task.horizon), task.values[: task.borders[0]]
    by_step = np.sqrt(np.mean((forecast - truth) ** 2, axis=0))
    return {"rmse": rmse(forecast, truth), "mase": mase(forecast, truth, past), "by_step": by_step.round(4).tolist()}


def run_baselines(task):
    """Return the results of each family, and the forecast function of its best variant."""
    origins = {part: task.origins(part) for part in ("choose", "test")}
    truth, results, functions = following(task.values, origins["choose"], task.horizon), {}, {}
    for family, variants in families(task).items():
        errors = {variant: rmse(forecast(origins["choose"]), truth) for variant, forecast in variants.items()}
        chosen = min(errors, key=errors.get)
        forecast = functions[family] = variants[chosen]
        scores = {part: judged(task, forecast(origins[part]), origins[part]) for part in origins}
        results[family] = {"chosen": chosen, **scores}
    return results, functions


def run_direct(task, windows, training, seed):
    """Train a network that says quantiles of all steps at once -> its quantiles at the origins of both parts."""
    rng = np.random.default_rng(seed)
    layer = GRU(windows.x.shape[2], training.hidden, rng, dtype=np.float32)
    model = QuantileForecaster(layer, task.horizon, QUANTILES, rng, training.warm_up)
    model.readout.params["W"][:] = 0  # it begins as its anchor
    steps = {part: task.origins(part) - 1 for part in ("choose", "test")}
    truth = following(task.values, steps["choose"] + 1, task.horizon)

    def forecasts(part):
        first = max(steps[part][0] - 1000, 0)  # enough to forget the start from zero
        answers, _ = model.predict(windows.x[first : steps[part][-1] + 1])
        return windows.forecasts(answers[steps[part] - first, 0], steps[part])

    history = fit(
        model,
        lambda rng: windows.sample(rng, training.window, training.batch),
        Adam(cosine_decay(training.rate, training.steps)),
        steps=training.steps,
        rng=rng,
        max_norm=1.0,
        validate=lambda: rmse(forecasts("choose")[..., 1], truth),
        validate_every=training.steps // 10,
        progress=False,
    )
    return forecasts, history.best[0]


def with_bands(task, forecasts, origins):
    """Return the errors of the median, and what the band covers: raw, widened once, and adapted as time goes on."""
    truth = {part: following(task.values, origins[part], task.horizon) for part in origins}
    quantiles = {part: forecasts(part) for part in origins}
    missed_by = {part: outside(q[..., 0], q[..., 2], truth[part]) for part, q in quantiles.items()}
    covered = {"raw": [], "widened": [], "adapted": []}
    for k in range(task.horizon):
        chosen, tested = missed_by["choose"][:, k], missed_by["test"][:, k]
        delay = -(-(k + 1) // task.every)
        margins = adaptive_margins(np.concatenate([chosen, tested]), len(chosen), delay, BAND)
        for way, margin in [("raw", 0), ("widened", conformal_margin(chosen, BAND)), ("adapted", margins)]:
            covered[way].append(np.mean(tested <= margin))
    coverage = {way: float(np.mean(shares)) for way, shares in covered.items()}
    return {part: judged(task, quantiles[part][..., 1], origins[part]) for part in origins} | {"coverage": coverage}


def run_step_by_step(task, windows, training, seed, forced, steps):
    """Train a network that reads its own forecasts, in use alone (forced) or in training too -> its forecasts."""
    rng = np.random.default_rng(seed)
    model = FreeRunForecaster(GRU(1, training.hidden, rng, dtype=np.float32), rng, teacher_forcing=forced)
    x, horizon, choose = windows.x[:, :, :1], task.horizon, task.borders[0]
    value = x[:, 0, 0]

    def sample_batch(rng):
        starts = rng.integers(0, choose - RUN_PAST - horizon, training.batch)
        whole = value[starts + np.arange(RUN_PAST + horizon)[:, None]]
        return RunBatch(whole[:RUN_PAST, :, None], whole[RUN_PAST:-1, :, None], whole[RUN_PAST:])

    scale = np.std(task.values[:choose]), np.mean(task.values[:choose])

    def forecasts(part):
        origins = task.origins(part)
        past = following(value, origins - RUN_PAST, RUN_PAST).T[..., None]
        return model.predict(past, steps=horizon).T[..., None] * scale[0] + scale[1]

    truth = following(task.values, task.origins("choose"), horizon)
    history = fit(
        model,
        sample_batch,
        Adam(cosine_decay(training.rate, steps)),
        steps=steps,
        rng=rng,
        max_norm=1.0,
        validate=lambda: rmse(forecasts("choose")[..., 0], truth),
        validate_every=steps // 10,
        progress=False,
    )
    return forecasts, history.best[0]


def best_of(results):
    """Return which baseline, or which network over its seeds, does best on the choosing part."""
    errors = {name: np.mean([run["choose"]["rmse"] for run in np.atleast_1d(runs)]) for name, runs in results.items()}
    return min(errors, key=errors.get)


def run_networks(task, name, best, functions):
    """Return the results of every network and seed, and the forecasts for the test part by network."""
    training = TRAINING.get(name, Training())
    first = max(LAGS)
    origins = np.arange(min(first, task.borders[0] // 5), len(task.values) - task.horizon + 1)
    anchor = np.full((len(task.values), task.horizon), np.nan)
    anchor[origins - 1] = functions[best](origins)
    direct = {"GRU": Windows(task), "GRU on top of the best baseline": Windows(task, anchor)}
    wanted = {network: partial(run_direct, task, windows, training) for network, windows in direct.items()}
    if name in RUNS:
        for network, forced in [("GRU step by step, teacher forcing", True), ("GRU step by step, free run", False)]:
            wanted[network] = partial(run_step_by_step, task, direct["GRU"], training, forced=forced, steps=RUNS[name])
    parts = {part: task.origins(part) for part in ("choose", "test")}
    results, forecast = {}, {}
    for network, run in wanted.items():
        results[network], forecast[network] = [], []
        for seed in SEEDS:
            began = time.process_time()
            forecasts, best_step = run(seed=seed)
            if forecasts("choose").shape[-1] == 1:
                scores = {part: judged(task, forecasts(part)[..., 0], parts[part]) for part in parts}
                forecast[network].append(forecasts("test")[..., 0])
            else:
                scores = with_bands(task, forecasts, parts)
                forecast[network].append(forecasts("test")[..., 1])
            seconds = round(time.process_time() - began, 1)
            results[network].append({"seed": seed, "best_step": best_step, **scores, "seconds": seconds})
            print(f"  {network}, seed {seed}: {scores['choose']['rmse']:.4g}, {seconds} s", flush=True)
    return results, forecast


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


def run_series(name):
    """Return everything that is found out about a series."""
    task = TASKS[name]()
    baselines, functions = run_baselines(task)
    for family, result in baselines.items():
        print(f"  {family} ({result['chosen']}): {result['choose']['rmse']:.4g}", flush=True)
    best = best_of(baselines)
    networks, forecasts = run_networks(task, name, best, functions)
    counts = {part: len(task.origins(part)) for part in ("choose", "test")}
    setting = {"unit": task.unit, "horizon": task.horizon, "values": len(task.values), "borders": task.borders}
    setting |= {"origins": counts, "training": TRAINING.get(name, Training())._asdict()}
    verdict = compare(task, baselines, functions[best], networks, forecasts)
    return {**setting, "baselines": baselines, "networks": networks, "verdict": verdict}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--try", dest="name", choices=TASKS, help="this series alone, and write nothing")
    name = parser.parse_args().name
    warnings.simplefilter("ignore")  # statsmodels': that a model of many lags is hard to tell from a shorter one
    if name:
        run_series(name)
        return
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in TASKS:
        if name not in results:
            print(name, flush=True)
            results[name] = run_series(name)
            RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
