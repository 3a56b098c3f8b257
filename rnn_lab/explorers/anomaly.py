"""Chapter 08: a threshold for unusual heart beats, against precision and recall, with the beats marked."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, FloatSlider, IntSlider
from numpy.typing import NDArray

from rnn_lab import plots
from rnn_lab.detection import PrecisionRecall, precision_recall
from rnn_lab.live import LiveFigure, Panel

SECONDS = 10.0  # of the signal are shown


@dataclass(frozen=True)
class Alarm:
    """What a threshold reports.

    Attributes
    ----------
    threshold : float
        The smallest score that is reported.
    reported : ndarray of bool, shape (B,)
    precision, recall : float
        The share of the reported beats that are ectopic, and of the ectopic beats that are reported.
    curve : PrecisionRecall
        Both at every threshold.
    """

    threshold: float
    reported: NDArray[np.bool_]
    precision: float
    recall: float
    curve: PrecisionRecall


def compute(scores: NDArray, ectopic: NDArray[np.bool_], count: int) -> Alarm:
    """Report at least `count` beats, those with the largest scores; equal scores are reported together.

    Parameters
    ----------
    scores : ndarray, shape (B,)
    ectopic : ndarray of bool, shape (B,)
    count : int
        From 1 to B.
    """
    threshold = float(np.sort(scores)[-count])
    reported = scores >= threshold
    hits = np.sum(reported & ectopic)
    curve = precision_recall(scores, ectopic)
    return Alarm(threshold, reported, float(hits / reported.sum()), float(hits / ectopic.sum()), curve)


def explorer(
    signal: NDArray, rate: float, beats: NDArray, ectopic: NDArray[np.bool_], detectors: Mapping[str, NDArray]
) -> Panel:
    """Return the explorer of a threshold, to be displayed.

    Parameters
    ----------
    signal : ndarray, shape (T,)
        The electrocardiogram in millivolts.
    rate : float
        Samples a second.
    beats : ndarray of int, shape (B,)
        The sample of each beat that is judged.
    ectopic : ndarray of bool, shape (B,)
    detectors : dict of ndarray, shape (B,)
        The scores of each detector by its name.
    """
    figure, (above, below) = plt.subplots(2, 1, figsize=(10, 6), height_ratios=[1.3, 1])
    above.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.08), ylabel="precision")
    above.set_xlabel("recall: share of the ectopic beats that are reported")
    (curve,) = above.plot([], [], color=plots.PREDICTION, drawstyle="steps-pre")
    (dot,) = above.plot([], [], "o", color="black", markersize=9)
    reported = above.set_title("beats", loc="left")
    heading = above.set_title("precision", loc="right")
    low, high = np.min(signal), np.max(signal)
    below.set(xlim=(0, SECONDS), ylim=(low - 0.1, high + 0.6), ylabel="millivolts")
    below.set_xlabel("seconds from the place; triangles: ectopic, rings: reported")
    (line,) = below.plot([], [], color=plots.TRUTH, linewidth=1)
    (true,) = below.plot([], [], "v", color=plots.WEIGHTS, markersize=8)
    (rings,) = below.plot([], [], "o", color=plots.PREDICTION, markersize=15, markerfacecolor="none", markeredgewidth=2)
    judge = lru_cache(maxsize=1)(lambda detector, count: compute(detectors[detector], ectopic, count))

    def update(detector: str, count: int, place: float) -> None:
        alarm = judge(detector, count)
        precision, recall = alarm.curve.precision, alarm.curve.recall
        curve.set_data(np.append(0, recall), np.append(precision[0], precision))
        dot.set_data([alarm.recall], [alarm.precision])
        first = int(place * rate)
        seen = signal[first : first + int(SECONDS * rate)]
        line.set_data(np.arange(len(seen)) / rate, seen)
        inside = (beats >= first) & (beats < first + len(seen))
        for artist, which, y in [(true, ectopic, high + 0.35), (rings, alarm.reported, high + 0.3)]:
            places = (beats[inside & which] - first) / rate
            artist.set_data(places, np.full(len(places), y))
        heading.set_text(
            f"threshold {alarm.threshold:.3g}: precision {alarm.precision:.0%}, recall {alarm.recall:.0%}; "
            f"average precision {alarm.curve.average:.2f}"
        )
        reported.set_text(f"{detector}: {alarm.reported.sum()} of {len(beats)} beats are reported")

    live = LiveFigure(
        figure,
        [curve, dot, reported, heading, line, true, rings],
        alt=lambda: (
            "Precision against recall of a detector with a dot at the threshold; below, some seconds of the heart, its "
            f"ectopic and its reported beats marked. {reported.get_text()}."
        ),
    )
    start = max(0.0, beats[0] / rate - 1)
    end = max(start, len(signal) / rate - SECONDS)
    return live.explore(
        update,
        detector=Dropdown(options=list(detectors), description="detector"),
        count=IntSlider(int(ectopic.sum()), 1, len(beats), description="beats reported"),
        place=FloatSlider(start, min=start, max=end, step=1, description="place, s"),
    )
