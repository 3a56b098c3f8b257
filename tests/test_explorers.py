"""The explorers of chapters 01 and 02: over the whole range of their controls, in numbers and in pictures."""

import re
from functools import partial
from itertools import combinations, pairwise, product
from math import tanh

import matplotlib.pyplot as plt
import numpy as np
import pytest
from controls import SILLY_TEXTS, Controls
from matplotlib.path import Path
from support import assert_same

from rnn_lab import plots
from rnn_lab.explorers import cell, gradient_flow, unrolled
from rnn_lab.live import LiveFigure
from rnn_lab.nn import RNN
from rnn_lab.nn.functions import ACTIVATIONS
from rnn_lab.nn.gradcheck import check_gradients

EXPLORERS = {"cell": cell.explorer, "gradient_flow": gradient_flow.explorer}


@pytest.fixture(autouse=True)
def _style():
    with plt.rc_context():
        plots.use_style()
        yield


@pytest.mark.parametrize("name", EXPLORERS)
def test_explorer_draws_every_setting_of_every_control(name):
    Controls(EXPLORERS[name]()).assert_every_setting_draws(moved_by={"text": "input"})


@pytest.mark.parametrize("name", EXPLORERS)
def test_ends_of_every_control_differ_in_pixels(name):
    controls = Controls(EXPLORERS[name]())
    if name == "cell":
        controls.by_name["input"].value = "text"
    controls.assert_ends_differ_in_pixels()


def test_typed_text_is_drawn():
    controls = Controls(cell.explorer())
    controls.by_name["input"].value = "text"
    frames = list(controls.frames("text"))
    assert len(set(frames[:3])) == 3, "no text, a space and forty letters look alike"
    assert frames[3] == next(controls.frames("text", ["·n·c·d·"]))


@pytest.mark.parametrize(("text", "expected"), [("aB c", "ab c"), ("é1", "··"), ("İa", "i·a"), ("y" * 99, "y" * 40)])
def test_readable_text(text, expected):
    assert cell.readable(text) == expected


def test_cell_over_the_whole_range():
    for radius, rotation, weight, bias, signal in product(
        (0, 0.5, 1, 1.5), (0, 45, 180), (-2, 0, 2), (-1, 0, 1), cell.SIGNALS
    ):
        run = cell.compute(radius, rotation, weight, bias, signal, SILLY_TEXTS[3])
        assert run.x.shape == (cell.STEPS, 27 if signal == "text" else 1)
        assert run.h.shape == (cell.STEPS + 1, 8)
        assert np.abs(run.h).max() <= 1
        assert_same(np.abs(run.eigenvalues), np.full(8, float(radius)))
        assert cell.flow(run, cell.STEPS - 1).shape == (2, cell.GRID.size, cell.GRID.size)


def test_cell_flow_follows_the_first_pair():
    run = cell.compute(0.9, 40.0, 1.0, 0.1, "sine", "")
    middle = np.flatnonzero(cell.GRID == 0)[0]
    assert_same(cell.flow(run, 0)[:, middle, middle], run.h[1, :2])


def test_cell_refuses_unknown_signal():
    with pytest.raises(ValueError, match="signal is 'saw'; expected one of impulse"):
        cell.make_input("saw")


def test_gradient_flow_over_the_whole_range():
    for radius, length, activation, scale, (_, max_norm) in product(
        (0.2, 0.9, 1.0, 1.3, 1.8),
        (5, 20, 60),
        ACTIVATIONS,
        (0.1, 1.0, 3.0),
        (gradient_flow.CLIPS[0], gradient_flow.CLIPS[-1]),
    ):
        flow = gradient_flow.compute(radius, length, activation, scale, max_norm)
        assert flow.dh.shape == (length, gradient_flow.UNITS)
        assert flow.norms.shape == flow.theory.shape == (length,)
        assert flow.norms[0] == pytest.approx(1)
        assert (flow.norms > 0).all()  # so that logarithms and directions exist
        assert flow.norms.max() < gradient_flow.NORM_LIMITS[1]
        assert 1e-3 < flow.grads_norm < 1e18  # the limits of its axis
        assert flow.clipped_norm == pytest.approx(min(flow.grads_norm, max_norm))
        assert 0 < flow.slope <= 1
        steps, heights = gradient_flow.label_places(np.stack([flow.norms, flow.theory]))
        assert (steps < length).all()
        assert (heights > 1e-16).all()
        assert (heights < gradient_flow.NORM_LIMITS[1]).all()


def documented_network(radius, length, activation, scale):
    """Build the explorer's network as its docstring tells it -> layer, x, direction."""
    rng = np.random.default_rng(0)
    layer = RNN(1, gradient_flow.UNITS, rng, activation)
    layer.params["U"] *= radius / np.abs(np.linalg.eigvals(layer.params["U"])).max()
    direction = rng.standard_normal(gradient_flow.UNITS)
    x = scale * rng.standard_normal((gradient_flow.LONGEST, 1, 1))[-length:]
    return layer, x, direction / np.linalg.norm(direction)


def loss_from(layer, x, state, direction):
    """Return the component of the last state along `direction`."""
    return float(layer.forward(x, state)[1][0] @ direction)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_flow_is_the_gradient_of_the_states(activation):
    length = 12
    flow = gradient_flow.compute(1.1, length, activation, 0.8, np.inf)
    layer, x, direction = documented_network(1.1, length, activation, 0.8)
    states = layer.forward(x)[0]
    for k in range(1, length):
        state = states[-k - 1].copy()  # k steps before the loss
        loss = partial(loss_from, layer, x[-k:], state, direction)
        assert check_gradients(loss, {"h": state}, {"h": flow.dh[k][None]}).worst < 1e-6


def test_gradient_without_saturation_follows_the_theory():
    flow = gradient_flow.compute(0.8, 60, "identity", 1.0, np.inf)
    rate = (flow.norms[-1] / flow.norms[20]) ** (1 / 39)
    assert rate == pytest.approx(0.8, rel=0.02)
    assert flow.slope == 1


def test_saturation_beats_a_radius_above_one():
    flow = gradient_flow.compute(1.2, 60, "tanh", 3.0, np.inf)
    assert flow.theory[-1] > 1e4
    assert flow.norms[-1] < 1e-12


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (1, "1"), (0.0123, "0.012"), (340.2, "340"), (2.14e-9, "2.1 × 10⁻⁹"), (9.96e15, "1.0 × 10¹⁶")],
)
def test_number(value, expected):
    assert gradient_flow.number(value) == expected


def test_names_of_close_lines_stand_apart():
    line = 0.9 ** np.arange(30.0)
    _, heights = gradient_flow.label_places(np.stack([line, 1.1 * line]))
    assert heights[1] / heights[0] > 100


def one_unit_network():
    """Build the unrolled network as a layer -> layer, x, initial state, targets."""
    layer = RNN(1, 1)
    for name, value in {"W": unrolled.W, "U": unrolled.U, "b": unrolled.B}.items():
        layer.params[name][...] = value
    as_sequence = [np.reshape(values, (-1, 1, 1)) for values in (unrolled.INPUTS, unrolled.TARGETS)]
    return layer, as_sequence[0], np.full((1, 1), unrolled.INITIAL_STATE), as_sequence[1]


def test_unrolled_gradients_are_those_of_the_layer():
    layer, x, state, targets = one_unit_network()
    y, _, cache = layer.forward(x, state)
    _, _, grads = layer.backward(y - targets, cache)
    last = unrolled.compute(len(unrolled.story()) - 1)
    told = {name: np.reshape(sum(shares), grads[name].shape) for name, shares in last.shares.items()}
    assert_same(told, grads)

    def loss():
        return float(np.sum((layer.forward(x, state)[0] - targets) ** 2)) / 2

    assert check_gradients(loss, layer.params, told).worst < 1e-6


def evaluate(text):
    """Compute an expression as it stands on the page, or return None if it has names in it."""
    for sign, code in {"−": "-", "×": "*", "·": "*", "²": "**2", "½": "0.5"}.items():
        text = text.replace(sign, code)
    if re.search(r"[^\W\d_]", text.replace("tanh", "")) or re.search("[₀-₉…]", text) or not text.strip():
        return None
    return eval(text, {"tanh": tanh})


def test_unrolled_numbers_hold_on_a_pocket_calculator():
    checked = 0
    for frame in unrolled.story():
        for equation in [*frame.formula.split("     "), *frame.labels.values()]:
            values = [value for value in map(evaluate, equation.split("=")) if value is not None]
            for left, right in pairwise(values):
                assert round(left, 3) == round(right, 3), equation
                checked += 1
    assert checked > 40


def test_unrolled_story_keeps_what_it_has_told():
    frames = unrolled.story()
    assert unrolled.compute(0).labels == {}
    for before, after in pairwise(frames):
        changed = {name for name in after.labels if after.labels[name] != before.labels.get(name)}
        assert changed == after.new
        assert before.labels.keys() <= after.labels.keys()
    assert frames[-1].labels.keys() == unrolled.places().keys()


@pytest.fixture
def unrolled_frames(monkeypatch):
    """Draw the frames of the unrolled graph one by one -> generator of (step, figure)."""
    told = {}
    monkeypatch.setattr(LiveFigure, "record", lambda live, update, values, **_: told.update(locals()))
    unrolled.explorer()

    def frames():
        for step in told["values"]:
            told["update"](step)
            yield step, told["live"].fig

    return frames()


def test_unrolled_texts_never_overlap(unrolled_frames):
    arrows = [Path(place.arrow) for place in unrolled.places().values() if place.arrow]
    for step, figure in unrolled_frames:
        axes = figure.axes[0]
        texts = [text for text in axes.texts if text.get_text()]
        boxes = [text.get_window_extent(figure.canvas.get_renderer()) for text in texts]
        in_data = [axes.transData.inverted().transform_bbox(box) for box in boxes]
        for (text, box), (other, other_box) in combinations(zip(texts, boxes, strict=True), 2):
            assert not box.overlaps(other_box), f"step {step}: {text.get_text()!r} and {other.get_text()!r}"
        for text, box, data_box in zip(texts, boxes, in_data, strict=True):
            assert text.get_fontsize() >= 10
            assert figure.bbox.x0 < box.x0 and box.x1 < figure.bbox.x1, f"step {step}: {text.get_text()!r} is cut"
            assert figure.bbox.y0 < box.y0 and box.y1 < figure.bbox.y1, f"step {step}: {text.get_text()!r} is cut"
            assert not any(arrow.intersects_bbox(data_box) for arrow in arrows), f"step {step}: {text.get_text()!r}"


def test_unrolled_is_recorded_with_a_description_for_each_frame():
    panel = unrolled.explorer()
    assert panel.live.recording
    assert "One weight, many uses" in panel.live.alt
    assert "dW = 2.015" in panel.live.alt


def test_the_dotted_line_of_the_gradient_flow_follows_the_clip():
    controls = Controls(gradient_flow.explorer())
    (limit,) = (line for axes in controls.live.fig.axes for line in axes.lines if line.get_linestyle() == ":")
    for max_norm in (0.1, 100):
        controls.by_name["clip at norm"].value = max_norm
        assert limit.get_visible() and set(limit.get_xdata()) == {max_norm}
    controls.by_name["clip at norm"].value = np.inf
    assert not limit.get_visible()
