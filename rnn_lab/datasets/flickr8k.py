"""Flickr8k: photographs with five captions each (Hodosh, Young & Hockenmaier, 2013), from a folder of the learner's.

The terms of the data set leave it to its authors to hand it out, so that the course neither carries nor downloads it.
Unpacked, its two archives give a folder with the photographs, the captions, and the lists of three parts.
"""

import re
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnn_lab.nn.checks import as_size

PHOTOGRAPHS, CAPTIONS = "Flicker8k_Dataset", "Flickr8k.token.txt"  # the folder is spelled like this
PARTS = {"train": "Flickr_8k.trainImages.txt", "choose": "Flickr_8k.devImages.txt", "test": "Flickr_8k.testImages.txt"}
WORD = re.compile(r"[a-z]+|\d+")


def photographs(
    folder: str | Path, part: str, size: int = 40, limit: int | None = None
) -> tuple[NDArray, list[list[str]]]:
    """Return photographs, cut to a square in their middle, and the captions of each, in small letters.

    Parameters
    ----------
    folder : path
        Where the data set was unpacked.
    part : {"train", "choose", "test"}
        The authors' parts, of 6,000, 1,000 and 1,000.
    size : int
        Pixels, both ways.
    limit : int, optional
        Of how many photographs, from the first; of all unless given.

    Returns
    -------
    pictures : ndarray of float32, shape (N, size, size, 3)
        From 0 to 1.
    captions : list of list of str

    Raises
    ------
    FileNotFoundError
        If a file of the data set is missing.
    ValueError
        If there is no such part, or a photograph has no caption.
    """
    from PIL import Image  # comes with matplotlib; imported here, because only photographs need it

    if part not in PARTS:
        raise ValueError(f"part is {part!r}; expected one of {', '.join(PARTS)}")
    size = as_size("size", size)
    names = _lines(Path(folder) / PARTS[part])[:limit]
    by_name = defaultdict(list)
    for line in _lines(Path(folder) / CAPTIONS):
        name, _, text = line.partition("\t")
        if words := WORD.findall(text.lower()):
            by_name[name.split("#")[0]].append(" ".join(words))
    pictures = np.empty((len(names), size, size, 3), np.float32)
    for n, name in enumerate(names):
        if not by_name[name]:
            raise ValueError(f"{name} has no caption in {CAPTIONS}; expected five")
        with Image.open(_existing(Path(folder) / PHOTOGRAPHS / name)) as photograph:
            middle = _square(photograph.convert("RGB"))
            pictures[n] = np.asarray(middle.resize((size, size), Image.Resampling.BILINEAR), np.float32) / 255
    return pictures, [by_name[name] for name in names]


def _square(photograph):
    width, height = photograph.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return photograph.crop((left, top, left + side, top + side))


def _lines(path: Path) -> list[str]:
    return [line for line in _existing(path).read_text(encoding="utf-8").split("\n") if line.strip()]


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing; expected the folder in which you unpacked Flickr8k, "
            f"with {PHOTOGRAPHS}, {CAPTIONS} and {', '.join(PARTS.values())}"
        )
    return path
