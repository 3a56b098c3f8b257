"""Memory for large arrays that is used again as soon as nobody holds it.

Every step of a training needs the same large arrays. New memory comes from the system page by page, each filled with
zeros first, which takes a tenth of an LSTM's time and more.
"""

import math
import sys
import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

LARGE = 1 << 17  # bytes; NumPy itself is quick with smaller arrays
LINE = 64  # bytes that a processor reads at once: numbers that begin with a line are read the quickest

_blocks: list[NDArray[np.uint8]] = []
_lock = threading.RLock()


def empty(shape: Sequence[int], dtype: DTypeLike) -> NDArray:
    """Return an array that holds anything, as `numpy.empty` does, where it can in memory that was used before.

    The memory is the array's own as long as it or any view of it lives. What nobody holds is kept for a later request,
    and given back to the system when one finds nothing that fits and more memory is free than in use.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size < LARGE:
        return np.empty(shape, dtype)
    with _lock:
        block = _free_block(size + LINE)
        start = -block.__array_interface__["data"][0] % LINE
        return block[start : start + size].view(dtype).reshape(shape)


def give_back() -> None:
    """Give all memory that nobody holds back to the system."""
    with _lock:
        _blocks[:] = [block for block, count in zip(_blocks, _count_holders(_blocks), strict=True) if count > ALONE]


def _free_block(size: int) -> NDArray[np.uint8]:
    """Return the smallest block that nobody holds and that is large enough, but not twice so; or a new one."""
    free = [i for i, count in enumerate(_count_holders(_blocks)) if count == ALONE]
    fitting = [i for i in free if size <= len(_blocks[i]) < 2 * size]
    if fitting:
        return _blocks[min(fitting, key=lambda i: len(_blocks[i]))]
    if 2 * sum(len(_blocks[i]) for i in free) > sum(map(len, _blocks)):
        give_back()
    _blocks.append(np.empty(size, np.uint8))
    return _blocks[-1]


def _count_holders(blocks: list[NDArray[np.uint8]]) -> list[int]:
    """Count who refers to each block: all of its views do, and the list and this function add the same to each."""
    return [sys.getrefcount(block) for block in blocks]


ALONE = _count_holders([np.empty(0, np.uint8)])[0]
