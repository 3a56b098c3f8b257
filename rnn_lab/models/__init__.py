"""One model for each application, composed from `rnn_lab.nn`."""

from rnn_lab.models.forecaster import Forecaster

__all__ = ["Forecaster"]
