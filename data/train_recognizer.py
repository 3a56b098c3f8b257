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

from rnn_lab.augmentation import Augmentation
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
STEPS = {"weights": 4000, "ablation": 600, "people": 600}
LARGE_RATE = 3e-3
SEEDS = (0, 1, 2)
WIDTH, ORDER, WEIGHT = 16, 6, 0.5  # of the beam; of the character model, and how much it counts
PEOPLE_STRINGS, LONGEST = 300, 7  # composed test strings of real people, and their words at most
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
                found = prefix_search(of_one, WIDTH, language)
                texts.append(speech.decode(found[0].symbols) if found else "")
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
    """Train the chapter's network with each augmentation left out, and without memory."""
    parts, results = speech.spoken_digits(), {"settings": asdict(SMALL) | {"rate": RATE, "batch": BATCH}}
    draw = partial(speech.similar_lengths, parts["train"], BATCH)
    tries = {name: (SMALL, augmentation) for name, augmentation in OTHER_SETTINGS.items()}
    tries["everything, no memory"] = (replace(SMALL, memory=False), EVERYTHING)
    for name, (architecture, augmentation) in tries.items():
        models = [trained(architecture, seed, STEPS["ablation"], draw, augmentation) for seed in SEEDS]
        results[name] = [rates(model, parts["test"]) for model in models]
        print(name, results[name], flush=True)
    return results


def real_strings(clips, seed=0):
    return speech.joined(clips, PEOPLE_STRINGS, LONGEST, np.random.default_rng(seed))


def train_people(_):
    """Train on real people, on espeak-ng and on both; test on real people, heard in training or not."""
    parts, results = speech.spoken_digits(), {"settings": asdict(SMALL) | {"rate": RATE, "batch": BATCH}}
    clips, test_clips = speech.free_spoken_digits("train"), speech.free_spoken_digits("test")
    people = sorted({clip.voice for clip in clips})
    steps, synthetic = STEPS["people"], partial(speech.similar_lengths, parts["train"], BATCH)

    def real(clips):
        return lambda rng: speech.joined(clips, BATCH, LONGEST, rng)

    def both(clips):
        return lambda rng: synthetic(rng)[: BATCH // 2] + speech.joined(clips, BATCH // 2, LONGEST, rng)

    def runs(name, draws, tests):
        results[name] = []
        for seed, draw in draws:
            model = trained(SMALL, seed, steps, draw)
            results[name].append({test: rates(model, utterances) for test, utterances in tests(seed).items()})
            print(name, results[name][-1], flush=True)

    results["the network that the course carries"] = in_every_way(bundled_recognizer(), real_strings(test_clips))
    tests = {"real people": real_strings(test_clips), "unseen voices of espeak-ng": parts["test"]}
    runs("trained on real people", [(seed, real(clips)) for seed in SEEDS], lambda _: tests)
    runs("trained on espeak-ng", [(seed, synthetic) for seed in SEEDS], lambda _: tests)
    others = {number: [clip for clip in clips if clip.voice != person] for number, person in enumerate(people)}
    alone = {
        number: {person: real_strings([clip for clip in test_clips if clip.voice == person])}
        for number, person in enumerate(people)
    }
    runs(
        "one speaker left out, trained on the other five",
        [(number, real(clips)) for number, clips in others.items()],
        alone.get,
    )
    with_espeak = [(number, both(clips)) for number, clips in others.items()]
    runs("one speaker left out, trained on the other five and espeak-ng", with_espeak, alone.get)
    return results


COMMANDS = {"weights": train_weights, "ablation": train_ablation, "people": train_people}


def main():
    parser = argparse.ArgumentParser(description="Train recognisers and write speech_results.json.")
    parser.add_argument("what", choices=COMMANDS)
    parser.add_argument("--checkpoints", type=Path, default=FOLDER / "checkpoints", metavar="FOLDER")
    asked = parser.parse_args()
    began = time.process_time()
    measured = COMMANDS[asked.what](asked.checkpoints)
    measured |= {"command": f"python data/train_recognizer.py {asked.what}", "steps": STEPS[asked.what]}
    measured |= {"seconds of processor time": round(time.process_time() - began), "cores": os.cpu_count()}
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    lines = [f'"{what}": {json.dumps(numbers)}' for what, numbers in (results | {asked.what: measured}).items()]
    RESULTS.write_text("{\n" + ",\n".join(lines) + "\n}\n", newline="\n")


if __name__ == "__main__":
    main()
