"""What stands still in a figure, drawn once."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure

from rnn_lab.live.message import pack
from rnn_lab.live.pixels import encode_png, inked
from rnn_lab.live.scene import Scene, animated


class Backdrop:
    """The still stages of a figure as PNG layers, which hold until one of their artists changes.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        Gets a new Agg canvas.

    Attributes
    ----------
    dpi : float
        The figure's own resolution, at which a pixel of it is one of the page's.
    draws : int
        How often the layers were drawn.
    """

    def __init__(self, fig: Figure):
        self.dpi = fig.dpi
        self.draws = 0
        self._fig = fig
        self._canvas = FigureCanvasAgg(fig)
        self._fingerprint: tuple[object, ...] = ()
        self._watched: list[Artist] = []

    def holds_for(self, scene: Scene) -> bool:
        """Say whether the layers that were drawn last still show what stands still."""
        return scene.fingerprint == self._fingerprint and not any(artist.stale for artist in self._watched)

    def draw(self, scene: Scene, pixel_ratio: float) -> bytes:
        """Draw the layers, so many canvas pixels for each of the page's.

        Returns
        -------
        bytes
            A message: the canvas's size in pixels, each layer's place on it, and the layers as PNG files.
        """
        self._fig.dpi = self.dpi * pixel_ratio
        lifted = [artist for stage in scene.stages[1:] for artist in stage]
        with animated(lifted, True):
            self._canvas.draw()
        pictures = [np.asarray(self._canvas.buffer_rgba())]
        height, width = pictures[0].shape[:2]
        for stage in scene.still[1:]:
            renderer = RendererAgg(width, height, self._fig.dpi)
            for artist in stage:
                artist.draw(renderer)
            pictures.append(np.asarray(renderer.buffer_rgba()))
        self._watch(scene)
        self.draws += 1

        places, files = [], []
        for picture in pictures:
            rows, columns = inked(picture[..., 3])
            files.append(encode_png(picture[rows, columns]) if rows.stop else b"")
            places.append({"x": columns.start, "y": rows.start, "length": len(files[-1])})
        header = {"width": width, "height": height, "pixelRatio": pixel_ratio, "layers": places}
        return pack(header, *files)

    @contextmanager
    def unmarked(self) -> Iterator[None]:
        """Let matplotlib draw the figure elsewhere, which marks artists as stale that have not changed."""
        before = [part.stale for part in self._watched]
        try:
            yield
        finally:
            for part, was_stale in zip(self._watched, before, strict=True):
                part.stale = was_stale

    def _watch(self, scene: Scene) -> None:
        """Remember the state that the layers show.

        matplotlib marks an artist as stale when it changes, but the parts of a legend or of a tick do not pass the
        mark on to the whole, and what is invisible keeps it: so all parts are listed here, and their marks removed.
        """
        still = [self._fig.patch, *(artist for stage in scene.still for artist in stage)]
        self._watched = [part for artist in still for part in artist.findobj()]
        for part in self._watched:
            part.stale = False
        self._fingerprint = scene.fingerprint
