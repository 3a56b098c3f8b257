"""Exercises of every chapter: ``exercises.cell.forward.check(your_function)``, ``.hint()``, ``.solution()``."""

from rnn_lab.exercises import (
    bptt,
    captioning,
    cell,
    gates,
    language_model,
    museum,
    sentiment,
    speech,
    start,
    time_series,
    translation,
)

__all__ = [
    "bptt",
    "captioning",
    "cell",
    "gates",
    "language_model",
    "museum",
    "sentiment",
    "speech",
    "start",
    "time_series",
    "translation",
]
