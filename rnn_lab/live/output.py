"""What a notebook keeps of a live figure: a description, a picture and the widget, of which a reader sees what works."""

import base64
import html
from typing import TYPE_CHECKING

import ipywidgets
from IPython.display import display

if TYPE_CHECKING:
    from rnn_lab.live.figure import LiveFigure

HINT = "A still picture; run this cell to move it."
WIDGET_TEXT = "(Run the cell above to see the live figure.)"

# Three outputs stand below one another: this text, the picture, the widget. Where the page has a live canvas in the
# third, only that is shown; where it has none, the widget could only say that its model was not found.
_OUTPUT = ".jp-OutputArea-child"
_TEXT = f"{_OUTPUT}:has(.rnn-lab-still)"
_CANVAS = "canvas.rnn-lab-live"
STYLE = f"""<style>
{_TEXT}:has(+ {_OUTPUT} + {_OUTPUT} {_CANVAS}),
{_TEXT} + {_OUTPUT}:has(+ {_OUTPUT} {_CANVAS}),
{_TEXT} + {_OUTPUT} + {_OUTPUT}:not(:has({_CANVAS})) {{ display: none }}
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
    text = f"{HINT} {live.alt}"
    page = f'{STYLE}\n<p class="rnn-lab-still"><small>{HINT}</small> <span>{html.escape(live.alt)}</span></p>'
    display({"text/html": page, "text/plain": text}, raw=True)
    picture = {"image/png": base64.b64encode(live.png()).decode(), "text/plain": live.alt}
    display(picture, raw=True, metadata={"image/png": {"alt": live.alt}})
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display({"application/vnd.jupyter.widget-view+json": view, "text/plain": WIDGET_TEXT}, raw=True)
