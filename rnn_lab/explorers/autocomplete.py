"""Chapter 04: type, and see which character the model expects next; accept what it proposes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Button, FloatSlider, HBox, IntSlider, Layout, Textarea, VBox
from numpy.typing import NDArray

from rnn_lab import plots
from rnn_lab.datasets.text import BETWEEN_DOCSTRINGS, PRINTABLE
from rnn_lab.decoding import Step, probabilities, sampler
from rnn_lab.explorers.lettering import visible
from rnn_lab.live import LiveFigure, Panel
from rnn_lab.models import bundled_language_models

LONGEST_PROPOSAL = 16
SHORTEST_READ = 150  # of a longer prompt, its end is read: this much, or up to twice as much
SHOWN = 62  # characters of prompt and proposal together
BARS = 16
REPLACEMENT = "?"


@dataclass(frozen=True)
class Completion:
    """What a model expects after a prompt.

    Attributes
    ----------
    read : str
        The prompt as the model read it: its end, with ? for characters outside the vocabulary.
    unknown : str
        Those characters, each once.
    probabilities : ndarray, shape (96,)
        Of the next character, with temperature and top-k.
    proposal : str
        What the model goes on with, to the end of a word.
    """

    read: str
    unknown: str
    probabilities: NDArray
    proposal: str


class Reader:
    """A model's scores after a text, which remembers the texts that it has read: one key more is one step more.

    Parameters
    ----------
    step : callable
        As `decoding.generate` takes it; over the characters of `PRINTABLE`.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        self._known: dict[str, tuple[NDArray, Any]] = {}

    def read(self, text: str) -> NDArray:
        """Return the scores of what comes after a text, shape (1, 96)."""
        start = len(text)
        while start and text[:start] not in self._known:
            start -= 1
        if len(self._known) > 5000:  # some megabytes
            self._known.clear()
            start = 0
        logits, state = self._known[text[:start]] if start else (np.empty((0, 0)), None)
        for end in range(start, len(text)):
            logits, state = self._step(PRINTABLE.encode(text[end]), state)
            self._known[text[: end + 1]] = logits, state
        return logits


def compute(reader: Reader, prompt: str, temperature: float = 1.0, top_k: int = 96, draw: int = 0) -> Completion:
    """Read a prompt and propose how it goes on.

    Parameters
    ----------
    reader : Reader
    prompt : str
        Any text, also none: the model then expects the beginning of a docstring.
    temperature : float
    top_k : int
    draw : int
        The seed of the proposal.
    """
    unknown = "".join(sorted({character for character in prompt if character not in PRINTABLE}))
    first = max(0, (len(prompt) - SHORTEST_READ) // SHORTEST_READ * SHORTEST_READ)
    read = "".join(character if character in PRINTABLE else REPLACEMENT for character in prompt[first:])
    choose = sampler(np.random.default_rng(draw), temperature, top_k)
    proposal = ""
    while len(proposal) < LONGEST_PROPOSAL and not (proposal.strip() and not proposal[-1].isalnum()):
        proposal += PRINTABLE.decode(choose(reader.read(BETWEEN_DOCSTRINGS + read + proposal)))
    logits = reader.read(BETWEEN_DOCSTRINGS + read)
    return Completion(read, unknown, probabilities(logits, temperature, top_k)[0], proposal)


def explorer(step: Step | None = None, prompt: str = "Return the name of the ") -> Panel:
    """Return the explorer of the next character, to be displayed.

    Parameters
    ----------
    step : callable, optional
        Such as the method `step` of a `LanguageModel` or of `NGrams` over the characters of `PRINTABLE`; that of the
        large bundled model if left out.
    prompt : str
        What stands there at first.
    """
    reader = Reader(step or bundled_language_models()["large"].step)
    figure, (line, axes) = plt.subplots(2, 1, figsize=(10, 4.2), height_ratios=[1, 3.4])
    line.set(xlim=(0, 1), ylim=(0, 1))
    line.set_axis_off()
    font = {"family": "monospace", "size": 14, "va": "center", "parse_math": False}
    written = line.text(0.005, 0.35, "", **font)
    proposed = line.text(0.005, 0.35, "", color=plots.PREDICTION, fontweight="bold", **font)
    notice = line.text(0.005, 0.95, "", color=plots.GRADIENT, va="center", size=10, parse_math=False)

    axes.set(xlim=(-0.6, BARS - 0.4), ylim=(0, 1.14), yticks=[0, 0.5, 1], ylabel="probability")
    axes.tick_params(bottom=False, labelbottom=False)
    axes.set_xlabel("the likeliest next characters (␣ a space, ↵ a line break)", labelpad=28)
    bars = axes.bar(range(BARS), np.zeros(BARS), color=plots.PREDICTION)
    letters = [
        axes.text(place, -0.09, "", ha="center", va="center", size=13, family="monospace", parse_math=False)
        for place in range(BARS)
    ]
    shares = [axes.text(place, 0, "", ha="center", va="bottom", size=9) for place in range(BARS)]
    entropy = axes.text(BARS - 0.5, 1.07, "", ha="right", va="center")
    latest = compute(reader, prompt)

    def update(prompt: str, temperature: float, top_k: int, draw: int) -> None:
        nonlocal latest
        latest = compute(reader, prompt, temperature, top_k, draw)
        tail = visible(latest.read[-(SHOWN - LONGEST_PROPOSAL) :])
        written.set_text(tail)
        proposed.set_text(" " * len(tail) + visible(latest.proposal))
        notice.set_text(
            f"not in the vocabulary, read as {REPLACEMENT}: {_named(latest.unknown)}" if latest.unknown else ""
        )
        p = latest.probabilities
        for place, number in enumerate(np.argsort(-p, kind="stable")[:BARS]):
            bars[place].set_height(p[number])
            letters[place].set_text(visible(PRINTABLE.characters[number]).replace(" ", "␣") if p[number] else "")
            shares[place].set_y(p[number] + 0.01)
            shares[place].set_text(f"{p[number]:.0%}" if p[number] >= 0.005 else "")
        kept = p[p > 0]
        entropy.set_text(
            f"uncertainty {max(0.0, -float(kept @ np.log2(kept))):.2f} bits, {len(kept)} characters possible"
        )

    live = LiveFigure(
        figure,
        [written, proposed, notice, *bars, *letters, *shares, entropy],
        alt="A prompt, its proposed continuation in green, and bars of the probabilities of the next character.",
    )
    wide, whole_words = Layout(flex="1 1 auto", width="auto"), {"description_width": "initial"}
    sliders = {
        "temperature": FloatSlider(0.7, min=0.1, max=2, step=0.05, description="temperature"),
        "top_k": IntSlider(20, 1, 96, description="top-k"),
        "draw": IntSlider(0, 0, 30, description="another proposal"),
    }
    field = Textarea(prompt, description="prompt", rows=2)
    for control in (field, *sliders.values()):
        control.layout, control.style = wide, whole_words
    accept = Button(description="accept the green proposal", layout=Layout(width="15em"))
    accept.on_click(_accept(field, lambda: latest.proposal))
    arranged = VBox(
        [HBox([field, accept]), HBox(list(sliders.values()))],
        layout=Layout(width=f"{live.page_width:.0f}px", max_width="100%"),
    )
    return live.explore(update, layout=arranged, prompt=field, **sliders)


def _accept(prompt: Textarea, proposal: Callable[[], str]) -> Callable[[Button], None]:
    def accept(_: Button) -> None:
        prompt.value += proposal()

    return accept


def _named(characters: str) -> str:
    """Return characters as the figure's font can write them, those that it may lack as codes."""
    return "  ".join(
        character if character.isprintable() and ord(character) < 256 else ascii(character)[1:-1]
        for character in characters[:10]
    )
