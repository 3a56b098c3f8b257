"""The spoken digits: their parts, their letters, batches, strings of clips, and augmentation."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from rnn_lab.audio import BANDS, RATE, features
from rnn_lab.augmentation import Augmentation, at_speed, in_noise, masked, warped
from rnn_lab.datasets import speech
from rnn_lab.datasets.speech import Utterance
from rnn_lab.nn.ctc import steps_needed

COMMAND = Path(__file__).parents[1] / "data" / "make_speech.py"
PLAIN = "gmw/en"  # a voice without a variant


@pytest.fixture(scope="module")
def parts():
    return speech.spoken_digits()


def test_no_part_shares_an_accent_or_a_throat_with_another(parts):
    accents, throats = (
        {
            part: {one.voice.split("+")[place].rstrip("0123456789" if place else "") for one in ones}
            for part, ones in parts.items()
        }
        for place in (0, 1)
    )
    for one, other in [("train", "choose"), ("train", "test"), ("choose", "test")]:
        assert not accents[one] & accents[other]
        assert throats[one] & throats[other] <= {"f", "m"}  # of these, a number is another throat
        voices = ({utterance.voice.split("+")[1] for utterance in parts[part]} for part in (one, other))
        assert not set.intersection(*voices)


def test_the_command_finds_throats_with_two_names_and_ignored_variants(monkeypatch):
    spec = importlib.util.spec_from_file_location("make_speech", COMMAND)
    command = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(command)
    rng = np.random.default_rng(0)
    throats = {name: rng.standard_normal(2000) for name in ("ann", "bob", "cid", "dan", "plain")}
    throats["eve"] = 0.5 * np.pad(throats["ann"], (30, 0)) + 0.05 * rng.standard_normal(2030)  # ann, later and softer
    monkeypatch.setattr(
        command, "spoken", lambda text, voice, *_: throats[voice.split("+")[-1].replace(PLAIN, "plain")]
    )
    assert command.heard_before({"train": ["ann", "bob"], "choose": ["cid"], "test": ["dan", "eve"]}) == {"eve"}
    with pytest.raises(ValueError, match="does not know the variants plain"):
        command.heard_before({"train": ["ann"], "choose": ["plain"], "test": ["dan"]})


def test_strings_are_of_one_to_seven_digits_and_fit_into_their_sound(parts):
    for ones in parts.values():
        assert {len(one.text.split()) for one in ones} == set(range(1, 8))
        assert {word for one in ones for word in one.text.split()} <= set(speech.WORDS)
        fastest = Augmentation().speed + 1
        for one in ones:
            assert len(features(one.sound)) / fastest > steps_needed(speech.encode(one.text)[:, None])[0]


def test_texts_are_encoded_without_blanks_and_come_back():
    text = " ".join(speech.WORDS)
    symbols = speech.encode(text)
    assert symbols.min() > 0 and symbols.max() < len(speech.SYMBOLS) == 17
    assert speech.decode(symbols) == text
    assert len(speech.encode("")) == 0
    with pytest.raises(ValueError, match="text is 'abc'"):
        speech.encode("abc")


def test_a_batch_is_padded(parts):
    ones = parts["choose"][:5]
    x, lengths, labels, label_lengths, rng = speech.batch(ones)
    assert rng is None and x.dtype == np.float32
    for n, one in enumerate(ones):
        np.testing.assert_array_equal(x[: lengths[n], n], features(one.sound))
        assert not x[lengths[n] :, n].any()
        assert speech.decode(labels[: label_lengths[n], n]) == one.text


def test_similar_lengths_are_similar(parts):
    rng = np.random.default_rng(0)
    lengths = [[len(one.sound) for one in speech.similar_lengths(parts["train"], 16, rng)] for _ in range(8)]
    assert all(len(one) == 16 for one in lengths)
    assert np.mean([np.std(one) for one in lengths]) < 0.5 * np.std(np.concatenate(lengths))


def clips():
    rng = np.random.default_rng(0)
    return [
        Utterance(rng.standard_normal(900).astype(np.float32) * loud, word, voice)
        for voice, loud in [("ann", 0.1), ("bob", 0.9)]
        for word in speech.WORDS
    ]


def test_strings_of_clips_are_of_one_voice_each_and_of_one_loudness():
    strings = speech.joined(clips(), 20, 5, np.random.default_rng(1))
    assert [len(one.text.split()) for one in strings] == [1, 2, 3, 4, 5] * 4
    assert {one.voice for one in strings} == {"ann", "bob"}
    for one in strings:
        heard = one.sound[one.sound != 0]
        assert len(heard) == 900 * len(one.text.split())
        assert np.sqrt(np.mean(heard**2)) == pytest.approx(0.1, rel=1e-3)
        assert len(one.sound) - len(heard) <= len(one.text.split()) * RATE // 10
    again = speech.joined(clips(), 20, 5, np.random.default_rng(1))
    assert all(np.array_equal(one.sound, other.sound) for one, other in zip(strings, again, strict=True))


def test_what_was_measured_can_be_read():
    assert {"ablation", "people"} <= set(speech.results())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: speech.decode([17]), "symbols holds 17 to 17; expected 0 to 16"),
        (lambda: speech.decode([-1]), "symbols holds -1 to -1"),
        (lambda: speech.batch([]), "utterances is empty"),
        (lambda: speech.joined([], 3, 2, np.random.default_rng(0)), "clips has 0 clips"),
        (lambda: speech.joined([Utterance(np.zeros(900), "one", "")], 3, 2, np.random.default_rng(0)), "silent"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_unknown_sources_are_named():
    with pytest.raises(ValueError, match="source is 'radio'"):
        speech.spoken_digits("radio")
    with pytest.raises(ValueError, match=r"takes is \[10\]"):
        speech.free_spoken_digits([10])


def test_speed_changes_length_and_pitch():
    tone = np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE).astype(np.float32)
    fast = at_speed(tone, 1.25)
    assert fast.dtype == np.float32 and len(fast) == pytest.approx(RATE / 1.25, abs=2)
    assert np.abs(np.fft.rfft(fast)).argmax() * RATE / len(fast) == pytest.approx(250, abs=2)


def test_noise_is_as_loud_as_asked_for():
    tone = np.sin(np.arange(RATE)).astype(np.float32)
    noise = in_noise(tone, 0.3, np.random.default_rng(0)) - tone
    assert np.std(noise) == pytest.approx(0.3 * np.sqrt(np.mean(tone**2)), rel=0.05)


def test_another_throat_moves_bands():
    bands = np.zeros((4, BANDS))
    bands[:, 20] = 1
    np.testing.assert_array_equal(warped(bands, 1.0), bands)
    assert warped(bands, 1.25)[0].argmax() == 16 and warped(bands, 0.8)[0].argmax() == 25


def test_masks_are_holes_in_a_copy():
    bands = np.ones((40, BANDS))
    holes = [masked(bands, np.random.default_rng(seed)) == 0 for seed in range(20)]
    assert (bands == 1).all()
    assert np.any([hole.all(axis=0).any() for hole in holes]) and np.any([hole.all(axis=1).any() for hole in holes])
    assert max(hole.mean() for hole in holes) < 0.8


def test_every_strength_is_drawn_anew(monkeypatch):
    drawn = {"at_speed": [], "in_noise": [], "warped": []}

    def drawing(name):
        return lambda given, strength, *_: drawn[name].append(strength) or given

    for name in drawn:
        monkeypatch.setattr(f"rnn_lab.augmentation.{name}", drawing(name))
    read = Augmentation(speed=0.2, throat=0.1, noise=0.3).reader(np.random.default_rng(0))
    for _ in range(200):
        read(np.sin(np.arange(2000)).astype(np.float32))
    for name, low, high in [("at_speed", 0.8, 1.2), ("warped", 0.9, 1.1), ("in_noise", 0.003, 0.3)]:
        assert low <= min(drawn[name]) < low + 0.05 * (high - low), name
        assert high - 0.05 * (high - low) < max(drawn[name]) <= high, name
    assert np.median(drawn["in_noise"]) == pytest.approx(0.03, rel=0.3)  # every power of ten as often


def test_augmentation_changes_features_and_can_be_left_out(parts):
    sound = parts["choose"][3].sound
    nothing = Augmentation(speed=0, throat=0, noise=0, masks=0).reader(np.random.default_rng(0))
    np.testing.assert_array_equal(nothing(sound), features(sound))
    for part in ("speed", "throat", "noise", "masks"):
        settings = dict.fromkeys(("speed", "throat", "noise", "masks"), 0) | {part: 0.15 if part != "masks" else 2}
        changed = Augmentation(**settings).reader(np.random.default_rng(0))(sound)
        assert changed.shape != features(sound).shape or not np.array_equal(changed, features(sound)), part
