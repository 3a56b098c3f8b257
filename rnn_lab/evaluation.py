"""Judging forecasts: origins that roll through time, errors that compare, bands that hold, and whether it was luck."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from rnn_lab.nn.checks import as_array, as_size


class Scaler(NamedTuple):
    """A shift and a scale, to be fitted on the past alone.

    Attributes
    ----------
    mean, deviation : float or ndarray, shape (D,)
    """

    mean: NDArray
    deviation: NDArray

    @classmethod
    def fit(cls, past: ArrayLike) -> "Scaler":
        """Return the scaler that gives `past`, shape (T,) or (T, D), a mean of 0 and a standard deviation of 1.

        Raises
        ------
        ValueError
            If `past` holds NaN, or a column of it is constant: it has no scale, and nothing is left to forecast.
        """
        past = as_array("past", past, (..., "T"), finite=True)
        deviation = np.asarray(past.std(axis=0))
        if (deviation <= 1e-12 * np.abs(past).max(axis=0)).any():
            raise ValueError("past is constant; expected values that vary: a constant has no scale, drop it")
        return cls(np.asarray(past.mean(axis=0)), deviation)

    def scale(self, values: NDArray) -> NDArray:
        """Return values in standard deviations from the mean."""
        return (values - self.mean) / self.deviation

    def unscale(self, scaled: NDArray) -> NDArray:
        """Return scaled values in their own unit."""
        return scaled * self.deviation + self.mean


def rolling_origins(length: int, first: int, horizon: int, every: int = 1) -> NDArray[np.integer]:
    """Return the origins from which to forecast a part of a series, as time goes on.

    At origin o the values before index o are known, and those at o, ..., o + horizon - 1 are to be forecast.

    Parameters
    ----------
    length : int
        How many values there are.
    first : int
        The first origin: where the part begins.
    horizon : int
        How many steps ahead are forecast, K.
    every : int
        Steps from one origin to the next.

    Raises
    ------
    TypeError, ValueError
        If there is no past before `first`, or no origin has `horizon` values after it.
    """
    first, horizon = as_size("first", first), as_size("horizon", horizon)
    if first + horizon > length:
        raise ValueError(
            f"horizon is {horizon}, beyond the data: only {max(length - first, 0)} of {length} values follow the first "
            f"origin, {first}; take a shorter horizon, an earlier origin or a longer series"
        )
    return np.arange(first, length - horizon + 1, as_size("every", every))


def following(values: NDArray, origins: NDArray, horizon: int) -> NDArray:
    """Return the values at each origin and after it, shape (O, K).

    Raises
    ------
    ValueError
        If some of them are before the start of the series or after its end.
    """
    origins = np.asarray(origins)
    if origins.size and (origins.min() < 0 or origins.max() + horizon > len(values)):
        raise ValueError(
            f"origins goes from {origins.min()} to {origins.max()}; expected from 0 to {len(values) - horizon}, after "
            f"which fewer than {horizon} of the {len(values)} values follow"
        )
    return values[origins[:, None] + np.arange(horizon)]


def rmse(forecast: ArrayLike, truth: ArrayLike) -> float:
    """Return the root mean squared error of forecasts, in the unit of the series."""
    forecast, truth = _alike(forecast, truth)
    return float(np.sqrt(np.mean((forecast - truth) ** 2)))


def mase(forecast: ArrayLike, truth: ArrayLike, past: ArrayLike, period: int = 1) -> float:
    """Return the mean absolute scaled error (Hyndman and Koehler, 2006): below 1, better than a naive step in the past.

    Parameters
    ----------
    forecast, truth : array_like, of the same shape
    past : array_like, shape (T,)
        What a model was fitted on; its mean absolute change over a period is the unit.
    period : int
        1, or the steps of a season.

    Raises
    ------
    ValueError
        If `past` is no longer than a period, or never changes over one.
    """
    forecast, truth = _alike(forecast, truth)
    past = as_array("past", past, ("T",), finite=True)
    if len(past) <= as_size("period", period):
        raise ValueError(
            f"past has {len(past)} values; expected more than a period of {period}: the series is too short"
        )
    unit = np.mean(np.abs(past[period:] - past[:-period]))
    if unit == 0:
        raise ValueError(f"past never changes over {period} step(s); expected a series that varies")
    return float(np.mean(np.abs(forecast - truth)) / unit)


def coverage(lower: ArrayLike, upper: ArrayLike, truth: ArrayLike) -> float:
    """Return the share of the truth that lies in a band."""
    return float(np.mean(outside(lower, upper, truth) <= 0))


def outside(lower: ArrayLike, upper: ArrayLike, truth: ArrayLike) -> NDArray:
    """Return how far the truth is outside a band, of the same shape; negative inside."""
    lower, truth = _alike(lower, truth)
    upper, truth = _alike(upper, truth)
    if (lower > upper).any():
        raise ValueError("lower is above upper in some places; expected the lower limit of the band first")
    return np.maximum(lower - truth, truth - upper)


def conformal_margin(missed_by: ArrayLike, share: float) -> float:
    """Return by how much to widen a band, or to narrow it if negative (Romano, Patterson and Candès, 2019).

    Parameters
    ----------
    missed_by : array_like, shape (O,)
        How far the truth was `outside` the band, on data that it was not fitted on.
    share : float
        How much of the truth the band is to cover, as 0.8.

    Raises
    ------
    ValueError
        If `share` is no share.
    """
    missed_by, share = as_array("missed_by", missed_by, ("O",), finite=True), _as_share(share)
    return float(np.quantile(missed_by, min(share * (1 + 1 / len(missed_by)), 1.0), method="higher"))


def adaptive_margins(missed_by: ArrayLike, first: int, delay: int, share: float, rate: float = 0.05) -> NDArray:
    """Return by how much to widen a band at each origin, learned from what had come by then (Gibbs and Candès, 2021).

    A margin that is set once trusts the future to be like the past. This one goes on: each miss raises the level whose
    quantile of all known errors is the next margin, each hit lowers it, so that in the long run the share is right.

    Parameters
    ----------
    missed_by : array_like, shape (O,)
        How far the truth was `outside` the band of each origin, in order of time.
    first : int
        Which origin gets the first margin; those before only teach.
    delay : int
        After how many origins the truth is known.
    share : float
        How much of the truth the band is to cover.
    rate : float
        How quickly the level moves.

    Returns
    -------
    ndarray, shape (O - first,)

    Raises
    ------
    ValueError
        If nothing is known yet at the first origin, or `share` is no share.
    """
    missed_by, share = as_array("missed_by", missed_by, ("O",), finite=True), _as_share(share)
    if not as_size("delay", delay) <= first < len(missed_by):
        raise ValueError(
            f"first is {first}; expected at least the delay, {delay}, so that an error is known, "
            f"and less than the {len(missed_by)} origins"
        )
    level, margins = share, np.zeros(len(missed_by))
    for now in range(first, len(missed_by)):
        latest = now - delay  # the last origin whose truth is known
        if latest >= first:
            level += rate * (float(missed_by[latest] > margins[latest]) - (1 - share))
        margins[now] = np.quantile(missed_by[: latest + 1], min(max(level, 0), 1))
    return margins[first:]


class PairedTest(NamedTuple):
    """Whether one forecast is better than another, beyond luck.

    Attributes
    ----------
    difference : float
        The mean loss of the first less that of the second: negative if the first is better.
    error : float
        The standard error of that difference.
    p : float
        How probable a difference at least as large, either way, would be if both were equally good.
    """

    difference: float
    error: float
    p: float


def diebold_mariano(loss: ArrayLike, other: ArrayLike, lags: int) -> PairedTest:
    """Compare two forecasts from the same origins (Diebold and Mariano, 1995).

    Losses from neighbouring origins are related, since their horizons overlap; the standard error counts that in (Newey
    and West, 1987), with the correction for few origins of Harvey, Leybourne and Newbold (1997).

    Parameters
    ----------
    loss, other : array_like, shape (O,)
        Of each forecast at each origin, in order of time: the squared error, for instance, its mean over the horizon.
    lags : int
        Up to how many origins apart losses are related: at least as many as horizons overlap; 0 for none.

    Raises
    ------
    ValueError
        If there are not more origins than lags, or the two never differ.
    """
    loss, other = _alike(loss, other)
    difference = as_array("loss", loss - other, ("O",), finite=True)
    count = len(difference)
    if not 0 <= lags < count:
        raise ValueError(f"lags is {lags} for {count} origins; expected from 0 to {count - 1}")
    centred = difference - difference.mean()
    weights = 1 - np.arange(1, lags + 1) / (lags + 1)  # Bartlett's: the sum below is never negative
    related = [centred[lag:] @ centred[:-lag] for lag in range(1, lags + 1)]
    variance = (centred @ centred + 2 * np.dot(weights, related)) / count
    if variance == 0:
        raise ValueError("loss and other differ by the same at every origin; expected losses that vary")
    steps = lags + 1
    correction = (count + 1 - 2 * steps + steps * lags / count) / count
    error = np.sqrt(variance / count / max(correction, 1 / count))
    p = 2 * stats.t.sf(abs(difference.mean()) / error, df=count - 1)
    return PairedTest(float(difference.mean()), float(error), float(p))


def _as_share(share: float) -> float:
    if not 0 < share < 1:
        raise ValueError(f"share is {share!r}; expected a number between 0 and 1, such as 0.8")
    return float(share)


def _alike(one: ArrayLike, other: ArrayLike) -> tuple[NDArray, NDArray]:
    one, other = (as_array(name, a, (..., "K"), finite=True) for name, a in (("forecast", one), ("truth", other)))
    if one.shape != other.shape:
        raise ValueError(
            f"a forecast of shape {one.shape} does not fit a truth of shape {other.shape}; expected the same"
        )
    return one, other
