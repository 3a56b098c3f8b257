"""Train recognisers of spoken digits, and write down how well they hear voices that they have never heard.

    python data/train_recognizer.py weights     # the network that the course carries: weights/recognizer.safetensors
    python data/train_recognizer.py ablation    # as long as in chapter 07, each augmentation left out in turn
    python data/train_recognizer.py people      # the Free Spoken Digit data set, downloaded once

Each writes what it measures into speech_results.json, network by network, with all that the numbers depend on. Stopped,
it goes on with the next network; what was measured under other settings, or on other sound, is measured anew.
Everything is chosen on the choosing part of the bundled sound; the test parts are looked at once, when a network has
been trained.
"""

import argparse
import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rnn_lab.augmentation import Augmentation, in_noise
from rnn_lab.datasets import speech
from rnn_lab.metrics import character_error_rate, word_error_rate
from rnn_lab.models.recognizer import BUNDLED_SHA256, RecognizerArchitecture, bundled_recognizer, save_recognizer
from rnn_lab.nn import Adam, cosine_decay, warmup
from rnn_lab.training import fit
from rnn_lab.transcription import CharacterModel, Lexicon, best_path, prefix_search

FOLDER = Path(__file__).parent
RESULTS, WEIGHTS = FOLDER / "speech_results.json", FOLDER / "weights" / "recognizer.safetensors"
AT_ONCE = 32  # utterances that are heard together in a test
LEARNING = {"batch": 32, "warm_up": 20, "max_norm": 1.0}  # of every training
SMALL = RecognizerArchitecture(cell="GRU", hidden_size=96)
LARGE = replace(SMALL, hidden_size=128, layers=2, dropout=0.2)
STEPS, RATE = 500, 5e-3  # of the chapter
LARGE_STEPS, LARGE_RATE, CHOOSE_EVERY = 4000, 3e-3, 250
SEEDS = (0, 1, 2)
WIDTH, ORDER, WEIGHT = 16, 6, 0.5  # of the beam; of the character model, and how much it counts
TRAIN_STRINGS, TEST_STRINGS, LONGEST = 3000, 50, 7  # of all who train, of each who tests; and their words at most
NOISE = 0.3  # of the noisy test, as a share of the root mean square
SYNTHETIC = 4  # times the strings of espeak-ng, so that they are about as many as those of people
EVERYTHING = Augmentation()
OTHER_SETTINGS = {
    "everything": EVERYTHING,
    "without speed": Augmentation(speed=0),
    "without throats": Augmentation(throat=0),
    "without noise": Augmentation(noise=0),
    "without masks": Augmentation(masks=0),
    "nothing": Augmentation(speed=0, throat=0, noise=0, masks=0),
}


class Task(NamedTuple):
    """Something to measure, and all that its numbers depend on."""

    settings: dict[str, Any]
    measure: Callable[[], dict[str, dict[str, float]]]


def trained(architecture, seed, steps, draw, augmentation=EVERYTHING, rate=RATE, validate=None):
    """Train a recogniser on what `draw(rng)` gives, a list of utterances; `validate` takes the model."""
    rng = np.random.default_rng(seed)
    model = architecture.build(rng)
    fit(
        model,
        lambda rng: speech.batch(draw(rng), augmentation.reader(rng), rng),
        Adam(warmup(LEARNING["warm_up"], cosine_decay(rate, steps - LEARNING["warm_up"]))),
        steps=steps,
        rng=rng,
        max_norm=LEARNING["max_norm"],
        progress=False,
        validate=validate and partial(validate, model),
        validate_every=CHOOSE_EVERY,
    )
    return model


def drawing(utterances):
    """Return what draws a batch of utterances of similar lengths."""
    return partial(speech.similar_lengths, utterances, LEARNING["batch"])


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


def weights():
    """Return the task of training the network that the course carries, and of testing it on unseen voices."""
    parts = speech.spoken_digits()
    settings = {"steps": LARGE_STEPS, "rate": LARGE_RATE, "seed": SEEDS[0], "choose_every": CHOOSE_EVERY} | LEARNING
    settings |= asdict(LARGE) | asdict(EVERYTHING) | {"beam": WIDTH, "order": ORDER, "weight": WEIGHT}
    settings |= {f"{name} on": fingerprint(part) for name, part in parts.items()}

    def measure():
        model = trained(
            LARGE,
            SEEDS[0],
            LARGE_STEPS,
            drawing(parts["train"]),
            rate=LARGE_RATE,
            validate=lambda model: rates(model, parts["choose"])["CER"],
        )
        save_recognizer(WEIGHTS, LARGE, model)
        return in_every_way(model, parts["test"])

    return {"carried": [Task(settings, measure)]}


def ablation():
    """Return the tasks of training without each augmentation, and without memory; tested in quiet and in noise."""
    parts, rng = speech.spoken_digits(), np.random.default_rng(0)
    in_street = [replace(one, sound=in_noise(one.sound, NOISE, rng)) for one in parts["test"]]
    tests = {"quiet": parts["test"], "noise": in_street}
    tries = {name: (SMALL, augmentation) for name, augmentation in OTHER_SETTINGS.items()}
    tries["everything, no memory"] = (replace(SMALL, memory=False), EVERYTHING)
    return {name: [training(seed, parts["train"], tests, *one) for seed in SEEDS] for name, one in tries.items()}


def people():
    """Return the tasks of training on real people, on espeak-ng and on both, tested on whom they know and do not."""
    espeak = speech.spoken_digits()
    clips, test_clips = speech.free_spoken_digits(speech.TRAIN_TAKES), speech.free_spoken_digits(speech.TEST_TAKES)
    each = {}
    for person in sorted({clip.voice for clip in clips}):
        of_person = [clip for clip in test_clips if clip.voice == person]
        each[person] = strings_of(of_person, TEST_STRINGS, seed=0)
    together = [one for alone in each.values() for one in alone]
    tests = {"real people": together, "unseen voices of espeak-ng": espeak["test"]}
    everybody, artificial = strings_of(clips, TRAIN_STRINGS, seed=1), SYNTHETIC * espeak["train"]
    pools = {
        "real people": everybody,
        "espeak-ng": espeak["train"],
        "real people and espeak-ng": everybody + artificial,
    }
    tasks = {"carried": [carried(tests)]}
    for name, pool in pools.items():
        tasks[f"trained on {name}"] = [training(seed, pool, tests | each) for seed in SEEDS]
    for person, alone in each.items():
        others = strings_of([clip for clip in clips if clip.voice != person], TRAIN_STRINGS, seed=1)
        for name, pool in {"the other five": others, "the other five and espeak-ng": others + artificial}.items():
            row = tasks.setdefault(f"one speaker left out, trained on {name}", [])
            row += [training(seed, pool, {person: alone}) for seed in SEEDS]
    return tasks


def carried(tests):
    """Return the task of testing the network that the course carries."""
    settings = {"weights": BUNDLED_SHA256, "beam": WIDTH, "order": ORDER, "weight": WEIGHT}
    settings["tested on"] = {name: fingerprint(test) for name, test in tests.items()}
    model = bundled_recognizer()
    return Task(settings, lambda: {name: in_every_way(model, test) for name, test in tests.items()})


def strings_of(clips, count, seed):
    return speech.joined(clips, count, LONGEST, np.random.default_rng(seed))


def training(seed, utterances, tests, architecture=SMALL, augmentation=EVERYTHING):
    """Return the task of training as long as in the chapter on some utterances, and of testing on others."""
    settings = {"seed": seed, "steps": STEPS, "rate": RATE} | LEARNING | asdict(architecture) | asdict(augmentation)
    settings["trained on"] = fingerprint(utterances)
    settings["tested on"] = {name: fingerprint(test) for name, test in tests.items()}

    def measure():
        model = trained(architecture, seed, STEPS, drawing(utterances), augmentation)
        return {name: rates(model, test) for name, test in tests.items()}

    return Task(settings, measure)


def fingerprint(utterances):
    """Say which utterances these are: how many, and a digest of what is heard and said."""
    found = hashlib.sha256()
    for one in utterances:
        found.update(np.asarray(one.sound, np.float32).tobytes())
        found.update(one.text.encode())
    return f"{len(utterances)} strings, {found.hexdigest()[:12]}"


def digest(settings):
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:12]


def carry_out(what, rows):
    """Measure what is not among the results under the same settings, and write after each task only what is asked for.

    Seed by seed, so that a command that is stopped leaves whole rounds.
    """
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    runs = [run for row in results.get(what, {}).get("runs", {}).values() for run in row]
    known = {digest(run["settings"]): run for run in runs}
    for settings, measure in sorted(chain(*rows.values()), key=lambda task: task.settings.get("seed", 0)):
        if digest(settings) not in known:
            began = time.process_time()
            run = {"settings": settings, "errors": measure()}
            known[digest(settings)] = run | {"seconds of processor time": round(time.process_time() - began)}
            print(run["errors"], flush=True)
            write(what, rows, known)
    write(what, rows, known)


def write(what, rows, known):
    """Write the runs of one command among the results of the others, whole or not at all."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    found = {name: [known.get(digest(task.settings)) for task in tasks] for name, tasks in rows.items()}
    runs = {name: [run for run in row if run] for name, row in found.items()}
    results[what] = {"command": f"python data/train_recognizer.py {what}", "cores": os.cpu_count(), "runs": runs}
    partial_file = RESULTS.with_suffix(".partial")
    partial_file.write_text(json.dumps(results, indent=1) + "\n", newline="\n")
    os.replace(partial_file, RESULTS)


COMMANDS = {"weights": weights, "ablation": ablation, "people": people}


def main():
    parser = argparse.ArgumentParser(description="Train recognisers and write speech_results.json.")
    parser.add_argument("what", choices=COMMANDS)
    what = parser.parse_args().what
    carry_out(what, COMMANDS[what]())


if __name__ == "__main__":
    main()
