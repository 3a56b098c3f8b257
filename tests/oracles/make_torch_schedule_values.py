"""Write torch_schedule_values.npz: PyTorch's learning rates by step, and a path that its optimizers take with them.

    python tests/oracles/make_torch_schedule_values.py

The tests read the file and need no PyTorch. A schedule's entry is called by its name in `SCHEDULES`; ``<rule>.params``
holds the parameters before the first update and after each, ``<rule>.grads`` the gradients, the schedule being the
warm-up with a cosine. The committed file was made with PyTorch 2.13.0.
"""

from pathlib import Path

import numpy as np
import torch
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, LinearLR, SequentialLR, StepLR

STEPS, WARMUP, RATE = 20, 6, 0.3
SCHEDULES = {
    "warmup": lambda rule: LinearLR(rule, start_factor=1 / (WARMUP + 1), total_iters=WARMUP),
    "cosine": lambda rule: CosineAnnealingLR(rule, T_max=STEPS, eta_min=0.01),
    "exponential": lambda rule: ExponentialLR(rule, gamma=0.5 ** (1 / 8)),
    "step": lambda rule: StepLR(rule, step_size=8, gamma=0.5),
    "warmup_cosine": lambda rule: SequentialLR(
        rule, [SCHEDULES["warmup"](rule), CosineAnnealingLR(rule, T_max=STEPS - WARMUP)], milestones=[WARMUP]
    ),
}
RULES = {"sgd": lambda params: SGD(params, RATE, momentum=0.9), "adam": lambda params: Adam(params, RATE)}

rng = np.random.default_rng(20)


def run(make_rule, make_schedule):
    """Update three parameters with random gradients -> the rates, the parameters and the gradients of all steps."""
    param = torch.nn.Parameter(torch.tensor(rng.standard_normal(3)))
    rule = make_rule([param])
    schedule = make_schedule(rule)
    rates, params, grads = [], [param.detach().clone()], []
    for _ in range(STEPS):
        rates.append(rule.param_groups[0]["lr"])
        param.grad = torch.tensor(rng.standard_normal(3))
        rule.step()
        schedule.step()
        params.append(param.detach().clone())
        grads.append(param.grad)
    return np.array(rates), torch.stack(params).numpy(), torch.stack(grads).numpy()


arrays = {name: run(RULES["sgd"], schedule)[0] for name, schedule in SCHEDULES.items()}
for name, rule in RULES.items():
    _, arrays[f"{name}.params"], arrays[f"{name}.grads"] = run(rule, SCHEDULES["warmup_cosine"])
path = Path(__file__).with_name("torch_schedule_values.npz")
np.savez_compressed(path, **arrays)
print(f"Wrote {path.name}: {len(arrays)} arrays, {path.stat().st_size / 1000:.0f} kB, PyTorch {torch.__version__}.")
