"""Pictures: one style, and words for those who do not see them."""

import io
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from rnn_lab import plots


def test_a_picture_is_shown_with_its_words_and_closed(monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "display", lambda data, **options: shown.append((data, options)))
    figure, axes = plt.subplots()
    axes.plot([0, 1])
    plots.show(figure, "A line that rises & rises.")
    (words, _), (picture, options) = shown
    assert "A line that rises &amp; rises." in words["text/html"]
    assert options["metadata"] == {"image/png": {"alt": "A line that rises & rises."}}
    assert np.ptp(np.asarray(Image.open(io.BytesIO(picture["image/png"])).convert("L"))) > 0
    assert not plt.fignum_exists(figure.number)


def test_texts_stay_within_their_picture(monkeypatch):
    figures = []
    monkeypatch.setattr(plots, "show", lambda figure, alt: figures.append(figure))
    plots.show_texts({"long": "x" * 5000, "broken $x": "a\n\n\n\n$b$\n" * 3}, "Two texts.")
    (figure,) = figures
    names, texts = figure.texts[::2], figure.texts[1::2]
    assert [text.get_text() for text in names] == ["long", "broken $x"]
    assert texts[0].get_text().split("\n") == ["x" * 104] * 10
    assert texts[1].get_text() == "a\n\n$b$\na\n\n$b$\na\n\n$b$\n"
    figure.canvas.draw()
    for text in figure.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.width and box.y1 <= figure.bbox.height
    plt.close(figure)


def test_a_heat_map_is_centred_at_zero():
    _, axes = plt.subplots()
    image = plots.heat_map(axes, np.array([[-0.2, 0.9]]), limit=2.0)
    assert image.get_clim() == (-2.0, 2.0)
    plt.close()


@pytest.mark.parametrize(
    ("diagram", "size", "parts"),
    [
        (plots.cell_diagram, (7.5, 3.2), {"$x$", "$h$", "$W x$", "$U h$", "$+\\, b$", "tanh", "$h_{next}$"}),
        (plots.lstm_diagram, (9, 4.5), {"$x$", "$h$", "$c$", *"×+", "$i$", "$f$", "$g$", "$o$", "tanh", "$c_{next}$"}),
        (plots.gru_diagram, (9, 4.1), {"$x$", "$h$", *"×+", "$r$", "$z$", "$n$", "$1 - z$", "$h_{next}$"}),
    ],
)
def test_a_diagram_names_every_part_and_none_covers_another(diagram, size, parts):
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    diagram(axes)
    figure.draw_without_rendering()
    written = [text for text in axes.texts if text.get_text()]
    assert parts <= {text.get_text() for text in written}
    boxes = [(text.get_bbox_patch() or text).get_window_extent() for text in written]
    for box, other in combinations(boxes, 2):
        assert not box.overlaps(other)
    for box in boxes:
        assert axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1
        assert axes.bbox.y0 <= box.y0 and box.y1 <= axes.bbox.y1
    plt.close(figure)


def test_an_arrow_runs_from_box_to_box():
    figure, axes = plt.subplots(figsize=(9, 4.5))
    plots.lstm_diagram(axes)
    arrows = [text.arrow_patch for text in axes.texts if getattr(text, "arrow_patch", None)]
    boxes = {text.get_bbox_patch() for text in axes.texts if text.get_bbox_patch()}
    assert len(arrows) == 19
    assert {arrow.patchB for arrow in arrows} == boxes - {text.get_bbox_patch() for text in axes.texts[:1]}
    plt.close(figure)
