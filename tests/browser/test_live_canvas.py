"""The canvas shows what matplotlib itself draws, for every kind of artist that the course moves."""

import base64
import io

import numpy as np
import pytest
from browser.chromium import chromium_page
from browser.live_cases import CASES
from PIL import Image

from rnn_lab.live import LiveFigure
from rnn_lab.live.player import LIVE_JS

pytestmark = pytest.mark.browser

MOST = 1.0  # mean difference of 255
MOST_WITH_TEXT = 2.5  # texts stand on whole pixels on the canvas


@pytest.fixture(scope="module")
def page():
    """One page for all cases, in which `paint(state)` shows a widget's state and returns its canvas as a PNG."""
    with chromium_page() as page:
        page.goto("about:blank")
        source = base64.b64encode(LIVE_JS.read_bytes()).decode()
        page.evaluate(
            """async (source) => {
              const { default: widget } = await import(`data:text/javascript;base64,${source}`);
              const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
              window.paint = async ({ layers, frame }) => {
                const state = { layers: bytes(layers), frame: bytes(frame), recording: new Uint8Array(),
                                index: -1, alt: "", error: "" };
                const model = { get: (name) => state[name], set() {}, save_changes() {}, on() {}, off() {} };
                document.body.replaceChildren();
                const close = widget.render({ model, el: document.body });
                while (!document.querySelector("canvas")) await new Promise((resolve) => setTimeout(resolve, 2));
                close();
                return document.querySelector("canvas").toDataURL("image/png");
              };
            }""",
            source,
        )
        yield page


def canvas(page, live):
    """The picture in the page, as an array."""
    state = {name: base64.b64encode(getattr(live, name)).decode() for name in ("layers", "frame")}
    url = page.evaluate("paint", state)
    return pixels(base64.b64decode(url.partition(",")[2]))


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
    shown, drawn = canvas(page, live), pixels(live.png(dpi=100 * pixel_ratio))
    difference = np.abs(shown - drawn).mean()
    assert shown.shape == drawn.shape
    assert difference <= (MOST_WITH_TEXT if name.startswith("text") else MOST)


@pytest.mark.parametrize("name", ["line", "markers", "text_of_many_numbers", "image_nearest_zoomed_and_inverted"])
def test_a_frame_of_another_state_is_noticed(page, name):
    live, change = live_figure(name, 1.0)
    shown = canvas(page, live)
    change()
    difference = np.abs(shown - pixels(live.png())).mean()
    assert difference > (MOST_WITH_TEXT if name.startswith("text") else MOST)
