"""Opinions on films from the course's own grammar, whose verdict no single word gives away.

A clause says something good or bad of a part of a film, with an adjective, a noun or a verb, and may turn it round
("hardly a disaster", "nobody would say that the plot is dull"). A sentence has one clause or two, and of two that
disagree, its conjunction says which one counts. Some constructions are kept out of training, though all of their words
are in it.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rnn_lab.datasets.sentiment import Parts, Sentence
from rnn_lab.nn.checks import as_generator, as_size

ASPECTS = (
    "plot acting dialogue ending music cast script pacing humour story camera lead villain opening sequel editing "
    "romance film picture remake comedy thriller drama setting finale"
).split()
GOOD = {
    "adjective": (
        "brilliant charming clever delightful fresh funny gripping heartfelt honest inspired lively lovely memorable "
        "moving original playful rich sharp smart splendid subtle superb tender thrilling touching vivid warm witty "
        "wonderful graceful"
    ).split(),
    "noun": "delight gem joy marvel masterpiece pleasure revelation success treasure treat triumph wonder".split(),
    "verb": "amuse captivate charm delight enchant engage fascinate impress please satisfy thrill uplift".split(),
}
BAD = {
    "adjective": (
        "awful awkward bland boring clumsy contrived dreary dull empty flat forgettable hollow lazy lifeless messy "
        "muddled pointless predictable ridiculous shallow silly sloppy slow stale stiff tedious terrible thin tired "
        "weak"
    ).split(),
    "noun": "bore burden chore disappointment disaster dud failure fiasco flop letdown mess misfire".split(),
    "verb": "anger annoy bore confuse depress disappoint exhaust frustrate insult irritate tire upset".split(),
}
HEADS = {"adjective": "is {}", "noun": "is {} a", "verb": "will {}"}  # what a clause ends in, and what leads up to it
AFTER = {"adjective": "", "noun": "", "verb": "you"}

# What carries no opinion; an empty text stands for nothing.
DEGREES = ("", "", "", "", "really", "truly", "quite", "clearly")
PLACES = ("", "", "", "", "", "", "of this film", "that we saw on sunday", "in the second half", "by the same people")
OPENINGS = ("", "", "", "", "", "", "to be fair ,", "all in all ,", "after two hours ,", "for a first film ,")
ENDINGS = ("", "", "", "", "", "", "from start to finish", "at least for me", "as far as i can tell", "this time")
AGREEING = ("", "", "", "", "i am sure that", "everybody would say that")

AROUND = ("i doubt that", "nobody would say that")  # what turns a whole clause round
WITHIN = {  # what does so just before the head, and the heads that it fits
    "not": ("adjective", "noun", "verb"),
    "never": ("adjective", "noun", "verb"),
    "hardly": ("adjective", "noun", "verb"),
    "by no means": ("adjective", "noun", "verb"),
    "far from": ("adjective", "noun"),
    "anything but": ("adjective", "noun"),
}
SHARE_WITHIN, SHARE_AROUND = 0.28, 0.14  # of the clauses


class Frame(NamedTuple):
    """How clauses make a sentence: ``main`` counts, ``same`` agrees with it, ``other`` does not; and how often."""

    text: str
    share: float


FRAMES = {
    "alone": Frame("{main}", 0.3),
    "and": Frame("{main} and {same}", 0.22),
    "but": Frame("{other} but {main}", 0.12),
    "yet": Frame("{other} , yet {main}", 0.12),
    "although first": Frame("although {other} , {main}", 0.12),
    "although last": Frame("{main} , although {other}", 0.12),
}
ROLE = re.compile(r"{(\w+)}")

TRAINED, NEW_PAIR, NEW_SCOPE, TWO_NEGATIONS = "trained", "new pair", "new scope", "two negations"
CONTRASTS = ("but", "yet", "although first", "although last")


class HeldOut(NamedTuple):
    """What is kept out of training, by the part, ``"choose"`` or ``"test"``, that alone has it.

    Attributes
    ----------
    pairs : dict of sets of (str, str)
        Negations of `WITHIN` before kinds of heads.
    first : dict of sets of str
        Negations; in a contrast that has two of them, or a new scope, the first one says to which part it belongs.
    """

    pairs: dict[str, set[tuple[str, str]]]
    first: dict[str, set[str]]


HELD_OUT = HeldOut(
    {
        "choose": {("never", "noun"), ("far from", "adjective"), ("not", "verb")},
        "test": {("hardly", "noun"), ("never", "adjective"), ("by no means", "verb"), ("anything but", "adjective")},
    },
    {
        "choose": {"i doubt that", "not", "far from", "hardly"},
        "test": {"nobody would say that", "never", "by no means", "anything but"},
    },
)


class Clause(NamedTuple):
    """How a clause is built.

    Attributes
    ----------
    around : str
        What stands before it, of `AROUND` or `AGREEING`.
    within : str
        What stands before its head, of `WITHIN`, or nothing.
    head : {"adjective", "noun", "verb"}
    """

    around: str
    within: str
    head: str

    @property
    def negations(self) -> list[str]:
        """What turns it round, in its order."""
        return [self.around] * (self.around in AROUND) + [self.within] * (self.within != "")


def opinions(
    seed: int = 0, train: int = 8000, choose: int = 1200, test: int = 1500, held_out: HeldOut = HELD_OUT
) -> Parts:
    """Generate sentences; the `kind` of each says what is new about its construction.

    - ``trained``: nothing. All of ``train``, and a third of ``choose``.
    - ``new pair``: a negation before a kind of word that it never stood before in training, as in "hardly a disaster".
    - ``new scope``: "i doubt that" or "nobody would say that" in one of two clauses that disagree. In training these
      turn round everything that follows them.
    - ``two negations``: one in each of two clauses that disagree.

    What is new is new to ``train`` in both other parts, and different in each. Every word is in ``train``.

    Parameters
    ----------
    seed : int
    train, choose, test : int
        How many sentences.
    held_out : HeldOut
        Which constructions are new, such as `draw_held_out` returns.

    Raises
    ------
    TypeError, ValueError
        If a number is not a whole one of at least 1.
    """
    rng = np.random.default_rng(seed)
    return Parts(
        generate("train", train, rng, held_out),
        generate("train", choose // 3, rng, held_out) + generate("choose", choose - choose // 3, rng, held_out),
        generate("test", test, rng, held_out),
    )


def draw_held_out(rng: np.random.Generator) -> HeldOut:
    """Draw other constructions to keep out of training: as many as `HELD_OUT` has, and never all heads of a negation.

    Raises
    ------
    TypeError
        If `rng` is not a generator.
    """
    rng = as_generator(rng)
    all_pairs = [(within, head) for within, heads in WITHIN.items() for head in heads]
    count = {part: len(pairs) for part, pairs in HELD_OUT.pairs.items()}
    pairs: list[tuple[str, str]] = []
    while not pairs or any({(within, head) for head in heads} <= set(pairs) for within, heads in WITHIN.items()):
        pairs = [all_pairs[place] for place in rng.permutation(len(all_pairs))[: sum(count.values())]]
    within, around = ([str(negation) for negation in rng.permutation(list(group))] for group in (WITHIN, AROUND))
    return HeldOut(
        {"choose": set(pairs[: count["choose"]]), "test": set(pairs[count["choose"] :])},
        {"choose": {around[0], *within[:3]}, "test": {around[1], *within[3:]}},
    )


def generate(part: str, count: int, rng: np.random.Generator, held_out: HeldOut = HELD_OUT) -> list[Sentence]:
    """Generate sentences of the constructions of one part, ``train``, ``choose`` or ``test``.

    Raises
    ------
    TypeError, ValueError
        If there is no such part, `count` is not a whole number of at least 1, or `rng` not a generator.
    """
    if part not in Parts._fields:
        raise ValueError(f"part is {part!r}; expected one of {', '.join(Parts._fields)}")
    count, rng = as_size("count", count), as_generator(rng)
    found: list[Sentence] = []
    while len(found) < count:
        frame, clauses = _draw(rng)
        belongs_to, kind = part_and_kind(frame, clauses, held_out)
        if belongs_to == part:
            label = int(rng.integers(2))
            found.append(Sentence(write(frame, clauses, label, rng), label, kind))
    return found


def part_and_kind(frame: str, clauses: Sequence[Clause], held_out: HeldOut = HELD_OUT) -> tuple[str, str]:
    """Return the part that a construction belongs to, and what is new about it; ``("", "")`` if several things are."""
    new = [
        (part, NEW_PAIR)
        for part, pairs in held_out.pairs.items()
        if any((clause.within, clause.head) in pairs for clause in clauses)
    ]
    negations = [negation for clause in clauses for negation in clause.negations]
    two, around = len(negations) > 1, any(clause.around in AROUND for clause in clauses)
    if frame in CONTRASTS and (two or around):
        (part,) = (part for part, first in held_out.first.items() if negations[0] in first)
        new.append((part, TWO_NEGATIONS if two else NEW_SCOPE))
    if frame == "and" and clauses[0].around in AROUND:
        return "", ""  # it may be meant to turn both round: nobody can say
    return ("train", TRAINED) if not new else new[0] if len(new) == 1 else ("", "")


def write(frame: str, clauses: Sequence[Clause], label: int, rng: np.random.Generator) -> list[str]:
    """Fill a construction with words, so that its verdict is `label`.

    Parameters
    ----------
    frame : str
        Of `FRAMES`.
    clauses : sequence of Clause
        In the order in which they stand.
    label : int
        1 for praise, 0 for the other.
    rng : numpy.random.Generator

    Raises
    ------
    ValueError
        If the frame takes another number of clauses.
    """
    roles = ROLE.findall(FRAMES[frame].text)
    if len(roles) != len(clauses):
        raise ValueError(f"clauses has {len(clauses)}; expected {len(roles)} for the frame {frame!r}")
    texts = {
        role: _clause_text(clause, 1 - label if role == "other" else label, rng)
        for role, clause in zip(roles, clauses, strict=True)
    }
    return _sentence(FRAMES[frame].text.format(**texts), rng)


def write_long(concessions: int, label: int, rng: np.random.Generator) -> list[str]:
    """Write a sentence of plain clauses: so many after an "although" each, and at last the one that counts.

    Raises
    ------
    TypeError, ValueError
        If `concessions` is not a whole number of at least 1.
    """
    others = [_plain_clause(1 - label, rng) for _ in range(as_size("concessions", concessions))]
    text = "".join(f"although {other} , " for other in others)
    return _sentence(text + _plain_clause(label, rng), rng)


def _draw(rng: np.random.Generator) -> tuple[str, list[Clause]]:
    """Draw a construction, no clause of it turned round twice."""
    frame = str(rng.choice(list(FRAMES), p=[frame.share for frame in FRAMES.values()]))
    return frame, [_draw_clause(rng) for _ in ROLE.findall(FRAMES[frame].text)]


def _draw_clause(rng: np.random.Generator) -> Clause:
    head, chance = _pick(list(HEADS), rng), rng.random()
    if chance < SHARE_AROUND:
        return Clause(_pick(AROUND, rng), "", head)
    fitting = [within for within, heads in WITHIN.items() if head in heads]
    return Clause(_pick(AGREEING, rng), _pick(fitting, rng) if chance < SHARE_AROUND + SHARE_WITHIN else "", head)


def _plain_clause(polarity: int, rng: np.random.Generator) -> str:
    return _clause_text(Clause("", "", _pick(list(HEADS), rng)), polarity, rng)


def _clause_text(clause: Clause, polarity: int, rng: np.random.Generator) -> str:
    """Choose the words of a clause, the head by what is left of the polarity after all turns."""
    words = GOOD if (polarity + len(clause.negations)) % 2 else BAD
    lead = HEADS[clause.head].format(f"{clause.within} {_pick(DEGREES, rng)}")
    subject = f"the {_pick(ASPECTS, rng)} {_pick(PLACES, rng)}"
    return f"{clause.around} {subject} {lead} {_pick(words[clause.head], rng)} {AFTER[clause.head]}"


def _sentence(text: str, rng: np.random.Generator) -> list[str]:
    return f"{_pick(OPENINGS, rng)} {text} {_pick(ENDINGS, rng)} .".split()


def _pick(options: Sequence[str], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
