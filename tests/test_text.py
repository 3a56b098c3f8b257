"""Texts: characters as numbers, docstrings without leaks, downloads, and streams with a carried state."""

import ast
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_lab.datasets import text
from rnn_lab.datasets.text import PRINTABLE, Characters, docstrings
from rnn_lab.models import LanguageModel, TextBatch
from rnn_lab.models.streams import Stream, as_columns, cross_entropy
from rnn_lab.nn import LSTM, Adam, softmax_cross_entropy
from rnn_lab.training import fit


@given(st.text(alphabet=PRINTABLE.characters))
def test_decoding_undoes_encoding(sentence):
    ids = PRINTABLE.encode(sentence)
    assert ids.shape == (len(sentence),) and ids.dtype == np.int64
    assert PRINTABLE.decode(ids) == sentence


def test_the_printable_vocabulary_is_fixed():
    assert len(PRINTABLE) == 96
    assert PRINTABLE.characters[0] == "\n"
    assert set(PRINTABLE.characters) == set(string.printable) - set("\t\r\x0b\x0c")
    assert "\n" in PRINTABLE and "\t" not in PRINTABLE


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: PRINTABLE.encode("naïve"), ValueError, "text holds 'ï' at position 2; expected characters of the voc"),
        (lambda: PRINTABLE.encode(["a"]), TypeError, "text is a list; expected a text"),
        (lambda: PRINTABLE.decode([0, 96]), ValueError, "ids holds values from 0 to 96; expected 0 to 95"),
        (lambda: PRINTABLE.decode([0.5]), TypeError, "ids holds values of type float64; expected whole numbers"),
        (lambda: PRINTABLE.decode([[1]]), ValueError, r"ids has shape \(1, 1\); expected \(T,\)"),
        (lambda: Characters("aba"), ValueError, "characters is 'aba'; expected each character once"),
        (lambda: Characters(""), ValueError, "one at least"),
        (lambda: Characters(["a"]), TypeError, "characters is a list"),
    ],
)
def test_bad_characters_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_docstrings_are_printable_and_no_part_quotes_another():
    parts = docstrings()
    for part, least in [(parts.train, 900_000), (parts.choose, 80_000), (parts.test, 70_000)]:
        assert len(part) > least
        assert set(part) <= set(PRINTABLE.characters)
    known = {line for line in parts.train.split("\n") if len(line) >= 40}
    for part in (parts.choose, parts.test):
        lines = [line for line in part.split("\n") if len(line) >= 40]
        assert sum(line in known for line in lines) < 0.02 * len(lines)


def test_of_equal_docstrings_the_first_is_kept_and_tests_are_left_out(tmp_path, monkeypatch):
    names = {text._part_of(f"module{number}"): f"module{number}" for number in range(50)}
    assert names.keys() == {"train", "choose", "test"}
    for part, name in names.items():
        (tmp_path / f"{name}.py").write_text(f'"""Only in {part}."""\ndef f():\n    "The same everywhere."\n')
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "test_all.py").write_text('"""A test."""')
    (tmp_path / "zzz.py").write_text('"""Wörter."""')
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    found = vars(docstrings.__wrapped__())
    assert {part: content.split("\n\n\n")[0] for part, content in found.items()} == {
        part: f"Only in {part}." for part in names
    }
    together = "".join(found.values())
    assert together.count("The same everywhere.") == 1
    assert "A test." not in together and "rter" not in together


def test_docstrings_are_those_of_modules_classes_and_functions_wherever_they_stand():
    source = '''"""Module."""
class A:
    """Class."""
    async def f():
        """Method."""
        "no docstring"
if True:
    def g():
        r"""Nested \\d."""
try:
    pass
except ValueError:
    def h():
        """Handled."""
def bare():
    pass
'''
    expected = ["Module.", "Class.", "Method.", r"Nested \d.", "Handled."]
    assert list(text._docstrings_of(ast.parse(source))) == expected


def test_a_module_and_its_twin_in_python_share_a_part():
    assert text._part_of("_pydatetime") == text._part_of("datetime") == "test"


def test_a_python_without_sources_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(FileNotFoundError, match="has no Python files with docstrings; use a Python that brings"):
        docstrings.__wrapped__()


@pytest.mark.parametrize(
    ("load", "url"),
    [(text.tiny_shakespeare, text.SHAKESPEARE_URL), (text.time_machine, text.TIME_MACHINE_URL)],
)
def test_a_corrupt_download_is_named(load, url, tmp_path, monkeypatch):
    file = tmp_path / url.split("://")[1]
    file.parent.mkdir(parents=True)
    file.write_text("half a pl")
    monkeypatch.setenv("RNN_LAB_MIRROR", str(tmp_path))
    with pytest.raises(ValueError, match=r"is damaged: its sha256 is .*; replace it"):
        load()


def test_a_downloaded_text_is_divided_in_its_order():
    parts = text._in_three("".join(chr(i) for i in range(100, 1100)))
    assert (len(parts.train), len(parts.choose), len(parts.test)) == (810, 90, 100)
    assert parts.train[-1] < parts.choose[0] < parts.choose[-1] < parts.test[0]


def small_model(dropout=0.0):
    rng = np.random.default_rng(0)
    return LanguageModel(11, 4, LSTM(4, 6, rng), rng, dropout=dropout)


IDS = np.random.default_rng(1).integers(0, 11, 500)


def test_columns_read_downwards():
    assert as_columns(np.arange(7), 3).T.tolist() == [[0, 1], [2, 3], [4, 5]]


def test_a_stream_goes_on_where_it_ended():
    """Two blocks score what one twice as long scores, and the columns are read through without a gap."""
    model, rng = small_model(), np.random.default_rng(0)
    stream = Stream(model, IDS, columns=5, steps=8)
    first = stream.next_batch(rng)
    loss_1, _ = stream.loss_and_grads(first)
    second = stream.next_batch(rng)
    loss_2, _ = stream.loss_and_grads(second)
    np.testing.assert_array_equal(np.concatenate([first.ids, second.ids]), as_columns(IDS, 5)[:16])
    np.testing.assert_array_equal(np.concatenate([first.targets, second.targets]), as_columns(IDS, 5)[1:17])
    logits, _, _ = model.forward(as_columns(IDS, 5)[:16])
    whole, _ = softmax_cross_entropy(logits, as_columns(IDS, 5)[1:17])
    assert (loss_1 + loss_2) / 2 == pytest.approx(whole, abs=1e-12)


def test_a_stream_ends_its_gradient_at_the_block():
    model, rng = small_model(), np.random.default_rng(0)
    stream = Stream(model, IDS, columns=5, steps=8)
    stream.loss_and_grads(stream.next_batch(rng))
    batch = stream.next_batch(rng)
    assert batch.state is not None
    _, grads = stream.loss_and_grads(batch)
    _, expected = model.loss_and_grads(batch)
    for name in expected:
        np.testing.assert_array_equal(grads[name], expected[name])


def test_at_the_bottom_a_stream_begins_again():
    stream, rng = Stream(small_model(), IDS, columns=5, steps=30), np.random.default_rng(0)
    blocks = []
    for _ in range(8):
        blocks.append(stream.next_batch(rng))
        stream.loss_and_grads(blocks[-1])
    assert [block.state is None for block in blocks[:4]] == [True, False, False, True]  # of 100 rows, 90 are read
    assert all(np.shape(block.ids) == np.shape(block.targets) == (30, 5) for block in blocks)


def test_a_stream_trains_with_fit():
    stream = Stream(small_model(dropout=0.1), np.tile(np.arange(11), 60), columns=4, steps=10)
    history = fit(
        stream, stream.next_batch, Adam(0.02), steps=150, rng=np.random.default_rng(0), max_norm=1.0, progress=False
    )
    assert np.mean(history.losses[-20:]) < 0.5 < history.losses[0]


def test_cross_entropy_does_not_depend_on_the_size_of_the_blocks():
    model = small_model()
    rows = as_columns(IDS, 3)
    expected, _ = model.loss_and_grads(TextBatch(rows[:-1], rows[1:]))
    for steps in (7, 55, 1000):
        assert cross_entropy(model, IDS, columns=3, steps=steps) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Stream(small_model(), IDS, 50, 5), ValueError, r"ids gives 10 rows in 50 columns; expected more than"),
        (lambda: as_columns([1, 2, 3], 2), ValueError, "ids has 3 tokens; expected two for each of the 2 columns"),
        (lambda: as_columns([0.5] * 9, 2), TypeError, "type float64; expected whole numbers"),
        (lambda: as_columns([[1, 2]], 1), TypeError, r"ids has shape \(1, 2\)"),
        (lambda: cross_entropy(small_model(), IDS, columns=0), ValueError, "columns is 0"),
    ],
)
def test_bad_streams_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
