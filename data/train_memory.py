"""Write memory_curves.json: how often RNN, GRU and LSTM solve the memory tasks, against the lag.

    python data/train_memory.py

First every cell gets the same tries at one lag, where the plain cell begins to fail: four learning rates times three
ways to start, on seeds of their own. What solved the task on all of these, and the soonest, trains at every lag on
other seeds. The three models of a task have nearly equal numbers of parameters. A run is validated as it goes, ends
early once it has solved the task, and is tested, with its best weights, on sequences that it has never seen. The file
is written after each run: stopped, the command goes on where it was; to measure anew, delete the file.
"""

import json
import os
import time
from contextlib import suppress
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np

from rnn_lab.datasets.memory import TASKS, success
from rnn_lab.models import SequenceModel
from rnn_lab.nn import GRU, LSTM, RNN, Adam
from rnn_lab.training import fit

FILE = Path(__file__).with_name("memory_curves.json")
TRAINING = {
    "N": 32,
    "steps": 4000,
    "max_norm": 1.0,
    "validate_every": 50,
    "validated": 256,
    "solved": 0.99,
    "tested": 1000,
    "lags": [5, 10, 20, 40, 80, 160],
    "seeds": [0, 1, 2],
}
TUNING = {
    "lags": {"delayed recall": 80, "copy": 40, "adding": 40},  # where the plain cell begins to fail
    "steps": 1500,
    "seeds": [100, 101],
    "learning_rates": [0.001, 0.003, 0.01, 0.03],
}
PARAMETERS = 4500
CELLS = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}


def orthogonal(layer):
    layer.params["U"][:] = np.linalg.qr(layer.params["U"])[0]


def identity(layer):
    layer.params["U"][:] = np.eye(len(layer.params["U"]))


def open_update(bias):
    def start(layer):
        H = layer.params["U"].shape[1]
        layer.params["b"][0, H : 2 * H] = bias  # z keeps the state, 1 - z writes

    return start


def open_forget(bias):
    def start(layer):
        H = layer.params["U"].shape[1]
        layer.params["b"][H : 2 * H] = bias  # f keeps the state ...
        layer.params["b"][:H] = -bias  # ... and i writes

    return start


STARTS = {
    "RNN": {"random U": lambda layer: None, "orthogonal U": orthogonal, "identity U": identity},
    "GRU": {
        "update bias 0": lambda layer: None,
        "update bias 2": open_update(2),
        "update bias 4": open_update(4),
    },
    "LSTM": {
        "forget bias 1": lambda layer: None,
        "forget bias 2, input bias -2": open_forget(2),
        "forget bias 4, input bias -4": open_forget(4),
    },
}


def model_of(task, cell, hidden_size, rng):
    layer = CELLS[cell](task.input_size, hidden_size, rng, dtype=np.float32)
    return SequenceModel(layer, task.output_size, task.loss, rng)


@cache
def sizes(task, cell):
    """Return the hidden size whose number of parameters is the nearest to PARAMETERS, and that number."""
    rng = np.random.default_rng()
    counts = {H: sum(param.size for param in model_of(task, cell, H, rng).params.values()) for H in range(1, 100)}
    return min(counts.items(), key=lambda item: abs(item[1] - PARAMETERS))


class Solved(Exception):
    """Ends `fit` once there is nothing left to learn; the weights are those that solved the task."""


def train(task, cell, start, learning_rate, lag, seed, steps):
    """Train one model -> its success on new sequences, and what that took."""
    task, rng, began = TASKS[task], np.random.default_rng(seed), time.perf_counter()
    hidden_size, _ = sizes(task, cell)
    model, optimizer = model_of(task, cell, hidden_size, rng), Adam(learning_rate)
    STARTS[cell][start](model.layer)
    x, *answers = task.batch(lag, TRAINING["validated"], np.random.default_rng([seed, 1]))

    def failure():
        solved = success(model.forward(x)[0], *answers)
        if solved >= TRAINING["solved"]:
            raise Solved
        return 1 - solved

    with suppress(Solved):
        fit(
            model,
            lambda rng: task.batch(lag, TRAINING["N"], rng),
            optimizer,
            steps=steps,
            rng=rng,
            max_norm=TRAINING["max_norm"],
            validate=failure,
            validate_every=TRAINING["validate_every"],
            progress=False,
        )
    x, *answers = task.batch(lag, TRAINING["tested"], np.random.default_rng([seed, 2]))
    return {
        "success": round(success(model.forward(x)[0], *answers), 3),
        "steps": int(optimizer.state["step"]),
        "seconds": round(time.perf_counter() - began, 1),
    }


def chosen(runs):
    """Return the start and the learning rate that solved the task soonest on all seeds, or solved the most of it."""

    def rank(setting):
        mine = [run for run in runs if (run["start"], run["learning_rate"]) == setting]
        steps = [run["steps"] for run in mine]  # all of them where the task was never solved
        return max(steps), sum(steps), -sum(run["success"] for run in mine)

    start, learning_rate = min(((run["start"], run["learning_rate"]) for run in runs), key=rank)
    return {"start": start, "learning_rate": learning_rate}


def main():
    measured = {"training": TRAINING, "tuning": TUNING, "settings": {}, "tries": [], "runs": []}
    if FILE.exists():
        measured = json.loads(FILE.read_text())
        if (measured["training"], measured["tuning"]) != (TRAINING, TUNING):
            raise SystemExit(f"{FILE} was measured with other settings; delete it to measure anew")

    def measure(kind, steps, **asked):
        """Train what is asked for, unless the file has it -> the whole record."""
        for run in measured[kind]:
            if asked.items() <= run.items():
                return run
        run = asked | train(**asked, steps=steps)
        measured[kind].append(run)
        write(measured)
        print(kind, *run.values(), sep=", ", flush=True)
        return run

    pairs = list(product(TASKS, CELLS))
    for task, cell in pairs:
        tries = []
        for start, learning_rate, seed in product(STARTS[cell], TUNING["learning_rates"], TUNING["seeds"]):
            choice = {"start": start, "learning_rate": learning_rate}
            lag = TUNING["lags"][task]
            tries.append(measure("tries", TUNING["steps"], task=task, cell=cell, **choice, lag=lag, seed=seed))
        hidden_size, parameters = sizes(TASKS[task], cell)
        setting = {"hidden_size": hidden_size, "parameters": parameters} | chosen(tries)
        measured["settings"].setdefault(task, {})[cell] = setting
    for seed, (task, cell), lag in product(TRAINING["seeds"], pairs, TRAINING["lags"]):
        setting = measured["settings"][task][cell]
        choice = {"start": setting["start"], "learning_rate": setting["learning_rate"]}
        measure("runs", TRAINING["steps"], task=task, cell=cell, **choice, lag=lag, seed=seed)


def write(measured):
    """Write the file whole or not at all, a run a line."""
    partial = FILE.with_name(FILE.name + ".partial")
    partial.write_text(json.dumps(measured).replace('{"task"', '\n{"task"') + "\n", newline="\n")
    os.replace(partial, FILE)


if __name__ == "__main__":
    main()
