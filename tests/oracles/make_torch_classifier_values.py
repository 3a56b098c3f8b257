"""Write torch_classifier_values.npz: PyTorch's loss and gradients of whole classifiers of padded batches, in float64.

    python tests/oracles/make_torch_classifier_values.py

The tests read the file and need no PyTorch. Entries are called ``<case>.<array>``: the weights by the names of the
modules, their gradients as ``grad.<name>``, that of the word vectors as ``dx``, and the batch with its scores and its
loss. The layer runs over packed sequences, so that padding is out of the question. The committed file was made with
PyTorch 2.13.0.
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

T, N, V, D, H, K = 6, 4, 9, 3, 5, 3
LENGTHS = torch.tensor([6, 1, 4, 2])
MASK = torch.arange(T)[:, None] < LENGTHS

torch.set_default_dtype(torch.float64)
torch.manual_seed(5)


def last(h):
    """Take each direction's state after the last step that it takes."""
    forward = h[LENGTHS - 1, torch.arange(N), :H]
    return torch.cat([forward, h[0, :, H:]], dim=1)


POOLING = {
    "last": last,
    "mean": lambda h: torch.where(MASK[..., None], h, 0).sum(dim=0) / LENGTHS[:, None],
    "max": lambda h: torch.where(MASK[..., None], h, -torch.inf).amax(dim=0),
}


def case(kind, bidirectional, pooling):
    """Return the weights, the batch, and the loss with all its gradients."""
    width = 2 * H if bidirectional else H
    model = torch.nn.ModuleDict(
        {
            "embedding": torch.nn.Embedding(V, D),
            "layer": getattr(torch.nn, kind)(D, H, bidirectional=bidirectional),
            "readout": torch.nn.Linear(width, K),
        }
    )
    weights = {name: weight.clone() for name, weight in model.state_dict().items()}
    ids, labels = torch.randint(V, (T, N)), torch.randint(K, (N,))
    x = model["embedding"](ids)
    x.retain_grad()
    packed, _ = model["layer"](pack_padded_sequence(x, LENGTHS, enforce_sorted=False))
    h, _ = pad_packed_sequence(packed)
    logits = model["readout"](POOLING[pooling](h))
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    gradients = {f"grad.{name}": weight.grad for name, weight in model.named_parameters()}
    batch = {"ids": ids, "labels": labels, "lengths": LENGTHS}
    return weights | gradients | batch | {"dx": x.grad, "logits": logits, "loss": loss}


cases = {
    f"{kind}_{'both' if bidirectional else 'forward'}_{pooling}": case(kind, bidirectional, pooling)
    for kind, bidirectional in [("RNN", False), ("GRU", False), ("LSTM", False), ("GRU", True), ("LSTM", True)]
    for pooling in POOLING
}
path = Path(__file__).with_name("torch_classifier_values.npz")
np.savez_compressed(
    path,
    **{f"{case}.{name}": array.detach().numpy() for case, arrays in cases.items() for name, array in arrays.items()},
)
print(f"Wrote {path.name}: {len(cases)} cases, {path.stat().st_size / 1000:.0f} kB, PyTorch {torch.__version__}.")
