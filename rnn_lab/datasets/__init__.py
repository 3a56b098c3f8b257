"""The data of every chapter: bundled or generated first, public data sets on request."""

from rnn_lab.datasets.text import docstrings, time_machine, tiny_shakespeare
from rnn_lab.datasets.time_series import Series, sunspots

__all__ = ["Series", "docstrings", "sunspots", "time_machine", "tiny_shakespeare"]
