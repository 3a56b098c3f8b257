"""Signals of the body: a heart that is simulated, with beats out of turn, and the currents of a brain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from rnn_lab.datasets.download import sample_data
from rnn_lab.datasets.time_series import Table
from rnn_lab.nn.checks import as_generator, as_positive, as_size

# The waves of a beat: the phase of each in degrees, how strongly it pulls, and its width in radians. Those of a normal
# beat are the original ones (McSharry et al., 2003); the ectopic beat, without a P wave and wide, is the course's own.
NORMAL = ((-60, 1.2, 0.25), (-15, -5.0, 0.1), (0, 30.0, 0.1), (15, -7.5, 0.1), (90, 0.75, 0.4))  # P, Q, R, S, T
ECTOPIC = ((0, 4.5, 0.26), (45, -3.0, 0.28), (115, -1.0, 0.4))  # R, S, T
MILLIVOLTS = 25  # of one unit of the model
BREATHING, PRESSURE = (0.25, 0.03), (0.1, 0.02)  # what makes the heart quicker and slower: frequency in Hz, share
EARLY, PAUSE = (0.65, 1.0), 1.3  # how long the interval before an ectopic beat is, from and to, and the one after it
FILTER_DELAY = 10  # samples of the slower rate, when a recording is resampled
FUSION = 0.4  # an ectopic beat meets a normal one halfway: its share is at least this


@dataclass(frozen=True)
class Recording:
    """An electrocardiogram with its beats.

    Attributes
    ----------
    signal : ndarray, shape (T,)
        In millivolts.
    rate : float
        Samples a second.
    beats : ndarray of int, shape (B,)
        The sample of the main wave of each.
    ectopic : ndarray of bool, shape (B,)
        Which of them did not start where a beat should.
    """

    signal: NDArray
    rate: float
    beats: NDArray[np.integer]
    ectopic: NDArray[np.bool_]

    def resampled(self, divisor: int) -> "Recording":
        """Return every `divisor`-th sample, after a low-pass filter that looks back alone.

        The usual filter is symmetric in time: each of its samples knows a little of what comes next. This one says the
        same `FILTER_DELAY` samples later, when it is known, and the beats are moved with it.
        """
        order = 2 * FILTER_DELAY * as_size("divisor", divisor)
        slower = signal.decimate(self.signal, divisor, order, ftype="fir", zero_phase=False)
        beats = self.beats // divisor + FILTER_DELAY
        inside = beats < len(slower)
        return Recording(slower, self.rate / divisor, beats[inside], self.ectopic[inside])


def heartbeats(
    seconds: float,
    rng: np.random.Generator,
    *,
    rate: float = 90.0,
    ectopic: float = 0.1,
    noise: float = 0.02,
    wander: float = 0.1,
) -> Recording:
    """Simulate an electrocardiogram (McSharry et al., 2003), with ectopic beats, noise and a wandering baseline.

    A phase runs round once for each beat, faster and slower with breath and blood pressure. Each wave pulls the voltage
    up before its own phase and down after it; between the waves the voltage decays. An ectopic beat comes early, is
    wide, more or less fused with a normal one, and a pause follows it.

    Parameters
    ----------
    seconds : float
    rng : numpy.random.Generator
    rate : float
        Samples a second.
    ectopic : float
        The probability that a beat is ectopic, if the one before is not.
    noise, wander : float
        The standard deviation of the noise and the size of the baseline's swing, in millivolts.

    Raises
    ------
    TypeError, ValueError
        If `seconds` or `rate` is not above 0, `ectopic` no probability, `noise` or `wander` negative, or `rng` not a
        generator.
    """
    for name, value, most in [("ectopic", ectopic, 1), ("noise", noise, np.inf), ("wander", wander, np.inf)]:
        if not 0 <= value <= most:
            raise ValueError(f"{name} is {value!r}; expected a number from 0 to {most}")
    rng, step = as_generator(rng), 1 / as_positive("rate", rate)
    t = np.arange(round(as_positive("seconds", seconds) * rate)) * step
    if len(t) == 0:
        raise ValueError(f"seconds is {seconds} at a rate of {rate}; expected time for at least one sample")
    peaks, is_ectopic = _beat_times(t[-1] + 2, rng, ectopic)
    mixture = is_ectopic * rng.uniform(FUSION, 1, len(peaks))
    last = np.searchsorted(peaks, t, side="right") - 1  # the beat whose peak was the last one
    share = (t - peaks[last]) / np.diff(peaks)[last]
    belongs = last + (share > 0.5)  # what comes before a peak is a part of its beat
    phase = 2 * np.pi * (share - (share > 0.5))

    pull = mixture[belongs] * _pull(phase, ECTOPIC) + (1 - mixture[belongs]) * _pull(phase, NORMAL)
    voltage = MILLIVOLTS * signal.lfilter([step], [1, step - 1], pull)
    voltage += noise * rng.standard_normal(len(t))
    voltage += wander * np.sin(2 * np.pi * (BREATHING[0] * t + rng.random()))
    inside = (peaks > 0) & (peaks < t[-1])
    return Recording(voltage, rate, np.round(peaks[inside] * rate).astype(int), is_ectopic[inside])


def eeg() -> Table:
    """Return four channels of a brain's currents, 800 samples (shipped with matplotlib as sample data), scaled there.

    Columns ``1`` to ``4``. The rate is not stated; the times count the samples.
    """
    channels = np.fromfile(sample_data("eeg.dat")).reshape(800, 4)
    names = [str(number) for number in range(1, 5)]
    return Table(np.arange(800), dict(zip(names, channels.T, strict=True)), dict.fromkeys(names, "current, scaled"))


def _beat_times(seconds: float, rng: np.random.Generator, ectopic: float) -> tuple[NDArray, NDArray[np.bool_]]:
    """Draw when each beat has its peak, from before 0 to after `seconds`, and which beats are ectopic."""
    peaks, flags = [-0.5], [False]
    while peaks[-1] < seconds:
        slow_down = 1 + sum(share * np.sin(2 * np.pi * hertz * peaks[-1]) for hertz, share in (BREATHING, PRESSURE))
        interval = 0.85 * slow_down * (1 + 0.02 * rng.standard_normal())
        flags.append(bool(not flags[-1] and rng.random() < ectopic))
        peaks.append(peaks[-1] + interval * (rng.uniform(*EARLY) if flags[-1] else PAUSE if flags[-2] else 1.0))
    return np.array(peaks), np.array(flags)


def _pull(phase: NDArray, waves: tuple[tuple[float, float, float], ...]) -> NDArray:
    """Return the speed of the voltage that the waves make at each phase, in model units a second."""
    total = np.zeros_like(phase)
    for degrees, strength, width in waves:
        ahead = (phase - np.deg2rad(degrees) + np.pi) % (2 * np.pi) - np.pi
        total -= strength * ahead * np.exp(-(ahead**2) / (2 * width**2))
    return total
