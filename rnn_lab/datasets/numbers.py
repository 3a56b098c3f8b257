"""Numbers in words: spellers for three languages, and pairs of them to translate."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnn_lab.datasets.translation import Pairs, Vocabulary

LARGEST = 999_999
COUNTED_BELOW, LEARNT_BELOW = 100, 10_000
_ENGLISH = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_ENGLISH_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_GERMAN = (
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn"
).split()
_GERMAN_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
_FRENCH = (
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit "
    "dix-neuf"
).split()
_FRENCH_TENS = "vingt trente quarante cinquante soixante".split()


def english(number: int) -> str:
    """Return a number in British English: ``two thousand three hundred and forty-five``.

    Raises
    ------
    TypeError, ValueError
        If it is not a whole number from 0 to 999,999.
    """
    number = _checked(number)
    if number >= 1000:
        thousands, rest = divmod(number, 1000)
        joint = " and " if rest < 100 else " "
        return f"{english(thousands)} thousand" + (joint + english(rest) if rest else "")
    if number >= 100:
        hundreds, rest = divmod(number, 100)
        return f"{_ENGLISH[hundreds]} hundred" + (f" and {english(rest)}" if rest else "")
    if number >= 20:
        tens, units = divmod(number, 10)
        return _ENGLISH_TENS[tens - 2] + (f"-{_ENGLISH[units]}" if units else "")
    return _ENGLISH[number]


def german(number: int) -> str:
    """Return a number in German, one word, the units before the tens: ``zweitausenddreihundertfünfundvierzig``.

    Raises
    ------
    TypeError, ValueError
        If it is not a whole number from 0 to 999,999.
    """
    number = _checked(number)
    if number >= 100:
        size, name = (1000, "tausend") if number >= 1000 else (100, "hundert")
        count, rest = divmod(number, size)
        return _before_a_noun(german(count)) + name + (german(rest) if rest else "")
    if number >= 20:
        tens, units = divmod(number, 10)
        return (_before_a_noun(_GERMAN[units]) + "und" if units else "") + _GERMAN_TENS[tens - 2]
    return _GERMAN[number]


def _before_a_noun(words: str) -> str:
    """Drop the last letter of ``eins``: it is said only at the end."""
    return words.removesuffix("s") if words.endswith("eins") else words


def french(number: int) -> str:
    """Return a number in the French of France: ``deux mille trois cent quarante-cinq``, ``quatre-vingt-dix-sept``.

    Raises
    ------
    TypeError, ValueError
        If it is not a whole number from 0 to 999,999.
    """
    number = _checked(number)
    if number >= 1000:
        thousands, rest = divmod(number, 1000)
        count = french(thousands)
        if thousands % 100 in (80, 0):
            count = count.removesuffix("s")  # the plural of cent and vingt is written only at the end
        return ("" if thousands == 1 else f"{count} ") + "mille" + (f" {french(rest)}" if rest else "")
    if number >= 100:
        hundreds, rest = divmod(number, 100)
        count = "" if hundreds == 1 else f"{_FRENCH[hundreds]} "
        return f"{count}cent" + (f" {french(rest)}" if rest else "s" if hundreds > 1 else "")
    if number >= 80:
        return "quatre-vingt" + (f"-{french(number - 80)}" if number > 80 else "s")
    if number >= 20:
        tens, units = divmod(number, 10)
        if tens == 7:
            tens, units = 6, units + 10  # seventy is sixty and ten
        joint = " et " if units in (1, 11) else "-"
        return _FRENCH_TENS[tens - 2] + (joint + _FRENCH[units] if units else "")
    return _FRENCH[number]


SPELLERS: dict[str, Callable[[int], str]] = {"English": english, "German": german, "French": french}
EVERY_WORD = (*range(100), 100, 200, 1000)  # numbers that hold every letter


class Split(NamedTuple):
    """Numbers in four parts, none of which has one of another.

    Attributes
    ----------
    train, choose, test : ndarray of int
        Below 10,000: to learn from, to choose by, and all others, to be looked at once. All below 100 are learnt: a
        draw of a few thousand would hold hardly any of them.
    longer : ndarray of int
        As many of five digits as of six, which are longer than anything learnt.
    """

    train: NDArray
    choose: NDArray
    test: NDArray
    longer: NDArray


def split(rng: np.random.Generator, train: int = 2000, choose: int = 300, longer: int = 1000) -> Split:
    """Draw which numbers are learnt and which are asked for.

    Parameters
    ----------
    rng : numpy.random.Generator
    train, choose, longer : int
        How many of each; all that are left below 10,000 are for the test.

    Raises
    ------
    ValueError
        If there is no room for the first hundred, or nothing would be left for the test.
    """
    if not COUNTED_BELOW <= train < train + choose < LEARNT_BELOW:
        raise ValueError(
            f"train is {train} and choose {choose}; expected {COUNTED_BELOW} at least to train on, "
            f"and together fewer than {LEARNT_BELOW}"
        )
    rest = rng.permutation(np.arange(COUNTED_BELOW, LEARNT_BELOW))
    drawn, chosen_by, unseen = np.split(rest, [train - COUNTED_BELOW, train - COUNTED_BELOW + choose])
    learnt = np.concatenate([np.arange(COUNTED_BELOW), drawn])
    above = [rng.choice(np.arange(first, 10 * first), longer // 2, replace=False) for first in (10_000, 100_000)]
    return Split(learnt, chosen_by, unseen, np.concatenate(above))


def pairs(numbers: Sequence[int] | NDArray, language: str = "German") -> Pairs:
    """Return numbers in English and in another language, character by character.

    Parameters
    ----------
    numbers : sequence of int
    language : {"German", "French", "English"}

    Raises
    ------
    TypeError, ValueError
        If a number is not one from 0 to 999,999, or nobody here speaks the language.
    """
    if language not in SPELLERS:
        raise ValueError(f"language is {language!r}; expected one of {', '.join(SPELLERS)}")
    spell = SPELLERS[language]
    source, target = (Vocabulary(map(speller, EVERY_WORD)) for speller in (english, spell))
    return Pairs([english(number) for number in numbers], [spell(number) for number in numbers], source, target)


def _checked(number: int) -> int:
    if isinstance(number, (bool, np.bool_)) or not isinstance(number, (int, np.integer)):
        raise TypeError(f"number is {number!r}, a {type(number).__name__}; expected a whole number such as 42")
    if not 0 <= number <= LARGEST:
        raise ValueError(f"number is {number}; expected 0 to {LARGEST:,}: the spellers know no larger words")
    return int(number)
