"""The widget: an ordinary matplotlib figure whose chosen artists move in the browser."""

import io
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import matplotlib as mpl
import traitlets
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.cbook import flatten
from matplotlib.figure import Figure

from rnn_lab.live.backdrop import Backdrop
from rnn_lab.live.message import pack
from rnn_lab.live.output import display_with_picture
from rnn_lab.live.panel import Panel, check_controls, columns_of, frame_slider
from rnn_lab.live.player import player_page
from rnn_lab.live.recorder import Recorder
from rnn_lab.live.scene import Scene, animated, arrange

LIVE_JS = Path(__file__).with_name("live.js")
RECORDING_PIXEL_RATIO = 2.0
TRACEBACK_ENTRIES_SHOWN = 2


class LiveFigure(anywidget.AnyWidget):
    """A matplotlib figure whose chosen artists move in the browser.

    Everything else is drawn once, as a backdrop; afterwards a refresh sends only what the chosen artists draw, and a
    canvas in the page repeats it. The backdrop is drawn anew when something in it has changed: limits, ticks, a
    title, a legend, the page's zoom.

    The figure leaves pyplot, and its layout is settled now, once and for all.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    *artists : matplotlib.artist.Artist
        What moves: artists of the figure, or lists and containers of them (`ax.bar` returns one). Artists that are
        made later join them by ``artist.set_animated(True)``.
    alt : str or callable returning str
        What the figure shows, in words, for those who cannot see it. A function is called at each refresh.

    Raises
    ------
    TypeError
        If `fig` is no figure, an artist is none, or `alt` is missing or neither text nor a function.
    ValueError
        If an artist belongs to another figure, or is a part of another artist that cannot move alone.
    """

    _esm = LIVE_JS
    layers = traitlets.Bytes().tag(sync=True)
    frame = traitlets.Bytes().tag(sync=True)
    recording = traitlets.Bytes().tag(sync=True)
    index = traitlets.Int(-1).tag(sync=True)  # the recording's frame that is shown; -1 shows `frame`
    alt = traitlets.Unicode().tag(sync=True)
    error = traitlets.Unicode().tag(sync=True)
    pixel_ratio = traitlets.Float(1.0).tag(sync=True)  # the page's, set by the page

    def __init__(self, fig: Figure, *artists: Artist | Iterable[Any], alt: str | Callable[[], str]):
        if not isinstance(fig, Figure):
            raise TypeError(f"fig must be a matplotlib Figure; got {type(fig).__name__}")
        if not isinstance(alt, str) and not callable(alt):
            raise TypeError(f"alt must be a text or a function that returns one; got {type(alt).__name__}")
        chosen = list(flatten(artists))
        for artist in chosen:
            _check_artist(artist, fig)

        self.fig = fig
        self._describe = alt if callable(alt) else lambda: alt
        self._recorder: Recorder | None = None
        fig.draw_without_rendering()
        fig.set_layout_engine("none")  # axes that shift while a slider moves would distract, and cost a redraw each
        plt.close(fig)  # or the notebook would show it a second time
        self._backdrop = Backdrop(fig)
        for artist in chosen:
            artist.set_animated(True)
        super().__init__()
        self.refresh()

    @property
    def backdrop_draws(self) -> int:
        """How often the backdrop was drawn; stays the same while only the chosen artists change."""
        return self._backdrop.draws

    @property
    def page_width(self) -> float:
        """The figure's width in the page, in CSS pixels."""
        return self.fig.get_figwidth() * self._backdrop.dpi

    def refresh(self, redraw: bool = False) -> None:
        """Show the figure as it is now.

        Parameters
        ----------
        redraw : bool
            Draw the backdrop anew even if no change in it was noticed.
        """
        with self.hold_sync():
            scene = self._update_backdrop(redraw)
            self.frame = self._draw_frame(scene)
            self.alt = self._describe()

    def png(self, dpi: float | None = None) -> bytes:
        """Draw the whole figure as it is now with matplotlib alone.

        Parameters
        ----------
        dpi : float, optional
            The resolution; that of the figure unless given.

        Returns
        -------
        bytes
            A PNG file.
        """
        file = io.BytesIO()
        moving = [artist for stage in arrange(self.fig).moving for artist in stage]
        with self._backdrop.unmarked(), animated(moving, False), mpl.rc_context({"savefig.bbox": "standard"}):
            self.fig.savefig(file, format="png", dpi=dpi or self._backdrop.dpi, metadata={"Software": None})
        return file.getvalue()

    def explore(
        self, update: Callable[..., object], /, *, layout: ipywidgets.Box | None = None, **controls: ipywidgets.Widget
    ) -> Panel:
        """Join controls to the figure: when one changes, ``update(**values)`` is called and the figure refreshed.

        An exception in `update` is reported under the figure, which keeps its last picture, until the next change
        that works.

        Parameters
        ----------
        update : callable
            Takes the controls' values by their names and changes the artists.
        layout : ipywidgets.Box, optional
            The controls as you arranged them; unless given, they stand in as many columns as there is room for.
        **controls : ipywidgets.Widget
            Widgets with a value, by the names of `update`'s parameters.

        Returns
        -------
        Panel
            The controls above the figure; shows itself when it ends a cell.

        Raises
        ------
        TypeError
            If a control has no value, or `update` does not take exactly the controls.
        """
        check_controls(update, controls)

        def show() -> None:
            update(**{name: control.value for name, control in controls.items()})
            self.refresh()

        def respond(_: object) -> None:
            try:
                show()
                self.error = ""
            except Exception as exception:
                self.error = _report(exception)

        show()
        for control in controls.values():
            control.observe(respond, "value")
        box = columns_of(list(controls.values()), self.page_width) if layout is None else layout
        return Panel(box, self)

    def record(
        self,
        update: Callable[[Any], object],
        values: Iterable[Any],
        play: bool = False,
        interval: int = 50,
        description: str = "frame",
        labels: Sequence[object] | None = None,
    ) -> Panel:
        """Draw a frame for each value now, so that a slider can run through them without the kernel.

        Parameters
        ----------
        update : callable
            Takes one of the values and changes the artists.
        values : iterable
            One for each frame, in their order.
        play : bool
            Add a button that plays the frames.
        interval : int
            Milliseconds between the frames that are played.
        description : str
            The slider's name.
        labels : sequence, optional
            What stands beside the slider at each frame; the values unless given.

        Returns
        -------
        Panel

        Raises
        ------
        ValueError
            If there are no values, not as many labels as values, or something that stands still changes between the
            frames: limits, ticks, a title that is not among the chosen artists.
        """
        values = list(values)
        names = [str(label) for label in (values if labels is None else labels)]
        if not values:
            raise ValueError("values must hold at least one value to record; got none")
        if len(names) != len(values):
            raise ValueError(f"labels must be as many as values ({len(values)}); got {len(names)}")

        frames: list[bytes] = []
        alts: list[str] = []
        with self.hold_sync():
            self.pixel_ratio = RECORDING_PIXEL_RATIO
            for value in values:
                update(value)
                draws = self.backdrop_draws
                scene = self._update_backdrop(redraw=not frames)
                if frames and self.backdrop_draws != draws:
                    raise ValueError(
                        f"limits, ticks or artists that stand still changed at value {value!r}: set them before the "
                        "recording, or add these artists to those that move"
                    )
                frames.append(self._draw_frame(scene, compact=True))
                alts.append(self._describe())
            self.recording = _pack_recording(frames, alts, names, description, interval)
            self.frame, self.alt, self.index = frames[-1], alts[-1], 0
        return Panel(frame_slider(self, names, description, play, interval), self)

    def to_html(self) -> str:
        """Return a web page with the figure, or its recording and a slider; it needs no kernel and no network."""
        recording = self.recording or _pack_recording([self.frame], [self.alt], [""], "frame", interval=0)
        return player_page(self.layers, recording, self.png(), self.alt)

    def save_html(self, path: str | Path, overwrite: bool = False) -> None:
        """Write the page of `to_html` to a file.

        Parameters
        ----------
        path : str or Path
        overwrite : bool
            Replace the file if there is one.

        Raises
        ------
        FileExistsError
            If the file is there and `overwrite` is false.
        """
        with Path(path).open("w" if overwrite else "x", encoding="utf-8") as file:
            file.write(self.to_html())

    @traitlets.observe("pixel_ratio")
    def _redraw_for_page(self, _: object) -> None:
        self.refresh(redraw=True)

    def _update_backdrop(self, redraw: bool) -> Scene:
        scene = arrange(self.fig)
        if redraw or not self._backdrop.holds_for(scene):
            self.layers = self._backdrop.draw(scene, self.pixel_ratio)
        return scene

    def _draw_frame(self, scene: Scene, compact: bool = False) -> bytes:
        size = (*self.fig.canvas.get_width_height(physical=True), self.fig.dpi)
        if self._recorder is None or self._recorder.size != size:
            self._recorder = Recorder(*size)
        return self._recorder.record(scene.moving, len(scene.still), compact)

    def _ipython_display_(self) -> None:
        display_with_picture(self, self)


def _check_artist(artist: object, fig: Figure) -> None:
    if not isinstance(artist, Artist):
        raise TypeError(f"artists must be matplotlib artists or containers of them; got {type(artist).__name__}")
    if artist.get_figure(root=True) is not fig:
        raise ValueError(f"artists must belong to fig; {artist} belongs to another figure or to none")
    owner = artist.axes or artist.get_figure(root=False)
    if owner is None or artist not in owner.get_children():
        raise ValueError(f"{artist} is part of another artist and cannot move alone; choose the whole instead")


def _pack_recording(frames: list[bytes], alts: list[str], labels: list[str], description: str, interval: int) -> bytes:
    header = {"frames": [len(frame) for frame in frames], "alts": alts, "labels": labels}
    return pack({**header, "description": description, "interval": interval}, *frames)


def _report(exception: Exception) -> str:
    """Say in one line what went wrong, and below it where (but for the first two calls, which are this module's)."""
    summary = " ".join("".join(traceback.format_exception_only(exception)).split()).rstrip(".")
    summary += ". The figure still shows the last values that worked."
    where = traceback.extract_tb(exception.__traceback__)[2:][-TRACEBACK_ENTRIES_SHOWN:]
    return "\n".join((summary, *traceback.format_list(where)))
