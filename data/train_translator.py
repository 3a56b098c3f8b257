"""Train translators, and write down how well they translate what they have never seen.

    python data/train_translator.py numbers    # number words, English to German
    python data/train_translator.py multi30k   # real sentences, English to German; downloaded once

Both train with attention and without, and write their numbers, and how long they took, into translation_results.json.
Of real sentences, the weights that are tested are those that did best on the choosing part; each model writes a
checkpoint into the folder that --checkpoints names: stopped, the command goes on where it was.
"""

import argparse
import json
import os
import time
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np

from rnn_lab.datasets import multi30k, numbers
from rnn_lab.datasets.translation import UNKNOWN, Pairs, Vocabulary
from rnn_lab.decoding import beam_search, generate, greedy
from rnn_lab.metrics import bleu
from rnn_lab.models import Translator
from rnn_lab.models.dictionary import WordDictionary
from rnn_lab.nn import Adam, softmax_cross_entropy
from rnn_lab.nn.schedules import cosine_decay, warmup
from rnn_lab.training import fit

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "translation_results.json"
AT_ONCE = 200  # sentences that are translated together
NUMBERS = {"embedding_size": 32, "hidden_size": 96, "batch": 32, "rate": 5e-3, "seeds": [0, 1, 2]}
NUMBER_STEPS = {"with attention": 300, "without": 1200}
SENTENCES = {"embedding_size": 128, "hidden_size": 128, "batch": 64, "rate": 2e-3, "epochs": 5, "dropout": 0.3}
SENTENCES |= {"at_least": 4, "beam": 5, "length_power": 1.0, "seed": 0}
LONGEST_NUMBER, LONGEST_SENTENCE = 90, 50


def translated(model, pairs, longest):
    """Translate every text of `pairs` greedily -> lists of tokens."""
    found = []
    for first in range(0, len(pairs), AT_ONCE):
        source, lengths, *_ = pairs.batch(np.arange(first, min(first + AT_ONCE, len(pairs))))
        memory, state = model.encode(source, lengths)
        start = np.full((1, len(lengths)), pairs.target.start)
        ids = generate(partial(model.step, memory), start, longest, greedy, state=state, end=pairs.target.end)
        found += [pairs.target.decode(column) for column in ids.T]
    return found


def train_numbers(_):
    """Train each model from several seeds, and test it on all unseen and on longer numbers."""
    results = {"settings": NUMBERS | {"steps": NUMBER_STEPS}, "runs": []}
    split = numbers.split(np.random.default_rng(6))
    parts = {name: numbers.pairs(part) for name, part in split._asdict().items()}
    train = parts["train"]
    for seed in NUMBERS["seeds"]:
        for name, steps in NUMBER_STEPS.items():
            began, rng = time.perf_counter(), np.random.default_rng(seed)
            model = new_model(train, NUMBERS, rng, attention=name == "with attention")
            fit(
                model,
                lambda rng: train.batch(rng.choice(len(train), NUMBERS["batch"], replace=False)),
                Adam(cosine_decay(NUMBERS["rate"], steps)),
                steps=steps,
                rng=rng,
                max_norm=1.0,
                progress=False,
            )
            run = {"model": name, "seed": seed, "seconds": round(time.perf_counter() - began)}
            for part in ("test", "longer"):
                asked = parts[part]
                right = np.array(["".join(tokens) for tokens in translated(model, asked, LONGEST_NUMBER)])
                right = right == np.array(asked.translations)
                run[part] = round(float(right.mean()), 5)
                run[f"{part} by letters"] = by_length(right, asked.translations)
            results["runs"].append(run)
            print(run, flush=True)
    return results


def new_model(pairs, settings, rng, attention):
    sizes = settings["embedding_size"], settings["hidden_size"]
    dropout = settings.get("dropout", 0.0)
    return Translator(
        len(pairs.source), len(pairs.target), *sizes, rng, attention=attention, dropout=dropout, dtype=np.float32
    )


def by_length(right, texts, width=10):
    """Return how many texts there are, and how many are right, for each ten letters of length."""
    bins = sorted(zip((len(text) // width * width for text in texts), right, strict=True), key=lambda pair: pair[0])
    groups = {length: [bool(one) for _, one in group] for length, group in groupby(bins, key=lambda pair: pair[0])}
    return {str(length): [len(group), sum(group)] for length, group in groups.items()}


def train_multi30k(checkpoints):
    """Train with attention and without, and compare their BLEU with that of a dictionary."""
    split = {part: multi30k.sentences(part) for part in multi30k.PARTS}
    english = {part: [multi30k.words(text.lower()) for text in texts] for part, (texts, _) in split.items()}
    german = {part: [multi30k.words(text) for text in texts] for part, (_, texts) in split.items()}
    source, target = (Vocabulary(texts["train"], SENTENCES["at_least"]) for texts in (english, german))
    parts = {part: Pairs(english[part], german[part], source, target) for part in split}
    results = {"settings": SENTENCES | {"source_size": len(source), "target_size": len(target)}, "test BLEU": {}}
    right = split["test"][1]

    dictionary = WordDictionary(english["train"], german["train"])
    results["test BLEU"]["dictionary, word by word"] = score(map(dictionary.translate, english["test"]), right)
    for name, attention in (("without attention", False), ("with attention", True)):
        began, rng = time.perf_counter(), np.random.default_rng(SENTENCES["seed"])
        model = new_model(parts["train"], SENTENCES, rng, attention)
        each = -(-len(parts["train"]) // SENTENCES["batch"])
        steps = SENTENCES["epochs"] * each
        history = fit(
            model,
            partial(similar_lengths, parts["train"]),
            Adam(warmup(100, cosine_decay(SENTENCES["rate"], steps - 100))),
            steps=steps,
            rng=rng,
            max_norm=1.0,
            validate=partial(loss_of, model, parts["choose"]),
            validate_every=each,
            checkpoint=checkpoints / f"{name.replace(' ', '_')}.safetensors",
            resume=True,
        )
        results["test BLEU"][f"{name}, greedy"] = score(translated(model, parts["test"], LONGEST_SENTENCE), right)
        results["test BLEU"][f"{name}, beam"] = score(searched(model, parts["test"]), right)
        results[name] = {"seconds": round(time.perf_counter() - began), "choosing loss": history.validations}
        print(name, results[name], results["test BLEU"], flush=True)
    return results


def similar_lengths(pairs, rng):
    """Draw a batch of pairs of about the same length, so that little of it is padding."""
    drawn = rng.choice(len(pairs), 20 * SENTENCES["batch"], replace=False)
    by_size = sorted(drawn, key=lambda number: len(pairs.translations[number]))
    first = rng.integers(0, len(by_size) - SENTENCES["batch"] + 1)
    return (*pairs.batch(by_size[first : first + SENTENCES["batch"]]), rng)


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
            SENTENCES["beam"],
            LONGEST_SENTENCE,
            state=state,
            length_power=SENTENCES["length_power"],
        )
        found.append(pairs.target.decode(beam.found[0].ids))
    return found


def score(translations, right):
    sentences = [multi30k.joined([word for word in words if word != UNKNOWN]) for words in translations]
    return round(bleu(sentences, right), 2)


COMMANDS = {"numbers": train_numbers, "multi30k": train_multi30k}


def main():
    parser = argparse.ArgumentParser(description="Train translators and write translation_results.json.")
    parser.add_argument("what", choices=COMMANDS)
    parser.add_argument("--checkpoints", type=Path, default=FOLDER / "checkpoints", metavar="FOLDER")
    asked = parser.parse_args()
    began = time.perf_counter()
    measured = COMMANDS[asked.what](asked.checkpoints)
    measured |= {"command": f"python data/train_translator.py {asked.what}"}
    measured |= {"seconds": round(time.perf_counter() - began), "cores": os.cpu_count()}
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    lines = [f'"{what}": {json.dumps(numbers)}' for what, numbers in (results | {asked.what: measured}).items()]
    RESULTS.write_text("{\n" + ",\n".join(lines) + "\n}\n", newline="\n")


if __name__ == "__main__":
    main()
