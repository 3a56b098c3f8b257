"""Rules that turn gradients into better parameters, in place."""

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from rnn_lab.nn.checks import as_positive
from rnn_lab.nn.schedules import Rate, as_rate, rate_at

Arrays = Mapping[str, NDArray]
BLOCK = 32_768  # entries of a parameter, of its gradient and of its state that fit together into a processor's cache


class SGD:
    """Stochastic gradient descent, with momentum (Polyak, 1964) if asked for.

    Parameters
    ----------
    learning_rate : float or callable
        How far to go along the gradient, above 0; or a schedule that says so for each update, counted from 0.
    momentum : float
        How much of the last velocity is kept, from 0 to below 1.

    Attributes
    ----------
    state : dict
        ``step`` and the velocities, as ``velocity.<name>``: all that a checkpoint has to keep.
    """

    def __init__(self, learning_rate: Rate, momentum: float = 0.0) -> None:
        self.learning_rate = as_rate("learning_rate", learning_rate)
        self.momentum = _fraction("momentum", momentum)
        self.state: dict[str, NDArray] = {"step": np.zeros((), np.int64)}

    def update(self, params: Arrays, grads: Arrays) -> None:
        """Change `params` in place: ``v = momentum * v + grad``, ``param -= learning_rate * v``.

        Raises
        ------
        ValueError
            If `grads` has not the names and shapes of `params`, or the schedule gives no rate.
        """
        _check_alike(params, grads)
        rate = rate_at(self.learning_rate, int(self.state["step"]))
        self.state["step"] += 1
        for name, param in params.items():
            if self.momentum == 0:
                param -= rate * grads[name]
                continue
            velocity = self.state.setdefault(f"velocity.{name}", np.zeros_like(param))
            velocity *= self.momentum
            velocity += grads[name]
            param -= rate * velocity


class Adam:
    """Adam (Kingma & Ba, 2015, algorithm 1).

    Parameters
    ----------
    learning_rate : float or callable
        About the size of a step of each parameter, above 0; or a schedule that gives it for each update, counted
        from 0.
    betas : pair of float
        How much of the running mean and of the running mean square is kept, from 0 to below 1.
    epsilon : float
        Added to the root of the mean square, above 0.

    Attributes
    ----------
    state : dict
        ``step``, ``mean.<name>`` and ``square.<name>``: all that a checkpoint has to keep.
    """

    def __init__(self, learning_rate: Rate, betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8) -> None:
        self.learning_rate = as_rate("learning_rate", learning_rate)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise ValueError(f"betas is {betas!r}; expected a pair of numbers such as (0.9, 0.999)")
        self.betas = (_fraction("betas[0]", betas[0]), _fraction("betas[1]", betas[1]))
        self.epsilon = as_positive("epsilon", epsilon)
        self.state: dict[str, NDArray] = {"step": np.zeros((), np.int64)}

    def update(self, params: Arrays, grads: Arrays) -> None:
        """Change `params` in place by one step.

        Raises
        ------
        ValueError
            If `grads` has not the names and shapes of `params`, or the schedule gives no rate.
        """
        _check_alike(params, grads)
        rate = rate_at(self.learning_rate, int(self.state["step"]))
        self.state["step"] += 1
        step = int(self.state["step"])
        beta1, beta2 = self.betas
        rate *= math.sqrt(1 - beta2**step) / (1 - beta1**step)
        epsilon = self.epsilon * math.sqrt(1 - beta2**step)  # so that the rule is the paper's to the letter
        for name, whole in params.items():
            means = self.state.setdefault(f"mean.{name}", np.zeros_like(whole))
            squares = self.state.setdefault(f"square.{name}", np.zeros_like(whole))
            for param, grad, mean, square in _blocks(whole, grads[name], means, squares):
                change = grad - mean  # mean += (1 - beta1) * (grad - mean)
                change *= 1 - beta1
                mean += change
                np.multiply(grad, grad, out=change)  # square += (1 - beta2) * (grad**2 - square)
                change -= square
                change *= 1 - beta2
                square += change
                np.sqrt(square, out=change)  # param -= rate * mean / (sqrt(square) + epsilon)
                change += epsilon
                np.divide(mean, change, out=change)
                change *= rate
                param -= change


def clip_by_norm(grads: Arrays, max_norm: float | None) -> float:
    """Scale all gradients together, in place, so that their common norm is at most `max_norm`.

    Parameters
    ----------
    grads : dict of ndarray
    max_norm : float or None
        Above 0; None measures the norm and changes nothing.

    Returns
    -------
    float
        The Euclidean norm before clipping (Pascanu, Mikolov & Bengio, 2013, algorithm 1).
    """
    norm = float(np.sqrt(sum(float(np.vdot(grad, grad)) for grad in grads.values())))
    if max_norm is not None and norm > as_positive("max_norm", max_norm):
        for grad in grads.values():
            grad *= max_norm / norm
    return norm


def _check_alike(params: Arrays, grads: Arrays) -> None:
    if params.keys() != grads.keys():
        raise ValueError(f"grads has the names {sorted(grads)}; expected those of params, {sorted(params)}")
    for name, param in params.items():
        if grads[name].shape != param.shape:
            raise ValueError(f"grads[{name!r}] has shape {grads[name].shape}; expected {param.shape}, as params")


def _blocks(*arrays: NDArray) -> Iterator[tuple[NDArray, ...]]:
    """Yield arrays of one shape together, some rows at a time: a rule passes over them often, at best in the cache."""
    rows_of = [np.atleast_1d(array) for array in arrays]
    count = len(rows_of[0])
    height = max(1, BLOCK * count // rows_of[0].size)
    for start in range(0, count, height):
        yield tuple(rows[start : start + height] for rows in rows_of)


def _fraction(name: str, value: float) -> float:
    if not (isinstance(value, (int, float, np.integer, np.floating)) and 0 <= value < 1):
        raise ValueError(f"{name} is {value!r}; expected a number from 0 to below 1")
    return float(value)
