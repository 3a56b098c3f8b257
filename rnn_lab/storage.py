"""Named arrays in a safetensors file, written whole or not at all."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save


def write_arrays(path: Path, arrays: Mapping[str, NDArray], metadata: Mapping[str, str]) -> None:
    """Write atomically: a crash leaves the old file or the new one, never half of one."""
    content = save({name: np.asarray(array, order="C") for name, array in arrays.items()}, dict(metadata))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with open(partial, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def read_arrays(path: Path) -> tuple[dict[str, NDArray], dict[str, str]]:
    """Return the arrays of a file and its metadata.

    Raises
    ------
    OSError
        If the file is missing or cannot be read.
    ValueError
        If it is damaged, in another format, or holds a type of number that NumPy lacks.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file in it")
    arrays = {}
    try:
        with safe_open(path, framework="numpy") as file:
            for name in file.keys():
                try:
                    arrays[name] = file.get_tensor(name)
                except (TypeError, AttributeError):  # what NumPy says of a type that it lacks
                    dtype = file.get_slice(name).get_dtype()
                    raise ValueError(f"{path} holds {name} as {dtype}; expected it saved as F32 or F64") from None
            return arrays, file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(
            f"{path} is damaged or not a safetensors file ({error}); move it away or bring back a copy"
        ) from None


def restore(params: Mapping[str, NDArray], arrays: Mapping[str, NDArray], path: Path, prefix: str = "") -> None:
    """Copy the arrays of a file into a model's parameters, in place.

    Parameters
    ----------
    params : mapping of str to ndarray
        The model's own, of any shapes.
    arrays : mapping of str to ndarray
        What `read_arrays` found at `path`.
    prefix : str
        What stands before each parameter's name in the file.

    Raises
    ------
    ValueError
        If one is missing or has another shape.
    """
    for name, param in params.items():
        weights = arrays.get(prefix + name)
        if weights is None or weights.shape != param.shape:
            came = "nothing" if weights is None else f"an array of shape {weights.shape}"
            raise ValueError(f"{path} holds {came} as {prefix}{name}; expected an array of shape {param.shape}")
        param[...] = weights
