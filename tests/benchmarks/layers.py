"""Recurrent layers, forward and backward: against PyTorch, loops of cells, and the matrix products alone.

PyTorch takes part where it is installed, with as many threads as there are cores.
"""

from typing import Any

import numpy as np
from benchmarks.race import SIZES, Contender, named, race, torch

from rnn_lab.nn import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from rnn_lab.nn.recurrent import Recurrent

LAYERS: dict[str, tuple[type[Recurrent], type]] = {
    "RNN": (RNN, RNNCell),
    "GRU": (GRU, GRUCell),
    "LSTM": (LSTM, LSTMCell),
}


def measure() -> dict[str, Any]:
    """Return the median milliseconds of each contender, for each layer and size."""
    return {name: {named(*size): race(contenders(name, *size)) for size in SIZES} for name in LAYERS}


def as_markdown(measured: dict[str, Any]) -> str:
    """Lay the medians and their ratios out as a table."""
    columns = ["layer", "size", "rnn_lab, ms", "of PyTorch", "of the products", "loop of cells", "loop of examples"]
    rows = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for name, sizes in measured.items():
        for size, ms in sizes.items():
            ours = ms["rnn_lab"]
            shares = [f"{ours / ms[other]:.2f}" if other in ms else "" for other in ("PyTorch", "products")]
            loops = [f"{ms[other] / ours:.1f} ×" if other in ms else "" for other in ("cells", "examples")]
            rows.append(f"| {' | '.join([name, size, f'{ours:.2f}', *shares, *loops])} |")
    return "\n".join(
        [
            "## Recurrent layers, forward and backward",
            "",
            "float32, as many inputs as units. *Of PyTorch*, *of the products*: our time as a part of that of",
            "`torch.nn` and of the same matrix products alone; below 1 is quicker. *Loop of cells*: how much longer it",
            "takes to step through the sequence with a cell, all examples at once; *loop of examples*: the seed",
            "article's way, one example after the other (up to 16 of them).",
            "",
            *rows,
            "",
        ]
    )


def contenders(name: str, T: int, N: int, H: int) -> dict[str, Contender]:
    """Build everybody who runs at one size, on the same numbers."""
    rng = np.random.default_rng(0)
    layer_type, cell_type = LAYERS[name]
    layer = layer_type(H, H, rng, dtype=np.float32)
    x, dy = rng.standard_normal((2, T, N, H)).astype(np.float32)
    runners: dict[str, Contender] = {
        "rnn_lab": lambda: layer.backward(dy, layer.forward(x)[2]),
        "products": products(layer, x),
        "cells": loop_of_cells(cell_type(H, H, rng), x, dy),
    }
    if N <= 16:
        runners["examples"] = loop_of_examples(cell_type(H, H, rng), x, dy)
    if torch is not None:
        runners["PyTorch"] = torch_layer(getattr(torch.nn, name)(H, H), x, dy)
    return runners


def products(layer: Recurrent, x: np.ndarray) -> Contender:
    """Return the matrix products of a layer's forward and backward pass, and nothing else."""
    W, U = layer.params["W"], layer.params["U"]
    U_T = np.ascontiguousarray(U.T)
    (T, N, D), (G, H) = x.shape, U.shape
    rows = x.reshape(T * N, D)
    dz, h = np.ones((T, N, G), x.dtype), np.full((T, N, H), 0.1, x.dtype)
    z, dh = np.empty((N, G), x.dtype), np.empty((N, H), x.dtype)

    def run() -> None:
        rows @ W.T
        for t in range(T):
            np.matmul(h[t], U_T, out=z)
        for t in range(T):
            np.matmul(dz[t], U, out=dh)
        flat = dz.reshape(T * N, G)
        flat @ W
        flat.T @ rows
        flat.T @ h.reshape(T * N, H)

    return run


def loop_of_cells(cell: Any, x: np.ndarray, dy: np.ndarray) -> Contender:
    """Return a loop of cells, as the seed article means it: one step at a time, in columns."""
    for name in ("W", "U", "b"):
        setattr(cell, name, getattr(cell, name).astype(np.float32))
    columns, gradients = (np.ascontiguousarray(array.transpose(0, 2, 1)) for array in (x, dy))
    zero = np.zeros_like(gradients[0])
    is_pair = isinstance(cell, LSTMCell)

    def run() -> None:
        states = [(zero, zero) if is_pair else zero]
        for x_t in columns:
            states.append(cell.forward(x_t, states[-1]))
        sums, future = [0, 0, 0], (zero, zero) if is_pair else zero
        for t in reversed(range(len(columns))):
            dh = (future[0] + gradients[t], future[1]) if is_pair else future + gradients[t]
            _, future, *shares = cell.backward(columns[t], states[t], dh)
            sums = [total + share for total, share in zip(sums, shares, strict=True)]

    return run


def loop_of_examples(cell: Any, x: np.ndarray, dy: np.ndarray) -> Contender:
    """Return the same loop for one example after the other, each a column of its own, as the article has it."""
    runs = [loop_of_cells(cell, x[:, [n]], dy[:, [n]]) for n in range(x.shape[1])]

    def run() -> None:
        for run_example in runs:
            run_example()

    return run


def torch_layer(layer: Any, x: np.ndarray, dy: np.ndarray) -> Contender:
    """Return PyTorch's layer on the same numbers."""
    inputs, gradient = torch.tensor(x, requires_grad=True), torch.tensor(dy)

    def run() -> None:
        layer.zero_grad()
        inputs.grad = None
        y, _ = layer(inputs)
        y.backward(gradient)

    return run
