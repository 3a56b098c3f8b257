"""Chapter 02: a network of one unit, unrolled over three steps, with a number on every edge, forward and back."""

from dataclasses import dataclass
from functools import cache
from math import tanh
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from rnn_lab import plots
from rnn_lab.live import LiveFigure, Panel

# Chosen so that whoever computes on with the three decimals on the page gets the three decimals on the page.
W, U, B = 0.7, 0.8, -0.1
INITIAL_STATE = 0.3
INPUTS = (0.5, -1.0, 2.0)
TARGETS = (-0.9, 0.7, -0.5)
LAST = len(INPUTS)

# The layout, in hundreds of pixels from the lower left corner.
STATE_ROW, LOSS_ROW, INPUT_ROW = 4.2, 5.5, 2.3
RADIUS = 0.4
NEW = {"facecolor": "#FFF3B0", "edgecolor": "none", "pad": 1.5}  # behind what the present frame has written
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
Ends = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Frame:
    """What the page shows at one moment of the computation.

    Attributes
    ----------
    caption, formula : str
        What happens, in words and in numbers.
    labels : dict of str
        Every text that is known by now, by the name of its place (see `places`).
    new : frozenset of str
        The places that have been filled or changed in this frame.
    shares : dict of tuple of float
        What the uses of "W", "U" and "b" have added to their gradients by now, the last step's use first.
    """

    caption: str
    formula: str
    labels: dict[str, str]
    new: frozenset[str]
    shares: dict[str, tuple[float, ...]]


class Place(NamedTuple):
    """Where a label stands, and the arrow that it belongs to."""

    x: float
    y: float
    align: str
    colour: str
    arrow: Ends | None = None


class Story:
    """The frames told so far; each keeps the labels of those before it."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.labels: dict[str, str] = {}
        self.shares: dict[str, tuple[float, ...]] = {"W": (), "U": (), "b": ()}

    def tell(self, caption: str, formula: str, labels: dict[str, str]) -> None:
        """Add a frame."""
        self.labels = self.labels | labels
        self.frames.append(Frame(caption, formula, self.labels, frozenset(labels), self.shares))


def show(value: float) -> str:
    """Return a number with three decimals, 0.350, or with those it needs if that is one or none: 0.8, 2."""
    return f"{value:.3f}".removesuffix("00").removesuffix(".0").replace("-", "−")


def factor(value: float) -> str:
    """Return a number as it stands after an operator: in brackets if it is negative."""
    return f"({show(value)})" if value < 0 else show(value)


def total(terms: tuple[float, ...]) -> str:
    """Return a sum as it is written: 0.5 + (−0.2)."""
    return " + ".join([show(terms[0]), *map(factor, terms[1:])])


def at(name: str, t: int) -> str:
    """Return a name with its step as an index: h₂."""
    return f"{name}{t}".translate(SUBSCRIPTS)


@cache
def story() -> tuple[Frame, ...]:
    """Compute forward and backward once, and return a frame for each thing that happens."""
    told = Story()
    told.tell(
        "A network of one unit, unrolled over three steps. Each step uses the same W, U and b.",
        "hₜ = tanh(W·xₜ + U·hₜ₋₁ + b)     Lₜ = ½·(hₜ − targetₜ)²",
        {},
    )
    h = tell_forward(told)
    tell_backward(told, h)
    told.tell(
        "One weight, many uses: its gradient is the sum over all the steps that used it.",
        "     ".join(f"d{name} = {show(sum(shares))}" for name, shares in told.shares.items()),
        {f"d{name}": f"= {total(shares)} = {show(sum(shares))}" for name, shares in told.shares.items()},
    )
    return tuple(told.frames)


def tell_forward(told: Story) -> list[float]:
    """Tell the states and the losses; return the states, the initial one first."""
    h, losses = [INITIAL_STATE], []
    for t, (x, target) in enumerate(zip(INPUTS, TARGETS, strict=True), start=1):
        from_input, from_past = W * x, U * h[-1]
        z = from_input + from_past + B
        h.append(tanh(z))
        told.tell(
            f"Forward, step {t}: the input and the state before make the new state.",
            f"{at('h', t)} = tanh(W·{at('x', t)} + U·{at('h', t - 1)} + b)"
            f" = tanh({total((from_input, from_past, B))}) = tanh({show(z)}) = {show(h[t])}",
            {
                f"W{t}": f"W·{at('x', t)} = {show(from_input)}",
                f"U{t}": f"U·{at('h', t - 1)} = {show(from_past)}",
                f"h{t}": show(h[t]),
            },
        )
        losses.append((h[t] - target) ** 2 / 2)
        told.tell(
            f"Forward, step {t}: the loss measures how far the state is from its target.",
            f"{at('L', t)} = ½·({at('h', t)} − {at('target', t)})²"
            f" = ½·({show(h[t])} − {factor(target)})² = {show(losses[-1])}",
            {f"up{t}": show(h[t]), f"L{t}": f"{at('L', t)} = {show(losses[-1])}"},
        )
    written = f"{total(tuple(losses))} = {show(sum(losses))}"
    told.tell("The loss of the whole sequence is the sum over its steps.", f"L = {written}", {"L": f"= {written}"})
    return h


def tell_backward(told: Story, h: list[float]) -> None:
    """Tell the gradients from the last step to the first; they end in the story's shares."""
    future = 0.0
    for t in range(LAST, 0, -1):
        above = h[t] - TARGETS[t - 1]
        dh = above + future
        written = total((above, future))
        told.tell(
            f"Backward, step {t}: "
            + ("nothing comes from the future yet." if t == LAST else "from above plus from the future."),
            f"{at('dh', t)} = ({at('h', t)} − {at('target', t)}) + "
            + ("0" if t == LAST else f"{at('dz', t + 1)}·U")
            + f" = {written} = {show(dh)}",
            {
                f"above{t}": f"above: {show(above)}",
                f"meet{t}": f"{at('dh', t)} = above + future",
                f"sum{t}": f"= {written}",
                f"dh{t}": f"= {show(dh)}",
            },
        )
        dz = dh * (1 - h[t] ** 2)
        told.tell(
            f"Backward, step {t}: back through tanh, whose slope is 1 − {at('h', t)}².",
            f"{at('dz', t)} = {at('dh', t)}·(1 − {at('h', t)}²) = {show(dh)} × (1 − {factor(h[t])}²) = {show(dz)}",
            {f"dz{t}": f"{at('dz', t)} = {show(dz)}"},
        )
        x, past = INPUTS[t - 1], h[t - 1]
        used = {"W": dz * x, "U": dz * past, "b": dz}
        told.shares = {name: (*told.shares[name], share) for name, share in used.items()}
        told.tell(
            f"Backward, step {t}: what this step's use of W, U and b adds to their gradients.",
            f"{at('dz', t)}·{at('x', t)} = {show(dz)} × {factor(x)} = {show(used['W'])}     "
            f"{at('dz', t)}·{at('h', t - 1)} = {show(dz)} × {factor(past)} = {show(used['U'])}     "
            f"{at('dz', t)} = {show(dz)}",
            {f"d{name}": f"= {total(shares)}{' + …' if t > 1 else ''}" for name, shares in told.shares.items()},
        )
        future = dz * U
        told.tell(
            f"Backward, step {t}: through U, the gradient goes on to {at('h', t - 1)}"
            + (": its future." if t > 1 else ", the initial state."),
            f"{at('dz', t)}·U = {show(dz)} × {factor(U)} = {show(future)}",
            {f"future{t - 1}": f"{at('dz', t)}·U = {show(future)}"},
        )


def compute(step: int) -> Frame:
    """Return what the page shows at a step of the story, from 0 to ``len(story()) - 1``."""
    return story()[step]


def column(t: int) -> float:
    """Return the middle of step t."""
    return 0.6 + 2.4 * t


def places() -> dict[str, Place]:
    """Return the place of every label, and the arrow of those that stand at an edge."""
    found = {"L": Place(4.4, 6.2, "left", plots.STATE)}
    for row, name in enumerate(("dW", "dU", "db")):
        found[name] = Place(1.85, 1.6 - 0.27 * row, "left", plots.GRADIENT)
    for t in range(LAST + 1):
        x = column(t)
        if t < LAST:
            back = (column(t + 1) - RADIUS, STATE_ROW - 0.1), (x + RADIUS, STATE_ROW - 0.1)
            found[f"future{t}"] = Place(x + 1.2, STATE_ROW - 0.32, "center", plots.GRADIENT, back)
        if t == 0:
            continue
        before = (column(t - 1) + RADIUS, STATE_ROW + 0.1), (x - RADIUS, STATE_ROW + 0.1)
        inward = (x, INPUT_ROW + RADIUS), (x, STATE_ROW - RADIUS)
        up = (x - 0.1, STATE_ROW + RADIUS), (x - 0.1, LOSS_ROW - 0.3)
        down = (x + 0.1, LOSS_ROW - 0.3), (x + 0.1, STATE_ROW + RADIUS)
        found |= {
            f"U{t}": Place(x - 1.2, STATE_ROW + 0.22, "center", plots.STATE, before),
            f"W{t}": Place(x - 0.12, INPUT_ROW + 0.5, "right", plots.STATE, inward),
            f"h{t}": Place(x, STATE_ROW - 0.18, "center", plots.STATE),
            f"up{t}": Place(x - 0.2, 4.85, "right", plots.STATE, up),
            f"L{t}": Place(x, LOSS_ROW - 0.17, "center", plots.STATE),
            f"above{t}": Place(x + 0.2, 4.85, "left", plots.GRADIENT, down),
            f"meet{t}": Place(x + 0.12, 3.49, "left", plots.GRADIENT),
            f"sum{t}": Place(x + 0.12, 3.26, "left", plots.GRADIENT),
            f"dh{t}": Place(x + 0.12, 3.03, "left", plots.GRADIENT),
            f"dz{t}": Place(x + 0.12, 2.8, "left", plots.GRADIENT),
        }
    return found


def add_arrow(axes: Axes, ends: Ends, colour: str) -> FancyArrowPatch:
    """Draw an arrow from the rim of one node to the rim of another."""
    arrow = FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=12, color=colour, shrinkA=1, shrinkB=1)
    axes.add_patch(arrow)
    return arrow


def draw_graph(axes: Axes) -> None:
    """Draw what is known before the first step: the nodes, the inputs, the targets and the weights."""
    for place in places().values():
        if place.arrow and place.colour == plots.STATE:
            add_arrow(axes, place.arrow, "0.85")
    for t in range(LAST + 1):
        axes.add_patch(Circle((column(t), STATE_ROW), RADIUS, fill=False, edgecolor=plots.STATE, linewidth=1.5))
        axes.text(column(t), STATE_ROW + 0.08, at("h", t), ha="center")
    axes.text(column(0), STATE_ROW - 0.18, show(INITIAL_STATE), ha="center", color=plots.STATE)
    for t, (x, target) in enumerate(zip(INPUTS, TARGETS, strict=True), start=1):
        axes.add_patch(Circle((column(t), INPUT_ROW), RADIUS, fill=False, edgecolor=plots.INPUT, linewidth=1.5))
        axes.text(column(t), INPUT_ROW + 0.08, at("x", t), ha="center")
        axes.text(column(t), INPUT_ROW - 0.18, show(x), ha="center")
        corner = column(t) - 0.62, LOSS_ROW - 0.26
        axes.add_patch(FancyBboxPatch(corner, 1.24, 0.52, "round,pad=0.03", fill=False, edgecolor=plots.TRUTH))
        axes.text(column(t), LOSS_ROW + 0.08, f"target {show(target)}", ha="center")
    axes.text(0.2, 6.2, f"W = {show(W)}    U = {show(U)}    b = {show(B)}", color=plots.WEIGHTS, fontweight="bold")
    axes.text(0.2, 5.58, "forward: values", color=plots.STATE)
    axes.text(0.2, 5.33, "backward: gradients", color=plots.GRADIENT)
    axes.text(4.3, 6.2, "L = L₁ + L₂ + L₃", ha="right")
    for row, rule in enumerate(("dW = Σ dzₜ·xₜ", "dU = Σ dzₜ·hₜ₋₁", "db = Σ dzₜ")):
        axes.text(0.2, 1.6 - 0.27 * row, rule)


def explorer() -> Panel:
    """Return the unrolled graph, stepped forward and back, to be displayed."""
    figure, axes = plt.subplots(figsize=(10, 6.6))
    axes.set(xlim=(0, 10), ylim=(0, 6.6))
    axes.set_axis_off()
    draw_graph(axes)
    texts, arrows = {}, {}
    for name, place in places().items():
        texts[name] = axes.text(place.x, place.y, "", ha=place.align, color=place.colour, fontsize=10.5)
        if place.arrow:
            arrows[name] = add_arrow(axes, place.arrow, place.colour)
    caption = axes.text(0.2, 0.6, "", fontsize=12, fontweight="bold")
    formula = axes.text(0.2, 0.25, "", fontsize=12)

    def update(step: int) -> None:
        frame = compute(step)
        caption.set_text(frame.caption)
        formula.set_text(frame.formula)
        for name, text in texts.items():
            text.set_text(frame.labels.get(name, ""))
            text.set_bbox(NEW if name in frame.new else None)
        for name, arrow in arrows.items():
            arrow.set_visible(name in frame.labels)
            arrow.set_linewidth(3 if name in frame.new else 1.5)

    live = LiveFigure(
        figure,
        [*arrows.values(), *texts.values(), caption, formula],
        alt=lambda: f"The unrolled graph. {caption.get_text()} {formula.get_text()}",
    )
    return live.record(update, range(len(story())), play=True, interval=4000, description="moment")
