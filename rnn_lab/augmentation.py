"""Sounds that were never recorded: the same words faster, in noise, from another throat, with holes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnn_lab.audio import log_mel, normalised, stacked

WIDEST_MASK = 7  # bands, or frames


def at_speed(sound: NDArray, factor: float) -> NDArray:
    """Play a sound faster, above 1, or slower, below: time and pitch change together, as with a tape."""
    places = np.arange(0, len(sound) - 1, factor)
    return np.interp(places, np.arange(len(sound)), sound).astype(sound.dtype)


def in_noise(sound: NDArray, ratio: float, rng: np.random.Generator) -> NDArray:
    """Add white noise of `ratio` times the sound's root mean square."""
    loudness = np.sqrt(np.mean(sound**2))
    return sound + (ratio * loudness * rng.standard_normal(len(sound), np.float32)).astype(sound.dtype)


def warped(bands: NDArray, factor: float) -> NDArray:
    """Stretch the mel scale, as another throat would: (T, bands) -> the same shape (Jaitly & Hinton, 2013)."""
    last = bands.shape[1] - 1
    places = np.minimum(np.arange(last + 1) * factor, last)
    below = np.minimum(places.astype(int), last - 1)
    part = (places - below).astype(bands.dtype)
    return bands[:, below] * (1 - part) + bands[:, below + 1] * part


def masked(bands: NDArray, rng: np.random.Generator, count: int = 2) -> NDArray:
    """Silence a few rows and a few columns at random places (Park et al., 2019): (T, bands) -> a new array."""
    bands = bands.copy()
    for view in (bands, bands.T):
        for width in rng.integers(0, WIDEST_MASK + 1, count):
            start = rng.integers(0, max(len(view) - width, 1))
            view[start : start + width] = 0
    return bands


@dataclass(frozen=True)
class Augmentation:
    """What is done to a sound before a network learns from it; every strength is drawn anew each time.

    Attributes
    ----------
    speed, throat : float
        The largest change, as a share: 0.15 is from 0.85 to 1.15 times as fast. 0 leaves the sound alone.
    noise : float
        The loudest noise, as a share of the sound's root mean square; all levels down to a hundredth of it.
    masks : int
        How many rows and how many columns are silenced, at most.
    """

    speed: float = 0.15
    throat: float = 0.1
    noise: float = 0.2
    masks: int = 2

    def reader(self, rng: np.random.Generator) -> Callable[[NDArray], NDArray]:
        """Return what turns a sound into the features of a changed one, drawing from `rng`."""

        def read(sound: NDArray) -> NDArray:
            if self.speed:
                sound = at_speed(sound, rng.uniform(1 - self.speed, 1 + self.speed))
            if self.noise:
                sound = in_noise(sound, self.noise * 10 ** rng.uniform(-2, 0), rng)
            bands = normalised(log_mel(sound))
            if self.throat:
                bands = warped(bands, rng.uniform(1 - self.throat, 1 + self.throat))
            return stacked(masked(bands, rng, count=self.masks) if self.masks else bands)

        return read
