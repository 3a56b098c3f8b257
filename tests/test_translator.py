"""The translator: its gradients, with padding and without attention, PyTorch's values, its step, what does not fit."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from support import assert_same

from rnn_lab.decoding import generate, greedy
from rnn_lab.models import PairBatch, Translator
from rnn_lab.nn import Adam, clip_by_norm, softmax_cross_entropy
from rnn_lab.nn.gradcheck import check_gradients, negative_control

VALUES = Path(__file__).parent / "oracles" / "torch_translator_values.npz"
WITH_OR_WITHOUT = pytest.mark.parametrize("attention", [True, False], ids=["attention", "without"])


def model_and_batch(attention=True, seed=0, S=6, T=5, N=4, dropout=0.0, dtype=np.float64):
    """Draw a translator of 7 tokens into 8, and a batch padded at the ends of its sources and of its targets."""
    rng = np.random.default_rng(seed)
    model = Translator(7, 8, 3, 5, rng, attention=attention, dropout=dropout, dtype=dtype)
    for name, param in model.params.items():
        if name.endswith("b"):
            param[:] = rng.standard_normal(param.shape)
    source, (inputs, targets) = rng.integers(0, 7, (S, N)), rng.integers(0, 8, (2, T, N))
    lengths, written = rng.integers(1, S + 1, N), rng.integers(1, T + 1, N)
    return model, PairBatch(source, lengths, inputs, targets, np.arange(T)[:, None] < written)


@WITH_OR_WITHOUT
def test_gradients_agree_with_central_differences(attention):
    """Padded, and with dropout that draws the same each time; five batches along one random direction for each
    parameter, the last of them also entry by entry."""
    for seed in range(5):
        model, batch = model_and_batch(attention, seed, dropout=0.3)

        def loss_and_grads(model=model, batch=batch):
            return model.loss_and_grads(batch._replace(rng=np.random.default_rng(1)))

        def loss(run=loss_and_grads):
            return run()[0]

        report = check_gradients(loss, model.params, loss_and_grads()[1], every_entry_up_to=2000 if seed == 4 else 0)
        assert report.worst < 1e-6, report
    control = negative_control(loss, model.params, loss_and_grads()[1], every_entry_up_to=0)
    assert control.wrong == list(model.params), control


@WITH_OR_WITHOUT
def test_a_padded_batch_gives_the_loss_and_gradients_of_its_sequences(attention):
    model, (source, lengths, inputs, targets, mask, _) = model_and_batch(attention)
    loss, grads = model.loss_and_grads((source, lengths, inputs, targets, mask))
    total, sums = 0.0, dict.fromkeys(grads, 0.0)
    for n, (read, written) in enumerate(zip(lengths, mask.sum(axis=0), strict=True)):
        one = slice(n, n + 1)
        part, part_grads = model.loss_and_grads(
            (source[:read, one], None, inputs[:written, one], targets[:written, one])
        )
        total += part * written / mask.sum()
        sums = {name: sums[name] + grad * (written / mask.sum()) for name, grad in part_grads.items()}
    assert_same(loss, total)
    assert_same(grads, sums)


@WITH_OR_WITHOUT
def test_what_is_padded_changes_nothing(attention):
    model, batch = model_and_batch(attention)
    source, inputs, targets = (np.array(ids) for ids in (batch.source, batch.inputs, batch.targets))
    source[np.arange(len(source))[:, None] >= batch.lengths] = 6
    inputs[~batch.mask], targets[~batch.mask] = 7, -1
    changed = batch._replace(source=source, inputs=inputs, targets=targets)
    assert_same(model.loss_and_grads(changed)[1], model.loss_and_grads(batch)[1])


@WITH_OR_WITHOUT
def test_loss_and_gradients_are_those_of_pytorch(attention):
    prefix = "attention." if attention else "without."
    with np.load(VALUES) as file:
        torch = {key.removeprefix(prefix): file[key] for key in file if key.startswith(prefix)}
    model, _ = model_and_batch(attention)
    for name, param in model.params.items():
        param[:] = torch[name]
    batch = [torch[name] for name in ("source", "lengths", "inputs", "targets", "mask")]
    loss, grads = model.loss_and_grads(batch)
    assert loss == pytest.approx(float(torch["loss"]), rel=1e-9)
    for name, grad in grads.items():
        expected = torch[f"grad.{name}"]
        error = np.abs(grad - expected).max() / np.abs(expected).max()
        assert error < 1e-9, f"{name}: relative error {error:.1e}"


@WITH_OR_WITHOUT
def test_step_by_step_it_writes_what_it_writes_at_once(attention):
    model, batch = model_and_batch(attention)
    at_once, _ = model.forward(batch.source, batch.lengths, batch.inputs)
    memory, state = model.encode(batch.source, batch.lengths)
    for ids, expected in zip(batch.inputs, at_once, strict=True):
        logits, state = model.step(memory, ids, state)
        assert_same(logits, expected)


@WITH_OR_WITHOUT
def test_one_memory_serves_many_translations(attention):
    """As in a beam: the states of several hypotheses about one source."""
    model, batch = model_and_batch(attention)
    memory, state = model.encode(batch.source[:3, :1])
    states = np.concatenate([state, state + 1, state - 1])
    together, _ = model.step(memory, np.array([2, 3, 4]), states)
    for row, number in enumerate((2, 3, 4)):
        alone, _ = model.step(memory, np.array([number]), states[row : row + 1])
        assert_same(together[row], alone[0])


def test_the_weights_of_a_look_are_shares_of_what_is_there():
    model, batch = model_and_batch()
    weights = model.forward(batch.source, batch.lengths, batch.inputs)[1].decoder.weights
    assert weights.shape == (5, 4, 6)
    assert_same(weights.sum(axis=2), np.ones((5, 4)))
    there = np.broadcast_to(np.arange(6) < batch.lengths[:, None], weights.shape)
    assert (weights[there] > 0).all() and (weights[~there] == 0).all()


def test_what_was_read_once_is_looked_at_as_if_read_anew():
    model, batch = model_and_batch()
    expected, cache = model.forward(batch.source, batch.lengths, batch.inputs)
    memory, state = model.encode(batch.source, batch.lengths)
    logits, weights = model.look(memory, batch.inputs, state)
    assert_same(logits, expected, 0)
    assert_same(weights, cache.decoder.weights, 0)
    with pytest.raises(ValueError, match="memory is None"):
        model.look(None, batch.inputs, state)


@WITH_OR_WITHOUT
def test_nothing_is_remembered_between_calls(attention):
    model, batch = model_and_batch(attention)
    loss, grads = model.loss_and_grads(batch)
    logits, cache = model.forward(batch.source, batch.lengths, batch.inputs)
    model.loss_and_grads(model_and_batch(attention, seed=1)[1])
    again = model.backward(softmax_cross_entropy(logits, batch.targets, batch.mask)[1], cache)
    assert_same(again, grads, 0)
    assert model.loss_and_grads(batch)[0] == loss


@WITH_OR_WITHOUT
def test_float32_stays_float32(attention):
    model, batch = model_and_batch(attention, dropout=0.2, dtype=np.float32)
    logits, cache = model.forward(batch.source, batch.lengths, batch.inputs)
    _, grads = model.loss_and_grads(batch._replace(rng=np.random.default_rng(1)))
    memory, state = model.encode(batch.source, batch.lengths)
    arrays = (logits, state, cache.decoder.h, *model.params.values(), *grads.values())
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    assert memory is None or memory.projected.dtype == np.float32


def test_it_learns_to_reverse():
    """Three tokens of five, written backwards after the start symbol 0."""
    rng = np.random.default_rng(0)
    model, optimizer = Translator(6, 6, 8, 24, rng), Adam(0.01)

    def batch(N):
        source = rng.integers(1, 6, (3, N))
        targets = source[::-1]
        return source, None, np.concatenate([np.zeros((1, N), int), targets[:-1]]), targets

    for _ in range(200):
        _, grads = model.loss_and_grads(batch(32))
        clip_by_norm(grads, 1.0)
        optimizer.update(model.params, grads)
    source, _, _, targets = batch(100)
    memory, state = model.encode(source)
    written = generate(partial(model.step, memory), np.zeros((1, 100), int), 3, greedy, state=state)
    assert (written == targets).all(axis=0).mean() > 0.95


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m, b: Translator(0, 8, 3, 5), ValueError, "vocabulary_size is 0; expected at least 1"),
        (lambda m, b: Translator(7, 8, 3, 5.0), TypeError, "hidden_size is 5.0, a float"),
        (lambda m, b: Translator(7, 8, 3, 5, dropout=1.0), ValueError, "rate is 1.0; expected a number from 0 to"),
        (lambda m, b: Translator(7, 8, 3, 5, 0), TypeError, "rng is 0; expected a generator"),
        (lambda m, b: m.encode(b.source[:0]), ValueError, "ids is empty, of shape (0, 4)"),
        (lambda m, b: m.encode(b.source[:, 0]), ValueError, "source has shape (6,); expected (T, N)"),
        (lambda m, b: m.encode(b.source + 7), ValueError, "expected 0 to 6"),
        (lambda m, b: m.encode(b.source * 1.0), TypeError, "ids holds values of type float64"),
        (lambda m, b: m.encode(b.source, [1, 2]), ValueError, "lengths has shape (2,); expected (4,)"),
        (lambda m, b: m.encode(b.source, [0, 1, 1, 1]), ValueError, "lengths holds values from 0 to 1; expected 1 to"),
        (
            lambda m, b: m.forward(b.source, None, b.inputs[:, :2]),
            ValueError,
            "state has shape (4, 5); expected (2, 5)",
        ),
        (lambda m, b: m.step(m.encode(b.source)[0], b.inputs, None), ValueError, "ids has shape (5, 4); expected (N,)"),
        (lambda m, b: m.loss_and_grads(b._replace(targets=b.targets[:2])), ValueError, "targets has shape (2, 4)"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error) as raised:
        call(*model_and_batch())
    assert message in str(raised.value)
