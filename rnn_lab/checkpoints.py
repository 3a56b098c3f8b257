"""Checkpoints: named groups of arrays and a few notes in one safetensors file, written whole or not at all."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

Groups = dict[str, dict[str, NDArray]]
FORMAT = "rnn_lab checkpoint 1"


def save_checkpoint(path: Path, groups: Mapping[str, Mapping[str, NDArray]], notes: Mapping[str, Any]) -> None:
    """Write a checkpoint atomically: a crash leaves the old file or the new one, never half of one.

    Parameters
    ----------
    path : Path
    groups : dict of dict of ndarray
        For instance ``{"params": {...}, "optimizer": {...}}``.
    notes : dict
        Whatever JSON can hold.
    """
    tensors = {
        f"{group}/{name}": np.asarray(array, order="C")
        for group, arrays in groups.items()
        for name, array in arrays.items()
    }
    content = save(tensors, {"format": FORMAT, "notes": json.dumps(notes)})
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with open(partial, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def load_checkpoint(path: Path, params: Mapping[str, NDArray]) -> tuple[Groups, dict[str, Any]]:
    """Read a checkpoint of a model with these parameters.

    Returns
    -------
    groups : dict of dict of ndarray
        ``params``, ``best`` (empty if nothing was validated) and ``optimizer``.
    notes : dict

    Raises
    ------
    ValueError
        If the file is damaged, no checkpoint, or of a model with other parameters. Nothing is changed.
    """
    groups: Groups = {"params": {}, "best": {}, "optimizer": {}}
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            for key in file.keys():
                group, _, name = key.partition("/")
                groups.setdefault(group, {})[name] = file.get_tensor(key)
    except SafetensorError as error:
        raise ValueError(
            f"checkpoint {path} is damaged or not a safetensors file ({error}); move it away to start afresh"
        ) from None
    if metadata.get("format") != FORMAT:
        raise ValueError(f"checkpoint {path} was not written by fit: its format is {metadata.get('format')!r}")
    saved = {name: array.shape for name, array in groups["params"].items()}
    expected = {name: array.shape for name, array in params.items()}
    if saved != expected:
        raise ValueError(f"checkpoint {path} is of another model: it holds {saved}; expected {expected}")
    return groups, json.loads(metadata["notes"])
