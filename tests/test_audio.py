"""From sound to features: against librosa's values, and sound in every form it may come in."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from rnn_lab.audio import (
    FRAME,
    HOP,
    RATE,
    STACK,
    as_sound,
    features,
    frames,
    hertz_to_mel,
    is_silence,
    log_mel,
    mel_filters,
    mel_to_hertz,
    normalised,
    power_spectrum,
    read_sound,
    stacked,
    trimmed,
)

LIMIT = 1e-9


@pytest.fixture(scope="module")
def librosa_values():
    with np.load(Path(__file__).parent / "oracles" / "librosa_values.npz") as file:
        return dict(file)


def tone(hertz=440.0, seconds=0.5, rate=RATE):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def test_filters_are_those_of_librosa(librosa_values):
    np.testing.assert_allclose(mel_filters(32, 256, 8000), librosa_values["filters"], atol=LIMIT)
    np.testing.assert_allclose(mel_filters(20, 512, 16000), librosa_values["coarse_filters"], atol=LIMIT)


def test_spectrum_and_mel_bands_are_those_of_librosa(librosa_values):
    spectrum = power_spectrum(frames(librosa_values["sound"], 256, 80))
    np.testing.assert_allclose(spectrum, librosa_values["spectrum"], rtol=LIMIT, atol=LIMIT)
    np.testing.assert_allclose(spectrum @ mel_filters().T, librosa_values["mel"], rtol=LIMIT, atol=LIMIT)


def test_mel_and_hertz_are_inverse():
    hertz = np.array([0.0, 100, 1000, 4000])
    np.testing.assert_allclose(mel_to_hertz(hertz_to_mel(hertz)), hertz)


def test_frames_lie_one_hop_apart():
    cut = frames(np.arange(1000), 256, 100)
    assert cut.shape == (8, 256)
    assert cut[:, 0].tolist() == list(range(0, 800, 100))
    assert frames(np.ones(10), 256, 100).sum() == 10


def test_a_tone_is_loudest_in_its_column():
    assert power_spectrum(frames(tone(1000.0)))[3].argmax() == 1000 * FRAME / RATE


def test_loudness_drops_out():
    sound = tone() + 0.01 * np.random.default_rng(0).standard_normal(RATE // 2)
    np.testing.assert_allclose(features(0.01 * sound), features(sound), atol=1e-3)
    bands = normalised(log_mel(sound))
    np.testing.assert_allclose(bands.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(normalised([[0.0, 5.0], [2.0, 5.0]]), [[-1 / 1.1, 0], [1 / 1.1, 0]])  # 0.1 for constants


def test_features_are_stacked_frames_in_float32():
    sound = tone()
    bands = normalised(log_mel(sound))
    x = features(sound)
    assert x.dtype == np.float32
    assert len(x) == -(-(1 + (len(sound) - FRAME) // HOP) // STACK)
    np.testing.assert_array_equal(x[3], np.concatenate(bands[3 * STACK : 4 * STACK]))
    assert stacked(np.ones((5, 2)), 2)[-1].tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize("samples", [0 * tone(), tone(seconds=0.01), np.ones(1), np.zeros(1)])
def test_silence_and_the_shortest_sounds_have_features(samples):
    assert np.isfinite(features(samples)).all()


def test_silence_is_heard_as_such():
    assert is_silence(np.zeros(800)) and is_silence(5e-4 * np.ones(800))
    assert is_silence(np.full(800, 0.05))  # an offset
    assert not is_silence(tone()) and not is_silence(0.01 * tone())  # somebody who whispers
    assert is_silence(as_sound(np.full(800, 0.05), RATE))


def test_quiet_ends_are_cut_off():
    quiet = 1e-3 * np.random.default_rng(0).standard_normal(RATE)
    sound = quiet.copy()
    sound[3000:5000] += tone(seconds=0.25)
    kept = trimmed(sound)
    assert len(kept) == pytest.approx(2000 + 2 * 400, abs=2 * FRAME)
    np.testing.assert_allclose(np.sum(kept**2), np.sum(sound[2600:5400] ** 2), rtol=1e-3)
    for whole in (tone(), np.zeros(800), np.ones(3)):
        np.testing.assert_array_equal(trimmed(whole), whole)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
def test_every_width_is_read(subtype, tmp_path):
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(), RATE, subtype=subtype)
    for source in (path, str(path), path.read_bytes()):
        np.testing.assert_allclose(read_sound(source), tone(), atol=0.02)


@pytest.mark.parametrize("rate", [4000, 8000, 11025, 16000, 22050, 44100, 44101, 48000, 96000, 399_999])
def test_every_rate_becomes_ours(rate):
    ours = as_sound(tone(rate=rate), rate)
    assert len(ours) == pytest.approx(RATE / 2, abs=1)
    inner = slice(400, 3600)  # the filter of resampling fades in and out
    np.testing.assert_allclose(ours[inner], tone()[inner], atol=0.01)


def test_an_offset_is_taken_out():
    np.testing.assert_allclose(as_sound(tone() + 0.3, RATE), tone(), atol=1e-3)


def test_channels_become_their_mean():
    both = np.column_stack([tone(), np.zeros(RATE // 2)])
    np.testing.assert_allclose(as_sound(both, RATE), tone() / 2, atol=1e-6)


@pytest.mark.parametrize("form", ["FLAC", "OGG"])
def test_other_formats_are_read(form):
    file = io.BytesIO()
    soundfile.write(file, tone(), RATE, format=form)
    np.testing.assert_allclose(read_sound(file.getvalue()), tone(), atol=0.1)


def wav(samples, rate=RATE):
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV")
    return file.getvalue()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: read_sound(b"no sound"), ValueError, "the upload cannot be read as sound .* expected a WAV"),
        (lambda: read_sound(b""), ValueError, "the upload cannot be read as sound"),
        (lambda: read_sound(__file__), ValueError, "test_audio.py cannot be read as sound"),
        (lambda: read_sound("missing.wav"), FileNotFoundError, "missing.wav"),
        (lambda: read_sound(wav(np.zeros(0))), ValueError, "holds no samples"),
        (
            lambda: read_sound(wav(np.zeros(90_000), 1000)),
            ValueError,
            "the upload lasts 90 seconds; expected 60 at most",
        ),
        (lambda: as_sound([0.1, np.nan], RATE), ValueError, "samples holds 1 NaN"),
        (lambda: as_sound(np.zeros((2, 2, 2)), RATE), ValueError, r"samples has shape \(2, 2, 2\)"),
        (lambda: as_sound([], RATE), ValueError, "samples is empty"),
        (lambda: as_sound(np.zeros((2, 8000)), RATE), ValueError, r"expected \(samples, channels\): transpose it"),
        (lambda: as_sound([1000, -3000], RATE), TypeError, "samples holds values of type int64"),
        (lambda: as_sound(1e30 * tone(), RATE), ValueError, "samples reaches 5e\\+29; expected numbers from -1 to 1"),
        (lambda: as_sound(tone(), 10), ValueError, "rate is 10 samples a second; expected 1,000 to 400,000"),
        (lambda: as_sound(tone(), 8000.5), TypeError, "rate is 8000.5"),
        (lambda: features(tone()[:, None]), ValueError, r"sound has shape \(4000, 1\); expected \(samples,\)"),
        (lambda: features([np.inf]), ValueError, "sound holds 1 NaN or infinite"),
        (lambda: mel_filters(0), ValueError, "bands is 0"),
        (lambda: frames(tone(), hop=0), ValueError, "hop is 0"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
