"""What goes wrong with forecasts: each function is a known mistake, its docstring the advice."""

import numpy as np

# --- scaled --------------------------------------------------------------------------------------------------------


def scaler_on_everything(values, known):
    """This is the leak: mean and deviation come from all rows, so the past is scaled with knowledge of the future."""
    return (values - values.mean(axis=0)) / values.std(axis=0)


def scaler_on_the_future(values, known):
    """Mean and deviation come from the rows after the first `known`. They must come from these first rows."""
    later = values[known:] if known < len(values) else values[:1]
    return (values - later.mean(axis=0)) / np.maximum(later.std(axis=0), 1e-12)


def past_scaled_alone(values, known):
    """The later rows are left as they were. They have to be scaled too, with the mean and deviation of the past."""
    past = values[:known]
    return np.concatenate([(past - past.mean(axis=0)) / past.std(axis=0), values[known:]])


def each_part_by_itself(values, known):
    """The later rows are scaled by their own mean and deviation: a level that has moved disappears, and with it what
    was to be forecast; and their mean is not known in advance."""
    parts = [part for part in (values[:known], values[known:]) if len(part)]
    return np.concatenate([(part - part.mean(axis=0)) / part.std(axis=0) for part in parts])


def columns_thrown_together(values, known):
    """One mean and one deviation serve for all columns. Each quantity has its own: average over rows, `axis=0`."""
    past = values[:known]
    return (values - past.mean()) / past.std()


def mean_not_removed(values, known):
    """The values are divided by the deviation, but their mean is still in them."""
    return values / values[:known].std(axis=0)


def divided_by_the_variance(values, known):
    """The values are divided by the variance, the square of what is needed: a deviation has the unit of the values."""
    past = values[:known]
    return (values - past.mean(axis=0)) / past.var(axis=0)


def not_divided(values, known):
    """The mean is removed, but the deviation is not 1 yet: divide by it."""
    return values - values[:known].mean(axis=0)


def one_value_too_many(values, known):
    """One row too many is taken for the past: `values[:known]` are the first `known` rows, and row `known` is not one
    of them."""
    past = values[: known + 1]
    return (values - past.mean(axis=0)) / past.std(axis=0)


def between_zero_and_one(values, known):
    """This squeezes the past between 0 and 1. Asked for are a mean of 0 and a standard deviation of 1."""
    past = values[:known]
    return (values - past.min(axis=0)) / np.ptp(past, axis=0)


# --- seasonal_naive ------------------------------------------------------------------------------------------------


def persistence_only(values, origin, horizon, period):
    """Every step gets the last known value. That is persistence, the seasonal forecast for a season of one step."""
    return np.full(horizon, values[origin - 1])


def first_season(values, origin, horizon, period):
    """The first season of the series is repeated. The last one that is known is the nearest: it ends at the origin."""
    return values[np.arange(horizon) % period]


def season_of_the_future(values, origin, horizon, period):
    """The season that begins at the origin is used: its values are what is to be forecast."""
    return values[np.minimum(origin + np.arange(horizon) % period, len(values) - 1)]


def a_step_late(values, origin, horizon, period):
    """The season is shifted by a step: the first step to be forecast, `origin`, has its partner at `origin - period`,
    not one later."""
    return values[origin - period + (np.arange(horizon) + 1) % period]


def a_step_early(values, origin, horizon, period):
    """The season is shifted by a step: the first step to be forecast, `origin`, has its partner at `origin - period`,
    not one earlier."""
    return values[origin - period + (np.arange(horizon) - 1) % period]


def backwards(values, origin, horizon, period):
    """The last season is repeated back to front: its first value comes first."""
    return values[origin - 1 - np.arange(horizon) % period]


def counted_from_the_start(values, origin, horizon, period):
    """The place in the season is counted from the start of the series, as if one began at every multiple of the period.
    Count back from the step itself."""
    return values[origin - period + (origin + np.arange(horizon)) % period]


def mean_of_the_season(values, origin, horizon, period):
    """Every step gets the mean of the last season. Each has a partner of its own, a period before it."""
    return np.full(horizon, values[origin - period : origin].mean())


def two_seasons_ago(values, origin, horizon, period):
    """This is what was two seasons before; the season in between is known, and nearer."""
    return values[origin - 2 * period + np.arange(horizon) % period]


# --- pinball_gradient ----------------------------------------------------------------------------------------------


def pinball(y, target, slope_too_low, slope_too_high):
    """The mean loss and its gradient, for given slopes where the forecast is too low and where it is too high."""
    short_by = target[..., None] - y
    slope = np.where(short_by > 0, slope_too_low, slope_too_high)
    return np.mean(-slope * short_by), slope / y.size


def quantiles_swapped(y, target, quantiles):
    """The two costs are swapped, so that what should be the 0.9-quantile becomes the 0.1-quantile. A forecast that is
    too low costs q for each unit."""
    return pinball(y, target, -(1 - quantiles), quantiles)


def half_the_absolute_error(y, target, quantiles):
    """Both sides cost the same here, so every output becomes a median. The cost has to depend on q: q below the target,
    1 - q above it."""
    return pinball(y, target, np.full_like(quantiles, -0.5), np.full_like(quantiles, 0.5))


def squared_error(y, target, quantiles):
    """This is the mean squared error; it leads to the mean, whatever q is."""
    error = y - target[..., None]
    return np.mean(error**2), 2 * error / y.size


def opposite_sign(y, target, quantiles):
    """The gradient has the opposite sign: a forecast that is too low gets better when it rises, so there the loss falls
    with y and the slope is negative."""
    loss, dy = pinball(y, target, -quantiles, 1 - quantiles)
    return loss, -dy


def gradient_of_the_sum(y, target, quantiles):
    """The loss is a mean, the gradient that of a sum: divide it by the number of terms, `y.size`."""
    loss, dy = pinball(y, target, -quantiles, 1 - quantiles)
    return loss, dy * y.size


def sum_instead_of_mean(y, target, quantiles):
    """The terms are added up; asked for is their mean, in the loss and in the gradient."""
    loss, dy = pinball(y, target, -quantiles, 1 - quantiles)
    return loss * y.size, dy * y.size


def mean_over_targets_only(y, target, quantiles):
    """The terms of the several quantiles are added up, and only then is the mean taken over targets. There are `y.size`
    terms."""
    loss, dy = pinball(y, target, -quantiles, 1 - quantiles)
    return loss * len(quantiles), dy * len(quantiles)


def gradient_times_the_error(y, target, quantiles):
    """The gradient grows with the error here. The loss is made of two straight lines: its slope depends on the side
    alone."""
    loss, dy = pinball(y, target, -quantiles, 1 - quantiles)
    return loss, dy * np.abs(target[..., None] - y)


def only_when_too_low(y, target, quantiles):
    """Forecasts that are too high cost nothing here, so the cheapest forecast is infinite. They cost 1 - q."""
    return pinball(y, target, -quantiles, np.zeros_like(quantiles))


# --- rolling_rmse --------------------------------------------------------------------------------------------------


def rolled(values, origins, horizon, known=-1):
    """The errors of persistence from some origins, shape (O, K)."""
    return np.array([values[o : o + horizon] - values[o + known] for o in origins])


def root_mean_square(errors):
    """The root of the mean square of everything."""
    return np.sqrt(np.mean(np.square(errors)))


def every_origin(values, first, horizon):
    """The origins as they should be."""
    return range(first, len(values) - horizon + 1)


def last_origin_forgotten(values, first, horizon):
    """The last origin is missing: `range` leaves out its end, and `len(values) - horizon` has its whole horizon
    inside."""
    return root_mean_square(rolled(values, range(first, len(values) - horizon), horizon))


def one_origin_only(values, first, horizon):
    """Only the first origin is judged. One origin is one throw of the dice: roll on."""
    return root_mean_square(rolled(values, [first], horizon))


def forecast_with_the_value_to_come(values, first, horizon):
    """The forecast is `values[o]`, the first value that is not known at origin o. The last known one is `values[o -
    1]`."""
    return root_mean_square(rolled(values, every_origin(values, first, horizon), horizon, known=0))


def forecast_from_the_first_origin(values, first, horizon):
    """Every origin is forecast with the value before the first one. As the origin rolls on, more is known."""
    errors = [values[o : o + horizon] - values[first - 1] for o in every_origin(values, first, horizon)]
    return root_mean_square(errors)


def horizons_side_by_side(values, first, horizon):
    """The origins jump by a whole horizon. Every origin counts, also those whose horizons overlap."""
    return root_mean_square(rolled(values, every_origin(values, first, horizon)[::horizon], horizon))


def last_step_only(values, first, horizon):
    """Only the last step of each horizon is judged; all of them count."""
    return root_mean_square(rolled(values, every_origin(values, first, horizon), horizon)[:, -1])


def root_forgotten(values, first, horizon):
    """This is the mean squared error, in squared units: take its root."""
    return root_mean_square(rolled(values, every_origin(values, first, horizon), horizon)) ** 2


def mean_of_the_roots(values, first, horizon):
    """A root is taken for each origin, and then the mean. Take one mean of all squared errors first, and then the
    root."""
    errors = rolled(values, every_origin(values, first, horizon), horizon)
    return np.mean(np.sqrt(np.mean(errors**2, axis=1)))


def absolute_error(values, first, horizon):
    """This is the mean absolute error; asked for is the root of the mean squared one, in which large errors weigh
    more."""
    return np.mean(np.abs(rolled(values, every_origin(values, first, horizon), horizon)))


def an_origin_too_early(values, first, horizon):
    """The evaluation begins an origin too early: at `first - 1` the part to be judged has not begun."""
    begin = max(first - 1, 1)
    return root_mean_square(rolled(values, range(begin, len(values) - horizon + 1), horizon))


# --- threshold_for_recall ------------------------------------------------------------------------------------------


def with_precision(threshold, scores, unusual):
    """A threshold and the precision there."""
    return threshold, np.mean(unusual[scores >= threshold])


def right_threshold(scores, unusual, recall):
    """The threshold as it should be."""
    return np.sort(scores[unusual])[::-1][int(np.ceil(recall * unusual.sum())) - 1]


def threshold_of_everybody(scores, unusual, recall):
    """The share is counted over all scores. Recall is a share of the unusual ones: only their scores decide."""
    ranked = np.sort(scores)[::-1]
    return with_precision(ranked[int(np.ceil(recall * len(scores))) - 1], scores, unusual)


def strictly_above(scores, unusual, recall):
    """Whatever is exactly at the threshold counts as not reported here, so the one that was just needed is lost from
    the precision. Use `>=`."""
    threshold = right_threshold(scores, unusual, recall)
    return threshold, np.mean(unusual[scores > threshold])


def rounded_down(scores, unusual, recall):
    """The number of unusual ones to find is rounded down, so that fewer are found than asked for: round it up."""
    needed = max(int(recall * unusual.sum()), 1)
    return with_precision(np.sort(scores[unusual])[::-1][needed - 1], scores, unusual)


def quantile_from_below(scores, unusual, recall):
    """The share is counted from the lowest score up, so that the wrong part is reported. Sort the largest first."""
    needed = int(np.ceil(recall * unusual.sum()))
    return with_precision(np.sort(scores[unusual])[needed - 1], scores, unusual)


def precision_is_recall(scores, unusual, recall):
    """The second number is the recall, how much of the unusual is reported. Precision is how much of what is reported
    is unusual."""
    threshold = right_threshold(scores, unusual, recall)
    return threshold, np.mean(scores[unusual] >= threshold)


def share_of_all_reported(scores, unusual, recall):
    """The second number is the share of everything that is reported. Precision asks how much of that is unusual."""
    threshold = right_threshold(scores, unusual, recall)
    return threshold, np.mean(scores >= threshold)


def accuracy_instead(scores, unusual, recall):
    """The second number is the accuracy. With few unusual ones it is high even for a detector that finds none;
    precision looks only at what is reported."""
    threshold = right_threshold(scores, unusual, recall)
    return threshold, np.mean((scores >= threshold) == unusual)


def lowest_score(scores, unusual, recall):
    """The threshold is the lowest score of an unusual one: it finds all of them, more than was asked for, at the price
    of false alarms. Take the largest threshold that is enough."""
    return with_precision(scores[unusual].min(), scores, unusual)
