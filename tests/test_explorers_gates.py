"""The explorers of chapter 03: the gates of an LSTM with its units treated, and what has to be remembered how long."""

from copy import deepcopy
from itertools import combinations, product

import matplotlib.pyplot as plt
import numpy as np
import pytest
from controls import Controls
from matplotlib.text import Text
from support import assert_same

from rnn_lab import plots
from rnn_lab.datasets.memory import TASKS, MemoryCurves, recall, success
from rnn_lab.explorers import gates, memory
from rnn_lab.live.scene import arrange
from rnn_lab.models import SequenceModel
from rnn_lab.nn import GRU, LSTM, Adam, softmax_cross_entropy
from rnn_lab.nn.functions import log_softmax
from rnn_lab.training import fit

H, SYMBOLS = 6, 8
LAGS = [5, 20, 80]


@pytest.fixture(autouse=True)
def _style():
    with plt.rc_context():
        plots.use_style()
        plt.rcParams["image.interpolation"] = "bilinear"  # a learner's own style: maps stay cells all the same
        yield


@pytest.fixture
def model():
    """An LSTM with random weights, also in its biases."""
    rng = np.random.default_rng(1)
    layer = LSTM(17, H, rng)
    layer.params["b"][:] = rng.standard_normal(4 * H)
    return SequenceModel(layer, SYMBOLS, softmax_cross_entropy, rng)


@pytest.fixture
def batch():
    x, target, mask = recall(9, 20, np.random.default_rng(2))
    return x.astype(np.float64), target, mask


@pytest.fixture(scope="module")
def trained():
    """An LSTM that recalls a symbol over a few steps."""
    rng = np.random.default_rng(0)
    model = SequenceModel(LSTM(17, 12, rng, dtype=np.float32), SYMBOLS, softmax_cross_entropy, rng)
    fit(model, lambda rng: recall(6, 32, rng), Adam(0.02), steps=250, rng=rng, max_norm=1, progress=False)
    return model


@pytest.fixture
def curves():
    rng = np.random.default_rng(0)
    shape = len(LAGS), 3
    success = {task: {cell: rng.random(shape) for cell in plots.CELLS} for task in TASKS}
    settings = {task: {cell: {"hidden_size": 40, "parameters": 4500} for cell in plots.CELLS} for task in TASKS}
    return MemoryCurves(LAGS, success, {}, settings, {})


def assert_runs_as(model, x, run):
    """Compare a run with what a model's own layers make of x."""
    _, _, cache = model.layer.forward(x)
    y, _ = model.forward(x)
    for ours, theirs in ((run.gates, cache.gates), (run.c, cache.c), (run.h, cache.h)):
        assert_same(ours, theirs)
    assert_same(run.probabilities, np.exp(log_softmax(y)))


def test_untreated_run_is_the_model(model, batch):
    assert_runs_as(model, batch[0], gates.compute(model, batch[0]))


@pytest.mark.parametrize("shift", [-6.0, 0.5, 6.0])
def test_pushed_forget_gate_is_another_bias(model, batch, shift):
    run = gates.compute(model, batch[0], forget_bias=shift)
    model.layer.params["b"][H : 2 * H] += shift
    assert_runs_as(model, batch[0], run)


def test_silenced_unit_is_one_that_nothing_listens_to(model, batch):
    unit = 2
    run = gates.compute(model, batch[0], unit=unit, treatment="silenced")
    assert not run.h[..., unit].any()
    model.layer.params["U"][:, unit] = model.readout.params["W"][:, unit] = 0
    run.h[1:, :, unit] = model.layer.forward(batch[0])[0][..., unit]
    assert_runs_as(model, batch[0], run)


def test_clamped_unit_is_one_that_writes_the_same_at_every_step(model, batch):
    unit, value = 4, -0.6
    run = gates.compute(model, batch[0], unit=unit, treatment="clamped", value=value)
    assert (run.c[1:, :, unit] == value).all()
    for gate, bias in enumerate((100.0, -100.0, np.arctanh(value))):  # i = 1, f = 0, g = value
        row = gate * H + unit
        model.layer.params["W"][row] = model.layer.params["U"][row] = 0
        model.layer.params["b"][row] = bias
    run.gates[:, :3, :, unit] = model.layer.forward(batch[0])[2].gates[:, :3, :, unit]
    assert_runs_as(model, batch[0], run)


def test_gates_over_the_whole_range(model, batch):
    before = deepcopy(model.params)
    x = batch[0]
    T, N, _ = x.shape
    for shift, unit, treatment, value in product((-6, 0, 6), (0, H - 1), gates.TREATMENTS, (-3, 0, 3)):
        run = gates.compute(model, x, shift, unit, treatment, value)
        assert run.gates.shape == (T, 4, N, H)
        assert run.c.shape == run.h.shape == (T + 1, N, H)
        assert_same(run.probabilities.sum(axis=2), np.ones((T, N)))
        assert np.abs(run.gates).max() <= 1
        assert np.abs(run.h).max() <= 1
        words = gates.arithmetic(run, 0, T - 1, unit, treatment)
        assert len(words) == sum(word not in "=·+" for formula in gates.FORMULAS for word in formula.values())
    assert_same(model.params, before)


def test_float32_stays_float32(trained):
    run = gates.compute(trained, recall(4, 3, np.random.default_rng(0))[0], 0.5, 1, "clamped", 0.1)
    assert {array.dtype for array in (run.gates, run.c, run.h, run.probabilities)} == {np.dtype(np.float32)}


def test_answers_average_over_each_symbol():
    probabilities = np.array([[[0.9, 0.1, 0.0], [0.7, 0.3, 0.0], [0.2, 0.8, 0.0], [0.0, 0.0, 1.0]]])
    target, mask = np.array([[0, 0, 1, 1]]), np.array([[True, True, True, False]])
    assert_same(gates.answers(probabilities, target, mask), np.array([[0.8, 0.2, 0], [0.2, 0.8, 0], [np.nan] * 3]))


@pytest.mark.parametrize(
    ("mask", "right", "expected"),
    [
        ([0, 0, 1], [1, 1, 1], "says 1 (0.91): right"),
        ([0, 0, 1], [0, 0, 0], "says 1 (0.91), should say 0"),
        ([1, 0, 1], [0, 1, 1], "says 0 1 (0.73): right"),
        ([1, 0, 1], [0, 1, 0], "says 0 1 (0.73), should say 0 0"),
    ],
)
def test_verdict(mask, right, expected):
    probabilities = np.array([[0.8, 0.2], [0.5, 0.5], [0.09, 0.91]])
    assert gates.verdict(probabilities, np.array(right), np.array(mask, bool)) == expected


@pytest.mark.parametrize(
    ("treatment", "expected"),
    [
        ("as trained", "−0.90 0.50 −2.00 0.10 1.00 −0.18 0.25 −0.72"),
        ("silenced", "−0.90 0.50 −2.00 0.10 1.00 −0.18 silenced"),
        ("clamped", "−0.90 held −0.18 0.25 −0.72"),
    ],
)
def test_arithmetic_reads_the_step_from_before_to_after(treatment, expected):
    one = np.zeros((1, 1, 1, 1))
    values = np.array([0.1, 0.5, 1.0, 0.25]).reshape(1, 4, 1, 1)
    run = gates.GatesRun(values, np.array([[[-2.0]], [[-0.9]]]), np.array([[[0.0]], [[-0.18]]]), one)
    assert " ".join(filter(None, gates.arithmetic(run, 0, 0, 0, treatment))) == expected


def test_trained_memory_fades_when_the_forget_gate_closes(trained):
    x, target, mask = recall(6, 200, np.random.default_rng(5))
    right = {shift: success(gates.compute(trained, x, shift).probabilities, target, mask) for shift in (0, -6)}
    assert right[0] > 0.95
    assert right[-6] < 0.5


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"unit": H}, ValueError, f"unit is {H}; expected a whole number from 0 to {H - 1}"),
        ({"treatment": "dead"}, ValueError, "treatment is 'dead'; expected one of as trained, silenced, clamped"),
        ({"x": np.zeros((3, 2, 5))}, ValueError, r"x has shape \(3, 2, 5\); expected \(T, N, 17\)"),
        ({"model": SequenceModel(GRU(17, 2), 8, softmax_cross_entropy)}, TypeError, "model.layer is a GRU; expected"),
    ],
)
def test_gates_refuse_what_they_cannot_show(model, batch, change, error, message):
    with pytest.raises(error, match=message):
        gates.compute(**{"model": model, "x": batch[0]} | change)


def test_gates_refuse_a_task_of_numbers(model, batch):
    x, target, mask = batch
    with pytest.raises(TypeError, match="target holds values of type float32; expected the ids of symbols"):
        gates.explorer(model, (x, target.astype(np.float32), mask))


def test_gates_explorer_draws_every_setting(model, batch):
    controls = Controls(gates.explorer(model, batch))
    controls.assert_every_setting_draws(moved_by={"clamp its c at": "the unit is"})
    controls.assert_ends_differ_in_pixels()


def test_words_that_stand_still_cost_no_layer_each(model, batch, curves):
    for panel in (gates.explorer(model, batch), memory.explorer(curves)):
        assert len(arrange(panel.live.fig).still) <= 5


def test_first_unit_of_the_picture_is_the_one_most_needed(trained):
    batch = recall(6, 100, np.random.default_rng(3))
    left = gates.right_without(trained, batch)
    for unit, share in enumerate(left):
        run = gates.compute(trained, batch[0], unit=unit, treatment="silenced")
        table = gates.answers(run.probabilities, *batch[1:])
        assert share == pytest.approx(np.trace(table) / SYMBOLS)
    controls = Controls(gates.explorer(trained, batch))
    controls.by_name["the unit is"].value = "silenced"
    (table,) = (axes.images[0] for axes in controls.live.fig.axes if axes.get_ylabel() == "should say")
    right = np.diag(table.get_array())
    assert right.mean() == pytest.approx(left.min())


def test_picture_of_the_gates_shows_the_run(model, batch):
    x, target, _ = batch
    controls = Controls(gates.explorer(model, batch))
    n, step, unit, shift = 7, 4, 2, -1.5
    for name, value in {"sequence": n + 1, "step t": step, "unit": unit + 1, "add to forget bias": shift}.items():
        controls.by_name[name].value = value
    order = np.argsort(gates.right_without(model, batch))
    run = gates.compute(model, x, shift)
    i, f, _, o = run.gates[:, :, n, order].swapaxes(0, 1)  # (T, H) each
    expected = (x[:, n], i, f, run.c[1:, n, order], o, run.probabilities[:, n])
    maps, unit_axes = controls.live.fig.axes[:6], controls.live.fig.axes[7]
    for axes, values in zip(maps, expected, strict=True):
        assert_same(axes.images[0].get_array(), values.T)
        assert axes.images[0].get_interpolation() == "none"
    assert all([step, step] in [list(line.get_xdata()) for line in axes.lines] for axes in maps)
    assert [axes.patches[0].get_y() + 0.5 for axes in maps[1:5]] == [unit] * 4
    for treated, line in ((gates.compute(model, x), unit_axes.lines[-2]), (run, unit_axes.lines[-1])):
        assert_same(line.get_ydata(), np.tanh(treated.c[1:, n, order[unit]]))
    assert maps[5].lines[0].get_xydata().tolist() == [[len(x) - 1, target[-1, n]]]


def test_memory_explorer_draws_every_setting(curves):
    controls = Controls(memory.explorer(curves))
    controls.assert_every_setting_draws()
    controls.assert_ends_differ_in_pixels()


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("lag", LAGS)
def test_example_holds_its_own_answer(task, lag):
    example = memory.compute(task, lag)
    assert sum(memory.LESSONS[task].channels.values()) == example.x.shape[1] == TASKS[task].input_size
    assert example.remembered.argmax() < example.asked.argmax()
    told = example.x[example.remembered]
    if task == "adding":
        assert example.answer == f"{told[:, 0].sum():.2f}"
        assert example.remembered.sum() == 2
    else:
        assert example.answer == " ".join(map(str, told.argmax(axis=1)))
        assert example.asked.sum() == example.remembered.sum()


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("lag", LAGS)
def test_picture_of_a_sequence_marks_its_steps(curves, task, lag):
    controls = Controls(memory.explorer(curves))
    controls.by_name["task"].value, controls.by_name["lag"].value = task, lag
    example = memory.compute(task, lag)
    axes = controls.live.fig.axes[0]
    assert_same(axes.images[0].get_array(), example.x.T)
    steps = [line.get_xdata() * len(example.x) - 0.5 for line in axes.lines]
    remembered, asked = np.flatnonzero(example.remembered), np.flatnonzero(example.asked)
    for drawn, expected in zip(steps, (remembered, asked, [remembered[0], asked[0]]), strict=True):
        assert_same(drawn, np.array(expected))
    assert f"to be remembered for {asked[0] - remembered[0]} steps" in [text.get_text() for text in axes.texts]
    assert controls.live.fig.axes[0].get_title("left").endswith(f": {example.answer}")


@pytest.mark.parametrize("task", TASKS)
def test_curves_cursor_and_bars_show_what_was_measured(curves, task):
    controls = Controls(memory.explorer(curves))
    _, curve_axes, bar_axes = controls.live.fig.axes
    controls.by_name["task"].value = task
    for at, lag in enumerate(LAGS):
        controls.by_name["lag"].value = lag
        widths = [bar.get_width() for bar in bar_axes.patches]
        medians = [np.median(curves.success[task][cell], axis=1) for cell in plots.CELLS]
        assert widths == [median[at] for median in medians]
        drawn = {line.get_color(): line.get_ydata() for line in curve_axes.lines if len(line.get_ydata()) == len(LAGS)}
        dots = {line.get_color(): line.get_ydata() for line in curve_axes.lines if line.get_marker() == "o"}
        for median, (cell, colour) in zip(medians, plots.CELLS.items(), strict=True):
            assert_same(drawn[colour], median)
            assert_same(dots[colour], curves.success[task][cell].ravel())
        assert any(set(line.get_xdata()) == {lag} for line in curve_axes.lines), "no cursor at the lag"
        (chance,) = (line for line in curve_axes.lines if line.get_linestyle() == ":")
        assert set(chance.get_ydata()) == {TASKS[task].chance}


@pytest.fixture
def assert_texts_stand_apart(monkeypatch):
    """A check that no text of a live figure lies on another or leaves the figure, and that all are large enough."""
    draw, drawn = Text.draw, {}

    def draw_and_note(text, renderer):
        if text.get_visible() and text.get_text().strip():
            drawn[text] = text.get_window_extent(renderer)
        draw(text, renderer)

    def check(live):
        drawn.clear()
        live.png()
        assert drawn
        for (text, box), (other, other_box) in combinations(drawn.items(), 2):
            assert not box.overlaps(other_box), f"{text.get_text()!r} and {other.get_text()!r}"
        for text, box in drawn.items():
            assert text.get_fontsize() >= 10, text.get_text()
            assert live.fig.bbox.x0 <= box.x0 and box.x1 <= live.fig.bbox.x1, f"{text.get_text()!r} is cut"
            assert live.fig.bbox.y0 <= box.y0 and box.y1 <= live.fig.bbox.y1, f"{text.get_text()!r} is cut"

    monkeypatch.setattr(Text, "draw", draw_and_note)
    return check


@pytest.mark.parametrize("treatment", gates.TREATMENTS)
def test_texts_of_the_gates_stand_apart(model, batch, treatment, assert_texts_stand_apart):
    controls = Controls(gates.explorer(model, batch, {"symbol": 8, "distractor": 8, "cue": 1}))
    controls.by_name["the unit is"].value = treatment
    assert_texts_stand_apart(controls.live)


def test_texts_of_the_memory_explorer_stand_apart(curves, assert_texts_stand_apart):
    controls = Controls(memory.explorer(curves))
    for task, lag in product(TASKS, LAGS):
        controls.by_name["task"].value, controls.by_name["lag"].value = task, lag
        assert_texts_stand_apart(controls.live)
