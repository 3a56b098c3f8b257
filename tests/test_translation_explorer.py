"""The explorer of chapter 06: translations of any number by any model, the tree's branches, every setting's picture."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from support import assert_same

from rnn_lab import plots
from rnn_lab.datasets import numbers
from rnn_lab.decoding import Hypothesis
from rnn_lab.explorers import translation
from rnn_lab.models import Translator


@pytest.fixture(autouse=True)
def _style():
    with plt.rc_context():
        plots.use_style()
        yield


def model_of(language="German", seed=0, **options):
    """A translator that has learnt nothing: what it writes is nonsense, and does not end."""
    pairs = numbers.pairs([0], language)
    rng = np.random.default_rng(seed)
    model = Translator(len(pairs.source), len(pairs.target), 4, 6, rng, **options)
    model.readout.params["b"][pairs.target.end] = -5
    return model


@pytest.mark.parametrize("language", numbers.SPELLERS)
@pytest.mark.parametrize("width", [1, 3, translation.WIDEST])
def test_any_number_is_translated(language, width):
    model = model_of(language)
    for number in (0, 7, 4721, 9999, 10_000, numbers.LARGEST):
        found = translation.compute(model, number, width, language)
        T, S = len(found.ids), len(found.read) + 1
        assert found.read == numbers.english(number) and found.expected == numbers.SPELLERS[language](number)
        assert found.weights.shape == (T, S) and T <= translation.LONGEST
        assert_same(found.weights.sum(axis=1), np.ones(T))
        assert_same(found.probabilities.sum(axis=1), np.ones(T))
        assert len(found.written) == T - (found.letters[found.ids[-1]] == translation.END)
        chosen = np.log(found.probabilities[range(T), found.ids]).sum()
        assert found.beam.found[0].log_probability == pytest.approx(chosen, rel=1e-9)


def test_what_cannot_be_translated_is_named():
    for number, error, message in [
        (-1, ValueError, "number is -1; expected 0 to 999,999"),
        (10**6, ValueError, "number is 1000000; expected 0 to 999,999"),
        ("7", TypeError, "number is '7', a str"),
    ]:
        with pytest.raises(error, match=message):
            translation.compute(model_of(), number)
    with pytest.raises(ValueError, match="language is 'Danish'; expected one of"):
        translation.compute(model_of(), 1, language="Danish")
    with pytest.raises(ValueError, match="model has no attention"):
        translation.explorer(model_of(attention=False))


def test_branches_join_what_was_kept():
    kept = [
        [Hypothesis((2,), -0.1), Hypothesis((3,), -0.2)],
        [Hypothesis((3, 2), -0.3), Hypothesis((2, 2), -0.4)],
        [Hypothesis((2, 2, 3), -0.5), Hypothesis((2, 2, 2), -0.6)],
    ]
    assert translation.branches(kept) == [(0, 0, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (2, 1, 0), (2, 1, 1)]


def test_letters_are_right_in_their_places():
    found = translation.compute(model_of(), 1)
    ids = [found.letters.index(letter) for letter in f"eint{translation.END}"]
    wrong = Hypothesis(tuple(ids), 0.0)
    found.beam.found[:] = [wrong]
    assert translation.right_so_far(found) == [True, True, True, False, True]
    found.beam.found[:] = [Hypothesis((*ids[:3], ids[3], ids[3], ids[4]), 0.0)]
    assert translation.right_so_far(found) == [True, True, True, False, False, False]


def test_every_setting_has_a_picture():
    panel = translation.explorer(model_of())
    controls = {control.description: control for control in panel.children[0].children}
    start = panel.live.frame
    for name, values in {
        "number": (0, 12, 3333, 9999),
        "plus ten thousands": (1, 50, 99),
        "beam width": (1, 2, 5),
        "letters taken back": (1, 2, 89),
    }.items():
        before = controls[name].value
        frames = []
        for value in values:
            controls[name].value = value
            assert not panel.live.error, f"{name} = {value}: {panel.live.error}"
            frames.append(panel.live.frame)
        assert len({start, *frames}) == len(frames) + 1, f"two settings of {name} look alike"
        controls[name].value = before
        assert panel.live.frame == start, f"{name} leaves a trace"
    assert panel.live.backdrop_draws == 1


def test_a_short_word_and_a_long_one_stay_inside_the_picture():
    panel = translation.explorer(model_of())
    controls = {control.description: control for control in panel.children[0].children}
    (heading,) = panel.live.fig.axes[0].texts
    for number, ten_thousands in ((0, 0), (7777, 77)):
        controls["number"].value, controls["plus ten thousands"].value = number, ten_thousands
        assert heading.get_window_extent().x1 <= panel.live.fig.bbox.x1
        for axes in panel.live.fig.axes:
            for collection in axes.collections:
                places = axes.transData.transform(np.asarray(collection.get_offsets()).reshape(-1, 2))
                assert (places >= 0).all() and (places <= panel.live.fig.bbox.size).all()
