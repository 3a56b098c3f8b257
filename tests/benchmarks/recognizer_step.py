"""A whole training step of a recogniser: bidirectional layer, CTC, clipped gradients, Adam, on padded sounds.

PyTorch does the same with its own parts, its CTC among them, and with as many threads as there are cores. It is given
its best case: it reads the padding too, where the course's layers turn each sound round at its own end.
"""

from typing import Any

import numpy as np
from benchmarks.race import Contender, race, torch
from benchmarks.training_step import LEARNING_RATE, MAX_NORM, geometric_mean

from rnn_lab.models.recognizer import RecognizerArchitecture, SoundBatch
from rnn_lab.nn import Adam, clip_by_norm

D, K, N = 64, 17, 32
SIZES = [(48, 12, 96), (96, 24, 96), (96, 24, 128)]  # T, L, H


def measure() -> dict[str, Any]:
    """Return the median milliseconds of each contender, for each size."""
    return {f"T{T} L{L} N{N} H{H}": race(contenders(T, L, H)) for T, L, H in SIZES}


def as_markdown(measured: dict[str, Any]) -> str:
    """Lay the medians and their ratios out as a table."""
    rows, shares = [], []
    for size, ms in measured.items():
        row = [size, f"{ms['rnn_lab']:.1f}"]
        if "PyTorch" in ms:
            shares.append(ms["rnn_lab"] / ms["PyTorch"])
            row += [f"{ms['PyTorch']:.1f}", f"{shares[-1]:.2f}"]
        rows.append(f"| {' | '.join(row)} |")
    return "\n".join(
        [
            "## A training step of the recogniser",
            "",
            f"A bidirectional GRU over {D} features, {K} symbols, {N} padded sounds of T steps at most and texts of L",
            "letters at most, float32: forward, CTC, backward, clipped gradients, Adam. *Of PyTorch*: our time as a",
            "part of that of `torch.nn` with its CTC and its fused Adam; below 1 is quicker.",
            "",
            "| size | rnn_lab, ms | PyTorch, ms | of PyTorch |",
            "|---|---|---|---|",
            *rows,
            *(["", f"Geometric mean: {geometric_mean(shares):.2f}."] if shares else []),
            "",
        ]
    )


def contenders(T: int, L: int, H: int) -> dict[str, Contender]:
    """Build everybody who trains at one size, on the same sounds."""
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((T, N, D), np.float32), rng.integers(1, K, (L, N))
    batch = SoundBatch(x, rng.integers(3 * T // 4, T + 1, N), labels, rng.integers(L // 2, L + 1, N))
    runners = {"rnn_lab": our_step(H, batch)}
    if torch is not None:
        runners["PyTorch"] = torch_step(H, batch)
    return runners


def our_step(H: int, batch: SoundBatch) -> Contender:
    """Return one training step of the course's model."""
    model, adam = RecognizerArchitecture("GRU", H).build(np.random.default_rng(0)), Adam(LEARNING_RATE)

    def run() -> float:
        loss, grads = model.loss_and_grads(batch)
        clip_by_norm(grads, MAX_NORM)
        adam.update(model.params, grads)
        return loss

    return run


def torch_step(H: int, batch: SoundBatch) -> Contender:
    """Return the same step in PyTorch."""
    layer, readout = torch.nn.GRU(D, H, bidirectional=True), torch.nn.Linear(2 * H, K)
    params = [param for part in (layer, readout) for param in part.parameters()]
    adam = torch.optim.Adam(params, LEARNING_RATE, fused=True)
    x, lengths, labels, label_lengths = (torch.tensor(np.asarray(array)) for array in batch[:4])

    def run() -> float:
        adam.zero_grad()
        log_p = readout(layer(x)[0]).log_softmax(dim=2)
        loss = torch.nn.functional.ctc_loss(log_p, labels.T, lengths, label_lengths)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, MAX_NORM)
        adam.step()
        return loss.item()

    return run
