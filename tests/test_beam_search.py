"""Beam search: wide enough it finds the best there is, with a width of one it is greedy, and it keeps states apart."""

from functools import partial
from itertools import product

import numpy as np
import pytest

from rnn_lab.decoding import Hypothesis, beam_search, generate, greedy
from rnn_lab.models import LanguageModel, Translator
from rnn_lab.nn import GRU, LSTM, Stacked
from rnn_lab.nn.functions import log_softmax

START, END, V = 0, 1, 4


def language_model(layer="LSTM", seed=0):
    rng = np.random.default_rng(seed)
    layers = {
        "LSTM": lambda: LSTM(3, 6, rng),
        "stacked": lambda: Stacked([LSTM(3, 5, rng), GRU(5, 6, rng)]),
    }
    model = LanguageModel(V, 3, layers[layer](), rng)
    model.readout.params["W"][:] *= 4  # opinions that differ
    return model


def log_probability(model, ids):
    logits, _, _ = model.forward(np.array([START, *ids[:-1]])[:, None])
    return log_softmax(logits)[range(len(ids)), 0, ids].sum()


def every_sequence(length):
    """Yield every sequence that ends with the end symbol within `length` tokens."""
    others = [token for token in range(V) if token != END]
    for size in range(length):
        yield from ((*ids, END) for ids in product(others, repeat=size))


@pytest.mark.parametrize("length_power", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_wide_enough_it_finds_the_best_of_all(seed, length_power):
    model = language_model(seed=seed)
    best = max(every_sequence(4), key=lambda ids: log_probability(model, ids) / len(ids) ** length_power)
    beam = beam_search(model.step, START, END, 200, 4, length_power=length_power)
    assert beam.found[0].ids == best
    assert beam.found[0].log_probability == pytest.approx(log_probability(model, best), rel=1e-12)


@pytest.mark.parametrize("layer", ["LSTM", "stacked"])
def test_each_hypothesis_has_its_own_state(layer):
    """Whatever was kept, its log-probability is that of reading it alone."""
    model = language_model(layer)
    for kept in beam_search(model.step, START, END, 3, 6).kept:
        assert len(kept) <= 3
        for hypothesis in kept:
            assert hypothesis.log_probability == pytest.approx(log_probability(model, hypothesis.ids), rel=1e-12)
        assert kept == sorted(kept, key=lambda hypothesis: -hypothesis.log_probability)


@pytest.mark.parametrize("seed", range(5))
def test_a_width_of_one_is_greedy(seed):
    model = language_model(seed=seed)
    written = generate(model.step, [[START]], 8, greedy, end=END)[:, 0]
    assert beam_search(model.step, START, END, 1, 8).found[0].ids == tuple(written)


def test_a_translator_is_searched_from_its_encoders_state():
    rng = np.random.default_rng(0)
    model = Translator(5, V, 3, 6, rng)
    source = np.array([[2, 3, 4]]).T
    memory, state = model.encode(source)
    found = beam_search(partial(model.step, memory), START, END, 3, 5, state=state).found[0]
    logits, _ = model.forward(source, None, np.array([START, *found.ids[:-1]])[:, None])
    expected = log_softmax(logits)[range(len(found.ids)), 0, found.ids].sum()
    assert found.log_probability == pytest.approx(expected, rel=1e-12)


def always(p):
    """A model without memory."""
    return lambda ids, state: (np.log(np.tile(p, (len(ids), 1))), np.zeros(len(ids)))


def test_greedy_is_trapped_where_a_beam_is_not():
    """0.5 then an even split over many, against 0.4 then a sure end."""
    first, after = np.log([1e-9, 0.1, 0.5, 0.4]), np.log([[0.25] * 4, [0.25] * 4, [0.25] * 4, [1e-9, 1, 1e-9, 1e-9]])

    def step(ids, state):
        return (np.tile(first, (len(ids), 1)) if state is None else after[ids]), np.zeros(len(ids))

    assert beam_search(step, START, END, 1, 3).found[0].ids[0] == 2
    assert beam_search(step, START, END, 2, 3).found[0].ids == (3, END)


def test_it_stops_when_nothing_can_overtake():
    beam = beam_search(always([0.1, 0.8, 0.05, 0.05]), START, END, 3, 50)
    assert len(beam.kept) == 1
    assert beam.found == [Hypothesis((END,), pytest.approx(np.log(0.8)))]


def test_without_an_end_it_returns_what_it_has():
    beam = beam_search(always([0.5, 1e-12, 0.3, 0.2]), START, END, 2, 3)
    assert beam.found[0].ids == (0, 0, 0)
    assert len(beam.found) == 2


def test_length_power_prefers_the_longer():
    p = [0.3, 0.4, 0.29, 0.01]
    assert len(beam_search(always(p), START, END, 4, 4).found[0].ids) == 1
    lasting = [0.58, 0.4, 0.01, 0.01]
    assert len(beam_search(always(lasting), START, END, 4, 4, length_power=1.0).found[0].ids) == 4


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"width": 0}, ValueError, "width is 0; expected at least 1"),
        ({"width": 2.5}, TypeError, "width is 2.5, a float"),
        ({"length": 0}, ValueError, "length is 0; expected at least 1"),
        ({"length_power": -1}, ValueError, "length_power is -1; expected a number of at least 0"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        beam_search(always([0.25] * 4), START, END, **{"width": 2, "length": 3} | arguments)
