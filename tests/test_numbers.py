"""Numbers in words, against another speller; pairs, vocabularies and batches; Multi30k by the download path."""

import gzip
import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from rnn_lab.datasets import download, multi30k, numbers
from rnn_lab.datasets.translation import END, START, UNKNOWN, Pairs, Vocabulary, padded

CODES = {"English": "en", "German": "de", "French": "fr"}
ANY_NUMBER = st.integers(0, numbers.LARGEST)


def reference(number, language):
    """What num2words writes, without its commas, and without its mistake in German: 101,000 is not 'einstausend'."""
    return num2words(number, lang=CODES[language]).replace(",", "").replace("einstausend", "eintausend")


@pytest.mark.parametrize("language", CODES)
def test_every_number_below_ten_thousand_is_spelt_as_another_speller_does(language):
    spell = numbers.SPELLERS[language]
    assert [n for n in range(10_000) if spell(n) != reference(n, language)] == []


@pytest.mark.parametrize("language", CODES)
@given(number=ANY_NUMBER)
def test_larger_numbers_are_spelt_as_another_speller_does(language, number):
    assert numbers.SPELLERS[language](number) == reference(number, language)


@pytest.mark.parametrize(
    ("number", "english", "german", "french"),
    [
        (0, "zero", "null", "zéro"),
        (1, "one", "eins", "un"),
        (21, "twenty-one", "einundzwanzig", "vingt et un"),
        (71, "seventy-one", "einundsiebzig", "soixante et onze"),
        (80, "eighty", "achtzig", "quatre-vingts"),
        (91, "ninety-one", "einundneunzig", "quatre-vingt-onze"),
        (1001, "one thousand and one", "eintausendeins", "mille un"),
        (80_000, "eighty thousand", "achtzigtausend", "quatre-vingt mille"),
        (200_300, "two hundred thousand three hundred", "zweihunderttausenddreihundert", "deux cent mille trois cents"),
        (101_000, "one hundred and one thousand", "einhunderteintausend", "cent un mille"),
    ],
)
def test_numbers_that_are_easy_to_get_wrong(number, english, german, french):
    assert (numbers.english(number), numbers.german(number), numbers.french(number)) == (english, german, french)


@pytest.mark.parametrize("speller", numbers.SPELLERS.values())
@pytest.mark.parametrize(
    ("number", "error", "message"),
    [
        (-1, ValueError, "number is -1; expected 0 to 999,999"),
        (1_000_000, ValueError, "number is 1000000; expected 0 to 999,999"),
        (1.0, TypeError, "number is 1.0, a float; expected a whole number"),
        ("12", TypeError, "number is '12', a str"),
        (True, TypeError, "number is True, a bool"),
    ],
)
def test_what_is_no_number_is_refused(speller, number, error, message):
    with pytest.raises(error, match=message):
        speller(number)


def test_the_parts_share_no_number():
    split = numbers.split(np.random.default_rng(0))
    assert [len(part) for part in split] == [2000, 300, 7700, 1000]
    below = np.concatenate(split[:3])
    assert sorted(below) == list(range(10_000))
    assert set(range(100)) < set(split.train)
    assert len(set(split.longer)) == 1000
    assert [np.sum((split.longer >= 10**k) & (split.longer < 10 ** (k + 1))) for k in (4, 5)] == [500, 500]
    again = numbers.split(np.random.default_rng(0))
    assert all((one == other).all() for one, other in zip(split, again, strict=True))


@pytest.mark.parametrize("train", [99, 9700])
def test_there_is_something_to_learn_and_something_left(train):
    with pytest.raises(ValueError, match=f"train is {train} and choose 300; expected 100 at least to train on"):
        numbers.split(np.random.default_rng(0), train=train)


def test_pairs_know_every_letter_of_every_number():
    everything = {letter for n in range(10_000) for speller in numbers.SPELLERS.values() for letter in speller(n)}
    known = {letter for language in CODES for letter in numbers.pairs([1], language).target.tokens[2:]}
    assert known == everything
    with pytest.raises(ValueError, match="language is 'Danish'; expected one of English, German, French"):
        numbers.pairs([1], "Danish")


def test_a_batch_of_pairs():
    pairs = numbers.pairs([3, 12, 1])
    source, lengths, inputs, targets, mask = pairs.batch([0, 2])
    assert lengths.tolist() == [6, 4]
    read = ["".join(pairs.source.tokens[i] for i in column) for column in source.T]
    assert read == [f"three{END}", f"one{END * 3}"]
    assert [pairs.target.decode(column) for column in targets.T] == [list("drei"), list("eins")]
    assert (inputs[0] == pairs.target.start).all() and (inputs[1:] == targets[:-1]).all()
    assert mask.all() and mask.shape == (5, 2)
    *_, written = pairs.batch([0, 1])
    assert written.sum(axis=0).tolist() == [5, 6]


def test_padding():
    table, lengths = padded([[5, 6], [7], [8, 9, 4]], 0)
    assert table.T.tolist() == [[5, 6, 0], [7, 0, 0], [8, 9, 4]] and lengths.tolist() == [2, 1, 3]


@given(st.text("abc", min_size=1))
def test_a_vocabulary_gives_back_what_it_took(text):
    vocabulary = Vocabulary(["abc"])
    assert "".join(vocabulary.decode(vocabulary.encode(text))) == text


def test_a_vocabulary_of_words_has_an_id_for_the_unknown():
    vocabulary = Vocabulary([["a", "man"], ["a", "dog"]], at_least=2)
    assert vocabulary.tokens == [START, END, UNKNOWN, "a"] and len(vocabulary) == 4
    assert vocabulary.encode(["a", "cat"]) == [3, 2, 1]
    assert vocabulary.decode([3, 2, 1, 3]) == ["a", UNKNOWN]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", ValueError, "text is empty"),
        ("ab!é", ValueError, "text holds '!', 'é'; expected only tokens of 'abc'"),
        (7, TypeError, "text is 7, a int; expected a string"),
    ],
)
def test_a_text_that_cannot_be_encoded_is_named(text, error, message):
    with pytest.raises(error, match=message):
        Vocabulary(["abc"]).encode(text)


def test_pairs_are_pairs():
    vocabulary = Vocabulary(["ab"])
    with pytest.raises(ValueError, match="there are 2 texts and 1 translations; expected as many"):
        Pairs(["a", "b"], ["a"], vocabulary, vocabulary)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A mirror with a validation part of two sentences."""
    folder = tmp_path / f"{multi30k.REPOSITORY}/data/task1/raw".removeprefix("https://")
    folder.mkdir(parents=True)
    for code, text in (("en", "A dog.\nTwo men run.\n"), ("de", "Ein Hund.\nZwei Männer laufen.\n")):
        content = gzip.compress(text.encode())
        (folder / f"val.{code}.gz").write_bytes(content)
        monkeypatch.setitem(multi30k.SHA256, f"val.{code}", hashlib.sha256(content).hexdigest())
    monkeypatch.setenv("RNN_LAB_MIRROR", str(tmp_path))
    return folder


def test_multi30k_is_read_from_the_mirror(mirror):
    assert multi30k.sentences("choose") == (["A dog.", "Two men run."], ["Ein Hund.", "Zwei Männer laufen."])


def test_a_damaged_part_of_multi30k_is_refused(mirror):
    (mirror / "val.de.gz").write_bytes(b"an error page")
    with pytest.raises(ValueError, match=r"val.de.gz is damaged: its sha256 is .*; replace it"):
        multi30k.sentences("choose")
    with pytest.raises(FileNotFoundError, match=r"has no .*train.en.gz"):
        multi30k.sentences("train")
    with pytest.raises(ValueError, match="part is 'val'; expected one of train, choose, test"):
        multi30k.sentences("val")


def test_words_and_back():
    sentence = "Ein Mann im T-Shirt ruft: geht's gut?"
    assert multi30k.words(sentence) == ["Ein", "Mann", "im", "T-Shirt", "ruft", ":", "geht's", "gut", "?"]
    assert multi30k.joined(multi30k.words(sentence)) == sentence


def test_what_the_committed_command_measured():
    scores = multi30k.measured()["test BLEU"]
    assert len(scores) == 5 and all(0 < score < 100 for score in scores.values())


def test_results_that_are_missing_or_damaged_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "BUNDLED", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"data/multi30k.json is missing; .*git checkout"):
        multi30k.measured()
    (tmp_path / "multi30k.json").write_text("{}")
    with pytest.raises(ValueError, match=r"data/multi30k.json is damaged"):
        multi30k.measured()
