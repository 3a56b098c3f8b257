"""The loss curve: what it draws, when `fit` shows it, what a notebook keeps of it, and that it moves meanwhile."""

import json
import subprocess
import sys

import matplotlib.pyplot as plt
import nbclient
import nbformat
import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel
from support import assert_same

from rnn_lab import plots
from rnn_lab.live import LossCurve, curve
from rnn_lab.training import History


@pytest.fixture
def displayed(monkeypatch):
    """Collect what would be shown in a notebook: "display" and "update"."""
    calls = []
    monkeypatch.setattr(curve, "display_with_picture", lambda widget, live: calls.append("display"))
    monkeypatch.setattr(curve, "update_picture", lambda live: calls.append("update"))
    return calls


def lines_of(loss_curve):
    """Give the data of the lines: single steps, means, validation; then the texts at their ends."""
    axes = loss_curve.live.fig.axes[0]
    lines = [np.array(line.get_data()) for line in axes.lines if line.get_animated()]
    texts = [text.get_text().strip() for text in axes.texts if text.get_animated()]
    return *lines, texts


def falling(steps):
    """A loss that falls from 6 to 2, with noise."""
    noise = np.random.default_rng(0).standard_normal(steps)
    return list(2 + 4 * np.exp(-10 * np.arange(steps) / steps) + 0.1 * noise)


@pytest.mark.parametrize("loss", [900.0, 3.0, 0.18, 0.019])
def test_the_unit_stands_beside_the_numbers_and_inside_the_figure(displayed, loss):
    with plt.rc_context():
        plots.use_style()
        watch = LossCurve(100, "pinball loss")
        watch(History([loss] * 10, [], []))
    figure, axis = watch.live.fig, watch.live.fig.axes[0].yaxis
    figure.draw_without_rendering()
    label = axis.label.get_window_extent()
    numbers = [tick.label1.get_window_extent().x0 for tick in axis.get_major_ticks()]
    assert 0 <= label.x0 and label.x1 < min(numbers)


def test_it_draws_single_steps_their_means_and_validation(displayed):
    watch = LossCurve(300, scale=2)
    watch(History([1.0, 2, 6, 2, 4, 6, 8], [], [(3, 5.0), (6, 4.0)]))
    raw, mean, validation, texts = lines_of(watch)
    assert_same(raw, [[1, 2, 3, 4, 5, 6, 7], [2, 4, 12, 4, 8, 12, 16]])
    assert_same(mean, [[3, 6, 7], [6, 8, 12]])  # of three steps each: a hundredth
    assert_same(validation, [[3, 6], [10, 8]])
    assert texts == ["training 12.0", "validation 8.00"]


def test_before_the_first_step_it_shows_empty_axes(displayed):
    watch = LossCurve(10)
    watch(History())
    raw, mean, validation, texts = lines_of(watch)
    assert raw.size == mean.size == validation.size == 0 and texts == ["", ""]
    assert displayed == ["display"]


def test_long_histories_are_thinned_out_but_not_their_means(displayed):
    watch = LossCurve(100_000)
    watch(History(falling(100_000)))
    raw, mean, _, _ = lines_of(watch)
    assert raw.shape[1] <= 2 * curve.RAW_POINTS and mean.shape[1] == 100
    assert_same(mean[1, -1], np.mean(falling(100_000)[-1000:]))


@pytest.mark.parametrize(("training", "validation"), [(2.0, 2.01), (2.01, 2.0), (2.0, 2.0), (2.0, 3.0)])
def test_the_names_at_the_ends_do_not_cover_each_other(displayed, training, validation):
    watch = LossCurve(10)
    watch(History([training], [], [(1, validation)]))
    first, second = (text for text in watch.live.fig.axes[0].texts if text.get_animated())
    renderer = watch.live.fig.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in (first, second)]
    assert not boxes[0].overlaps(boxes[1])
    assert (first.get_position()[1] > second.get_position()[1]) == (training >= validation)


@pytest.mark.parametrize("baseline", [None, ("5-gram", 2.5)])
def test_hardly_anything_but_the_lines_is_drawn_anew(displayed, baseline):
    losses, watch = falling(2000), LossCurve(2000, baseline=baseline)
    for step in range(0, 2001, 20):
        watch(History(losses[:step]))
        top = watch.live.fig.axes[0].get_ylim()[1]
        assert step < 20 or losses[step - 1] < top < 4 * max(losses[: step // 2 + 1])
    assert watch.live.backdrop_draws <= 3


def test_a_loss_that_falls_far_fills_the_height_again(displayed):
    watch = LossCurve(100)
    watch(History([100.0]))
    watch(History([100.0] + 99 * [0.5]))
    assert 0.5 < watch.live.fig.axes[0].get_ylim()[1] < 2


def test_a_baseline_is_always_in_the_picture(displayed):
    watch = LossCurve(100, baseline=("n-gram", 5.0))
    for losses in ([], [1.0], 50 * [0.1]):
        watch(History(losses))
        assert watch.live.fig.axes[0].get_ylim()[1] > 5
    assert watch.live.alt.endswith("; dashed, n-gram.")


def test_the_picture_is_renewed_when_the_training_has_stopped(displayed):
    watch = LossCurve(3)
    watch(History())
    watch(History([1.0]))
    assert displayed == ["display"]
    watch(History([1.0, 2.0], stopped="interrupted"))
    assert displayed == ["display", "update"]


def test_no_figure_stays_open():
    LossCurve(3)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps is 0; expected at least 1"),
        ({"steps": 2.5}, TypeError, "steps is 2.5, a float; expected a whole number"),
        ({"scale": 0}, ValueError, "scale is 0; expected a number above 0"),
        ({"baseline": ("n-gram", None)}, ValueError, "the value of baseline is None; expected a number above 0"),
        ({"baseline": 2.1}, TypeError, "baseline is 2.1; expected a name and a value, such as ('5-gram', 2.1)"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, error, message):
    with pytest.raises(error) as caught:
        LossCurve(**{"steps": 10} | options)
    assert str(caught.value).startswith(message)


# ---- In a notebook

TRAINING = """
import numpy as np
from rnn_lab.live import LossCurve
from rnn_lab.nn import SGD
from rnn_lab.training import fit

class Bowl:
    def __init__(self):
        self.params = {"w": np.array([4.0])}

    def loss_and_grads(self, batch):
        w = self.params["w"]
        return float(((w - batch) ** 2).sum()), {"w": 2 * (w - batch)}

def noise(rng):
    return rng.normal(size=1)

def train(sample_batch=noise, steps=40):
    watch = LossCurve(steps, baseline=("noise alone", 1.0))
    fit(Bowl(), sample_batch, SGD(0.02), steps=steps, rng=np.random.default_rng(0), watch=watch)
"""
INTERRUPTED = """
import signal

def press_stop(rng, calls=iter(range(40))):
    if next(calls) == 20:
        signal.raise_signal(signal.SIGINT)
    return noise(rng)

train(press_stop)
"""


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """An executed notebook with a training that ends and one that is interrupted, and its path."""
    path = tmp_path_factory.mktemp("notebooks") / "curve.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in (TRAINING, "train()", INTERRUPTED)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, store_widget_state=False).execute()
    nbformat.write(notebook, path)
    return notebook, path


def test_a_saved_training_has_the_picture_of_its_end_above_the_bar(notebook):
    alt = "The loss against the step: of training, with its mean, and of validation; dashed, noise alone."
    pictures = []
    for cell in notebook[0].cells[1:]:
        description, picture, widget, *bar = cell.outputs
        assert description.data["text/plain"] == picture.data["text/plain"] == alt
        assert picture.metadata["image/png"]["alt"] == alt
        assert "application/vnd.jupyter.widget-view+json" in widget.data
        assert {output.name for output in bar} == {"stdout"}
        pictures.append(picture.data["image/png"])
    assert "Interrupted after 21 of 40 steps" in bar[-1].text
    assert pictures[0] != pictures[1]  # empty axes would be the same


def test_a_second_run_gives_the_same_outputs(notebook):
    path = notebook[1]
    path.with_name("pytest.ini").write_text("[pytest]\n")  # not the settings of this suite
    sanitize = "[bars]\nregex: (?:[^\\r\\n]*\\d+%\\|[^\\r\\n]*[\\r\\n]*)+\nreplace: BAR\n"
    path.with_name("sanitize.cfg").write_text(sanitize)
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider"]
    command += ["--nbval-sanitize-with=sanitize.cfg", path.name]
    run = subprocess.run(command, cwd=path.parent, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert "3 passed" in run.stdout


def test_it_moves_while_the_cell_runs():
    """The kernel sends a new frame while the training goes on, not only when the cell is done."""
    manager, client = start_new_kernel()
    heard = []

    def listen(message):
        content = message["content"]
        if message["msg_type"] == "comm_msg" and "frame" in json.dumps(content["data"].get("buffer_paths", [])):
            heard.append("frame")
        elif content.get("text", "").startswith("step"):
            heard.append(content["text"].strip())

    slowly = """
import time

def slowly(rng, calls=iter(range(40))):
    step = next(calls)
    if step % 10 == 0:
        print("step", step, flush=True)
    time.sleep(0.05)
    return noise(rng)

train(slowly)
"""
    try:
        client.execute_interactive(TRAINING + slowly, timeout=60, output_hook=listen)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    first, last = heard.index("step 0"), heard.index("step 30")
    assert "frame" in heard[first:last], heard
