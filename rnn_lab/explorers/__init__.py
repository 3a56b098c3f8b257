"""The sliders: one module for each explorer, with a pure `compute` and the `explorer` that draws it."""

from rnn_lab.explorers import (
    autocomplete,
    cell,
    collapse,
    gates,
    gradient_flow,
    lattice,
    look_back,
    memory,
    sentiment,
    speech,
    text_units,
    translation,
    unrolled,
)

__all__ = [
    "autocomplete",
    "cell",
    "collapse",
    "gates",
    "gradient_flow",
    "lattice",
    "look_back",
    "memory",
    "sentiment",
    "speech",
    "text_units",
    "translation",
    "unrolled",
]
