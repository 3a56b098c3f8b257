"""The canvas shows what matplotlib itself draws, for every kind of artist that the course moves."""

import base64
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from browser.chromium import chromium_page
from browser.live_cases import CASES
from PIL import Image

from rnn_lab.live import LiveFigure
from rnn_lab.live.figure import LIVE_JS

pytestmark = pytest.mark.browser

MOST = 1.0  # mean difference of 255
MOST_WITH_TEXT = 2.5  # texts stand on whole pixels on the canvas
STATE = ("layers", "frame", "recording", "index", "alt", "error", "pixel_ratio")
HARNESS = """async (source) => {
  const { default: widget } = await import(`data:text/javascript;base64,${source}`);
  const decode = (value) =>
    value.bytes === undefined ? value : Uint8Array.from(atob(value.bytes), (character) => character.charCodeAt(0));
  const page = { state: {}, listeners: {}, asked: {} };
  const model = {
    get: (name) => page.state[name],
    set: (name, value) => { page.asked[name] = value; },
    save_changes() {},
    on: (name, listener) => { page.listeners[name] = listener; },
    off: (name) => { delete page.listeners[name]; },
  };
  window.view = {
    open(state) {
      page.close?.();
      for (const [name, value] of Object.entries(state)) page.state[name] = decode(value);
      document.body.replaceChildren();
      page.close = widget.render({ model, el: document.body });
    },
    change(name, value) {
      page.state[name] = value;
      page.listeners[`change:${name}`]();
    },
    async picture() {
      while (!document.querySelector("canvas")) await new Promise((resolve) => setTimeout(resolve, 2));
      return document.querySelector("canvas").toDataURL("image/png");
    },
    asked: page.asked,
  };
}"""


@pytest.fixture(scope="module")
def page():
    """A page with the widget's view of whatever state the tests give it, in the place of JupyterLab."""
    with chromium_page() as page:
        page.goto("about:blank")
        page.evaluate(HARNESS, base64.b64encode(LIVE_JS.read_bytes()).decode())
        yield page


def open_view(page, live):
    def encode(value):
        return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value

    page.evaluate("(state) => view.open(state)", {name: encode(getattr(live, name)) for name in STATE})


def canvas(page):
    """The picture in the page, as an array."""
    return pixels(base64.b64decode(page.evaluate("() => view.picture()").partition(",")[2]))


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(float)


def live_figure(name, pixel_ratio):
    fig, artists, change = CASES[name](np.random.default_rng(1))
    live = LiveFigure(fig, *artists, alt=name)
    live.pixel_ratio = pixel_ratio
    return live, change


@pytest.mark.parametrize("pixel_ratio", [1.0, 2.0])
@pytest.mark.parametrize("name", CASES)
def test_canvas_shows_what_matplotlib_draws(page, name, pixel_ratio):
    live, change = live_figure(name, pixel_ratio)
    change()
    live.refresh()
    open_view(page, live)
    shown, drawn = canvas(page), pixels(live.png(dpi=100 * pixel_ratio))
    difference = np.abs(shown - drawn).mean()
    assert shown.shape == drawn.shape
    assert difference <= (MOST_WITH_TEXT if name.startswith("text") else MOST)


@pytest.mark.parametrize("name", ["line", "markers", "text_of_many_numbers", "image_nearest_zoomed_and_inverted"])
def test_a_frame_of_another_state_is_noticed(page, name):
    live, change = live_figure(name, 1.0)
    open_view(page, live)
    shown = canvas(page)
    change()
    difference = np.abs(shown - pixels(live.png())).mean()
    assert difference > (MOST_WITH_TEXT if name.startswith("text") else MOST)


def test_an_error_is_announced_and_goes_away(page):
    live, _ = live_figure("line", 1.0)
    open_view(page, live)
    alert = page.get_by_role("alert")
    page.evaluate("view.change('error', 'ValueError: no.\\n  File \"here\"')")
    assert alert.locator("strong").inner_text() == "ValueError: no."
    assert 'File "here"' in alert.inner_text()
    page.evaluate("view.change('error', '')")
    assert alert.inner_text() == ""


def test_the_page_asks_for_its_own_sharpness_and_describes_the_canvas(page):
    live, _ = live_figure("line", 2.0)
    open_view(page, live)
    canvas(page)
    assert page.evaluate("view.asked") == {"pixel_ratio": 1}
    assert page.get_by_role("img", name="line").bounding_box()["width"] == 400


@pytest.fixture
def recording():
    """A recording of a heat map with a number, and matplotlib's pictures of its frames."""
    fig, ax = plt.subplots(figsize=(4, 3), dpi=100)
    image, title = ax.imshow(np.eye(9), interpolation="nearest"), ax.set_title("")
    live = LiveFigure(fig, image, title, alt=lambda: f"turned {title.get_text()} times")
    pictures = []

    def update(turns):
        image.set_data(np.roll(np.eye(9), turns, axis=0))
        title.set_text(f"{turns}")
        pictures.append(pixels(live.png(dpi=200)))

    live.record(update, range(4), description="turns", labels=["none", "one", "two", "three"])
    return live, pictures


def test_a_recording_runs_in_the_page_alone(page, recording):
    live, pictures = recording
    open_view(page, live)
    for index, picture in enumerate(pictures):
        page.evaluate("(index) => view.change('index', index)", index)
        assert np.abs(canvas(page) - picture).mean() <= MOST
        assert page.get_by_role("img", name=f"turned {index} times").count() == 1


def test_the_page_of_a_recording_works_without_network(page, recording, tmp_path):
    live, pictures = recording
    live.save_html(tmp_path / "turns.html")
    player = page.context.new_page()
    errors = []
    player.on("pageerror", lambda error: errors.append(error))
    player.on("request", lambda request: errors.append(request.url) if request.url.startswith("http") else None)
    player.goto((tmp_path / "turns.html").as_uri())
    slider = player.get_by_role("slider", name="turns")
    for index, picture in enumerate(pictures):
        slider.fill(str(index))
        url = player.evaluate("document.querySelector('canvas').toDataURL()")
        assert np.abs(pixels(base64.b64decode(url.partition(",")[2])) - picture).mean() <= MOST
        assert player.get_by_role("img", name=f"turned {index} times").count() == 1
    player.get_by_role("button", name="Play").click()
    player.get_by_text("one").wait_for()
    player.get_by_role("button", name="Pause").click()
    assert not errors
