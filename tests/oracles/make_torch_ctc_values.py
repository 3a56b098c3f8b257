"""Write torch_ctc_values.npz: PyTorch's CTC loss and its gradient (made with PyTorch 2.13.0).

    python tests/oracles/make_torch_ctc_values.py

Entries are called ``<case>.<array>``. Losses are those of each text; gradients are of their mean, with respect to the
scores before the softmax.
"""

from pathlib import Path

import numpy as np
import torch

CASES = {  # T, N, K, L, the lengths of the sounds and those of the texts
    "plain": (12, 3, 5, 4, [12, 12, 12], [4, 4, 4]),
    "padded": (15, 5, 6, 5, [15, 9, 11, 6, 15], [5, 3, 0, 2, 1]),
    "long": (120, 4, 17, 24, [120, 90, 70, 100], [24, 12, 20, 16]),
    "sure of something else": (40, 2, 9, 10, [40, 35], [10, 6]),
}


def case(name, T, N, K, L, lengths, label_lengths):
    rng = np.random.default_rng(len(name))
    scale = 60 if name.startswith("sure") else 2
    logits = torch.tensor(scale * rng.standard_normal((T, N, K)), requires_grad=True)
    labels = rng.integers(1, K, (L, N))
    labels[1, 0] = labels[0, 0]  # a symbol that is repeated
    lengths, label_lengths = torch.tensor(lengths), torch.tensor(label_lengths)
    losses = torch.nn.functional.ctc_loss(
        logits.log_softmax(2), torch.tensor(labels.T), lengths, label_lengths, reduction="none"
    )
    losses.mean().backward()
    arrays = {"logits": logits, "losses": losses, "dlogits": logits.grad}
    arrays |= {"lengths": lengths, "label_lengths": label_lengths, "labels": torch.tensor(labels)}
    return {f"{name}.{key}": array.detach().numpy() for key, array in arrays.items()}


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    arrays = {key: array for name, sizes in CASES.items() for key, array in case(name, *sizes).items()}
    np.savez_compressed(Path(__file__).with_name("torch_ctc_values.npz"), **arrays)
