"""An interactive course on recurrent neural networks, by hand in NumPy."""

from rnn_lab.nn import (
    GRU,
    LSTM,
    RNN,
    SGD,
    Adam,
    Dropout,
    Embedding,
    GRUCell,
    Linear,
    LSTMCell,
    RNNCell,
    clip_by_norm,
    mean_squared_error,
    softmax_cross_entropy,
)

__version__ = "0.1.0"
__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "SGD",
    "Adam",
    "Dropout",
    "Embedding",
    "GRUCell",
    "LSTMCell",
    "Linear",
    "RNNCell",
    "clip_by_norm",
    "mean_squared_error",
    "softmax_cross_entropy",
]
