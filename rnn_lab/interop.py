"""Weights to and from PyTorch: the names and shapes of its `state_dict`, as arrays or as a safetensors file.

PyTorch itself is not needed. Gates are stacked in the same order on both sides, so weights go to and fro by name alone:
``weight_ih_l0`` is W of the lowest level, ``weight_hh_l1_reverse`` U of the reverse direction on the second.
"""

from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn import GRU, LSTM, RNN, Linear
from rnn_lab.nn.checks import as_array, as_ndarray
from rnn_lab.nn.composed import Bidirectional, Stacked
from rnn_lab.nn.functions import find_activation
from rnn_lab.storage import read_arrays, write_arrays

Layer = RNN | GRU | LSTM | Stacked | Bidirectional | Linear
Shapes = dict[str, tuple[int, ...]]
ACTIVATIONS = (find_activation("tanh"), find_activation("relu"))  # those of torch.nn.RNN


def to_torch(layer: Layer) -> dict[str, NDArray]:
    """Return copies of a layer's weights under the names that PyTorch gives them.

    PyTorch adds up two biases where an `RNN` or an `LSTM` has one: ``bias_ih`` gets all of it, ``bias_hh`` is zero.

    Parameters
    ----------
    layer : RNN, GRU, LSTM, Stacked, Bidirectional or Linear
        A stack must be one that ``torch.nn`` has: every level of the same kind and hidden size, all or none of them
        bidirectional.

    Returns
    -------
    dict of ndarray
        What ``module.load_state_dict`` takes, once each array is a tensor.

    Raises
    ------
    TypeError, ValueError
        If ``torch.nn`` has no such layer.
    """
    if isinstance(layer, Linear):
        return {"weight": layer.params["W"].copy(), "bias": layer.params["b"].copy()}
    arrays: dict[str, NDArray] = {}
    for run, recurrent in _runs(layer).items():
        W, U, b = (recurrent.params[name].copy() for name in ("W", "U", "b"))
        b_input, b_state = b if isinstance(recurrent, GRU) else (b, np.zeros_like(b))
        weights = {"weight_ih": W, "weight_hh": U, "bias_ih": b_input, "bias_hh": b_state}
        arrays |= {f"{name}_{run}": weight for name, weight in weights.items()}
    return arrays


def from_torch(layer: Layer, state_dict: Mapping[str, ArrayLike]) -> None:
    """Overwrite a layer's weights, in place, with those of a PyTorch module of the same architecture.

    The names say nothing of an RNN's nonlinearity: `layer` must have that of the module.

    Parameters
    ----------
    layer : RNN, GRU, LSTM, Stacked, Bidirectional or Linear
    state_dict : mapping of array_like
        From ``module.state_dict()``, or read from a file. Rounded to the dtype of `layer`.

    Raises
    ------
    TypeError, ValueError
        If names or shapes are those of another architecture, or a value is not a finite number. Nothing is changed.
    """
    if not isinstance(state_dict, Mapping):
        raise TypeError(
            f"state_dict is a {type(state_dict).__name__}; expected names and arrays, such as module.state_dict()"
        )
    _overwrite(layer, state_dict, "state_dict")


def save_torch(layer: Layer, path: str | Path) -> None:
    """Write a layer's weights to a file that ``safetensors.torch.load_file`` reads as a `state_dict`.

    A crash leaves the old file or the new one, never half of one.

    Raises
    ------
    TypeError, ValueError
        If ``torch.nn`` has no such layer.
    """
    write_arrays(Path(path), to_torch(layer), {"format": "pt"})


def load_torch(layer: Layer, path: str | Path) -> None:
    """Overwrite a layer's weights, in place, with a `state_dict` that ``safetensors.torch.save_file`` wrote.

    Raises
    ------
    OSError
        If the file is missing or cannot be read.
    TypeError, ValueError
        If it is damaged or does not fit `layer`, as in `from_torch`. Nothing is changed.
    """
    _overwrite(layer, read_arrays(Path(path))[0], str(path))


def _overwrite(layer: Layer, state_dict: Mapping[str, ArrayLike], source: str) -> None:
    expected = {name: array.shape for name, array in to_torch(layer).items()}
    given = {name: as_ndarray(f"{source}[{name!r}]", array).shape for name, array in state_dict.items()}
    if given != expected:
        module = _module(expected)
        message = f"{source} does not fit {module}: {_first_difference(given, expected)}"
        raise ValueError(message if _module(given) in (module, None) else f"{message}; it is that of {_module(given)}")
    arrays = {
        name: as_array(f"{source}[{name!r}]", state_dict[name], shape, finite=True) for name, shape in expected.items()
    }
    if isinstance(layer, Linear):
        layer.params["W"][:], layer.params["b"][:] = arrays["weight"], arrays["bias"]
        return
    for run, recurrent in _runs(layer).items():
        biases = np.stack([arrays[f"bias_ih_{run}"], arrays[f"bias_hh_{run}"]])
        recurrent.params["W"][:] = arrays[f"weight_ih_{run}"]
        recurrent.params["U"][:] = arrays[f"weight_hh_{run}"]
        recurrent.params["b"][:] = biases if isinstance(recurrent, GRU) else biases.sum(axis=0)


def _runs(layer: Layer) -> dict[str, RNN | GRU | LSTM]:
    """Return the recurrent layers by the ends of their names in PyTorch: l0, l0_reverse, l1 ..."""
    runs, kinds = {}, set()
    for level, part in enumerate(layer.layers.values() if isinstance(layer, Stacked) else [layer]):
        directions = part.layers if isinstance(part, Bidirectional) else {"forward": part}
        for direction, run in directions.items():
            if not isinstance(run, (RNN, GRU, LSTM)):
                raise TypeError(
                    f"layer is or holds a {type(run).__name__}; expected a Linear, an RNN, GRU or LSTM, "
                    "two of them in a Bidirectional, or a Stacked of these"
                )
            if isinstance(run, RNN) and run.activation not in ACTIVATIONS:
                raise ValueError(
                    "layer is an RNN with another nonlinearity; expected tanh or relu, as torch.nn.RNN has"
                )
            runs[f"l{level}_reverse" if direction == "reverse" else f"l{level}"] = run
            kinds.add((type(run), run.params["U"].shape, getattr(run, "activation", None), len(directions)))
    if len(kinds) > 1:
        raise ValueError(
            "layer has levels or directions that differ; expected one kind, one hidden size and one number of "
            "directions throughout, as torch.nn has"
        )
    return runs


def _module(shapes: Shapes) -> str | None:
    """Say in PyTorch's words whose weights have these names and shapes; None if no layer here has such."""
    match shapes:
        case {"weight": (K, D), "bias": _}:
            return f"torch.nn.Linear({D}, {K})"
        case {"weight_ih_l0": (_, D), "weight_hh_l0": (rows, H)} if rows in (H, 3 * H, 4 * H):
            kind = {H: "RNN", 3 * H: "GRU", 4 * H: "LSTM"}[rows]
            runs = [name for name in shapes if name.startswith("weight_hh")]
            levels = sum(not name.endswith("_reverse") for name in runs)
            options = f", num_layers={levels}" * (levels > 1) + ", bidirectional=True" * (len(runs) > levels)
            return f"torch.nn.{kind}({D}, {H}{options})"
    return None


def _first_difference(given: Shapes, expected: Shapes) -> str:
    for name, shape in expected.items():
        if name not in given:
            return f"{name} is missing among its names ({shorten(', '.join(given) or 'none', 80)})"
        if given[name] != shape:
            return f"{name} has shape {given[name]}, expected {shape}"
    return f"{next(name for name in given if name not in expected)} does not belong to it"
