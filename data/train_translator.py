"""Train translators of real sentences, English to German, and write down their BLEU beside that of a dictionary.

    python data/train_translator.py

Multi30k (Elliott et al., 2016) is downloaded once. Of a network with attention and of one without, the weights that are
tested are those that did best on the choosing part; BLEU and the time that it took go into multi30k.json. Each network
writes a checkpoint into the folder that --checkpoints names: stopped, the command goes on where it was.
"""

import argparse
import json
import os
import time
from functools import partial
from pathlib import Path

import numpy as np

from rnn_lab.datasets import multi30k
from rnn_lab.datasets.translation import UNKNOWN, Pairs, Vocabulary
from rnn_lab.decoding import beam_search, generate, greedy
from rnn_lab.metrics import bleu
from rnn_lab.models import Translator
from rnn_lab.models.dictionary import WordDictionary
from rnn_lab.nn import Adam, softmax_cross_entropy
from rnn_lab.nn.schedules import cosine_decay, warmup
from rnn_lab.training import fit

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "multi30k.json"
AT_ONCE = 200  # sentences that are translated together
LONGEST = 50
SETTINGS = {"embedding_size": 128, "hidden_size": 128, "batch": 64, "rate": 2e-3, "epochs": 5, "dropout": 0.3}
SETTINGS |= {"at_least": 4, "beam": 5, "length_power": 1.0, "seed": 0}


def translated(model, pairs):
    """Translate every text of `pairs` greedily -> lists of tokens."""
    found = []
    for first in range(0, len(pairs), AT_ONCE):
        source, lengths, *_ = pairs.batch(np.arange(first, min(first + AT_ONCE, len(pairs))))
        memory, state = model.encode(source, lengths)
        start = np.full((1, len(lengths)), pairs.target.start)
        ids = generate(partial(model.step, memory), start, LONGEST, greedy, state=state, end=pairs.target.end)
        found += [pairs.target.decode(column) for column in ids.T]
    return found


def measure(checkpoints):
    """Train with attention and without, and compare their BLEU with that of a dictionary."""
    split = {part: multi30k.sentences(part) for part in multi30k.PARTS}
    english = {part: [multi30k.words(text.lower()) for text in texts] for part, (texts, _) in split.items()}
    german = {part: [multi30k.words(text) for text in texts] for part, (_, texts) in split.items()}
    source, target = (Vocabulary(texts["train"], SETTINGS["at_least"]) for texts in (english, german))
    parts = {part: Pairs(english[part], german[part], source, target) for part in split}
    results = {"settings": SETTINGS | {"source_size": len(source), "target_size": len(target)}, "test BLEU": {}}
    right = split["test"][1]

    dictionary = WordDictionary(english["train"], german["train"])
    results["test BLEU"]["dictionary, word by word"] = score(map(dictionary.translate, english["test"]), right)
    for name, attention in (("without attention", False), ("with attention", True)):
        began, rng = time.process_time(), np.random.default_rng(SETTINGS["seed"])
        sizes = len(source), len(target), SETTINGS["embedding_size"], SETTINGS["hidden_size"]
        model = Translator(*sizes, rng, attention=attention, dropout=SETTINGS["dropout"], dtype=np.float32)
        each = -(-len(parts["train"]) // SETTINGS["batch"])
        steps = SETTINGS["epochs"] * each
        history = fit(
            model,
            partial(similar_lengths, parts["train"]),
            Adam(warmup(100, cosine_decay(SETTINGS["rate"], steps - 100))),
            steps=steps,
            rng=rng,
            max_norm=1.0,
            validate=partial(loss_of, model, parts["choose"]),
            validate_every=each,
            checkpoint=checkpoints / f"{name.replace(' ', '_')}.safetensors",
            resume=True,
        )
        results["test BLEU"][f"{name}, greedy"] = score(translated(model, parts["test"]), right)
        results["test BLEU"][f"{name}, beam"] = score(searched(model, parts["test"]), right)
        results[name] = {"seconds": round(time.process_time() - began), "choosing loss": history.validations}
        print(name, results[name], results["test BLEU"], flush=True)
    return results


def similar_lengths(pairs, rng):
    """Draw twenty batches and take one of them, of pairs about equally long: little of it is padding."""
    drawn = rng.choice(len(pairs), 20 * SETTINGS["batch"], replace=False)
    by_length = np.array(sorted(drawn, key=lambda number: len(pairs.translations[number])))
    return (*pairs.batch(np.split(by_length, 20)[rng.integers(20)]), rng)


def loss_of(model, pairs):
    """Return the mean cross-entropy of a part, in nats a word."""
    total, count = 0.0, 0
    for first in range(0, len(pairs), AT_ONCE):
        source, lengths, inputs, targets, mask = pairs.batch(np.arange(first, min(first + AT_ONCE, len(pairs))))
        logits, _ = model.forward(source, lengths, inputs)
        total += softmax_cross_entropy(logits, targets, mask)[0] * mask.sum()
        count += mask.sum()
    return total / count


def searched(model, pairs):
    """Translate every text of `pairs` with beam search -> lists of tokens."""
    found = []
    for number in range(len(pairs)):
        source, lengths, *_ = pairs.batch(number)
        memory, state = model.encode(source, lengths)
        beam = beam_search(
            partial(model.step, memory),
            pairs.target.start,
            pairs.target.end,
            SETTINGS["beam"],
            LONGEST,
            state=state,
            length_power=SETTINGS["length_power"],
        )
        found.append(pairs.target.decode(beam.found[0].ids))
    return found


def score(translations, right):
    sentences = [multi30k.joined([word for word in words if word != UNKNOWN]) for words in translations]
    return round(bleu(sentences, right), 2)


def main():
    parser = argparse.ArgumentParser(description="Train translators on Multi30k and write multi30k.json.")
    parser.add_argument("--checkpoints", type=Path, default=FOLDER / "checkpoints", metavar="FOLDER")
    began = time.process_time()
    measured = measure(parser.parse_args().checkpoints)
    measured |= {"seconds": round(time.process_time() - began), "cores": os.cpu_count()}
    RESULTS.write_text(json.dumps(measured, indent=1) + "\n", newline="\n")


if __name__ == "__main__":
    main()
