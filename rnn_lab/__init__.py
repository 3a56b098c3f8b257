"""An interactive course on recurrent neural networks, by hand in NumPy."""

from rnn_lab.nn import RNNCell

__version__ = "0.1.0"
__all__ = ["RNNCell"]
