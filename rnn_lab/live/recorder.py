"""A matplotlib renderer that notes what it is asked to draw, for a canvas in the browser to draw it later."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.image import AxesImage
from matplotlib.path import Path
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from rnn_lab.live.message import Frame
from rnn_lab.live.pixels import inked
from rnn_lab.live.typesetter import Typesetter

CANVAS_CAPS = {"butt": "butt", "projecting": "square", "round": "round"}


class Recorder(RendererBase):
    """Records drawing calls in canvas pixels (y downwards), snapped, rounded and clipped as Agg does it.

    Texts become the masks of their glyphs, and what a canvas cannot draw by itself (hatches, meshes, filters) becomes
    an image, so the browser needs neither matplotlib's fonts nor its algorithms.

    Parameters
    ----------
    width, height : int
        The canvas's size in pixels.
    dpi : float
    """

    def __init__(self, width: int, height: int, dpi: float):
        super().__init__()
        self.size = self.width, self.height, self.dpi = width, height, dpi
        self._agg = RendererAgg(width, height, dpi)
        self._flip = np.array([[1.0, 0, 0], [0, -1, height], [0, 0, 1]])
        self._typesetter = Typesetter(self._agg)
        self._frame = Frame()
        self._compact = False

    def record(self, stages: Sequence[Sequence[Artist]], layers: int, compact: bool = False) -> bytes:
        """Draw one frame.

        Parameters
        ----------
        stages : sequence of sequences of artists
            What moves, bottom to top; a layer of the backdrop lies under each stage.
        layers : int
            How many layers the backdrop has: as many as stages, or one more.
        compact : bool
            Whether images are sent as a table of colours and one byte a cell if that is possible: slower, smaller.

        Returns
        -------
        bytes
            A message: the operations in their order, and the arrays they point into.
        """
        self._frame = Frame()
        self._compact = compact
        for stage in stages:
            self._frame.add("layer", {"clip": None})
            for artist in stage:
                self._draw(artist)
        if layers > len(stages):
            self._frame.add("layer", {"clip": None})
        return self._frame.pack()

    def _draw(self, artist: Artist) -> None:
        if artist.get_agg_filter():
            self._rasterize(artist.draw)
            return
        if isinstance(artist, AxesImage) and artist.get_interpolation() == "nearest":
            if artist.get_alpha() is None or np.isscalar(artist.get_alpha()):
                artist.set_interpolation("none")  # the same picture, but it comes as cells instead of pixels
        artist.draw(self)

    def _line_style(self, gc) -> dict[str, Any]:
        offset, dashes = gc.get_dashes()
        return {
            "dashes": [round(self.points_to_pixels(dash), 3) for dash in dashes] if dashes is not None else [],
            "dashOffset": round(self.points_to_pixels(offset or 0), 3),
            "cap": CANVAS_CAPS[gc.get_capstyle()],
            "join": gc.get_joinstyle(),
            "clip": self._clip(gc),
        }

    def _path_style(self, gc, face) -> dict[str, Any]:
        width, edge = self.points_to_pixels(gc.get_linewidth()), gc.get_rgb()
        if face is not None and (gc.get_forced_alpha() or len(face) == 3):
            face = (*face[:3], gc.get_alpha())
        return {
            "fill": None if face is None else _css_colour(face),
            "stroke": _css_colour(edge) if width > 0 and edge[3] > 0 else None,
            "width": round(width, 3),
            **self._line_style(gc),
        }

    def _clip(self, gc) -> dict[str, Any] | None:
        rectangle, (path, transform) = gc.get_clip_rectangle(), gc.get_clip_path()
        clip: dict[str, Any] = {}
        if rectangle is not None:  # Agg clips to whole pixels
            x0, y0, x1, y1 = self._whole_pixels(rectangle)
            clip["rectangle"] = [x0, y0, x1 - x0, y1 - y0]
        if path is not None:
            outline = path.cleaned(self._flip @ transform.get_matrix(), curves=True)
            clip["vertices"] = np.round(outline.vertices, 2).ravel().tolist()
            clip["codes"] = outline.codes.tolist()
        return clip or None

    def _whole_pixels(self, box: Bbox, slack: float = 0.0) -> tuple[int, int, int, int]:
        left, right, top, bottom = box.x0, box.x1 + slack, self.height - box.y1, self.height - box.y0 + slack
        return _round(left), _round(top), _round(right), _round(bottom)

    def _outline(self, gc, path, matrix, **options) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Return a path's vertices and codes after a transform, snapped to pixels where Agg would snap."""
        stroke_width = self.points_to_pixels(gc.get_linewidth()) if gc.get_rgb()[3] else 0
        cleaned = path.cleaned(
            matrix, remove_nans=True, curves=True, snap=gc.get_snap(), stroke_width=stroke_width, **options
        )
        return cleaned.vertices[:-1].astype("<f4"), cleaned.codes[:-1]  # the last code only says stop

    def draw_path(self, gc, path, transform, rgbFace=None) -> None:
        if gc.get_hatch():
            self._rasterize(lambda agg: agg.draw_path(gc, path, transform, rgbFace))
            return
        options = {"sketch": gc.get_sketch_params()}
        if rgbFace is None:
            options |= {"clip": (-1, -1, self.width + 1, self.height + 1), "simplify": path.should_simplify}
        vertices, codes = self._outline(gc, path, self._flip @ transform.get_matrix(), **options)
        if len(codes):
            at = self._frame.store(vertices, codes)
            self._frame.add("path", self._path_style(gc, rgbFace), at=at, length=len(codes))

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None) -> None:
        matrix = np.diag([1.0, -1, 1]) @ marker_trans.get_matrix()
        vertices, codes = self._outline(gc, marker_path, matrix)
        aside = np.array([[1, 0, 0.25], [0, 1, 0.25], [0, 0, 1]])
        moved, _ = self._outline(gc, marker_path, aside @ matrix)
        snapped = not np.allclose(moved[:1], vertices[:1] + 0.25, atol=1e-3)  # if so, it jumps by whole pixels or none
        places = trans.transform(path.vertices) * [1, -1] + [0.5, self.height + 0.5]
        places = np.floor(places[np.isfinite(places).all(axis=1)]) + (0 if snapped else 0.5)
        if len(codes) and len(places):
            at = self._frame.store(vertices, codes, places.astype("<f4"))
            self._frame.add("markers", self._path_style(gc, rgbFace), at=at, length=len(codes), count=len(places))

    def draw_path_collection(
        self, gc, master_transform, paths, all_transforms, offsets, offset_trans, facecolors, edgecolors, linewidths,
        linestyles, *others, **hatchcolors,
    ) -> None:  # fmt: skip
        if not len(paths):
            return
        uniform = all(style == linestyles[0] for style in linestyles)
        if gc.get_hatch() or gc.get_sketch_params() or not uniform or _is_snapped(paths[0]):  # one by one
            super().draw_path_collection(
                gc, master_transform, paths, all_transforms, offsets, offset_trans, facecolors, edgecolors,
                linewidths, linestyles, *others, **hatchcolors,
            )  # fmt: skip
            return
        matrices = master_transform.get_matrix() @ (all_transforms if len(all_transforms) else np.eye(3)[np.newaxis])
        count = max(len(paths), len(matrices), len(offsets))
        matrices = matrices[np.arange(count) % len(matrices)]
        if len(offsets):
            matrices[:, :2, 2] += offset_trans.transform(offsets)[np.arange(count) % len(offsets)]
        matrices = self._flip @ matrices
        if len(linestyles):
            gc.set_dashes(*linestyles[0])
        widths = np.array([self.points_to_pixels(width) for width in linewidths], "<f4")
        faces, edges = (
            np.round(255 * np.reshape(colours, (-1, 4))).astype("u1") for colours in (facecolors, edgecolors)
        )
        if not len(widths):
            edges = edges[:0]
        vertices = np.concatenate([path.vertices for path in paths]).astype("<f4")
        at = self._frame.store(
            vertices,
            np.concatenate([_codes(path) for path in paths]),
            np.array([len(path.vertices) for path in paths], "<u4"),
            matrices[:, [0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 2, 2]].astype("<f4"),  # in the canvas's order: by columns
            faces,
            edges,
            widths,
        )
        sizes = {"paths": len(paths), "faces": len(faces), "edges": len(edges), "widths": len(widths)}
        self._frame.add("collection", self._line_style(gc), at=at, length=len(vertices), count=count, **sizes)

    def draw_image(self, gc, x, y, im, transform=None) -> None:
        """Record an image as its cells and the whole pixels they cover (rounded as matplotlib 3.11 does it)."""
        rows, columns = im.shape[:2]
        if transform is None:  # one cell a pixel, the lowest row first, and alpha is in the pixels
            alpha = 1.0
            corners = np.add([[0, 0], [columns, rows]], [_round(x), _round(y)])
        else:
            alpha = gc.get_alpha()
            corners = np.add(transform.transform([[0, 0], [1, 1]]), [x, y])
        page = Bbox.from_bounds(0, 0, self.width, self.height)
        seen = Bbox.intersection(Bbox([corners.min(axis=0), corners.max(axis=0)]), gc.get_clip_rectangle() or page)
        if seen is None:
            return
        x0, y0, x1, y1 = self._whole_pixels(seen, slack=1e-8)
        (left, first), (right, last) = (corners * [1, -1] + [0, self.height]).tolist()
        cells, colours = np.ascontiguousarray(im).view("<u4")[..., 0], np.empty(0, "<u4")
        if self._compact:
            distinct, indices = np.unique(cells, return_inverse=True)
            if len(distinct) <= 256:
                cells, colours = indices.astype("u1"), distinct
        self._frame.add(
            "image",
            {"clip": self._clip(gc)},
            at=self._frame.store(colours, cells),
            colours=len(colours),
            rows=rows,
            columns=columns,
            alpha=alpha,
            box=[left, first, right - left, last - first],
            seen=[x0, y0, x1 - x0, y1 - y0],
        )

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:
        """Record a text as the mask of its glyphs, on whole pixels so that the mask can be used again."""
        mask, left, top = self._typesetter.mask(s, prop, angle, ismath, mtext)
        if mask.size:
            colour = [round(255 * part) for part in gc.get_rgb()]
            height, width = mask.shape
            place = {"x": _round(x) + left, "y": _round(y) + top, "columns": width, "rows": height}
            self._frame.add("text", {"clip": self._clip(gc)}, at=self._frame.store(mask), colour=colour, **place)

    def draw_quad_mesh(self, *arguments: Any) -> None:
        self._rasterize(lambda agg: agg.draw_quad_mesh(*arguments))

    def draw_gouraud_triangles(self, *arguments: Any) -> None:
        self._rasterize(lambda agg: agg.draw_gouraud_triangles(*arguments))

    def _rasterize(self, draw: Callable[[RendererAgg], None]) -> None:
        """Let Agg draw what a canvas cannot, and record the pixels."""
        self._agg.clear()
        draw(self._agg)
        pixels = np.asarray(self._agg.buffer_rgba())
        rows, columns = inked(pixels[..., 3])
        if rows.stop:
            self.draw_image(self.new_gc(), columns.start, self.height - rows.stop, pixels[rows, columns][::-1])

    def get_text_width_height_descent(self, s, prop, ismath):
        return self._agg.get_text_width_height_descent(s, prop, ismath)

    def get_canvas_width_height(self) -> tuple[float, float]:
        return self.width, self.height

    def points_to_pixels(self, points):
        return points * self.dpi / 72

    def option_image_nocomposite(self) -> bool:
        return True

    def option_scale_image(self) -> bool:
        return True


def _round(value: float) -> int:
    return math.floor(value + 0.5)


def _css_colour(rgba: Sequence[float]) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in rgba)


def _is_snapped(path: Path) -> bool:
    """Say whether Agg moves a path to whole pixels: it does if all of its lines are horizontal or vertical."""
    steps = np.diff(path.vertices, axis=0)
    return bool((steps == 0).any(axis=1).all())


def _codes(path: Path) -> NDArray[np.uint8]:
    if path.codes is not None:
        return np.asarray(path.codes, np.uint8)
    codes = np.full(len(np.asarray(path.vertices)), Path.LINETO, np.uint8)
    codes[:1] = Path.MOVETO
    return codes
