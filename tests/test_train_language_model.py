"""The committed training command: it stops by the clock, and goes on from its checkpoint."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from rnn_lab.models import Architecture

COMMAND = Path(__file__).parents[1] / "data" / "train_language_model.py"


@pytest.fixture(scope="module")
def command():
    spec = importlib.util.spec_from_file_location("train_language_model", COMMAND)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_run_ends_with_its_time_and_goes_on_from_its_checkpoint(command, tmp_path, capsys):
    ids = np.tile(np.arange(6), 200)
    run = command.Run(Architecture("GRU", 8, 4, 6), minutes=2 / 60, columns=4, steps=10, rate=0.02)
    first = command.train("GRU", run, ids, tmp_path / "GRU.checkpoint")
    steps = int(np.max([int(line.split()[3]) for line in capsys.readouterr().out.splitlines()]))
    assert steps > 0
    again = command.train("GRU", run, ids, tmp_path / "GRU.checkpoint")
    for name, param in first.params.items():
        np.testing.assert_array_equal(again.params[name], param)
    assert capsys.readouterr().out == ""

    longer = command.Run(run.architecture, minutes=3 / 60, columns=4, steps=10, rate=0.02)
    on = command.train("GRU", longer, ids, tmp_path / "GRU.checkpoint")
    went_on = [int(line.split()[3]) for line in capsys.readouterr().out.splitlines()]
    assert min(went_on) > steps
    assert not np.array_equal(on.params["readout.b"], first.params["readout.b"])


def test_a_run_without_a_checkpoint_writes_nothing(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = command.Run(Architecture("RNN", 3, 2, 6), minutes=2 / 60, columns=4, steps=10, rate=0.02)
    command.train("RNN", run, np.tile(np.arange(6), 200))
    assert not any(tmp_path.iterdir())


def test_every_command_is_complete(command):
    for runs in command.COMMANDS.values():
        assert sum(run.minutes for run in runs.values()) <= 30
    assert list(command.COMMANDS["docstrings"]) == ["large", "RNN", "GRU", "LSTM"]
