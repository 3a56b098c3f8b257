"""Speaking to the recogniser in a real browser: a file plays the microphone, and the transcription appears."""

import nbformat
import numpy as np
import pytest
import soundfile
from browser.chromium import chromium_page
from browser.lab import CURRENT_PANEL, open_notebook, run_all, running_lab
from scipy.signal import resample_poly

from rnn_lab import explorers
from rnn_lab.audio import RATE
from rnn_lab.datasets import speech
from rnn_lab.models import bundled_recognizer

pytestmark = pytest.mark.browser

CELL = """\
from rnn_lab import explorers, plots
from rnn_lab.datasets import speech
from rnn_lab.models import bundled_recognizer
plots.use_style()
explorers.speech.explorer(bundled_recognizer(), {"another": speech.spoken_digits()["choose"][0]})"""
# Opens the microphone slowly, as when the browser asks for permission, and remembers what was opened.
COUNTING = """
    window.streams = [];
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async options => {
        await new Promise(go => setTimeout(go, 500));
        window.streams.push(await open(options));
        return window.streams.at(-1);
    };
"""
MICROPHONE_RATE = 48_000
SECONDS = 5


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("work")) as lab:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
        notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
        nbformat.write(notebook, lab.work / "speak.ipynb")
        yield lab


@pytest.fixture(scope="module")
def spoken():
    """A string of digits that the recogniser hears rightly."""
    model = bundled_recognizer()
    utterances = [one for one in speech.spoken_digits()["choose"] if len(one.text.split()) == 4]
    return next(one for one in utterances if explorers.speech.compute(model, one.sound).text == one.text)


def write_recording(path, sound, rate=RATE):
    """Write a sound as a microphone would give it: louder than silence all the time, and long enough."""
    rng = np.random.default_rng(0)
    padded = np.zeros(SECONDS * rate)
    padded[rate : rate + len(sound)] = sound
    soundfile.write(path, padded + 1e-4 * rng.standard_normal(len(padded)), rate)


def folder_contents(folder):
    return {path for path in folder.rglob("*") if path.suffix in {".wav", ".webm", ".ogg", ".flac"}}


def test_what_is_said_into_the_microphone_appears_and_is_not_kept(lab, spoken, tmp_path):
    recording = tmp_path / "microphone.wav"
    write_recording(recording, resample_poly(spoken.sound, MICROPHONE_RATE // RATE, 1), MICROPHONE_RATE)
    flags = "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"
    requests = []
    with chromium_page(*flags, f"--use-file-for-fake-audio-capture={recording}%noloop") as page:
        page.on("request", lambda request: requests.append(request.url))
        open_notebook(page, lab, "speak.ipynb")
        assert run_all(page) == []
        before = folder_contents(lab.work)
        button = page.locator(f"{CURRENT_PANEL} .rnn-lab-record")
        button.click()
        page.get_by_text("Speak, then press Stop.").wait_for()
        page.wait_for_timeout(1000 * SECONDS - 1500)
        button.click()
        page.get_by_label(f"Your own sound, heard: {spoken.text}.").wait_for(timeout=20_000)
    assert folder_contents(lab.work) == before
    assert all(url.startswith((lab.url, "data:", "blob:")) for url in requests)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("note.txt", b"not a sound", "cannot be read as sound"), ("digits.wav", None, "Your own sound, heard:")],
)
def test_a_file_is_heard_or_refused_with_a_sentence(lab, spoken, tmp_path, name, content, said):
    path = tmp_path / name
    write_recording(path, spoken.sound) if content is None else path.write_bytes(content)
    with chromium_page() as page:
        open_notebook(page, lab, "speak.ipynb")
        assert run_all(page) == []
        page.locator(f"{CURRENT_PANEL} input[type=file]").set_input_files(path)
        page.locator(f"[aria-label*='{said}'], canvas[title*='{said}']").wait_for(timeout=20_000)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (8_500_000, "The file has 9 MB; choose one of 8 MB at most."),  # the connection to the kernel would break
        (0, "The file is empty; choose a recording."),
    ],
)
def test_a_file_that_cannot_be_sent_is_refused_in_the_page(lab, tmp_path, size, said):
    path = tmp_path / "concert.wav"
    path.write_bytes(bytes(size))
    with chromium_page() as page:
        open_notebook(page, lab, "speak.ipynb")
        assert run_all(page) == []
        page.locator(f"{CURRENT_PANEL} input[type=file]").set_input_files(path)
        page.get_by_text(said).wait_for(timeout=20_000)
        assert run_all(page) == []  # the kernel is still there


def test_two_clicks_ask_for_the_microphone_once_and_a_cell_that_is_run_again_sends_nothing(lab):
    flags = "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"
    with chromium_page(*flags) as page:
        page.add_init_script(COUNTING)
        open_notebook(page, lab, "speak.ipynb")
        assert run_all(page) == []
        page.locator(f"{CURRENT_PANEL} .rnn-lab-record").dblclick()
        page.get_by_text("Speak, then press Stop.").wait_for()
        assert page.evaluate("window.streams.length") == 1
        assert run_all(page) == []  # while it records
        page.wait_for_function("window.streams[0].getTracks().every(track => track.readyState === 'ended')")
        page.wait_for_timeout(1000)
        assert page.get_by_label("Your own sound").count() == 0
