"""Train character models for a time, and report bits per character on the text's test part.

    python data/train_language_model.py docstrings      # 19 minutes, writes weights/language_model.safetensors
    python data/train_language_model.py shakespeare-3   # 3 minutes of tiny Shakespeare, 90 % of it to train on
    python data/train_language_model.py shakespeare-30  # 30 minutes of the same

The settings were chosen with --try, which trains on the training part alone and is judged by the choosing part. A run
reads the text as a stream, carries the state from block to block, and lets the learning rate fall to zero as its time
runs out. Each minute it writes a checkpoint; stopped, the same command goes on where it was.

Minutes are those of the clock on the wall: let nothing else run. If something has to, set OPENBLAS_NUM_THREADS=1, since
threads that wait for one another are slower than one.
"""

import argparse
import json
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from rnn_lab.checkpoints import load_checkpoint, save_checkpoint
from rnn_lab.datasets.text import PRINTABLE, Characters, docstrings, tiny_shakespeare
from rnn_lab.models import Stream, cross_entropy
from rnn_lab.models.architectures import Architecture, save_models
from rnn_lab.nn import Adam
from rnn_lab.nn.schedules import cosine_decay, warmup
from rnn_lab.training import fit

WEIGHTS = Path(__file__).with_name("weights")
CLIMB = 0.02  # the share of the time in which the learning rate rises
BLOCK = 20  # steps between two looks at the clock


@dataclass(frozen=True)
class Run:
    """How one model is trained: for how long, with which blocks of the stream, at which highest learning rate."""

    architecture: Architecture
    minutes: float
    columns: int
    steps: int
    rate: float


PRINTABLE_MODEL = partial(Architecture, vocabulary_size=len(PRINTABLE))
SHAKESPEARE_MODEL = partial(Architecture, vocabulary_size=65)
COMMANDS = {
    "docstrings": {
        "large": Run(PRINTABLE_MODEL("LSTM", 256, 48, dropout=0.1), 11.4, columns=16, steps=64, rate=6e-3),
        # of nearly equal numbers of parameters, side by side in one figure
        "RNN": Run(PRINTABLE_MODEL("RNN", 312, 32), 2.5, columns=16, steps=64, rate=2e-3),
        "GRU": Run(PRINTABLE_MODEL("GRU", 183, 32), 2.5, columns=16, steps=64, rate=6e-3),
        "LSTM": Run(PRINTABLE_MODEL("LSTM", 159, 32), 2.5, columns=16, steps=64, rate=6e-3),
    },
    "shakespeare-3": {"GRU": Run(SHAKESPEARE_MODEL("GRU", 224, 32, dropout=0.1), 3, columns=32, steps=64, rate=6e-3)},
    "shakespeare-30": {
        "LSTM": Run(SHAKESPEARE_MODEL("LSTM", 320, 64, dropout=0.3), 30, columns=32, steps=64, rate=4e-3)
    },
}


def train(name, run, ids, checkpoint=None):
    """Train one model until its time is up, from its checkpoint if there is one; return it."""
    rng = np.random.default_rng(0)
    model = run.architecture.build(rng)
    seconds, used = round(60 * run.minutes), 0.0
    climb = max(1, round(CLIMB * seconds))
    rate_at_second = warmup(climb, cosine_decay(run.rate, seconds - climb))
    optimizer = Adam(lambda step: rate_at_second(elapsed()))
    if checkpoint and checkpoint.exists():
        groups, notes = load_checkpoint(checkpoint, model.params)
        for key, param in model.params.items():
            param[...] = groups["params"][key]
        optimizer.state, used = groups["optimizer"], notes["seconds"]
        rng.bit_generator.state = notes["rng"]
    began = saved = time.perf_counter()

    def elapsed():
        return used + time.perf_counter() - began

    def save():
        if checkpoint:
            notes = {"seconds": elapsed(), "rng": rng.bit_generator.state}
            save_checkpoint(checkpoint, {"params": model.params, "optimizer": optimizer.state}, notes)

    stream = Stream(model, ids, run.columns, run.steps)
    losses, printed = [], 0.0
    while elapsed() < seconds:
        history = fit(stream, stream.next_batch, optimizer, steps=BLOCK, rng=rng, max_norm=1.0, progress=False)
        losses += history.losses
        if elapsed() > printed + seconds / 20:
            printed, step = elapsed(), int(optimizer.state["step"])
            print(f"{name}: {printed:6.0f} s, {step:6d} steps, {np.mean(losses[-200:]):.3f} nats", flush=True)
        if time.perf_counter() > saved + 60 or history.stopped == "interrupted":
            save()
            saved = time.perf_counter()
        if history.stopped == "interrupted":
            raise SystemExit("Stopped; the same command goes on from here.")
    save()
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--only", help="of the command's models, this one")
    parser.add_argument(
        "--try",
        dest="settings",
        type=json.loads,
        help="judge other settings by the choosing part, and write nothing: "
        """'{"minutes": 1, "rate": 0.002, "architecture": {"hidden_size": 320}}'""",
    )
    arguments = parser.parse_args()
    trying, settings = arguments.settings is not None, arguments.settings or {}
    measures = settings.pop("architecture", {})

    text = docstrings() if arguments.command == "docstrings" else tiny_shakespeare()
    vocabulary = Characters("".join(sorted(set(text.train))))
    if arguments.command == "docstrings":
        vocabulary = PRINTABLE
    known, judged = (text.train, text.choose) if trying else (text.train + text.choose, text.test)
    print(f"{len(known)} characters to train on, {len(judged)} to be judged by", flush=True)
    trained, checkpoints = {}, []
    for name, run in COMMANDS[arguments.command].items():
        if arguments.only not in (None, name):
            continue
        run = replace(run, architecture=replace(run.architecture, **measures), **settings)
        checkpoints.append(None if trying else WEIGHTS / f"{arguments.command}-{name}.checkpoint")
        model = train(name, run, vocabulary.encode(known), checkpoints[-1])
        trained[name] = run.architecture, model
        nats = cross_entropy(model, vocabulary.encode(judged))
        print(f"{name}: {run}\n{name}: {nats:.4f} nats, {nats / np.log(2):.4f} bits a character", flush=True)
    if trying:
        return
    if arguments.command == "docstrings":
        save_models(WEIGHTS / "language_model.safetensors", trained)
    for checkpoint in checkpoints:
        checkpoint.unlink()


if __name__ == "__main__":
    main()
