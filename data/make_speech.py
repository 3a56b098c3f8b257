"""Let espeak-ng speak strings of digits in many voices, and write spoken_digits.wav and spoken_digits.csv.

    python data/make_speech.py    # needs espeak-ng 1.51; half a minute

A voice is an accent and a variant (another throat), and both are divided between the parts: nobody is heard in the
test whose throat or accent was heard in training. Variants that differ by a number alone, such as edward and edward2,
are one family and stay together. Some throats have two names: a variant of the test whose waves are nearly those of
another part is left out; whispers, robots and monsters are altogether. The accent of the choosing part, New York's,
says most digits as the American one does.
"""

import csv
import io
import re
import subprocess
from itertools import groupby
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

FOLDER = Path(__file__).parent
VERSION = "1.51"  # of espeak-ng
RATE = 8000  # samples a second, as on the telephone
WORDS = "zero one two three four five six seven eight nine".split()
ACCENTS = {
    "train": ["gmw/en", "gmw/en-US", "gmw/en-GB-x-rp", "gmw/en-GB-x-gbclan", "gmw/en-029"],
    "choose": ["gmw/en-US-nyc"],
    "test": ["gmw/en-GB-scotland", "gmw/en-GB-x-gbcwmd"],
}
NUMBERED = "f1 f2 f3 f4 f5 m1 m2 m3 m4 m5 m6 m7 m8".split()  # by number alone, but each another throat
OTHERS = """
    Alex Alicia Andrea Andy Annie AnxiousAndy Denis Diogo Gene Gene2 Henrique Hugo Jacky Lee Marco Mario Michael Mike
    Nguyen RicishayMax RicishayMax2 RicishayMax3 Storm Tweaky adam anika antonio aunty belinda benjamin boris caleb
    david ed edward edward2 grandma grandpa gustave iven iven2 iven3 iven4 john kaukovalta klatt klatt2 klatt3 klatt4
    klatt5 klatt6 linda marcelo max michel miguel norbert pablo paul pedro quincy rob robert sandro shelby steph steph2
    steph3 travis victor zac
""".split()
SENTENCE, SAME = "seven three one", 0.95  # what throats are compared by, and the correlation of two that are one
SHARES = {"train": 0.65, "choose": 0.15, "test": 0.2}  # of the families
STRINGS = {"train": 763, "choose": 77, "test": 126}
LONGEST = 7  # digits of a string
PAUSE = 0.15  # how probable it is that a comma follows a digit
MARGIN = RATE // 20  # of silence, before and after
AUDIBLE = 0.02  # of the loudest sample


def divided(rng):
    """Divide the families of variants at random -> the variants of each part."""
    families = [[name] for name in NUMBERED]
    families += [list(group) for _, group in groupby(OTHERS, key=lambda name: re.sub(r"\d+$", "", name))]
    order = rng.permutation(len(families))
    borders = np.round(np.cumsum(list(SHARES.values())) * len(families)).astype(int)
    parts = np.split(order, borders[:-1])
    return {part: [name for n in numbers for name in families[n]] for part, numbers in zip(SHARES, parts, strict=True)}


def spoken(text, voice, speed, pitch):
    """Return what espeak-ng says, at RATE, its loudest sample 0.5, with short margins of silence."""
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-a", "60", "--stdout", text]
    sound, rate = soundfile.read(io.BytesIO(subprocess.run(command, capture_output=True, check=True).stdout))
    sound = resample_poly(sound, RATE, rate)
    sound *= 0.5 / np.abs(sound).max()
    loud = np.flatnonzero(np.abs(sound) > AUDIBLE * 0.5)
    return np.pad(sound[loud[0] : loud[-1] + 1], MARGIN)


def correlation(a, b):
    """Return the largest correlation of two sounds, however they are shifted."""
    size = 2 * max(len(a), len(b))
    shifted = np.fft.irfft(np.fft.rfft(a, size) * np.fft.rfft(b, size).conj(), size)
    return np.abs(shifted).max() / np.sqrt(np.sum(a**2) * np.sum(b**2))


def heard_before(variants):
    """Return the variants of the test that are a throat of another part under another name."""
    accent = ACCENTS["train"][0]
    sounds = {name: spoken(SENTENCE, f"{accent}+{name}", 170, 50) for names in variants.values() for name in names}
    plain = spoken(SENTENCE, accent, 170, 50)
    ignored = [name for name, sound in sounds.items() if np.array_equal(sound, plain)]
    if ignored:  # espeak-ng does not say so itself
        raise ValueError(f"espeak-ng does not know the variants {', '.join(ignored)}; expected the ones of 1.51")
    others = [sounds[name] for name in variants["train"] + variants["choose"]]
    return {name for name in variants["test"] if max(correlation(sounds[name], other) for other in others) > SAME}


def main():
    version = subprocess.run(["espeak-ng", "--version"], capture_output=True, check=True, text=True).stdout
    if VERSION not in version:
        raise RuntimeError(f"this is {version.strip()}; expected espeak-ng {VERSION}, which made the bundled sound")
    rng = np.random.default_rng(8)
    variants = divided(rng)
    known = heard_before(variants)
    sounds, rows, start = [], [], 0
    for part, count in STRINGS.items():
        for number in range(count):
            words = rng.choice(WORDS, 1 + number % LONGEST)
            endings = [", " if comma else " " for comma in rng.random(len(words) - 1) < PAUSE]
            text = "".join(map("".join, zip(words, [*endings, ""], strict=True)))
            voice = f"{rng.choice(ACCENTS[part])}+{rng.choice(variants[part])}"
            speed, pitch = int(rng.integers(140, 251)), int(rng.integers(15, 86))
            if part == "test" and voice.split("+")[1] in known:
                continue
            sounds.append(spoken(text, voice, speed, pitch))
            end = start + len(sounds[-1])
            rows.append([part, start, end, " ".join(words), voice, speed, pitch])
            start = end
    soundfile.write(FOLDER / "spoken_digits.wav", np.concatenate(sounds), RATE, subtype="ULAW")
    with open(FOLDER / "spoken_digits.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["part", "start", "end", "text", "voice", "speed", "pitch"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
