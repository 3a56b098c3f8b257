"""The explorers of chapter 07: what they compute, their picture for every setting, and sound from outside."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
import soundfile
from controls import SILLY_TEXTS, Controls
from support import assert_same

from rnn_lab import plots
from rnn_lab.audio import RATE, read_sound, trimmed
from rnn_lab.datasets.speech import SYMBOLS, Utterance, decode, spoken_digits
from rnn_lab.explorers import collapse, lattice, speech
from rnn_lab.models.recognizer import RecognizerArchitecture, bundled_recognizer
from rnn_lab.nn.ctc import collapse as collapse_path
from rnn_lab.nn.functions import log_softmax


@pytest.fixture(autouse=True)
def _style():
    with plt.rc_context():
        plots.use_style()
        yield


@pytest.fixture(scope="module")
def model():
    return RecognizerArchitecture("GRU", 6).build(np.random.default_rng(0))


def tone(hertz, seconds=0.6, rate=RATE):
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


UTTERANCES = {name: Utterance(tone(hertz), name, "a tuning fork") for name, hertz in [("one", 440), ("two", 700)]}


def file_of(sound, rate=RATE, form="WAV", subtype="PCM_16"):
    file = io.BytesIO()
    soundfile.write(file, sound, rate, format=form, subtype=subtype)
    return file.getvalue()


# --- the recogniser ------------------------------------------------------------------------------------------------


def test_what_is_heard_is_what_the_model_says(model):
    heard = speech.compute(model, tone(500))
    assert heard.log_p.shape == (len(heard.states), len(SYMBOLS))
    assert heard.text == decode(collapse_path(heard.log_p.argmax(axis=1)))
    assert all(decode(one.symbols) == "" or set(decode(one.symbols).split()) for one in heard.candidates)
    noisy = speech.compute(model, tone(500), noise=0.5)
    assert not np.allclose(noisy.log_p, heard.log_p)
    np.testing.assert_array_equal(noisy.sound, speech.compute(model, tone(500), noise=0.5).sound)


@pytest.mark.parametrize(
    ("sound", "message"),
    [
        (np.zeros(8000), "sound is silent"),
        (np.full(800, np.nan), "sound holds 800 NaN"),
        (tone(400, 10), "sound lasts 10 seconds; expected 8 at most"),
        (np.zeros((800, 2)), r"sound has shape \(800, 2\)"),
    ],
)
def test_what_cannot_be_heard_is_named(model, sound, message):
    with pytest.raises(ValueError, match=message):
        speech.compute(model, sound)


def test_every_setting_is_drawn_on_one_backdrop(model):
    panel = speech.explorer(model, UTTERANCES)
    controls = Controls(panel)
    for name in ("sound", "noise", "cursor"):
        frames = list(controls.frames(name, None if name != "sound" else UTTERANCES))
        assert len(set(frames)) == len(frames), name
    assert panel.live.backdrop_draws == 1


def microphone_of(panel):
    return panel.children[0].children[3]


def test_a_recording_is_heard_as_soon_as_it_arrives(model):
    panel = speech.explorer(model, UTTERANCES)
    before = panel.live.frame
    microphone_of(panel).value = file_of(tone(523), subtype="FLOAT")
    assert Controls(panel).by_name["sound"].value == speech.OWN
    assert panel.live.error == "" and panel.live.frame != before
    heard = speech.compute(model, trimmed(read_sound(file_of(tone(523), subtype="FLOAT"))))
    assert panel.live.fig.axes[0].get_title(loc="left").endswith(f": {heard.text or '(nothing)'}")


def test_the_same_file_is_heard_again_after_another_sound(model):
    panel = speech.explorer(model, UTTERANCES)
    sound = Controls(panel).by_name["sound"]
    for _ in range(2):
        microphone_of(panel)._receive(None, {}, [memoryview(file_of(tone(523)))])
        assert sound.value == speech.OWN and panel.live.error == ""
        sound.value = "one"


@pytest.mark.parametrize(
    ("upload", "said"),
    [
        (file_of(np.zeros(4000)), "silent"),
        (b"not a sound", "the upload cannot be read as sound"),
        (file_of(np.full(400, np.nan), subtype="FLOAT"), "NaN"),
        (file_of(tone(440, 20)), "lasts 20 seconds"),
        (file_of(tone(440, 0.01)), "heard"),
        (file_of(np.column_stack([tone(440, rate=44100)] * 2), 44100, subtype="PCM_24"), "heard"),
        (file_of(tone(440, rate=16000), 16000, "FLAC"), "heard"),
    ],
    ids=["silence", "no sound", "NaN", "too long", "10 ms", "stereo, 24 bits", "FLAC"],
)
def test_any_upload_is_answered_in_the_figure(model, upload, said):
    panel = speech.explorer(model, UTTERANCES)
    microphone_of(panel).value = upload
    assert panel.live.error == ""
    assert said in panel.live.fig.axes[0].get_title(loc="left")
    assert Controls(panel).live.png()


def test_noise_is_heard_with_doubt_and_a_model_without_memory_refused(model):
    panel = speech.explorer(model, UTTERANCES)
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE)
    microphone_of(panel).value = file_of(noise, subtype="FLOAT")
    assert panel.live.fig.axes[0].get_title(loc="left").startswith("heard, hardly sure: ")
    with pytest.raises(ValueError, match="model has no memory"):
        speech.compute(RecognizerArchitecture("GRU", 4, memory=False).build(), tone(400))


def test_only_speech_is_heard_without_doubt():
    panel = speech.explorer(bundled_recognizer(), UTTERANCES)
    time, noise = np.arange(2 * RATE) / RATE, np.random.default_rng(0).standard_normal(2 * RATE)
    hum = 0.3 * np.sin(2 * np.pi * 50 * time) + 1e-3 * noise
    said = next(one.sound for one in spoken_digits()["choose"] if len(one.text.split()) == 4)
    for sound, doubt in [(0.002 * noise, True), (0.05 + 0.02 * noise, True), (hum, True), (said, False)]:
        microphone_of(panel).value = file_of(sound, subtype="FLOAT")
        heading = panel.live.fig.axes[0].get_title(loc="left")
        assert heading.startswith("heard, hardly sure: " if doubt else "heard: ")
    microphone_of(panel).value = file_of(np.full(RATE, 0.05), subtype="FLOAT")  # an offset, and nobody speaks
    assert panel.live.fig.axes[0].get_title(loc="left").startswith("sound is silent")


def test_a_recording_is_no_part_of_the_state_that_a_notebook_may_save():
    microphone = speech.Microphone()
    microphone.value = file_of(tone(523))
    assert "value" not in microphone.get_state()


def test_before_a_recording_the_figure_asks_for_one(model):
    panel = speech.explorer(model, UTTERANCES)
    for _ in Controls(panel).frames("sound", [speech.OWN]):
        assert panel.live.fig.axes[0].get_title(loc="left") == speech.NOTHING_YET


def test_the_outline_holds_the_extremes():
    corners = speech.outline(np.array([0, 1, -2, 0, 0.5, 0, 0, 0], float), 2)
    expected = np.array([[0, 0.5], [1, 0.25], [1, 0], [0, -1]])
    expected[:, 1] += speech.THIN * np.array([1, 1, -1, -1])
    assert_same(corners, expected)
    assert np.isfinite(speech.outline(tone(440, 0.01))).all()


# --- the collapse box ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "merged", "text", "paths"),
    [
        ("", "", "", 1),
        ("___", "_", "", 1),
        ("a-a", "a_a", "aa", 1),
        ("aa_", "a_", "a", 6),
        ("abc", "abc", "abc", 1),
        ("th_rr__e_eee_", "th_r_e_e_", "three", 19448),
    ],
)
def test_a_path_is_collapsed_and_the_others_counted(path, merged, text, paths):
    found = collapse.compute(path)
    assert (found.merged, found.text, found.paths) == (merged, text, paths)


def test_any_text_is_collapsed_on_one_backdrop():
    panel = collapse.explorer()
    (box,) = panel.children[0].children
    for text in (*SILLY_TEXTS, "one_two", "a" * 28, "ab" * 14):
        box.value = text
        assert panel.live.error == "", text
    assert panel.live.backdrop_draws == 1


# --- the lattice ---------------------------------------------------------------------------------------------------


def test_every_step_adds_up_to_the_likelihood_and_ways_follow_the_rules():
    logits = np.random.default_rng(0).standard_normal((14, len(SYMBOLS)))
    found = lattice.compute(logits, "three", temperature=2.0)
    np.testing.assert_allclose(found.totals, found.log_likelihood)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1)
    assert found.alpha.max() == found.beta.max() == 1
    jumps = found.ways[:, 2] - found.ways[:, 1]
    assert set(jumps) == {0, 1, 2}
    assert not ((found.ways[:, 1] == 7) & (jumps == 2)).any()  # from one e to the other
    assert (found.ways[jumps == 2, 1] % 2 == 1).all()  # from letter to letter


def test_a_text_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match="text is 'three', which does not fit into 5 steps"):
        lattice.compute(np.zeros((5, len(SYMBOLS))), "three")


@pytest.mark.parametrize("temperature", [0, -1, np.nan])
def test_a_temperature_is_above_zero(temperature):
    with pytest.raises(ValueError, match=f"temperature is {temperature}"):
        lattice.compute(np.zeros((14, len(SYMBOLS))), "three", temperature)


def test_every_setting_of_the_lattice_is_drawn_on_one_backdrop():
    logits = log_softmax(np.random.default_rng(0).standard_normal((16, len(SYMBOLS))))
    controls = Controls(lattice.explorer(logits, "three"))
    for name in ("show", "step", "temperature"):
        frames = list(controls.frames(name))
        assert len(set(frames)) == len(frames), name
    assert len(set(controls.frames("draw the ways that count", [True, False]))) == 2
    assert controls.live.backdrop_draws == 1
