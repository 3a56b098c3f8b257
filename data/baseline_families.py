"""The baselines that train_forecasters.py compares with, each in many variants."""

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np

from rnn_lab.datasets.forecasting import Task
from rnn_lab.evaluation import following
from rnn_lab.models.classical import (
    analogues,
    autoregression,
    bic_order,
    exponential_smoothing,
    harmonic_profile,
    lagged_regression,
    seasonal_naive,
)

ORDERS, LONGEST_BIC = (1, 2, 3, 6, 9, 12, 20, 30, 60, 100, 200, 300, 400), 30
LAGS, PENALTIES = (1, 5, 20, 60, 120, 336, 500, 700), (1e-5, 1e-3, 1e-1)
PIECES, NEIGHBOURS = (5, 10, 20, 30, 40, 60, 80), (5, 15, 40)  # of the analogues
MOST_LAGS = 1500  # times inputs
LONGEST_REFITTED = 1000  # values of a training part; longer ones take too long to fit at every origin
LONGEST_SEASON = 12  # for exponential smoothing
GRIDS = {"orders": ORDERS, "lags": LAGS, "penalties": PENALTIES, "pieces": PIECES, "neighbours": NEIGHBOURS}

Forecast = Callable[[np.ndarray], np.ndarray]  # origins, shape (O,) -> what follows each, shape (O, K)


def families(task: Task) -> dict[str, dict[str, Forecast]]:
    """Return each family of baselines: its variants by name, and how each forecasts.

    Where a series has a season, every variant is tried on the series itself, on what the climatology leaves of it, and
    on its change over a season.
    """
    values, horizon, known, period = task.values, task.horizon, task.borders[0], task.period
    profile = harmonic_profile(values, known, task.harmonics, task.trend)
    season, naive = partial(following, profile, horizon=horizon), partial(seasonal_naive, values, horizon=horizon)
    views = {"": (values, 0, lambda origins: 0.0)}  # what is forecast, where it begins, and what is added to it
    if task.harmonics:
        views["season removed"] = (values - profile, 0, season)
    if period > 1:
        views["change over a season"] = (values[period:] - values[:-period], period, partial(naive, period=period))

    found: dict[str, dict[str, Forecast]] = {"persistence": {"": naive}}
    if period > 1:
        found["seasonal naive"] = {"": partial(naive, period=period)}
    if task.harmonics:
        found["climatology"] = {"": season}

    def add(family, variant, forecast, **settings):
        for view, (given, start, rest) in views.items():

            def complete(origins, given=given, start=start, rest=rest):
                return forecast(given, origins - start, horizon, known - start, **settings) + rest(origins)

            found.setdefault(family, {})[", ".join(filter(None, [variant, view]))] = complete

    for damped in (True, False):
        name = "damped trend" if damped else "trend"
        add("exponential smoothing", name, exponential_smoothing, damped=damped)
        if 1 < period <= LONGEST_SEASON:
            found["exponential smoothing"][f"{name} and seasons"] = partial(
                exponential_smoothing, values, horizon=horizon, known=known, period=period, damped=damped
            )
    for order in sorted({*ORDERS, bic_order(values[:known], min(LONGEST_BIC, known // 10))}):
        if order <= known // 10:
            add("autoregression", f"order {order}", autoregression, order=order)
            if known <= LONGEST_REFITTED:
                add("autoregression, re-fitted", f"order {order}", refitted, order=order)
    for lags, penalty in product(LAGS, PENALTIES):
        if lags <= known // 10 and lags * task.inputs.shape[1] <= MOST_LAGS:
            form = {"inputs": task.inputs, "lags": lags, "penalty": penalty}
            add("ridge regression", f"{lags} lags, penalty {penalty:g}", ridge, **form)
    for length, neighbours, weighted in product(PIECES, NEIGHBOURS, (False, True)):
        if known >= 4 * (length + horizon) + 2 * neighbours + period:
            form = {"length": length, "neighbours": neighbours, "weighted": weighted}
            name = f"{neighbours} pieces of {length}{', weighted' * weighted}"
            add("analogues", name, analogues, **form)
            add("analogues, growing", name, analogues, growing=True, **form)
    return found


def refitted(given, origins, horizon, known, order):
    """Forecast with an autoregression that is fitted anew at every origin, on all values before it."""
    return np.concatenate([autoregression(given, [origin], horizon, max(origin, known), order) for origin in origins])


def ridge(given, origins, horizon, known, inputs, lags, penalty):
    """Forecast with a ridge regression that sees the given values beside all inputs of the task."""
    table = np.column_stack([given, inputs[-len(given) :]])
    return lagged_regression(table, given, origins, horizon, known, lags, penalty)
