"""Composition: recurrent layers one above the other, or one in each direction, used as if they were one layer."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn.checks import as_array, as_mask
from rnn_lab.nn.inputs import Lookup
from rnn_lab.nn.layers import Dropout
from rnn_lab.nn.recurrent import Recurrent
from rnn_lab.nn.workspace import empty

States = dict[str, Any]  # by the layers' names; each as its layer takes it
Grads = dict[str, dict[str, NDArray]]


class Composed:
    """What stacked and bidirectional layers share: parameters, states and gradients, sorted by the layers' names.

    A composition adds `_forward` and `_backward`, how its layers are joined. It keeps nothing itself: its cache holds
    the caches of its layers.
    """

    input_size: int
    output_size: int
    params: dict[str, NDArray]

    def __init__(self, layers: Mapping[str, "Recurrent | Composed"]) -> None:
        self.layers = {name: as_recurrent(f"layer {name}", layer) for name, layer in layers.items()}
        self.params = self._flat({name: layer.params for name, layer in layers.items()})
        if len({id(param) for param in self.params.values()}) < len(self.params):
            raise ValueError("the same layer has two places; expected one of its own for each, with weights of its own")

    def forward(
        self,
        x: ArrayLike | Lookup,
        state: tuple | list | None = None,
        lengths: ArrayLike | None = None,
        rng: np.random.Generator | None = None,
    ) -> tuple[NDArray, tuple, Any]:
        """Run over whole sequences.

        Parameters
        ----------
        x : array_like, shape (T, N, D), or for stacked layers a Lookup
            T steps of N examples.
        state : tuple or list, optional
            A state for each layer, as the layer takes it; None stands for zero, in any place.
        lengths : array_like of int, shape (N,), optional
            How many steps belong to each example; the rest is padding, may be anything and changes nothing.
        rng : numpy.random.Generator, optional
            Where dropout between stacked layers draws from; without it, for evaluation, nothing is silenced.

        Returns
        -------
        y : ndarray, shape (T, N, `output_size`)
            Zero where padded; read-only if a layer's cache shares it.
        state : tuple
            Each layer's state after the last step that it takes.
        cache
            For `backward`; may keep a reference to `x`.

        Raises
        ------
        TypeError, ValueError
            If an argument does not fit; a note names the layer that says so.
        """
        y, states, cache = self._forward(x, self._by_name("state", state), lengths, rng)
        return y, tuple(states[name] for name in self.layers), cache

    def backward(
        self, dy: ArrayLike, cache: Any, dstate: tuple | list | None = None, *, to_input: bool = True
    ) -> tuple[Any, tuple, dict[str, NDArray]]:
        """Backpropagate through the layers and through time.

        Parameters
        ----------
        dy : array_like, shape (T, N, `output_size`)
            The gradient with respect to `y`; ignored where padded.
        cache
            From `forward`.
        dstate : tuple or list, optional
            The gradient with respect to each layer's final state; None stands for zero, in any place.
        to_input : bool
            Whether the gradient of `x` is wanted; a model's first layer can spare it.

        Returns
        -------
        dx : ndarray, shape (T, N, D), or None
            For a `Lookup` the gradient with respect to its table, (V, D).
        dstate : tuple
            The gradient with respect to each layer's initial state.
        grads : dict
            Keys and shapes of `params`.

        Raises
        ------
        TypeError, ValueError
            If a gradient does not fit; a note names the layer that says so.
        """
        dx, dstates, grads = self._backward(dy, cache, self._by_name("dstate", dstate), to_input)
        return dx, tuple(dstates[name] for name in self.layers), self._flat(grads)

    def _forward(
        self, x: Any, states: States, lengths: ArrayLike | None, rng: np.random.Generator | None
    ) -> tuple[NDArray, States, Any]:
        """Run the layers -> y, the final state of each by name, what the way back needs."""
        raise NotImplementedError

    def _backward(self, dy: ArrayLike, cache: Any, dstates: States, to_input: bool) -> tuple[Any, States, Grads]:
        """Go back through the layers -> dx or None, and by name the gradient of each initial state and the `grads`."""
        raise NotImplementedError

    def _run(
        self, name: str, x: Any, state: Any, lengths: ArrayLike | None, rng: np.random.Generator | None
    ) -> tuple[NDArray, Any, Any]:
        """Run one layer forward; only a composition may have dropout within."""
        layer = self.layers[name]
        with _errors_name(name):
            if isinstance(layer, Composed):
                return layer.forward(x, state, lengths, rng)
            return layer.forward(x, state, lengths)

    def _flat(self, arrays: Grads) -> dict[str, NDArray]:
        return {f"{name}.{key}": array for name in self.layers for key, array in arrays[name].items()}

    def _by_name(self, name: str, state: tuple | list | None) -> States:
        """Check that a state, or a state's gradient, has one part for each layer."""
        if state is None:
            return dict.fromkeys(self.layers)
        expected = f"a tuple of {len(self.layers)}, one for each layer: {', '.join(self.layers)}"
        if not isinstance(state, (tuple, list)):
            raise TypeError(f"{name} is a {type(state).__name__}; expected {expected}")
        if len(state) != len(self.layers):
            raise ValueError(f"{name} has {len(state)} parts; expected {expected}")
        return dict(zip(self.layers, state, strict=True))


@dataclass(frozen=True, slots=True)
class StackedCache:
    """What the backward pass of stacked layers needs of their forward pass."""

    layers: dict[str, Any]  # the cache of each
    dropout: dict[str, NDArray | None]  # that of the dropout below each


class Stacked(Composed):
    """Recurrent layers one above the other: each reads, step by step, what the one below gives.

    Parameters
    ----------
    layers : list or tuple
        From the lowest to the highest: `RNN`, `GRU`, `LSTM`, or compositions of these.
    dropout : float
        The `Dropout` rate between two layers; it needs the `rng` of `forward`.

    Attributes
    ----------
    layers : dict
        By the names ``"0"``, ``"1"``, ...
    params : dict
        ``0.W``, ``0.U``, ``0.b``, ``1.W``, ...: the layers' own arrays.
    input_size, output_size : int
        D of the lowest layer and the width of the highest one's output.

    Raises
    ------
    TypeError, ValueError
        If there is no layer, one is not recurrent, has two places or does not fit on the one below, or `dropout` is
        not a rate.

    Examples
    --------
    >>> stacked = Stacked([LSTM(3, 8), LSTM(8, 8)])
    >>> y, ((h0, c0), (h1, c1)), cache = stacked.forward(x)
    """

    def __init__(self, layers: list | tuple, dropout: float = 0.0) -> None:
        if not isinstance(layers, (list, tuple)):
            raise TypeError(f"layers is a {type(layers).__name__}; expected a list of recurrent layers")
        if not layers:
            raise ValueError("layers is empty; expected at least one recurrent layer")
        super().__init__({str(level): layer for level, layer in enumerate(layers)})
        for level, (below, layer) in enumerate(pairwise(layers), start=1):
            if layer.input_size != below.output_size:
                raise ValueError(
                    f"layer {level} takes {layer.input_size} values at each step, but layer {level - 1} gives "
                    f"{below.output_size}; expected layer {level} to have an input_size of {below.output_size}"
                )
        self.input_size, self.output_size = layers[0].input_size, layers[-1].output_size
        with _errors_name("dropout"):
            self.dropout = Dropout(dropout)

    def _forward(
        self, x: Any, states: States, lengths: ArrayLike | None, rng: np.random.Generator | None
    ) -> tuple[NDArray, States, StackedCache]:
        y, last, cache = x, {}, StackedCache({}, {})
        for name in self.layers:
            y, cache.dropout[name] = (y, None) if name == "0" else self.dropout.forward(y, rng)
            y, last[name], cache.layers[name] = self._run(name, y, states[name], lengths, rng)
        return y, last, cache

    def _backward(
        self, dy: ArrayLike, cache: StackedCache, dstates: States, to_input: bool
    ) -> tuple[Any, States, Grads]:
        dx: Any = dy
        initial, grads = {}, {}
        for name, layer in reversed(self.layers.items()):
            with _errors_name(name):
                dx, initial[name], grads[name] = layer.backward(
                    dx, cache.layers[name], dstates[name], to_input=to_input or name != "0"
                )
            if name != "0":
                dx, _ = self.dropout.backward(dx, cache.dropout[name])
        return dx, initial, grads


@dataclass(frozen=True, slots=True)
class BidirectionalCache:
    """What the backward pass of a bidirectional layer needs of its forward pass."""

    layers: dict[str, Any]  # the caches of both
    mirror: tuple[NDArray, NDArray]  # which step of which example comes in the place of each, (T, N) and (N,)


class Bidirectional(Composed):
    """Two recurrent layers, one in each direction, their outputs side by side (Schuster & Paliwal, 1997).

    The second layer reads every sequence from its own last step to its first: padding stays at the end. Its output is
    put back in order, so the first H numbers of ``y[t]`` know the sequence up to step t, and the others from step t on.

    Parameters
    ----------
    forward, reverse : RNN, GRU, LSTM, or a composition
        Of the same sizes, D and H.

    Attributes
    ----------
    layers : dict
        By the names ``"forward"`` and ``"reverse"``.
    params : dict
        ``forward.W``, ``forward.U``, ``forward.b``, ``reverse.W``, ...: the layers' own arrays.
    input_size, output_size : int
        D and 2H.

    Raises
    ------
    TypeError, ValueError
        If a layer is not recurrent, has both places, or the sizes differ.

    Examples
    --------
    >>> bidirectional = Bidirectional(GRU(3, 8), GRU(3, 8))
    >>> y, (h_last, h_first), cache = bidirectional.forward(x)
    """

    def __init__(self, forward: Recurrent | Composed, reverse: Recurrent | Composed) -> None:
        super().__init__({"forward": forward, "reverse": reverse})
        D, H = forward.input_size, forward.output_size
        if (reverse.input_size, reverse.output_size) != (D, H):
            raise ValueError(
                f"the directions differ: forward has an input and an output size of {D} and {H}, "
                f"reverse of {reverse.input_size} and {reverse.output_size}; expected the same"
            )
        self.input_size, self.output_size = D, 2 * H

    def _forward(
        self, x: Any, states: States, lengths: ArrayLike | None, rng: np.random.Generator | None
    ) -> tuple[NDArray, States, BidirectionalCache]:
        if isinstance(x, Lookup):
            raise TypeError("x is a Lookup; expected vectors, which a bidirectional layer can turn round")
        x = as_array("x", x, ("T", "N", self.input_size))
        T, N, _ = x.shape
        mirror = _mirror(T, N, lengths)
        given = {"forward": x, "reverse": x[mirror]}
        y, last, caches = {}, {}, {}
        for name in self.layers:
            y[name], last[name], caches[name] = self._run(name, given[name], states[name], lengths, rng)
        joined = empty((T, N, self.output_size), y["forward"].dtype)
        np.concatenate([y["forward"], y["reverse"][mirror]], axis=2, out=joined)
        return joined, last, BidirectionalCache(caches, mirror)

    def _backward(
        self, dy: ArrayLike, cache: BidirectionalCache, dstates: States, to_input: bool
    ) -> tuple[Any, States, Grads]:
        mirror = cache.mirror
        T, N = mirror[0].shape
        dy = as_array("dy", dy, (T, N, self.output_size))
        dy_forward, dy_reverse = np.split(dy, 2, axis=2)
        given = {"forward": dy_forward, "reverse": dy_reverse[mirror]}
        dx, initial, grads = {}, {}, {}
        for name, layer in self.layers.items():
            with _errors_name(name):
                dx[name], initial[name], grads[name] = layer.backward(
                    given[name], cache.layers[name], dstates[name], to_input=to_input
                )
        return dx["forward"] + dx["reverse"][mirror] if to_input else None, initial, grads


def _mirror(T: int, N: int, lengths: ArrayLike | None) -> tuple[NDArray, NDArray]:
    """Return the index that turns each of N sequences round within its length; used twice, it changes nothing."""
    mask = as_mask(lengths, T, N)
    ends = np.full(N, T) if mask is None else mask.sum(axis=0)[:, 0]
    t = np.arange(T)[:, None]
    return np.where(t < ends, ends - 1 - t, t), np.arange(N)


def as_recurrent(name: str, layer: Any) -> "Recurrent | Composed":
    """Return `layer`, a recurrent layer or a composition of some, or raise a TypeError."""
    if not isinstance(layer, (Recurrent, Composed)):
        raise TypeError(f"{name} is a {type(layer).__name__}; expected a recurrent layer such as an LSTM")
    return layer


@contextmanager
def _errors_name(layer: str) -> Iterator[None]:
    """Add to an error which layer it comes from."""
    try:
        yield
    except (TypeError, ValueError) as error:
        error.add_note(f"in layer {layer}")
        raise
