"""How the time of a recurrent layer, forward and backward, grows with the length, the batch and the width."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from benchmarks.race import Contender, race

from rnn_lab import plots
from rnn_lab.nn import GRU, LSTM, RNN

LAYERS = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}
FIXED = {"T": 64, "N": 32, "H": 128}
RANGES = {
    "T": [8, 16, 32, 64, 128, 256, 512],
    "N": [1, 2, 4, 8, 16, 32, 64, 128, 256],
    "H": [16, 32, 64, 128, 256, 512],
}
QUANTITIES = {"T": "steps T", "N": "examples N", "H": "units H, as many inputs"}
LABEL_OFFSETS = {"RNN": 0, "GRU": -4, "LSTM": 5}  # points: the lines of GRU and LSTM end close together
PICTURE = "docs/growth.png"
ALT = (
    "Three panels, the time of RNN, GRU and LSTM against T, N and H, on logarithmic axes. Against T the lines rise in "
    "proportion; against N they are nearly flat at first; against H they bend upwards, towards the square."
)


def measure() -> dict[str, Any]:
    """Return the median milliseconds of each layer, for each doubling of one size while the others stay."""
    return {
        letter: {str(size): race(contenders(**FIXED | {letter: size}), seconds=1.5) for size in sizes}
        for letter, sizes in RANGES.items()
    }


def as_markdown(measured: dict[str, Any]) -> str:
    """Show the picture, and tell what the last doubling costs."""
    rows = ["| layer | T doubled | N doubled | H doubled |", "|---|---|---|---|"]
    for name in LAYERS:
        factors = [f"{last_doubling(sizes, name):.1f} ×" for sizes in measured.values()]
        rows.append(f"| {' | '.join([name, *factors])} |")
    others = ", ".join(f"{letter} = {size}" for letter, size in FIXED.items())
    return "\n".join(
        [
            "## How the time grows",
            "",
            f"A layer, forward and backward, float32; what does not vary is {others}.",
            "",
            f"![{ALT}]({PICTURE})",
            "",
            "What the last doubling in each panel costs:",
            "",
            *rows,
            "",
        ]
    )


def last_doubling(sizes: dict[str, dict[str, float]], name: str) -> float:
    """Return how many times longer the largest size takes than the one before it."""
    before, last = list(sizes.values())[-2:]
    return last[name] / before[name]


def draw(measured: dict[str, Any], root: Path) -> None:
    """Draw the picture of the growth, a panel for each size that varies."""
    plots.use_style()
    figure, panels = plt.subplots(1, 3, figsize=(10.5, 3.6), sharey=True)
    for axes, (letter, sizes) in zip(panels, measured.items(), strict=True):
        values = [int(size) for size in sizes]
        for name, colour in plots.CELLS.items():
            times = [ms[name] for ms in sizes.values()]
            axes.loglog(values, times, "o-", base=2, color=colour, markersize=4)
            beside = (6, LABEL_OFFSETS[name])
            axes.annotate(name, (values[-1], times[-1]), beside, textcoords="offset points", color=colour, va="center")
        axes.set_xticks(values[::2], [str(value) for value in values[::2]])
        axes.minorticks_off()
        axes.set_xlabel(QUANTITIES[letter])
        axes.set_title(", ".join(f"{other} = {size}" for other, size in FIXED.items() if other != letter))
    ticks = [0.25, 1, 4, 16, 64, 256]
    panels[0].set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    panels[0].set_ylabel("milliseconds")
    figure.savefig(root / PICTURE)
    plt.close(figure)


def contenders(T: int, N: int, H: int) -> dict[str, Contender]:
    """Build the layers of one size."""
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((2, T, N, H)).astype(np.float32)
    return {name: both_passes(layer_type(H, H, rng, dtype=np.float32), x, dy) for name, layer_type in LAYERS.items()}


def both_passes(layer: Any, x: np.ndarray, dy: np.ndarray) -> Contender:
    """Return the forward and the backward pass of a layer."""
    return lambda: layer.backward(dy, layer.forward(x)[2])
