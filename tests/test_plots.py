"""Pictures: one style, and words for those who do not see them."""

import io

import matplotlib.pyplot as plt
import numpy as np
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


def test_a_heat_map_is_centred_at_zero():
    _, axes = plt.subplots()
    image = plots.heat_map(axes, np.array([[-0.2, 0.9]]), limit=2.0)
    assert image.get_clim() == (-2.0, 2.0)
    plt.close()


def test_the_diagram_of_the_cell_names_every_part():
    figure, axes = plt.subplots()
    plots.cell_diagram(axes)
    texts = {text.get_text() for text in axes.texts}
    assert {"$x$", "$h$", "$W x$", "$U h$", "$+\\, b$", "tanh", "$h_{next}$"} <= texts
    plt.close(figure)
