"""Train captioners in three stages, and measure them beside what needs no training.

    python data/train_captioner.py weights   # writes weights/captioner.safetensors
    python data/train_captioner.py compare   # as long as chapter 09 trains: baselines and networks, three seeds each

First the encoder learns to name single things, then the decoder learns to caption scenes from the features that it
finds, and at last both learn together, from pixels to words. Both commands print what they measure on the choosing
part, and write it into captioner_results.json; with --test, when all is chosen, on the test part instead.

Stopped, both go on where they were: `weights` from its checkpoints, in the folder of --checkpoints, `compare` after the
last run that is in the results with the same settings.
"""

import argparse
import json
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from rnn_lab.datasets.captions import LONGEST, Captioned, true_captions, vocabulary
from rnn_lab.datasets.scenes import AT_ONCE, QUESTIONS, answers, draw_random
from rnn_lab.metrics import any_match, bleu, word_accuracy
from rnn_lab.models.picture_encoder import ThingNamer
from rnn_lab.models.scene_captioner import SceneCaptioner, save_captioner
from rnn_lab.nn import Adam
from rnn_lab.nn.schedules import cosine_decay, warmup
from rnn_lab.training import fit

FOLDER = Path(__file__).parent
RESULTS, WEIGHTS = FOLDER / "captioner_results.json", FOLDER / "weights" / "captioner.safetensors"
BATCH = 32
ASKED = 1000  # scenes of each kind in each part
SEEDS = (0, 1, 2)
PART_SEEDS = {"choose": 2026, "test": 2027}


@dataclass(frozen=True)
class Stages:
    """How long, on how much and at which highest learning rate the three stages learn.

    A stage of no steps is left out. In the last one, `fresh` draws new scenes for each batch; otherwise they are those
    of the second.
    """

    things: int
    encoder_steps: int
    scenes: int
    decoder_steps: int
    joint_steps: int
    fresh: bool = False
    rate: float = 5e-3
    joint_rate: float = 2e-3


LONG = Stages(things=12_000, encoder_steps=2500, scenes=20_000, decoder_steps=4000, joint_steps=16_000, fresh=True)
LIVE = Stages(things=4000, encoder_steps=450, scenes=6000, decoder_steps=1600, joint_steps=300)
LARGE = SceneCaptioner(shapes=(16, 32, 64), hidden_size=128)
BASELINES = ("most frequent caption", "nearest picture", "nearest features")
COMPARED = {
    "baselines": (SceneCaptioner(), replace(LIVE, decoder_steps=0, joint_steps=0)),
    "blind": (SceneCaptioner(attention=False), replace(LIVE, encoder_steps=0, joint_steps=0)),
    "without attention": (SceneCaptioner(attention=False), LIVE),
    "two streams, attention": (SceneCaptioner(), LIVE),
    "one stream, without dropout": (SceneCaptioner(separate=False, dropout=0.0), LIVE),
    "one stream": (SceneCaptioner(separate=False), LIVE),
    "without dropout": (SceneCaptioner(dropout=0.0), LIVE),
}


class Clock:
    """Counts the processor's seconds; with a file, those of earlier runs that were stopped as well."""

    def __init__(self, file=None):
        self.file, self.began = file, time.process_time()
        self.before = json.loads(file.read_text()) if file and file.exists() else 0.0

    def read(self):
        return round(self.before + time.process_time() - self.began)

    def note(self):
        if self.file:
            self.file.write_text(json.dumps(self.read()))


class Report:
    """Prints the mean loss of the last steps now and then, and notes the time."""

    def __init__(self, stage, clock):
        self.stage, self.clock, self.due = stage, clock, 0.0

    def __call__(self, history):
        if history.losses and (time.monotonic() > self.due or history.stopped != "running"):
            self.due = time.monotonic() + 30
            self.clock.note()
            steps, loss = len(history.losses), np.mean(history.losses[-200:])
            print(f"{self.stage}: {steps:6d} steps, loss {loss:.3f}", flush=True)


def captioned(seen, scenes):
    return Captioned(seen, [true_captions(scene) for scene in scenes], vocabulary())


def random_batch(part, rng):
    return (*part.batch(rng.choice(len(part), BATCH, replace=False), rng), rng)


def features_of(encoder, pictures):
    return np.concatenate([encoder.forward(pictures[n : n + AT_ONCE])[0] for n in range(0, len(pictures), AT_ONCE)])


def train(architecture, stages, seed, clock, blind=False, checkpoints=None):
    """Train a captioner -> it, the scenes that it learnt from and their pictures; a blind one gets features of zero."""
    rng = np.random.default_rng(seed)
    captioner = architecture.build(rng)

    def learn(stage, model, batches, rate, steps):
        if not steps:
            return
        climb = min(100, steps // 10)
        optimizer = Adam(warmup(climb, cosine_decay(rate, steps - climb, rate / 50)))
        file = checkpoints and checkpoints / f"captioner_{stage}.safetensors"
        options = {"checkpoint": file, "resume": True, "validate_every": 500, "watch": Report(stage, clock)}
        fit(model, batches, optimizer, steps=steps, rng=rng, max_norm=1.0, progress=False, **options)

    things, single = draw_random(np.random.default_rng([seed, 1]), stages.things, things=1)
    namer, right = ThingNamer(captioner.encoder, tuple(map(len, QUESTIONS)), rng), answers(things)

    def named(rng):
        which = rng.choice(len(things), BATCH, replace=False)
        return single[which], right[which]

    learn("encoder", namer, named, stages.rate, stages.encoder_steps)

    scenes, pictures = draw_random(np.random.default_rng([seed, 2]), stages.scenes)
    features = captioned(features_of(captioner.encoder, pictures) * (not blind), scenes)
    learn("decoder", captioner.decoder, partial(random_batch, features), stages.rate, stages.decoder_steps)

    def new_scenes(rng):
        scenes_now, pictures_now = draw_random(rng, BATCH)
        return random_batch(captioned(pictures_now, scenes_now), rng)

    looking = new_scenes if stages.fresh else partial(random_batch, captioned(pictures, scenes))
    learn("joint", captioner, looking, stages.joint_rate, stages.joint_steps)
    return captioner, scenes, pictures


def describe(captioner, blind, pictures):
    """Say a caption of each picture."""
    features = features_of(captioner.encoder, pictures) * (not blind)
    return captioner.decoder.say(*captioner.decoder.look_over(features), vocabulary(), LONGEST)


def nearest(known, captions, pictures):
    """Say of each picture, or of its features, a caption of the known one that is most alike."""
    known, asked = (some.reshape(len(some), -1) for some in (known, pictures))
    return [captions[n][0] for n in np.argmin((known * known).sum(axis=1) - 2 * asked @ known.T, axis=1)]


def baselines(encoder, scenes, pictures):
    """Return what describes pictures without a decoder, in the order of BASELINES."""
    captions = [true_captions(scene) for scene in scenes]
    frequent = Counter(caption for true in captions for caption in true).most_common(1)[0][0]
    features = features_of(encoder, pictures)
    return (
        lambda asked: [frequent] * len(asked),
        partial(nearest, pictures, captions),
        lambda asked: nearest(features, captions, features_of(encoder, asked)),
    )


def measured(describe, part):
    """Return how good captions are: of scenes by the writers of a part, with seen and with unseen combinations."""
    rng, found = np.random.default_rng(PART_SEEDS[part]), {}
    for name, unseen in (("seen", False), ("unseen", True)):
        scenes, pictures = draw_random(rng, ASKED, part, unseen)
        written, allowed = describe(pictures), [true_captions(scene) for scene in scenes]
        found[name] = {
            "exact": any_match(written, allowed),
            "words": round(word_accuracy(written, allowed), 4),
            "BLEU": round(bleu(written, allowed), 2),
        }
    return {part: found}


def settings_of(architecture, stages):
    return {"architecture": asdict(architecture) | {"shapes": list(architecture.shapes)}, "stages": asdict(stages)}


def with_found(run, settings, found):
    """Add what was found to a run; one that had other settings is forgotten."""
    return (run if run | settings == run else settings) | found


def train_weights(part, checkpoints):
    """Train the captioner that the course carries."""
    checkpoints.mkdir(parents=True, exist_ok=True)
    clock = Clock(checkpoints / "captioner_clock.json")
    captioner, *_ = train(LARGE, LONG, 0, clock, checkpoints=checkpoints)
    save_captioner(WEIGHTS, LARGE, captioner)
    found = {"processor seconds": clock.read()} | measured(partial(describe, captioner, False), part)
    print(found, flush=True)
    note("weights", with_found(results().get("weights", {}), settings_of(LARGE, LONG), found))


def compare(part, _):
    """Train everybody as long as the chapter does; a run that is in the results with the same settings is kept."""
    runs = results().get("compare", {})
    for name, (architecture, stages) in COMPARED.items():
        settings, names = settings_of(architecture, stages), BASELINES if name == "baselines" else (name,)
        for seed in SEEDS:
            kept = [runs.setdefault(one, {}).get(str(seed), {}) for one in names]
            if all(run | settings == run and part in run for run in kept):
                continue
            clock, blind = Clock(), name == "blind"
            captioner, scenes, pictures = train(architecture, stages, seed, clock, blind)
            describers = (partial(describe, captioner, blind),)
            if name == "baselines":
                describers = baselines(captioner.encoder, scenes, pictures)
            seconds = clock.read()
            for one, run, describer in zip(names, kept, describers, strict=True):
                found = {"processor seconds": seconds} | measured(describer, part)
                runs[one][str(seed)] = with_found(run, settings, found)
                print(f"{one}, seed {seed}: {found}", flush=True)
            note("compare", runs)


def results():
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def note(what, found):
    """Write what was found among the results."""
    RESULTS.write_text(json.dumps(results() | {what: found}, indent=1) + "\n", newline="\n")


COMMANDS = {"weights": train_weights, "compare": compare}


def main():
    parser = argparse.ArgumentParser(description="Train captioners and write captioner_results.json.")
    parser.add_argument("what", choices=COMMANDS)
    parser.add_argument("--test", action="store_true", help="measure on the test part, when all is chosen")
    parser.add_argument("--checkpoints", type=Path, default=FOLDER / "checkpoints", metavar="FOLDER")
    asked = parser.parse_args()
    COMMANDS[asked.what]("test" if asked.test else "choose", asked.checkpoints)


if __name__ == "__main__":
    main()
