"""The explorers of chapter 08: what they compute, and their picture for every setting."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from controls import Controls
from support import assert_same

from rnn_lab import plots
from rnn_lab.explorers import anomaly, forecast, state_space

RNG = np.random.default_rng(0)
VALUES = np.sin(np.arange(90) / 3)
ORIGINS = np.arange(40, 91)
QUANTILES = np.sort(RNG.standard_normal((len(ORIGINS), 6, 3)), axis=-1)
SIGNAL = np.sin(np.arange(4000) / 10)
BEATS = np.arange(200, 3900, 70)
ECTOPIC = RNG.random(len(BEATS)) < 0.2
SCORES = RNG.standard_normal(len(BEATS)) + 2 * ECTOPIC


@pytest.fixture(autouse=True)
def _style():
    with plt.rc_context():
        plots.use_style()
        yield


@pytest.mark.parametrize("horizon", [1, 6])
@pytest.mark.parametrize("origin", [1, 40, 88, 90])
def test_a_view_knows_the_past_and_what_then_came(origin, horizon):
    view = forecast.compute(VALUES, origin, QUANTILES[0], horizon)
    assert_same(view.past[-min(origin, forecast.PAST) :], VALUES[max(origin - forecast.PAST, 0) : origin])
    came = VALUES[origin : origin + horizon]
    assert_same(view.truth[: len(came)], came)
    assert np.isnan(view.truth[len(came) :]).all()
    assert_same(view.forecast, QUANTILES[0, :horizon, 1])
    assert (view.lower <= view.forecast).all() and (view.forecast <= view.upper).all()
    if len(came):
        assert view.error == pytest.approx(np.sqrt(np.mean((came - view.forecast[: len(came)]) ** 2)))
    else:
        assert np.isnan(view.error)


def test_every_forecast_is_drawn():
    forecasts = {"with a band": QUANTILES, "a line": QUANTILES[..., 1:2] + 0.1}
    controls = Controls(forecast.explorer(1950 + np.arange(90) / 12, VALUES, ORIGINS, forecasts, "°C"))
    controls.assert_every_setting_draws()
    controls.assert_ends_differ_in_pixels()
    for _ in controls.frames("origin", [len(ORIGINS) - 1]):
        assert "the last known month is 1957-06" in controls.live.alt


def test_an_alarm_by_hand():
    alarm = anomaly.compute(np.array([0.9, 0.1, 0.8, 0.3]), np.array([True, False, False, True]), 2)
    assert alarm.reported.tolist() == [True, False, True, False]
    assert alarm.threshold == 0.8
    assert (alarm.precision, alarm.recall) == (0.5, 0.5)


@pytest.mark.parametrize("count", range(1, len(BEATS) + 1))
def test_an_alarm_lies_on_its_curve(count):
    alarm = anomaly.compute(SCORES, ECTOPIC, count)
    place = np.flatnonzero(alarm.curve.thresholds == SCORES[alarm.reported].min())[0]
    assert_same(alarm.precision, alarm.curve.precision[place])
    assert_same(alarm.recall, alarm.curve.recall[place])


def test_the_area_that_is_drawn_is_the_average_precision():
    panel = anomaly.explorer(SIGNAL, 90.0, BEATS, ECTOPIC, {"a": SCORES})
    (curve, *_) = panel.live.fig.axes[0].lines
    recall, precision = curve.get_data()
    assert curve.get_drawstyle() == "steps-pre"  # each precision holds back to the recall before
    assert np.diff(recall) @ precision[1:] == pytest.approx(anomaly.compute(SCORES, ECTOPIC, 1).curve.average)
    assert recall[0] == 0


def test_a_recording_shorter_than_the_window_is_drawn():
    seen = BEATS < 400
    panel = anomaly.explorer(SIGNAL[:400], 90.0, BEATS[seen], np.arange(seen.sum()) == 1, {"a": SCORES[seen]})
    place = Controls(panel).by_name["place, s"]
    assert place.min == place.max >= 0 and not panel.live.error


def test_every_threshold_is_drawn():
    detectors = {"a": SCORES, "b": -SCORES}
    controls = Controls(anomaly.explorer(SIGNAL, 90.0, BEATS, ECTOPIC, detectors))
    controls.assert_every_setting_draws()
    controls.assert_ends_differ_in_pixels()


def test_the_plane_of_a_circle_is_the_circle():
    """Five units that follow a circle, with little noise: the plane holds nearly all, and keeps distances."""
    angle = np.arange(300) / 7
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    mixing, _ = np.linalg.qr(RNG.standard_normal((5, 2)))
    states = circle @ mixing.T + 0.01 * RNG.standard_normal((300, 5)) + 3
    plane = state_space.compute(states)
    assert plane.share > 0.99 and sorted(plane.order) == list(range(5))
    radius = np.linalg.norm(plane.points, axis=1)
    assert radius.std() < 0.05 * radius.mean()


def test_states_that_are_broken_are_refused():
    with pytest.raises(ValueError, match="states holds 20 NaN"):
        state_space.compute(np.full((10, 2), np.nan))


def test_every_time_is_drawn():
    states = np.tanh(RNG.standard_normal((400, 6)).cumsum(axis=0) / 5)
    controls = Controls(state_space.explorer(SIGNAL[:400], states, rate=90.0))
    controls.assert_every_setting_draws()
    controls.assert_ends_differ_in_pixels()
