"""An interactive course on recurrent neural networks, by hand in NumPy."""
