"""What several test files share: random recurrent layers with everything their two passes take."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from rnn_lab import RNN

ACTIVATIONS = ("tanh", "sigmoid", "relu", "identity")


@dataclass(frozen=True)
class SequenceCase:
    """A recurrent layer, a batch for it, and the gradients that come back to it."""

    layer: RNN
    x: np.ndarray  # (T, N, D)
    state: np.ndarray  # (N, H)
    lengths: np.ndarray  # (N,)
    dy: np.ndarray  # (T, N, H)
    dstate: np.ndarray  # (N, H)
    truncate: int

    def sequences(self):
        """Yield for each sequence of the batch alone: its index n, and its part of x, state, dy and dstate."""
        for n, length in enumerate(self.lengths):
            one = slice(n, n + 1)
            yield n, self.x[:length, one], self.state[one], self.dy[:length, one], self.dstate[one]


def sequence_case(seed, T, N, D, H, activation="tanh", dtype=np.float64):
    """Fill a layer and a batch of the given sizes with random numbers."""
    rng = np.random.default_rng(seed)
    layer = RNN(D, H, rng, activation, dtype)
    layer.params["b"][:] = rng.standard_normal(H)
    x, state = rng.standard_normal((T, N, D)), rng.standard_normal((N, H))
    dy, dstate = rng.standard_normal((T, N, H)), rng.standard_normal((N, H))
    lengths, truncate = rng.integers(1, T + 1, N), int(rng.integers(1, T + 1))
    x, state, dy, dstate = (array.astype(dtype) for array in (x, state, dy, dstate))
    return SequenceCase(layer, x, state, lengths, dy, dstate, truncate)


def sequence_cases(**fixed):
    """Hypothesis' strategy for `sequence_case`; `fixed` arguments stay as they are."""
    sizes = {"T": st.integers(1, 8), "N": st.integers(1, 5), "D": st.integers(1, 5), "H": st.integers(1, 6)}
    varied = {"seed": st.integers(0, 2**32 - 1), **sizes, "activation": st.sampled_from(ACTIVATIONS)}
    return st.builds(sequence_case, **varied | {name: st.just(value) for name, value in fixed.items()})


def assert_same(actual, expected, tolerance=1e-12):
    """Compare arrays, or dictionaries of arrays, up to rounding."""
    if isinstance(expected, dict):
        assert actual.keys() == expected.keys()
        for name in expected:
            np.testing.assert_allclose(actual[name], expected[name], tolerance, tolerance, err_msg=name)
    else:
        np.testing.assert_allclose(actual, expected, tolerance, tolerance)
