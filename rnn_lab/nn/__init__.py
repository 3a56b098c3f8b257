"""The mathematics: cells, layers, losses, optimizers and the gradient check, on NumPy alone."""

from rnn_lab.nn.attention import AdditiveAttention
from rnn_lab.nn.attention_gru import AttentionGRU
from rnn_lab.nn.cells import RNNCell
from rnn_lab.nn.composed import Bidirectional, Stacked
from rnn_lab.nn.conv import Convolution, MaxPooling
from rnn_lab.nn.ctc import ctc_loss
from rnn_lab.nn.gated_cells import GRUCell, LSTMCell
from rnn_lab.nn.gru import GRU
from rnn_lab.nn.layers import Dropout, Embedding, Linear
from rnn_lab.nn.losses import mean_squared_error, pinball, softmax_cross_entropy
from rnn_lab.nn.lstm import LSTM
from rnn_lab.nn.optimizers import SGD, Adam, clip_by_norm
from rnn_lab.nn.pooling import Pooling
from rnn_lab.nn.recurrent import RNN
from rnn_lab.nn.schedules import cosine_decay, exponential_decay, step_decay, warmup

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "SGD",
    "Adam",
    "AdditiveAttention",
    "AttentionGRU",
    "Bidirectional",
    "Convolution",
    "Dropout",
    "Embedding",
    "GRUCell",
    "LSTMCell",
    "Linear",
    "MaxPooling",
    "Pooling",
    "RNNCell",
    "Stacked",
    "clip_by_norm",
    "cosine_decay",
    "ctc_loss",
    "exponential_decay",
    "mean_squared_error",
    "pinball",
    "softmax_cross_entropy",
    "step_decay",
    "warmup",
]
