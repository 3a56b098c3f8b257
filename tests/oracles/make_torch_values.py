"""Write torch_values.npz: inputs, and what PyTorch makes of them, in float64.

    python tests/oracles/make_torch_values.py

The tests read the file and need no PyTorch. Entries are called ``<case>.<array>``. Sequences lie as the course
lays them, (T, N, D); the cell's arrays are columns. The committed file was made with PyTorch 2.13.0.
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

T, N, D, H = 6, 4, 3, 5
LENGTHS = [4, 6, 1, 3]
STEPS = 6
OPTIMIZERS = {
    "sgd": lambda params: torch.optim.SGD(params, lr=0.1),
    "momentum": lambda params: torch.optim.SGD(params, lr=0.1, momentum=0.9),
    "adam": lambda params: torch.optim.Adam(params, lr=0.1),
    # A large epsilon shows where it is added; other betas show which is which.
    "adam_options": lambda params: torch.optim.Adam(params, lr=0.1, betas=(0.7, 0.9), eps=0.5),
}

rng = np.random.default_rng(20)


def leaf(*shape):
    """Return random numbers that PyTorch finds the gradient of."""
    return torch.tensor(rng.standard_normal(shape), requires_grad=True)


def constant(*shape):
    return torch.tensor(rng.standard_normal(shape))


def recurrent(nonlinearity, lengths=None):
    x, state, W, U, b = leaf(T, N, D), leaf(N, H), leaf(H, D), leaf(H, H), leaf(H)
    dy, dstate = constant(T, N, H), constant(N, H)
    layer = torch.nn.RNN(D, H, nonlinearity=nonlinearity, dtype=torch.float64)
    weights = {"weight_ih_l0": W, "weight_hh_l0": U, "bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)}
    packed = x if lengths is None else pack_padded_sequence(x, lengths, enforce_sorted=False)
    y, last = torch.func.functional_call(layer, weights, (packed, state[None]))
    if lengths is not None:
        y, _ = pad_packed_sequence(y, total_length=T)
    ((y * dy).sum() + (last[0] * dstate).sum()).backward()
    arrays = {"x": x, "state": state, "W": W, "U": U, "b": b, "dy": dy, "dstate": dstate, "y": y, "last_state": last[0]}
    return arrays | {"dx": x.grad, "dinitial_state": state.grad, "dW": W.grad, "dU": U.grad, "db": b.grad}


def cell():
    x, h, W, U, b = leaf(D, N), leaf(H, N), leaf(H, D), leaf(H, H), leaf(H, 1)
    dh_next = constant(H, N)
    weights = {"weight_ih": W, "weight_hh": U, "bias_ih": b[:, 0], "bias_hh": torch.zeros_like(b[:, 0])}
    layer = torch.nn.RNNCell(D, H, dtype=torch.float64)
    h_next = torch.func.functional_call(layer, weights, (x.T, h.T)).T
    (h_next * dh_next).sum().backward()
    arrays = {"x": x, "h": h, "W": W, "U": U, "b": b, "dh_next": dh_next, "h_next": h_next}
    return arrays | {"dx": x.grad, "dh": h.grad, "dW": W.grad, "dU": U.grad, "db": b.grad}


def gated(kind, lengths=None):
    """Run a GRU or an LSTM; a state has the axes part (h, c), N, H."""
    gates, states = {"GRU": (3, 1), "LSTM": (4, 2)}[kind]
    W, U = leaf(gates * H, D), leaf(gates * H, H)
    b = leaf(2, gates * H) if kind == "GRU" else leaf(gates * H)
    b_input, b_state = b if kind == "GRU" else (b, torch.zeros_like(b))
    weights = {"weight_ih_l0": W, "weight_hh_l0": U, "bias_ih_l0": b_input, "bias_hh_l0": b_state}
    x, state = leaf(T, N, D), leaf(states, N, H)
    dy, dstate = constant(T, N, H), constant(states, N, H)
    layer = getattr(torch.nn, kind)(D, H, dtype=torch.float64)
    packed = x if lengths is None else pack_padded_sequence(x, lengths, enforce_sorted=False)
    start = state if kind == "GRU" else (state[:1], state[1:])
    y, last = torch.func.functional_call(layer, weights, (packed, start))
    if lengths is not None:
        y, _ = pad_packed_sequence(y, total_length=T)
    last = last if kind == "GRU" else torch.cat(last)
    ((y * dy).sum() + (last * dstate).sum()).backward()
    arrays = {"x": x, "state": state, "W": W, "U": U, "b": b, "dy": dy, "dstate": dstate, "y": y, "last_state": last}
    return arrays | {"dx": x.grad, "dinitial_state": state.grad, "dW": W.grad, "dU": U.grad, "db": b.grad}


def gated_cell(kind):
    """Take one step of a GRU or an LSTM, in columns; a state has the axes part (h, c), H, N."""
    gates, states = {"GRU": (3, 1), "LSTM": (4, 2)}[kind]
    x, h, W, U, b = leaf(D, N), leaf(states, H, N), leaf(gates * H, D), leaf(gates * H, H), leaf(gates * H, 3 - states)
    dh_next = constant(*h.shape)
    b_state = b[:, 1] if kind == "GRU" else torch.zeros_like(b[:, 0])
    weights = {"weight_ih": W, "weight_hh": U, "bias_ih": b[:, 0], "bias_hh": b_state}
    layer = getattr(torch.nn, f"{kind}Cell")(D, H, dtype=torch.float64)
    h_next = torch.func.functional_call(layer, weights, (x.T, h[0].T if kind == "GRU" else (h[0].T, h[1].T)))
    h_next = h_next.T[None] if kind == "GRU" else torch.stack([part.T for part in h_next])
    (h_next * dh_next).sum().backward()
    arrays = {"x": x, "h": h, "W": W, "U": U, "b": b, "dh_next": dh_next, "h_next": h_next}
    return arrays | {"dx": x.grad, "dh": h.grad, "dW": W.grad, "dU": U.grad, "db": b.grad}


def linear():
    x, W, b, dy = leaf(T, N, D), leaf(H, D), leaf(H), constant(T, N, H)
    y = torch.nn.functional.linear(x, W, b)
    (y * dy).sum().backward()
    return {"x": x, "W": W, "b": b, "dy": dy, "y": y, "dx": x.grad, "dW": W.grad, "db": b.grad}


def mean_squared_error(masked):
    y, target, mask = leaf(T, N, D), constant(T, N, D), torch.tensor(rng.random((T, N)) < (0.6 if masked else 2))
    loss = torch.nn.functional.mse_loss(y[mask], target[mask])
    loss.backward()
    return {"y": y, "target": target, "mask": mask, "loss": loss, "dy": y.grad}


def cross_entropy(masked):
    logits, targets = leaf(T, N, D), torch.tensor(rng.integers(0, D, (T, N)))
    mask = torch.tensor(rng.random((T, N)) < (0.6 if masked else 2))
    loss = torch.nn.functional.cross_entropy(logits[mask], targets[mask])
    loss.backward()
    return {"logits": logits, "targets": targets, "mask": mask, "loss": loss, "dlogits": logits.grad}


def optimizer(make):
    params = {"W": leaf(H, D), "b": leaf(H)}
    arrays = {f"{name}_initial": param.detach().clone() for name, param in params.items()}
    stepper = make(params.values())
    history = {f"{operand}{name}": [] for name in params for operand in ("d", "")}
    for _ in range(STEPS):
        for name, param in params.items():
            param.grad = constant(*param.shape)
            history[f"d{name}"].append(param.grad.clone())
        stepper.step()
        for name, param in params.items():
            history[name].append(param.detach().clone())
    return arrays | {name: torch.stack(steps) for name, steps in history.items()}


def clipping():
    # PyTorch divides by the norm plus 1e-6; at a norm of some thousands that is below 1e-9.
    params = {"W": leaf(H, D), "b": leaf(H)}
    for param in params.values():
        param.grad = 1000 * constant(*param.shape)
    before = {f"d{name}": param.grad.clone() for name, param in params.items()}
    norm = torch.nn.utils.clip_grad_norm_(params.values(), max_norm=2.0)
    return before | {f"{name}_clipped": param.grad for name, param in params.items()} | {"norm": norm}


cases = {
    "cell": cell(),
    "rnn_tanh": recurrent("tanh"),
    "rnn_relu": recurrent("relu"),
    "rnn_lengths": recurrent("tanh", LENGTHS) | {"lengths": torch.tensor(LENGTHS)},
    "linear": linear(),
    "mse": mean_squared_error(masked=False),
    "mse_masked": mean_squared_error(masked=True),
    "cross_entropy": cross_entropy(masked=False),
    "cross_entropy_masked": cross_entropy(masked=True),
    **{name: optimizer(make) for name, make in OPTIMIZERS.items()},
    "clipping": clipping(),
    **{f"{kind}Cell": gated_cell(kind) for kind in ("GRU", "LSTM")},
    **{kind: gated(kind) for kind in ("GRU", "LSTM")},
    **{
        f"{kind}_lengths": gated(kind, lengths=LENGTHS) | {"lengths": torch.tensor(LENGTHS)} for kind in ("GRU", "LSTM")
    },
}
path = Path(__file__).with_name("torch_values.npz")
np.savez_compressed(
    path,
    **{f"{case}.{name}": array.detach().numpy() for case, arrays in cases.items() for name, array in arrays.items()},
)
print(f"Wrote {path.name}: {len(cases)} cases, {path.stat().st_size / 1000:.0f} kB, PyTorch {torch.__version__}.")
