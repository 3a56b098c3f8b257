"""The language model: its gradients, its loss, its state, the tie, and what does not fit."""

from pathlib import Path

import numpy as np
import pytest
from support import assert_same, parts

from rnn_lab.interop import from_torch
from rnn_lab.models import LanguageModel, TextBatch
from rnn_lab.nn import GRU, LSTM, RNN, Adam, Bidirectional, Linear, Stacked, softmax_cross_entropy
from rnn_lab.nn.gradcheck import check_gradients, negative_control
from rnn_lab.nn.inputs import Lookup, Vectors
from rnn_lab.training import fit

VALUES = Path(__file__).parent / "oracles" / "torch_language_model_values.npz"
LAYERS = {
    "RNN": RNN,
    "GRU": GRU,
    "LSTM": LSTM,
    "stacked": lambda D, H, *options, **named: Stacked([LSTM(D, H, *options, **named), LSTM(H, H, *options, **named)]),
    "mixed": lambda D, H, *options, **named: Stacked(
        [GRU(D, 3, *options, **named), Stacked([LSTM(3, H, *options, **named)])], dropout=0.5
    ),
}
EVERY_LAYER = pytest.mark.parametrize("layer", LAYERS)
TIED_OR_NOT = pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])


def model_and_batch(layer="LSTM", tied=False, T=5, N=3, seed=0, dropout=0.0, dtype=np.float64):
    """Draw a model of 7 tokens and a batch with padding at the ends of its sequences."""
    rng = np.random.default_rng(seed)
    D, H, V = (6 if tied else 4), 6, 7
    model = LanguageModel(V, D, LAYERS[layer](D, H, rng, dtype=dtype), rng, tied=tied, dropout=dropout)
    for name, param in model.params.items():
        if name.endswith("b"):
            param[:] = rng.standard_normal(param.shape)
    ids, targets = rng.integers(0, V, (2, T, N))
    mask = np.arange(T)[:, None] < rng.integers(1, T + 1, N)
    return model, TextBatch(ids, targets, mask)


@TIED_OR_NOT
@EVERY_LAYER
def test_gradients_agree_with_central_differences(layer, tied):
    """From a state that is not zero, padded, and with dropout that draws the same each time.

    Five batches along one random direction for each parameter, the last of them also entry by entry.
    """
    for seed in range(5):
        model, batch = model_and_batch(layer, tied, seed=seed, dropout=0.3)
        _, state, _ = model.forward(batch.ids[::-1])
        batch = batch._replace(state=state)

        def loss_and_grads(model=model, batch=batch):
            return model.loss_and_grads(batch._replace(rng=np.random.default_rng(1)))

        def loss(run=loss_and_grads):
            return run()[0]

        report = check_gradients(loss, model.params, loss_and_grads()[1], every_entry_up_to=2000 if seed == 4 else 0)
        assert report.worst < 1e-6, report
    control = negative_control(loss, model.params, loss_and_grads()[1], every_entry_up_to=0)
    assert control.wrong == list(model.params), control


@TIED_OR_NOT
@pytest.mark.parametrize("layer", ["RNN", "GRU", "LSTM", "stacked"])
def test_loss_and_gradients_are_those_of_pytorch(layer, tied):
    """Two batches in a row, the second from the state after the first."""
    prefix = f"{layer}_{'tied' if tied else 'untied'}."
    with np.load(VALUES) as file:
        torch = {key.removeprefix(prefix): file[key] for key in file if key.startswith(prefix)}
    model, _ = model_and_batch(layer, tied)
    from_torch(model.layer, named_part("layer", torch))
    model.params["embedding.E"][:], model.params["readout.b"][:] = torch["embedding.weight"], torch["readout.bias"]
    if not tied:
        model.params["readout.W"][:] = torch["readout.weight"]
    state = None
    for number in range(2):
        batch = TextBatch(torch["ids"][number], torch["targets"][number], torch["masks"][number], state)
        loss, grads = model.loss_and_grads(batch)
        _, state, _ = model.forward(batch.ids, state)
        expected = in_our_names(named_part(f"grad{number}", torch), model, gru=layer == "GRU")
        assert loss == pytest.approx(torch["losses"][number], rel=1e-9)
        assert grads.keys() == expected.keys()
        for name, grad in grads.items():
            error = np.abs(grad - expected[name]).max() / np.abs(expected[name]).max()
            assert error < 1e-9, f"{name}: relative error {error:.1e}"


def named_part(part, arrays):
    return {name.removeprefix(f"{part}."): array for name, array in arrays.items() if name.startswith(f"{part}.")}


def in_our_names(grads, model, gru):
    """Give PyTorch's gradients the names and shapes of the model's parameters."""
    level = "layer.{}." if isinstance(model.layer, Stacked) else "layer."
    ours = {"embedding.E": grads["embedding.weight"], "readout.b": grads["readout.bias"]}
    if not model.tied:
        ours["readout.W"] = grads["readout.weight"]
    for number in range(2 if isinstance(model.layer, Stacked) else 1):
        W, U, b_input, b_state = (
            grads[f"layer.{kind}_l{number}"] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        b = np.stack([b_input, b_state]) if gru else b_input
        ours |= {f"{level.format(number)}{name}": grad for name, grad in (("W", W), ("U", U), ("b", b))}
    return ours


@TIED_OR_NOT
@EVERY_LAYER
def test_a_padded_batch_gives_the_loss_and_gradients_of_its_sequences(layer, tied):
    model, (ids, targets, mask, *_) = model_and_batch(layer, tied)
    loss, grads = model.loss_and_grads((ids, targets, mask))
    total, sums = 0.0, dict.fromkeys(grads, 0.0)
    for n, length in enumerate(mask.sum(axis=0)):
        one = (slice(length), slice(n, n + 1))
        part, part_grads = model.loss_and_grads((ids[one], targets[one]))
        total += part * length / mask.sum()
        sums = {name: sums[name] + grad * (length / mask.sum()) for name, grad in part_grads.items()}
    assert_same(loss, total)
    assert_same(grads, sums)

    ids[~mask], targets[~mask] = 0, -1  # what is padded changes nothing
    assert_same(model.loss_and_grads((ids, targets, mask))[1], grads)


def leaves(state):
    """Yield the arrays of a state, however deep."""
    for part in parts(state):
        yield from leaves(part) if isinstance(part, tuple) else (part,)


@EVERY_LAYER
def test_the_state_carries_reading_on_whole_or_token_by_token(layer):
    model, (ids, *_) = model_and_batch(layer)
    whole, last, _ = model.forward(ids)
    first, state, _ = model.forward(ids[:2])
    second, carried, _ = model.forward(ids[2:], state)
    assert_same(np.concatenate([first, second]), whole)
    steps, state = [], None
    for tokens in ids:
        logits, state = model.step(tokens, state)
        steps.append(logits)
    assert_same(np.stack(steps), whole)
    for final in (carried, state):
        for array, expected in zip(leaves(final), leaves(last), strict=True):
            assert_same(array, expected)


def test_the_loss_is_the_cross_entropy_of_the_scores():
    model, (ids, targets, mask, *_) = model_and_batch()
    logits, _, _ = model.forward(ids)
    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    of_targets = np.take_along_axis(p, targets[..., None], axis=2)[..., 0]
    assert_same(model.loss_and_grads((ids, targets))[0], -np.log(of_targets).mean())
    assert_same(model.loss_and_grads((ids, targets, mask))[0], -np.log(of_targets[mask]).mean())


@EVERY_LAYER
def test_nothing_is_remembered_between_calls(layer):
    """An evaluation between forward and backward, or a second batch, changes nothing."""
    model, batch = model_and_batch(layer, tied=True)
    loss, grads = model.loss_and_grads(batch)
    logits, _, cache = model.forward(batch.ids)
    model.loss_and_grads(model_and_batch(seed=1)[1])
    model.step(batch.ids[0])
    again = model.backward(softmax_cross_entropy(logits, batch.targets, batch.mask)[1], cache)
    assert_same(again, grads, 0)
    assert model.loss_and_grads(batch)[0] == loss


def test_tokens_looked_up_by_the_layer_give_what_their_vectors_give():
    """Five tokens are fewer than the vocabulary of seven, and are written out; the same sequence twice is looked up."""
    model, (ids, targets, *_) = model_and_batch(T=5, N=1)
    loss, grads = model.loss_and_grads((ids, targets))
    twice = model.loss_and_grads((ids.repeat(2, axis=1), targets.repeat(2, axis=1)))
    assert_same({"loss": twice[0], **twice[1]}, {"loss": loss, **grads})
    kept = [type(model.forward(batch)[2].layer.inputs) for batch in (ids, ids.repeat(2, axis=1))]
    assert kept == [Vectors, Lookup]


def test_dropout_silences_what_goes_in_and_what_comes_out():
    """Silenced inputs are zero in the layer's cache, silenced outputs in the readout's."""
    model, batch = model_and_batch(dropout=0.5, T=50, N=20)
    _, _, cache = model.forward(batch.ids, rng=np.random.default_rng(1))
    for array in (cache.layer.inputs.x, cache.readout):
        assert np.mean(array == 0) == pytest.approx(0.5, abs=0.05)
    assert_same(model.forward(batch.ids)[0], model_and_batch()[0].forward(batch.ids)[0], 0)


def test_dropout_within_a_stack_draws_from_the_same_generator():
    model, batch = model_and_batch("mixed")
    quiet, dropped = (model.forward(batch.ids, rng=rng)[0] for rng in (None, np.random.default_rng(1)))
    assert (dropped != quiet).any()


def test_the_tied_weight_is_one_and_stays_one():
    model, batch = model_and_batch(tied=True)
    assert list(model.params) == ["embedding.E", "layer.W", "layer.U", "layer.b", "readout.b"]
    before, optimizer = model.params["embedding.E"].copy(), Adam(0.01)
    optimizer.update(model.params, model.loss_and_grads(batch)[1])
    table = model.params["embedding.E"]
    assert model.embedding.params["E"] is model.readout.params["W"] is table and (table != before).any()


def test_the_parameters_are_those_of_the_parts():
    model, _ = model_and_batch("mixed")
    inner = [f"layer.{level}.{name}" for level in ("0", "1.0") for name in ("W", "U", "b")]
    assert list(model.params) == ["embedding.E", *inner, "readout.W", "readout.b"]
    assert model.params["layer.1.0.U"] is model.layer.layers["1"].layers["0"].params["U"]
    assert model.params["readout.W"] is model.readout.params["W"]


@TIED_OR_NOT
@EVERY_LAYER
def test_float32_stays_float32(layer, tied):
    model, batch = model_and_batch(layer, tied, dropout=0.2, dtype=np.float32)
    logits, state, _ = model.forward(batch.ids)
    _, grads = model.loss_and_grads(batch._replace(rng=np.random.default_rng(1)))
    arrays = (logits, *leaves(state), *model.params.values(), *grads.values())
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


@TIED_OR_NOT
def test_the_first_scores_are_small(tied):
    """So that training begins near the loss of an even guess, log V. A tied table serves inputs and scores at once."""
    rng = np.random.default_rng(0)
    model = LanguageModel(96, 64, LSTM(64, 64, rng), rng, tied=tied)
    ids, targets = rng.integers(0, 96, (2, 20, 30))
    assert model.loss_and_grads((ids, targets))[0] == pytest.approx(np.log(96), abs=0.2)
    assert model.params["embedding.E"].std() == pytest.approx(64**-0.25 if tied else 1, rel=0.03)


@TIED_OR_NOT
def test_it_learns_what_it_has_to_remember(tied):
    """0 0 1 1 0 0 1 1 ...: the next token needs the last two."""
    rng = np.random.default_rng(0)
    model = LanguageModel(2, 16, LSTM(16, 16, rng), rng, tied=tied)

    def sample_batch(rng):
        text = (np.arange(21)[:, None] + rng.integers(0, 4, 8)) // 2 % 2
        return text[:-1], text[1:]

    fit(model, sample_batch, Adam(0.02), steps=150, rng=rng, max_norm=1.0, progress=False)
    ids, targets = sample_batch(rng)
    logits, _, _ = model.forward(ids)
    assert softmax_cross_entropy(logits[2:], targets[2:])[0] < 0.05  # after the first token, nobody can know yet


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: LanguageModel(0, 4, LSTM(4, 6)), ValueError, "vocabulary_size is 0; expected at least 1"),
        (lambda: LanguageModel(7, 4.0, LSTM(4, 6)), TypeError, "embedding_size is 4.0, a float"),
        (lambda: LanguageModel(7, 5, LSTM(4, 6)), ValueError, "embedding_size is 5; expected 4, the input_size of"),
        (lambda: LanguageModel(7, 4, Linear(4, 6)), TypeError, "layer is a Linear; expected a recurrent layer such as"),
        (lambda: LanguageModel(7, 4, LSTM), TypeError, "layer is a type; expected a recurrent layer such as"),
        (lambda: LanguageModel(7, 4, LSTM(4, 6), 0), TypeError, "rng is 0; expected a generator"),
        (lambda: LanguageModel(7, 4, LSTM(4, 6), dropout=1), ValueError, "rate is 1; expected a number from 0 to"),
        (
            lambda: LanguageModel(7, 4, LSTM(4, 6), tied=True),
            ValueError,
            "embedding_size is 4, but layer gives 6 values at each step; expected the same number: a tied model",
        ),
        (
            lambda: LanguageModel(7, 4, Stacked([Bidirectional(GRU(4, 3), GRU(4, 3)), GRU(6, 6)])),
            ValueError,
            "layer is or holds a Bidirectional; expected layers that read forwards",
        ),
    ],
)
def test_a_model_that_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model, ids: model.forward(ids[0]), "ids has shape (3,); expected (T, N)"),
        (lambda model, ids: model.step(ids), "ids has shape (5, 3); expected (N,)"),
        (lambda model, ids: model.forward(ids + 7), "ids holds values from 7 to"),
        (lambda model, ids: model.forward(ids, (np.zeros((2, 6)),) * 2), "state[0] has shape (2, 6); expected (3, 6)"),
        (lambda model, ids: model.loss_and_grads((ids, ids[1:])), "targets has shape (4, 3); expected (5, 3)"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(call, message):
    model, batch = model_and_batch()
    with pytest.raises(ValueError) as caught:
        call(model, batch.ids)
    assert str(caught.value).startswith(message)
