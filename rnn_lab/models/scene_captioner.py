"""Captioners of the course's scenes by their architecture: built anew, and put back together from a file of weights."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from rnn_lab.datasets.captions import vocabulary
from rnn_lab.datasets.download import bundled
from rnn_lab.datasets.scenes import SIZE
from rnn_lab.models.caption_decoder import CaptionDecoder
from rnn_lab.models.captioner import Captioner
from rnn_lab.models.picture_encoder import CELL, PictureEncoder
from rnn_lab.storage import read_arrays, restore, write_arrays

BUNDLED_SHA256 = "c6efc10a86ad763e10ed64169ffe587492042e59757aabb846a6cb96239b0cec"


@dataclass(frozen=True)
class SceneCaptioner:
    """What a captioner of scenes in float32 is built of.

    Attributes
    ----------
    shapes : tuple of int
        The filters of the shape stream's three convolutions.
    colours : int
        The filters of the colour stream.
    embedding_size, hidden_size : int
    dropout : float
    separate, attention : bool
        Whether shape and colour have streams of their own, and whether the decoder looks.
    """

    shapes: tuple[int, int, int] = (16, 32, 48)
    colours: int = 12
    embedding_size: int = 32
    hidden_size: int = 96
    dropout: float = 0.25
    separate: bool = True
    attention: bool = True

    def build(self, rng: np.random.Generator | None = None) -> Captioner:
        """Return a captioner with new weights."""
        encoder = PictureEncoder(self.shapes, self.colours, rng, separate=self.separate, dtype=np.float32)
        decoder = CaptionDecoder(
            (SIZE // CELL, SIZE // CELL, encoder.output_size),
            len(vocabulary()),
            self.embedding_size,
            self.hidden_size,
            rng,
            attention=self.attention,
            dropout=self.dropout,
            dtype=np.float32,
        )
        return Captioner(encoder, decoder)


def save_captioner(path: Path, architecture: SceneCaptioner, captioner: Captioner) -> None:
    """Write a captioner with its architecture into a safetensors file, whole or not at all."""
    write_arrays(path, captioner.params, {"architecture": json.dumps(asdict(architecture))})


def load_captioner(path: Path) -> Captioner:
    """Return the captioner of a file that `save_captioner` wrote.

    Raises
    ------
    OSError
        If the file is missing or cannot be read.
    ValueError
        If it is damaged, was not written by `save_captioner`, or the weights do not fit the architecture.
    """
    arrays, metadata = read_arrays(path)
    if "architecture" not in metadata:
        raise ValueError(f"{path} says nothing of its architecture; expected a file that save_captioner wrote")
    captioner = SceneCaptioner(**json.loads(metadata["architecture"])).build()
    restore(captioner.params, arrays, path)
    return captioner


def bundled_captioner() -> Captioner:
    """Return the captioner that the course carries.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is missing or damaged.
    """
    return load_captioner(bundled("weights/captioner.safetensors", BUNDLED_SHA256))
