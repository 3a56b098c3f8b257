"""What stands still in a live figure is drawn once, and again exactly when it changes."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from test_live import X, live_line, operations, unpack

from rnn_lab.live import LiveFigure


@pytest.fixture(scope="module")
def crowd():
    """A figure with nearly everything that axes can hold; one line and one image are live."""
    fig, axs = plt.subplots(2, 3, figsize=(9, 5))
    a, b, c, d, e, f = axs.ravel()
    (line,) = a.plot(X, np.sin(X), label="live")
    a.plot(X, np.cos(X), label="still")
    legend = a.legend()
    note = a.annotate("note", (2, 0), (4, 0.5), arrowprops={"arrowstyle": "->"})
    image = b.imshow(np.random.default_rng(0).random((9, 9)), interpolation="nearest")
    fig.colorbar(image, ax=b)
    c.clabel(c.contour(np.random.default_rng(1).random((9, 9))))
    d.quiverkey(d.quiver(X[:9], X[:9], X[:9], X[:9]), 0.5, 0.9, 1, "key")
    e.errorbar(X, X, yerr=1)
    f.bar_label(f.bar(range(3), range(3)))
    inset = a.inset_axes([0.6, 0.6, 0.3, 0.3])
    fig.suptitle("title")
    fig.legend(loc="lower right")
    live = LiveFigure(fig, line, image, alt="crowd")
    return SimpleNamespace(**locals())


def redraws(crowd, change):
    crowd.live.refresh()
    before = crowd.live.backdrop_draws
    change(crowd)
    crowd.live.refresh()
    return crowd.live.backdrop_draws - before


MOVING = {
    "nothing": lambda c: None,
    "data of a line": lambda c: c.line.set_ydata(np.cos(X)),
    "data of an image": lambda c: c.image.set_data(np.eye(9)),
    "colour of a line": lambda c: c.line.set_color("r"),
    "transparency": lambda c: c.line.set_alpha(0.3),
    "a picture of it": lambda c: c.live.png(dpi=50),
}
STILL = {
    "limits": lambda c: c.a.set_xlim(0, 5),
    "limits of colours": lambda c: c.image.set_clim(0, 2),
    "an inverted axis": lambda c: c.b.invert_yaxis(),
    "ticks": lambda c: c.a.set_xticks([0, 1], ["a", "b"]),
    "text of a tick": lambda c: c.a.get_xticklabels()[0].set_rotation(30),
    "colour of ticks": lambda c: c.a.tick_params(colors="r"),
    "a title": lambda c: c.b.set_title("new"),
    "title of the figure": lambda c: c.fig.suptitle("new"),
    "a label": lambda c: c.a.set_xlabel("new"),
    "text of a legend": lambda c: c.legend.get_texts()[0].set_text("new"),
    "text of a note": lambda c: c.note.set_text("new"),
    "a still line's colour": lambda c: c.a.lines[1].set_color("r"),
    "a new artist": lambda c: c.a.axvline(3),
    "one artist less": lambda c: c.a.lines[-1].remove(),
    "a grid": lambda c: c.a.grid(True),
    "a scale": lambda c: c.e.set_yscale("symlog"),
    "colour of axes": lambda c: c.a.set_facecolor("0.9"),
    "colour of the figure": lambda c: c.fig.set_facecolor("0.8"),
    "a spine": lambda c: c.a.spines["top"].set_visible(False),
    "axes without axis": lambda c: c.c.set_axis_off(),
    "hidden axes": lambda c: c.f.set_visible(False),
    "place of axes": lambda c: c.a.set_position([0.1, 0.6, 0.2, 0.2]),
    "aspect of axes": lambda c: c.d.set_aspect("equal"),
    "size of the figure": lambda c: c.fig.set_size_inches(8, 5),
    "a line in inner axes": lambda c: c.inset.plot([1, 2]),
    "a place in the stack": lambda c: c.line.set_zorder(9),
}


@pytest.mark.parametrize("change", MOVING)
def test_what_moves_leaves_the_backdrop_alone(crowd, change):
    assert redraws(crowd, MOVING[change]) == 0


@pytest.mark.parametrize("change", STILL)
def test_what_stands_still_is_drawn_anew_once_when_it_changes(crowd, change):
    assert redraws(crowd, STILL[change]) == 1
    assert redraws(crowd, MOVING["nothing"]) == 0


def test_the_backdrop_can_be_drawn_anew_on_demand():
    live, _ = live_line()
    live.refresh(redraw=True)
    assert live.backdrop_draws == 2


def test_the_layout_is_settled_once():
    fig, ax = plt.subplots(layout="constrained")
    live = LiveFigure(fig, ax.title, alt="")
    before = ax.get_position().bounds
    ax.set_ylabel("two\nlines")
    live.refresh()
    assert ax.get_position().bounds == before


def test_the_page_s_sharpness_changes_the_canvas_but_not_the_figure_in_the_page():
    live, _ = live_line()
    narrow = unpack(live.layers)[0]
    live.pixel_ratio = 2.0
    wide = unpack(live.layers)[0]
    assert wide["width"] == 2 * narrow["width"]
    assert wide["width"] / wide["pixelRatio"] == narrow["width"] / narrow["pixelRatio"] == live.page_width


def test_layers_lie_between_what_moves_below_and_above_them():
    fig, ax = plt.subplots()
    image, (line,) = ax.imshow(np.eye(3), interpolation="nearest"), ax.plot([0, 2], [0, 2], zorder=5)
    live = LiveFigure(fig, image, line, alt="")  # ticks and frame are drawn over the image and under the line
    assert operations(live.frame) == ["layer", "image", "layer", "path"]
    assert len(unpack(live.layers)[0]["layers"]) == 2


def test_hidden_axes_draw_nothing():
    live, line = live_line()
    line.axes.set_visible(False)
    live.refresh()
    assert operations(live.frame) == ["layer"]


def test_an_artist_that_is_made_later_can_join():
    live, line = live_line()
    paths = operations(live.frame).count("path")
    line.axes.plot(X, X, animated=True)
    live.refresh()
    assert operations(live.frame).count("path") == paths + 1
