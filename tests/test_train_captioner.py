"""The committed training command: it goes on where it was, counts all of its time, and keeps only runs that fit."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest
from support import assert_same

from rnn_lab.models.scene_captioner import SceneCaptioner, load_captioner

COMMAND = Path(__file__).parents[1] / "data" / "train_captioner.py"
TINY = SceneCaptioner(shapes=(2, 3, 4), colours=2, embedding_size=3, hidden_size=5)


@pytest.fixture
def command(tmp_path, monkeypatch):
    """The command, with networks and lessons so small that they take no time."""
    spec = importlib.util.spec_from_file_location("train_captioner", COMMAND)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    stages = module.Stages(things=40, encoder_steps=10, scenes=40, decoder_steps=10, joint_steps=10)
    monkeypatch.setattr(module, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(module, "WEIGHTS", tmp_path / "captioner.safetensors")
    monkeypatch.setattr(module, "ASKED", 5)
    monkeypatch.setattr(module, "SEEDS", (0, 1))
    monkeypatch.setattr(module, "LARGE", TINY)
    monkeypatch.setattr(module, "LONG", replace(stages, fresh=True))
    blind = replace(stages, encoder_steps=0, joint_steps=0)
    compared = {
        "baselines": (TINY, replace(blind, encoder_steps=10)),
        "blind": (TINY, blind),
        "looking": (TINY, stages),
    }
    monkeypatch.setattr(module, "COMPARED", compared)
    return module


def test_weights_that_are_trained_are_kept_and_all_of_the_time_is_counted(command, tmp_path):
    command.train_weights("choose", tmp_path)
    first, weights = command.results()["weights"], load_captioner(command.WEIGHTS)
    assert set(first["choose"]) == {"seen", "unseen"} and "test" not in first
    assert first["architecture"]["shapes"] == [2, 3, 4] and first["stages"]["fresh"]
    (tmp_path / "captioner_clock.json").write_text("1000")
    command.train_weights("test", tmp_path)
    again = command.results()["weights"]
    assert_same(load_captioner(command.WEIGHTS).params, weights.params, 0)
    assert "test" in again and again["choose"] == first["choose"]
    assert 1000 <= again["processor seconds"] < 1060


def test_only_runs_with_the_same_settings_are_kept(command, monkeypatch, capsys):
    command.compare("choose", None)
    runs = command.results()["compare"]
    assert list(runs) == [*command.BASELINES, "blind", "looking"]
    assert all(list(seeds) == ["0", "1"] for seeds in runs.values())
    assert set(runs["blind"]["1"]) == {"architecture", "stages", "processor seconds", "choose"}
    capsys.readouterr()

    command.compare("choose", None)
    assert capsys.readouterr().out == "" and command.results()["compare"] == runs

    architecture, stages = command.COMPARED["looking"]
    monkeypatch.setitem(command.COMPARED, "looking", (replace(architecture, dropout=0.1), stages))
    command.compare("choose", None)
    changed = command.results()["compare"]
    assert changed["blind"] == runs["blind"] and changed["looking"]["0"]["architecture"]["dropout"] == 0.1
    assert "blind, seed" not in capsys.readouterr().out

    command.compare("test", None)
    assert command.results()["compare"]["looking"]["0"]["choose"] == changed["looking"]["0"]["choose"]


def test_a_blind_network_says_the_same_of_every_picture(command, capsys):
    command.compare("test", None)
    saved = json.loads(command.RESULTS.read_text())["compare"]["blind"]["0"]["test"]
    assert set(saved["seen"]) == {"exact", "words", "BLEU"}
    captioner, _, pictures = command.train(TINY, command.COMPARED["blind"][1], 0, command.Clock(), blind=True)
    assert len(set(command.describe(captioner, True, pictures))) == 1
