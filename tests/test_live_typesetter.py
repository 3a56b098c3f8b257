"""Texts as masks: a line that is put together from its words is the line that Agg draws, and no word is drawn twice."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

from rnn_lab.live.typesetter import Typesetter

PROP = FontProperties(size=11)


def drawn_by_agg(text):
    """A sheet of 1000 x 60 pixels with the text from (20, 40) on."""
    sheet = RendererAgg(1000, 60, 100.0)
    sheet.draw_text(sheet.new_gc(), 20, 40, text, PROP, 0)
    return np.asarray(sheet.buffer_rgba())[..., 3].astype(int)


def put_together(text):
    mask, left, top = Typesetter(RendererAgg(10, 10, 100.0)).mask(text, PROP, 0, False, None)
    sheet = np.zeros((60, 1000), int)
    sheet[40 + top :, 20 + left :][: mask.shape[0], : mask.shape[1]] = mask
    return sheet


@pytest.mark.parametrize("text", ["", " ", "   ", "one", "value 2.3", "  two  words ", "five fish fly", "“t” – ↵ gypq"])
def test_words_on_whole_pixels_are_the_line(text):
    np.testing.assert_array_equal(put_together(text), drawn_by_agg(text))


def test_words_between_pixels_are_moved_by_half_a_pixel_at_most():
    """Kerning ends within pixels: what is right of a place, seen from above, agrees with what Agg has there."""
    text = "GRU: predicts “t” with 99%; nine tenths of the gradient lie within 23 characters, AV To Ly."
    ours, theirs = (np.cumsum(draw(text).sum(axis=0)) for draw in (put_together, drawn_by_agg))
    largest = drawn_by_agg(text).sum(axis=0).max()
    assert np.abs(ours - theirs).max() < 0.75 * largest


def test_a_word_is_drawn_once(monkeypatch):
    drawn = []
    typesetter = Typesetter(RendererAgg(10, 10, 100.0))
    draw = typesetter._drawn
    monkeypatch.setattr(typesetter, "_drawn", lambda s, *others: drawn.append(s) or draw(s, *others))
    for text in ("within 22 steps", "within 23 steps", "23 steps", "within 22 steps"):
        typesetter.mask(text, PROP, 0, False, None)
    assert drawn == ["within", "22", "steps", "23"]


@pytest.mark.parametrize(("text", "angle", "ismath"), [("two words", 90, False), ("$a + b$", 0, True)])
def test_what_is_turned_or_a_formula_is_drawn_whole(monkeypatch, text, angle, ismath):
    drawn = []
    typesetter = Typesetter(RendererAgg(10, 10, 100.0))
    monkeypatch.setattr(typesetter, "_drawn", lambda s, *others: drawn.append(s))
    typesetter.mask(text, PROP, angle, ismath, None)
    assert drawn == [text]
