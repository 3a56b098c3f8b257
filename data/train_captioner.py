"""Train captioners in three stages, and measure them on scenes of test writers and on unseen combinations.

    python data/train_captioner.py weights   # writes weights/captioner.safetensors
    python data/train_captioner.py compare   # as long as the chapter trains, from three seeds, beside other models

First the encoder learns to name single things, then the decoder learns to caption scenes from the features that it
finds, and at last both learn together, from pixels to words. Both commands add what they measured, and how long it
took, to captioner_results.json. Stopped, both go on where they were: `weights` from its checkpoints, in the folder of
--checkpoints, `compare` after the last run that is in the results.
"""

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass
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
RESULTS = FOLDER / "captioner_results.json"
BATCH = 32
TESTED = 1000  # scenes in each test
SEEDS = (0, 1, 2)
TEST_SEED = 2027  # a first version of the weights was tested on 2026


@dataclass(frozen=True)
class Stages:
    """How long, on how much and at which highest learning rate the three stages learn.

    In the last one, `fresh` draws new scenes for each batch; otherwise they are those of the second stage.
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
COMPARED = {
    "two streams, attention": SceneCaptioner(),
    "without dropout": SceneCaptioner(dropout=0.0),
    "one stream": SceneCaptioner(separate=False),
    "one stream, without dropout": SceneCaptioner(separate=False, dropout=0.0),
    "without attention": SceneCaptioner(attention=False),
    "blind": SceneCaptioner(attention=False),
}


def captioned(seen, scenes):
    return Captioned(seen, [true_captions(scene) for scene in scenes], vocabulary())


def train(measures, stages, seed, blind=False, checkpoints=None):
    """Train a captioner; a blind one is given features that are all zero."""
    rng = np.random.default_rng(seed)
    captioner = measures.build(rng)

    def learn(stage, model, batches, rate, steps):
        climb = min(100, steps // 10)
        optimizer = Adam(warmup(climb, cosine_decay(rate, steps - climb, rate / 50)))
        file = checkpoints and checkpoints / f"captioner_{stage}.safetensors"
        options = {"checkpoint": file, "resume": True, "validate_every": 500, "watch": Report(stage)}
        fit(model, batches, optimizer, steps=steps, rng=rng, max_norm=1.0, progress=False, **options)

    if not blind:
        things, pictures = draw_random(np.random.default_rng([seed, 1]), stages.things, things=1)
        namer, right = ThingNamer(captioner.encoder, tuple(map(len, QUESTIONS)), rng), answers(things)

        def named(rng):
            which = rng.choice(len(things), BATCH, replace=False)
            return pictures[which], right[which]

        learn("encoder", namer, named, stages.rate, stages.encoder_steps)

    scenes, seen = draw_random(np.random.default_rng([seed, 2]), stages.scenes)
    features = [captioner.encoder.forward(seen[n : n + AT_ONCE])[0] for n in range(0, len(seen), AT_ONCE)]
    looked_at, looking = captioned(np.concatenate(features) * (not blind), scenes), captioned(seen, scenes)

    def from_features(rng):
        return (*looked_at.batch(rng.choice(len(scenes), BATCH, replace=False), rng), rng)

    def from_pixels(rng):
        if not stages.fresh:
            return (*looking.batch(rng.choice(len(scenes), BATCH, replace=False), rng), rng)
        scenes_now, seen_now = draw_random(rng, BATCH)
        return (*captioned(seen_now, scenes_now).batch(np.arange(BATCH), rng), rng)

    learn("decoder", captioner.decoder, from_features, stages.rate, stages.decoder_steps)
    if not blind:
        learn("joint", captioner, from_pixels, stages.joint_rate, stages.joint_steps)
    return captioner


class Report:
    """Prints the mean loss of the last steps now and then."""

    def __init__(self, stage):
        self.stage, self.due = stage, 0.0

    def __call__(self, history):
        if history.losses and (time.monotonic() > self.due or history.stopped != "running"):
            self.due = time.monotonic() + 30
            steps, loss = len(history.losses), np.mean(history.losses[-200:])
            print(f"{self.stage}: {steps:6d} steps, loss {loss:.3f}", flush=True)


def measured(captioner, blind=False):
    """Return how good captions are: of scenes by test writers, with the combinations of training and with others."""
    rng, results = np.random.default_rng(TEST_SEED), {}
    for name, unseen in (("test", False), ("unseen combinations", True)):
        scenes, pictures = draw_random(rng, TESTED, "test", unseen)
        if blind:
            memory = captioner.decoder.look_over(np.zeros((1, *captioner.decoder.grid), np.float32))
            written = captioner.decoder.say(*memory, vocabulary(), LONGEST) * TESTED
        else:
            parts = (pictures[n : n + AT_ONCE] for n in range(0, TESTED, AT_ONCE))
            written = [text for part in parts for text in captioner.describe(part, vocabulary(), LONGEST)]
        allowed = [true_captions(scene) for scene in scenes]
        results[name] = {
            "exact": any_match(written, allowed),
            "words": round(word_accuracy(written, allowed), 4),
            "BLEU": round(bleu(written, allowed), 2),
        }
    return results


def train_weights(checkpoints):
    """Train the captioner that the course carries."""
    began, busy = time.perf_counter(), time.process_time()
    captioner = train(LARGE, LONG, 0, checkpoints=checkpoints)
    took = {"seconds": round(time.perf_counter() - began), "processor seconds": round(time.process_time() - busy)}
    save_captioner(FOLDER / "weights" / "captioner.safetensors", LARGE, captioner)
    return {"measures": asdict(LARGE), "stages": asdict(LONG)} | took | measured(captioner)


def compare(_):
    """Train everybody as long as the chapter does, from three seeds; what is already in the results is kept."""
    begun = json.loads(RESULTS.read_text()).get("compare", {}) if RESULTS.exists() else {}
    runs = begun["runs"] if begun.get("stages") == asdict(LIVE) else {}
    for name, measures in COMPARED.items():
        for seed in map(str, SEEDS):
            if seed not in runs.setdefault(name, {}):
                busy, blind = time.process_time(), name == "blind"
                captioner = train(measures, LIVE, int(seed), blind)
                took = round(time.process_time() - busy)
                runs[name][seed] = measured(captioner, blind) | {"processor seconds": took}
                print(name, seed, runs[name][seed], flush=True)
                note("compare", {"stages": asdict(LIVE), "runs": runs})
    return {"stages": asdict(LIVE), "runs": runs}


def note(what, found):
    """Write what was found among the results."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps(results | {what: found}, indent=1) + "\n", newline="\n")


COMMANDS = {"weights": train_weights, "compare": compare}


def main():
    parser = argparse.ArgumentParser(description="Train captioners and write captioner_results.json.")
    parser.add_argument("what", choices=COMMANDS)
    parser.add_argument("--checkpoints", type=Path, default=FOLDER / "checkpoints", metavar="FOLDER")
    asked = parser.parse_args()
    found = COMMANDS[asked.what](asked.checkpoints)
    note(asked.what, found | {"command": f"python data/train_captioner.py {asked.what}", "cores": os.cpu_count()})


if __name__ == "__main__":
    main()
