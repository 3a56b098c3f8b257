"""A button that records sound in the browser."""

from pathlib import Path

import anywidget
import traitlets

LONGEST = 8  # seconds


class Microphone(anywidget.AnyWidget):
    """A button that records, and a field for a sound file; either hands its bytes to the kernel, and to nobody else.

    Attributes
    ----------
    value : bytes
        A sound file: what was recorded last, as WAV, or the file as it is; empty before.
    description : str
        For those who do not see the button.
    longest : float
        After so many seconds a recording stops by itself.
    """

    _esm = Path(__file__).with_name("microphone.js")
    value = traitlets.Bytes()  # comes as a message and is no part of the state, which notebooks may save
    description = traitlets.Unicode("microphone").tag(sync=True)
    longest = traitlets.Float(LONGEST).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.on_msg(self._receive)

    def _receive(self, _widget: object, _content: object, buffers: list[memoryview]) -> None:
        self.value = b""  # so that the same file counts as new when it is chosen again
        self.value = bytes(buffers[0])
