"""The committed training command: it goes on where it was stopped, and measures anew what was asked for otherwise."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnn_lab.augmentation import Augmentation
from rnn_lab.datasets import speech
from rnn_lab.models.recognizer import load_recognizer

COMMAND = Path(__file__).parents[1] / "data" / "train_recognizer.py"
LANGUAGES = ("", ", character model", ", lexicon", ", lexicon and character model")
NETWORKS = 7 * 3  # of the ablation: settings, seeds


@pytest.fixture
def command(tmp_path, monkeypatch):
    """The command on a few utterances, writing into a folder of its own."""
    spec = importlib.util.spec_from_file_location("train_recognizer", COMMAND)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.RESULTS, module.WEIGHTS = tmp_path / "results.json", tmp_path / "weights.safetensors"
    few = {part: ones[7:11] for part, ones in speech.spoken_digits().items()}
    monkeypatch.setattr(speech, "spoken_digits", lambda: few)
    return module


@pytest.fixture
def networks(command, monkeypatch):
    """What is trained, instead of training it: the architecture, the seed and the augmentation of each network."""
    done = []
    monkeypatch.setattr(command, "trained", lambda *settings: done.append(settings) or len(done))
    monkeypatch.setattr(command, "rates", lambda model, _: {"CER": float(model)})
    return done


def carry_out(command, what="ablation"):
    command.carry_out(what, command.COMMANDS[what]())


def runs_of(command, what="ablation"):
    return json.loads(command.RESULTS.read_text())[what]["runs"]


def test_a_stopped_command_goes_on_where_it_was(command, networks, monkeypatch):
    def stopped(*settings):
        if len(networks) == 5:
            raise KeyboardInterrupt
        return networks.append(settings) or len(networks)

    with monkeypatch.context() as context, pytest.raises(KeyboardInterrupt):
        context.setattr(command, "trained", stopped)
        carry_out(command)
    assert [len(row) for row in runs_of(command).values()] == [1, 1, 1, 1, 1, 0, 0]
    carry_out(command)
    assert len(networks) == NETWORKS
    assert [len(row) for row in runs_of(command).values()] == [3] * 7
    carry_out(command)
    assert len(networks) == NETWORKS
    first = runs_of(command)["everything"][0]
    assert first["errors"] == {"quiet": {"CER": 1.0}, "noise": {"CER": 1.0}} and first["settings"]["seed"] == 0


@pytest.mark.parametrize(
    ("name", "value", "anew"),
    [
        ("STEPS", 100, NETWORKS),
        ("NOISE", 0.4, NETWORKS),  # of the test
        ("SEEDS", (0, 1, 5), 7),
        ("LEARNING", {"batch": 16, "warm_up": 20, "max_norm": 1.0}, NETWORKS),
    ],
)
def test_what_was_asked_for_otherwise_is_measured_anew(command, networks, monkeypatch, name, value, anew):
    carry_out(command)
    monkeypatch.setattr(command, name, value)
    carry_out(command)
    assert len(networks) == NETWORKS + anew
    assert [len(row) for row in runs_of(command).values()] == [3] * 7  # what is no longer asked for is gone


def test_one_changed_row_other_sound_and_another_text_are_noticed(command, networks, monkeypatch):
    carry_out(command)
    monkeypatch.setitem(command.OTHER_SETTINGS, "without masks", Augmentation(masks=1))
    carry_out(command)
    assert len(networks) == NETWORKS + 3 and networks[-1][-1] == Augmentation(masks=1)
    for count, change in [(2, {"sound": np.ones(900, np.float32)}), (3, {"text": "nine"})]:
        parts = speech.spoken_digits()
        others = parts | {"train": [replace(parts["train"][0], **change), *parts["train"][1:]]}
        monkeypatch.setattr(speech, "spoken_digits", lambda others=others: others)
        carry_out(command)
        assert len(networks) == count * NETWORKS + 3


def test_the_results_of_other_commands_stay(command, networks):
    command.RESULTS.write_text('{"weights": {"runs": {}}}')
    carry_out(command)
    assert set(json.loads(command.RESULTS.read_text())) == {"weights", "ablation"}


def test_the_carried_network_is_trained_written_and_tested(command, monkeypatch):
    monkeypatch.setattr(command, "LARGE", replace(command.LARGE, hidden_size=4))
    monkeypatch.setattr(command, "LARGE_STEPS", 24)
    monkeypatch.setattr(command, "CHOOSE_EVERY", 12)
    carry_out(command, "weights")
    (run,) = runs_of(command, "weights")["carried"]
    assert list(run["errors"]) == ["greedy", *(f"beam{language}" for language in LANGUAGES)]
    assert all(0 <= rate <= 1000 for errors in run["errors"].values() for rate in errors.values())
    x = speech.batch(speech.spoken_digits()["test"]).x
    assert np.isfinite(load_recognizer(command.WEIGHTS).log_probabilities(x)).all()


def test_people_are_tested_by_others_takes_and_both_rows_have_the_same_real_strings(command, monkeypatch):
    rng = np.random.default_rng(0)
    taken = []

    def clips(takes):
        taken.append(list(takes))
        sounds = {voice: rng.standard_normal(900).astype(np.float32) for voice in ("ann", "bob", "cid")}
        return [speech.Utterance(sounds[voice], word, voice) for voice in sounds for word in speech.WORDS]

    monkeypatch.setattr(speech, "free_spoken_digits", clips)
    pools = []
    monkeypatch.setattr(command, "training", lambda seed, utterances, tests: pools.append((utterances, tests)))
    rows = command.people()
    assert taken == [[5, 6, 7, 8, 9], [0, 1, 2, 3, 4]]
    assert [len(tasks) for tasks in rows.values()] == [1, 3, 3, 3, 9, 9]
    for (others, tests), (both, again) in zip(pools[9::6], pools[12::6], strict=True):
        (person,) = tests
        assert set(again) == {person}
        assert person not in {one.voice for one in others}
        assert both[: len(others)] == others and len(both) == len(others) + 4 * 4
