"""From sound to what a network reads: frames, spectra, mel bands, logarithms; and sound in whatever form it comes.

A sound is a one-dimensional array of samples from -1 to 1, RATE of them a second.
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.nn.checks import as_array, as_positive, as_size

RATE = 8000  # samples a second: the telephone's, enough for everything below 4000 Hz
FRAME = 256  # samples: 32 ms, in which the mouth hardly moves
HOP = 100  # samples from one frame to the next: 12.5 ms
BANDS = 32
STACK = 2  # frames that the network reads in one step
FLOOR = 1e-4  # of the mean power: what is fainter is not heard
SMALLEST = 1e-12  # keeps the logarithm of silence finite
QUIET = 1e-3  # root mean square below which a recording is silence


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
