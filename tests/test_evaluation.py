"""Evaluation: origins, errors, bands and the paired test, against what can be computed by hand or simulated."""

import numpy as np
import pytest
from support import assert_same

from rnn_lab.evaluation import (
    Scaler,
    adaptive_margins,
    conformal_margin,
    coverage,
    diebold_mariano,
    following,
    mase,
    outside,
    rmse,
    rolling_origins,
)


def test_the_scaler_knows_the_past_alone():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((50, 2)).cumsum(axis=0)
    scaler = Scaler.fit(values[:30])
    scaled = scaler.scale(values)
    assert_same(scaled[:30].mean(axis=0), np.zeros(2))
    assert_same(scaled[:30].std(axis=0), np.ones(2))
    assert_same(scaler.unscale(scaled), values)
    values[30:] *= 100
    assert_same(Scaler.fit(values[:30]).mean, scaler.mean)


def test_origins_and_what_follows_them():
    assert rolling_origins(10, 6, 3).tolist() == [6, 7]
    assert rolling_origins(10, 1, 2, every=3).tolist() == [1, 4, 7]
    assert rolling_origins(10, 8, 2).tolist() == [8]
    assert following(np.arange(10), np.array([6, 7]), 3).tolist() == [[6, 7, 8], [7, 8, 9]]


def test_errors_by_hand():
    forecast, truth = np.array([1.0, 2, 3]), np.array([1.0, 0, 6])
    assert rmse(forecast, truth) == pytest.approx(np.sqrt(13 / 3))
    past = np.array([0.0, 1, 3, 6])  # steps of 1, 2, 3, and over two steps 3, 5
    assert mase(forecast, truth, past) == pytest.approx((5 / 3) / 2)
    assert mase(forecast, truth, past, period=2) == pytest.approx((5 / 3) / 4)


def test_a_naive_forecast_of_the_past_has_a_mase_of_one():
    past = np.random.default_rng(0).standard_normal(40).cumsum()
    assert mase(past[3:-3], past[6:], past[3:], period=3) == pytest.approx(1)


def test_a_band():
    lower, upper, truth = np.array([0.0, 0, 0]), np.array([1.0, 1, 1]), np.array([0.4, 1.5, -2])
    assert outside(lower, upper, truth).tolist() == [-0.4, 0.5, 2]
    assert coverage(lower, upper, truth) == pytest.approx(1 / 3)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
def test_a_conformal_margin_covers_its_share_of_fresh_numbers(share):
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(400):
        missed_by = rng.gamma(2, size=100) - 1
        covered.append(rng.gamma(2) - 1 <= conformal_margin(missed_by[:99], share))
    assert np.mean(covered) == pytest.approx(share, abs=0.06)


def test_a_conformal_margin_by_hand():
    assert conformal_margin(np.arange(9.0), 0.5) == 5  # the level is 5 / 9
    assert conformal_margin(np.arange(3.0), 0.99) == 2


@pytest.mark.parametrize("drift", [0, 3])
def test_an_adaptive_margin_covers_its_share_though_the_world_changes(drift):
    """The errors grow fourfold along the way; a margin that is set once covers far less by then."""
    rng = np.random.default_rng(0)
    missed_by = np.abs(rng.standard_normal(1200)) * (1 + drift * np.linspace(0, 1, 1200))
    margins = adaptive_margins(missed_by, 200, delay=5, share=0.8)
    assert np.mean(missed_by[200:] <= margins) == pytest.approx(0.8, abs=0.03)
    if drift:
        assert np.mean(missed_by[200:] <= conformal_margin(missed_by[:200], 0.8)) < 0.6


def test_an_adaptive_margin_knows_nothing_before_its_time():
    rng = np.random.default_rng(0)
    missed_by = rng.standard_normal(60)
    margins = adaptive_margins(missed_by, 20, delay=4, share=0.8)
    for now in (20, 33, 59):
        changed = missed_by.copy()
        changed[now - 3 :] = 1e6  # not known at origin `now`
        assert_same(adaptive_margins(changed, 20, delay=4, share=0.8)[: now - 19], margins[: now - 19])
    known = missed_by.copy()
    known[16] += 10
    assert adaptive_margins(known, 20, delay=4, share=0.8)[0] != margins[0]


def test_the_paired_test_is_a_t_test_where_origins_are_independent():
    rng = np.random.default_rng(0)
    loss, other = rng.gamma(2, size=(2, 80))
    from scipy import stats

    found = diebold_mariano(loss, other, lags=0)
    expected = stats.ttest_rel(loss, other)
    assert found.difference == pytest.approx(np.mean(loss - other))
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)


def test_the_paired_test_by_hand():
    """Differences 3, -1, 1, 1: mean 1, centred 2, -2, 0, 0, covariances 8 / 4 and -4 / 4."""
    found = diebold_mariano(np.array([3.0, 0, 1, 1]), np.array([0.0, 1, 0, 0]), lags=1)
    correction = (4 + 1 - 4 + 2 / 4) / 4
    assert found.difference == 1
    assert found.error == pytest.approx(np.sqrt((2 + 2 * 0.5 * -1) / 4 / correction))


def test_the_paired_test_rejects_equals_as_rarely_as_it_says():
    """The losses of overlapping horizons: moving sums of five. A test without lags would reject far too often."""
    rng = np.random.default_rng(0)
    kernel = np.ones(5)
    rejected = {0: 0, 12: 0}
    for _ in range(300):
        loss, other = (np.convolve(rng.standard_normal(204) ** 2, kernel, "valid") for _ in range(2))
        for lags in rejected:
            rejected[lags] += diebold_mariano(loss, other, lags).p < 0.05
    assert rejected[12] / 300 < 0.12 < 0.25 < rejected[0] / 300


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Scaler.fit(np.full(9, 2.5)), "past is constant"),
        (lambda: Scaler.fit(np.column_stack([np.arange(9.0), np.zeros(9)])), "past is constant; expected values"),
        (lambda: Scaler.fit([1, np.nan, 2]), "past holds 1 NaN"),
        (lambda: rolling_origins(10, 6, 5), "horizon is 5, beyond the data: only 4 of 10 values"),
        (lambda: rolling_origins(10, 12, 5), "only 0 of 10 values"),
        (lambda: rolling_origins(10, 0, 2), "first is 0; expected at least 1"),
        (lambda: rolling_origins(10, 5, 0), "horizon is 0; expected at least 1"),
        (lambda: mase([1.0], [2.0], np.arange(12.0), period=12), "past has 12 values"),
        (lambda: mase([1.0], [2.0], np.ones(12)), "past never changes over 1 step"),
        (lambda: rmse([1.0, 2], [1.0]), r"shape \(2,\) does not fit a truth of shape \(1,\)"),
        (lambda: rmse([], []), "forecast is empty"),
        (lambda: rmse([1.0, np.nan], [1.0, 2]), "forecast holds 1 NaN"),
        (lambda: coverage([0.0], [1.0], [np.nan]), "truth holds 1 NaN"),
        (lambda: coverage([1.0], [0.0], [0.5]), "lower is above upper in some places"),
        (lambda: conformal_margin(np.arange(5.0), 80), "share is 80; expected a number between 0 and 1"),
        (lambda: adaptive_margins(np.arange(5.0), 5, 1, 0.8), "first is 5; .* less than the 5 origins"),
        (lambda: following(np.arange(9.0), np.array([3, 8]), 2), "origins goes from 3 to 8; expected from 0 to 7"),
        (lambda: following(np.arange(9.0), np.array([-1]), 2), "origins goes from -1 to -1; expected from 0"),
        (lambda: adaptive_margins(np.arange(5.0), 2, 3, 0.8), "first is 2; expected at least the delay, 3"),
        (lambda: adaptive_margins(np.array([1, np.nan]), 1, 1, 0.8), "missed_by holds 1 NaN"),
        (lambda: diebold_mariano([1.0, 2], [0.0, 1], 2), "lags is 2 for 2 origins"),
        (lambda: diebold_mariano([1.0, 2], [0.0, 1], 0), "differ by the same at every origin"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
