"""Quantiles, free runs and the autoencoder: gradients, PyTorch's values, and what does not fit."""

from pathlib import Path

import numpy as np
import pytest
from support import assert_same

from rnn_lab.interop import from_torch
from rnn_lab.models import Autoencoder, FreeRunForecaster, QuantileForecaster, RunBatch
from rnn_lab.nn import GRU, LSTM, RNN, Adam, Stacked, pinball
from rnn_lab.nn.gradcheck import check_gradients, negative_control
from rnn_lab.training import fit

VALUES = Path(__file__).parent / "oracles" / "torch_forecaster_values.npz"
QUANTILES = (0.1, 0.5, 0.8)
LAYERS = {
    "RNN": RNN,
    "GRU": GRU,
    "LSTM": LSTM,
    "stacked": lambda D, H, rng=None, dtype=np.float64: Stacked(
        [GRU(D, 3, rng, dtype=dtype), LSTM(3, H, rng, dtype=dtype)]
    ),
}
EVERY_LAYER = pytest.mark.parametrize("kind", LAYERS)
BOTH_WAYS = pytest.mark.parametrize("forced", [False, True])


def quantile_case(kind="GRU", warm_up=2, dtype=np.float64):
    rng = np.random.default_rng(3)  # no prediction is so close to its target that the check steps over the kink
    model = QuantileForecaster(LAYERS[kind](2, 5, rng, dtype=dtype), 3, QUANTILES, rng, warm_up)
    return model, (rng.standard_normal((6, 4, 2)).astype(dtype), rng.standard_normal((6, 4, 3)).astype(dtype))


def run_case(kind="GRU", forced=False, encoded=False, K=4, dtype=np.float64):
    rng = np.random.default_rng(1)
    layer, encoder = (LAYERS[kind](2, 5, rng, dtype=dtype) for _ in range(2))
    model = FreeRunForecaster(layer, rng, forced, encoder if encoded else None)
    shapes = ((6, 3, 2), (K - 1, 3, 2), (K, 3))
    return model, RunBatch(*(rng.standard_normal(shape).astype(dtype) for shape in shapes))


def autoencoder_case(dtype=np.float64):
    rng = np.random.default_rng(2)
    return Autoencoder(2, 5, 3, rng, dtype), rng.standard_normal((6, 4, 2)).astype(dtype)


def assert_gradients_are_right(model, batch):
    _, grads = model.loss_and_grads(batch)

    def loss():
        return model.loss_and_grads(batch)[0]

    report = check_gradients(loss, model.params, grads)
    assert report.worst < 1e-6, report
    control = negative_control(loss, model.params, grads, every_entry_up_to=0)
    assert control.wrong == list(model.params), control


@EVERY_LAYER
def test_gradients_of_quantiles(kind):
    assert_gradients_are_right(*quantile_case(kind))


@BOTH_WAYS
@EVERY_LAYER
def test_gradients_of_a_run(kind, forced):
    assert_gradients_are_right(*run_case(kind, forced))


@BOTH_WAYS
@pytest.mark.parametrize("kind", ["GRU", "LSTM"])
def test_gradients_from_sequence_to_sequence(kind, forced):
    assert_gradients_are_right(*run_case(kind, forced, encoded=True))


def test_gradients_of_the_autoencoder():
    assert_gradients_are_right(*autoencoder_case())


def torch_case(case):
    with np.load(VALUES) as file:
        return {key.removeprefix(f"{case}."): file[key] for key in file if key.startswith(f"{case}.")}


def assert_as_torch(model, parts, torch, batch):
    """Take PyTorch's weights over, and compare the loss and every gradient; the GRU's bias has two rows here."""
    for part in parts:
        named = {name.removeprefix(f"{part}."): value for name, value in torch.items() if name.startswith(f"{part}.")}
        from_torch(getattr(model, part), named)
    loss, grads = model.loss_and_grads(batch)
    assert loss == pytest.approx(torch["loss"], rel=1e-9)
    for part in parts:
        names = {"W": "weight_ih_l0", "U": "weight_hh_l0"} if f"{part}.U" in grads else {"W": "weight", "b": "bias"}
        expected = {name: torch[f"grad.{part}.{theirs}"] for name, theirs in names.items()}
        if "b" not in expected:
            expected["b"] = np.stack([torch[f"grad.{part}.bias_ih_l0"], torch[f"grad.{part}.bias_hh_l0"]])
        for name, array in expected.items():
            assert_same(grads[f"{part}.{name}"], array, 1e-9)


def test_quantiles_are_those_of_pytorch():
    torch = torch_case("pinball")
    model = QuantileForecaster(GRU(2, 4), 3, torch["quantiles"])
    assert_as_torch(model, ("layer", "readout"), torch, (torch["x"], torch["target"]))


@pytest.mark.parametrize("case", ["free", "forced"])
def test_runs_are_those_of_pytorch(case):
    torch = torch_case(case)
    model = FreeRunForecaster(GRU(2, 4), teacher_forcing=case == "forced")
    assert_as_torch(model, ("layer", "readout"), torch, (torch["past"], torch["ahead"], torch["target"]))


def test_the_autoencoder_is_that_of_pytorch():
    torch = torch_case("autoencoder")
    model = Autoencoder(2, 4, 2)
    assert_as_torch(model, ("encoder", "waist", "decoder", "readout"), torch, torch["x"])
    assert_same(model.reconstruct(torch["x"]), torch["y"], 1e-9)


def test_the_loss_is_that_of_the_quantiles_after_the_warm_up():
    model, (x, target) = quantile_case(warm_up=2)
    h, _, _ = model.layer.forward(x)
    y = model.readout.forward(h)[0].reshape(6, 4, 3, 3)
    expected, _ = pinball(y[2:], target[2:], QUANTILES)
    target[:2] = 1e6
    assert_same(model.loss_and_grads((x, target))[0], expected)


def test_quantiles_never_cross_and_go_on_from_a_state():
    model, (x, _) = quantile_case()
    y, last = model.predict(x)
    assert y.shape == (6, 4, 3, 3) and (np.diff(y, axis=-1) >= 0).all()
    first, state = model.predict(x[:2])
    second, second_state = model.predict(x[2:], state)
    assert_same(np.concatenate([first, second]), y)
    assert_same(second_state, last)


def test_a_free_run_reads_its_own_forecasts():
    model, (past, ahead, _) = run_case()
    forecasts = model.predict(past, ahead, 4)
    x = past
    for k in range(4):
        h, _, _ = model.layer.forward(x)
        assert_same(model.readout.forward(h[-1])[0][:, 0], forecasts[k])
        if k < 3:
            x = np.concatenate([x, np.concatenate([forecasts[k][:, None], ahead[k, :, 1:]], axis=1)[None]])
    ahead[:, :, 0] = np.nan  # a free run must not look at it
    assert_same(model.predict(past, ahead, 4), forecasts)


@BOTH_WAYS
def test_an_encoder_with_the_weights_of_its_decoder_is_no_encoder(forced):
    (alone, batch), (encoded, _) = run_case(forced=forced), run_case(forced=forced, encoded=True)
    for name, param in encoded.params.items():
        param[...] = alone.params[name.replace("encoder", "layer")]
    loss, grads = alone.loss_and_grads(batch)
    same_loss, parts = encoded.loss_and_grads(batch)
    assert_same(same_loss, loss)
    for name in alone.layer.params:  # one layer in both places gets the sum
        assert_same(parts[f"layer.{name}"] + parts[f"encoder.{name}"], grads[f"layer.{name}"])


def test_teacher_forcing_changes_training_alone():
    (free, batch), (forced, _) = run_case(forced=False), run_case(forced=True)
    assert_same(free.predict(batch.past, batch.ahead, 4), forced.predict(batch.past, batch.ahead, 4))
    assert free.loss_and_grads(batch)[0] != forced.loss_and_grads(batch)[0]
    one_step = batch._replace(target=batch.target[:1])
    assert_same(free.loss_and_grads(one_step)[1], forced.loss_and_grads(one_step)[1])


@pytest.mark.parametrize("draw", [quantile_case, run_case, autoencoder_case])
def test_float32_stays_float32(draw):
    model, batch = draw(dtype=np.float32)
    _, grads = model.loss_and_grads(batch)
    assert {array.dtype for array in (*model.params.values(), *grads.values())} == {np.dtype(np.float32)}


def test_a_waist_of_one_number_learns_what_one_number_can_say():
    rng = np.random.default_rng(0)
    model = Autoencoder(1, 8, 1, rng)
    t = np.arange(12)[:, None, None]

    def sample_batch(rng):
        return rng.uniform(0.5, 1.5, (1, 16, 1)) * np.sin(t / 2)

    fit(model, sample_batch, Adam(1e-2), steps=400, rng=rng, max_norm=1.0, progress=False)
    usual = sample_batch(rng)
    unusual = usual[::-1]
    errors = [np.mean((model.reconstruct(x) - x) ** 2) for x in (usual, unusual)]
    assert errors[0] < 0.1 * errors[1]
    assert model.encode(usual).shape == (16, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: QuantileForecaster(GRU(2, 3), 0, QUANTILES), "horizon is 0; expected at least 1"),
        (lambda: quantile_case(warm_up=6)[0].loss_and_grads(quantile_case()[1]), "x has 6 steps; .* warm_up = 6"),
        (lambda: QuantileForecaster(GRU(2, 3), 1, QUANTILES, warm_up=-1), "warm_up is -1"),
        (
            lambda: quantile_case()[0].loss_and_grads((np.ones((6, 4, 2)), np.ones((6, 4, 2)))),
            r"target has shape \(6, 4, 2\); expected \(6, 4, 3\)",
        ),
        (
            lambda: quantile_case()[0].loss_and_grads((np.ones((6, 4, 2)), np.full((6, 4, 3), np.nan))),
            "target holds .* NaN",
        ),
        (lambda: run_case()[0].predict(np.ones((6, 3, 1))), r"past has shape \(6, 3, 1\); expected \(T, N, 2\)"),
        (lambda: run_case()[0].predict(np.full((6, 3, 2), np.nan)), "past holds 36 NaN"),
        (
            lambda: run_case()[0].predict(np.ones((6, 3, 2)), np.ones((1, 3, 2)), 4),
            "ahead has 1 steps; expected at least 3 for 4 forecasts",
        ),
        (lambda: run_case()[0].predict(np.ones((6, 3, 2)), steps=0), "steps is 0; expected at least 1"),
        (lambda: run_case()[0].predict(np.ones((6, 3, 2)), steps=2), "ahead is missing; expected .* in 1 column"),
        (lambda: run_case(encoded=True)[0].predict(np.ones((1, 3, 2))), "past has 1 step; expected at least 2"),
        (lambda: FreeRunForecaster(GRU(2, 5), encoder=GRU(2, 4)), "encoder has parameters of shapes .* of the layer"),
        (lambda: Autoencoder(2, 3, 0), "output_size is 0"),
        (lambda: autoencoder_case()[0].loss_and_grads(np.ones((6, 4))), r"x has shape \(6, 4\)"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
