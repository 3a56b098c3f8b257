"""The one binary format in which layers, frames and recordings travel to the page."""

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np


def pack(header: Mapping[str, Any], *chunks: bytes) -> bytes:
    """Pack a JSON header and binary chunks into one message.

    A message is the header's length (uint32, little-endian), the header, padded with spaces so that what follows
    starts at a multiple of four bytes, and the chunks, one after the other.

    Parameters
    ----------
    header : mapping
        What JSON can hold; says where in the chunks everything lies.
    *chunks : bytes

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If a number in the header is NaN or infinite, which the page could not read.
    """
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return b"".join((struct.pack("<I", len(text)), text, *chunks))


class Frame:
    """A list of drawing operations and the arrays that they use, as it grows."""

    def __init__(self) -> None:
        self._operations: list[dict[str, Any]] = []
        self._chunks: list[bytes] = []
        self._size = 0
        self._style: dict[str, Any] = {}

    def store(self, *arrays: np.ndarray) -> int:
        """Append arrays, each padded to a multiple of four bytes, and return the place where the first begins."""
        start = self._size
        for array in arrays:
            chunk = array.tobytes()
            chunk += bytes(-len(chunk) % 4)
            self._chunks.append(chunk)
            self._size += len(chunk)
        return start

    def add(self, kind: str, style: Mapping[str, Any], **fields: Any) -> None:
        """Append an operation; of its style, only what differs from the operation before is sent."""
        changes = {key: value for key, value in style.items() if key not in self._style or self._style[key] != value}
        self._style.update(changes)
        self._operations.append({"kind": kind, **fields, **changes})

    def pack(self) -> bytes:
        """Return the message."""
        return pack({"operations": self._operations}, *self._chunks)
