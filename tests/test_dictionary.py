"""The dictionary: words that belong together are found, though they never stand alone."""

from rnn_lab.models.dictionary import WordDictionary

TEXTS = ["the dog sleeps", "the cat sleeps", "the dog eats", "the cat eats fish", "the dog eats fish"]
TRANSLATIONS = [
    "der hund schläft",
    "die katze schläft",
    "der hund frisst",
    "die katze frisst fisch",
    "der hund frisst fisch",
]


def learnt(rounds=20):
    return WordDictionary([text.split() for text in TEXTS], [text.split() for text in TRANSLATIONS], rounds)


def test_each_word_finds_its_own():
    entries = learnt().entries
    assert {word: entries[word] for word in ("sleeps", "eats", "fish")} == {
        "sleeps": "schläft",
        "eats": "frisst",
        "fish": "fisch",
    }
    assert entries["dog"] in ("der", "hund") and entries["cat"] in ("die", "katze")  # they always come together


def test_a_text_is_translated_word_by_word_and_the_unknown_stays():
    assert learnt().translate("fish eats Bello".split()) == ["fisch", "frisst", "Bello"]


def test_one_round_counts_and_more_explain():
    """Two sentences: `a` is in both, so `x` is explained by it, and `b` must be `y`."""
    texts, translations = [["a", "b"], ["a"]], [["x", "y"], ["x"]]
    assert WordDictionary(texts, translations, rounds=5).entries == {"a": "x", "b": "y"}
