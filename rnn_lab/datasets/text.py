"""Texts for language models, and their characters as numbers."""

import ast
import functools
import sysconfig
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn_lab.datasets.download import fetch
from rnn_lab.nn.checks import as_ndarray

SHAKESPEARE_URL = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e"
    "/data/tinyshakespeare/input.txt"
)
SHAKESPEARE_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
TIME_MACHINE_URL = (
    "https://raw.githubusercontent.com/d2l-ai/d2l-zh/1ae6b11826b7f9cbe6e40e3cab9250f9ec7f014f/data/timemachine.txt"
)
TIME_MACHINE_SHA256 = "8424dbd9532ac81f7e5f0b6add90e6952baea29158309d7d1bf3884f4e12c516"

BETWEEN_DOCSTRINGS = "\n\n\n"
WITHOUT_DOCUMENTATION = {"__pycache__", "idlelib", "lib2to3", "pydoc_data", "site-packages", "test", "tests"}
CAN_HOLD_A_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Text:
    """A text in three parts, none of which quotes another.

    Attributes
    ----------
    train, choose, test : str
        To learn from; to choose by; and to be looked at once, at the end.
    """

    train: str
    choose: str
    test: str


class Characters:
    """A vocabulary of single characters.

    Parameters
    ----------
    characters : str
        Each once, in the order of their numbers; of a text, those that occur are ``"".join(sorted(set(text)))``.

    Raises
    ------
    TypeError, ValueError
        If it is not a text, is empty, or has a character twice.
    """

    def __init__(self, characters: str) -> None:
        if not isinstance(characters, str):
            raise TypeError(f"characters is a {type(characters).__name__}; expected a text such as 'abc'")
        if not characters or len(set(characters)) < len(characters):
            raise ValueError(f"characters is {characters!r}; expected each character once, one at least")
        self.characters = characters
        self._numbers = {character: number for number, character in enumerate(characters)}

    def __len__(self) -> int:
        return len(self.characters)

    def __contains__(self, character: object) -> bool:
        return character in self._numbers

    def encode(self, text: str) -> NDArray:
        """Return the number of each character, shape (T,).

        Raises
        ------
        TypeError, ValueError
            If `text` is no text, or holds a character that is not in the vocabulary.
        """
        if not isinstance(text, str):
            raise TypeError(f"text is a {type(text).__name__}; expected a text such as 'abc'")
        try:
            return np.array([self._numbers[character] for character in text], np.int64)
        except KeyError as error:
            (character,) = error.args
            raise ValueError(
                f"text holds {character!r} at position {text.index(character)}; expected characters of the vocabulary, "
                f"{self.characters!r}: replace it or leave it out"
            ) from None

    def decode(self, ids: ArrayLike) -> str:
        """Return the text of numbers of shape (T,).

        Raises
        ------
        TypeError, ValueError
            If they are not numbers of characters.
        """
        ids = as_ndarray("ids", ids)
        if ids.ndim != 1:
            raise ValueError(f"ids has shape {ids.shape}; expected (T,): decode one sequence at a time")
        if ids.size and ids.dtype.kind not in "iu":
            raise TypeError(f"ids holds values of type {ids.dtype}; expected whole numbers")
        if ids.size and (ids.min() < 0 or ids.max() >= len(self)):
            raise ValueError(f"ids holds values from {ids.min()} to {ids.max()}; expected 0 to {len(self) - 1}")
        return "".join(self.characters[number] for number in ids)


PRINTABLE = Characters("\n" + "".join(map(chr, range(32, 127))))  # the line break and printable ASCII: 96 characters


@functools.cache
def docstrings() -> Text:
    """Return the docstrings of the standard library of this Python: English about programs, for no download.

    Those outside printable ASCII are left out, and of equal ones all but the first. Which part a module belongs to
    follows from its name alone, so it is the same in every version of Python; the text itself differs by up to a fifth.

    Raises
    ------
    FileNotFoundError
        If this Python came without the source of its library.
    """
    library = Path(sysconfig.get_path("stdlib"))
    parts: dict[str, list[str]] = {"train": [], "choose": [], "test": []}
    seen: set[str] = set()
    for path in sorted(library.rglob("*.py")):
        folders = path.relative_to(library).with_suffix("").parts
        if WITHOUT_DOCUMENTATION.isdisjoint(folders):
            for docstring in _docstrings_of(ast.parse(path.read_bytes())):
                if docstring not in seen and set(docstring) <= set(PRINTABLE.characters):
                    seen.add(docstring)
                    parts[_part_of(folders[0])].append(docstring)
    if not all(parts.values()):
        raise FileNotFoundError(
            f"{library} has no Python files with docstrings; use a Python that brings its library's source, "
            "or another text such as datasets.text.tiny_shakespeare()"
        )
    return Text(**{part: BETWEEN_DOCSTRINGS.join(found) for part, found in parts.items()})


def tiny_shakespeare() -> Text:
    """Return a million characters of Shakespeare's plays (Karpathy, 2015), downloaded once.

    The last tenth is the test part, as is usual for it; of the rest, the last tenth is there to choose by.

    Raises
    ------
    FileNotFoundError, ConnectionError, ValueError
        If it is not to be had, or damaged.
    """
    return _in_three(fetch(SHAKESPEARE_URL, SHAKESPEARE_SHA256).read_text(encoding="utf-8"))


def time_machine() -> Text:
    """Return H. G. Wells's novel The Time Machine (1895), downloaded once; divided as `tiny_shakespeare`.

    Raises
    ------
    FileNotFoundError, ConnectionError, ValueError
        If it is not to be had, or damaged.
    """
    return _in_three(fetch(TIME_MACHINE_URL, TIME_MACHINE_SHA256).read_text(encoding="utf-8"))


def _in_three(text: str) -> Text:
    choose, test = int(0.81 * len(text)), int(0.9 * len(text))
    return Text(text[:choose], text[choose:test], text[test:])


def _docstrings_of(node: ast.AST) -> Iterator[str]:
    """Yield the docstrings of a module, and of what is defined in it, in their order."""
    if isinstance(node, CAN_HOLD_A_DOCSTRING) and (docstring := ast.get_docstring(node)):
        yield docstring
    for block in ("body", "handlers", "orelse", "finalbody"):
        for statement in getattr(node, block, ()):
            yield from _docstrings_of(statement)


def _part_of(module: str) -> str:
    """Assign about a tenth of the modules to each of the smaller parts, `decimal` and its twin `_pydecimal` alike."""
    name = module.removeprefix("_py").removeprefix("_")
    return {0: "test", 8: "choose"}.get(zlib.crc32(name.encode()) % 10, "train")
