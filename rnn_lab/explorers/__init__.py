"""The sliders: a pure `compute` in each module, and the explorer that draws it."""

from rnn_lab.explorers import bptt, cell, unrolled

__all__ = ["bptt", "cell", "unrolled"]
