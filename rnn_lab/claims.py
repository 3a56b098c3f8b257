"""Claims that are executed: a sentence of the course beside the numbers that carry it."""

import html
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

LOG = "RNN_LAB_CLAIMS"
Measured = Mapping[str, float | Sequence[float]]


class ClaimFailed(AssertionError):
    """A sentence of the course does not hold on this machine."""


@dataclass(frozen=True)
class Claim:
    """A sentence that held, and what was measured; shows itself as a tick, the sentence and the numbers."""

    sentence: str
    measured: dict[str, list[float]]

    def __repr__(self) -> str:
        return f"✓ {self.sentence} [measured: {describe(self.measured)}]"

    def _repr_html_(self) -> str:
        return (
            '<div style="border-left:4px solid #009E73;padding:.3em .8em;margin:.3em 0">'
            f"✓ {html.escape(self.sentence)} "
            f'<span style="opacity:.75">[measured: {html.escape(describe(self.measured))}]</span></div>'
        )


def claim(sentence: str, holds: bool, measured: Measured) -> Claim:
    """Show a sentence with its numbers, or raise if it does not hold.

    When the environment variable ``RNN_LAB_CLAIMS`` names a file, the claim is appended to it as a line
    of JSON; that is how ``make results`` gathers the whole course.

    Parameters
    ----------
    sentence : str
        What is claimed, in plain words, without numbers that may differ from machine to machine.
    holds : bool
        Whether it does.
    measured : dict
        Names to numbers, or to a sequence of numbers, one for each seed.

    Raises
    ------
    ClaimFailed
        If `holds` is false; the message gives the measured numbers.
    """
    numbers = {name: np.atleast_1d(np.asarray(value, float)).tolist() for name, value in measured.items()}
    if not numbers:
        raise ValueError("measured is empty; expected at least one number to stand beside the sentence")
    record = {"sentence": sentence, "holds": bool(holds), "measured": numbers}
    if path := os.environ.get(LOG):
        with open(path, "a", encoding="utf-8") as log:
            log.write(json.dumps(record, ensure_ascii=False) + "\n")
    if not holds:
        raise ClaimFailed(f"this does not hold here: {sentence} [measured: {describe(numbers)}]")
    return Claim(sentence, numbers)


def describe(measured: Mapping[str, Sequence[float]]) -> str:
    """Write numbers out: one as it is, several as mean ± standard deviation and their count."""
    return ", ".join(f"{name} = {_number(values)}" for name, values in measured.items())


def _number(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.3g}"
    return f"{np.mean(values):.3g} ± {np.std(values, ddof=1):.2g} ({len(values)} seeds)"
