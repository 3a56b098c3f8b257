"""Learning rates that change while training: functions of the step, counted from 0, for `SGD` and `Adam`.

A schedule remembers nothing, so a run that is resumed from a checkpoint goes on at the rate where it stopped.
"""

import math
from collections.abc import Callable

import numpy as np

from rnn_lab.nn.checks import as_positive, as_size

Schedule = Callable[[int], float]
Rate = float | Schedule


def warmup(steps: int, then: Rate) -> Schedule:
    """Climb to a rate in equal steps, then keep it, or follow a schedule (Goyal et al., 2017).

    The first updates, from random weights and with Adam's averages hardly filled, are the most dangerous ones.

    Parameters
    ----------
    steps : int
        How many updates stay below the rate.
    then : float or callable
        A rate, or a schedule that begins after the climb with its own step 0.

    Returns
    -------
    callable
        ``step -> then(0) * (step + 1) / (steps + 1)`` below `steps`, ``then(step - steps)`` from there.

    Examples
    --------
    >>> Adam(warmup(100, cosine_decay(3e-3, 1900)))  # for 2000 updates
    """
    steps, then = as_size("steps", steps), as_rate("then", then)
    return lambda step: rate_at(then, max(step - steps, 0)) * min((step + 1) / (steps + 1), 1)


def cosine_decay(rate: float, steps: int, final: float = 0.0) -> Schedule:
    """Fall from a rate to a final one along half a cosine: slowly, fast, slowly (Loshchilov & Hutter, 2017).

    Parameters
    ----------
    rate : float
        At step 0.
    steps : int
        Where `final` is reached, and kept.
    final : float
        From 0 to `rate`.

    Returns
    -------
    callable
        ``step -> final + (rate - final) * (1 + cos(pi * step / steps)) / 2``.
    """
    rate, steps = as_positive("rate", rate), as_size("steps", steps)
    if not (isinstance(final, (int, float, np.integer, np.floating)) and 0 <= final <= rate):
        raise ValueError(f"final is {final!r}; expected a number from 0 to rate = {rate}")
    return lambda step: final + (rate - final) * (1 + math.cos(math.pi * min(step / steps, 1))) / 2


def exponential_decay(rate: float, factor: float, every: int) -> Schedule:
    """Fall smoothly, to `factor` of the rate in each `every` steps.

    Parameters
    ----------
    rate : float
        At step 0.
    factor : float
        Above 0; above 1 the rate grows, as in a search for the largest one that works (Smith, 2017).
    every : int

    Returns
    -------
    callable
        ``step -> rate * factor ** (step / every)``.
    """
    rate, factor, every = as_positive("rate", rate), as_positive("factor", factor), as_size("every", every)
    return lambda step: rate * factor ** (step / every)


def step_decay(rate: float, factor: float, every: int) -> Schedule:
    """Keep a rate for `every` steps, then fall to `factor` of it, and so on.

    Parameters
    ----------
    rate : float
        At step 0.
    factor : float
        Above 0.
    every : int

    Returns
    -------
    callable
        ``step -> rate * factor ** (step // every)``.
    """
    rate, factor, every = as_positive("rate", rate), as_positive("factor", factor), as_size("every", every)
    return lambda step: rate * factor ** (step // every)


def as_rate(name: str, rate: Rate) -> Rate:
    """Return a rate above 0 as a float, or a schedule as it is."""
    return rate if callable(rate) else as_positive(name, rate)


def rate_at(rate: Rate, step: int) -> float:
    """Return the rate of a step, or say which number a schedule gave instead of one."""
    value = rate(step) if callable(rate) else rate
    if not (isinstance(value, (int, float, np.integer, np.floating)) and 0 <= value < np.inf):
        raise ValueError(f"the learning rate of step {step} is {value!r}; expected the schedule to give 0 or more")
    return float(value)
