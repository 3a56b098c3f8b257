"""Controls above a live figure."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import ipywidgets

from rnn_lab.live.output import display_with_picture

if TYPE_CHECKING:
    from rnn_lab.live.figure import LiveFigure

FRAME_INTERVAL = 50  # milliseconds between the frames of a recording that plays


class Panel(ipywidgets.VBox):
    """Controls above a live figure; shows itself, with a picture and a description for those who read it saved.

    Parameters
    ----------
    live : LiveFigure
    controls : sequence of ipywidgets.Widget
    layout : ipywidgets.Box, optional
        The controls as their author arranged them.
    """

    def __init__(
        self,
        live: "LiveFigure",
        controls: Sequence[ipywidgets.Widget],
        layout: ipywidgets.Box | None = None,
    ):
        self.live = live
        super().__init__([_rows(controls, live) if layout is None else layout, live])

    def _ipython_display_(self) -> None:
        display_with_picture(self, self.live)


def _rows(controls: Sequence[ipywidgets.Widget], live: "LiveFigure") -> ipywidgets.Box:
    """Lay controls side by side, as many in a row as there is room for over the figure, their descriptions uncut."""
    for control in controls:
        if hasattr(control, "style") and hasattr(control.style, "description_width"):
            control.style.description_width = control.style.description_width or "initial"
        letters = len(getattr(control, "description", ""))
        control.layout.flex = control.layout.flex or f"1 1 {letters / 2 + 14:g}em"  # the words, a track, a number
        control.layout.max_width = control.layout.max_width or "100%"
    layout = ipywidgets.Layout(
        flex_flow="row wrap", width=f"{live.page_width:.0f}px", max_width="100%", grid_gap="0 1em"
    )
    return ipywidgets.Box(controls, layout=layout)


def check_controls(update: Callable[..., object], controls: Mapping[str, object]) -> None:
    """Raise a TypeError unless each control has a value and `update` takes exactly these controls."""
    for name, control in controls.items():
        if not (isinstance(control, ipywidgets.Widget) and control.has_trait("value")):
            raise TypeError(f"{name} must be a widget with a value, such as FloatSlider(); got {control!r}")
    try:
        inspect.signature(update).bind(**controls)
    except TypeError as error:
        given = ", ".join(controls) or "none"
        raise TypeError(f"update must take exactly the controls ({given}): {error}") from None


def frame_slider(live: "LiveFigure", labels: Sequence[str], description: str, play: bool) -> list[ipywidgets.Widget]:
    """Make the slider, and the button that plays, which choose a recording's frame in the page itself."""
    options = [(label, index) for index, label in enumerate(labels)]
    slider = ipywidgets.SelectionSlider(options=options, description=description)
    ipywidgets.jslink((slider, "index"), (live, "index"))
    if not play:
        return [slider]
    player = ipywidgets.Play(max=len(labels) - 1, interval=FRAME_INTERVAL, layout=ipywidgets.Layout(flex="0 0 auto"))
    ipywidgets.jslink((player, "value"), (slider, "index"))
    return [player, slider]
