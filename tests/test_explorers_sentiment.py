"""The explorer of chapter 05: what it computes, over all lengths and any text, and what it draws."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from controls import SILLY_TEXTS, Controls
from support import assert_same

from rnn_lab import plots
from rnn_lab.datasets.sentiment import Words, split_words
from rnn_lab.explorers import sentiment
from rnn_lab.models import Classifier
from rnn_lab.nn import GRU, Bidirectional
from rnn_lab.nn.gradcheck import check_gradients

VOCABULARY = Words([split_words(sentiment.EXAMPLE)])


@pytest.fixture(autouse=True)
def _style():
    with plt.rc_context():
        plots.use_style()
        yield


@pytest.fixture(params=["last", "mean", "max"])
def model(request):
    rng = np.random.default_rng(0)
    layer = Bidirectional(GRU(4, 5, rng), GRU(4, 5, rng))
    return Classifier(len(VOCABULARY), 2, layer, rng, pooling=request.param)


def score_of(model, words):
    logits, _ = model.forward(np.array(VOCABULARY.encode(words))[:, None])
    return logits[0, 1] - logits[0, 0]


def test_each_verdict_is_that_of_the_words_so_far(model):
    words = split_words(sentiment.EXAMPLE)
    reading = sentiment.compute(model, VOCABULARY, sentiment.EXAMPLE)
    expected = [1 / (1 + np.exp(-score_of(model, words[:end]))) for end in range(1, len(words) + 1)]
    assert reading.words == words and reading.known.all()
    assert_same(reading.verdicts, np.array(expected))


@pytest.mark.parametrize("read", [1, 7, 40])
def test_what_each_word_does(model, read):
    words = split_words(sentiment.EXAMPLE)[:read]
    reading = sentiment.compute(model, VOCABULARY, sentiment.EXAMPLE, read)
    assert len(reading.gradients) == len(reading.omissions) == len(words)
    for place in range(len(words)):
        without = [*words[:place], "???", *words[place + 1 :]]
        assert_same(reading.omissions[place], score_of(model, words) - score_of(model, without))

    x, _ = model.embedding.forward(np.array(VOCABULARY.encode(words))[:, None])
    scales = np.ones(len(words))  # the score's derivative when a word's vector is stretched

    def score():
        h, _, _ = model.layer.forward(x * scales[:, None, None])
        logits, _ = model.readout.forward(model.pooling.forward(h)[0])
        return logits[0, 1] - logits[0, 0]

    assert check_gradients(score, {"scales": scales}, {"scales": reading.gradients}).worst < 1e-6


@pytest.mark.parametrize("text", SILLY_TEXTS)
def test_any_text_is_read(model, text):
    reading = sentiment.compute(model, VOCABULARY, text)
    assert 1 <= len(reading.words) <= sentiment.LONGEST
    for values in (reading.verdicts, reading.gradients, reading.omissions):
        assert np.isfinite(values).all()


def test_an_empty_sentence_is_an_unknown_word(model):
    assert_same(
        sentiment.compute(model, VOCABULARY, "").verdicts, sentiment.compute(model, VOCABULARY, "???").verdicts[:1]
    )


def test_every_length_and_any_text_is_drawn_on_one_backdrop(model):
    controls = Controls(sentiment.explorer(model, VOCABULARY, "the plot is dull " * 12))
    frames = list(controls.frames("words read", range(1, sentiment.LONGEST + 1)))
    assert len(set(frames)) == sentiment.LONGEST
    for text in SILLY_TEXTS:
        for _ in controls.frames("sentence", [text]):
            assert "praise with" in controls.live.alt
    assert controls.live.backdrop_draws == 1
    controls.assert_ends_differ_in_pixels()


def test_what_is_left_out_is_said(model):
    controls = Controls(sentiment.explorer(model, VOCABULARY))
    for text, said in [("a plot , zzz", "1 unknown"), ("dull " * 41, "no more than 40 words are read")]:
        for _ in controls.frames("sentence", [text]):
            assert said in controls.live.alt
