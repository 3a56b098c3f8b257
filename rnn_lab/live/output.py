"""What a notebook keeps of a live figure: its description, a picture and the widget."""

import base64
import html
from typing import TYPE_CHECKING

import ipywidgets
from IPython.display import display, update_display

if TYPE_CHECKING:
    from rnn_lab.live.figure import LiveFigure

HINT = "A still picture: run this cell to move it."

# Three outputs stand below one another: the description, the picture, the widget. Where the widget has a live canvas,
# only that is shown; where it has none, it could say no more than that its model was not found, and the picture stays.
# Readers who see the picture need no description beside it, so it is left to screen readers. A notebook that is not
# trusted loses this style: it shows description, picture and hint.
_OUTPUT = ".jp-OutputArea-child"
_TEXT = f"{_OUTPUT}:has(.rnn-lab-still)"
_CANVAS = "canvas.rnn-lab-live"
STYLE = f"""<style>
{_TEXT}:has(+ {_OUTPUT} + {_OUTPUT} {_CANVAS}),
{_TEXT} + {_OUTPUT}:has(+ {_OUTPUT} {_CANVAS}),
{_TEXT} + {_OUTPUT} + {_OUTPUT}:not(:has({_CANVAS})) {{ display: none }}
.rnn-lab-still::before {{ content: "{HINT}"; font-size: 85% }}
.rnn-lab-still span {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }}
</style>"""


def display_with_picture(widget: ipywidgets.DOMWidget, live: "LiveFigure") -> None:
    """Display a widget so that its saved notebook shows a picture of it wherever the widget itself cannot live.

    The text and the number of outputs are the same at each run, unless the description follows the data.

    Parameters
    ----------
    widget : ipywidgets.DOMWidget
        The figure or a panel around it.
    live : LiveFigure
    """
    description = f'{STYLE}\n<p class="rnn-lab-still"><span>{html.escape(live.alt)}</span></p>'
    display({"text/html": description, "text/plain": live.alt}, raw=True)
    data, metadata = _picture(live)
    display(data, raw=True, metadata=metadata, display_id=_picture_id(live))
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display({"application/vnd.jupyter.widget-view+json": view, "text/plain": f"({HINT})"}, raw=True)


def update_picture(live: "LiveFigure") -> None:
    """Replace the picture that was displayed with a figure by one of the figure as it is now."""
    data, metadata = _picture(live)
    update_display(data, raw=True, metadata=metadata, display_id=_picture_id(live))


def _picture(live: "LiveFigure") -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    data = {"image/png": base64.b64encode(live.png()).decode(), "text/plain": live.alt}
    return data, {"image/png": {"alt": live.alt}}


def _picture_id(live: "LiveFigure") -> str:
    return f"picture of {live.model_id}"
