"""The baselines of time series: against other implementations, exact cases, and never a look into the future."""

import numpy as np
import pytest
from statsmodels.tsa.ar_model import AutoReg
from statsmodels.tsa.holtwinters import ExponentialSmoothing
from support import assert_same

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

T, KNOWN, K = 160, 110, 6
ORIGINS = np.array([110, 117, 140])
FAMILIES = {
    "persistence": lambda values, origins: seasonal_naive(values, origins, K),
    "seasonal naive": lambda values, origins: seasonal_naive(values, origins, K, 12),
    "autoregression": lambda values, origins: autoregression(values, origins, K, KNOWN, 4),
    "exponential smoothing": lambda values, origins: exponential_smoothing(values, origins, K, KNOWN),
    "with seasons": lambda values, origins: exponential_smoothing(values, origins, K, KNOWN, 12),
    "ridge": lambda values, origins: lagged_regression(values[:, None], values, origins, K, KNOWN, 5, 1e-2),
    "analogues": lambda values, origins: analogues(values, origins, K, KNOWN, 5, 4),
}
EVERY_FAMILY = pytest.mark.parametrize("family", FAMILIES)


def series(seed=0, length=T):
    rng = np.random.default_rng(seed)
    t = np.arange(length)
    return 3 * np.sin(2 * np.pi * t / 12) + 0.3 * rng.standard_normal(length).cumsum() + 10


@EVERY_FAMILY
def test_no_forecast_looks_into_the_future(family):
    """Whatever comes from the last origin on, the forecasts stay; and each stays whatever comes from its own on."""
    values = series()
    forecasts = FAMILIES[family](values, ORIGINS)
    assert forecasts.shape == (len(ORIGINS), K)
    for row, origin in enumerate(ORIGINS):
        changed = values.copy()
        changed[origin:] += 1000
        assert_same(FAMILIES[family](changed, ORIGINS)[row], forecasts[row], 1e-9)


@EVERY_FAMILY
def test_an_origin_before_anything_is_known_is_refused(family):
    with pytest.raises(ValueError, match="origins goes from 0 to 140; expected from"):
        FAMILIES[family](series(), np.array([0, 140]))
    with pytest.raises(ValueError, match=f"expected from .* to {T}, the end of the series"):
        FAMILIES[family](series(), np.array([140, T + 1]))


@EVERY_FAMILY
def test_a_missing_value_is_refused(family):
    values = series()
    values[20] = np.nan
    with pytest.raises(ValueError, match="holds 1 NaN"):
        FAMILIES[family](values, ORIGINS)


@EVERY_FAMILY
def test_the_end_of_the_series_is_an_origin(family):
    assert np.isfinite(FAMILIES[family](series(), np.array([T]))).all()


def test_seasonal_naive_repeats_the_last_season():
    values = np.arange(20.0)
    assert seasonal_naive(values, [12], 5, 3).tolist() == [[9, 10, 11, 9, 10]]
    assert seasonal_naive(values, [12, 15], 2).tolist() == [[11, 11], [14, 14]]


def test_autoregression_is_that_of_statsmodels():
    values = series()
    fitted = AutoReg(values[:KNOWN], 4).fit()
    assert_same(autoregression(values, [KNOWN], K, KNOWN, 4)[0], fitted.forecast(K), 1e-9)


def test_the_order_is_found():
    rng = np.random.default_rng(0)
    values = np.zeros(2000)
    for t in range(3, 2000):
        values[t] = 0.5 * values[t - 1] - 0.4 * values[t - 3] + rng.standard_normal()
    assert bic_order(values, 10) == 3


@pytest.mark.parametrize("period", [None, 12])
def test_exponential_smoothing_is_that_of_statsmodels(period):
    values = series()
    form = {"trend": "add", "damped_trend": True, "initialization_method": "estimated"}
    form |= {"seasonal": "add", "seasonal_periods": period} if period else {}
    expected = ExponentialSmoothing(values[:KNOWN], **form).fit().forecast(K)
    assert_same(exponential_smoothing(values, [KNOWN], K, KNOWN, period)[0], expected, 1e-6)


def test_the_climatology_finds_waves_and_a_trend_and_goes_on():
    t = np.arange(100)
    values = 2 + 0.3 * t + 0.01 * t**2 + np.cos(2 * np.pi * t / 12) - 0.5 * np.sin(4 * np.pi * t / 12)
    assert_same(harmonic_profile(values[:90], 60, {12: 2}, degree=2, ahead=10), values, 1e-7)


def test_ridge_finds_a_linear_rule_in_another_input():
    rng = np.random.default_rng(0)
    other = rng.standard_normal(T)
    values = np.zeros(T)
    values[1:] = 2 * other[:-1]
    inputs = np.column_stack([values, other])
    found = lagged_regression(inputs, values, ORIGINS, 1, KNOWN, 2, 1e-9)
    assert_same(found, following(values, ORIGINS, 1), 1e-6)


def test_analogues_find_what_has_been_before():
    """A random melody that is repeated in full: at the second time, every note is known."""
    rng = np.random.default_rng(0)
    melody = rng.standard_normal(100)
    values = np.tile(melody, 3)
    origins = np.arange(210, 240)
    assert_same(analogues(values, origins, 4, 200, 6, 1), following(values, origins, 4), 1e-9)


def test_a_moment_is_not_its_own_analogue():
    values = series(length=60)
    with_itself = analogues(values, np.array([30]), 3, 60, 4, 1)
    assert np.abs(with_itself - following(values, np.array([30]), 3)).max() > 1e-3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: autoregression(np.ones(50), [40], 2, 40, 3), "values is constant"),
        (lambda: autoregression(series(), ORIGINS, K, 9, 4), "values has 9 known ones; expected at least 10"),
        (lambda: exponential_smoothing(series(), ORIGINS, K, 20, 12), "known is 20, too short a series"),
        (lambda: lagged_regression(series()[:, None], series(), ORIGINS, K, 8, 5, 1.0), "known is 8, too short"),
        (lambda: lagged_regression(series(length=80)[:, None], series(), ORIGINS, K, 80, 5, 1.0), "inputs has shape"),
        (lambda: analogues(series(), ORIGINS, K, 20, 5, 4), "known is 20, too short a series for 4 neighbours"),
        (lambda: harmonic_profile(series(), 5, {12: 4}), "known is 5; expected from 9, the weights to fit"),
        (lambda: seasonal_naive(series(), ORIGINS, K, 0), "period is 0; expected at least 1"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
