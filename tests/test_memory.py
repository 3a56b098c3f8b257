"""The memory tasks: what they show and ask, how answers are judged, and the measured curves."""

import hashlib
import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_lab.datasets import download, memory
from rnn_lab.datasets.memory import LAST_MARK, TASKS, adding, copy, last_mark, memory_curves, recall, success
from rnn_lab.models import SequenceModel
from rnn_lab.nn import GRU, LSTM, RNN, Adam
from rnn_lab.training import fit

TRAINING = Path(__file__).parents[1] / "data" / "train_memory.py"
CELLS = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}
cases = given(lag=st.integers(2, 40), N=st.integers(1, 8), seed=st.integers(0, 2**32 - 1))


def ids_of(x):
    """Return the ids of one-hot vectors."""
    assert set(np.unique(x)) <= {0, 1} and (x.sum(axis=2) == 1).all()
    return x.argmax(axis=2)


@cases
def test_recall_shows_a_symbol_then_distractors_then_asks(lag, N, seed):
    x, target, mask = recall(lag, N, np.random.default_rng(seed))
    ids = ids_of(x)
    assert x.shape == (lag + 2, N, 17)
    assert (ids[0] < 8).all() and ((ids[1:-1] >= 8) & (ids[1:-1] < 16)).all() and (ids[-1] == 16).all()
    assert (target == ids[0]).all() and target.shape == ids.shape
    assert mask[-1].all() and not mask[:-1].any()


@cases
def test_copy_shows_five_symbols_then_blanks_then_asks_for_all(lag, N, seed):
    x, target, mask = copy(lag, N, np.random.default_rng(seed))
    ids = ids_of(x)
    assert x.shape == (lag + 11, N, 10)
    assert (ids[:5] < 8).all() and (ids[5:-6] == 8).all() and (ids[-6] == 9).all() and (ids[-5:] == 8).all()
    assert len(ids[5:-6]) == lag
    assert (target[-5:] == ids[:5]).all() and target.shape == ids.shape
    assert mask[-5:].all() and not mask[:-5].any()


@cases
def test_adding_marks_a_number_in_each_half_and_asks_for_their_sum(lag, N, seed):
    x, target, mask = adding(lag, N, np.random.default_rng(seed))
    numbers, markers = x[..., 0], x[..., 1]
    assert x.shape == (lag, N, 2)
    assert ((numbers >= 0) & (numbers < 1)).all() and set(np.unique(markers)) <= {0, 1}
    assert (markers[: lag // 2].sum(axis=0) == 1).all() and (markers[lag // 2 :].sum(axis=0) == 1).all()
    np.testing.assert_allclose(target, np.broadcast_to((numbers * markers).sum(axis=0)[:, None], target.shape), 1e-6)
    assert target.shape == (lag, N, 1)
    assert mask[-1].all() and not mask[:-1].any()


@cases
def test_last_mark_marks_two_symbols_and_asks_for_the_second(lag, N, seed):
    x, target, mask = last_mark(lag, N, np.random.default_rng(seed))
    ids, marks, n = ids_of(x[:-1, :, :4]), x[:-1, :, 4], np.arange(N)
    assert x.shape == (lag + 2, N, 6)
    assert (marks[0] == 1).all() and (marks.sum(axis=0) == 2).all() and not marks[max(lag // 2, 1) + 1 :].any()
    assert not x[:-1, :, 5].any() and (x[-1] == [0, 0, 0, 0, 0, 1]).all()
    second = marks[1:].argmax(axis=0) + 1
    assert (target == ids[second, n]).all() and target.shape == mask.shape and (ids[0] != target[0]).all()
    assert mask[-1].all() and not mask[:-1].any()


def test_everything_that_may_come_does_come_equally_often():
    rng = np.random.default_rng(0)
    ids = ids_of(recall(3, 8000, rng)[0])
    counts = [np.bincount(ids[0], minlength=8), np.bincount(ids[2] - 8, minlength=8)]
    counts.append(np.bincount(copy(3, 8000, rng)[1][-2], minlength=8))
    np.testing.assert_allclose(counts, 1000, atol=150)  # five standard deviations
    numbers, markers = np.moveaxis(adding(8, 8000, rng)[0], 2, 0)
    np.testing.assert_allclose(markers.sum(axis=1), 2000, atol=200)
    np.testing.assert_allclose(numbers.mean(axis=1), 0.5, atol=0.02)


@pytest.mark.parametrize("task", [*TASKS.values(), LAST_MARK], ids=[*TASKS, "last mark"])
def test_a_batch_is_what_its_seed_says_in_float32_and_of_the_sizes_of_the_task(task):
    first, again, other = (task.batch(6, 4, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    x, target, mask = first
    assert (x.dtype, x.shape[2], mask.dtype) == (np.float32, task.input_size, bool)
    if target.dtype.kind == "i":
        assert target.max() < task.output_size
    else:
        assert target.shape[2] == task.output_size


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_right_answers_succeed_and_an_answer_that_does_not_count_changes_nothing(task):
    _, target, mask = task.batch(6, 50, np.random.default_rng(0))
    y = np.eye(task.output_size)[target] if target.dtype.kind == "i" else target.copy()
    assert success(y, target, mask) == 1
    y[~mask] = 1e6
    assert success(y, target, mask) == 1
    y[-1, :5] = -y[-1, :5]  # one of the answers that count
    assert success(y, target, mask) == 0.9


def test_a_number_is_right_up_to_a_tenth():
    target, mask = np.ones((1, 4, 1)), np.ones((1, 4), bool)
    y = target + np.array([[0.09], [-0.09], [0.11], [-0.11]])
    assert success(y, target, mask) == 0.5


def test_guessing_succeeds_as_often_as_the_task_says():
    rng, N = np.random.default_rng(0), 20000
    _, target, mask = recall(1, N, rng)
    np.testing.assert_allclose(success(rng.random((3, N, 8)), target, mask), TASKS["delayed recall"].chance, atol=0.01)
    _, target, mask = adding(4, N, rng)
    np.testing.assert_allclose(success(np.ones_like(target), target, mask), TASKS["adding"].chance, atol=0.01)
    for other in (0.7, 0.9, 1.1, 1.3):
        assert success(np.full_like(target, other), target, mask) < TASKS["adding"].chance
    assert TASKS["copy"].chance == 8**-5


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, 2, np.random.default_rng()), ValueError, "lag is 0; expected at least 1"),
        ((2.5, 2, np.random.default_rng()), TypeError, "lag is 2.5, a float; expected a whole number"),
        ((5, 0, np.random.default_rng()), ValueError, "N is 0; expected at least 1"),
        ((5, 2, 0), TypeError, "rng is 0; expected a generator"),
    ],
)
def test_a_batch_that_cannot_be_is_refused(task, arguments, error, message):
    with pytest.raises(error, match=message):
        task.batch(*arguments)


def test_two_markers_need_two_steps():
    with pytest.raises(ValueError, match="lag is 1; expected at least 2 steps, because two different ones are marked"):
        adding(1, 2, np.random.default_rng())


Y, IDS, MASK = np.zeros((3, 2, 8)), np.zeros((3, 2), int), np.ones((3, 2), bool)


@pytest.mark.parametrize(
    ("y", "target", "mask", "error", "message"),
    [
        (Y[0], IDS, MASK, ValueError, r"y has shape \(2, 8\); expected \(T, N, K\)"),
        (Y * np.nan, IDS, MASK, ValueError, "y holds 48 NaN"),
        (Y, IDS[:2], MASK, ValueError, r"target has shape \(2, 2\); expected \(3, 2\), as y without its last axis"),
        (Y, IDS * 1.0, MASK, ValueError, r"target has shape \(3, 2\); expected \(3, 2, 8\), as y"),
        (Y, IDS, MASK[:2], ValueError, r"mask has shape \(2, 2\); expected \(3, 2\), as y without its last axis"),
        (Y, IDS, MASK * 1, TypeError, "mask holds values of type int64; expected True where an answer counts"),
        (Y, IDS, MASK & [True, False], ValueError, "mask is False throughout a sequence"),
    ],
)
def test_answers_that_cannot_be_judged_are_refused(y, target, mask, error, message):
    with pytest.raises(error, match=message):
        success(y, target, mask)


def test_a_short_lag_is_learnt():
    task, rng = TASKS["delayed recall"], np.random.default_rng(0)
    model = SequenceModel(RNN(task.input_size, 32, rng, dtype=np.float32), task.output_size, task.loss, rng)
    fit(model, lambda rng: task.batch(3, 32, rng), Adam(0.01), steps=200, rng=rng, max_norm=1, progress=False)
    x, target, mask = task.batch(3, 1000, rng)
    assert success(model.forward(x)[0], target, mask) > 0.95


@pytest.fixture(scope="module")
def curves():
    return memory_curves()


def test_the_curves_are_complete(curves):
    shape = (len(curves.lags), len(curves.training["seeds"]))
    assert curves.lags == sorted(curves.lags) and shape[1] >= 3
    for table in (curves.success, curves.steps, curves.settings):
        assert list(table) == list(TASKS)
        assert all(list(cells) == list(CELLS) for cells in table.values())
    for table in (curves.success, curves.steps):
        assert {array.shape for cells in table.values() for array in cells.values()} == {shape}
    for task in TASKS:
        for cell in CELLS:
            rates, steps = curves.success[task][cell], curves.steps[task][cell]
            assert (rates >= 0).all() and (rates <= 1).all()
            assert (steps >= 1).all() and (steps <= curves.training["steps"]).all()
            ended_early = steps < curves.training["steps"]
            # A run ends at its first lucky look at 256 sequences, so the test lies lower: how much, is no promise.
            assert (rates[ended_early] > curves.training["solved"] - 0.1).all()


@pytest.mark.parametrize("name", TASKS)
def test_the_cells_of_a_curve_have_equally_many_parameters(curves, name):
    task, counts = TASKS[name], []
    for cell, layer in CELLS.items():
        setting = curves.settings[name][cell]
        model = SequenceModel(layer(task.input_size, setting["hidden_size"]), task.output_size, task.loss)
        counts.append(sum(param.size for param in model.params.values()))
        assert counts[-1] == setting["parameters"]
    assert max(counts) < 1.05 * min(counts)


def test_curves_that_are_missing_or_damaged_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "BUNDLED", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"data/memory_curves.json is missing; .*git checkout"):
        memory_curves()
    (tmp_path / "memory_curves.json").write_text("{}\n")
    with pytest.raises(ValueError, match=r"data/memory_curves.json is damaged: .*git checkout"):
        memory_curves()


@pytest.fixture
def training(tmp_path, monkeypatch):
    """The committed command, made short, and the bundled file that it writes, an empty folder's."""
    spec = spec_from_file_location("train_memory", TRAINING)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.FILE = tmp_path / "memory_curves.json"
    module.PARAMETERS = 200
    module.TRAINING |= {
        "steps": 3,
        "validate_every": 2,
        "validated": 8,
        "tested": 8,
        "lags": [2, 3, 4],
        "seeds": [0, 1],
    }
    module.TUNING |= {"lags": dict.fromkeys(TASKS, 2), "steps": 1, "seeds": [9], "learning_rates": [0.01]}
    monkeypatch.setattr(download, "BUNDLED", tmp_path)
    return module


def test_a_stopped_training_goes_on_where_it_was(training, monkeypatch):
    training.main()
    whole = json.loads(training.FILE.read_text())
    for run in whole["tries"] + whole["runs"]:
        run["seconds"] = 0
    assert len(whole["tries"]) == 27 and len(whole["runs"]) == 3 * 3 * 3 * 2
    training.write(whole | {"tries": whole["tries"][:5], "runs": []})
    trained = []
    monkeypatch.setattr(
        training, "train", lambda train=training.train, **run: trained.append(1) or train(**run) | {"seconds": 0}
    )
    training.main()
    assert json.loads(training.FILE.read_text()) == whole
    assert len(trained) == 22 + 54


def test_the_curves_are_what_the_training_measured(training, monkeypatch):
    training.main()
    monkeypatch.setattr(memory, "CURVES_SHA256", hashlib.sha256(training.FILE.read_bytes()).hexdigest())
    curves, runs = memory_curves(), json.loads(training.FILE.read_text())["runs"]
    assert curves.lags == [2, 3, 4]
    assert len(runs) == sum(array.size for cells in curves.success.values() for array in cells.values())
    for run in runs:
        where = (curves.lags.index(run["lag"]), curves.training["seeds"].index(run["seed"]))
        assert curves.success[run["task"]][run["cell"]][where] == run["success"]
        assert curves.steps[run["task"]][run["cell"]][where] == run["steps"]
        assert curves.settings[run["task"]][run["cell"]]["start"] == run["start"]


@pytest.mark.parametrize(("solved", "steps"), [(0.0, 2), (1.1, 3)])
def test_a_run_ends_at_the_validation_that_finds_the_task_solved(training, solved, steps):
    training.TRAINING["solved"] = solved
    run = training.train("copy", "GRU", "update bias 2", 0.01, lag=2, seed=0, steps=3)
    assert run["steps"] == steps


def test_a_training_with_other_settings_is_not_mixed_in(training):
    training.write({"training": training.TRAINING | {"N": 1}, "tuning": training.TUNING})
    with pytest.raises(SystemExit, match=r"memory_curves.json was measured with other settings; delete it"):
        training.main()


def test_the_best_try_solved_the_task_on_all_seeds_the_soonest_or_else_the_most_of_it(training):
    def tries(start, *results):
        return [{"start": start, "learning_rate": 0.1, "steps": steps, "success": rate} for steps, rate in results]

    flaky, slow, quick = (
        tries("flaky", (10, 1.0), (99, 0.9)),
        tries("slow", (80, 1.0), (90, 1.0)),
        tries("quick", (50, 0.99), (90, 0.99)),
    )
    some, more = tries("some", (99, 0.2), (99, 0.3)), tries("more", (99, 0.1), (99, 0.5))
    assert training.chosen(flaky + slow + quick + more)["start"] == "quick"
    assert training.chosen(flaky + slow)["start"] == "slow"
    assert training.chosen(some + more) == {"start": "more", "learning_rate": 0.1}
    assert training.chosen(some + flaky + more)["start"] == "flaky"
