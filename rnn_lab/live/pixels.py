"""Pictures as arrays of pixels."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def inked(alpha: NDArray[np.uint8]) -> tuple[slice, slice]:
    """Find the smallest block of rows and columns that holds every pixel with ink.

    Parameters
    ----------
    alpha : ndarray, shape (height, width)
        How opaque each pixel is; 0 is no ink.

    Returns
    -------
    rows, columns : slice
        Both are empty if there is no ink at all.
    """
    spans = []
    for axis in (1, 0):
        found = np.flatnonzero(alpha.any(axis=axis))
        spans.append(slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0))
    return spans[0], spans[1]


def encode_png(rgba: NDArray[np.uint8]) -> bytes:
    """Encode pixels, shape (height, width, 4), as a PNG file, quickly rather than tightly."""
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "PNG", compress_level=1)
    return file.getvalue()
