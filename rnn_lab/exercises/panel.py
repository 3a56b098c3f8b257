"""What the learner sees: a headline, a few sentences and perhaps code, beside a quiet coloured border.

Everything is said in words; the colour repeats what the headline says.
"""

import html
import re
import textwrap
from dataclasses import dataclass

NEUTRAL, GREEN, ORANGE = "#999999", "#009E73", "#E69F00"  # Okabe–Ito
WIDTH = 100  # of a line of text/plain
PRINTED = "In its first call, the function printed:"


@dataclass(frozen=True, repr=False)
class Panel:
    """A message that shows itself, in a notebook and in a terminal.

    Attributes
    ----------
    headline : str
        One sentence.
    sentences : tuple of str
        Paragraphs below it; code between backticks is set as code.
    code : str
        Lines of code below them, or empty.
    printed : str
        What the answer printed in its first call, or empty.
    """

    headline: str
    sentences: tuple[str, ...] = ()
    code: str = ""
    printed: str = ""

    @property
    def colour(self) -> str:
        """The colour of the border."""
        return NEUTRAL

    def __repr__(self) -> str:
        paragraphs = [textwrap.fill(text, WIDTH, break_on_hyphens=False) for text in (self.headline, *self.sentences)]
        if self.code:
            paragraphs.append(textwrap.indent(self.code, "    "))
        if self.printed:
            paragraphs += [PRINTED, textwrap.indent(self.printed, "    ")]
        return "\n".join(paragraphs)

    def _repr_html_(self) -> str:
        body = _paragraph(f"<strong>{_with_code(self.headline)}</strong>")
        body += "".join(_paragraph(_with_code(sentence)) for sentence in self.sentences)
        if self.code:
            body += _block(self.code)
        if self.printed:
            body += _paragraph(PRINTED) + _block(self.printed)
        return f'<div style="border-left: 4px solid {self.colour}; padding: 0.1em 1em">{body}</div>'


@dataclass(frozen=True, repr=False)
class Verdict(Panel):
    """The answer to an answer.

    Attributes
    ----------
    kind : {"not attempted", "right", "wrong"}
    misconception : str or None
        The name of the known mistake that the answer makes.
    """

    kind: str = "wrong"
    misconception: str | None = None

    @property
    def colour(self) -> str:
        """Green for right, orange for wrong, neutral for not attempted."""
        return {"right": GREEN, "wrong": ORANGE}.get(self.kind, NEUTRAL)


def _paragraph(content: str) -> str:
    return f'<p style="margin: 0.3em 0; max-width: 52em">{content}</p>'


def _block(lines: str) -> str:
    style = "margin: 0.3em 0; background: none; white-space: pre; overflow-x: auto"
    return f'<pre style="{style}">{html.escape(lines)}</pre>'


def _with_code(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
