"""Flickr8k: photographs with five captions each (Hodosh, Young & Hockenmaier, 2013), downloaded once or from a folder.

Their authors' own address has gone; the two archives come from a public copy, and must have the MD5 that other
libraries give for them. The photographs belong to those who took them: they are for research and learning.
"""

import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnn_lab.datasets.download import fetch
from rnn_lab.nn.checks import as_size

RELEASE = "https://github.com/jbrownlee/Datasets/releases/download/Flickr8k"
MD5 = {
    "Flickr8k_text.zip": "bf6c1abcb8e4a833b7f922104de18627",  # 2 MB
    "Flickr8k_Dataset.zip": "f18a1e2920de5bd84dae7cf08ec78978",  # 1.1 GB
}
PHOTOGRAPHS, CAPTIONS = "Flicker8k_Dataset", "Flickr8k.token.txt"  # the folder is spelled like this
PARTS = {"train": "Flickr_8k.trainImages.txt", "choose": "Flickr_8k.devImages.txt", "test": "Flickr_8k.testImages.txt"}
WORD = re.compile(r"[a-z]+|\d+")
Place = Path | zipfile.Path


def photographs(
    part: str, size: int = 40, limit: int | None = None, folder: str | Path | None = None
) -> tuple[NDArray, list[list[str]]]:
    """Return photographs, cut to a square in their middle, and the captions of each, in small letters.

    Parameters
    ----------
    part : {"train", "choose", "test"}
        The authors' parts, of 6,000, 1,000 and 1,000.
    size : int
        Pixels, both ways.
    limit : int, optional
        Of how many photographs, from the first; of all unless given.
    folder : path, optional
        Where both archives were unpacked; without it, they are downloaded once, more than a gigabyte.

    Returns
    -------
    pictures : ndarray of float32, shape (N, size, size, 3)
        From 0 to 1.
    captions : list of list of str

    Raises
    ------
    TypeError, ValueError
        If there is no such part, a size or limit is none, an archive is damaged, or a photograph has no caption or is
        no picture.
    FileNotFoundError, ConnectionError
        If a file of the data set is missing or not to be had.
    """
    if part not in PARTS:
        raise ValueError(f"part is {part!r}; expected one of {', '.join(PARTS)}")
    size, limit = as_size("size", size), None if limit is None else as_size("limit", limit)
    with _opened(folder) as (texts, pictures):
        names = _lines(texts / PARTS[part])[:limit]
        captions = _captions(_lines(texts / CAPTIONS))
        silent = [name for name in names if name not in captions]
        if silent:
            raise ValueError(f"{silent[0]} has no caption in {CAPTIONS}; expected five")
        seen = np.stack([_square(pictures / PHOTOGRAPHS / name, size) for name in names])
    return seen, [captions[name] for name in names]


@contextmanager
def _opened(folder: str | Path | None) -> Iterator[tuple[Place, Place]]:
    """Yield where the texts and the photographs lie: in a folder, or in the archives."""
    if folder is not None:
        yield Path(folder), Path(folder)
        return
    texts, pictures = (fetch(f"{RELEASE}/{name}", md5, "md5") for name, md5 in MD5.items())
    with zipfile.ZipFile(texts) as in_texts, zipfile.ZipFile(pictures) as in_pictures:
        yield zipfile.Path(in_texts), zipfile.Path(in_pictures)


def _captions(lines: list[str]) -> dict[str, list[str]]:
    """Sort lines such as ``1.jpg#0<tab>A dog runs .`` by photograph; a caption without a word is left out."""
    found = defaultdict(list)
    for line in lines:
        name, _, text = line.partition("\t")
        if words := WORD.findall(text.lower()):
            found[name.split("#")[0]].append(" ".join(words))
    return dict(found)


def _square(place: Place, size: int) -> NDArray:
    """Read a photograph, cut the largest square out of its middle, and return its pixels from 0 to 1."""
    from PIL import Image, ImageOps, UnidentifiedImageError  # comes with matplotlib; only photographs need it

    with _existing(place).open("rb") as file:
        try:
            photograph = Image.open(file).convert("RGB")
        except (UnidentifiedImageError, OSError) as error:
            raise ValueError(f"{place} is damaged or no picture ({error}); unpack it again") from None
    return np.asarray(ImageOps.fit(photograph, (size, size), Image.Resampling.BILINEAR), np.float32) / 255


def _lines(place: Place) -> list[str]:
    return [line for line in _existing(place).read_text(encoding="utf-8").split("\n") if line.strip()]


def _existing(place: Place) -> Place:
    if not place.is_file():
        raise FileNotFoundError(
            f"{place} is missing; expected the folder in which you unpacked both archives of Flickr8k, "
            f"with {PHOTOGRAPHS}, {CAPTIONS} and {', '.join(PARTS.values())}"
        )
    return place
