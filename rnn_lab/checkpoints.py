"""Checkpoints: named groups of arrays and a few notes in one safetensors file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from rnn_lab.storage import read_arrays, write_arrays

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
    arrays = {f"{group}/{name}": array for group, named in groups.items() for name, array in named.items()}
    write_arrays(path, arrays, {"format": FORMAT, "notes": json.dumps(notes)})


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
    arrays, metadata = read_arrays(path)
    if metadata.get("format") != FORMAT:
        raise ValueError(f"checkpoint {path} was not written by fit: its format is {metadata.get('format')!r}")
    groups: Groups = {"params": {}, "best": {}, "optimizer": {}}
    for key, array in arrays.items():
        group, _, name = key.partition("/")
        groups.setdefault(group, {})[name] = array
    saved = {name: array.shape for name, array in groups["params"].items()}
    expected = {name: array.shape for name, array in params.items()}
    if saved != expected:
        raise ValueError(f"checkpoint {path} is of another model: it holds {saved}; expected {expected}")
    return groups, json.loads(metadata["notes"])
