"""Language models by their measures: what is saved comes back, and what does not fit is named."""

import numpy as np
import pytest

from rnn_lab.datasets.text import PRINTABLE
from rnn_lab.models import Architecture, bundled_language_models
from rnn_lab.models.architectures import load_models, save_models
from rnn_lab.storage import read_arrays, write_arrays

ARCHITECTURES = {
    "small": Architecture("GRU", 5, 3, 7),
    "deep": Architecture("LSTM", 6, 6, 7, layers=2, dropout=0.3, tied=True),
}


@pytest.fixture
def saved(tmp_path):
    """Two models, and the file that holds them."""
    models = {name: architecture.build(np.random.default_rng(0)) for name, architecture in ARCHITECTURES.items()}
    save_models(tmp_path / "models.safetensors", {name: (ARCHITECTURES[name], model) for name, model in models.items()})
    return models, tmp_path / "models.safetensors"


def test_saved_models_come_back(saved):
    models, path = saved
    loaded = load_models(path)
    assert loaded.keys() == models.keys()
    ids = np.random.default_rng(1).integers(0, 7, (4, 2))
    for name, model in models.items():
        logits, _, _ = loaded[name].forward(ids)
        np.testing.assert_array_equal(logits, model.forward(ids)[0])
        assert logits.dtype == np.float32
    assert loaded["deep"].dropout.rate == 0.3 and loaded["deep"].tied


def test_a_file_of_something_else_is_named(saved, tmp_path):
    write_arrays(tmp_path / "other.safetensors", {"a": np.zeros(2)}, {})
    with pytest.raises(ValueError, match="says nothing of architectures; expected a file that save_models wrote"):
        load_models(tmp_path / "other.safetensors")


def test_weights_that_do_not_fit_are_named(saved, tmp_path):
    _, path = saved
    arrays, metadata = read_arrays(path)
    write_arrays(path, arrays | {"small/readout.b": np.zeros(3)}, metadata)
    with pytest.raises(
        ValueError, match=r"an array of shape \(3,\) as small/readout.b; expected an array of shape \(7,"
    ):
        load_models(path)
    del arrays["small/readout.b"]
    write_arrays(path, arrays, metadata)
    with pytest.raises(ValueError, match=r"holds nothing as small/readout\.b"):
        load_models(path)


def test_an_unknown_cell_is_named():
    with pytest.raises(ValueError, match="cell is 'CNN'; expected one of RNN, GRU, LSTM"):
        Architecture("CNN", 4, 4, 4).build()


def test_the_bundled_models_score_printable_characters():
    models = bundled_language_models()
    assert list(models) == ["large", "RNN", "GRU", "LSTM"]
    sizes = {name: sum(param.size for param in model.params.values()) for name, model in models.items()}
    small = [sizes[cell] for cell in ("RNN", "GRU", "LSTM")]
    assert max(small) < 1.05 * min(small) and sizes["large"] > max(small)
    for model in models.values():
        logits, _ = model.step(PRINTABLE.encode("ab"))
        assert logits.shape == (2, 96)
