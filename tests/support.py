"""What several test files share: random recurrent layers with everything their two passes take."""

from dataclasses import dataclass
from functools import partial
from operator import itemgetter

import numpy as np
from hypothesis import strategies as st

from rnn_lab.nn import GRU, LSTM, RNN

ACTIVATIONS = ("tanh", "sigmoid", "relu", "identity")
LAYERS = {f"RNN {name}": partial(RNN, activation=name) for name in ACTIVATIONS} | {"GRU": GRU, "LSTM": LSTM}


@dataclass(frozen=True)
class SequenceCase:
    """A recurrent layer, a batch for it, and the gradients that come back to it."""

    layer: RNN | GRU | LSTM
    x: np.ndarray  # (T, N, D)
    state: np.ndarray | tuple[np.ndarray, np.ndarray]  # (N, H), for an LSTM twice
    lengths: np.ndarray  # (N,)
    dy: np.ndarray  # (T, N, H)
    dstate: np.ndarray | tuple[np.ndarray, np.ndarray]  # as state
    truncate: int

    def sequences(self):
        """Yield for each sequence of the batch alone: its index n, and its part of x, state, dy and dstate."""
        for n, length in enumerate(self.lengths):
            one = slice(n, n + 1)
            state, dstate = (each_part(itemgetter(one), state) for state in (self.state, self.dstate))
            yield n, self.x[:length, one], state, self.dy[:length, one], dstate


def sequence_case(seed, T, N, D, H, kind="RNN tanh", dtype=np.float64):
    """Fill a layer and a batch of the given sizes with random numbers."""
    rng = np.random.default_rng(seed)
    layer = LAYERS[kind](D, H, rng, dtype=dtype)
    layer.params["b"][:] = rng.standard_normal(layer.params["b"].shape)
    x, dy = rng.standard_normal((T, N, D)).astype(dtype), rng.standard_normal((T, N, H)).astype(dtype)
    state, dstate = (tuple(rng.standard_normal((2, N, H)).astype(dtype)) for _ in range(2))
    if kind != "LSTM":
        state, dstate = state[0], dstate[0]
    lengths, truncate = rng.integers(1, T + 1, N), int(rng.integers(1, T + 1))
    return SequenceCase(layer, x, state, lengths, dy, dstate, truncate)


def parts(state):
    """Give the arrays of a state: an LSTM's two, or the only one."""
    return state if isinstance(state, tuple) else (state,)


def each_part(change, state):
    """Change each array of a state."""
    return tuple(map(change, state)) if isinstance(state, tuple) else change(state)


def named(name, state):
    """Give each array of a state a name."""
    return {f"{name}[{index}]": part for index, part in enumerate(parts(state))}


def state_dot(state, gradient):
    """Sum the products of the entries of a state and of another one."""
    return sum(np.sum(part * other) for part, other in zip(parts(state), parts(gradient), strict=True))


def sequence_cases(**fixed):
    """Hypothesis' strategy for `sequence_case`; `fixed` arguments stay as they are."""
    sizes = {"T": st.integers(1, 8), "N": st.integers(1, 5), "D": st.integers(1, 5), "H": st.integers(1, 6)}
    varied = {"seed": st.integers(0, 2**32 - 1), **sizes, "kind": st.sampled_from(list(LAYERS))}
    return st.builds(sequence_case, **varied | {name: st.just(value) for name, value in fixed.items()})


def assert_same(actual, expected, tolerance=1e-12):
    """Compare arrays, or dictionaries of arrays, up to rounding."""
    if isinstance(expected, dict):
        assert actual.keys() == expected.keys()
        for name in expected:
            np.testing.assert_allclose(actual[name], expected[name], tolerance, tolerance, err_msg=name)
    else:
        np.testing.assert_allclose(actual, expected, tolerance, tolerance)
