"""A whole training step of a character model: embedding, recurrent layer, softmax, clipped gradients, Adam.

PyTorch does the same with its own parts, in their fastest setting, and with as many threads as there are cores.
"""

from typing import Any

import numpy as np
from benchmarks.race import SIZES, Contender, named, race, torch

from rnn_lab.models import LanguageModel
from rnn_lab.nn import GRU, LSTM, RNN, Adam, clip_by_norm
from rnn_lab.nn.recurrent import Recurrent

LAYERS: dict[str, type[Recurrent]] = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}
VOCABULARY = 96
LEARNING_RATE, MAX_NORM = 1e-3, 1.0


def measure() -> dict[str, Any]:
    """Return the median milliseconds of each contender, for each layer and size."""
    return {name: {named(*size): race(contenders(name, *size)) for size in SIZES} for name in LAYERS}


def as_markdown(measured: dict[str, Any]) -> str:
    """Lay the medians and their ratios out as a table, and sum the ratios up."""
    rows = ["| layer | size | rnn_lab, ms | PyTorch, ms | of PyTorch |", "|---|---|---|---|---|"]
    shares: dict[str, list[float]] = {name: [] for name in measured}
    for name, sizes in measured.items():
        for size, ms in sizes.items():
            row = [name, size, f"{ms['rnn_lab']:.2f}"]
            if "PyTorch" in ms:
                shares[name].append(ms["rnn_lab"] / ms["PyTorch"])
                row += [f"{ms['PyTorch']:.2f}", f"{shares[name][-1]:.2f}"]
            rows.append(f"| {' | '.join(row)} |")
    if all(shares.values()):
        each = ", ".join(f"{name} {geometric_mean(ratios):.2f}" for name, ratios in shares.items())
        overall = geometric_mean([ratio for ratios in shares.values() for ratio in ratios])
        rows += [
            "",
            f"Geometric means: {each}; all together {overall:.2f}, that is {1 / overall:.2f} times as fast as PyTorch.",
        ]
    return "\n".join(
        [
            "## A whole training step",
            "",
            f"A model of {VOCABULARY} characters, float32, embeddings as wide as the layer: forward, cross-entropy,",
            "backward, gradients clipped by their norm, Adam. *Of PyTorch*: our time as a part of that of `torch.nn`",
            "with its fused Adam; below 1 is quicker.",
            "",
            *rows,
            "",
        ]
    )


def geometric_mean(ratios: list[float]) -> float:
    """Return the mean for ratios: that of 2 and 1/2 is 1."""
    return float(np.exp(np.mean(np.log(ratios))))


def contenders(name: str, T: int, N: int, H: int) -> dict[str, Contender]:
    """Build everybody who trains at one size, on the same text."""
    ids, targets = np.random.default_rng(0).integers(0, VOCABULARY, (2, T, N))
    runners = {"rnn_lab": our_step(LAYERS[name], H, ids, targets)}
    if torch is not None:
        runners["PyTorch"] = torch_step(name, H, ids, targets)
    return runners


def our_step(layer_type: type[Recurrent], H: int, ids: np.ndarray, targets: np.ndarray) -> Contender:
    """Return one training step of the course's model."""
    rng = np.random.default_rng(0)
    model, adam = LanguageModel(VOCABULARY, H, layer_type(H, H, rng, dtype=np.float32), rng), Adam(LEARNING_RATE)

    def run() -> float:
        loss, grads = model.loss_and_grads((ids, targets))
        clip_by_norm(grads, MAX_NORM)
        adam.update(model.params, grads)
        return loss

    return run


def torch_step(name: str, H: int, ids: np.ndarray, targets: np.ndarray) -> Contender:
    """Return the same step in PyTorch."""
    embedding, layer = torch.nn.Embedding(VOCABULARY, H), getattr(torch.nn, name)(H, H)
    readout = torch.nn.Linear(H, VOCABULARY)
    params = [param for part in (embedding, layer, readout) for param in part.parameters()]
    adam = torch.optim.Adam(params, LEARNING_RATE, fused=True)
    ids, targets = (torch.tensor(array) for array in (ids, targets))

    def run() -> float:
        adam.zero_grad()
        logits = readout(layer(embedding(ids))[0])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, MAX_NORM)
        adam.step()
        return loss.item()

    return run
