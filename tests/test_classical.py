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
    "undamped": lambda values, origins: exponential_smoothing(values, origins, K, KNOWN, damped=False),
    "with seasons": lambda values, origins: exponential_smoothing(values, origins, K, KNOWN, 12),
    "ridge": lambda values, origins: lagged_regression(values[:, None], values, origins, K, KNOWN, 5, 1e-2),
    "analogues": lambda values, origins: analogues(values, origins, K, KNOWN, 5, 4),
    "growing": lambda values, origins: analogues(values, origins, K, KNOWN, 5, 4, growing=True, weighted=True),
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
        changed[origin:] = np.resize(values[origin - 11 : origin], T - origin)  # the present, again and again
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


@pytest.mark.parametrize("family", [family for family in FAMILIES if family not in ("persistence", "seasonal naive")])
def test_a_constant_series_is_refused_by_whatever_is_fitted(family):
    with pytest.raises(ValueError, match="values is constant; expected a series that varies"):
        FAMILIES[family](np.full(T, 21.5), ORIGINS)


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


@pytest.mark.parametrize("damped", [True, False])
@pytest.mark.parametrize("period", [None, 12])
def test_exponential_smoothing_is_that_of_statsmodels(period, damped):
    values = series()
    form = {"trend": "add", "damped_trend": damped, "initialization_method": "estimated"}
    form |= {"seasonal": "add", "seasonal_periods": period} if period else {}
    expected = ExponentialSmoothing(values[:KNOWN], **form).fit().forecast(K)
    assert_same(exponential_smoothing(values, [KNOWN], K, KNOWN, period, damped)[0], expected, 1e-6)


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


def test_ridge_is_the_solution_of_its_equations():
    """Of standardised inputs, against least squares on rows to which the penalty is added as further rows."""
    values, lags, penalty = series(), 3, 0.5
    fitted = np.arange(lags, KNOWN)
    table = np.array([values[origin - lags : origin] for origin in [*fitted, 140]])
    mean, deviation = table[:-1].mean(axis=0), table[:-1].std(axis=0)
    table = (table - mean) / deviation
    steps = np.diff(values)[fitted - 1]
    rows = np.vstack([table[:-1], np.sqrt(penalty * len(fitted)) * np.eye(lags)])
    weights, *_ = np.linalg.lstsq(rows, np.append(steps - steps.mean(), np.zeros(lags)), rcond=None)
    found = lagged_regression(values[:, None], values, np.array([140]), 1, KNOWN, lags, penalty)
    assert_same(found[0, 0], values[139] + steps.mean() + table[-1] @ weights, 1e-9)


def test_growing_analogues_look_up_what_came_after_the_known_part():
    """A melody that begins after the known part, and comes again: who stops at the known part cannot foresee it."""
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.standard_normal(100), np.tile(rng.standard_normal(60), 3)])
    origins = np.arange(230, 250)
    truth = following(values, origins, 4)
    assert_same(analogues(values, origins, 4, 100, 6, 1, growing=True), truth, 1e-9)
    assert np.abs(analogues(values, origins, 4, 100, 6, 1) - truth).max() > 0.5


def test_analogues_are_the_nearest_pieces_weighted_by_their_distance():
    values, origin, length, neighbours = series(), 130, 5, 3
    library = np.arange(length, KNOWN - K + 1)
    wanted = values[origin - length : origin] - values[origin - 1]
    distance = np.array([np.sum((values[o - length : o] - values[o - 1] - wanted) ** 2) for o in library])
    nearest = np.argsort(distance)[:neighbours]
    followed = following(values, library[nearest], K) - values[library[nearest] - 1, None]
    for weighted, weights in [(False, None), (True, 1 / distance[nearest])]:
        expected = values[origin - 1] + np.average(followed, axis=0, weights=weights)
        found = analogues(values, np.array([origin]), K, KNOWN, length, neighbours, weighted=weighted)
        assert_same(found[0], expected, 1e-4)


def test_an_exact_analogue_is_all_that_counts():
    values = np.tile(np.random.default_rng(0).standard_normal(40), 4)
    found = analogues(values, np.array([150]), 3, 140, 5, 3, weighted=True)
    assert_same(found, following(values, np.array([150]), 3), 1e-3)


def test_a_moment_is_not_its_own_analogue():
    values = series(length=60)
    with_itself = analogues(values, np.array([30]), 3, 60, 4, 1)
    assert np.abs(with_itself - following(values, np.array([30]), 3)).max() > 1e-3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bic_order(np.ones(30), 3), "values is constant"),
        (lambda: bic_order(series()[:20], 12), "values has 20 known ones, too short a series"),
        (lambda: bic_order(np.array([1, np.nan, 2] * 9), 2), "values holds 9 NaN"),
        (
            lambda: autoregression(series(), ORIGINS, K, 9, 4),
            "values has 9 known ones, too short a series; expected 10",
        ),
        (
            lambda: exponential_smoothing(series(), ORIGINS, K, 20, 12),
            "values has 20 known ones, too short a series; expected 24",
        ),
        (lambda: lagged_regression(series()[:, None], series(), ORIGINS, K, 8, 5, 1.0), "values has 8 known ones"),
        (lambda: lagged_regression(series()[:, None], series(), ORIGINS, K, 80, 5, 0.0), "penalty is 0.0; expected"),
        (lambda: lagged_regression(series()[:, None], series(), ORIGINS, 0, 80, 5, 1.0), "horizon is 0; expected"),
        (lambda: lagged_regression(series(length=80)[:, None], series(), ORIGINS, K, 80, 5, 1.0), "inputs has shape"),
        (lambda: analogues(series(), ORIGINS, K, 20, 5, 4), "values has 20 known ones, too short a series; .* neighb"),
        (lambda: harmonic_profile(series(), 5, {12: 4}), "known is 5; expected from 9, the weights to fit"),
        (lambda: seasonal_naive(series(), ORIGINS, K, 0), "period is 0; expected at least 1"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
