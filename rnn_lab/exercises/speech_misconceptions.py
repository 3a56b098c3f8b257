"""What goes wrong in speech recognition: each function is a known mistake, its docstring the advice."""

import numpy as np

# --- mel_filters ---------------------------------------------------------------------------------------------------


def to_mel(hertz):
    """The mel scale."""
    return 2595 * np.log10(1 + hertz / 700)


def to_hertz(mel):
    """Its inverse."""
    return 700 * (10 ** (mel / 2595) - 1)


def triangles(edges, hertz):
    """Filters whose left edge, peak and right edge are three neighbours of `edges`."""
    low, peak, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.maximum(0, np.minimum((hertz - low) / (peak - low), (high - hertz) / (high - peak)))


def columns(size, rate):
    """The frequency of each column of a spectrum."""
    return np.arange(size // 2 + 1) * rate / size


def right_edges(bands, rate):
    """Where the filters' edges and peaks belong."""
    return to_hertz(np.linspace(0, to_mel(rate / 2), bands + 2))


def peaks_at_equal_steps_of_hertz(bands, size, rate):
    """The peaks lie at equal steps of hertz. They belong at equal steps of mel: take `linspace` between two pitches,
    and turn what it gives back into hertz."""
    return triangles(np.linspace(0, rate / 2, bands + 2), columns(size, rate))


def up_to_the_whole_rate(bands, size, rate):
    """The filters reach up to the rate. A sound of so many samples a second has no frequency above half of it."""
    return triangles(to_hertz(np.linspace(0, to_mel(rate), bands + 2)), columns(size, rate))


def rows_that_sum_to_one(bands, size, rate):
    """Each filter is divided by its sum. That is done too, but here each rises to 1 at its peak."""
    filters = triangles(right_edges(bands, rate), columns(size, rate))
    return filters / filters.sum(axis=1, keepdims=True)


def first_peak_at_zero(bands, size, rate):
    """The peaks begin at 0 hertz and end at half the rate. Those two are edges: there are bands + 2 points, and the
    peaks are all but the first and the last."""
    peaks = np.linspace(0, to_mel(rate / 2), bands)
    step = peaks[1]
    return triangles(to_hertz(np.concatenate([[-step], peaks, [peaks[-1] + step]])), columns(size, rate))


def flat_filters(bands, size, rate):
    """Everything between the edges counts fully. The filters are triangles: they rise to their peak and fall again."""
    return (triangles(right_edges(bands, rate), columns(size, rate)) > 0).astype(float)


def peaks_moved_to_the_next_column(bands, size, rate):
    """The edges are rounded to columns of the spectrum, and the triangles stand a little beside their places. Keep them
    in hertz, and evaluate the slopes at the frequency of each column."""
    at = np.floor((size + 1) * right_edges(bands, rate) / rate)
    k, low, peak, high = np.arange(size // 2 + 1), at[:-2, None], at[1:-1, None], at[2:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        rising = np.where((k >= low) & (k <= peak), (k - low) / (peak - low), 0)
        falling = np.where((k > peak) & (k <= high), (high - k) / (high - peak), 0)
    return np.nan_to_num(rising + falling)


# --- collapse ------------------------------------------------------------------------------------------------------


def changed(path):
    """Where a path differs from the step before."""
    return np.concatenate([[True], path[1:] != path[:-1]])


def blanks_dropped_first(path):
    """Blanks are dropped before repetitions are merged, so that no text can have the same symbol twice in a row. Merge
    first: the blank is what keeps two equal symbols apart."""
    symbols = path[path != 0]
    return symbols[changed(symbols)] if len(symbols) else symbols


def repetitions_kept(path):
    """A symbol that is held for several steps comes out several times. Merge equal neighbours."""
    return path[path != 0]


def every_symbol_once(path):
    """Each symbol comes out once, however often the text has it. Only equal neighbours are merged."""
    _, first = np.unique(path, return_index=True)
    symbols = path[np.sort(first)]
    return symbols[symbols != 0]


def blanks_kept(path):
    """The blanks are still there. They separate, and are not part of the text."""
    return path[changed(path)]


def last_symbol_lost(path):
    """What is held until the end never comes out: a symbol seems to be written only when the next one begins. Write it
    when it begins itself."""
    ends = np.concatenate([path[1:] != path[:-1], [False]])
    return path[ends & (path != 0)]


def only_pairs_merged(path):
    """Only pairs are merged: what is held for three steps comes out twice. Compare each step with the one before it in
    the path, whether that was kept or not."""
    kept, t = [], 0
    while t < len(path):
        kept.append(path[t])
        t += 2 if t + 1 < len(path) and path[t + 1] == path[t] else 1
    symbols = np.array(kept, path.dtype)
    return symbols[symbols != 0]


# --- ctc_forward ---------------------------------------------------------------------------------------------------


def forward(log_p, text, leap_to=None, add=np.logaddexp, begin=2):
    """All alphas at the last step, with the parts that can be got wrong as arguments."""
    states = np.zeros(2 * len(text) + 1, int)
    states[1::2] = text
    leaps = np.zeros(len(states), bool)
    leaps[2:] = (states[2:] != 0) & (states[2:] != states[:-2])
    leaps = leaps if leap_to is None else leap_to(states)
    alpha = np.full(len(states), -np.inf)
    alpha[:begin] = log_p[0, states[:begin]]
    for row in log_p[1:]:
        step, leap = np.full((2, len(states)), -np.inf)
        step[1:], leap[2:] = alpha[:-1], alpha[:-2]
        ways = add(alpha, step)
        alpha = np.where(leaps, add(ways, leap), ways) + row[states]
    return alpha


def leap_over_the_blank_between_equal_symbols(log_p, text):
    """Paths may leap from a symbol to an equal one. Without the blank between them the two would be merged into one,
    and the text would be another."""
    alpha = forward(log_p, text, leap_to=lambda states: (states != 0) & (np.arange(len(states)) >= 2))
    return np.logaddexp(alpha[-1], alpha[-2])


def no_blank_left_out(log_p, text):
    """Every blank must be passed through. Between two different symbols it may be left out: there a path leaps over
    it."""
    alpha = forward(log_p, text, leap_to=lambda states: np.zeros(len(states), bool))
    return np.logaddexp(alpha[-1], alpha[-2])


def must_begin_with_a_blank(log_p, text):
    """Every path begins in the first blank. It may begin with the first symbol as well."""
    alpha = forward(log_p, text, begin=1)
    return np.logaddexp(alpha[-1], alpha[-2])


def must_end_with_a_blank(log_p, text):
    """Only paths that end in the last blank are counted. They may end in the last symbol as well."""
    return forward(log_p, text)[-1]


def the_best_path_alone(log_p, text):
    """The largest of the ways is kept, which gives the likeliest path alone. The probability of a text is the sum over
    all paths: `np.logaddexp`."""
    alpha = forward(log_p, text, add=np.maximum)
    return np.maximum(alpha[-1], alpha[-2])


def probabilities_that_vanish(log_p, text):
    """The sums are right, but of probabilities: over hundreds of steps they become smaller than any number, and their
    logarithm minus infinity. Stay with logarithms throughout."""
    p = np.exp(log_p)
    states = np.zeros(2 * len(text) + 1, int)
    states[1::2] = text
    leaps = np.zeros(len(states), bool)
    leaps[2:] = (states[2:] != 0) & (states[2:] != states[:-2])
    alpha = np.zeros(len(states))
    alpha[:2] = p[0, states[:2]]
    for row in p[1:]:
        step, leap = np.zeros((2, len(states)))
        step[1:], leap[2:] = alpha[:-1], alpha[:-2]
        alpha = (alpha + step + leap * leaps) * row[states]
    return np.log(alpha[-1] + alpha[-2])


def the_last_step_left_out(log_p, text):
    """The paths end one step too early: the last row of log_p is never used."""
    alpha = forward(log_p[:-1], text)
    return np.logaddexp(alpha[-1], alpha[-2])


# --- ctc_gradient --------------------------------------------------------------------------------------------------


def gradient(log_p, through, states, likelihood=None):
    """What follows from the sums through each state."""
    total = np.logaddexp.reduce(through[0]) if likelihood is None else likelihood
    posterior = np.exp(through - total)
    dlogits = np.exp(log_p)
    for state, symbol in enumerate(states):
        dlogits[:, symbol] -= posterior[:, state]
    return dlogits


def once(log_p, alpha, beta, states):
    """The sums through each state, the step's emission counted once."""
    return alpha + beta - log_p[:, states]


def emission_counted_twice(log_p, alpha, beta, states):
    """alpha and beta both include the emission of the step, and their product counts it twice. Subtract its logarithm
    once."""
    right = np.logaddexp.reduce(once(log_p, alpha, beta, states)[0])
    return gradient(log_p, alpha + beta, states, right)


def states_of_a_symbol_overwritten(log_p, alpha, beta, states):
    """Of the states that have the same symbol only the last is subtracted: `a[:, states] -= b` writes each column once.
    Add them up, with a loop or `np.add.at`."""
    through = once(log_p, alpha, beta, states)
    dlogits = np.exp(log_p)
    dlogits[:, states] -= np.exp(through - np.logaddexp.reduce(through[0]))
    return dlogits


def not_divided_by_the_likelihood(log_p, alpha, beta, states):
    """What goes through a state is the probability of all its paths, and they sum to the likelihood of the text, not to
    1. Divide by it, or subtract its logarithm."""
    return gradient(log_p, once(log_p, alpha, beta, states), states, 0.0)


def opposite_sign(log_p, alpha, beta, states):
    """The sign is turned round: this is the gradient of the log-likelihood. The loss is its negative."""
    return -gradient(log_p, once(log_p, alpha, beta, states), states)


def softmax_left_out(log_p, alpha, beta, states):
    """This is the gradient with respect to the log-probabilities. The scores go through a softmax first, and with
    respect to them the softmax comes on top: `exp(log_p) - posterior`."""
    return gradient(log_p, once(log_p, alpha, beta, states), states) - np.exp(log_p)


def blanks_left_out(log_p, alpha, beta, states):
    """The blank is treated as if it were no symbol: its states count for nothing. It is predicted like every other."""
    dlogits = gradient(log_p, once(log_p, alpha, beta, states), states)
    dlogits[:, 0] = np.exp(log_p[:, 0])
    return dlogits


def gradient_of_the_log_probabilities(log_p, alpha, beta, states):
    """The posterior is divided by the probability of the symbol: that is the gradient with respect to the probabilities
    themselves. With respect to the scores, it is the softmax minus the posterior."""
    through = once(log_p, alpha, beta, states)
    return (gradient(log_p, through, states) - np.exp(log_p)) / np.exp(log_p)


# --- error_rate ----------------------------------------------------------------------------------------------------


def fewest_changes(written, expected, change=1, too_many=1):
    """The edit distance."""
    d = np.zeros((len(written) + 1, len(expected) + 1))
    d[:, 0], d[0] = too_many * np.arange(len(written) + 1), np.arange(len(expected) + 1)
    for i, word in enumerate(written):
        for j, other in enumerate(expected):
            d[i + 1, j + 1] = min(d[i, j + 1] + too_many, d[i + 1, j] + 1, d[i, j] + change * (word != other))
    return d[-1, -1]


def compared_place_by_place(written, expected):
    """Words are compared place by place, so that a single word left out spoils all that follow. Look for the fewest
    changes: a table of edit distances."""
    wrong = sum(one != other for one, other in zip(written, expected, strict=False))
    return (wrong + abs(len(written) - len(expected))) / len(expected)


def divided_by_the_written(written, expected):
    """The changes are divided by the number of written words. Divide by the expected ones, or whoever writes more is
    judged more kindly."""
    return fewest_changes(written, expected) / max(len(written), 1)


def number_of_mistakes(written, expected):
    """This is the number of changes. A rate is their number over the number of expected words."""
    return fewest_changes(written, expected)


def changes_count_double(written, expected):
    """A changed word counts as two mistakes, one left out and one put in. It counts once."""
    return fewest_changes(written, expected, change=2) / len(expected)


def words_as_a_set(written, expected):
    """Order and repetition play no part here. Whoever says the same digits in another order has said another number."""
    return len(set(expected) - set(written)) / len(expected)


def more_words_forgiven(written, expected):
    """Words too many cost nothing. They count like words left out; the rate may even exceed 1."""
    return fewest_changes(written, expected, too_many=0) / len(expected)
