"""Chapter 07: the lattice of CTC: what reaches each state, what leaves it, and how probable it is to be there."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Checkbox, Dropdown, FloatSlider, IntSlider
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from rnn_lab.datasets.speech import encode
from rnn_lab.live import LiveFigure, Panel
from rnn_lab.nn.checks import as_array, as_positive
from rnn_lab.nn.ctc import BLANK, forward_backward
from rnn_lab.nn.functions import log_softmax

ALPHA, BETA, POSTERIOR = (
    "alpha, the largest of each step = 1",
    "beta, the largest of each step = 1",
    "posterior: through the state",
)
LEAST_FLOW = 0.01  # of a way that is drawn


@dataclass(frozen=True)
class Paths:
    """The lattice of one text.

    Attributes
    ----------
    alpha, beta : ndarray, shape (T, S)
        Brought to a largest value of 1 at each step; not logarithms.
    posterior : ndarray, shape (T, S)
    ways : ndarray of int, shape (M, 3)
        Steps from t - 1 to t, a row each: t, the state before, the state after; those that count.
    totals : ndarray, shape (T,)
        The logarithm of the sum of alpha times beta over the states of each step, the emission counted once.
    log_likelihood : float
        In nats.
    """

    alpha: NDArray
    beta: NDArray
    posterior: NDArray
    ways: NDArray
    totals: NDArray
    log_likelihood: float


def compute(logits: ArrayLike, text: str, temperature: float = 1.0) -> Paths:
    """Follow all paths of a text through the scores of a sound.

    Parameters
    ----------
    logits : array_like, shape (T, K)
    text : str
    temperature : float
        The scores are divided by it: above 1 the network is less sure of itself.

    Raises
    ------
    TypeError, ValueError
        If the shape does not fit, the temperature is not above 0, a letter is unknown, or the text does not fit into T
        steps.
    """
    log_p = log_softmax(as_array("logits", logits, ("T", "K"), finite=True) / as_positive("temperature", temperature))
    lattice = forward_backward(log_p[:, None], encode(text)[:, None])
    total = lattice.log_likelihood[0]
    if np.isinf(total):
        raise ValueError(f"text is {text!r}, which does not fit into {len(log_p)} steps; expected a longer sound")
    symbols, alpha, beta = lattice.symbols[0], lattice.alpha[:, 0], lattice.beta[:, 0]
    ways = []
    for jump in (0, 1, 2):
        flow = np.exp(alpha[:-1, : alpha.shape[1] - jump] + beta[1:, jump:] - total)  # (T - 1, S - jump)
        if jump == 2:
            flow[:, (symbols[2:] == BLANK) | (symbols[2:] == symbols[:-2])] = 0
        t, before = np.nonzero(flow > LEAST_FLOW)
        ways.append(np.column_stack([t + 1, before, before + jump]))
    through = alpha + beta - lattice.log_emissions[:, 0]
    return Paths(
        alpha=np.exp(alpha - alpha.max(axis=1, keepdims=True)),
        beta=np.exp(beta - beta.max(axis=1, keepdims=True)),
        posterior=lattice.posterior[:, 0],
        ways=np.concatenate(ways),
        totals=np.logaddexp.reduce(through, axis=1),
        log_likelihood=float(total),
    )


def explorer(logits: ArrayLike, text: str) -> Panel:
    """Return the explorer of the lattice, to be displayed.

    Parameters
    ----------
    logits : array_like, shape (T, K)
        A recogniser's scores for a sound.
    text : str
        What was said.
    """
    T, states = len(np.asarray(logits)), [letter for symbol in text for letter in ("_", symbol)] + ["_"]
    figure, axes = plt.subplots(figsize=(10, 5.2))
    image = axes.imshow(np.zeros((len(states), T)), cmap="viridis", vmin=0, vmax=1, aspect="auto")
    image.set_extent((0.5, T + 0.5, len(states) - 0.5, -0.5))
    axes.set_yticks(range(len(states)), ["␣" if state == " " else state for state in states], family="monospace")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlim=(0.5, T + 0.5), xlabel="step of the sound", ylabel="state: the text with blanks (_)")
    (ways,) = axes.plot([], [], color="white", linewidth=1.6, solid_capstyle="round")
    cursor = axes.axvline(0, color="black", linewidth=1.5)
    heading = axes.set_title("of each step")

    def update(quantity: str, step: int, temperature: float, paths: bool) -> None:
        found = compute(logits, text, temperature)
        t = min(step, T) - 1
        table = {ALPHA: found.alpha, BETA: found.beta, POSTERIOR: found.posterior}[quantity].copy()
        if quantity == ALPHA:
            table[t + 1 :] = np.nan
        if quantity == BETA:
            table[:t] = np.nan
        image.set_data(table.T)
        lines = np.full((3 * len(found.ways), 2), np.nan)  # a gap after every way
        lines[0::3], lines[1::3] = found.ways[:, :2], found.ways[:, [0, 2]] + [1, 0]
        ways.set_data(*lines.T)
        ways.set_visible(paths)
        cursor.set_xdata([t + 1, t + 1])
        heading.set_text(
            f"step {t + 1}: alpha times beta, added up over the states: {found.totals[t]:.4f} nats, as at every step"
        )

    live = LiveFigure(
        figure,
        [image, ways, cursor, heading],
        alt=f"The states of the text {text} from top to bottom, the steps of a sound from left to right: the paths run "
        "down from the upper left corner to the lower right one.",
    )
    return live.explore(
        update,
        quantity=Dropdown(options=[ALPHA, BETA, POSTERIOR], value=POSTERIOR, description="show"),
        step=IntSlider(T // 2, 1, T, description="step"),
        temperature=FloatSlider(3, min=1, max=10, step=0.5, description="temperature"),
        paths=Checkbox(True, description="draw the ways that count"),
    )
