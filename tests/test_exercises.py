"""Every exercise: solutions pass and agree with the package, each misconception is named as itself, texts read well."""

import re

import numpy as np
import pytest

from rnn_lab import exercises
from rnn_lab.exercises.framework import Exercise
from rnn_lab.exercises.panel import Panel
from rnn_lab.nn import RNN, RNNCell, clip_by_norm, mean_squared_error

CHAPTERS = (
    "start",
    "cell",
    "bptt",
    "gates",
    "language_model",
    "sentiment",
    "translation",
    "speech",
    "time_series",
    "captioning",
)
ALL = {
    f"{chapter}.{name}": value
    for chapter in CHAPTERS
    for name, value in vars(getattr(exercises, chapter)).items()
    if isinstance(value, Exercise)
}
FEWEST_MISCONCEPTIONS = {
    "start.warm_up": 3,
    "cell.forward": 6,
    "cell.unroll": 4,
    "cell.backward": 8,
    "cell.set_spectral_radius": 5,
    "cell.memory_span": 4,
    "bptt.loss_gradient": 5,
    "bptt.backward_through_time": 8,
    "bptt.truncated": 5,
    "bptt.clip": 5,
    "bptt.ar_features": 3,
    "gates.lstm_step": 8,
    "gates.lstm_backward": 8,
    "gates.gru_backward": 8,
    "gates.half_life": 5,
    "gates.fast_forward": 8,
    "language_model.cross_entropy": 8,
    "language_model.embedding_gradient": 5,
    "language_model.witten_bell": 6,
    "language_model.blocks": 6,
    "language_model.nucleus": 6,
    "sentiment.last_state": 6,
    "sentiment.masked_mean": 6,
    "sentiment.max_backward": 6,
    "sentiment.naive_bayes": 6,
    "sentiment.calibration_error": 6,
    "translation.attention": 7,
    "translation.attention_backward": 8,
    "translation.masked_weights": 6,
    "translation.decoder_inputs": 6,
    "translation.beam_step": 6,
    "time_series.scaled": 8,
    "time_series.seasonal_naive": 8,
    "time_series.pinball_gradient": 8,
    "time_series.rolling_rmse": 8,
    "time_series.threshold_for_recall": 8,
    "speech.mel_filters": 6,
    "speech.collapse": 6,
    "speech.ctc_forward": 7,
    "speech.ctc_gradient": 7,
    "speech.error_rate": 6,
    "captioning.output_size": 5,
    "captioning.convolution": 6,
    "captioning.convolution_backward": 7,
    "captioning.pooling_backward": 6,
    "captioning.keys_of": 5,
}


def assert_reads_well(panel: Panel) -> None:
    for text in (panel.headline, *panel.sentences):
        assert text == text.strip() and not re.search(r"\s\s|\n", text), text
        assert text.endswith((".", "?", ":")), text
        assert text.count("`") % 2 == 0, text


def test_each_exercise_knows_enough_misconceptions():
    assert ALL.keys() == FEWEST_MISCONCEPTIONS.keys()
    for name, fewest in FEWEST_MISCONCEPTIONS.items():
        assert len(ALL[name].misconceptions) >= fewest, name


@pytest.mark.parametrize("name", ALL)
def test_the_solution_is_right(name):
    verdict = ALL[name].check(ALL[name].reference)
    assert (verdict.kind, verdict.misconception) == ("right", None), verdict
    assert_reads_well(verdict)


@pytest.mark.parametrize(
    ("name", "misconception"), [(name, wrong) for name in ALL for wrong in ALL[name].misconceptions]
)
def test_a_misconception_is_named_as_itself(name, misconception):
    verdict = ALL[name].check(ALL[name].misconceptions[misconception])
    assert (verdict.kind, verdict.misconception) == ("wrong", misconception), verdict
    assert_reads_well(verdict)


@pytest.mark.parametrize("name", ALL)
def test_a_misconception_does_not_fail_everywhere(name):
    """Otherwise it would be named for any answer that raises the same kind of exception."""
    with np.errstate(all="ignore"):
        for wrong, outcomes in ALL[name]._known.items():
            assert not all(outcome.failure for outcome in outcomes) or wrong == "prints instead of returning"


@pytest.mark.parametrize("name", ALL)
def test_the_stub_is_not_attempted(name):
    def stub(*arguments): ...

    verdict = ALL[name].check(stub)
    assert (verdict.kind, verdict.misconception) == ("not attempted", None)
    assert ALL[name].check() == ALL[name].check(None)
    assert ALL[name].check().kind == "not attempted"
    assert_reads_well(verdict)


@pytest.mark.parametrize("name", ALL)
def test_what_is_shown_reads_well(name):
    exercise = ALL[name]
    assert_reads_well(Panel(exercise.task))
    assert repr(exercise).startswith(f"{exercise.name}(") and exercise.task[:20] in exercise._repr_html_()
    first = exercise.hint()
    assert first.headline.startswith("Hint 1 of ")
    for number in range(1, int(first.headline.split()[-1].rstrip(".")) + 1):
        assert_reads_well(exercise.hint(number))
    assert "There is no hint 99." in repr(exercise.hint(99)) and "There is no hint 'x'." in repr(exercise.hint("x"))
    code = exercise.solution().code
    assert code.startswith(f"def {exercise.name}(") and '"""' not in code


def test_the_solution_shown_is_the_function_that_passes():
    namespace = {"np": np}
    exec(exercises.cell.backward.solution().code, namespace)
    assert exercises.cell.backward.check(namespace["backward"]).kind == "right"


def test_the_cell_is_that_of_the_package():
    rng = np.random.default_rng(0)
    cell = RNNCell(3, 4, rng)
    cell.b = rng.standard_normal((4, 1))
    x, h, dh_next = rng.standard_normal((3, 5)), rng.standard_normal((4, 5)), rng.standard_normal((4, 5))
    weights = cell.W, cell.U, cell.b
    np.testing.assert_allclose(exercises.cell.forward.reference(x, h, *weights), cell.forward(x, h), rtol=1e-12)
    ours, theirs = exercises.cell.backward.reference(x, h, dh_next, *weights), cell.backward(x, h, dh_next)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def columns(rows):
    return np.swapaxes(rows, -1, -2)


@pytest.mark.parametrize("k", [None, 1, 2, 3, 7, 9])
def test_the_way_back_is_that_of_the_package(k):
    rng = np.random.default_rng(1)
    rnn = RNN(3, 4, rng)
    rnn.params["b"] += rng.standard_normal(4)
    x, h0, dy = rng.standard_normal((7, 2, 3)), rng.standard_normal((2, 4)), rng.standard_normal((7, 2, 4))
    _, _, cache = rnn.forward(x, h0)
    dx, dstate, grads = rnn.backward(dy, cache, truncate=k)
    W, U, b = rnn.params["W"], rnn.params["U"], rnn.params["b"][:, None]

    h = exercises.cell.unroll.reference(columns(x), columns(h0), W, U, b)
    np.testing.assert_allclose(h, columns(cache.h), rtol=1e-12)
    theirs = grads["W"], grads["U"], grads["b"][:, None]
    if k is None:
        ours = exercises.bptt.backward_through_time.reference(columns(x), h, columns(dy), W, U)
        theirs = columns(dx), columns(dstate), *theirs
    else:
        ours = exercises.bptt.truncated.reference(columns(x), h, columns(dy), W, U, k)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_loss_and_clipping_are_those_of_the_package():
    rng = np.random.default_rng(2)
    y, target = rng.standard_normal((5, 3, 2)), rng.standard_normal((5, 3, 2))
    ours, theirs = exercises.bptt.loss_gradient.reference(y, target), mean_squared_error(y, target)
    assert ours[0] == pytest.approx(theirs[0], rel=1e-12)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-12)

    for max_norm in (0.1, 3.0, 100.0):
        grads = {"W": rng.standard_normal((4, 3)), "b": rng.standard_normal(4)}
        clipped = exercises.bptt.clip.reference(grads, max_norm)
        clip_by_norm(grads, max_norm)
        for name in grads:
            np.testing.assert_allclose(clipped[name], grads[name], rtol=1e-12)


def test_the_spectral_radius_is_set():
    U = np.random.default_rng(3).standard_normal((6, 6))
    scaled = exercises.cell.set_spectral_radius.reference(U, 1.2)
    assert np.abs(np.linalg.eigvals(scaled)).max() == pytest.approx(1.2, rel=1e-12)


@pytest.mark.parametrize("radius", [0.3, 0.5, 0.9, 0.97])
@pytest.mark.parametrize("fraction", [0.6, 0.25, 0.011])
def test_the_memory_span_is_what_counting_finds(radius, fraction):
    size, steps = 1.0, 0
    while size > fraction:
        size, steps = size * radius, steps + 1
    assert exercises.cell.memory_span.reference(radius, fraction) == steps


def test_autoregressive_features_by_hand():
    X, y = exercises.bptt.ar_features.reference(np.array([10.0, 11.0, 12.0, 13.0, 14.0]), 2)
    np.testing.assert_array_equal(X, [[11, 10], [12, 11], [13, 12]])
    np.testing.assert_array_equal(y, [12, 13, 14])


# --- slips as they are written ------------------------------------------------------------------------------------


def test_a_cut_before_the_future_is_used():
    def answer(x, h, dh, W, U, k):
        future = np.zeros_like(h[0])
        dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(U[:, :1])
        for t in reversed(range(len(x))):
            if t % k == 0:
                future = np.zeros_like(future)
            dz = (dh[t] + future) * (1 - h[t + 1] ** 2)
            future = U.T @ dz
            dW, dU, db = dW + dz @ x[t].T, dU + dz @ h[t].T, db + dz.sum(axis=1, keepdims=True)
        return dW, dU, db

    assert exercises.bptt.truncated.check(answer).misconception == "first steps hear no future"


@pytest.mark.parametrize(
    ("offset", "bound", "misconception"),
    [(1, np.inf, "weight gradient with the input before"), (0, 1, "future clipped inside the loop")],
)
def test_slips_in_the_loop_through_time(offset, bound, misconception):
    def answer(x, h, dh, W, U):
        dx, future = np.empty_like(x), np.zeros_like(h[0])
        dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(U[:, :1])
        for t in reversed(range(len(x))):
            dz = (dh[t] + future) * (1 - h[t + 1] ** 2)
            dx[t], future = W.T @ dz, np.clip(U.T @ dz, -bound, bound)
            dW, dU, db = dW + dz @ x[t - offset].T, dU + dz @ h[t].T, db + dz.sum(axis=1, keepdims=True)
        return dx, future, dW, dU, db

    assert exercises.bptt.backward_through_time.check(answer).misconception == misconception


def test_an_eigenvalue_is_no_size():
    verdict = exercises.cell.set_spectral_radius.check(
        lambda U, radius: radius * U / max(np.linalg.eigvals(U), key=np.real)
    )
    assert verdict.misconception == "eigenvalue without its size"
