"""Write torch_composed_values.npz and torch_weights.safetensors: PyTorch's stacked and bidirectional layers.

    python tests/oracles/make_torch_composed_values.py

The tests read the files and need no PyTorch. Entries of the first are called ``<case>.<array>``: the module's own
`state_dict`, its gradients as ``grad.<name>``, and what goes in and comes out. A state has the axes part (h, c),
level and direction, N, H. The second holds the weights of the case ``saved``, written by PyTorch's side of
safetensors. The committed files were made with PyTorch 2.13.0 and safetensors 0.8.0.
"""

from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

T, N, D, H = 5, 4, 2, 3
LENGTHS = [3, 5, 1, 4]
ARCHITECTURES = {"stacked": (2, False), "bidirectional": (1, True), "stacked_bidirectional": (2, True)}
FOLDER = Path(__file__).parent

torch.manual_seed(20)


def case(module, lengths=None):
    """Run a module forward and backward on random numbers."""
    states, runs = 2 if module.mode == "LSTM" else 1, module.num_layers * (1 + module.bidirectional)
    x, state = torch.randn(T, N, D, requires_grad=True), torch.randn(states, runs, N, H, requires_grad=True)
    packed = x if lengths is None else pack_padded_sequence(x, lengths, enforce_sorted=False)
    y, last = module(packed, tuple(state) if states == 2 else state[0])
    if lengths is not None:
        y, _ = pad_packed_sequence(y, total_length=T)
    last = torch.stack(last) if states == 2 else last[None]
    dy, dstate = torch.randn(y.shape), torch.randn(state.shape)
    ((y * dy).sum() + (last * dstate).sum()).backward()
    arrays = {"x": x, "state": state, "dy": dy, "dstate": dstate, "y": y, "last_state": last}
    arrays |= {"dx": x.grad, "dinitial_state": state.grad}
    arrays |= {"lengths": torch.tensor(lengths)} if lengths else {}
    return arrays | module.state_dict() | {f"grad.{name}": param.grad for name, param in module.named_parameters()}


torch.set_default_dtype(torch.float64)
cases = {}
for kind in ("RNN", "GRU", "LSTM"):
    for name, (levels, bidirectional) in ARCHITECTURES.items():
        module = getattr(torch.nn, kind)(D, H, levels, bidirectional=bidirectional)
        cases[f"{kind}_{name}"] = case(module, LENGTHS)
saved = torch.nn.LSTM(D, H, 2, bidirectional=True)
cases["saved"] = case(saved)
safetensors.torch.save_file(saved.state_dict(), FOLDER / "torch_weights.safetensors")
np.savez_compressed(
    FOLDER / "torch_composed_values.npz",
    **{f"{case}.{name}": array.detach().numpy() for case, arrays in cases.items() for name, array in arrays.items()},
)
for name in ("torch_composed_values.npz", "torch_weights.safetensors"):
    print(f"Wrote {name}: {(FOLDER / name).stat().st_size / 1000:.0f} kB, PyTorch {torch.__version__}.")
