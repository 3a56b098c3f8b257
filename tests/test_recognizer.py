"""The recogniser: its gradients, padding, files, what it learns; and the template matcher beside it."""

import numpy as np
import pytest

from rnn_lab.models.recognizer import (
    Recognizer,
    RecognizerArchitecture,
    bundled_recognizer,
    load_recognizer,
    save_recognizer,
)
from rnn_lab.models.template_matcher import TemplateMatcher
from rnn_lab.nn import GRU, LSTM, Adam, Bidirectional, Stacked
from rnn_lab.nn.gradcheck import check_gradients, negative_control
from rnn_lab.storage import write_arrays
from rnn_lab.transcription import best_path


def small_case(seed=0, memory=True, dropout=0.0, lstm=False):
    """A small recogniser in float64, and a padded batch for it."""
    rng = np.random.default_rng(seed)
    cell = LSTM if lstm else GRU
    layer = Bidirectional(cell(3, 4, rng), cell(3, 4, rng))
    if lstm:
        layer = Stacked([layer, GRU(8, 3, rng)], dropout=dropout)
    model = Recognizer(layer, 5, rng, dropout=dropout, memory=memory)
    batch = rng.standard_normal((8, 3, 3)), np.array([8, 5, 7]), rng.integers(1, 5, (3, 3)), np.array([3, 0, 2])
    return model, batch


@pytest.mark.parametrize("options", [{}, {"memory": False}, {"lstm": True}], ids=str)
def test_gradients_agree_with_central_differences_and_the_check_can_fail(options):
    model, batch = small_case(**options)

    def loss():
        return model.loss_and_grads(batch)[0]

    _, grads = model.loss_and_grads(batch)
    assert check_gradients(loss, model.params, grads).worst < 1e-6
    assert negative_control(loss, model.params, grads).wrong == list(model.params)


@pytest.mark.parametrize("lstm", [False, True])
def test_gradients_with_dropout(lstm):
    model, batch = small_case(dropout=0.4, lstm=lstm)

    def loss():
        return model.loss_and_grads((*batch, np.random.default_rng(5)))[0]

    _, grads = model.loss_and_grads((*batch, np.random.default_rng(5)))
    assert check_gradients(loss, model.params, grads).worst < 1e-6
    assert loss() != model.loss_and_grads(batch)[0]


@pytest.mark.parametrize("memory", [True, False])
def test_a_padded_batch_is_its_sequences_one_by_one(memory):
    model, (x, lengths, labels, label_lengths) = small_case(memory=memory)
    loss, grads = model.loss_and_grads((x, lengths, labels, label_lengths))
    alone = [
        model.loss_and_grads((x[:T, [n]], None, labels[:L, [n]]))
        for n, (T, L) in enumerate(zip(lengths, label_lengths, strict=True))
    ]
    assert loss == pytest.approx(np.mean([value for value, _ in alone]))
    for name, grad in grads.items():
        np.testing.assert_allclose(grad, np.mean([one[name] for _, one in alone], axis=0), atol=1e-12)


def test_without_memory_a_step_knows_nothing_of_the_others():
    x = np.random.default_rng(1).standard_normal((6, 2, 3))
    changed = x.copy()
    changed[3] += 1
    for memory in (True, False):
        model, _ = small_case(memory=memory)
        differs = np.abs(model.forward(x)[0] - model.forward(changed)[0]).max(axis=(1, 2)) > 1e-9
        assert differs.tolist() == ([True] * 6 if memory else [False, False, False, True, False, False])


def test_it_learns_what_a_batch_says():
    rng = np.random.default_rng(0)
    model = RecognizerArchitecture("GRU", 16, features=4, symbols=4).build(rng)
    x, labels = rng.standard_normal((12, 5, 4)).astype(np.float32), rng.integers(1, 4, (3, 5))
    optimizer = Adam(0.02)
    losses = []
    for _ in range(150):
        loss, grads = model.loss_and_grads((x, None, labels))
        optimizer.update(model.params, grads)
        losses.append(loss)
    assert losses[-1] < 0.1 < losses[0]
    log_p = model.log_probabilities(x)
    assert [best_path(log_p[:, n]) for n in range(5)] == labels.T.tolist()


def test_a_file_brings_back_the_same_recogniser(tmp_path):
    architecture = RecognizerArchitecture("LSTM", 5, layers=2, dropout=0.1, features=6, symbols=4)
    model = architecture.build(np.random.default_rng(0))
    save_recognizer(tmp_path / "model.safetensors", architecture, model)
    again = load_recognizer(tmp_path / "model.safetensors")
    x = np.random.default_rng(1).standard_normal((7, 2, 6))
    np.testing.assert_array_equal(again.log_probabilities(x), model.log_probabilities(x))
    assert again.log_probabilities(x).dtype == np.float32


def test_files_that_do_not_fit_are_named(tmp_path):
    path = tmp_path / "weights.safetensors"
    with pytest.raises(FileNotFoundError):
        load_recognizer(path)
    write_arrays(path, {"readout.b": np.zeros(3)}, {})
    with pytest.raises(ValueError, match="says nothing of its architecture"):
        load_recognizer(path)
    write_arrays(path, {"readout.b": np.zeros(3)}, {"architecture": '{"cell": "GRU", "hidden_size": 4}'})
    with pytest.raises(ValueError, match=r"holds nothing as layer.forward.W; expected an array of shape \(12, 64\)"):
        load_recognizer(path)
    with pytest.raises(ValueError, match="cell is 'CNN'"):
        RecognizerArchitecture("CNN", 4).build()


def test_the_bundled_recogniser_gives_probabilities_of_seventeen_symbols():
    log_p = bundled_recognizer().log_probabilities(np.zeros((4, 1, 64), np.float32))
    assert log_p.shape == (4, 1, 17)
    np.testing.assert_allclose(np.exp(log_p).sum(axis=2), 1, atol=1e-5)


def templates():
    rng = np.random.default_rng(0)
    return [rng.standard_normal((length, 6)) for length in (5, 7, 4)], ["a", "b", "c"]


def test_templates_are_found_one_after_the_other_stretched_and_shortened():
    sounds, words = templates()
    matcher = TemplateMatcher(sounds, words)
    a, b, c = sounds
    assert matcher.transcribe(a) == ["a"]
    assert matcher.transcribe(np.concatenate([b, a, c, c])) == ["b", "a", "c", "c"]
    assert matcher.transcribe(np.repeat(np.concatenate([b, c]), 2, axis=0)) == ["b", "c"]
    assert matcher.transcribe(np.concatenate([a, b[::2], a])) == ["a", "b", "a"]


def every_way(x, sounds, words):
    """The words of the nearest of all ways through the templates, each written out step by step."""
    ends = {(word, len(sound) - 1): len(sound) - 1 for word, sound in enumerate(sounds)}
    ways = [(np.linalg.norm(x[0] - sound[0]), word, 0, (word,)) for word, sound in enumerate(sounds)]
    for step in x[1:]:
        onward = []
        for cost, word, place, said in ways:
            places = [(word, place + jump, said) for jump in (0, 1, 2) if place + jump < len(sounds[word])]
            if (word, place) in ends:
                places += [(new, 0, (*said, new)) for new in range(len(sounds))]
            onward += [(cost + np.linalg.norm(step - sounds[w][p]), w, p, s) for w, p, s in places]
        ways = onward
    cost, _, _, said = min(way for way in ways if (way[1], way[2]) in ends)
    return [words[word] for word in said]


def test_the_nearest_way_is_the_nearest_of_all():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sounds, x = [rng.standard_normal((length, 2)) for length in (2, 3)], rng.standard_normal((6, 2))
        assert TemplateMatcher(sounds, ["a", "b"]).transcribe(x) == every_way(x, sounds, ["a", "b"])


def test_a_sound_too_short_for_any_template_says_nothing():
    sounds, words = templates()
    assert TemplateMatcher(sounds, words).transcribe(np.zeros((1, 6))) == []


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: TemplateMatcher([], []), ValueError, "there are 0 templates and 0 words"),
        (lambda: TemplateMatcher([np.zeros((2, 3))], []), ValueError, "1 templates and 0 words"),
        (lambda: TemplateMatcher([np.zeros(2)], ["a"]), ValueError, r"templates\[0\] has shape \(2,\)"),
        (lambda: TemplateMatcher(*templates()).transcribe(np.zeros((3, 5))), ValueError, r"expected \(T, 6\)"),
        (lambda: Recognizer("GRU", 4), TypeError, "layer is a str"),
        (lambda: small_case()[0].forward(np.zeros((4, 2, 9))), ValueError, r"x has shape \(4, 2, 9\); expected"),
        (lambda: small_case()[0].forward(np.full((4, 2, 3), np.nan)), ValueError, "NaN"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
