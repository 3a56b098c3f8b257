"""Exercises of every chapter: ``exercises.cell.forward.check(your_function)``, ``.hint()``, ``.solution()``."""

from rnn_lab.exercises import cell, start

__all__ = ["cell", "start"]
