"""The exercises of chapter 07: solutions agree with the package and with jiwer, slips are recognised as written."""

import numpy as np
from support import assert_same

from rnn_lab import audio
from rnn_lab.exercises import speech
from rnn_lab.metrics import word_error_rate
from rnn_lab.nn.ctc import collapse, ctc_loss, forward_backward
from rnn_lab.nn.functions import log_softmax


def test_the_filters_are_those_of_the_package():
    assert_same(speech.mel_filters.reference(audio.BANDS, audio.FRAME, audio.RATE), audio.mel_filters())


def test_the_collapse_is_that_of_the_package():
    for path in np.random.default_rng(0).integers(0, 3, (50, 9)):
        assert speech.collapse.reference(path).tolist() == collapse(path)


def test_forward_pass_and_gradient_are_those_of_the_package():
    logits, text = np.random.default_rng(1).standard_normal((9, 5)), np.array([3, 3, 1])
    log_p = log_softmax(logits)
    lattice = forward_backward(log_p[:, None], text[:, None])
    loss, dlogits = ctc_loss(logits[:, None], text[:, None])
    assert_same(-speech.ctc_forward.reference(log_p, text), loss)
    ours = speech.ctc_gradient.reference(log_p, lattice.alpha[:, 0], lattice.beta[:, 0], lattice.symbols[0])
    assert_same(ours, dlogits[:, 0])


def test_the_error_rate_is_that_of_jiwer():
    rng = np.random.default_rng(2)
    for _ in range(50):
        written, expected = (rng.choice(["one", "two", "six"], rng.integers(1, 7)).tolist() for _ in range(2))
        theirs = word_error_rate([" ".join(written)], [" ".join(expected)])
        assert_same(speech.error_rate.reference(written, expected), theirs)


def test_a_loop_that_drops_blanks_first():
    def answer(path):
        text = []
        for symbol in path:
            if symbol != 0 and (not text or text[-1] != symbol):
                text.append(symbol)
        return np.array(text, int)

    assert speech.collapse.check(answer).misconception == "blanks dropped first"


def test_a_forward_pass_that_leaps_onto_every_symbol():
    def answer(log_p, text):
        states = [0]
        for symbol in text:
            states += [int(symbol), 0]
        alpha = np.full((len(log_p), len(states)), -np.inf)
        alpha[0, 0], alpha[0, 1] = log_p[0, 0], log_p[0, states[1]]
        for t in range(1, len(log_p)):
            for s, symbol in enumerate(states):
                total = alpha[t - 1, s]
                if s > 0:
                    total = np.logaddexp(total, alpha[t - 1, s - 1])
                if s > 1 and symbol:
                    total = np.logaddexp(total, alpha[t - 1, s - 2])
                alpha[t, s] = total + log_p[t, symbol]
        return np.logaddexp(alpha[-1, -1], alpha[-1, -2])

    assert speech.ctc_forward.check(answer).misconception == "leap over the blank between equal symbols"


def test_an_answer_like_no_known_mistake_is_shown_the_words():
    diagnosis = str(speech.error_rate.check(lambda written, expected: 0.123))
    assert "rate is 0.123; expected" in diagnosis
    assert "written = ['three', 'one', 'four'], expected = ['three', 'one', 'four']" in diagnosis
