"""Rules that turn gradients into better parameters, in place."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray]


class SGD:
    """Stochastic gradient descent, with momentum (Polyak, 1964) if asked for.

    Parameters
    ----------
    learning_rate : float
        How far to go along the gradient, above 0.
    momentum : float
        How much of the last velocity is kept, from 0 to below 1.

    Attributes
    ----------
    state : dict
        The velocities, as ``velocity.<name>``: all that a checkpoint has to keep.
    """

    def __init__(self, learning_rate: float, momentum: float = 0.0) -> None:
        self.learning_rate = _positive("learning_rate", learning_rate)
        self.momentum = _fraction("momentum", momentum)
        self.state: dict[str, NDArray] = {}

    def update(self, params: Arrays, grads: Arrays) -> None:
        """Change `params` in place: ``v = momentum * v + grad``, ``param -= learning_rate * v``.

        Raises
        ------
        ValueError
            If `grads` has not the names and shapes of `params`.
        """
        _check_alike(params, grads)
        for name, param in params.items():
            if self.momentum == 0:
                param -= self.learning_rate * grads[name]
                continue
            velocity = self.state.setdefault(f"velocity.{name}", np.zeros_like(param))
            velocity *= self.momentum
            velocity += grads[name]
            param -= self.learning_rate * velocity


class Adam:
    """Adam (Kingma & Ba, 2015, algorithm 1).

    Parameters
    ----------
    learning_rate : float
        About the size of a step of each parameter, above 0.
    betas : pair of float
        How much of the running mean and of the running mean square is kept, from 0 to below 1.
    epsilon : float
        Added to the root of the mean square, above 0.

    Attributes
    ----------
    state : dict
        ``step``, ``mean.<name>`` and ``square.<name>``: all that a checkpoint has to keep.
    """

    def __init__(self, learning_rate: float, betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8) -> None:
        self.learning_rate = _positive("learning_rate", learning_rate)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise ValueError(f"betas is {betas!r}; expected a pair of numbers such as (0.9, 0.999)")
        self.betas = (_fraction("betas[0]", betas[0]), _fraction("betas[1]", betas[1]))
        self.epsilon = _positive("epsilon", epsilon)
        self.state: dict[str, NDArray] = {"step": np.zeros((), np.int64)}

    def update(self, params: Arrays, grads: Arrays) -> None:
        """Change `params` in place by one step.

        Raises
        ------
        ValueError
            If `grads` has not the names and shapes of `params`.
        """
        _check_alike(params, grads)
        self.state["step"] += 1
        step = int(self.state["step"])
        beta1, beta2 = self.betas
        rate = self.learning_rate * math.sqrt(1 - beta2**step) / (1 - beta1**step)
        epsilon = self.epsilon * math.sqrt(1 - beta2**step)  # so that the rule is the paper's to the letter
        for name, param in params.items():
            mean = self.state.setdefault(f"mean.{name}", np.zeros_like(param))
            square = self.state.setdefault(f"square.{name}", np.zeros_like(param))
            mean += (1 - beta1) * (grads[name] - mean)
            square += (1 - beta2) * (grads[name] ** 2 - square)
            param -= rate * mean / (np.sqrt(square) + epsilon)


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
    if max_norm is not None and norm > _positive("max_norm", max_norm):
        for grad in grads.values():
            grad *= max_norm / norm
    return norm


def _check_alike(params: Arrays, grads: Arrays) -> None:
    if params.keys() != grads.keys():
        raise ValueError(f"grads has the names {sorted(grads)}; expected those of params, {sorted(params)}")
    for name, param in params.items():
        if grads[name].shape != param.shape:
            raise ValueError(f"grads[{name!r}] has shape {grads[name].shape}; expected {param.shape}, as params")


def _positive(name: str, value: float) -> float:
    if not (isinstance(value, (int, float, np.integer, np.floating)) and 0 < value < np.inf):
        raise ValueError(f"{name} is {value!r}; expected a number above 0")
    return float(value)


def _fraction(name: str, value: float) -> float:
    if not (isinstance(value, (int, float, np.integer, np.floating)) and 0 <= value < 1):
        raise ValueError(f"{name} is {value!r}; expected a number from 0 to below 1")
    return float(value)
