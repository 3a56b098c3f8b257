"""Recurrent layers keep what their docstrings promise, in both passes, and no more however long the sequence is."""

import re
import tracemalloc

import numpy as np
import pytest

from rnn_lab.nn import GRU, LSTM, RNN, workspace

LAYERS = pytest.mark.parametrize("layer_type", [RNN, GRU, LSTM])
D, H = 1, 64  # with one input, what the inputs and their gradient take is next to nothing
PROMISE = re.compile(
    r"Keeps T \* N \* (\d*)H numbers for the way back, and needs (T \* N \* (\d*)H|as many) more on it\."
)
BUFFERS = 40 * 1024  # weights in another order, a few arrays of one step, Python's own objects


def promised(layer_type):
    """Read from the docstring how many numbers a unit and step keeps, and how many more the way back needs."""
    sentence = PROMISE.search(" ".join(layer_type.__doc__.split()))
    assert sentence, f"the docstring of {layer_type.__name__} does not say what it keeps, as in {PROMISE.pattern}"
    kept, more, times = sentence.groups()
    return int(kept or 1), int(kept or 1) if more == "as many" else int(times or 1)


def bytes_used(layer_type, T, N):
    """Return what forward keeps, its peak, and the peak of backward beyond what was there."""
    rng = np.random.default_rng(0)
    layer = layer_type(D, H, rng, dtype=np.float32)
    x, dy = rng.standard_normal((T, N, D)).astype(np.float32), rng.standard_normal((T, N, H)).astype(np.float32)
    layer.backward(dy, layer.forward(x)[2])  # what happens once is not counted
    workspace.give_back()
    tracemalloc.start()
    try:
        _, _, cache = layer.forward(x)
        kept, forward_peak = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        layer.backward(dy, cache)
        _, peak = tracemalloc.get_traced_memory()
        return kept, forward_peak, peak - kept
    finally:
        tracemalloc.stop()


@LAYERS
@pytest.mark.parametrize(("T", "N"), [(200, 16), (400, 16), (100, 64), (1000, 4)])
def test_both_passes_need_what_the_docstring_promises(layer_type, T, N):
    keeps, needs = promised(layer_type)
    kept, forward_peak, backward_more = bytes_used(layer_type, T, N)
    unit = 4 * T * N * H
    buffers = BUFFERS + 3 * layer_type.GATES * 4 * H * (H + 4 * N)
    assert keeps * unit <= kept < 1.05 * keeps * unit + buffers
    assert forward_peak < 1.05 * (keeps + layer_type.GATES) * unit + buffers  # the inputs' share of all steps
    assert 0.95 * needs * unit < backward_more < 1.05 * needs * unit + buffers


@LAYERS
def test_the_output_is_no_copy_of_what_is_kept(layer_type):
    y, _, cache = layer_type(D, H).forward(np.ones((5, 2, D)))
    assert np.shares_memory(y, cache.h)
