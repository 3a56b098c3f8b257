"""Controls above a live figure."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import ipywidgets

from rnn_lab.live.output import display_with_picture

if TYPE_CHECKING:
    from rnn_lab.live.figure import LiveFigure


class Panel(ipywidgets.VBox):
    """Controls above a live figure; shows itself, with a picture and a description for those who read it saved.

    Parameters
    ----------
    controls : ipywidgets.Box
    live : LiveFigure
    """

    def __init__(self, controls: ipywidgets.Box, live: "LiveFigure"):
        self.live = live
        super().__init__([controls, live])

    def _ipython_display_(self) -> None:
        display_with_picture(self, self.live)


def columns_of(controls: Sequence[ipywidgets.Widget], width: float) -> ipywidgets.Box:
    """Lay controls out in equal columns, as many as `width` (in CSS pixels) has room for, their descriptions uncut."""
    for control in controls:
        if hasattr(control, "style") and hasattr(control.style, "description_width"):
            control.style.description_width = control.style.description_width or "initial"
        control.layout.width = control.layout.width or "auto"
    letters = max((len(getattr(control, "description", "")) for control in controls), default=0)
    column = f"minmax(min({letters / 2 + 12:g}em, 100%), 1fr)"  # the words, a slider's track, a number
    grid = {"display": "grid", "grid_template_columns": f"repeat(auto-fit, {column})", "grid_gap": "0 1em"}
    return ipywidgets.Box(controls, layout={**grid, "width": f"{width:.0f}px", "max_width": "100%"})


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


def frame_slider(
    live: "LiveFigure", labels: Sequence[str], description: str, play: bool, interval: int
) -> ipywidgets.Box:
    """Make the slider, and the button that plays, which choose a recording's frame in the page itself."""
    slider = ipywidgets.SelectionSlider(
        options=[(label, index) for index, label in enumerate(labels)],
        description=description,
        style={"description_width": "initial"},
        layout={"flex": "1 1 auto"},
    )
    ipywidgets.jslink((slider, "index"), (live, "index"))
    controls = [slider]
    if play:
        player = ipywidgets.Play(max=len(labels) - 1, interval=interval)
        ipywidgets.jslink((player, "value"), (slider, "index"))
        controls.insert(0, player)
    return ipywidgets.HBox(controls, layout={"width": f"{live.page_width:.0f}px", "max_width": "100%"})
