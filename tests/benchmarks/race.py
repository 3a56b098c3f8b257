"""A race: all contenders run in turn, again and again, so that whatever disturbs the machine disturbs them alike."""

import os
import time
from collections.abc import Callable

import numpy as np

try:
    import torch
except ImportError:
    torch = None
else:
    torch.set_num_threads(os.cpu_count() or 1)
    # Freed at once, this lets glibc keep the memory that PyTorch frees, and not ask the system for it at every call.
    np.empty((1 << 25) - (1 << 16), np.uint8)

SIZES = [(25, 1, 100), (32, 16, 64), (64, 32, 128), (64, 32, 256), (100, 64, 256), (50, 32, 512)]  # T, N, H = D
ROUNDS = 7
Contender = Callable[[], object]


def named(T: int, N: int, H: int) -> str:
    """Return how the tables call a size."""
    return f"T{T} N{N} H{H}"


def race(runners: dict[str, Contender], seconds: float = 4.0) -> dict[str, float]:
    """Let everybody run for so many seconds in all, and return each one's median in milliseconds."""
    calls = {name: calls_in(seconds / len(runners) / ROUNDS, run) for name, run in runners.items()}
    times: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(ROUNDS):
        for name, run in runners.items():
            run()  # the first call after somebody else's finds cold caches, and threads that still spin
            for _ in range(calls[name]):
                start = time.perf_counter()
                run()
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: float(np.median(values)) for name, values in times.items()}


def calls_in(seconds: float, run: Contender) -> int:
    """Return how often a contender may run in so many seconds, at least twice."""
    run()
    start = time.perf_counter()
    run()
    return max(2, int(seconds / (time.perf_counter() - start)))
