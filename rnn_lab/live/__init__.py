"""Matplotlib figures that move in the browser.

matplotlib draws what stands still once, as a stack of PNG layers (`backdrop`); after that, a renderer (`recorder`)
notes what the moving artists draw, and one binary message (`message`) takes it to a canvas in the page (``live.js``).
"""

from rnn_lab.live.curve import LossCurve
from rnn_lab.live.figure import LiveFigure
from rnn_lab.live.panel import Panel

__all__ = ["LiveFigure", "LossCurve", "Panel"]
