"""Spoken digits: strings of digits in many voices, as sound and as text."""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from rnn_lab.audio import RATE, features, is_silence
from rnn_lab.datasets.download import bundled, fetch
from rnn_lab.models.recognizer import SoundBatch

SOUND_SHA256 = "67b76b82cee8e1de3180cc47c96942914a331bbc3588cb5d040fbd9785a06a46"
TABLE_SHA256 = "98c7dc99919c08d6d25b7f4c2504ec3eedb38fab4a3393324f6a31c4eb4e8cbd"
FSDD = (
    "https://raw.githubusercontent.com/Jakobovski/free-spoken-digit-dataset/26eb9aaf76e81b692f806f9140c2d2777410d7a1"
    "/recordings"
)
RESULTS_SHA256 = "af3af3f3e6a5abf5dd59465f9b5930573b4e30c0340c03cfbabb3294406b71a6"
FSDD_SHA256 = "67a65f8338d0c6c446c432502cd7fa6dce7b6fab3ce8c563168bd585962ea904"
PARTS = ("train", "choose", "test")
STRINGS = {"train": 763, "choose": 77, "test": 126}  # of people
TRAIN_TAKES, TEST_TAKES = range(5, 10), range(5)
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SYMBOLS = ("", " ", *sorted(set("".join(WORDS))))  # the blank first, then a space, then fifteen letters
LONGEST_GAP = RATE // 10  # samples of silence between two clips that are joined
Features = Callable[[NDArray], NDArray]


@dataclass(frozen=True, slots=True)
class Utterance:
    """What somebody said.

    Attributes
    ----------
    sound : ndarray of float32, shape (samples,)
        At `audio.RATE` samples a second, from -1 to 1.
    text : str
        The words, a space between two.
    voice : str
        Who said it.
    """

    sound: NDArray[np.float32]
    text: str
    voice: str


def spoken_digits(source: str = "espeak-ng") -> dict[str, list[Utterance]]:
    """Return strings of one to seven digits, by part: ``"train"``, ``"choose"`` and ``"test"``.

    Parameters
    ----------
    source : {"espeak-ng", "people"}
        The strings that the course carries, spoken as a whole by a synthesiser, the test by throats and with accents
        that no other part has; or the Free Spoken Digit data set, downloaded once: clips of six people, joined to
        strings, other takes in each part.

    Raises
    ------
    ValueError
        If the source is unknown or a file is damaged.
    FileNotFoundError, ConnectionError
        If a file is not to be had.
    """
    if source == "people":
        takes = {"train": TRAIN_TAKES[:-1], "choose": TRAIN_TAKES[-1:], "test": TEST_TAKES}
        rng = np.random.default_rng(0)
        return {part: joined(free_spoken_digits(takes[part]), STRINGS[part], 7, rng) for part in PARTS}
    if source != "espeak-ng":
        raise ValueError(f"source is {source!r}; expected 'espeak-ng' (bundled) or 'people' (downloaded)")
    import soundfile  # imported here, because it loads a library of the system

    sound, _ = soundfile.read(bundled("spoken_digits.wav", SOUND_SHA256), dtype="float32")
    found: dict[str, list[Utterance]] = {part: [] for part in PARTS}
    with open(bundled("spoken_digits.csv", TABLE_SHA256), newline="") as file:
        for row in csv.DictReader(file):
            spoken = sound[int(row["start"]) : int(row["end"])]
            found[row["part"]].append(Utterance(spoken, row["text"], row["voice"]))
    return found


def free_spoken_digits(takes: Sequence[int]) -> list[Utterance]:
    """Return single digits of the Free Spoken Digit data set: six people, ten digits, ten takes of each here.

    Downloaded once, 600 small files. Licence: CC BY-SA 4.0.

    Parameters
    ----------
    takes : sequence of int
        From 0 to 9; the data set's own rule is that TEST_TAKES are for testing, the others for training.

    Raises
    ------
    ValueError
        If there is no such take, or a file is damaged.
    FileNotFoundError, ConnectionError
        If a file is not to be had.
    """
    import soundfile

    if not takes or not set(takes) <= set(range(10)):
        raise ValueError(f"takes is {takes!r}; expected some of 0 to 9")
    with open(bundled("fsdd_sha256.csv", FSDD_SHA256), newline="") as file:
        rows = [(*row["name"].removesuffix(".wav").split("_"), row) for row in csv.DictReader(file)]
    found = []
    for digit, voice, take, row in tqdm(rows, desc="recordings", disable=None):
        if int(take) in takes:
            sound, _ = soundfile.read(fetch(f"{FSDD}/{row['name']}", row["sha256"]), dtype="float32")
            found.append(Utterance(sound, WORDS[int(digit)], voice))
    return found


def results() -> dict[str, Any]:
    """Return what was measured by ``data/train_recognizer.py``: by command, each with its settings and its error rates.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is missing or damaged.
    """
    return json.loads(bundled("speech_results.json", RESULTS_SHA256).read_text())


def joined(clips: Sequence[Utterance], count: int, longest: int, rng: np.random.Generator) -> list[Utterance]:
    """Join single words into strings: each of one voice, of 1 to `longest` words, all lengths equally often.

    Clips are brought to one loudness, and stand up to a tenth of a second apart.

    Parameters
    ----------
    clips : sequence of Utterance
    count, longest : int
        How many strings, and how many words the longest has.
    rng : numpy.random.Generator

    Raises
    ------
    ValueError
        If there is no clip, or one is silent.
    """
    if not clips or any(is_silence(clip.sound) for clip in clips):
        raise ValueError(f"clips has {len(clips)} clips; expected at least one, and none of them silent")
    voices = sorted({clip.voice for clip in clips})
    by_voice = {voice: [clip for clip in clips if clip.voice == voice] for voice in voices}
    strings = []
    for number in range(count):
        voice = voices[rng.integers(len(voices))]
        drawn = [by_voice[voice][i] for i in rng.integers(0, len(by_voice[voice]), 1 + number % longest)]
        pieces = []
        for clip in drawn:
            loudness = np.sqrt(np.mean(clip.sound**2))
            pieces += [np.zeros(rng.integers(LONGEST_GAP), np.float32), clip.sound * np.float32(0.1 / loudness)]
        strings.append(Utterance(np.concatenate(pieces), " ".join(clip.text for clip in drawn), voice))
    return strings


def similar_lengths(utterances: Sequence[Utterance], count: int, rng: np.random.Generator) -> list[Utterance]:
    """Draw `count` utterances of about the same length, so that little of a batch is padding."""
    drawn = [utterances[number] for number in rng.integers(0, len(utterances), 4 * count)]
    by_size = sorted(drawn, key=lambda one: len(one.sound))
    first = count * rng.integers(4)
    return by_size[first : first + count]


def encode(text: str) -> NDArray[np.intp]:
    """Return the symbols of a text; 0, the blank, is none of them.

    Raises
    ------
    ValueError
        If a letter occurs in no digit.
    """
    unknown = sorted(set(text) - set(SYMBOLS))
    if unknown:
        raise ValueError(f"text is {text!r}; expected only the letters of the digits, not {', '.join(unknown)}")
    return np.array([SYMBOLS.index(letter) for letter in text], np.intp)


def decode(symbols: Iterable[int]) -> str:
    """Return the text of symbols.

    Raises
    ------
    ValueError
        If a number is no symbol.
    """
    symbols = list(symbols)
    if any(not 0 <= symbol < len(SYMBOLS) for symbol in symbols):
        raise ValueError(f"symbols holds {min(symbols)} to {max(symbols)}; expected 0 to {len(SYMBOLS) - 1}")
    return "".join(SYMBOLS[symbol] for symbol in symbols)


def batch(
    utterances: Sequence[Utterance], read: Features = features, rng: np.random.Generator | None = None
) -> SoundBatch:
    """Pad the features and the texts of utterances to one length.

    Parameters
    ----------
    utterances : sequence of Utterance
    read : callable
        From a sound to its features, (T, D): `audio.features`, or something that changes the sound first.
    rng : numpy.random.Generator, optional
        Where dropout draws from in training.

    Raises
    ------
    ValueError
        If there is no utterance, or a text has unknown letters.
    """
    if not utterances:
        raise ValueError("utterances is empty; expected at least one")
    read_ones, texts = [read(one.sound) for one in utterances], [encode(one.text) for one in utterances]
    lengths, label_lengths = (np.array([len(one) for one in ones]) for ones in (read_ones, texts))
    x = np.zeros((lengths.max(), len(utterances), read_ones[0].shape[1]), np.float32)
    labels = np.zeros((label_lengths.max(), len(utterances)), np.intp)
    for number, (one, text) in enumerate(zip(read_ones, texts, strict=True)):
        x[: len(one), number], labels[: len(text), number] = one, text
    return SoundBatch(x, lengths, labels, label_lengths, rng)
