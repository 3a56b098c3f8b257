"""Live figures without a browser: what is sent and described, controls, recordings, and what is refused."""

import io
import itertools
import json
import re
import struct

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from rnn_lab.live import LiveFigure
from rnn_lab.live.message import pack

X = np.linspace(0, 10, 50)


def unpack(message):
    """Read a message as the page does: its header and its body."""
    (length,) = struct.unpack("<I", message[:4])
    return json.loads(message[4 : 4 + length]), message[4 + length :]


def operations(frame):
    return [operation["kind"] for operation in unpack(frame)[0]["operations"]]


def live_line(**options):
    """A figure with one live line."""
    fig, ax = plt.subplots(figsize=(3, 2))
    ax.set(xlim=(0, 10), ylim=(-2, 2))
    (line,) = ax.plot(X, np.sin(X))
    return LiveFigure(fig, line, **{"alt": "a sine", **options}), line


@pytest.mark.parametrize("header", [{}, {"a": 1}, {"text": "Zürich", "list": [1, 2.5]}])
def test_a_message_comes_back_with_an_aligned_body(header):
    message = pack(header, b"abc", b"defgh")
    assert unpack(message) == (header, b"abcdefgh")
    assert (len(message) - 8) % 4 == 0


def test_a_message_without_a_reading_in_the_page_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        pack({"x": float("nan")})


# ---- Pictures and descriptions


def test_png_shows_what_moves():
    fig, ax = plt.subplots(figsize=(3, 2), dpi=80)
    (line,), title = ax.plot(X, np.sin(X)), fig.suptitle("title")
    file = io.BytesIO()
    fig.savefig(file)
    live = LiveFigure(fig, line, title, alt="")
    live.pixel_ratio = 3.0
    pictures = [np.asarray(Image.open(io.BytesIO(png))) for png in (file.getvalue(), live.png())]
    np.testing.assert_array_equal(*pictures)
    assert Image.open(io.BytesIO(live.png(dpi=160))).size == (480, 320)


def test_the_description_follows_the_data():
    heights = [1.0]
    live, _ = live_line(alt=lambda: f"up to {heights[-1]}")
    assert live.alt == "up to 1.0"
    heights.append(2.0)
    live.refresh()
    assert live.alt == "up to 2.0"


def test_the_page_needs_no_network_and_shows_the_description():
    live, line = live_line(alt='a "sine" < 1 </script>')
    live.record(lambda k: line.set_ydata(np.sin(k * X)), [1, 2])
    page = live.to_html()
    assert not re.search(r"https?:|(src|href)=\"(?!data:)|\bimport\b|\bfetch\b|@import|url\(", page)
    assert page.count("</script>") == 1
    assert '<img alt="a &quot;sine&quot; &lt; 1 &lt;/script&gt;"' in page


def test_a_page_does_not_replace_a_file_unless_asked(tmp_path):
    live, _ = live_line()
    live.save_html(tmp_path / "sine.html")
    with pytest.raises(FileExistsError):
        live.save_html(tmp_path / "sine.html")
    live.save_html(tmp_path / "sine.html", overwrite=True)
    assert (tmp_path / "sine.html").read_text().startswith("<!doctype html>")


# ---- Controls


def slider(**options):
    return ipywidgets.FloatSlider(value=1.0, **{"description": "gain", **options})


def test_a_control_moves_the_figure():
    live, line = live_line()
    gain = slider()
    live.explore(lambda gain: line.set_ydata(gain * np.sin(X)), gain=gain)
    before = live.frame
    gain.value = 1.5
    assert live.frame != before
    assert line.get_ydata().max() > 1.4
    assert live.backdrop_draws == 1


def test_an_error_is_shown_until_the_next_change_that_works():
    live, line = live_line()
    gain = slider(min=-10)
    live.explore(lambda gain: line.set_ydata(np.sin(X) * (1 / gain)), gain=gain)
    frame = live.frame
    gain.value = 0.0
    summary, *where = live.error.splitlines()
    assert summary == "ZeroDivisionError: float division by zero. The figure still shows the last values that worked."
    assert "test_live.py" in where[0] and "figure.py" not in live.error
    assert live.frame == frame
    gain.value = 2.0
    assert live.error == ""
    assert live.frame != frame


def test_an_error_in_drawing_is_shown_too():
    live, line = live_line()
    count = ipywidgets.IntSlider(50)
    live.explore(lambda count: line.set_ydata(np.zeros(count)), count=count)
    count.value = 49
    assert "ValueError" in live.error


def test_words_of_controls_are_not_cut_unless_asked():
    live, _ = live_line()
    short, long = slider(style={"description_width": "3em"}), slider(description="a description of many words")
    live.explore(lambda short, long: None, short=short, long=long)
    assert short.style.description_width == "3em"
    assert long.style.description_width == "initial"


def test_controls_can_be_arranged_by_hand():
    live, _ = live_line()
    gain = slider()
    layout = ipywidgets.HBox([gain])
    assert live.explore(lambda gain: None, layout=layout, gain=gain).children == (layout, live)


# ---- Recordings


def test_a_recording_draws_and_sends_each_frame_once():
    live, line = live_line()
    seen = []
    sent = []
    live.observe(lambda change: sent.append(change.new), "recording")

    def update(k):
        seen.append(k)
        line.set_ydata(np.sin(k * X))

    panel = live.record(update, range(1, 4), play=True, description="frequency", labels=["low", "middle", "high"])
    header, body = unpack(live.recording)
    assert seen == [1, 2, 3] and len(sent) == 1
    assert header["labels"] == ["low", "middle", "high"] and header["alts"] == ["a sine"] * 3
    assert sum(header["frames"]) == len(body)
    ends = itertools.accumulate(header["frames"])
    frames = [body[end - length : end] for length, end in zip(header["frames"], ends, strict=True)]
    assert len(set(frames)) == 3
    assert all(operations(frame).count("path") for frame in frames)
    live.index = 2  # as the page does
    assert seen == [1, 2, 3]
    assert [type(child).__name__ for child in panel.children[0].children] == ["Play", "SelectionSlider"]


def test_images_of_a_recording_are_small_and_lose_nothing():
    fig, ax = plt.subplots()
    image = ax.imshow(np.zeros((20, 30)), interpolation="nearest", vmin=0, vmax=1)
    live = LiveFigure(fig, image, alt="")
    values = np.random.default_rng(0).integers(0, 3, (20, 30)) / 2
    live.record(image.set_data, [values])
    picture, cells = unpack(unpack(live.recording)[1])
    operation = picture["operations"][1]
    assert operation["colours"] == 3
    colours = np.frombuffer(cells, "<u4", 3, operation["at"])
    indices = np.frombuffer(cells, "u1", 600, operation["at"] + 12)
    rgba = colours[indices].view("u1").reshape(20, 30, 4)
    np.testing.assert_array_equal(rgba, image.to_rgba(values, bytes=True))


def test_a_recording_refuses_a_backdrop_that_changes():
    live, line = live_line()
    with pytest.raises(ValueError, match=r"limits.*changed at value 2"):
        live.record(lambda k: line.axes.set_xlim(0, k), [1, 2, 3])


# ---- Bad input


def other_line():
    fig, ax = plt.subplots()
    plt.close(fig)
    return ax.plot([1, 2])[0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda fig, ax: LiveFigure(ax, alt=""), TypeError, "fig must be a matplotlib Figure; got Axes"),
        (lambda fig, ax: LiveFigure(fig), TypeError, "alt"),
        (lambda fig, ax: LiveFigure(fig, alt=3), TypeError, "alt must be a text or a function"),
        (lambda fig, ax: LiveFigure(fig, "line", alt=""), TypeError, "artists must be matplotlib artists.*got str"),
        (lambda fig, ax: LiveFigure(fig, other_line(), alt=""), ValueError, "belongs to another figure"),
        (lambda fig, ax: LiveFigure(fig, ax.xaxis.label, alt=""), ValueError, "part of another artist"),
        (lambda fig, ax: LiveFigure(fig, ax, alt=""), ValueError, "Axes.* cannot move alone"),
    ],
)
def test_bad_figures_are_refused(call, error, message):
    fig, ax = plt.subplots()
    with pytest.raises(error, match=message):
        call(fig, ax)
    plt.close(fig)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda live: live.explore(lambda a: None, b=slider()), TypeError, r"exactly the controls \(b\)"),
        (lambda live: live.explore(lambda a, b: None, a=slider()), TypeError, "missing a required argument: 'b'"),
        (lambda live: live.explore(lambda a: None, a=0.5), TypeError, "a must be a widget with a value.*0.5"),
        (lambda live: live.explore(lambda a: None, a=ipywidgets.HBox()), TypeError, "a must be a widget.*HBox"),
        (lambda live: live.record(print, []), ValueError, "values must hold at least one value"),
        (lambda live: live.record(print, [1, 2], labels=["one"]), ValueError, r"labels.*\(2\); got 1"),
    ],
)
def test_bad_controls_and_recordings_are_refused(call, error, message):
    live, _ = live_line()
    with pytest.raises(error, match=message):
        call(live)
