"""Baselines of time series: what has to be beaten before a network is worth its trouble.

Each function forecasts a series from many origins at once. At origin o the values before index o are known, and those
at o, ..., o + horizon - 1 are forecast; whatever is fitted, is fitted on the first `known` values alone.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from statsmodels.tsa.ar_model import AutoReg, ar_select_order
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from rnn_lab.evaluation import following
from rnn_lab.nn.checks import as_array, as_size


def seasonal_naive(values: NDArray, origins: NDArray, horizon: int, period: int = 1) -> NDArray:
    """Forecast the value of a period ago, shape (O, K); with a period of 1 this is persistence, the last value.

    Parameters
    ----------
    values : ndarray, shape (T,)
    origins : ndarray of int, shape (O,)
        Each at least a period after the start.
    horizon, period : int
    """
    steps = np.arange(horizon) % as_size("period", period) - period
    return values[np.asarray(origins)[:, None] + steps]


def harmonic_profile(
    values: NDArray, known: int, periods: dict[float, int], degree: int = 0, ahead: int = 0
) -> NDArray:
    """Fit waves and a trend to the known part by least squares, and continue them: the climatology, shape (T + ahead,).

    Parameters
    ----------
    values : ndarray, shape (T,)
    known : int
        How many first values are fitted.
    periods : dict of int
        Period in steps -> how many harmonics of it.
    degree : int
        Of the trend: 0 a constant, 1 a straight line, 2 a parabola.
    ahead : int
        How many steps to go on after the end of the series.
    """
    t = np.arange(len(values) + ahead)
    columns = [(t / known) ** power for power in range(degree + 1)]
    for period, harmonics in periods.items():
        for harmonic in range(1, harmonics + 1):
            angle = 2 * np.pi * harmonic * t / period
            columns += [np.cos(angle), np.sin(angle)]
    table = np.column_stack(columns)
    weights, *_ = np.linalg.lstsq(table[:known], values[:known], rcond=None)
    return table @ weights


def bic_order(past: NDArray, longest: int) -> int:
    """Return the order of a linear autoregression of `past`, from 1 to `longest`, that has the smallest BIC."""
    return max(ar_select_order(past, longest, ic="bic").ar_lags or [1])


def autoregression(values: NDArray, origins: NDArray, horizon: int, known: int, order: int) -> NDArray:
    """Forecast with a linear autoregression, step by step: each forecast is the next step's past; shape (O, K).

    Parameters
    ----------
    values : ndarray, shape (T,)
    origins : ndarray of int, shape (O,)
        Each at least `order` after the start.
    horizon, known, order : int

    Raises
    ------
    ValueError
        If the known part is constant, holds NaN, or is too short for the order.
    """
    past = as_array("values", values[:known], ("known",), finite=True)
    shortest = 2 * as_size("order", order) + 2
    if len(past) < shortest:
        raise ValueError(f"values has {len(past)} known ones; expected at least {shortest} for an order of {order}")
    if np.ptp(past) == 0:
        raise ValueError("values is constant; expected a series that varies")
    intercept, *weights = AutoReg(past, order).fit().params  # the last step's weight first
    recent = following(values, np.asarray(origins) - order, order)
    forecast = np.empty((len(recent), horizon))
    for k in range(horizon):
        forecast[:, k] = intercept + recent[:, ::-1] @ np.array(weights)
        recent = np.column_stack([recent[:, 1:], forecast[:, k]])
    return forecast


def exponential_smoothing(
    values: NDArray, origins: NDArray, horizon: int, known: int, period: int | None = None
) -> NDArray:
    """Forecast by exponential smoothing with a damped trend and, with a period, additive seasons (Holt and Winters).

    Parameters
    ----------
    values : ndarray, shape (T,)
    origins : ndarray of int, shape (O,)
    horizon, known : int
    period : int, optional
        Of the seasons, in steps.

    Returns
    -------
    ndarray, shape (O, K)
    """
    form = {"trend": "add", "damped_trend": True}
    form |= {"seasonal": "add", "seasonal_periods": period} if period else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the optimizer stopped early; its best is used
        fitted = ExponentialSmoothing(values[:known], **form, initialization_method="estimated").fit().params
    start = {"initial_level": fitted["initial_level"], "initial_trend": fitted["initial_trend"]}
    speeds = {name: fitted[name] for name in ("smoothing_level", "smoothing_trend", "damping_trend")}
    if period:
        start["initial_seasonal"], speeds["smoothing_seasonal"] = (
            fitted["initial_seasons"],
            fitted["smoothing_seasonal"],
        )
    model = ExponentialSmoothing(values, **form, initialization_method="known", **start)
    smoothed = model.fit(optimized=False, **speeds)
    last = np.asarray(origins) - 1
    damping = np.cumsum(speeds["damping_trend"] ** np.arange(1, horizon + 1))
    forecast = smoothed.level[last, None] + smoothed.trend[last, None] * damping
    return forecast + seasonal_naive(smoothed.season, origins, horizon, period) if period else forecast


def lagged_regression(
    inputs: NDArray, values: NDArray, origins: NDArray, horizon: int, known: int, lags: int, penalty: float
) -> NDArray:
    """Forecast how far each step ahead is from the last value, by a ridge regression on the last inputs; shape (O, K).

    Parameters
    ----------
    inputs : ndarray, shape (T, D)
        Whatever is known at each step: the values themselves, other quantities, the calendar.
    values : ndarray, shape (T,)
        What is forecast.
    origins : ndarray of int, shape (O,)
        Each at least `lags` after the start.
    horizon, known, lags : int
    penalty : float
        On the squares of the weights of standardised inputs, relative to the mean squared error.
    """
    windows = np.lib.stride_tricks.sliding_window_view(inputs, as_size("lags", lags), axis=0)
    table = windows.reshape(len(windows), -1)  # row r ends with the input at step r + lags - 1
    fitted = np.arange(lags, known - horizon + 1)  # origins whose horizon is known
    mean, deviation = table[fitted - lags].mean(axis=0), table[fitted - lags].std(axis=0)
    table = (table - mean) / np.where(deviation > 0, deviation, 1)
    x, y = table[fitted - lags], following(values, fitted, horizon) - values[fitted - 1, None]
    squares = x.T @ x + penalty * len(x) * np.eye(x.shape[1])
    weights = np.linalg.solve(squares, x.T @ (y - y.mean(axis=0)))
    origins = np.asarray(origins)
    return values[origins - 1, None] + table[origins - lags] @ weights + y.mean(axis=0)
