"""Write librosa_values.npz: mel filters and a mel spectrogram as librosa computes them (made with librosa 0.11.0).

pip install librosa
python tests/oracles/make_librosa_values.py
"""

from pathlib import Path

import librosa
import numpy as np

RATE, FRAME, HOP, BANDS = 8000, 256, 80, 32


def main():
    """Filter a chirp, a tone and noise, which reach every band."""
    rng = np.random.default_rng(0)
    seconds = np.arange(RATE // 4) / RATE
    sound = 0.4 * np.sin(2 * np.pi * (100 + 7000 * seconds) * seconds) + 0.1 * np.sin(2 * np.pi * 440 * seconds)
    sound += 0.01 * rng.standard_normal(len(seconds))
    settings = {"n_fft": FRAME, "hop_length": HOP, "win_length": FRAME, "window": "hann", "center": False}
    scale = {"htk": True, "norm": None, "fmin": 0.0, "fmax": RATE / 2, "n_mels": BANDS}
    np.savez_compressed(
        Path(__file__).with_name("librosa_values.npz"),
        sound=sound,
        filters=librosa.filters.mel(sr=RATE, n_fft=FRAME, dtype=np.float64, **scale),
        coarse_filters=librosa.filters.mel(
            sr=16000, n_fft=512, dtype=np.float64, **(scale | {"n_mels": 20, "fmax": 8000.0})
        ),
        spectrum=np.abs(librosa.stft(sound, **settings)).T ** 2 / FRAME,
        mel=librosa.feature.melspectrogram(y=sound, sr=RATE, power=2.0, dtype=np.float64, **settings, **scale).T
        / FRAME,
    )


if __name__ == "__main__":
    main()
