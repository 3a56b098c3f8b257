"""Chapter 07: a recogniser at work: sound, mel bands, letters, states, and the texts that it thinks of."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, FloatSlider, GridBox, IntSlider, Layout
from numpy.typing import ArrayLike, NDArray

from rnn_lab import plots
from rnn_lab.audio import BANDS, RATE, features, is_silence, log_mel, normalised, read_sound, trimmed
from rnn_lab.augmentation import in_noise
from rnn_lab.datasets.speech import SYMBOLS, WORDS, Utterance, decode, encode
from rnn_lab.live import LiveFigure, Panel
from rnn_lab.live.microphone import LONGEST, Microphone
from rnn_lab.models.recognizer import Recognizer
from rnn_lab.nn.functions import log_softmax
from rnn_lab.transcription import Candidate, Lexicon, best_path, prefix_search

OWN = "your own sound"
NOTHING_YET = "Nothing recorded yet: press Record, or choose a sound file."
ENVELOPE = 400  # points of the waveform that are drawn
THIN = 0.012  # half of a line's width, of its axis
CANDIDATES, LETTERS_A_LINE = 3, 24
UNITS = 16  # of each direction that are shown
UNSURE = -0.2  # nats a step: below, the best string of digits explains the sound badly
LEXICON = Lexicon(map(encode, WORDS), SYMBOLS.index(" "), len(SYMBOLS))
LETTERS = ["blank", "space", *SYMBOLS[2:]]


@dataclass(frozen=True)
class Hearing:
    """What a recogniser makes of a sound.

    Attributes
    ----------
    sound : ndarray, shape (samples,)
        The noise included.
    bands : ndarray, shape (frames, BANDS)
        Log mel, normalised.
    states : ndarray, shape (T, H)
        Of the layer, both directions side by side.
    log_p : ndarray, shape (T, K)
    text : str
        Of the likeliest path.
    candidates : list of Candidate
        What the search with the ten words found, the best first.
    """

    sound: NDArray
    bands: NDArray
    states: NDArray
    log_p: NDArray
    text: str
    candidates: list[Candidate]


def compute(model: Recognizer, sound: ArrayLike, noise: float = 0.0) -> Hearing:
    """Let a recogniser hear a sound, if need be in noise.

    Parameters
    ----------
    model : Recognizer
    sound : array_like, shape (samples,)
        At `audio.RATE` samples a second.
    noise : float
        Of white noise, as a share of the sound's root mean square; the same noise in every call.

    Raises
    ------
    TypeError, ValueError
        If the model has no memory, or the sound is none, is silent, or lasts longer than LONGEST seconds.
    """
    if not model.memory:
        raise ValueError("model has no memory; expected one that has, since this shows its states")
    sound = np.asarray(sound, np.float32)
    if is_silence(sound):
        raise ValueError("sound is silent; expected speech: is the microphone on, and loud enough?")
    if len(sound) > (LONGEST + 1) * RATE:
        raise ValueError(f"sound lasts {len(sound) / RATE:.0f} seconds; expected {LONGEST} at most")
    if noise:
        sound = in_noise(sound, noise, np.random.default_rng(0))
    states, _, _ = model.layer.forward(features(sound)[:, None].astype(model.dtype))
    log_p = log_softmax(model.readout.forward(states)[0])[:, 0]
    return Hearing(
        sound=sound,
        bands=normalised(log_mel(sound)),
        states=states[:, 0],
        log_p=log_p,
        text=decode(best_path(log_p)),
        candidates=prefix_search(log_p, 8, LEXICON)[:CANDIDATES],
    )


def outline(sound: NDArray, points: int = ENVELOPE) -> NDArray:
    """Return the outline of a sound, brought to a peak of 1, as corners (x, y), shape (2 * points, 2); x from 0 to 1.

    There and back through the highest and the lowest sample of each of `points` parts, a line's width apart at least.
    """
    edges = np.linspace(0, len(sound), points + 1).astype(int)[:-1]
    low, high = np.minimum.reduceat(sound, edges), np.maximum.reduceat(sound, edges)
    peak, x = np.abs(sound).max(), np.linspace(0, 1, points)
    there, back = np.column_stack([x, high / peak + THIN]), np.column_stack([x, low / peak - THIN])
    return np.concatenate([there, back[::-1]])


def by_change(states: NDArray, count: int = UNITS) -> NDArray[np.integer]:
    """Return `count` units of each direction: those that change most within a step, sorted by when they do."""
    change = np.abs(np.diff(states, axis=0, prepend=states[:1]))
    order = []
    for direction in np.split(np.arange(states.shape[1]), 2):
        most = direction[np.argsort(-change[:, direction].max(axis=0), kind="stable")[:count]]
        order.append(most[np.argsort(change[:, most].argmax(axis=0), kind="stable")])
    return np.concatenate(order)


def explorer(model: Recognizer, utterances: Mapping[str, Utterance]) -> Panel:
    """Return the explorer of a recogniser, to be displayed.

    Parameters
    ----------
    model : Recognizer
        Of spoken digits, with memory.
    utterances : dict of Utterance
        By the names under which they can be picked.
    """
    units = min(2 * UNITS, model.layer.output_size)
    figure = plt.figure(figsize=(10, 8.2))
    rows = figure.subplots(4, 2, width_ratios=[4, 1], height_ratios=[0.8, 1.1, 1.9, 1.5])
    wave_axes, mel_axes, letter_axes, state_axes = rows[:, 0]
    for unused in rows[[0, 1], 1]:
        unused.set_axis_off()
    bar_axes, unit_axes = rows[2, 1], rows[3, 1]

    wave_axes.set(ylim=(-1.05, 1.05), yticks=[], ylabel="sound")
    heading = wave_axes.set_title("heard", loc="left", parse_math=False)
    (wave,) = wave_axes.fill([0], [0], color=plots.INPUT, linewidth=0)
    mel = mel_axes.imshow(np.zeros((BANDS, 1)), cmap="magma", vmin=-2, vmax=2.5, aspect="auto", origin="lower")
    mel_axes.set(yticks=[], ylabel="mel band")
    letters = letter_axes.imshow(np.zeros((len(SYMBOLS), 1)), cmap="Greys", vmin=0, vmax=1, aspect="auto")
    letter_axes.set_yticks(range(len(LETTERS)), LETTERS, fontsize=9)
    states = plots.heat_map(state_axes, np.zeros((units, 1)))
    state_axes.set(
        yticks=[units / 4, units * 3 / 4], yticklabels=["forward", "reverse"], ylabel=f"states of {units} units"
    )
    state_axes.tick_params(axis="y", labelrotation=90)
    for image in (mel, letters, states):
        image.set_extent((0, 1, *image.get_extent()[2:]))
        image.set_interpolation("nearest")
    for axes in rows[:, 0]:
        axes.set(xlim=(0, 1), xticks=[])
    state_axes.set_xlabel("time, from the beginning to the end")
    cursors = [axes.axvline(0, color="black", linewidth=1.2) for axes in rows[:, 0]]

    (bars,) = bar_axes.plot([], [], color="0.3", linewidth=9, solid_capstyle="butt")
    bar_axes.set(xlim=(0, 1), ylim=(len(LETTERS) - 0.5, -0.5), xticks=[0, 1], yticks=[])
    bar_axes.set_title("at the cursor", fontsize=11)
    (profile,) = unit_axes.plot(np.zeros(units), np.arange(units), ".", color=plots.STATE, markersize=6)
    unit_axes.set(xlim=(-1.05, 1.05), xticks=[-1, 0, 1], ylim=(units - 0.5, -0.5), yticks=[])
    found = [
        rows[0, 1].text(-0.08, 0.9 - 0.5 * rank, "", transform=rows[0, 1].transAxes, va="top", fontsize=10)
        for rank in range(CANDIDATES)
    ]

    choice, microphone = Dropdown(options=[*utterances, OWN], description="sound"), Microphone()
    hear = lru_cache(maxsize=4)(lambda name, own, noise: compute(model, _sound(utterances, name, own), noise))
    moving = [wave, mel, letters, states, *cursors, bars, profile]

    def update(sound: str, noise: float, cursor: int, microphone: bytes) -> None:
        try:
            heard = hear(sound, microphone if sound == OWN else b"", noise)
        except ValueError as error:
            heading.set_text(str(error))
            for artist in (*moving, *found):
                artist.set_visible(False)
            return
        for artist in (*moving, *found):
            artist.set_visible(True)
        T = len(heard.log_p)
        step = min(cursor * T // 100, T - 1)
        wave.set_xy(outline(heard.sound))
        mel.set_data(heard.bands.T)
        letters.set_data(np.exp(heard.log_p).T)
        order = by_change(heard.states)
        states.set_data(heard.states.T[order])
        for line in cursors:
            line.set_xdata([(step + 0.5) / T] * 2)
        ends = np.stack([np.zeros(len(LETTERS)), np.exp(heard.log_p[step]), np.full(len(LETTERS), np.nan)], axis=1)
        bars.set_data(ends.ravel(), np.repeat(range(len(LETTERS)), 3))
        profile.set_xdata(heard.states[step, order])
        doubt = ", hardly sure" if heard.candidates[0].score < UNSURE * T else ""
        heading.set_text(f"heard{doubt}: {heard.text or '(nothing)'}")
        texts = [fill(decode(one.symbols), LETTERS_A_LINE) or "(nothing)" for one in heard.candidates]
        lines = [f"{text}\n{one.score:.1f} nats" for text, one in zip(texts, heard.candidates, strict=True)]
        for artist, line in zip(found, [*lines, *[""] * CANDIDATES], strict=False):
            artist.set_text(line)

    live = LiveFigure(
        figure,
        [heading, *moving, *found],
        alt=lambda: (
            "From top to bottom over time: a sound, its mel bands, the probability of each letter, and the states of "
            "some units; on the right, letters and states at the cursor, and the likeliest strings of digits."
            + (f" Your own sound, {heading.get_text()}." if choice.value == OWN else "")
        ),
    )
    controls = {
        "sound": choice,
        "noise": FloatSlider(0, min=0, max=1.5, step=0.05, description="noise"),
        "cursor": IntSlider(50, 0, 100, description="cursor"),
        "microphone": microphone,
    }
    microphone.observe(lambda _: setattr(choice, "value", OWN), "value")
    layout = Layout(grid_template_columns="1fr 1fr", width=f"{live.page_width:.0f}px", max_width="100%")
    return live.explore(update, layout=GridBox(list(controls.values()), layout=layout), **controls)


def _sound(utterances: Mapping[str, Utterance], name: str, own: bytes) -> NDArray:
    if name != OWN:
        return utterances[name].sound
    if not own:
        raise ValueError(NOTHING_YET)
    return trimmed(read_sound(own))
