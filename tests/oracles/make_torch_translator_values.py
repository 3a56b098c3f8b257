"""Write torch_translator_values.npz: PyTorch's loss and gradients of whole translators, in float64.

    python tests/oracles/make_torch_translator_values.py

The tests read the file and need no PyTorch. The model is written down here as its paper has it, one step and one
example's mask at a time, on PyTorch's own GRU, GRUCell and autograd. Entries are called ``attention.<name>`` or
``without.<name>``: weights and gradients by the names of the course's parameters, and the batch with its loss. The
committed file was made with PyTorch 2.13.0.
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

S, T, N, SOURCE, TARGET, D, H = 6, 5, 4, 7, 8, 3, 5
LENGTHS, WRITTEN = torch.tensor([6, 2, 4, 5]), torch.tensor([3, 5, 1, 5])

torch.set_default_dtype(torch.float64)
torch.manual_seed(6)


def case(attention):
    """Run a batch forward and back, and return the weights, their gradients, the batch and the loss."""
    width = 3 * H if attention else H
    modules = torch.nn.ModuleDict(
        {
            "source": torch.nn.Embedding(SOURCE, D),
            "encoder": torch.nn.GRU(D, H, bidirectional=True),
            "bridge": torch.nn.Linear(2 * H, H),
            "target": torch.nn.Embedding(TARGET, D),
            "decoder": torch.nn.GRUCell(D + 2 * H if attention else D, H),
            "readout": torch.nn.Linear(width, TARGET),
        }
    )
    W, U, v = (torch.randn(shape, requires_grad=True) for shape in ((H, H), (H, 2 * H), (H,)))
    source, inputs, targets = (
        torch.randint(size, (T_or_S, N)) for size, T_or_S in ((SOURCE, S), (TARGET, T), (TARGET, T))
    )
    mask = torch.arange(T)[:, None] < WRITTEN

    packed = pack_padded_sequence(modules["source"](source), LENGTHS, enforce_sorted=False)
    states, last = modules["encoder"](packed)
    keys, _ = pad_packed_sequence(states, total_length=S)  # (S, N, 2H)
    h = torch.tanh(modules["bridge"](torch.cat([last[0], last[1]], dim=1)))
    logits = []
    for t in range(T):
        read, seen = modules["target"](inputs[t]), []
        if attention:
            scores = torch.tanh(h @ W.T + keys @ U.T) @ v  # (S, N)
            scores = scores.masked_fill(torch.arange(S)[:, None] >= LENGTHS, -torch.inf)
            context = (torch.softmax(scores, dim=0)[:, :, None] * keys).sum(dim=0)
            read, seen = torch.cat([read, context], dim=1), [context]
        h = modules["decoder"](read, h)
        logits.append(modules["readout"](torch.cat([h, *seen], dim=1)))
    loss = torch.nn.functional.cross_entropy(torch.stack(logits)[mask], targets[mask])
    loss.backward()

    weights = dict(modules.named_parameters())
    if attention:
        weights |= {"decoder.attention.W": W, "decoder.attention.U": U, "decoder.attention.v": v}
    arrays = in_our_names({name: weight.detach() for name, weight in weights.items()})
    arrays |= {f"grad.{name}": grad for name, grad in in_our_names({n: w.grad for n, w in weights.items()}).items()}
    batch = {"source": source, "lengths": LENGTHS, "inputs": inputs, "targets": targets, "mask": mask}
    return arrays | batch | {"loss": loss.detach()}


def in_our_names(arrays):
    """Rename PyTorch's parameters; a GRU's two biases become the rows of one."""
    ours = {name: arrays[name] for name in arrays if name.startswith("decoder.attention")}
    ours |= {f"{part}.E": arrays[f"{part}.weight"] for part in ("source", "target")}
    for part in ("bridge", "readout"):
        ours |= {f"{part}.W": arrays[f"{part}.weight"], f"{part}.b": arrays[f"{part}.bias"]}
    grus = {"encoder.forward": "encoder.{}_l0", "encoder.reverse": "encoder.{}_l0_reverse", "decoder": "decoder.{}"}
    for part, pattern in grus.items():
        W, U, b, b_state = (arrays[pattern.format(kind)] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        ours |= {f"{part}.W": W, f"{part}.U": U, f"{part}.b": torch.stack([b, b_state])}
    return ours


cases = {"attention": case(attention=True), "without": case(attention=False)}
path = Path(__file__).with_name("torch_translator_values.npz")
np.savez_compressed(
    path, **{f"{case}.{name}": array.numpy() for case, arrays in cases.items() for name, array in arrays.items()}
)
print(f"Wrote {path.name}: {len(cases)} cases, {path.stat().st_size / 1000:.0f} kB, PyTorch {torch.__version__}.")
