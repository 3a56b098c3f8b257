"""What goes wrong around the gradient, in losses, clipping and data: each docstring is the advice."""

import numpy as np

# --- loss_gradient -------------------------------------------------------------------------------------------------


def factor_two_forgotten(y, target):
    """The gradient is half of what it should be. What does the square leave behind when it is differentiated?"""
    error = y - target
    return np.mean(error**2), error / error.size


def half_the_square(y, target):
    """Loss and gradient are both halved. Some books put a half before the square so that the 2 cancels; this loss is
    the plain mean."""
    error = y - target
    return np.mean(error**2) / 2, error / error.size


def sum_instead_of_mean(y, target):
    """The squares are added up, so that the loss grows with the length of the sequence. Take the mean, in the gradient
    too."""
    error = y - target
    return np.sum(error**2), 2 * error


def gradient_of_the_sum(y, target):
    """The loss is a mean, and the gradient that of a sum. Each entry has only its share in the mean."""
    error = y - target
    return np.mean(error**2), 2 * error


def averaged_over_time_only(y, target):
    """The sum is divided by the number of steps alone. The mean goes over steps, examples and outputs."""
    error = y - target
    return np.sum(error**2) / len(y), 2 * error / len(y)


def opposite_sign(y, target):
    """The gradient points the wrong way, and training would climb. If a prediction is too large, does the loss grow or
    shrink with it?"""
    error = y - target
    return np.mean(error**2), -2 * error / error.size


def last_step_only(y, target):
    """Only the last step counts. This loss asks for a prediction at every step."""
    error = y - target
    dy = np.zeros_like(y)
    dy[-1] = 2 * error[-1] / error[-1].size
    return np.mean(error[-1] ** 2), dy


def root_taken(y, target):
    """The loss is the root of the mean, which is good to report, as it has the unit of the data. Here the mean itself
    is asked for, and its gradient is simpler."""
    error = y - target
    root = np.sqrt(np.mean(error**2))
    return root, error / (error.size * root)


# --- clip ----------------------------------------------------------------------------------------------------------


def norm_of(arrays):
    """The norm of all entries together."""
    return np.sqrt(sum(np.sum(array**2) for array in arrays))


def scaled(grads, norm, max_norm):
    """The gradients, scaled if `norm` is too large."""
    return {name: grad * (max_norm / norm if norm > max_norm else 1.0) for name, grad in grads.items()}


def each_entry_clipped(grads, max_norm):
    """Each entry is cut to the range by itself, which turns the direction of the gradient. Scale all entries by one
    common factor."""
    return {name: np.clip(grad, -max_norm, max_norm) for name, grad in grads.items()}


def each_array_by_its_own_norm(grads, max_norm):
    """Each array is scaled by its own norm, so the direction of the whole gradient turns. One norm over all arrays,
    and one factor for all."""
    return {name: scaled({name: grad}, norm_of([grad]), max_norm)[name] for name, grad in grads.items()}


def always_rescaled(grads, max_norm):
    """The gradients are brought to `max_norm` in any case: small ones grow, and zero becomes NaN. Clipping leaves
    alone what is small enough."""
    return {name: grad * (max_norm / norm_of(grads.values())) for name, grad in grads.items()}


def root_forgotten(grads, max_norm):
    """The sum of the squares is taken for the norm. Its root is missing."""
    return scaled(grads, norm_of(grads.values()) ** 2, max_norm)


def norms_added_up(grads, max_norm):
    """The norms of the arrays are added up, which comes out too large. Add the squares of all entries, and take one
    root at the end."""
    return scaled(grads, sum(norm_of([grad]) for grad in grads.values()), max_norm)


def largest_entry_as_the_norm(grads, max_norm):
    """The largest entry is held against `max_norm`. The norm is the length of the whole gradient: the root of the sum
    of its squares."""
    return scaled(grads, max(np.abs(grad).max() for grad in grads.values()), max_norm)


def scaled_to_length_one(grads, max_norm):
    """A gradient that is too long gets the length 1, whatever `max_norm` is. It should end up as long as is just
    allowed."""
    norm = norm_of(grads.values())
    return {name: grad / norm if norm > max_norm else +grad for name, grad in grads.items()}


def thrown_away(grads, max_norm):
    """A gradient that is too long becomes zero, and the step is lost. Its direction is still good: only its length is
    cut."""
    return {name: grad * (norm_of(grads.values()) <= max_norm) for name, grad in grads.items()}


def changes_the_gradients_in_place(grads, max_norm):
    """The numbers are right, but the caller's arrays are overwritten. Here new arrays are asked for: multiply without
    assigning into the old ones."""
    for name, grad in scaled(grads, norm_of(grads.values()), max_norm).items():
        grads[name][...] = grad
    return grads


# --- ar_features ---------------------------------------------------------------------------------------------------


def lags(series, numbers, first, last):
    """A column for each lag in `numbers`, and a row for each target from `first` to before `last`."""
    return np.stack([series[first - lag : last - lag] for lag in numbers], axis=1)


def oldest_first(series, order):
    """The columns run from the oldest value to the newest. Here the first column is lag 1, the value right before the
    target."""
    return lags(series, range(order, 0, -1), order, len(series)), series[order:]


def looks_into_the_future(series, order):
    """The target stands among its own lags: the model would copy it and look perfect. The newest value that a forecast
    may know is the one before the target."""
    return lags(series, range(order), order, len(series)), series[order:]


def newest_value_left_out(series, order):
    """The lags begin with the value two steps before the target. The newest known value is the most useful one: begin
    with lag 1."""
    return lags(series, range(2, order + 2), order + 1, len(series)), series[order + 1 :]


def last_row_missing(series, order):
    """The last target is missing. T values give T - order targets; mind where the slices end."""
    return lags(series, range(1, order + 1), order, len(series) - 1), series[order:-1]


def one_column_for_each_row(series, order):
    """`X` lies on its side: a row for each lag. Least squares wants a row for each target, and a column for each
    lag."""
    return lags(series, range(1, order + 1), order, len(series)).T, series[order:]


def padded_with_zeros(series, order):
    """The first targets get zeros where their history is missing, and a model would believe them. Begin with the first
    value that has a full history."""
    padded = np.concatenate([np.zeros(order), series])
    return lags(padded, range(1, order + 1), order, len(padded)), series


def target_one_step_early(series, order):
    """The targets are the newest lag itself. A forecast is compared with the value after its history."""
    return lags(series, range(1, order + 1), order, len(series)), series[order - 1 : -1]
