"""Translators in files, and the one that the course carries."""

import json
from pathlib import Path

import numpy as np

from rnn_lab.datasets.download import bundled
from rnn_lab.models.translator import Translator
from rnn_lab.storage import read_arrays, write_arrays

NUMBERS = "weights/translator_numbers.safetensors"
NUMBERS_SHA256 = "0"


def number_translator() -> Translator:
    """Return the course's translator of numbers from English to German, trained by data/train_translator.py.

    Raises
    ------
    FileNotFoundError, ValueError
        If its file is missing or damaged.
    """
    return load_translator(bundled(NUMBERS, NUMBERS_SHA256))


def save_translator(path: Path, model: Translator) -> None:
    """Write a translator's weights in float32, and what it is built of, whole or not at all."""
    (source_size, D), (H, _) = model.source.params["E"].shape, model.bridge.params["W"].shape
    sizes = {"source_size": source_size, "target_size": len(model.target.params["E"]), "embedding_size": D}
    built_of = sizes | {"hidden_size": H, "attention": model.attention}
    arrays = {name: param.astype(np.float32) for name, param in model.params.items()}
    write_arrays(path, arrays, {"translator": json.dumps(built_of)})


def load_translator(path: Path) -> Translator:
    """Return the translator of a file that `save_translator` wrote.

    Raises
    ------
    OSError
        If the file is missing or cannot be read.
    ValueError
        If it is damaged, or holds something else.
    """
    arrays, metadata = read_arrays(path)
    if "translator" not in metadata:
        raise ValueError(f"{path} holds no translator; expected a file that save_translator wrote")
    model = Translator(**json.loads(metadata["translator"]), dtype=np.float32)
    if {name: array.shape for name, array in arrays.items()} != {name: p.shape for name, p in model.params.items()}:
        raise ValueError(f"{path} holds weights of other names or shapes than its translator; bring back a copy")
    for name, param in model.params.items():
        param[...] = arrays[name]
    return model
