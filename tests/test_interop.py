"""Weights to and from PyTorch: names, shapes, values, files, and what does not fit."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save

from rnn_lab.interop import from_torch, load_torch, save_torch, to_torch
from rnn_lab.nn import GRU, LSTM, RNN, Linear
from rnn_lab.nn.composed import Bidirectional, Stacked

ORACLES = Path(__file__).parent / "oracles"
FROM_PYTORCH = ORACLES / "torch_weights.safetensors"  # of torch.nn.LSTM(2, 3, num_layers=2, bidirectional=True)


def random(layer, seed=0):
    """Fill a layer with random weights, biases too."""
    rng = np.random.default_rng(seed)
    for param in layer.params.values():
        param[:] = rng.standard_normal(param.shape)
    return layer


def counterpart(dtype=np.float64):
    """The layer that fits the committed file."""
    below, above = ([LSTM(size, 3, dtype=dtype) for _ in range(2)] for size in (2, 6))
    return Stacked([Bidirectional(*below), Bidirectional(*above)])


LAYERS = {
    "Linear": lambda: Linear(3, 4),
    "RNN": lambda: RNN(3, 4),
    "ReLU": lambda: RNN(3, 4, activation="relu"),
    "GRU": lambda: GRU(3, 4),
    "LSTM": lambda: LSTM(3, 4),
    "stack": lambda: Stacked([GRU(3, 4), GRU(4, 4), GRU(4, 4)]),
    "both ways": lambda: Bidirectional(RNN(3, 4), RNN(3, 4)),
    "stack, both ways": counterpart,
}


def test_a_file_that_pytorch_wrote_gives_its_outputs():
    layer = counterpart()
    load_torch(layer, FROM_PYTORCH)
    with np.load(ORACLES / "torch_composed_values.npz") as file:
        torch = {key.removeprefix("saved."): file[key] for key in file if key.startswith("saved.")}
    (h0, h1, h2, h3), (c0, c1, c2, c3) = torch["state"]
    y, ((f0, r0), (f1, r1)), _ = layer.forward(torch["x"], (((h0, c0), (h1, c1)), ((h2, c2), (h3, c3))))
    last = np.stack([f0, r0, f1, r1], axis=1)
    assert np.abs(y - torch["y"]).max() < 1e-9 and np.abs(last - torch["last_state"]).max() < 1e-9


def test_a_file_for_pytorch_looks_like_its_own(tmp_path):
    save_torch(counterpart(), tmp_path / "new folder" / "weights.safetensors")
    with (
        safe_open(tmp_path / "new folder" / "weights.safetensors", "numpy") as ours,
        safe_open(FROM_PYTORCH, "numpy") as theirs,
    ):
        assert set(ours.keys()) == set(theirs.keys())
        for name in theirs.keys():
            assert ours.get_tensor(name).shape == theirs.get_tensor(name).shape
        assert ours.metadata() == {"format": "pt"}


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_weights_come_back_as_they_went(make, tmp_path):
    layer, other, third = random(make(), 1), random(make(), 2), random(make(), 3)
    from_torch(other, to_torch(layer))
    save_torch(layer, tmp_path / "weights.safetensors")
    load_torch(third, str(tmp_path / "weights.safetensors"))
    for name, param in layer.params.items():
        assert (other.params[name] == param).all() and (third.params[name] == param).all(), name


@pytest.mark.parametrize(("kind", "gates"), [(RNN, 1), (GRU, 3), (LSTM, 4)])
def test_names_and_biases(kind, gates):
    layer = random(kind(2, 5))
    arrays = to_torch(layer)
    assert list(arrays) == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    assert (arrays["weight_ih_l0"] == layer.params["W"]).all() and (arrays["weight_hh_l0"] == layer.params["U"]).all()
    b_input, b_state = layer.params["b"] if kind is GRU else (layer.params["b"], np.zeros(5 * gates))
    assert (arrays["bias_ih_l0"] == b_input).all() and (arrays["bias_hh_l0"] == b_state).all()

    ones = {name: np.ones_like(array) for name, array in arrays.items()}
    from_torch(layer, ones)
    assert (layer.params["b"] == (1 if kind is GRU else 2)).all()  # one bias for PyTorch's two


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_what_was_given_out_is_a_copy_and_what_is_filled_is_not(make):
    layer = random(make())
    before = {name: (param, param.copy()) for name, param in layer.params.items()}
    given = to_torch(layer)
    for array in given.values():
        array += 1
    assert all((param == values).all() for param, values in before.values())
    from_torch(layer, given)
    assert all(layer.params[name] is param and (param != values).all() for name, (param, values) in before.items())


def test_the_layer_keeps_its_dtype():
    layer = counterpart(np.float32)
    load_torch(layer, FROM_PYTORCH)
    assert {param.dtype for param in layer.params.values()} == {np.dtype(np.float32)}
    assert {array.dtype for array in to_torch(layer).values()} == {np.dtype(np.float32)}


def without(name, arrays):
    return {key: array for key, array in arrays.items() if key != name}


@pytest.mark.parametrize(
    ("layer", "state_dict", "message"),
    [
        (
            LSTM(3, 4),
            to_torch(GRU(3, 4)),
            "does not fit torch.nn.LSTM(3, 4): weight_ih_l0 has shape (12, 3), expected (16, 3); "
            "it is that of torch.nn.GRU(3, 4)",
        ),
        (GRU(3, 4), to_torch(GRU(3, 5)), "it is that of torch.nn.GRU(3, 5)"),
        (RNN(3, 4), to_torch(Linear(3, 4)), "it is that of torch.nn.Linear(3, 4)"),
        (Linear(3, 4), to_torch(Linear(4, 3)), "it is that of torch.nn.Linear(4, 3)"),
        (
            LSTM(3, 4),
            to_torch(Stacked([LSTM(3, 4), LSTM(4, 4)])),
            "does not fit torch.nn.LSTM(3, 4): weight_ih_l1 does not belong to it; "
            "it is that of torch.nn.LSTM(3, 4, num_layers=2)",
        ),
        (
            counterpart(),
            to_torch(Bidirectional(LSTM(2, 3), LSTM(2, 3))),
            "does not fit torch.nn.LSTM(2, 3, num_layers=2, bidirectional=True): weight_ih_l1 is missing among its "
            "names (weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_ih_l0_reverse, [...]); "
            "it is that of torch.nn.LSTM(2, 3, bidirectional=True)",
        ),
        (
            LSTM(3, 4),
            without("bias_hh_l0", to_torch(LSTM(3, 4))),
            "does not fit torch.nn.LSTM(3, 4): bias_hh_l0 is missing among its names "
            "(weight_ih_l0, weight_hh_l0, bias_ih_l0)",
        ),
        (
            RNN(3, 4),
            {"model.weight_ih_l0": np.ones((4, 3))},
            "does not fit torch.nn.RNN(3, 4): weight_ih_l0 is missing among its names (model.weight_ih_l0)",
        ),
        (Linear(3, 4), {}, "does not fit torch.nn.Linear(3, 4): weight is missing among its names (none)"),
        (
            Linear(3, 4),
            {"weight": [[0.0] * 3] * 4, "bias": [0, 0, 0, np.nan]},
            "['bias'] holds 1 NaN or infinite value(s), the first at index (3,)",
        ),
        (Linear(1, 2), {"weight": [[1], [2, 3]], "bias": [0]}, "['weight'] has rows of different lengths"),
    ],
)
def test_weights_of_another_architecture(layer, state_dict, message, tmp_path):
    before = {name: param.copy() for name, param in layer.params.items()}
    with pytest.raises(ValueError) as caught:
        from_torch(layer, state_dict)
    assert str(caught.value).startswith("state_dict") and message in str(caught.value)
    assert all((layer.params[name] == param).all() for name, param in before.items())


def test_a_file_of_another_architecture_is_named():
    with pytest.raises(ValueError) as caught:
        load_torch(GRU(2, 3), FROM_PYTORCH)
    assert str(caught.value) == (
        f"{FROM_PYTORCH} does not fit torch.nn.GRU(2, 3): weight_ih_l0 has shape (12, 2), expected (9, 2); "
        "it is that of torch.nn.LSTM(2, 3, num_layers=2, bidirectional=True)"
    )


@pytest.mark.parametrize(
    ("state_dict", "message"),
    [
        ([1, 2], "state_dict is a list; expected names and arrays, such as module.state_dict()"),
        ({"weight": [["a"] * 3] * 4, "bias": [0] * 4}, "state_dict['weight'] holds values of type <U1; expected real"),
    ],
)
def test_what_is_not_a_state_dict(state_dict, message):
    with pytest.raises(TypeError) as caught:
        from_torch(Linear(3, 4), state_dict)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            "LSTM",
            "TypeError: layer is or holds a str; expected a Linear, an RNN, GRU or LSTM, "
            "two of them in a Bidirectional, or a Stacked of these",
        ),
        (Stacked([Stacked([GRU(3, 4)])]), "TypeError: layer is or holds a Stacked; expected a Linear, an RNN, GRU or"),
        (
            RNN(3, 4, activation="sigmoid"),
            "ValueError: layer is an RNN with another nonlinearity; expected tanh or relu",
        ),
        *(
            (
                layer,
                "ValueError: layer has levels or directions that differ; expected one kind, one hidden size and one",
            )
            for layer in (
                Stacked([GRU(3, 4), LSTM(4, 4)]),
                Stacked([GRU(3, 4), GRU(4, 5)]),
                Stacked([RNN(3, 4), RNN(4, 4, activation="relu")]),
                Stacked([Bidirectional(GRU(3, 4), GRU(3, 4)), GRU(8, 4)]),
                Bidirectional(GRU(3, 4), LSTM(3, 4)),
            )
        ),
    ],
)
def test_layers_that_pytorch_does_not_have(layer, message, tmp_path):
    for call in (lambda: to_torch(layer), lambda: save_torch(layer, tmp_path / "x"), lambda: from_torch(layer, {})):
        with pytest.raises((TypeError, ValueError)) as caught:
            call()
        assert f"{caught.typename}: {caught.value}".startswith(message)
    assert not list(tmp_path.iterdir())


def stored_as(dtype, size):
    """The bytes of a safetensors file with one number of a type that NumPy lacks."""
    header = json.dumps({"weight": {"dtype": dtype, "shape": [1], "data_offsets": [0, size]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(size)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", " is damaged or not a safetensors file"),
        (b"not a file of weights", " is damaged or not a safetensors file"),
        (save({"weight": np.ones(9)})[:-1], " is damaged or not a safetensors file"),
        (stored_as("BF16", 2), " holds weight as BF16; expected it saved as F32 or F64"),
        (stored_as("F8_E4M3", 1), " holds weight as F8_E4M3; expected it saved as F32 or F64"),
    ],
    ids=["empty", "text", "cut off", "bfloat16", "float8"],
)
def test_files_that_cannot_be_read(content, message, tmp_path):
    file = tmp_path / "weights.safetensors"
    file.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        load_torch(Linear(3, 4), file)
    assert str(caught.value).startswith(f"{file}{message}")
    assert file.read_bytes() == content


def test_no_file_and_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="no_such_file"):
        load_torch(Linear(3, 4), tmp_path / "no_such_file")
    with pytest.raises(IsADirectoryError, match="is a folder; name a file in it"):
        load_torch(Linear(3, 4), tmp_path)


def test_a_crash_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    file, layer = tmp_path / "weights.safetensors", random(Linear(3, 4), 1)
    save_torch(layer, file)
    before = file.read_bytes()

    def crash(*_):
        raise OSError("no space left")

    monkeypatch.setattr("rnn_lab.storage.os.replace", crash)
    with pytest.raises(OSError, match="no space left"):
        save_torch(random(layer, 2), file)
    assert file.read_bytes() == before
