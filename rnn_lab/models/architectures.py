"""Language models by their measures: built anew, and put back together from a file of weights."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from rnn_lab.datasets.download import bundled
from rnn_lab.models.language_model import LanguageModel
from rnn_lab.nn import GRU, LSTM, RNN, Stacked
from rnn_lab.storage import read_arrays, restore, write_arrays

CELLS = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}
BUNDLED_SHA256 = "1f4002d70cc0593f4d7884a3e320acb26e927ae4985160c1da0bd1124e444798"


@dataclass(frozen=True)
class Architecture:
    """What a language model in float32 is built of.

    Attributes
    ----------
    cell : {"RNN", "GRU", "LSTM"}
    hidden_size, embedding_size, vocabulary_size : int
    layers : int
        One above the other.
    dropout : float
        Below, between and above the layers.
    tied : bool
        Whether the readout uses the embedding's table.
    """

    cell: str
    hidden_size: int
    embedding_size: int
    vocabulary_size: int
    layers: int = 1
    dropout: float = 0.0
    tied: bool = False

    def build(self, rng: np.random.Generator | None = None) -> LanguageModel:
        """Return a model with new weights.

        Raises
        ------
        TypeError, ValueError
            If a measure is none, or they do not fit together.
        """
        if self.cell not in CELLS:
            raise ValueError(f"cell is {self.cell!r}; expected one of {', '.join(CELLS)}")
        sizes = [self.embedding_size, *[self.hidden_size] * self.layers]
        layers = [CELLS[self.cell](D, H, rng, dtype=np.float32) for D, H in pairwise(sizes)]
        layer = layers[0] if self.layers == 1 else Stacked(layers, dropout=self.dropout)
        return LanguageModel(
            self.vocabulary_size, self.embedding_size, layer, rng, tied=self.tied, dropout=self.dropout
        )


def save_models(path: Path, models: Mapping[str, tuple[Architecture, LanguageModel]]) -> None:
    """Write named models with their architectures into one safetensors file, whole or not at all."""
    arrays = {f"{name}/{key}": param for name, (_, model) in models.items() for key, param in model.params.items()}
    architectures = {name: asdict(architecture) for name, (architecture, _) in models.items()}
    write_arrays(path, arrays, {"architectures": json.dumps(architectures)})


def load_models(path: Path) -> dict[str, LanguageModel]:
    """Return the models of a file that `save_models` wrote, by name.

    Raises
    ------
    OSError
        If the file is missing or cannot be read.
    ValueError
        If it is damaged, was not written by `save_models`, or weights do not fit their architecture.
    """
    arrays, metadata = read_arrays(path)
    if "architectures" not in metadata:
        raise ValueError(f"{path} says nothing of architectures; expected a file that save_models wrote")
    models = {}
    for name, measures in json.loads(metadata["architectures"]).items():
        model = Architecture(**measures).build()
        restore(model.params, arrays, path, f"{name}/")
        models[name] = model
    return models


def bundled_language_models() -> dict[str, LanguageModel]:
    """Return the models over printable characters that the course carries, trained on docstrings.

    ``large`` is the best of them, an LSTM; ``RNN``, ``GRU`` and ``LSTM`` are small and of nearly equal size.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is missing or damaged.
    """
    return load_models(bundled("weights/language_model.safetensors", BUNDLED_SHA256))
