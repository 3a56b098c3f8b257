"""Train recognisers of spoken digits, and write down how well they hear voices that they have never heard.

    python data/train_recognizer.py weights     # the network that the course carries: weights/recognizer.safetensors
    python data/train_recognizer.py ablation    # as long as in chapter 07, each augmentation left out in turn
    python data/train_recognizer.py people      # the Free Spoken Digit data set, downloaded once

Each writes its numbers, and how long they took, into speech_results.json. Everything is chosen on the choosing part of
the bundled sound; the test parts are looked at once, at the end of each run. Stopped, `weights` goes on where it was.
"""

import argparse
import json
import os
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np

from rnn_lab.augmentation import Augmentation, in_noise
from rnn_lab.datasets import speech
from rnn_lab.metrics import character_error_rate, word_error_rate
from rnn_lab.models.recognizer import RecognizerArchitecture, bundled_recognizer, save_recognizer
from rnn_lab.nn import Adam, cosine_decay, warmup
from rnn_lab.training import fit
from rnn_lab.transcription import CharacterModel, Lexicon, best_path, prefix_search

FOLDER = Path(__file__).parent
RESULTS, WEIGHTS = FOLDER / "speech_results.json", FOLDER / "weights" / "recognizer.safetensors"
BATCH, RATE, WARM_UP, AT_ONCE = 32, 5e-3, 20, 32
SMALL = RecognizerArchitecture(cell="GRU", hidden_size=96)
LARGE = replace(SMALL, hidden_size=128, layers=2, dropout=0.2)
STEPS = {"weights": 4000, "chapter": 500}
LARGE_RATE = 3e-3
SEEDS = (0, 1, 2)
WIDTH, ORDER, WEIGHT = 16, 6, 0.5  # of the beam; of the character model, and how much it counts
TRAIN_STRINGS, TEST_STRINGS, LONGEST = 3000, 300, 7  # composed of the clips of real people, and their words at most
NOISE = 0.3  # of the noisy test, as a share of the root mean square
EVERYTHING = Augmentation()
OTHER_SETTINGS = {
    "everything": EVERYTHING,
    "without speed": Augmentation(speed=0),
    "without throats": Augmentation(throat=0),
    "without noise": Augmentation(noise=0),
    "without masks": Augmentation(masks=0),
    "nothing": Augmentation(speed=0, throat=0, noise=0, masks=0),
}


def trained(architecture, seed, steps, draw, augmentation=EVERYTHING, rate=RATE, validate=None, **options):
    """Train a recogniser on what `draw(rng)` gives, a list of utterances; `validate` takes the model."""
    rng = np.random.default_rng(seed)
    model = architecture.build(rng)
    fit(
        model,
        lambda rng: speech.batch(draw(rng), augmentation.reader(rng), rng),
        Adam(warmup(WARM_UP, cosine_decay(rate, steps - WARM_UP))),
        steps=steps,
        rng=rng,
        max_norm=1.0,
        progress=False,
        validate=validate and partial(validate, model),
        **options,
    )
    return model


def heard(model, utterances, language=None):
    """Return what a model makes of utterances: greedily, or by the search if there is a language."""
    texts = []
    for first in range(0, len(utterances), AT_ONCE):
        x, lengths, *_ = speech.batch(utterances[first : first + AT_ONCE])
        log_p = model.log_probabilities(x, lengths)
        for number, length in enumerate(lengths):
            of_one = log_p[:length, number]
            if language is None:
                texts.append(speech.decode(best_path(of_one)))
            else:
                texts.append(speech.decode(prefix_search(of_one, WIDTH, language)[0].symbols))
    return texts


def rates(model, utterances, language=None):
    """Return the error rates of letters and of words, in per cent."""
    texts, expected = heard(model, utterances, language), [one.text for one in utterances]
    each = {"CER": character_error_rate(texts, expected), "WER": word_error_rate(texts, expected)}
    return {name: round(100 * rate, 2) for name, rate in each.items()}


def train_weights(checkpoints):
    """Train the bundled network on the bundled sound, and test it on unseen voices."""
    parts = speech.spoken_digits()
    model = trained(
        LARGE,
        0,
        STEPS["weights"],
        partial(speech.similar_lengths, parts["train"], BATCH),
        rate=LARGE_RATE,
        validate=lambda model: rates(model, parts["choose"])["CER"],
        validate_every=250,
        checkpoint=checkpoints / "recognizer.safetensors",
        resume=True,
    )
    save_recognizer(WEIGHTS, LARGE, model)
    results = {"settings": asdict(LARGE) | {"rate": LARGE_RATE, "batch": BATCH} | asdict(EVERYTHING)}
    return results | {"test": in_every_way(model, parts["test"])}


def in_every_way(model, utterances):
    """Return the error rates of a model with and without help from a language."""
    symbols, space = len(speech.SYMBOLS), speech.SYMBOLS.index(" ")
    words = Lexicon(map(speech.encode, speech.WORDS), space, symbols)
    texts = [speech.encode(one.text) for one in speech.spoken_digits()["train"]]
    letters = CharacterModel(texts, symbols, ORDER, WEIGHT)
    languages = {
        "greedy": None,
        "beam": lambda text: np.zeros(symbols),
        "beam, character model": letters,
        "beam, lexicon": words,
        "beam, lexicon and character model": lambda text: words(text) + letters(text),
    }
    return {name: rates(model, utterances, language) for name, language in languages.items()}


def train_ablation(_):
    """Train the chapter's network with each augmentation left out, and without memory; test in quiet and noise."""
    parts, rng = speech.spoken_digits(), np.random.default_rng(0)
    in_street = [replace(one, sound=in_noise(one.sound, NOISE, rng)) for one in parts["test"]]
    tests = {"quiet": parts["test"], "noise": in_street}
    tries = {name: (SMALL, augmentation) for name, augmentation in OTHER_SETTINGS.items()}
    tries["everything, no memory"] = (replace(SMALL, memory=False), EVERYTHING)
    runs = {name: [run(seed, parts["train"], tests, *settings) for seed in SEEDS] for name, settings in tries.items()}
    return {"settings": asdict(SMALL) | {"rate": RATE, "batch": BATCH, "seeds": SEEDS, "noise": NOISE}, "runs": runs}


def train_people(_):
    """Train on real people, on espeak-ng and on both; test on real people, heard in training or not."""
    espeak = speech.spoken_digits()
    clips, test_clips = speech.free_spoken_digits(speech.TRAIN_TAKES), speech.free_spoken_digits(speech.TEST_TAKES)
    everybody = sorted({clip.voice for clip in clips})
    tests = {"real people": strings_of(test_clips, TEST_STRINGS, seed=0), "unseen voices of espeak-ng": espeak["test"]}
    people = strings_of(clips, TRAIN_STRINGS, seed=1)
    runs = {
        "trained on real people": [run(seed, people, tests) for seed in SEEDS],
        "trained on espeak-ng": [run(seed, espeak["train"], tests) for seed in SEEDS],
        "one speaker left out, trained on the other five": [],
        "one speaker left out, trained on the other five and espeak-ng": [],
    }
    for person in everybody:
        others = strings_of([clip for clip in clips if clip.voice != person], TRAIN_STRINGS, seed=1)
        alone = {person: strings_of([clip for clip in test_clips if clip.voice == person], TEST_STRINGS, seed=0)}
        both = others[: len(espeak["train"])] + espeak["train"]
        for train, name in zip((others, both), list(runs)[2:], strict=True):
            runs[name].append(run(SEEDS[0], train, alone))
    carried = in_every_way(bundled_recognizer(), tests["real people"])
    settings = asdict(SMALL) | {"rate": RATE, "batch": BATCH, "seeds": SEEDS}
    settings |= {"training strings": TRAIN_STRINGS, "test strings": TEST_STRINGS}
    return {"settings": settings, "carried": carried, "runs": runs}


def strings_of(clips, count, seed):
    return speech.joined(clips, count, LONGEST, np.random.default_rng(seed))


def run(seed, train, tests, architecture=SMALL, augmentation=EVERYTHING):
    """Train as long as in the chapter on some utterances -> the error rates in each test."""
    draw = partial(speech.similar_lengths, train, BATCH)
    model = trained(architecture, seed, STEPS["chapter"], draw, augmentation)
    measured = {name: rates(model, utterances) for name, utterances in tests.items()}
    print(measured, flush=True)
    return measured


COMMANDS = {"weights": train_weights, "ablation": train_ablation, "people": train_people}


def main():
    parser = argparse.ArgumentParser(description="Train recognisers and write speech_results.json.")
    parser.add_argument("what", choices=COMMANDS)
    parser.add_argument("--checkpoints", type=Path, default=FOLDER / "checkpoints", metavar="FOLDER")
    asked = parser.parse_args()
    began = time.process_time()
    measured = COMMANDS[asked.what](asked.checkpoints)
    measured |= {
        "command": f"python data/train_recognizer.py {asked.what}",
        "steps": STEPS.get(asked.what, STEPS["chapter"]),
    }
    measured |= {"seconds of processor time": round(time.process_time() - began), "cores": os.cpu_count()}
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    lines = [f'"{what}": {json.dumps(numbers)}' for what, numbers in (results | {asked.what: measured}).items()]
    RESULTS.write_text("{\n" + ",\n".join(lines) + "\n}\n", newline="\n")


if __name__ == "__main__":
    main()
