"""Write torch_forecaster_values.npz: PyTorch's losses and gradients of the forecasters of chapter 08, in float64.

    python tests/oracles/make_torch_forecaster_values.py

The tests read the file and need no PyTorch. Entries are called ``<case>.<array>``: the weights by the names of the
modules, their gradients as ``grad.<name>``, the batch, and the loss. The free run feeds each forecast back by a loop,
and autograd finds its own way. The committed file was made with PyTorch 2.13.0.
"""

from pathlib import Path

import numpy as np
import torch

T, N, D, H, K = 5, 3, 2, 4, 3

torch.set_default_dtype(torch.float64)
torch.manual_seed(8)
QUANTILES = torch.tensor([0.1, 0.5, 0.8])


def trained(model, loss, batch):
    """Return the weights, the loss with all its gradients, and the batch."""
    loss.backward()
    gradients = {f"grad.{name}": weight.grad for name, weight in model.named_parameters()}
    return model.state_dict() | gradients | batch | {"loss": loss}


def pinball_case():
    """A GRU read out at every step as quantiles of the next values."""
    model = torch.nn.ModuleDict({"layer": torch.nn.GRU(D, H), "readout": torch.nn.Linear(H, K * len(QUANTILES))})
    x, target = torch.randn(T, N, D), torch.randn(T, N, K)
    y = model["readout"](model["layer"](x)[0]).reshape(T, N, K, len(QUANTILES))
    short_by = target[..., None] - y
    loss = torch.maximum(QUANTILES * short_by, (QUANTILES - 1) * short_by).mean()
    return trained(model, loss, {"x": x, "target": target, "quantiles": QUANTILES})


def run_case(forced):
    """A GRU that reads the past, and goes on with its own forecasts or with the truth."""
    model = torch.nn.ModuleDict({"layer": torch.nn.GRU(D, H), "readout": torch.nn.Linear(H, 1)})
    past, ahead, target = torch.randn(T, N, D), torch.randn(K - 1, N, D), torch.randn(K, N)
    h, state = model["layer"](past)
    forecasts = [model["readout"](h[-1])]
    for k in range(K - 1):
        x = ahead[k] if forced else torch.cat([forecasts[-1], ahead[k, :, 1:]], dim=1)
        h, state = model["layer"](x[None], state)
        forecasts.append(model["readout"](h[-1]))
    loss = ((torch.stack(forecasts)[..., 0] - target) ** 2).mean()
    return trained(model, loss, {"past": past, "ahead": ahead, "target": target})


def autoencoder_case():
    """A GRU into a waist of two numbers, and a GRU out of it that is told the time."""
    parts = {"encoder": torch.nn.GRU(D, H), "waist": torch.nn.Linear(H, 2)}
    parts |= {"decoder": torch.nn.GRU(2 + 10, H), "readout": torch.nn.Linear(H, D)}
    model, x = torch.nn.ModuleDict(parts), torch.randn(T, N, D)
    code = model["waist"](model["encoder"](x)[1][0])
    angles = torch.pi * torch.arange(T)[:, None, None] / (T - 1) * 2 ** torch.arange(5)
    clock = torch.cat([angles.cos(), angles.sin()], dim=2).expand(-1, N, -1)
    y = model["readout"](model["decoder"](torch.cat([code.expand(T, -1, -1), clock], dim=2))[0])
    return trained(model, ((y - x) ** 2).mean(), {"x": x, "y": y})


cases = {
    "pinball": pinball_case(),
    "free": run_case(False),
    "forced": run_case(True),
    "autoencoder": autoencoder_case(),
}
np.savez_compressed(
    Path(__file__).with_name("torch_forecaster_values.npz"),
    **{f"{case}.{name}": array.detach().numpy() for case, arrays in cases.items() for name, array in arrays.items()},
)
