"""The fit loop: progress, validation, the best weights kept, and checkpoints that continue exactly."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from rnn_lab.checkpoints import load_checkpoint, save_checkpoint
from rnn_lab.nn.checks import as_generator, as_size
from rnn_lab.nn.optimizers import SGD, Adam, clip_by_norm

SHORTEST_PAUSE, LONGEST_PAUSE = 0.25, 2.0  # seconds between two looks at a running training


class Model(Protocol):
    """What `fit` needs of a model."""

    params: dict[str, NDArray]

    def loss_and_grads(self, batch: Any) -> tuple[float, dict[str, NDArray]]: ...


class TrainingDiverged(ArithmeticError):
    """The loss or its gradient became NaN or infinite."""


@dataclass
class History:
    """What happened in training.

    Attributes
    ----------
    losses, gradient_norms : list of float
        One for each step; the norm is that before clipping.
    validations : list of (int, float)
        The step after which it was measured, and the value.
    stopped : {"running", "finished", "interrupted", "diverged"}
    """

    losses: list[float] = field(default_factory=list)
    gradient_norms: list[float] = field(default_factory=list)
    validations: list[tuple[int, float]] = field(default_factory=list)
    stopped: str = "running"

    @property
    def best(self) -> tuple[int, float]:
        """The step and the value of the lowest validation; without validation, the last step and its loss."""
        if self.validations:
            return min(self.validations, key=lambda pair: pair[1])
        return len(self.losses), self.losses[-1]


def fit(
    model: Model,
    sample_batch: Callable[[np.random.Generator], Any],
    optimizer: SGD | Adam,
    *,
    steps: int,
    rng: np.random.Generator,
    max_norm: float | None = None,
    validate: Callable[[], float] | None = None,
    validate_every: int = 50,
    checkpoint: str | Path | None = None,
    resume: bool = False,
    progress: bool = True,
    watch: Callable[[History], object] | None = None,
) -> History:
    """Train a model, in place.

    Parameters
    ----------
    model : Model
        Its parameters are changed; at the end they are the best ones, if there is a validation.
    sample_batch : callable
        Takes `rng`, returns a batch for ``model.loss_and_grads``.
    optimizer : SGD or Adam
    steps : int
        How many updates in all, those of a resumed run included.
    rng : numpy.random.Generator
        All randomness of the run; a checkpoint keeps its state.
    max_norm : float, optional
        Clip the gradient to this norm.
    validate : callable, optional
        Takes nothing, returns a number that should fall, on data that is not trained on.
    validate_every : int
        Steps between validations, which are also the moments of a checkpoint.
    checkpoint : path, optional
        A safetensors file.
    resume : bool
        Continue from `checkpoint` if it exists: the numbers are those of a run that was never stopped.
    progress : bool
        Whether to show a bar.
    watch : callable, optional
        Takes the history so far: a `LossCurve`, for instance. Called before the first step and at the end, and between
        them at most four times a second, less often if it takes long.

    Returns
    -------
    History
        Ctrl-C ends the run between two steps, keeps the best weights and says so.

    Raises
    ------
    TrainingDiverged
        If the loss or the gradient is NaN or infinite; the best weights so far are put back.
    FileExistsError, IsADirectoryError
        If `checkpoint` exists and `resume` is false, or is a folder: nothing is overwritten.
    TypeError, ValueError
        If an argument is not what it should be, or the checkpoint is damaged or belongs to another model.
    """
    as_size("steps", steps)
    as_size("validate_every", validate_every)
    as_generator(rng)
    run = _Run(model, optimizer, rng, Path(checkpoint) if checkpoint else None)
    run.start(resume)
    observer = _Observer(watch, run.history)
    observer.look()  # what it shows stands above the bar
    bar = tqdm(total=steps, initial=run.step, disable=not progress, file=sys.stdout, unit="step", ncols=90)
    with bar, _ctrl_c_as_flag() as interrupted:
        while run.step < steps and not interrupted.is_set():
            with np.errstate(over="ignore", invalid="ignore"):  # said below, in a sentence
                loss, grads = model.loss_and_grads(sample_batch(rng))
                norm = clip_by_norm(grads, max_norm)
            if not np.isfinite(loss) or not np.isfinite(norm):
                run.restore_best()
                run.history.stopped = "diverged"
                observer.look()
                raise TrainingDiverged(_divergence(run.step + 1, loss, norm))
            optimizer.update(model.params, grads)
            run.history.losses.append(float(loss))
            run.history.gradient_norms.append(norm)
            observer.glance()
            bar.update()
            if run.step % validate_every == 0 or run.step == steps:
                run.validate(validate)
                run.save()
                bar.set_postfix_str(f"loss {loss:.4g}, best {run.history.best[1]:.4g}", refresh=False)
    run.history.stopped = "interrupted" if interrupted.is_set() else "finished"
    if interrupted.is_set():
        run.save()
        kept = "the best weights are kept" if run.best else "the latest weights are kept"
        print(f"Interrupted after {run.step} of {steps} steps; {kept}.")
    run.restore_best()
    observer.look()
    return run.history


class _Run:
    """A model in training: its history, its best weights, and their way to the checkpoint and back."""

    def __init__(self, model: Model, optimizer: SGD | Adam, rng: np.random.Generator, checkpoint: Path | None) -> None:
        self.model, self.optimizer, self.rng, self.checkpoint = model, optimizer, rng, checkpoint
        self.history = History()
        self.best: dict[str, NDArray] = {}

    @property
    def step(self) -> int:
        return len(self.history.losses)

    def start(self, resume: bool) -> None:
        if self.checkpoint is None or not self.checkpoint.exists():
            return
        if self.checkpoint.is_dir():
            raise IsADirectoryError(f"checkpoint {self.checkpoint} is a folder; name a file in it")
        if not resume:
            raise FileExistsError(
                f"checkpoint {self.checkpoint} exists; pass resume=True to continue it, or name another file"
            )
        groups, notes = load_checkpoint(self.checkpoint, self.model.params)
        if notes["rule"] != type(self.optimizer).__name__:
            raise ValueError(
                f"checkpoint {self.checkpoint} was written with the optimizer {notes['rule']}; "
                f"expected {type(self.optimizer).__name__}: continue with the same one"
            )
        for name, param in self.model.params.items():
            param[...] = groups["params"][name]
        self.best = groups["best"]
        self.optimizer.state = groups["optimizer"]
        self.history = History(notes["losses"], notes["gradient_norms"], [tuple(pair) for pair in notes["validations"]])
        self.rng.bit_generator.state = notes["rng"]

    def validate(self, measure: Callable[[], float] | None) -> None:
        if measure is None:
            return
        before = self.history.best[1] if self.history.validations else np.inf
        value = float(measure())
        self.history.validations.append((self.step, value))
        if value < before:
            self.best = {name: param.copy() for name, param in self.model.params.items()}

    def save(self) -> None:
        if self.checkpoint is None:
            return
        groups = {"params": self.model.params, "best": self.best, "optimizer": self.optimizer.state}
        notes = {
            "rule": type(self.optimizer).__name__,
            "losses": self.history.losses,
            "gradient_norms": self.history.gradient_norms,
            "validations": self.history.validations,
            "rng": self.rng.bit_generator.state,
        }
        save_checkpoint(self.checkpoint, groups, notes)

    def restore_best(self) -> None:
        for name, param in self.best.items():
            self.model.params[name][...] = param


class _Observer:
    """Shows a history to whoever watches it."""

    def __init__(self, watch: Callable[[History], object] | None, history: History) -> None:
        self.watch, self.history = watch, history
        self.due = 0.0

    def look(self) -> None:
        if self.watch is not None:
            self.watch(self.history)

    def glance(self) -> None:
        """Look if that costs next to nothing beside the training since the last time."""
        start = time.monotonic()
        if start >= self.due:
            self.look()
            end = time.monotonic()
            self.due = end + min(max(99 * (end - start), SHORTEST_PAUSE), LONGEST_PAUSE)


@contextmanager
def _ctrl_c_as_flag() -> Iterator[threading.Event]:
    """Let Ctrl-C set a flag, so that it takes effect between two steps; pressed again, it interrupts at once."""
    flag = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return

    def on_interrupt(signum, frame):
        if flag.is_set():
            raise KeyboardInterrupt
        flag.set()

    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield flag
    finally:
        signal.signal(signal.SIGINT, previous)


def _divergence(step: int, loss: float, norm: float) -> str:
    return (
        f"training diverged at step {step}: the loss is {loss:.3g} and the norm of its gradient {norm:.3g}. "
        "What usually helps: a smaller learning rate, clipping (max_norm=1), inputs scaled to about -1 ... 1, "
        "and a look at the data for NaN."
    )
