"""One model for each application, composed from `rnn_lab.nn`."""

from rnn_lab.models.forecaster import Forecaster
from rnn_lab.models.language_model import LanguageModel, TextBatch

__all__ = ["Forecaster", "LanguageModel", "TextBatch"]
