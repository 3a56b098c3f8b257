"""Compare classifiers and baselines, and write what was measured.

    python data/train_sentiment.py rotten-tomatoes    # all of them, three seeds -> rotten_tomatoes.json
    python data/train_sentiment.py opinions           # five draws of what is held out -> held_out_constructions.json
    python data/train_sentiment.py rotten-tomatoes --try "GRU, mean"    # one seed, judged by the choosing part

Baselines have no seed: their minimum is the same wherever they begin; smoothing and penalty are those that do best on
the choosing part. A network keeps the weights of its lowest loss there. The test part is looked at once, at the end of
each run. Stopped, the same command goes on with the runs that are missing.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from rnn_lab.datasets.opinions import draw_held_out, opinions
from rnn_lab.datasets.sentiment import Words, rotten_tomatoes
from rnn_lab.metrics import reliability
from rnn_lab.models import Classifier
from rnn_lab.models.bag_of_words import BagOfWords, LinearModel, Table, logistic_regression, naive_bayes
from rnn_lab.nn import GRU, LSTM, RNN, Adam, Bidirectional, cosine_decay, softmax_cross_entropy
from rnn_lab.training import fit

FOLDER = Path(__file__).parent
VALIDATE_EVERY = 20


@dataclass(frozen=True)
class Settings:
    """How networks are trained.

    ``at_least``: a word that comes more rarely in training is read as unknown, so that the unknown word is learnt too.
    ``start``: the deviation of the first word vectors; where most words are rare, they stay noise if it is large.
    """

    D: int
    H: int
    N: int
    dropout: float
    rate: float
    steps: int
    start: float
    at_least: int


REVIEWS = Settings(D=64, H=64, N=64, dropout=0.5, rate=3e-3, steps=500, start=0.02, at_least=2)
OPINIONS = Settings(D=32, H=24, N=64, dropout=0.2, rate=1e-2, steps=1600, start=1.0, at_least=1)  # the chapter's own


@dataclass(frozen=True)
class Network:
    """What a network reads with, and what it reads out."""

    cell: type[RNN | GRU | LSTM]
    pooling: str
    both_ways: bool = False

    def build(self, vocabulary_size: int, settings: Settings, rng: np.random.Generator) -> Classifier:
        H = settings.H // (2 if self.both_ways else 1)
        layers = [self.cell(settings.D, H, rng, dtype=np.float32) for _ in range(1 + self.both_ways)]
        layer = Bidirectional(*layers) if self.both_ways else layers[0]
        model = Classifier(vocabulary_size, 2, layer, rng, pooling=self.pooling, dropout=settings.dropout)
        model.params["embedding.E"] *= settings.start
        return model


NETWORKS = {
    "RNN, last state": Network(RNN, "last"),
    "GRU, last state": Network(GRU, "last"),
    "LSTM, last state": Network(LSTM, "last"),
    "GRU, mean": Network(GRU, "mean"),
    "GRU both ways, mean": Network(GRU, "mean", both_ways=True),
    "GRU both ways, max": Network(GRU, "max", both_ways=True),
}
PENALTIES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3)


def weighed_by_ratio(table: Table, labels: np.ndarray, penalty: float) -> LinearModel:
    """Fit a logistic regression whose features are the weights of naive Bayes."""
    return logistic_regression(table, labels, penalty, naive_bayes(table, labels).weights)


BASELINES: Mapping[str, tuple[int, Callable[..., LinearModel], tuple[float, ...]]] = {
    "naive Bayes, words": (1, naive_bayes, (0.3, 1.0, 3.0, 10.0)),
    "naive Bayes, bigrams": (2, naive_bayes, (0.3, 1.0, 3.0, 10.0)),
    "logistic regression, words": (1, logistic_regression, PENALTIES),
    "logistic regression, bigrams": (2, logistic_regression, PENALTIES),
    "logistic regression of ratios, bigrams": (2, weighed_by_ratio, PENALTIES),
}


def measured(probabilities, labels):
    """Return the accuracy and how reliable the confidence is, as JSON takes it."""
    found = reliability(probabilities, labels)
    bins = {name: [None if np.isnan(v) else round(float(v), 4) for v in getattr(found, name)] for name in found._fields}
    return {"accuracy": float(np.mean(probabilities.argmax(axis=1) == labels)), "error": found.error, "bins": bins}


def run_baseline(name, parts):
    order, fit_model, choices = BASELINES[name]
    bag = BagOfWords([sentence.words for sentence in parts.train], order)
    tables = [bag.table([sentence.words for sentence in part]) for part in parts]
    labels = [np.array([sentence.label for sentence in part]) for part in parts]
    models = {choice: fit_model(tables[0], labels[0], choice) for choice in choices}
    right = {choice: np.mean((model.scores(tables[1]) > 0) == labels[1]) for choice, model in models.items()}
    chosen = max(right, key=right.get)
    judged = {
        part: measured(models[chosen].probabilities(tables[n]), labels[n]) for part, n in [("choose", 1), ("test", 2)]
    }
    return {"chosen": chosen, "parameters": len(bag.phrases) + 1, **judged}


def run_network(name, settings, seed, parts):
    rng = np.random.default_rng(seed)
    words = Words([sentence.words for sentence in parts.train], settings.at_least)
    model = NETWORKS[name].build(len(words), settings, rng)
    train, choose, test = (
        (*words.batch([sentence.words for sentence in part]), np.array([sentence.label for sentence in part]))
        for part in parts
    )

    def sample_batch(rng):
        """Draw eight batches and take one of them, of sentences about equally long: little is padded."""
        drawn = rng.integers(0, len(parts.train), 8 * settings.N)
        of_a_length = np.split(drawn[np.argsort(train[1][drawn])], 8)[rng.integers(8)]
        lengths = train[1][of_a_length]
        return train[0][: lengths.max(), of_a_length], lengths, train[2][of_a_length], rng

    def validate():
        return softmax_cross_entropy(model.forward(*choose[:2])[0], choose[2])[0]

    history = fit(
        model,
        sample_batch,
        Adam(cosine_decay(settings.rate, settings.steps)),
        steps=settings.steps,
        rng=rng,
        max_norm=1.0,
        validate=validate,
        validate_every=VALIDATE_EVERY,
        progress=False,
    )
    if history.stopped == "interrupted":
        raise SystemExit("Stopped; the same command goes on with the runs that are missing.")
    judged = {
        part: measured(model.probabilities(*data[:2]), data[2]) for part, data in [("choose", choose), ("test", test)]
    }
    return {"best_step": history.best[0], "parameters": sum(map(np.size, model.params.values())), **judged}


def compare_on_reviews():
    """Yield who is compared on Rotten Tomatoes, as `main` runs them."""
    parts = rotten_tomatoes()
    for name in BASELINES:
        yield name, None, partial(run_baseline, name, parts)
    for seed, name in product(range(3), NETWORKS):
        yield name, seed, partial(run_network, name, REVIEWS, seed, parts)


def compare_on_opinions():
    """Yield who is compared on opinions; a seed draws what is held out, and begins the network."""
    for seed in range(1, 6):
        parts = opinions(held_out=draw_held_out(np.random.default_rng(1000 + seed)))
        for name in ("naive Bayes, bigrams", "logistic regression, bigrams"):
            yield name, seed, partial(run_baseline, name, parts)
        yield "GRU, mean", seed, partial(run_network, "GRU, mean", OPINIONS, seed, parts)


CORPORA = {
    "rotten-tomatoes": (compare_on_reviews, REVIEWS, FOLDER / "rotten_tomatoes.json"),
    "opinions": (compare_on_opinions, OPINIONS, FOLDER / "held_out_constructions.json"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", choices=CORPORA)
    parser.add_argument("--try", dest="tried", choices=NETWORKS, help="this network alone, and write nothing")
    asked = parser.parse_args()
    compare, settings, file = CORPORA[asked.corpus]
    if asked.tried:
        run = next(run for name, _, run in compare() if name == asked.tried)
        print(run()["choose"])
        return
    runs = json.loads(file.read_text())["runs"] if file.exists() else []
    for name, seed, run in compare():
        if any((done["model"], done["seed"]) == (name, seed) for done in runs):
            continue
        began = time.perf_counter()
        runs.append({"model": name, "seed": seed, **run(), "seconds": round(time.perf_counter() - began, 1)})
        file.write_text(json.dumps({"settings": asdict(settings), "runs": runs}, indent=1) + "\n")
        latest = runs[-1]
        print(f"{name}, seed {seed}: choose {latest['choose']['accuracy']:.4f}, {latest['seconds']} s", flush=True)


if __name__ == "__main__":
    main()
