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
            velocity = _remembered(self.state, f"velocity.{name}", param)
            velocity *= self.momentum
            velocity += grads[name]
            param -= rate * velocity


class Adam:
    """Adam (Kingma & Ba, 2015): a step against the mean gradient, divided by the root of the mean squared gradient.

    ::

        m = (g[t] + beta1 * g[t - 1] + beta1**2 * g[t - 2] + ...) / (1 + beta1 + beta1**2 + ...)
        v = the same of g**2, with beta2
        param -= learning_rate * m / (sqrt(v) + epsilon)

    This is the paper's algorithm 1: to divide a sum by its weights is to average and to correct for the bias of zero.

    Parameters
    ----------
    learning_rate : float or callable
        About the size of a step of each parameter, above 0; or a schedule that gives it for each update, counted
        from 0.
    betas : pair of float
        The weight of each gradient, and of its square, beside that of the one after it, from 0 to below 1.
    epsilon : float
        Added to the root of the mean square, above 0.

    Attributes
    ----------
    state : dict
        ``step``, and the two sums, ``sum.<name>`` and ``squares.<name>``: all that a checkpoint has to keep.
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
        weight1, weight2 = ((1 - beta**step) / (1 - beta) for beta in self.betas)  # the sums of the weights
        rate *= math.sqrt(weight2) / weight1  # so that the loop divides neither sum by its weights
        epsilon = self.epsilon * math.sqrt(weight2)
        for name, whole in params.items():
            sums, squares = (_remembered(self.state, f"{kind}.{name}", whole) for kind in ("sum", "squares"))
            for param, grad, total, square in _blocks(whole, grads[name], sums, squares):
                total *= beta1
                total += grad
                change = np.square(grad, out=np.empty_like(param))
                square *= beta2
                square += change
                np.sqrt(square, out=change)
                change += epsilon
                np.divide(total, change, out=change)
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


def _remembered(state: dict[str, NDArray], name: str, param: NDArray) -> NDArray:
    """Return what a rule keeps of a parameter, zero at first."""
    if name not in state:
        state[name] = np.zeros_like(param)
    return state[name]


def _blocks(*arrays: NDArray) -> Iterator[tuple[NDArray, ...]]:
    """Yield arrays of one shape together, some rows at a time: a rule passes over them often, at best in the cache."""
    if arrays[0].size <= BLOCK:
        yield arrays
        return
    height = max(1, BLOCK * len(arrays[0]) // arrays[0].size)
    for start in range(0, len(arrays[0]), height):
        yield tuple(array[start : start + height] for array in arrays)


def _fraction(name: str, value: float) -> float:
    if not (isinstance(value, (int, float, np.integer, np.floating)) and 0 <= value < 1):
        raise ValueError(f"{name} is {value!r}; expected a number from 0 to below 1")
    return float(value)
