"""The sliders: one module for each explorer, with a pure `compute` and the `explorer` that draws it."""

from rnn_lab.explorers import cell, gradient_flow, unrolled

__all__ = ["cell", "gradient_flow", "unrolled"]
