"""Write torch_captioner_values.npz: PyTorch's values and gradients of convolutions, pooling and whole captioners.

    python tests/oracles/make_torch_captioner_values.py

The tests read the file and need no PyTorch. All is float64, and pictures have their channels last, as the course has
them. The captioner is written down one step at a time, on PyTorch's own conv2d, max_pool2d, GRUCell and autograd; its
entries are called ``captioner.<name>``, weights and gradients by the names of the course's parameters. The committed
file was made with PyTorch 2.13.0.
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import conv2d, cross_entropy, max_pool2d

N, T, V, D, H = 3, 5, 9, 4, 6
FIRST, SECOND, THIRD, COLOURS, ROWS, COLUMNS = 3, 4, 5, 2, 2, 2

torch.set_default_dtype(torch.float64)
torch.manual_seed(9)


def leaf(*shape):
    return torch.randn(shape, requires_grad=True)


def convolve(x, W, b, **options):
    """Convolve pictures with their channels last."""
    return conv2d(x.permute(0, 3, 1, 2), W.permute(0, 3, 1, 2), b, **options).permute(0, 2, 3, 1)


def pool(x, size):
    return max_pool2d(x.permute(0, 3, 1, 2), size).permute(0, 2, 3, 1)


def layer_case(function, **leaves):
    """Run a layer forward and back -> its leaves, their gradients, the output and the gradient that came to it."""
    y = function(**leaves)
    dy = torch.randn(y.shape)
    y.backward(dy)
    return leaves | {f"d{name}": array.grad for name, array in leaves.items()} | {"y": y, "dy": dy}


def captioner_case():
    """Run a batch through a captioner forward and back -> weights, gradients, the batch and the loss."""
    K, keys = THIRD + COLOURS, THIRD + COLOURS + ROWS + COLUMNS
    p = {
        "encoder.shape1.W": leaf(FIRST, 5, 5, 1),
        "encoder.shape1.b": leaf(FIRST),
        "encoder.shape2.W": leaf(SECOND, 3, 3, FIRST),
        "encoder.shape2.b": leaf(SECOND),
        "encoder.shape3.W": leaf(THIRD, 3, 3, SECOND),
        "encoder.shape3.b": leaf(THIRD),
        "encoder.colour.W": leaf(COLOURS, 1, 1, 3),
        "encoder.colour.b": leaf(COLOURS),
        "decoder.bridge.W": leaf(H, ROWS * COLUMNS * K),
        "decoder.bridge.b": leaf(H),
        "decoder.words.E": leaf(V, D),
        "decoder.decoder.W": leaf(3 * H, D + keys),
        "decoder.decoder.U": leaf(3 * H, H),
        "decoder.decoder.b": leaf(2, 3 * H),
        "decoder.decoder.attention.W": leaf(H, H),
        "decoder.decoder.attention.U": leaf(H, keys),
        "decoder.decoder.attention.v": leaf(H),
        "decoder.readout.W": leaf(V, H + keys),
        "decoder.readout.b": leaf(V),
    }
    for weights in p.values():
        weights.data *= 0.3
    pictures = torch.rand(N, 8 * ROWS, 8 * COLUMNS, 3, requires_grad=True)
    inputs, targets = torch.randint(V, (2, T, N))
    mask = torch.arange(T)[:, None] < torch.tensor([5, 3, 4])

    x = (pictures.amax(dim=3, keepdim=True) - 0.25) / 0.5
    x = convolve(x, p["encoder.shape1.W"], p["encoder.shape1.b"], stride=2, padding=2).relu()
    x = pool(convolve(x, p["encoder.shape2.W"], p["encoder.shape2.b"], padding=1).relu(), 2)
    x = pool(convolve(x, p["encoder.shape3.W"], p["encoder.shape3.b"], padding=1).relu(), 2)
    colour = convolve((pictures - 0.25) / 0.5, p["encoder.colour.W"], p["encoder.colour.b"]).relu()
    features = 0.3 * torch.cat([x, pool(colour, 8)], dim=3).reshape(N, ROWS * COLUMNS, K)
    h = torch.tanh(features.flatten(1) @ p["decoder.bridge.W"].T + p["decoder.bridge.b"])
    row, column = (torch.eye(size)[place] for size, place in ((ROWS, [0, 0, 1, 1]), (COLUMNS, [0, 1, 0, 1])))
    places = torch.cat([features, row.expand(N, -1, -1), column.expand(N, -1, -1)], dim=2)  # (N, S, keys)

    def look(query):
        W, U, v = (p[f"decoder.decoder.attention.{name}"] for name in "WUv")
        weights = torch.softmax(torch.tanh((query @ W.T)[:, None] + places @ U.T) @ v, dim=1)
        return (weights[:, :, None] * places).sum(dim=1)

    cell = torch.nn.GRUCell(D + keys, H)
    own = {"weight_ih": p["decoder.decoder.W"], "weight_hh": p["decoder.decoder.U"]}
    own |= {"bias_ih": p["decoder.decoder.b"][0], "bias_hh": p["decoder.decoder.b"][1]}
    logits = []
    for t in range(T):
        read = torch.cat([p["decoder.words.E"][inputs[t]], look(h)], dim=1)
        h = torch.func.functional_call(cell, own, (read, h))
        logits.append(torch.cat([h, look(h)], dim=1) @ p["decoder.readout.W"].T + p["decoder.readout.b"])
    loss = cross_entropy(torch.stack(logits)[mask], targets[mask])
    loss.backward()
    gradients = {f"grad.{name}": weights.grad for name, weights in p.items()}
    batch = {"pictures": pictures, "dpictures": pictures.grad, "inputs": inputs, "targets": targets, "mask": mask}
    return p | gradients | batch | {"loss": loss}


cases = {
    "plain": layer_case(lambda x, W, b: convolve(x, W, b), x=leaf(2, 6, 5, 3), W=leaf(4, 3, 3, 3), b=leaf(4)),
    "strided": layer_case(
        lambda x, W, b: convolve(x, W, b, stride=2, padding=2), x=leaf(2, 9, 8, 3), W=leaf(4, 5, 5, 3), b=leaf(4)
    ),
    "pooling": layer_case(lambda x: pool(x, 2), x=leaf(2, 7, 6, 3)),
    "ties": layer_case(lambda x: pool(x.relu(), 2), x=leaf(2, 8, 8, 3)),
    "captioner": captioner_case(),
}
path = Path(__file__).with_name("torch_captioner_values.npz")
arrays = {f"{case}.{name}": array.detach().numpy() for case, arrays in cases.items() for name, array in arrays.items()}
np.savez_compressed(path, **arrays)
print(f"Wrote {path.name}: {len(cases)} cases, {path.stat().st_size / 1000:.0f} kB, PyTorch {torch.__version__}.")
