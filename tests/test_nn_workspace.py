"""Memory that is used again must never be used by two at once."""

import gc
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from rnn_lab.nn import GRU, LSTM, RNN, workspace
from rnn_lab.nn.workspace import LARGE, LINE, empty

SHAPE = (64, LARGE // 64)  # large in every type


def address(array):
    return array.__array_interface__["data"][0]


@pytest.fixture(autouse=True)
def nothing_free():
    workspace.give_back()


def test_memory_that_nobody_holds_is_used_again():
    first = empty(SHAPE, np.float32)
    place = address(first)
    del first
    assert address(empty(SHAPE, np.float32)) == place


VIEWS = {"itself": lambda a: a, "a view of a view": lambda a: a[1:].T, "flat": np.ravel, "a buffer": memoryview}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_memory_is_not_used_again_as_long_as_a_view_lives(view):
    array = empty(SHAPE, np.float32)
    array[:] = 7
    held = view(array)
    del array
    other = empty(SHAPE, np.float32)
    other[:] = 0
    assert (np.asarray(held) == 7).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.bool_])
@pytest.mark.parametrize("shape", [(3,), (2, 3, 5), SHAPE])
def test_it_gives_what_was_asked_for(shape, dtype):
    array = empty(shape, dtype)
    assert (array.shape, array.dtype) == (shape, dtype) and array.flags.c_contiguous and array.flags.writeable
    if array.nbytes >= LARGE:
        assert address(array) % LINE == 0


def test_a_block_is_not_spent_on_an_array_of_less_than_half_its_size():
    empty((8 * LARGE,), np.uint8)
    assert empty((LARGE,), np.uint8).base.nbytes < 2 * LARGE


def test_what_is_free_is_given_back_when_a_request_does_not_fit_and_more_is_free_than_in_use():
    held = empty((2 * LARGE,), np.uint8)
    empty((3 * LARGE,), np.uint8)
    new = empty((9 * LARGE,), np.uint8)
    blocks = {id(block) for block in workspace._blocks}
    assert {id(held.base), id(new.base)} <= blocks and sum(map(len, workspace._blocks)) < 12 * LARGE


def test_parts_of_a_step_that_need_other_sizes_leave_each_other_their_memory():
    caches = empty((9 * LARGE,), np.uint8)
    for size in (2, 5, 2):
        empty((size * LARGE,), np.uint8)
    assert [len(block) // LARGE for block in workspace._blocks] == [9, 2, 5] and caches.nbytes == 9 * LARGE


def test_threads_never_share_memory():
    switch_interval = sys.getswitchinterval()

    def fill(number):
        for _ in range(2000):
            array = empty(SHAPE, np.int32)
            array[:] = number
            if not (array == number).all():
                return False
        return True

    sys.setswitchinterval(1e-6)  # seconds: a thread may be stopped anywhere
    try:
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(fill, range(4)))
    finally:
        sys.setswitchinterval(switch_interval)


@pytest.mark.parametrize("layer_type", [RNN, GRU, LSTM])
def test_what_a_layer_returned_stays_when_it_runs_again(layer_type):
    T, N, H = 16, 32, 64
    rng = np.random.default_rng(0)
    layer = layer_type(H, H, rng)
    x, other = rng.standard_normal((2, T, N, H))
    y, _, cache = layer.forward(x)
    dx, _, grads = layer.backward(np.ones_like(y), cache)
    kept = [array.copy() for array in (y, dx, *grads.values())]
    for _ in range(2):
        layer.backward(np.ones_like(y), layer.forward(other)[2])
    assert all(np.array_equal(a, b) for a, b in zip(kept, (y, dx, *grads.values()), strict=True))
    again = layer.backward(np.ones_like(y), cache)[2]  # from the old cache
    assert all(np.array_equal(again[name], grads[name]) for name in grads)


def test_training_steps_need_no_new_memory():
    layer = LSTM(64, 64, np.random.default_rng(0), dtype=np.float32)
    x = np.ones((32, 16, 64), np.float32)

    def step():
        y, _, cache = layer.forward(x)
        layer.backward(y, cache)

    step()
    gc.collect()
    before = [address(block) for block in workspace._blocks]
    for _ in range(3):
        step()
    assert [address(block) for block in workspace._blocks] == before
