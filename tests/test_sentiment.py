"""Sentences with a verdict: the grammar's labels by a reader of its own, words as numbers, the public sentences."""

import re
from collections import Counter

import numpy as np
import pytest

from rnn_lab.datasets import opinions as grammar
from rnn_lab.datasets import sentiment
from rnn_lab.datasets.opinions import Clause, draw_held_out, generate, opinions, part_and_kind, write, write_long
from rnn_lab.datasets.sentiment import Words, split_words

POLARITY = {
    word: sign for sign, lists in ((1, grammar.GOOD), (-1, grammar.BAD)) for words in lists.values() for word in words
}
TURNS = re.compile(r"i doubt that|nobody would say|\bnot\b|never|hardly|by no means|far from|anything but")


def verdict(words):
    """Read a sentence: what its conjunctions leave standing, clause by clause."""
    text = " ".join(words)
    for opening in filter(None, grammar.OPENINGS):
        text = text.removeprefix(f"{opening} ")
    if text.startswith("although "):
        kept = text.split(" , ")[-1]
    else:
        kept = re.split(r" , yet | (?<!anything )but ", text.split(" , although ")[0])[-1]
    (value,) = {
        POLARITY[word] * (-1) ** len(TURNS.findall(clause))
        for clause in kept.split(" and ")
        for word in clause.split()
        if word in POLARITY
    }
    return int(value == 1)


@pytest.fixture(scope="module")
def parts():
    return opinions(seed=3, train=1500, choose=600, test=600)


def test_the_labels_are_those_that_a_reader_finds(parts):
    for sentence in (*parts.train, *parts.choose, *parts.test):
        assert verdict(sentence.words) == sentence.label, " ".join(sentence.words)


def test_long_and_doubly_turned_sentences_too():
    rng = np.random.default_rng(0)
    for label in (0, 1) * 20:
        assert verdict(write_long(int(rng.integers(1, 9)), label, rng)) == label
        assert verdict(write("alone", [Clause("i doubt that", "not", "adjective")], label, rng)) == label


def test_the_parts_have_what_they_should_and_no_construction_in_common(parts):
    assert [len(part) for part in parts] == [1500, 600, 600]
    assert {sentence.kind for sentence in parts.train} == {"trained"}
    assert Counter(sentence.kind for sentence in parts.choose)["trained"] == 200
    new = {"new pair", "new scope", "two negations"}
    assert {sentence.kind for sentence in parts.test} == new
    for part in parts:
        assert 0.4 < np.mean([sentence.label for sentence in part]) < 0.6
    trained = " ".join(word for sentence in parts.train for word in sentence.words if word not in grammar.DEGREES)
    adjective, verb = ("|".join(grammar.GOOD[head] + grammar.BAD[head]) for head in ("adjective", "verb"))
    for new_pair in (
        "(hardly|never) a ",
        f"(never|anything but|far from) ({adjective}) ",
        f"(by no means|not) ({verb}) ",
    ):
        assert not re.search(new_pair, trained)
    assert re.search("hardly (brilliant|dull)", trained) and re.search("not a ", trained)


def test_every_word_of_the_other_parts_is_in_training():
    parts = opinions()
    known = {word for sentence in parts.train for word in sentence.words}
    assert {word for part in parts for sentence in part for word in sentence.words} == known
    assert len(known) > 190


def test_a_seed_gives_the_same_sentences_again():
    assert opinions(1, 20, 20, 20) == opinions(1, 20, 20, 20) != opinions(2, 20, 20, 20)


@pytest.mark.parametrize(
    ("frame", "clauses", "expected"),
    [
        ("alone", [Clause("", "not", "adjective")], ("train", "trained")),
        ("alone", [Clause("", "hardly", "noun")], ("test", "new pair")),
        ("alone", [Clause("", "never", "noun")], ("choose", "new pair")),
        ("but", [Clause("", "never", "verb"), Clause("", "hardly", "verb")], ("test", "two negations")),
        ("but", [Clause("", "not", "noun"), Clause("", "never", "verb")], ("choose", "two negations")),
        ("and", [Clause("", "not", "noun"), Clause("", "hardly", "verb")], ("train", "trained")),
        ("but", [Clause("", "", "noun"), Clause("i doubt that", "", "verb")], ("choose", "new scope")),
        ("yet", [Clause("nobody would say that", "", "noun"), Clause("", "", "verb")], ("test", "new scope")),
        ("and", [Clause("", "", "noun"), Clause("i doubt that", "", "verb")], ("train", "trained")),
        ("and", [Clause("i doubt that", "", "noun"), Clause("", "", "verb")], ("", "")),
        ("but", [Clause("", "hardly", "noun"), Clause("", "not", "noun")], ("", "")),
    ],
)
def test_a_construction_belongs_to_one_part(frame, clauses, expected):
    assert part_and_kind(frame, clauses) == expected


@pytest.mark.parametrize("seed", range(20))
def test_other_constructions_can_be_drawn_to_be_held_out(seed):
    drawn = draw_held_out(np.random.default_rng(seed))
    assert drawn == draw_held_out(np.random.default_rng(seed)) != grammar.HELD_OUT
    for mine, usual in zip(drawn, grammar.HELD_OUT, strict=True):
        assert {part: len(held) for part, held in mine.items()} == {part: len(held) for part, held in usual.items()}
        assert not mine["choose"] & mine["test"]
    assert drawn.first["choose"] | drawn.first["test"] == {*grammar.AROUND, *grammar.WITHIN}
    held = drawn.pairs["choose"] | drawn.pairs["test"]
    assert all({(within, head) for head in heads} - held for within, heads in grammar.WITHIN.items())


def test_what_is_drawn_is_held_out():
    drawn = draw_held_out(np.random.default_rng(1))
    parts = opinions(train=600, choose=90, test=90, held_out=drawn)
    for part in ("choose", "test"):
        for within, head in drawn.pairs[part]:
            construction = "alone", [Clause("", within, head)]
            assert part_and_kind(*construction, drawn) == (part, "new pair")
    assert {sentence.kind for sentence in parts.train} == {"trained"} != {sentence.kind for sentence in parts.test}


def test_the_same_words_may_praise_or_not():
    """Two sentences of the same words with opposite verdicts: no bag of words tells both."""
    one = "although the plot is dull , the cast is fresh .".split()
    other = "although the cast is fresh , the plot is dull .".split()
    assert sorted(one) == sorted(other)
    assert (verdict(one), verdict(other)) == (1, 0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: opinions(train=0), ValueError, "count is 0; expected at least 1"),
        (
            lambda: generate("exam", 3, np.random.default_rng(0)),
            ValueError,
            "part is 'exam'; expected one of train, ch",
        ),
        (lambda: generate("test", 3, 0), TypeError, "rng is 0; expected a generator"),
        (
            lambda: write("but", [Clause("", "", "noun")], 1, np.random.default_rng(0)),
            ValueError,
            "clauses has 1; expected 2 for",
        ),
        (lambda: write_long(0, 1, np.random.default_rng(0)), ValueError, "concessions is 0; expected at least 1"),
        (lambda: Words([[]]), ValueError, "sentences has no word that comes 1 times; expected one at least"),
        (lambda: Words([["a"]]).encode("a"), TypeError, "words is a text; expected a list of words"),
        (lambda: Words([["a"]]).batch([]), ValueError, "sentences is empty; expected at least one sentence"),
        (lambda: split_words(["a"]), TypeError, "text is a list; expected a sentence"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_words_are_split_from_their_punctuation():
    assert split_words("It's NOT bad, well-made!") == ["it's", "not", "bad", ",", "well-made", "!"]
    assert split_words("  ") == []


def test_words_are_numbered_and_padded():
    words = Words([["b", "a"], ["b"]], at_least=1)
    assert words.words == ["<padding>", "<unknown>", "a", "b"]
    assert len(words) == 4 and "a" in words and "c" not in words
    ids, lengths = words.batch([["a", "c", "b"], [], ["b"] * 2])
    assert ids.T.tolist() == [[2, 1, 3], [1, 0, 0], [3, 3, 0]]
    assert lengths.tolist() == [3, 1, 2]
    assert Words([["b", "a"], ["b"]], at_least=2).words[2:] == ["b"]


def write_mirror(folder, texts):
    for (url, _), text in zip(sentiment.ROTTEN_TOMATOES, texts, strict=True):
        file = folder / url.split("://")[1]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text)


def test_a_corrupt_download_is_named(tmp_path, monkeypatch):
    write_mirror(tmp_path, [b"half a sen", b""])
    monkeypatch.setenv("RNN_LAB_MIRROR", str(tmp_path))
    with pytest.raises(ValueError, match=r"is damaged: its sha256 is .*; replace it"):
        sentiment.rotten_tomatoes()


def test_public_sentences_are_divided_by_their_text_alone(tmp_path, monkeypatch):
    lines = [f"sentence {n} is fine .\n" for n in range(400)]
    write_mirror(tmp_path, ["".join(lines).encode(), "".join(reversed(lines)).encode()])
    monkeypatch.setenv("RNN_LAB_MIRROR", str(tmp_path))
    monkeypatch.setattr("rnn_lab.datasets.download._digest", lambda path, algorithm: "")
    monkeypatch.setattr(sentiment, "ROTTEN_TOMATOES", [(url, "") for url, _ in sentiment.ROTTEN_TOMATOES])
    parts = sentiment.rotten_tomatoes()
    assert sum(map(len, parts)) == 800
    for part in parts:
        by_label = [sorted(" ".join(s.words) for s in part if s.label == label) for label in (0, 1)]
        assert by_label[0] == by_label[1]
    assert 20 < len(parts.test) < 140 and 20 < len(parts.choose) < 140
