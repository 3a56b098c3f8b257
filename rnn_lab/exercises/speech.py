"""The exercises of chapter 07: mel filters, collapsing a path, CTC's forward pass and its gradient, the error rate.

CTC is that of one sequence: log_p (T, K), the logarithms of the probabilities of K symbols at T steps, symbol 0 the
blank; states are the S = 2L + 1 of a text of L symbols: blank, symbol, blank, symbol, ..., blank.
"""

import numpy as np

from rnn_lab.exercises import speech_misconceptions as wrong
from rnn_lab.exercises.framework import Condition, exercise
from rnn_lab.nn.ctc import BLANK, Lattice, forward_backward
from rnn_lab.nn.functions import log_softmax


@exercise(
    returns="filters",
    conditions={
        "a few bands": lambda rng: (5, 64, 8000),
        "many bands": lambda rng: (20, 512, 8000),
        "another rate": lambda rng: (12, 256, 16000),
    },
    misconceptions=(
        wrong.peaks_at_equal_steps_of_hertz,
        wrong.up_to_the_whole_rate,
        wrong.rows_that_sum_to_one,
        wrong.first_peak_at_zero,
        wrong.flat_filters,
        wrong.peaks_moved_to_the_next_column,
    ),
    hints=(
        "`np.linspace(0, mel(rate / 2), bands + 2)`, turned back into hertz, has each filter's left edge, peak and "
        "right edge: entries i, i + 1 and i + 2.",
        "Column k is at `k * rate / size` hertz. A triangle is the smaller of its two slopes, and never below 0.",
    ),
)
def mel_filters(bands, size, rate):
    """Return triangular filters (bands, size // 2 + 1) for spectra of frames of `size` samples. Edges and peaks lie at
    equal steps of mel from 0 to half the rate, m = 2595 log10(1 + f / 700); each filter rises to 1 at its peak."""
    mel = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), bands + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    low, peak, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    hertz = np.arange(size // 2 + 1) * rate / size
    return np.maximum(0, np.minimum((hertz - low) / (peak - low), (high - hertz) / (high - peak)))


def path(*symbols) -> Condition:
    """The argument of `collapse`."""
    return lambda rng: (np.array(symbols),)


@exercise(
    returns="text",
    conditions={
        "no repetition": path(0, 3, 0, 1, 2, 0),
        "symbols held for several steps": path(3, 3, 3, 0, 0, 1, 2, 2),
        "a symbol that comes twice in the text": path(0, 2, 2, 0, 2, 1, 0, 1, 1, 2),
        "nothing but blanks": path(0, 0, 0),
    },
    misconceptions=(
        wrong.blanks_dropped_first,
        wrong.repetitions_kept,
        wrong.every_symbol_once,
        wrong.blanks_kept,
        wrong.last_symbol_lost,
        wrong.only_pairs_merged,
    ),
    hints=(
        "First merge what is repeated, then drop the blanks. A blank between two symbols keeps them apart.",
        "A symbol counts if it differs from the one before it, and is not 0; the first has none before it.",
    ),
)
def collapse(path):
    """Return what a path (T,) of whole numbers says, an array: repeated symbols merged, then blanks, 0, dropped."""
    before = np.concatenate([[BLANK], path[:-1]])
    return path[(path != before) & (path != BLANK)]


def heard(T, text, scale=1.0) -> Condition:
    """Arguments of `ctc_forward`: log-probabilities of five symbols over T steps, and a text."""
    return lambda rng: (log_softmax(scale * rng.standard_normal((T, 5))), np.array(text))


@exercise(
    returns="log_likelihood",
    conditions={
        "a single symbol": heard(4, [2]),
        "different symbols": heard(6, [1, 3, 2]),
        "a repeated symbol": heard(7, [1, 1, 4]),
        "just enough steps": heard(3, [2, 4, 1]),
        "hundreds of steps": heard(400, [1, 2, 2, 3, 4, 4, 1], scale=4),
    },
    misconceptions=(
        wrong.leap_over_the_blank_between_equal_symbols,
        wrong.no_blank_left_out,
        wrong.must_begin_with_a_blank,
        wrong.must_end_with_a_blank,
        wrong.the_best_path_alone,
        wrong.probabilities_that_vanish,
        wrong.the_last_step_left_out,
    ),
    hints=(
        "States: `[0, a, 0, b, 0]` for the text a, b. At the first step only the first blank and the first symbol.",
        "From t - 1 to t: stay, come from the state before, or leap from two before: only onto a symbol, and only if "
        "it differs from the one two before. Add the ways with `np.logaddexp`, then the symbol's log-probability.",
        "At the end, a path is in the last symbol or in the last blank.",
    ),
)
def ctc_forward(log_p, text):
    """Return the log-probability of a text (L,) of at least one symbol, under log_p (T, K): that of all paths that say
    it. Work with logarithms: probabilities of hundreds of steps multiply to zero."""
    states = np.zeros(2 * len(text) + 1, int)
    states[1::2] = text
    leaps = np.zeros(len(states), bool)
    leaps[2:] = (states[2:] != BLANK) & (states[2:] != states[:-2])
    alpha = np.full(len(states), -np.inf)
    alpha[:2] = log_p[0, states[:2]]
    for row in log_p[1:]:
        step, leap = np.full((2, len(states)), -np.inf)
        step[1:], leap[2:] = alpha[:-1], alpha[:-2]
        ways = np.logaddexp(alpha, step)
        alpha = np.where(leaps, np.logaddexp(ways, leap), ways) + row[states]
    return np.logaddexp(alpha[-1], alpha[-2])


def lattice(T, text, dtype=np.float64) -> Condition:
    """Arguments of `ctc_gradient`."""

    def draw(rng):
        log_p = log_softmax(2 * rng.standard_normal((T, 5)))
        found: Lattice = forward_backward(log_p[:, None], np.array(text)[:, None])
        arrays = (np.asarray(array, dtype) for array in (log_p, found.alpha[:, 0], found.beta[:, 0]))
        return *arrays, found.symbols[0]

    return draw


@exercise(
    returns="dlogits",
    conditions={
        "a single symbol": lattice(4, [2]),
        "different symbols": lattice(6, [1, 3, 2]),
        "a repeated symbol": lattice(8, [1, 1, 4]),
        "float32 arrays": lattice(6, [1, 3, 2], np.float32),
    },
    misconceptions=(
        wrong.emission_counted_twice,
        wrong.states_of_a_symbol_overwritten,
        wrong.not_divided_by_the_likelihood,
        wrong.opposite_sign,
        wrong.softmax_left_out,
        wrong.blanks_left_out,
        wrong.gradient_of_the_log_probabilities,
    ),
    hints=(
        "alpha and beta both include the emission of their step: `alpha + beta - log_p[:, states]` counts it once.",
        "At any step, these sums add up over the states, with `np.logaddexp.reduce`, to the log-likelihood.",
        "Several states have the same symbol, above all the blank: their posteriors add up, in a loop with `-=`.",
    ),
)
def ctc_gradient(log_p, alpha, beta, states):
    """Return the gradient (T, K) of minus the log-likelihood with respect to the scores before the softmax: the softmax
    minus the posterior of each symbol. alpha and beta (T, S) are logarithms and include the step's emission; states
    (S,) holds the symbol of each state."""
    through = alpha + beta - log_p[:, states]
    posterior = np.exp(through - np.logaddexp.reduce(through[0]))
    dlogits = np.exp(log_p)
    for state, symbol in enumerate(states):
        dlogits[:, symbol] -= posterior[:, state]
    return dlogits


def sentences(written, expected) -> Condition:
    """Arguments of `error_rate`."""
    return lambda rng: (written.split(), expected.split())


@exercise(
    returns="rate",
    conditions={
        "equal words": sentences("three one four", "three one four"),
        "a wrong word": sentences("three nine four", "three one four"),
        "a word left out at the beginning": sentences("one four one five", "three one four one five"),
        "a word too many": sentences("three one one four", "three one four"),
        "words in another order": sentences("one three", "three one"),
        "several mistakes": sentences("one four five nine nine", "three one five two"),
        "nothing written": sentences("", "three one"),
    },
    misconceptions=(
        wrong.compared_place_by_place,
        wrong.divided_by_the_written,
        wrong.number_of_mistakes,
        wrong.changes_count_double,
        wrong.words_as_a_set,
        wrong.more_words_forgiven,
    ),
    hints=(
        "Fill a table: `d[i, j]` is the fewest changes from the first i written words to the first j expected ones. "
        "Its first row and column count up from 0.",
        "`d[i, j]` is the least of `d[i - 1, j] + 1`, `d[i, j - 1] + 1`, and `d[i - 1, j - 1]`, plus 1 if the words "
        "differ.",
    ),
)
def error_rate(written, expected):
    """Return the word error rate: the fewest words that must be put in, left out or changed to turn the list `written`
    into the list `expected`, over the number of expected words."""
    d = np.zeros((len(written) + 1, len(expected) + 1))
    d[:, 0], d[0] = np.arange(len(written) + 1), np.arange(len(expected) + 1)
    for i, word in enumerate(written):
        for j, other in enumerate(expected):
            d[i + 1, j + 1] = min(d[i, j + 1] + 1, d[i + 1, j] + 1, d[i, j] + (word != other))
    return d[-1, -1] / len(expected)
