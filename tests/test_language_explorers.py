"""The explorers of chapter 04: what they compute, and their picture for every setting, on small random models."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from controls import SILLY_TEXTS, Controls
from ipywidgets import Button
from support import assert_same

from rnn_lab import plots
from rnn_lab.datasets.text import PRINTABLE
from rnn_lab.decoding import probabilities
from rnn_lab.explorers import autocomplete, lettering, look_back, text_units
from rnn_lab.models import Architecture, LanguageModel, NGrams
from rnn_lab.nn import GRU, LSTM, RNN

TEXT = 'Open a file (or "a folder") and\n    read `it`.\n\nReturn what (was read.\n\nNo [more], "said" the file.\n' * 4


@pytest.fixture(autouse=True)
def _style():
    with plt.rc_context():
        plots.use_style()
        yield


def small_model(cell="LSTM", seed=0):
    return Architecture(cell, 12, 6, len(PRINTABLE)).build(np.random.default_rng(seed))


# --- autocomplete --------------------------------------------------------------------------------------------------


def test_a_completion_is_read_after_the_whole_prompt():
    model = small_model()
    reader = autocomplete.Reader(model.step)
    for prompt in ("", "Ret", "Return", "Re", "Return a"):  # forwards, backwards, on
        completion = autocomplete.compute(reader, prompt, temperature=0.8, top_k=7)
        logits, _, _ = model.forward(PRINTABLE.encode("\n\n\n" + prompt)[:, None])
        np.testing.assert_allclose(completion.probabilities, probabilities(logits[-1, 0], 0.8, 7), atol=1e-6)


def test_a_proposal_ends_with_a_word_and_depends_on_the_draw():
    model = NGrams(PRINTABLE.encode(TEXT), 5, len(PRINTABLE))
    reader = autocomplete.Reader(model.step)
    proposals = {autocomplete.compute(reader, "Open a fi", 0.5, 96, draw).proposal for draw in range(5)}
    assert any(proposal.startswith("le ") for proposal in proposals)
    assert all(1 <= len(proposal) <= 16 for proposal in proposals)


def test_a_long_prompt_is_read_from_near_its_end():
    reader = autocomplete.Reader(small_model().step)
    for length, read in [(299, 299), (300, 150), (301, 151), (5000, 200)]:
        assert len(autocomplete.compute(reader, "x" * length).read) == read


def test_unknown_characters_are_read_as_a_question_mark_and_named():
    completion = autocomplete.compute(autocomplete.Reader(small_model().step), "naïve\tcafé")
    assert completion.read == "na?ve?caf?"
    assert completion.unknown == "\téï"


def flat(box):
    for child in box.children:
        yield from flat(child) if hasattr(child, "children") else [child]


def test_autocomplete_draws_every_prompt_and_every_setting():
    panel = autocomplete.explorer(small_model().step)
    widgets = {widget.description: widget for widget in flat(panel.children[0])}
    for prompt in SILLY_TEXTS:
        widgets["prompt"].value = prompt
        assert panel.live.error == "", prompt
    widgets["prompt"].value = "Return"
    for name, values in {"temperature": [0.1, 2.0], "top-k": [1, 50, 96], "another proposal": [1, 30]}.items():
        for value in values:
            before = panel.live.frame
            widgets[name].value = value
            assert panel.live.error == "" and panel.live.frame != before, (name, value)
    assert panel.live.backdrop_draws == 1


def test_accepting_writes_the_proposal_into_the_prompt():
    panel = autocomplete.explorer(NGrams(PRINTABLE.encode(TEXT), 5, 96).step, prompt="Open a fi")
    widgets = list(flat(panel.children[0]))
    (prompt,), (accept,) = (
        [w for w in widgets if w.description == "prompt"],
        [w for w in widgets if type(w) is Button],
    )
    accept.click()
    assert prompt.value.startswith("Open a file")
    first = prompt.value
    accept.click()
    assert prompt.value.startswith(first) and len(prompt.value) > len(first)


# --- units ---------------------------------------------------------------------------------------------------------


def test_what_is_followed():
    text = 'a (b [c] d) e\n  "f" g\n\n(h\n\ni'
    marks = {name: follow(text) for name, follow in text_units.FOLLOWED.items()}
    inside = "".join(
        character for character, mark in zip(text, marks["inside (...), [...] or {...}"], strict=True) if mark
    )
    assert inside == "b [c] d)h\n"
    quoted = "".join(character for character, mark in zip(text, marks['inside "..." or `...`'], strict=True) if mark)
    assert quoted == 'f"'
    lines = text.split("\n")
    assert marks["position in the line"].tolist() == [i for line in lines for i in range(len(line) + 1)][: len(text)]
    assert marks["indentation of the line"][text.index("f")] == 2
    assert marks["position in the word"][text.index("b") :][:3].tolist() == [0, 1, 0]


def test_correlations_are_those_of_numpy():
    model = small_model()
    units = text_units.compute(model, TEXT)
    follow = text_units.FOLLOWED["position in the line"]
    for unit in (0, 7):
        expected = np.corrcoef(units.activity[:-1, unit], follow(TEXT)[1:])[0, 1]
        assert units.correlations["position in the line"][unit] == pytest.approx(expected, abs=0.02)
    ranked = np.abs(units.correlations["position in the line"])[units.ranked("position in the line")]
    assert (np.diff(ranked) <= 0).all() and sorted(units.ranked("position in the line")) == list(range(12))


def test_the_units_explorer_draws_every_setting():
    controls = Controls(text_units.explorer(TEXT, Architecture("GRU", 40, 6, 96).build(np.random.default_rng(0))))
    controls.assert_every_setting_draws()
    controls.assert_ends_differ_in_pixels()


# --- looking back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [RNN, GRU, LSTM])
def test_the_sizes_are_those_of_the_gradient(cell):
    rng = np.random.default_rng(0)
    model, ids = LanguageModel(len(PRINTABLE), 3, cell(3, 8, rng), rng), PRINTABLE.encode("a(b)c[d]e.")
    table = model.params["embedding.E"]  # each character stands in the text once
    back = look_back.compute(model, ids)
    for place in range(len(ids) - 1):
        gradient = np.zeros(3)
        for entry in range(3):
            scores = []
            for step in (1e-6, -2e-6):
                table[ids[place], entry] += step
                scores.append(model.forward(ids[:-1, None])[0][-1, 0, ids[-1]])
            table[ids[place], entry] += 1e-6
            gradient[entry] = (scores[0] - scores[1]) / 2e-6
        assert back.sizes[place] == pytest.approx(np.linalg.norm(gradient), rel=1e-5)
    p = probabilities(model.forward(ids[:-1, None])[0][-1, 0])
    assert back.probability == pytest.approx(p[ids[-1]])
    assert back.sizes[-back.reach :].sum() >= 0.9 * back.sizes.sum() > back.sizes[::-1][: back.reach - 1].sum()


@pytest.mark.parametrize("cell", [RNN, GRU, LSTM])
@pytest.mark.parametrize("place", [1, 2, 32, 33, 34, 64, 65, 99])
def test_who_reads_in_blocks_looks_back_as_who_reads_at_once(cell, place):
    rng = np.random.default_rng(0)
    model, ids = LanguageModel(9, 3, cell(3, 8, rng), rng), rng.integers(0, 9, 100)
    back = look_back.Reader(model, ids).look_back(place)
    x, _ = model.embedding.forward(ids[:place, None])
    h, _, layer = model.layer.forward(x)
    dh = np.zeros_like(h)
    dh[-1, 0] = model.readout.params["W"][ids[place]]
    dx, _, _ = model.layer.backward(dh, layer)
    assert_same(back.sizes, np.linalg.norm(dx[:, 0], axis=1))


def test_what_has_faded_is_zero_and_not_subnormal():
    rng = np.random.default_rng(0)
    layer = RNN(3, 8, rng, dtype=np.float32)
    layer.params["U"][:] = 0.2 * np.eye(8)
    back = look_back.compute(LanguageModel(9, 3, layer, rng), rng.integers(0, 9, 200))
    assert (back.sizes[:100] == 0).all()
    assert back.sizes[back.sizes > 0].min() > np.finfo(np.float32).tiny


def test_look_back_draws_every_place():
    models = {cell: small_model(cell) for cell in ("RNN", "GRU", "LSTM")}
    controls = Controls(look_back.explorer(TEXT, 50, models))
    controls.assert_every_setting_draws()
    controls.assert_ends_differ_in_pixels()


# --- letters -------------------------------------------------------------------------------------------------------


def test_letters_stand_where_a_reader_expects_them():
    assert lettering.places("ab\nc", 3).tolist() == [[0, 0], [0, 1], [0, 2], [1, 0]]
    assert lettering.places("abcd", 3).tolist() == [[0, 0], [0, 1], [0, 2], [1, 0]]
    assert lettering.places("abc\nd", 3).tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [2, 0]]
