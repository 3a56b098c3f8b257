"""The exercises of chapter 08: a leak, a seasonal baseline, a gradient, a rolling evaluation and a threshold."""

import numpy as np

from rnn_lab.exercises import time_series_misconceptions as wrong
from rnn_lab.exercises.framework import Condition, exercise


def wandering(T=40, known=25, D=2, dtype=np.float64) -> Condition:
    """Arguments of `scaled`: a series that grows, and how much of it is the past."""

    def draw(rng):
        steps = rng.standard_normal((T, D)) + rng.uniform(0.2, 1, D)
        return (np.cumsum(steps, axis=0) * rng.uniform(1, 4, D)).astype(dtype), known

    return draw


@exercise(
    returns="scaled",
    conditions={
        "a past that is shorter than the series": wandering(),
        "one column": wandering(D=1),
        "a short past": wandering(known=5),
        "a series that is all past": wandering(known=40),
        "float32 values": wandering(dtype=np.float32),
    },
    misconceptions=(
        wrong.scaler_on_everything,
        wrong.scaler_on_the_future,
        wrong.past_scaled_alone,
        wrong.each_part_by_itself,
        wrong.columns_thrown_together,
        wrong.mean_not_removed,
        wrong.divided_by_the_variance,
        wrong.not_divided,
        wrong.one_value_too_many,
        wrong.between_zero_and_one,
    ),
    hints=(
        "`values[:known]` is the past. Its mean and its deviation are all that may be used of the values.",
        "`np.mean(..., axis=0)` and `np.std(..., axis=0)` treat each column alone; then scale *all* rows with them.",
    ),
)
def scaled(values, known):
    """Scale all rows of values (T, D) so that the first `known` rows have a mean of 0 and a standard deviation of 1 in
    each column: without the leak, nothing of the later rows is used to choose mean and deviation."""
    past = values[:known]
    return (values - past.mean(axis=0)) / past.std(axis=0)


def seasons(T=30, origin=20, horizon=5, period=7) -> Condition:
    """Arguments of `seasonal_naive`."""
    return lambda rng: (rng.standard_normal(T).cumsum(), origin, horizon, period)


@exercise(
    returns="forecast",
    conditions={
        "a horizon within a season": seasons(),
        "a horizon of a whole season": seasons(horizon=7),
        "a horizon of more than a season": seasons(horizon=10),
        "a season of one step": seasons(period=1),
        "an origin at the end of the series": seasons(origin=30),
    },
    misconceptions=(
        wrong.persistence_only,
        wrong.first_season,
        wrong.season_of_the_future,
        wrong.a_step_late,
        wrong.a_step_early,
        wrong.backwards,
        wrong.counted_from_the_start,
        wrong.mean_of_the_season,
        wrong.two_seasons_ago,
    ),
    hints=(
        "The last season that is known is `values[origin - period : origin]`.",
        "A longer horizon repeats it: step k takes entry `k % period` of the last season.",
    ),
)
def seasonal_naive(values, origin, horizon, period):
    """Forecast values (T,) at origin, ..., origin + horizon - 1, of which none is known: each step is what it was a
    season before, and if that is not known either, two seasons before, and so on. Return the forecast (horizon,)."""
    return values[origin - period + np.arange(horizon) % period]


def forecasts(shape, Q=3, dtype=np.float64) -> Condition:
    """Arguments of `pinball_gradient`: quantiles y, targets and what the quantiles are."""

    def draw(rng):
        y, target = rng.standard_normal((*shape, Q)), rng.standard_normal(shape)
        quantiles = np.sort(rng.uniform(0.05, 0.95, Q))
        return y.astype(dtype), target.astype(dtype), quantiles

    return draw


@exercise(
    returns="loss, dy",
    conditions={
        "a single number": forecasts((1,), Q=1),
        "several targets": forecasts((6,), Q=1),
        "several quantiles": forecasts((6,)),
        "steps, examples and horizons": forecasts((4, 3, 2)),
        "float32 arrays": forecasts((5, 2), dtype=np.float32),
    },
    misconceptions=(
        wrong.quantiles_swapped,
        wrong.half_the_absolute_error,
        wrong.squared_error,
        wrong.opposite_sign,
        wrong.gradient_of_the_sum,
        wrong.sum_instead_of_mean,
        wrong.mean_over_targets_only,
        wrong.gradient_times_the_error,
        wrong.only_when_too_low,
    ),
    hints=(
        "`short_by = target[..., None] - y` is positive where the forecast is too low; each unit of it costs q there.",
        "The slope with respect to y is -q where it is too low and 1 - q elsewhere; divide by the number of terms.",
    ),
)
def pinball_gradient(y, target, quantiles):
    """Return the mean pinball loss of the quantiles y (..., Q) for targets (...), over all of its terms, and its
    gradient dy (..., Q)."""
    short_by = target[..., None] - y
    slope = np.where(short_by > 0, -quantiles, 1 - quantiles)
    return np.mean(-slope * short_by), slope / y.size


def series_to_roll(T=20, first=12, horizon=3) -> Condition:
    """Arguments of `rolling_rmse`: a series, the first origin, and the horizon."""
    return lambda rng: (rng.standard_normal(T).cumsum(), first, horizon)


@exercise(
    returns="error",
    conditions={
        "a horizon of one step": series_to_roll(horizon=1),
        "a horizon of several steps": series_to_roll(),
        "a single origin": series_to_roll(first=17),
        "an early first origin": series_to_roll(first=1),
    },
    misconceptions=(
        wrong.last_origin_forgotten,
        wrong.one_origin_only,
        wrong.forecast_with_the_value_to_come,
        wrong.forecast_from_the_first_origin,
        wrong.horizons_side_by_side,
        wrong.last_step_only,
        wrong.root_forgotten,
        wrong.mean_of_the_roots,
        wrong.absolute_error,
        wrong.an_origin_too_early,
    ),
    hints=(
        "Origins go from `first` to `len(values) - horizon`, that one included: the last has its whole horizon inside.",
        "At origin o the last known value is `values[o - 1]`, and the truth is `values[o : o + horizon]`.",
        "Collect all squared errors of all origins, take one mean, then the root.",
    ),
)
def rolling_rmse(values, first, horizon):
    """Evaluate persistence: from every origin from `first` on that has `horizon` values after it, forecast them all as
    the last known value; return the root of the mean squared error over all origins and steps."""
    errors = [values[o : o + horizon] - values[o - 1] for o in range(first, len(values) - horizon + 1)]
    return np.sqrt(np.mean(np.square(errors)))


def ranked(N=30, unusual=8, mixed=1.0) -> Condition:
    """Arguments of `threshold_for_recall`: scores, labels, and the recall that is wanted."""

    def draw(rng):
        labels = np.arange(N) < unusual
        scores = rng.standard_normal(N) + 2 * mixed * labels
        order = rng.permutation(N)
        return scores[order], labels[order], float(rng.uniform(0.55, 0.85))

    return draw


def all_of_them(rng):
    """Arguments of `threshold_for_recall` that ask for a recall of 1."""
    scores, labels, _ = ranked()(rng)
    return scores, labels, 1.0


@exercise(
    returns="threshold, precision",
    conditions={
        "scores that overlap": ranked(),
        "scores that hardly tell them apart": ranked(mixed=0.2),
        "a recall of 1": all_of_them,
        "few unusual ones": ranked(N=40, unusual=3),
    },
    misconceptions=(
        wrong.threshold_of_everybody,
        wrong.strictly_above,
        wrong.rounded_down,
        wrong.quantile_from_below,
        wrong.precision_is_recall,
        wrong.share_of_all_reported,
        wrong.accuracy_instead,
        wrong.lowest_score,
    ),
    hints=(
        "Only the scores of the unusual ones decide the recall. Sort them, the largest first.",
        "To find a share r of U unusual ones, `ceil(r * U)` of them must reach the threshold: it is the score of the "
        "last of these.",
        "Precision: of everything with at least that score, which share is unusual?",
    ),
)
def threshold_for_recall(scores, unusual, recall):
    """Find the largest threshold at which at least the share `recall` of the unusual ones (labels True) has a score of
    at least the threshold, and return it with the precision there."""
    of_unusual = np.sort(scores[unusual])[::-1]
    needed = int(np.ceil(recall * len(of_unusual)))
    threshold = of_unusual[needed - 1]
    return threshold, np.mean(unusual[scores >= threshold])
