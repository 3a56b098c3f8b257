"""The fit loop: what it keeps, how it stops, and a resumed run that equals one that was never stopped."""

import signal

import numpy as np
import pytest
from support import assert_same

from rnn_lab import training
from rnn_lab.checkpoints import load_checkpoint
from rnn_lab.models import Forecaster
from rnn_lab.nn import SGD, Adam, cosine_decay, step_decay, warmup
from rnn_lab.training import TrainingDiverged, fit

RULES = pytest.mark.parametrize(
    "rule",
    [
        lambda: SGD(0.05),
        lambda: SGD(0.05, momentum=0.9),
        lambda: Adam(0.01),
        lambda: Adam(warmup(3, cosine_decay(0.01, 9))),
        lambda: SGD(step_decay(0.05, 0.5, every=5)),
    ],
    ids=["SGD", "momentum", "Adam", "schedule", "SGD with a schedule"],
)


class Bowl:
    """The loss (w - batch)**2 of one number, from 4 downhill."""

    def __init__(self):
        self.params = {"w": np.array([4.0])}

    def loss_and_grads(self, batch):
        w = self.params["w"]
        return float(((w - batch) ** 2).sum()), {"w": 2 * (w - batch)}


def zero_batch(rng):
    return 0.0


def forecaster():
    return Forecaster(1, 4, np.random.default_rng(0))


def random_batch(rng):
    return rng.standard_normal((2, 5, 3, 1))


def run(model, **options):
    defaults = {"sample_batch": zero_batch, "optimizer": SGD(0.1), "steps": 10, "rng": np.random.default_rng(1)}
    return fit(model, **(defaults | {"progress": False} | options))


def test_every_step_is_in_the_history():
    model = Bowl()
    history = run(model, steps=3)
    path = 4 * 0.8 ** np.arange(4)  # each step takes off a fifth
    assert_same(model.params["w"], path[3:])
    assert_same(history.losses, path[:3] ** 2)
    assert_same(history.gradient_norms, 2 * path[:3])
    assert (history.validations, history.stopped, history.best) == ([], "finished", (3, history.losses[-1]))


def test_clipping_shows_the_norm_before_it():
    model = Bowl()
    history = run(model, steps=1, max_norm=1.0)
    assert_same(model.params["w"], [4 - 0.1])
    assert history.gradient_norms == [8]


def test_the_best_weights_are_kept():
    model, values = Bowl(), iter([5, 2, 3, 2, 9.0])
    seen = []

    def validate():
        seen.append(model.params["w"][0])
        return next(values)

    history = run(model, steps=9, validate=validate, validate_every=2)
    assert history.validations == [(2, 5), (4, 2), (6, 3), (8, 2), (9, 9)]  # and after the last step
    assert history.best == (4, 2)
    assert model.params["w"][0] == seen[1]


def test_parameters_stay_the_layers_own_arrays():
    model = forecaster()
    before = model.rnn.params["U"].copy()
    run(model, sample_batch=random_batch, steps=4, validate_every=2, validate=iter([1.0, 2.0]).__next__)
    assert model.params["rnn.U"] is model.rnn.params["U"] and (model.rnn.params["U"] != before).all()


@RULES
@pytest.mark.parametrize("validate", [None, lambda: 1.0], ids=["no validation", "validation"])
def test_a_resumed_run_continues_exactly(tmp_path, rule, validate):
    options = {"sample_batch": random_batch, "validate": validate, "validate_every": 4}
    whole_model, whole_rng = forecaster(), np.random.default_rng(1)
    whole = run(whole_model, optimizer=rule(), steps=12, rng=whole_rng, **options)

    file = tmp_path / "new folder" / "run.safetensors"
    run(forecaster(), optimizer=rule(), steps=8, checkpoint=file, **options)
    model, rng = Forecaster(1, 4, np.random.default_rng(99)), np.random.default_rng(99)
    resumed = run(model, optimizer=rule(), steps=12, rng=rng, checkpoint=file, resume=True, **options)

    assert resumed == whole
    assert_same(model.params, whole_model.params, 0)
    assert rng.bit_generator.state == whole_rng.bit_generator.state


def test_the_checkpoint_holds_the_last_weights_and_the_best(tmp_path):
    model, values = Bowl(), iter([1.0, 2.0])
    run(model, steps=4, validate=lambda: next(values), validate_every=2, checkpoint=tmp_path / "run.safetensors")
    groups, notes = load_checkpoint(tmp_path / "run.safetensors", model.params)
    assert_same(groups["params"]["w"], [4 * 0.8**4])
    assert_same(groups["best"]["w"], [4 * 0.8**2])
    assert_same(model.params["w"], [4 * 0.8**2])
    assert notes["rule"] == "SGD" and len(notes["losses"]) == 4


def test_a_run_that_reached_its_end_is_not_run_again(tmp_path):
    options = {"steps": 4, "checkpoint": tmp_path / "run.safetensors", "resume": True}
    history = run(Bowl(), **options)
    model = Bowl()
    assert run(model, **options) == history
    assert_same(model.params["w"], [4 * 0.8**4])


def interrupt_at(step, then=zero_batch):
    """A batch that comes with Ctrl-C at the given step."""
    calls = iter(range(1, 1000))

    def sample_batch(rng):
        if next(calls) == step:
            signal.raise_signal(signal.SIGINT)
        return then(rng)

    return sample_batch


def test_ctrl_c_finishes_the_step_keeps_the_best_and_says_so(capsys):
    model, handler = Bowl(), signal.getsignal(signal.SIGINT)
    history = run(model, sample_batch=interrupt_at(5), validate=lambda: model.params["w"][0] ** 2, validate_every=2)
    assert history.stopped == "interrupted" and len(history.losses) == 5
    assert_same(model.params["w"], [4 * 0.8**4])
    assert capsys.readouterr().out == "Interrupted after 5 of 10 steps; the best weights are kept.\n"
    assert signal.getsignal(signal.SIGINT) is handler


def test_ctrl_c_without_validation_keeps_the_latest_weights(capsys):
    model = Bowl()
    run(model, sample_batch=interrupt_at(3))
    assert_same(model.params["w"], [4 * 0.8**3])
    assert "the latest weights are kept" in capsys.readouterr().out


def test_an_interrupted_run_resumes_exactly(tmp_path, capsys):
    options = {"optimizer": Adam(0.01), "validate_every": 4}
    whole_model, model = forecaster(), forecaster()
    whole = run(whole_model, sample_batch=random_batch, **options)

    options |= {"optimizer": Adam(0.01), "checkpoint": tmp_path / "run.safetensors"}
    run(model, sample_batch=interrupt_at(7, random_batch), **options)
    assert len(load_checkpoint(options["checkpoint"], model.params)[1]["losses"]) == 7  # nothing is lost
    resumed = run(model, sample_batch=random_batch, resume=True, **options | {"optimizer": Adam(0.01)})
    assert resumed == whole
    assert_same(model.params, whole_model.params, 0)


def test_ctrl_c_pressed_twice_interrupts_at_once():
    def impatient(rng):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(Bowl(), sample_batch=impatient)
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200])
def test_a_run_that_diverges_says_where_and_what_helps_and_keeps_the_best(bad):
    model, batches = Bowl(), iter([0.0, 0.0, 0.0, bad])
    with pytest.raises(TrainingDiverged) as caught:
        run(model, sample_batch=lambda rng: next(batches), validate=lambda: 1.0, validate_every=2)
    message = str(caught.value)
    assert message.startswith("training diverged at step 4: the loss is ") and "norm of its gradient" in message
    assert "smaller learning rate" in message and "max_norm" in message
    assert_same(model.params["w"], [4 * 0.8**2])


def test_a_gradient_that_is_not_finite_stops_the_run_although_the_loss_is_fine():
    model = Bowl()
    model.loss_and_grads = lambda batch: (1.0, {"w": np.array([np.nan])})
    with pytest.raises(TrainingDiverged, match=r"the loss is 1 and the norm of its gradient nan"):
        run(model)
    assert_same(model.params["w"], [4.0], 0)


def test_a_checkpoint_is_never_overwritten_unasked(tmp_path):
    file = tmp_path / "run.safetensors"
    run(Bowl(), checkpoint=file)
    content = file.read_bytes()
    with pytest.raises(FileExistsError, match=r"run.safetensors exists; pass resume=True to continue it, or name"):
        run(Bowl(), checkpoint=file)
    assert file.read_bytes() == content


def test_a_folder_is_no_checkpoint(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder; name a file in it"):
        run(Bowl(), checkpoint=tmp_path)


def test_a_loss_in_float32_is_kept_in_the_checkpoint(tmp_path):
    model = Bowl()
    exact = model.loss_and_grads
    model.loss_and_grads = lambda batch: (np.float32(exact(batch)[0]), exact(batch)[1])
    history = run(model, checkpoint=tmp_path / "run.safetensors")
    _, notes = load_checkpoint(tmp_path / "run.safetensors", model.params)
    assert notes["losses"] == history.losses


@pytest.mark.parametrize("crash", ["rnn_lab.storage.os.replace", "rnn_lab.storage.os.fsync"])
def test_a_crash_while_writing_leaves_the_old_checkpoint(tmp_path, monkeypatch, crash):
    file = tmp_path / "run.safetensors"
    run(Bowl(), steps=4, checkpoint=file)
    content = file.read_bytes()

    def broken(*args):
        raise OSError("disk full")

    monkeypatch.setattr(crash, broken)
    with pytest.raises(OSError, match="disk full"):
        run(Bowl(), steps=8, checkpoint=file, resume=True)
    assert file.read_bytes() == content
    monkeypatch.undo()
    assert len(run(Bowl(), steps=8, checkpoint=file, resume=True).losses) == 8


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: b"", "is damaged or not a safetensors file"),
        (lambda content: content[:-5], "is damaged or not a safetensors file"),
        (lambda content: content[:20], "is damaged or not a safetensors file"),
        (lambda content: b"not a checkpoint at all", "is damaged or not a safetensors file"),
        (lambda content: content.replace(b"rnn_lab checkpoint", b"someone else's one"), "was not written by fit"),
    ],
    ids=["empty", "truncated", "header truncated", "text", "another program's"],
)
def test_a_damaged_checkpoint_is_refused_and_left_alone(tmp_path, damage, message):
    file, model = tmp_path / "run.safetensors", Bowl()
    run(Bowl(), checkpoint=file)
    damaged = damage(file.read_bytes())
    file.write_bytes(damaged)
    with pytest.raises(ValueError, match=f"run.safetensors {message}"):
        run(model, checkpoint=file, resume=True)
    assert file.read_bytes() == damaged
    assert_same(model.params["w"], [4.0], 0)


def test_a_checkpoint_of_another_model_or_optimizer_is_refused(tmp_path):
    file = tmp_path / "run.safetensors"
    run(Bowl(), checkpoint=file)
    with pytest.raises(
        ValueError, match=r"is of another model: it holds \{'w': \(1,\)\}; expected \{'rnn.W': \(4, 1\)"
    ):
        run(forecaster(), sample_batch=random_batch, checkpoint=file, resume=True)
    with pytest.raises(ValueError, match=r"was written with the optimizer SGD; expected Adam"):
        run(Bowl(), optimizer=Adam(0.1), checkpoint=file, resume=True)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps is 0; expected at least 1"),
        ({"steps": 2.5}, TypeError, "steps is 2.5, a float; expected a whole number"),
        ({"validate_every": 0}, ValueError, "validate_every is 0; expected at least 1"),
        ({"max_norm": 0}, ValueError, "max_norm is 0; expected a number above 0"),
        ({"rng": 0}, TypeError, "rng is 0; expected a generator"),
    ],
)
def test_bad_options_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        run(Bowl(), **options)


def test_progress_is_shown_when_asked_for(capsys):
    fit(Bowl(), zero_batch, SGD(0.1), steps=4, rng=np.random.default_rng(0), validate=lambda: 0.5, validate_every=2)
    shown = capsys.readouterr().out
    assert "4/4" in shown and "best 0.5" in shown
    run(Bowl())
    assert capsys.readouterr().out == ""


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(training.time, "monotonic", lambda: self.now)

    def passes(self, seconds, result=None):
        self.now += seconds
        return result


def looks(clock, step_takes, look_takes, **options):
    """Train for 100 steps and return after how many of them the watcher was called, and what it was told."""
    seen = []

    def watch(history):
        seen.append((len(history.losses), history.stopped))
        clock.passes(look_takes)

    run(Bowl(), **{"sample_batch": lambda rng: clock.passes(step_takes, 0.0), "steps": 100, "watch": watch} | options)
    return [step for step, _ in seen], [stopped for _, stopped in seen]


def test_a_training_is_watched_from_before_its_first_step_to_its_end(monkeypatch):
    steps, told = looks(Clock(monkeypatch), step_takes=1.0, look_takes=0.0)
    assert steps == [0, *range(1, 101), 100]
    assert told == 101 * ["running"] + ["finished"]


@pytest.mark.parametrize(
    ("step_takes", "look_takes", "between"),
    [
        (0.01, 0.0, 25),  # at most four times a second
        (0.01, 0.002, 25),
        (0.1, 0.01, 10),  # a hundredth of the time
        (0.1, 1.0, 20),  # but every two seconds at least
    ],
)
def test_watching_costs_little(monkeypatch, step_takes, look_takes, between):
    steps, _ = looks(Clock(monkeypatch), step_takes, look_takes)
    assert steps[:2] == [0, 1] and steps[-1] == 100
    assert np.abs(np.diff(steps[1:-1]) - between).max() <= 1


def test_a_watcher_is_told_how_a_run_ended(monkeypatch, capsys):
    clock = Clock(monkeypatch)
    steps, told = looks(clock, 1.0, 0.0, sample_batch=interrupt_at(5))
    assert (steps[-1], told[-1]) == (5, "interrupted")
    seen = []
    with pytest.raises(TrainingDiverged):
        run(Bowl(), sample_batch=lambda rng: np.nan, watch=lambda history: seen.append(history.stopped))
    assert seen == ["running", "diverged"]


def test_at_the_last_look_the_best_weights_are_back():
    model, weights = Bowl(), []
    values = iter([1.0, 2.0])

    def watch(history):
        weights.append(model.params["w"][0])

    run(model, steps=4, validate=lambda: next(values), validate_every=2, watch=watch)
    assert weights[-1] == pytest.approx(4 * 0.8**2)


def test_a_resumed_run_is_watched_with_what_went_before(tmp_path):
    options = {"checkpoint": tmp_path / "run.safetensors", "resume": True}
    run(Bowl(), steps=4, **options)
    seen = []
    run(Bowl(), steps=6, watch=lambda history: seen.append(len(history.losses)), **options)
    assert (seen[0], seen[-1]) == (4, 6)
