"""The sliders: one module for each explorer, with a pure `compute` and the `explorer` that draws it."""

from rnn_lab.explorers import (
    autocomplete,
    cell,
    gates,
    gradient_flow,
    look_back,
    memory,
    sentiment,
    text_units,
    translation,
    unrolled,
)

__all__ = [
    "autocomplete",
    "cell",
    "gates",
    "gradient_flow",
    "look_back",
    "memory",
    "sentiment",
    "text_units",
    "translation",
    "unrolled",
]
