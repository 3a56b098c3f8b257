"""The convolutions of chapter 09, forward and back, at the sizes that its encoder has.

PyTorch does the same with `torch.nn.functional.conv2d`, and with as many threads as there are cores. The gradient with
respect to the picture is left out for the first layer, by both, as in training.
"""

from typing import Any, NamedTuple

import numpy as np
from benchmarks.race import Contender, race, torch

from rnn_lab.nn import Convolution


class Size(NamedTuple):
    """A layer of the encoder and the pictures that it gets."""

    name: str
    pictures: int
    pixels: int  # both ways
    channels: int
    filters: int
    kernel: int
    stride: int
    first: bool  # whether it gets the pictures themselves


SIZES = [
    Size("shapes, first", 32, 40, 1, 16, 5, 2, True),
    Size("shapes, second", 32, 20, 16, 32, 3, 1, False),
    Size("shapes, third", 32, 10, 32, 48, 3, 1, False),
    Size("colours", 32, 40, 3, 12, 1, 1, True),
]


def measure() -> dict[str, Any]:
    """Return the median milliseconds of each contender, for each layer."""
    return {size.name: race(contenders(size)) for size in SIZES}


def as_markdown(measured: dict[str, Any]) -> str:
    """Lay the medians and their ratios out as a table, the whole encoder in the last row."""
    names = list(next(iter(measured.values())))
    together = {name: sum(ms[name] for ms in measured.values()) for name in names}
    rows = ["| layer | rnn_lab, ms | PyTorch, ms | of PyTorch |", "|---|---|---|---|"]
    for layer, ms in (measured | {"all four": together}).items():
        row = [layer, f"{ms['rnn_lab']:.2f}"]
        if "PyTorch" in ms:
            row += [f"{ms['PyTorch']:.2f}", f"{ms['rnn_lab'] / ms['PyTorch']:.2f}"]
        rows.append(f"| {' | '.join(row)} |")
    return "\n".join(
        [
            "## Convolutions",
            "",
            "The layers of the encoder of chapter 09, float32, 32 pictures of 40 x 40 pixels, forward and back; *of",
            "PyTorch* is our time as a part of that of `conv2d`.",
            "",
            *rows,
            "",
        ]
    )


def contenders(size: Size) -> dict[str, Contender]:
    """Build both, on the same pictures."""
    rng = np.random.default_rng(0)
    padding = size.kernel // 2
    layer = Convolution(
        size.channels, size.filters, size.kernel, rng, stride=size.stride, padding=padding, dtype=np.float32
    )
    x = rng.random((size.pictures, size.pixels, size.pixels, size.channels), np.float32)
    y, _ = layer.forward(x)
    dy = rng.random(y.shape, np.float32)

    def ours() -> object:
        _, cache = layer.forward(x)
        return layer.backward(dy, cache, to_input=not size.first)

    if torch is None:
        return {"rnn_lab": ours}
    pictures, gradient = (torch.tensor(array.transpose(0, 3, 1, 2).copy()) for array in (x, dy))
    pictures.requires_grad_(not size.first)
    filters = torch.tensor(layer.params["W"].transpose(0, 3, 1, 2).copy(), requires_grad=True)
    b = torch.tensor(layer.params["b"], requires_grad=True)
    given = [filters, b, *([] if size.first else [pictures])]

    def theirs() -> object:
        answers = torch.nn.functional.conv2d(pictures, filters, b, stride=size.stride, padding=padding)
        return torch.autograd.grad(answers, given, gradient)

    return {"rnn_lab": ours, "PyTorch": theirs}
