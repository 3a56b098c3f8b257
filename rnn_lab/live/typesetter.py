"""Texts as masks of ink, kept for the next frame."""

from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg, get_hinting_flag
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from rnn_lab.live.pixels import inked

MOST_TEXTS_KEPT = 5000

Mask = tuple[NDArray[np.uint8], int, int]  # how much ink each pixel gets; its left and top, from the baseline's start


class Typesetter:
    """Draws texts with Agg, which takes its time for every glyph, once; an upright line word by word, as words return.

    Words stand on whole pixels.

    Parameters
    ----------
    agg : RendererAgg
        Whose resolution counts.
    """

    def __init__(self, agg: RendererAgg) -> None:
        self._agg = agg
        self._masks: dict[tuple[Any, ...], Mask] = {}
        self._advances: dict[tuple[Any, ...], float] = {}

    def mask(self, s, prop, angle, ismath, mtext) -> Mask:
        """Return the mask of a text; the arguments are those of `RendererBase.draw_text`."""
        key = s, hash(prop), angle, ismath
        if key not in self._masks:
            if len(self._masks) >= MOST_TEXTS_KEPT:
                self._masks.clear()
                self._advances.clear()
            if " " in s and not angle and not ismath:
                self._masks[key] = self._line(s, prop, mtext)
            else:
                self._masks[key] = self._drawn(s, prop, angle, ismath, mtext)
        return self._masks[key]

    def _line(self, s, prop, mtext) -> Mask:
        """Put a line together from its words."""
        start, words = 0.0, []
        for word in s.split(" "):
            mask, left, top = self.mask(word, prop, 0, False, mtext)
            if mask.size:
                words.append((mask, round(start) + left, top))
            start += self._advance(word, prop)
        if not words:
            return np.empty((0, 0), np.uint8), 0, 0
        first, highest = min(left for _, left, _ in words), min(top for _, _, top in words)
        width = max(left + mask.shape[1] for mask, left, _ in words) - first
        height = max(top + mask.shape[0] for mask, _, top in words) - highest
        line = np.zeros((height, width), np.uint8)
        for mask, left, top in words:
            rows, columns = mask.shape
            place = line[top - highest :, left - first :][:rows, :columns]
            np.maximum(place, mask, out=place)
        return line, first, highest

    def _advance(self, word, prop) -> float:
        """Return how far from its start the word after this one begins."""
        key = word, hash(prop)
        if key not in self._advances:
            font = self._agg._prepare_font(prop)
            self._advances[key] = font.set_text(f"{word} x", 0, flags=get_hinting_flag())[-1][0] / 64
        return self._advances[key]

    def _drawn(self, s, prop, angle, ismath, mtext) -> Mask:
        """Draw a text on a sheet of its own."""
        width, height, descent = self._agg.get_text_width_height_descent(s, prop, ismath)
        box = [[0, -descent], [width, -descent], [0, height - descent], [width, height - descent]]  # y upwards
        corners = Affine2D().rotate_deg(angle).transform(box)
        margin = self._agg.points_to_pixels(prop.get_size_in_points())  # glyphs may lean out of the box
        left, bottom = np.floor(corners.min(axis=0) - margin).astype(int).tolist()
        right, top = np.ceil(corners.max(axis=0) + margin).astype(int).tolist()
        sheet = RendererAgg(right - left, top - bottom, self._agg.dpi)
        sheet.draw_text(sheet.new_gc(), -left, top, s, prop, angle, ismath, mtext)
        mask = np.asarray(sheet.buffer_rgba())[..., 3]
        rows, columns = inked(mask)
        return mask[rows, columns].copy(), left + columns.start, rows.start - top
