"""Write torch_language_model_values.npz: PyTorch's loss and gradients of whole language models, in float64.

    python tests/oracles/make_torch_language_model_values.py

The tests read the file and need no PyTorch. Entries are called ``<case>.<array>``: the weights by the names of the
modules, their gradients as ``grad<batch>.<name>``, and the batches with their losses. The second batch goes on from
the state in which the first one ended, held constant; the padding at the ends of its sequences is masked. The committed
file was made with PyTorch 2.13.0.
"""

from pathlib import Path

import numpy as np
import torch

T, N, V, D, H = 5, 3, 7, 4, 6
LENGTHS = torch.tensor([5, 2, 4])  # of the second batch
LAYERS = {"RNN": ("RNN", 1), "GRU": ("GRU", 1), "LSTM": ("LSTM", 1), "stacked": ("LSTM", 2)}

torch.set_default_dtype(torch.float64)
torch.manual_seed(20)


def case(kind, levels, tied):
    """Train a model on two batches in a row, and return its weights, its gradients and the losses."""
    embedding = torch.nn.Embedding(V, H if tied else D)
    layer = getattr(torch.nn, kind)(embedding.embedding_dim, H, levels)
    readout = torch.nn.Linear(H, V)
    if tied:
        readout.weight = embedding.weight
    model = torch.nn.ModuleDict({"embedding": embedding, "layer": layer, "readout": readout})
    weights = {name: weight.clone() for name, weight in model.state_dict().items()}
    tokens = torch.randint(V, (2, T + 1, N))
    ids, targets = tokens[:, :-1], tokens[:, 1:]
    masks = torch.stack([torch.ones(T, N, dtype=bool), torch.arange(T)[:, None] < LENGTHS])
    losses, state = [], None
    for batch in range(2):
        h, state = layer(embedding(ids[batch]), state)
        logits = readout(h)
        losses.append(torch.nn.functional.cross_entropy(logits[masks[batch]], targets[batch][masks[batch]]))
        state = tuple(part.detach() for part in state) if kind == "LSTM" else state.detach()
    gradients = {}
    for batch, loss in enumerate(losses):
        model.zero_grad()
        loss.backward()
        gradients |= {f"grad{batch}.{name}": weight.grad.clone() for name, weight in model.named_parameters()}
    return weights | gradients | {"ids": ids, "targets": targets, "masks": masks, "losses": torch.stack(losses)}


cases = {
    f"{name}_{'tied' if tied else 'untied'}": case(kind, levels, tied)
    for name, (kind, levels) in LAYERS.items()
    for tied in (False, True)
}
path = Path(__file__).with_name("torch_language_model_values.npz")
np.savez_compressed(
    path,
    **{f"{case}.{name}": array.detach().numpy() for case, arrays in cases.items() for name, array in arrays.items()},
)
print(f"Wrote {path.name}: {len(cases)} cases, {path.stat().st_size / 1000:.0f} kB, PyTorch {torch.__version__}.")
