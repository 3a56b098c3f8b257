"""The data of every chapter: bundled or generated first, public data sets on request."""

from rnn_lab.datasets.climate import co2, el_nino, seattle_weather, sunspots
from rnn_lab.datasets.markets import google, monthly_stocks, sp500
from rnn_lab.datasets.physiology import Recording, eeg, heartbeats
from rnn_lab.datasets.taxi import new_york_taxi
from rnn_lab.datasets.text import docstrings, time_machine, tiny_shakespeare
from rnn_lab.datasets.time_series import Series, Table

__all__ = [
    "Recording",
    "Series",
    "Table",
    "co2",
    "docstrings",
    "eeg",
    "el_nino",
    "google",
    "heartbeats",
    "monthly_stocks",
    "new_york_taxi",
    "seattle_weather",
    "sp500",
    "sunspots",
    "time_machine",
    "tiny_shakespeare",
]
