"""From sound to what a network reads: frames, spectra, mel bands, logarithms; and sound in whatever form it comes.

A sound is a one-dimensional array of samples from -1 to 1, RATE of them a second.
"""

import io
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn.checks import as_array, as_ndarray, as_positive, as_size

RATE = 8000  # samples a second: the telephone's, enough for everything below 4000 Hz
FRAME = 256  # samples: 32 ms, in which the mouth hardly moves
HOP = 100  # samples from one frame to the next: 12.5 ms
BANDS = 32
STACK = 2  # frames that the network reads in one step
FLOOR = 1e-4  # of the mean power: what is fainter is not heard
SMALLEST = 1e-12  # keeps the logarithm of silence finite
QUIET = 1e-3  # a root mean square below which a recording is silence
AUDIBLE, MARGIN = 0.05, 400  # of the loudest frame's root mean square; samples
MOST_CHANNELS = 32
FINEST = 1000  # of the ratio of two rates; 44,100 Hz needs 441
RATES = (1000, 400_000)  # from a toy's to a studio's
LOUDEST = 1e6  # far beyond 1, but squares and sums of it are finite
LONGEST_FILE = 60  # seconds that are read of a file


def frames(sound: ArrayLike, size: int = FRAME, hop: int = HOP) -> NDArray:
    """Cut a sound into overlapping frames, shape (T, size); one shorter than a frame is filled up with zeros.

    Raises
    ------
    TypeError, ValueError
        If `sound` is no row of finite numbers, or a size is none.
    """
    sound = as_array("sound", sound, ("samples",), finite=True)
    size, hop = as_size("size", size), as_size("hop", hop)
    sound = np.pad(sound, (0, max(size - len(sound), 0)))
    return np.lib.stride_tricks.sliding_window_view(sound, size)[::hop]


def power_spectrum(frames: ArrayLike) -> NDArray:
    """Return how much of each frequency is in each frame, under a Hann window: (T, size) -> (T, size // 2 + 1).

    Column k belongs to k * rate / size hertz.
    """
    frames = as_array("frames", frames, ("T", "size"))
    size = frames.shape[1]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(frames.dtype)
    return np.abs(np.fft.rfft(frames * window, axis=1)) ** 2 / size


def hertz_to_mel(hertz: ArrayLike) -> NDArray:
    """Return the pitch in mel, on which equal steps sound equally far apart (O'Shaughnessy, 1987)."""
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)


def mel_to_hertz(mel: ArrayLike) -> NDArray:
    """Return the frequency of a pitch: the inverse of `hertz_to_mel`."""
    return 700 * (10 ** (np.asarray(mel) / 2595) - 1)


def mel_filters(bands: int = BANDS, size: int = FRAME, rate: float = RATE) -> NDArray:
    """Return triangular filters whose peaks lie at equal steps of mel, from 0 to half the rate.

    Parameters
    ----------
    bands : int
    size : int
        Of the frames.
    rate : float
        Samples a second.

    Returns
    -------
    ndarray, shape (bands, size // 2 + 1)
        Each rises from 0 at the peak of the band below to 1 at its own, and falls to 0 at the peak of the one above.

    Raises
    ------
    TypeError, ValueError
        If an argument is no size or rate.
    """
    bands, size, rate = as_size("bands", bands), as_size("size", size), as_positive("rate", rate)
    edges = mel_to_hertz(np.linspace(0, hertz_to_mel(rate / 2), bands + 2))
    low, peak, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    hertz = np.arange(size // 2 + 1) * rate / size
    return np.maximum(0, np.minimum((hertz - low) / (peak - low), (high - hertz) / (high - peak)))


@cache
def _filters() -> NDArray:
    return mel_filters().astype(np.float32)


def log_mel(sound: ArrayLike) -> NDArray[np.float32]:
    """Return the logarithm of the power in each mel band of each frame, shape (T, BANDS)."""
    bands = power_spectrum(frames(np.asarray(sound, np.float32))) @ _filters().T
    return np.log(bands + (FLOOR * bands.mean() + SMALLEST))


def normalised(bands: ArrayLike) -> NDArray:
    """Give each band a mean of 0 and a standard deviation of 1 over time: loudness and microphone drop out."""
    bands = as_array("bands", bands, ("T", "bands"))
    return (bands - bands.mean(axis=0)) / (bands.std(axis=0) + 0.1)


def stacked(bands: ArrayLike, count: int = STACK) -> NDArray:
    """Put every `count` frames side by side: (T, bands) -> (T / count rounded up, count * bands), zero at the end."""
    bands = as_array("bands", bands, ("T", "bands"))
    T, width = bands.shape
    steps = -(-T // as_size("count", count))
    return np.pad(bands, ((0, steps * count - T), (0, 0))).reshape(steps, count * width)


def features(sound: ArrayLike) -> NDArray[np.float32]:
    """Return what a recogniser reads of a sound: log mel bands, normalised and stacked, shape (T, STACK * BANDS)."""
    return stacked(normalised(log_mel(sound)))


def is_silence(sound: ArrayLike) -> bool:
    """Say whether nothing can be heard in a sound; an offset cannot."""
    return bool(np.std(as_array("sound", sound, ("samples",), finite=True)) < QUIET)


def trimmed(sound: ArrayLike) -> NDArray:
    """Return a sound without the quiet before and after it, which would distort the means of `normalised`.

    What is kept begins and ends with the frames that are at least AUDIBLE times as loud as the loudest, and MARGIN
    samples beside them.
    """
    sound = as_array("sound", sound, ("samples",), finite=True)
    loudness = np.sqrt((frames(sound) ** 2).mean(axis=1))
    audible = np.flatnonzero(loudness >= AUDIBLE * loudness.max())
    return sound[max(audible[0] * HOP - MARGIN, 0) : audible[-1] * HOP + FRAME + MARGIN]


def as_sound(samples: ArrayLike, rate: int) -> NDArray[np.float32]:
    """Return a recording as the course has it: one channel, RATE samples a second, around zero.

    Parameters
    ----------
    samples : array_like, shape (samples,) or (samples, channels)
        From -1 to 1; several channels become their mean.
    rate : int
        Samples a second.

    Raises
    ------
    TypeError, ValueError
        If there are no samples, they are whole numbers, one is NaN, infinite or beyond LOUDEST, or `rate` is no rate of
        a recording.
    """
    samples = as_ndarray("samples", samples)
    if samples.dtype.kind in "iu":
        raise TypeError(
            f"samples holds values of type {samples.dtype}; expected numbers from -1 to 1: divide by the largest"
        )
    samples = as_array("samples", samples[:, None] if samples.ndim == 1 else samples, ("T", "channels"), finite=True)
    if samples.shape[1] > MOST_CHANNELS:
        raise ValueError(f"samples has shape {samples.shape}; expected (samples, channels): transpose it")
    if np.abs(samples).max() > LOUDEST:
        raise ValueError(f"samples reaches {np.abs(samples).max():.3g}; expected numbers from -1 to 1")
    rate = as_size("rate", rate)
    if not RATES[0] <= rate <= RATES[1]:
        raise ValueError(f"rate is {rate} samples a second; expected {RATES[0]:,} to {RATES[1]:,}")
    sound = samples.mean(axis=1)
    sound = sound - sound.mean()
    if rate != RATE:
        from scipy.signal import resample_poly  # imported here, because bundled sound has the right rate

        ratio = Fraction(RATE, rate).limit_denominator(FINEST)
        sound = resample_poly(sound, ratio.numerator, ratio.denominator)
    return sound.astype(np.float32)


def read_sound(source: str | Path | bytes) -> NDArray[np.float32]:
    """Read a sound file of up to a minute, of any width, rate and number of channels, as `as_sound` has it.

    Parameters
    ----------
    source : path or bytes
        A file, or what is in it: WAV, FLAC, OGG or MP3.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no sound file, or a broken one, or lasts longer than LONGEST_FILE seconds.
    """
    import soundfile

    name = "the upload" if isinstance(source, bytes) else str(source)
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            seconds, rate = file.frames / file.samplerate, file.samplerate
            samples = file.read(LONGEST_FILE * rate + 1, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        reason = str(error).split(": ", 1)[-1].rstrip(".")
        raise ValueError(f"{name} cannot be read as sound ({reason}); expected a WAV, FLAC, OGG or MP3 file") from None
    if len(samples) > LONGEST_FILE * rate:
        raise ValueError(f"{name} lasts {seconds:.0f} seconds; expected {LONGEST_FILE} at most: cut it")
    if len(samples) == 0:
        raise ValueError(f"{name} holds no samples; expected a recording")
    return as_sound(samples, rate)
