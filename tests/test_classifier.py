"""Pooling and the classifier: gradients, padding that changes nothing, PyTorch's values, and what does not fit."""

from pathlib import Path

import numpy as np
import pytest
from support import assert_same

from rnn_lab.interop import from_torch
from rnn_lab.models import Classifier, SentenceBatch
from rnn_lab.nn import GRU, LSTM, RNN, Adam, Bidirectional, Linear, Pooling, Stacked, softmax_cross_entropy
from rnn_lab.nn.gradcheck import check_gradients, negative_control
from rnn_lab.training import fit

VALUES = Path(__file__).parent / "oracles" / "torch_classifier_values.npz"
LAYERS = {
    "RNN": RNN,
    "GRU": GRU,
    "LSTM": LSTM,
    "both ways": lambda D, H, *rest, **named: Bidirectional(GRU(D, H, *rest, **named), GRU(D, H, *rest, **named)),
    "stacked": lambda D, H, *rest, **named: Stacked(
        [LSTM(D, 3, *rest, **named), Bidirectional(LSTM(3, H, *rest, **named), LSTM(3, H, *rest, **named))], dropout=0.5
    ),
}
EVERY_LAYER = pytest.mark.parametrize("layer", LAYERS)
EVERY_POOLING = pytest.mark.parametrize("pooling", ["last", "mean", "max"])
LENGTHS = np.array([4, 1, 6, 3])


def model_and_batch(layer="GRU", pooling="mean", dropout=0.0, dtype=np.float64, seed=0):
    """Draw a model of 7 tokens and 3 classes, and a padded batch of 4 sequences of up to 6 tokens."""
    rng = np.random.default_rng(seed)
    model = Classifier(7, 3, LAYERS[layer](4, 5, rng, dtype=dtype), rng, pooling=pooling, dropout=dropout)
    for name, param in model.params.items():
        if name.endswith("b"):
            param[:] = rng.standard_normal(param.shape)
    return model, SentenceBatch(rng.integers(0, 7, (6, 4)), LENGTHS, rng.integers(0, 3, 4))


@EVERY_POOLING
@EVERY_LAYER
def test_gradients_agree_with_central_differences(layer, pooling):
    """On a padded batch, with dropout that draws the same each time."""
    model, batch = model_and_batch(layer, pooling, dropout=0.3)

    def loss_and_grads():
        return model.loss_and_grads(batch._replace(rng=np.random.default_rng(1)))

    _, grads = loss_and_grads()
    report = check_gradients(lambda: loss_and_grads()[0], model.params, grads)
    assert report.worst < 1e-6, report
    control = negative_control(lambda: loss_and_grads()[0], model.params, grads, every_entry_up_to=0)
    assert control.wrong == list(model.params), control


@EVERY_POOLING
@pytest.mark.parametrize("case", ["RNN_forward", "GRU_forward", "LSTM_forward", "GRU_both", "LSTM_both"])
def test_values_and_gradients_are_those_of_pytorch(case, pooling):
    """PyTorch packs the sequences; the gradient of the word vectors is compared as well."""
    kind, direction = case.split("_")
    prefix = f"{case}_{pooling}."
    with np.load(VALUES) as file:
        torch = {key.removeprefix(prefix): file[key] for key in file if key.startswith(prefix)}
    cell = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}[kind]
    layer = cell(3, 5) if direction == "forward" else Bidirectional(cell(3, 5), cell(3, 5))
    model = Classifier(9, 3, layer, pooling=pooling)
    from_torch(layer, named_part("layer", torch))
    from_torch(model.readout, named_part("readout", torch))
    model.params["embedding.E"][:] = torch["embedding.weight"]

    logits, cache = model.forward(torch["ids"], torch["lengths"])
    loss, dlogits = softmax_cross_entropy(logits, torch["labels"])
    dx, grads = model.backward(dlogits, cache)
    assert_close(logits, torch["logits"])
    assert_close(loss, torch["loss"])
    assert_close(dx, torch["dx"])
    for name, expected in in_our_names(named_part("grad", torch), kind, direction).items():
        assert_close(grads[name], expected, name)


def named_part(part, arrays):
    return {name.removeprefix(f"{part}."): array for name, array in arrays.items() if name.startswith(f"{part}.")}


def in_our_names(grads, kind, direction):
    """Give PyTorch's gradients the names and shapes of the model's parameters."""
    ours = {"embedding.E": grads["embedding.weight"], "readout.W": grads["readout.weight"]}
    runs = {"layer.": "l0"} if direction == "forward" else {"layer.forward.": "l0", "layer.reverse.": "l0_reverse"}
    for prefix, run in runs.items():
        W, U, b_input, b_state = (
            grads[f"layer.{name}_{run}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        b = np.stack([b_input, b_state]) if kind == "GRU" else b_input
        ours |= {f"{prefix}W": W, f"{prefix}U": U, f"{prefix}b": b}
    return ours | {"readout.b": grads["readout.bias"]}


def assert_close(value, expected, name=""):
    error = np.abs(value - expected).max() / np.abs(expected).max()
    assert error < 1e-9, f"{name}: relative error {error:.1e}"


@EVERY_POOLING
@EVERY_LAYER
def test_a_padded_batch_gives_the_loss_and_gradients_of_its_sequences(layer, pooling):
    model, (ids, lengths, labels, _) = model_and_batch(layer, pooling)
    loss, grads = model.loss_and_grads((ids, lengths, labels))
    total, sums = 0.0, dict.fromkeys(grads, 0.0)
    for n, length in enumerate(lengths):
        part, part_grads = model.loss_and_grads((ids[:length, n : n + 1], None, labels[n : n + 1]))
        total += part / 4
        sums = {name: sums[name] + grad / 4 for name, grad in part_grads.items()}
    assert_same(loss, total)
    assert_same(grads, sums)

    ids[np.arange(6)[:, None] >= lengths] = 0  # other padding, and more of it
    longer = np.concatenate([ids, np.full((3, 4), 2)])
    assert_same(model.loss_and_grads((longer, lengths, labels))[1], grads)


@EVERY_POOLING
def test_the_gradient_of_a_word_is_zero_where_padded_and_else_the_change_of_the_score(pooling):
    model, (ids, lengths, *_) = model_and_batch("both ways", pooling)
    logits, cache = model.forward(ids, lengths)
    dlogits = np.zeros_like(logits)
    dlogits[:, 1] = 1  # the score of class 1
    dx, grads = model.backward(dlogits, cache)
    assert not dx[np.arange(6)[:, None] >= lengths].any()
    E = model.params["embedding.E"]
    report = check_gradients(
        lambda: float(model.forward(ids, lengths)[0][:, 1].sum()), {"E": E}, {"E": grads["embedding.E"]}
    )
    assert report.worst < 1e-6
    summed = np.zeros_like(E)
    np.add.at(summed, ids, dx)
    assert_same(grads["embedding.E"], summed)


def test_pooling_takes_what_its_name_says():
    h = np.random.default_rng(0).standard_normal((6, 4, 5)) - 3  # below zero, where padding with zeros would win
    for n, length in enumerate(LENGTHS):
        real = h[:length, n]
        for kind, expected in [("last", real[-1]), ("mean", real.mean(axis=0)), ("max", real.max(axis=0))]:
            assert_same(Pooling(kind).forward(h, LENGTHS)[0][n], expected)
        both, _ = Pooling("last", reverse=2).forward(h, LENGTHS)
        assert_same(both[n], np.concatenate([real[-1, :3], real[0, 3:]]))


@EVERY_POOLING
def test_padding_may_hold_anything(pooling):
    h, mask = np.ones((6, 4, 5)), np.arange(6)[:, None] < LENGTHS
    h[~mask] = np.nan
    pooled, cache = Pooling(pooling).forward(h, LENGTHS)
    dh, _ = Pooling(pooling).backward(np.ones((4, 5)), cache)
    assert_same(pooled, np.ones((4, 5)))
    assert not dh[~mask].any()
    assert_same(dh.sum(axis=0), np.ones((4, 5)))


@EVERY_POOLING
@EVERY_LAYER
def test_float32_stays_float32(layer, pooling):
    model, batch = model_and_batch(layer, pooling, dropout=0.2, dtype=np.float32)
    logits, cache = model.forward(batch.ids, batch.lengths, np.random.default_rng(0))
    dx, grads = model.backward(softmax_cross_entropy(logits, batch.labels)[1], cache)
    arrays = (logits, dx, *model.params.values(), *grads.values())
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_nothing_is_remembered_between_calls():
    model, batch = model_and_batch(dropout=0.5)
    loss, grads = model.loss_and_grads(batch)
    logits, cache = model.forward(batch.ids, batch.lengths)
    model.loss_and_grads(model_and_batch(seed=1)[1])
    assert_same(model.backward(softmax_cross_entropy(logits, batch.labels)[1], cache)[1], grads, 0)
    assert model.loss_and_grads(batch)[0] == loss


def test_dropout_silences_words_and_what_is_read_out():
    model, _ = model_and_batch(dropout=0.5)
    ids = np.zeros((40, 30), int)
    _, cache = model.forward(ids, rng=np.random.default_rng(1))
    for array in (cache.layer.inputs.x, cache.readout):
        assert np.mean(array == 0) == pytest.approx(0.5, abs=0.1)


def test_probabilities_are_the_softmax_of_the_scores():
    model, batch = model_and_batch()
    logits, _ = model.forward(batch.ids, batch.lengths)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert_same(model.probabilities(batch.ids, batch.lengths), expected)


@EVERY_POOLING
def test_it_learns_which_of_two_words_came_first(pooling):
    """What no bag of words can tell."""
    rng = np.random.default_rng(0)
    model = Classifier(4, 2, GRU(8, 8, rng), rng, pooling=pooling)

    def sample_batch(rng):
        labels, lengths = rng.integers(0, 2, 16), rng.integers(5, 9, 16)
        ids = np.zeros((8, 16), int)
        first, second = np.sort(rng.permuted(np.tile(np.arange(5), (16, 1)), axis=1)[:, :2]).T
        ids[first, np.arange(16)], ids[second, np.arange(16)] = 1 + labels, 2 - labels
        return ids, lengths, labels

    fit(model, sample_batch, Adam(0.02), steps=300, rng=rng, max_norm=1.0, progress=False)
    ids, lengths, labels = sample_batch(rng)
    assert (model.probabilities(ids, lengths).argmax(axis=1) == labels).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Classifier(0, 2, GRU(4, 6)), ValueError, "vocabulary_size is 0; expected at least 1"),
        (lambda: Classifier(7, 2.0, GRU(4, 6)), TypeError, "output_size is 2.0, a float"),
        (lambda: Classifier(7, 2, Linear(4, 6)), TypeError, "layer is a Linear; expected a recurrent layer such as"),
        (lambda: Classifier(7, 2, GRU(4, 6), pooling="sum"), ValueError, "kind is 'sum'; expected one of last, mean"),
        (lambda: Classifier(7, 2, GRU(4, 6), dropout=1), ValueError, "rate is 1; expected a number from 0 to below 1"),
        (lambda: Pooling("last", reverse=-1), ValueError, "reverse is -1; expected at least 1"),
        (lambda: Pooling("max").forward(np.ones((3, 2))), ValueError, "h has shape (3, 2); expected (T, N, H)"),
        (lambda: Pooling("mean").forward(np.full((3, 2, 1), np.nan)), ValueError, "h holds 6 NaN or infinite value(s)"),
        (lambda: Pooling("max").forward(np.full((3, 2, 1), np.nan)), ValueError, "h holds 2 NaN or infinite value(s)"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model, ids: model.forward(ids[0]), "ids has shape (4,); expected (T, N), one column for each sequence"),
        (lambda model, ids: model.forward(ids + 7), "ids holds values from 7 to"),
        (lambda model, ids: model.forward(ids, [6, 0, 1, 1]), "lengths holds values from 0 to 6; expected 1 to T = 6"),
        (lambda model, ids: model.forward(ids, [6, 1]), "lengths has shape (2,); expected (4,)"),
        (lambda model, ids: model.loss_and_grads((ids, None, [0, 1])), "targets has shape (2,); expected (4,)"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(call, message):
    model, batch = model_and_batch()
    with pytest.raises(ValueError) as caught:
        call(model, batch.ids)
    assert str(caught.value).startswith(message)
