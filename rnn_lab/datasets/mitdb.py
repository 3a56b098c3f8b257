"""Records of the MIT-BIH Arrhythmia Database (Moody and Mark, 2001), read from PhysioNet's own files.

Two formats are needed: 212, two signals of twelve bits in three bytes, and the annotations. Both are described in
PhysioNet's manual pages signal(5) and annot(5).
"""

import numpy as np
from numpy.typing import NDArray

from rnn_lab.datasets.download import fetch
from rnn_lab.datasets.physiology import Recording

URL = "https://physionet.org/files/mitdb/1.0.0/208"
SHA256 = {
    "dat": "22873623623c44ee413a5b60cacb15d4af2723734836fb3ae45d9ff96bdb36e7",
    "atr": "33878519ee34d00cb233fdb15b11c2b8da0b0aea2e643d31b07105cc3392edf4",
}
RATE, GAIN, ZERO = 360, 200, 1024  # samples a second, steps a millivolt, and the step of 0 mV: from 208.hea
NORMAL, ECTOPIC, FUSION = 1, 5, 6  # annotation codes: N, V, F
SKIP, FIRST_EXTRA, AUX = 59, 60, 63  # pseudo-annotations: a long pause, notes on the last one, and text


def record_208() -> Recording:
    """Return half an hour of the heart of a woman with many ectopic beats, with two cardiologists' annotations.

    The first lead (MLII) alone; downloaded once. Ectopic beats (V) and fusions of one with a normal beat (F) count as
    `ectopic`; four beats of other kinds are left out.
    """
    signal = signals_212(fetch(f"{URL}.dat", SHA256["dat"]).read_bytes())[0]
    samples, codes = annotations(fetch(f"{URL}.atr", SHA256["atr"]).read_bytes())
    beats = np.isin(codes, (NORMAL, ECTOPIC, FUSION))
    return Recording((signal - ZERO) / GAIN, RATE, samples[beats], codes[beats] != NORMAL)


def signals_212(content: bytes) -> NDArray[np.int16]:
    """Unpack two signals of twelve bits each, shape (2, T), from triples of bytes.

    The first byte is the low part of the first signal, the third that of the second; the middle byte holds the high
    four bits of the first signal below and those of the second above.

    Raises
    ------
    ValueError
        If the content does not end with a whole triple.
    """
    if len(content) % 3:
        raise ValueError(f"content has {len(content)} bytes; expected triples: the file is not whole")
    first, middle, third = np.frombuffer(content, np.uint8).reshape(-1, 3).astype(np.int16).T
    signals = np.stack([first + ((middle & 0x0F) << 8), third + ((middle & 0xF0) << 4)])
    return np.where(signals < 2048, signals, signals - 4096).astype(np.int16)  # two's complement


def annotations(content: bytes) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Read annotations -> the sample of each, and its code.

    Each is a word of sixteen bits, the code in the upper six and the samples since the last one in the lower ten.

    Raises
    ------
    ValueError
        If the content ends before its end mark.
    """
    words = np.frombuffer(content[: len(content) // 2 * 2], "<u2").astype(int)
    samples, codes = [], []
    place = now = 0
    while place < len(words) and words[place]:
        code, value = divmod(int(words[place]), 1 << 10)
        place += 1
        if code == SKIP and place + 1 < len(words):
            now += (int(words[place]) << 16) + int(words[place + 1])  # the high half comes first
            place += 2
        elif code == AUX:
            place += (value + 1) // 2  # bytes of text, padded to words
        elif code < FIRST_EXTRA:
            now += value
            samples.append(now)
            codes.append(code)
    if place >= len(words):
        raise ValueError("content ends before the mark of its end: the file is not whole")
    return np.array(samples), np.array(codes)
