"""The one binary format in which layers, frames and recordings travel to the page."""

import json
import struct
from collections.abc import Mapping
from typing import Any


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
