"""Baselines of time series: what has to be beaten before a network is worth its trouble.

Each function forecasts a series from many origins at once. At origin o the values before index o are known, and those
at o, ..., o + horizon - 1 are forecast; whatever is fitted, is fitted on the first `known` values alone.
"""

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray
from statsmodels.tsa.ar_model import AutoReg, ar_select_order
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from rnn_lab.evaluation import following
from rnn_lab.nn.checks import as_array, as_ndarray, as_positive, as_size

NEAREST = 1e-6  # the smallest squared distance of a weighted neighbour, relative to the mean square of the known


def _checked(values: NDArray, origins: ArrayLike, first: int) -> tuple[NDArray, NDArray[np.integer]]:
    """Return the series and the origins, or say that a forecast would begin before there is anything to begin from."""
    values, origins = as_array("values", values, ("T",), finite=True), as_ndarray("origins", origins)
    if origins.size and (origins.min() < first or origins.max() > len(values)):
        raise ValueError(
            f"origins goes from {origins.min()} to {origins.max()}; expected from {first}, before which too little is "
            f"known, to {len(values)}, the end of the series"
        )
    return values, origins


def _varying(past: ArrayLike, shortest: int, purpose: str) -> NDArray:
    """Return what is known of a series, or say that nothing can be fitted to it."""
    past = as_array("values", past, ("T",), finite=True)
    if len(past) < shortest:
        raise ValueError(f"values has {len(past)} known ones, too short a series; expected {shortest} for {purpose}")
    if np.ptp(past) == 0:
        raise ValueError("values is constant; expected a series that varies")
    return past


def seasonal_naive(values: NDArray, origins: NDArray, horizon: int, period: int = 1) -> NDArray:
    """Forecast the value of a period ago, shape (O, K); with a period of 1 this is persistence, the last value.

    Parameters
    ----------
    values : ndarray, shape (T,)
    origins : ndarray of int, shape (O,)
        Each at least a period after the start.
    horizon, period : int
    """
    values, origins = _checked(values, origins, as_size("period", period))
    return values[origins[:, None] + np.arange(horizon) % period - period]


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
    values = as_array("values", values, ("T",), finite=True)
    weights_in_all = degree + 1 + 2 * sum(periods.values())
    if not weights_in_all <= known <= len(values):
        raise ValueError(f"known is {known}; expected from {weights_in_all}, the weights to fit, to {len(values)}")
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
    """Return the order of a linear autoregression of `past`, from 1 to `longest`, that has the smallest BIC.

    Raises
    ------
    ValueError
        If the past is constant, holds NaN, or is too short for the longest order.
    """
    past = _varying(past, 3 * as_size("longest", longest) + 2, f"an order of {longest}")
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
    values, origins = _checked(values, origins, as_size("order", order))
    past = _varying(values[:known], 2 * order + 2, f"an order of {order}")
    intercept, *weights = AutoReg(past, order).fit().params  # the last step's weight first
    recent = following(values, origins - order, order)
    forecast = np.empty((len(recent), horizon))
    for k in range(horizon):
        forecast[:, k] = intercept + recent[:, ::-1] @ np.array(weights)
        recent = np.column_stack([recent[:, 1:], forecast[:, k]])
    return forecast


def exponential_smoothing(
    values: NDArray, origins: NDArray, horizon: int, known: int, period: int | None = None, damped: bool = True
) -> NDArray:
    """Forecast by exponential smoothing with a trend and, with a period, additive seasons (Holt and Winters).

    Parameters
    ----------
    values : ndarray, shape (T,)
    origins : ndarray of int, shape (O,)
    horizon, known : int
    period : int, optional
        Of the seasons, in steps.
    damped : bool
        Whether the trend comes to an end with time, or goes on for ever.

    Returns
    -------
    ndarray, shape (O, K)

    Raises
    ------
    ValueError
        If the known part is constant, holds NaN, or is shorter than two seasons.
    """
    values, origins = _checked(values, origins, 1)
    past = _varying(values[:known], 2 * (period or 5), "exponential smoothing")
    form = {"trend": "add", "damped_trend": damped}
    form |= {"seasonal": "add", "seasonal_periods": period} if period else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the optimizer stopped early; its best is used
        fitted = ExponentialSmoothing(past, **form, initialization_method="estimated").fit().params
    start = {"initial_level": fitted["initial_level"], "initial_trend": fitted["initial_trend"]}
    speeds = {name: fitted[name] for name in ("smoothing_level", "smoothing_trend")}
    speeds |= {"damping_trend": fitted["damping_trend"]} if damped else {}
    if period:
        start["initial_seasonal"], speeds["smoothing_seasonal"] = (
            fitted["initial_seasons"],
            fitted["smoothing_seasonal"],
        )
    model = ExponentialSmoothing(values, **form, initialization_method="known", **start)
    smoothed = model.fit(optimized=False, **speeds)
    last = origins - 1
    damping = np.cumsum(speeds.get("damping_trend", 1.0) ** np.arange(1, horizon + 1))
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

    Raises
    ------
    ValueError
        If the known part is constant, holds NaN, or is too short for the lags and the horizon.
    """
    values, origins = _checked(values, origins, as_size("lags", lags))
    inputs = as_array("inputs", inputs, (len(values), "D"), finite=True)
    _varying(values[:known], lags + as_size("horizon", horizon) + 1, f"{lags} lags and a horizon of {horizon}")
    windows = np.lib.stride_tricks.sliding_window_view(inputs, lags, axis=0)  # row r ends with step r + lags - 1

    def table(origins: NDArray) -> NDArray:
        return windows[origins - lags].reshape(len(origins), -1)

    fitted = np.arange(lags, known - horizon + 1)  # origins whose horizon is known
    x, y = table(fitted), following(values, fitted, horizon) - values[fitted - 1, None]
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    deviation[deviation == 0] = 1
    x = (x - mean) / deviation
    squares = x.T @ x + as_positive("penalty", penalty) * len(x) * np.eye(x.shape[1])
    weights = np.linalg.solve(squares, x.T @ (y - y.mean(axis=0)))
    return values[origins - 1, None] + (table(origins) - mean) / deviation @ weights + y.mean(axis=0)


def analogues(
    values: NDArray,
    origins: NDArray,
    horizon: int,
    known: int,
    length: int,
    neighbours: int,
    *,
    growing: bool = False,
    weighted: bool = False,
) -> NDArray:
    """Forecast what followed the most similar pieces of the known part (Lorenz, 1969), shape (O, K).

    A piece is the last `length` values, relative to the last one. Those that overlap with what is forecast, or with
    what it is forecast from, are no neighbours, so that no origin of the known part finds itself.

    Parameters
    ----------
    values : ndarray, shape (T,)
    origins : ndarray of int, shape (O,)
        Each at least `length` after the start.
    horizon, known, length, neighbours : int
    growing : bool
        Whether an origin after the known part looks up all that is known by then, and not the known part alone.
    weighted : bool
        Whether a piece counts the more, the nearer it is: by the inverse of the squared distance (Shepard, 1968).

    Raises
    ------
    ValueError
        If the known part is constant, holds NaN, or is too short for that many neighbours.
    """
    values, origins = _checked(values, origins, as_size("length", length))
    ends = np.maximum(origins, known) if growing else np.full(len(origins), known)  # what an origin may look up
    own = 2 * (length + as_size("horizon", horizon))  # how many pieces an origin may lose to itself, at most
    shortest = length + horizon + own + as_size("neighbours", neighbours)
    _varying(values[:known], shortest, f"{neighbours} neighbours that do not overlap")
    library = np.arange(length, ends.max() - horizon + 1)

    def pieces(origins: NDArray) -> NDArray:
        return (following(values, origins - length, length) - values[origins - 1, None]).astype(np.float32)

    candidates, followed = pieces(library), following(values, library, horizon) - values[library - 1, None]
    sizes = np.sum(candidates**2, axis=1)
    floor = NEAREST * sizes[: known - horizon + 1 - length].mean()
    forecast = np.empty((len(origins), horizon))
    for block in np.array_split(np.arange(len(origins)), len(origins) // 256 + 1):
        wanted, reach = pieces(origins[block]), int(ends[block].max()) - horizon + 1 - length
        distance = sizes[:reach] - 2 * wanted @ candidates[:reach].T + np.sum(wanted**2, axis=1)[:, None]
        distance[np.abs(origins[block, None] - library[:reach]) < length + horizon] = np.inf
        distance[library[:reach] + horizon > ends[block, None]] = np.inf
        nearest = np.argpartition(distance, neighbours, axis=1)[:, :neighbours]
        if weighted:
            near = 1 / np.maximum(np.take_along_axis(distance, nearest, axis=1), floor)
            forecast[block] = np.einsum("on,onk->ok", near / near.sum(axis=1, keepdims=True), followed[nearest])
        else:
            forecast[block] = followed[nearest].mean(axis=1)
    return values[origins - 1, None] + forecast
