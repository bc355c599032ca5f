"""Makes text from elsewhere safe to show: package names, versions and paths are whatever somebody wrote there.

Nothing that comes out of here can become markup, a link, a mention, an image, or move a terminal's
cursor; what would be invisible or reorder its neighbours is shown as its code point.
"""

from __future__ import annotations

import html
import re

from conda_lockstep.text.printable import LIMIT, visible

_WORDS = re.compile(r"(\s+)")
_EDGES = re.compile(r"(\(?)(.+?)(\)?)([,;:]?)", re.DOTALL)
# A quoted text of several words, and a command up to the end of its sentence: split into words, it could not be
# copied.
_SPANS = re.compile(r"(?<![^\s(])'([^']* [^']*)'([).,;:]*)(?=\s|$)|(?<=\brun: )([^;]+?)([).,]*(?:;|$))")
# A word of plain prose. Anything else may be a link, a mention, an issue, a commit or an emoji to GitHub, and is
# set as code, where none of these are looked for.
_PLAIN = re.compile(
    r"[('\"]*(?:(?=.*[g-z])[a-z]+(?:[-'/][a-z]+)*|[a-z]{1,6}|C\+\+)(?:'s)?[)'\".,;:!?%…]*"
    r"|\d{1,6}[,;:%]?|[&–—→·…]",
    re.IGNORECASE,
)


def code(text: str, *, cell: bool = False, limit: int = LIMIT) -> str:
    """Return a Markdown code span that holds nothing but this text; empty for an empty text.

    ``cell`` is for tables, where a pipe would end the cell even in code. Backticks are shown as code points: a
    span cannot then be ended from within.
    """
    text = visible(text, limit).replace("`", "⟨U+0060⟩")
    if cell:
        text = text.replace("\\|", "⟨U+005C⟩|").replace("|", "\\|")
    if not text.strip():
        return ""
    padding = " " if text[0] == " " or text[-1] == " " else ""
    return f"`{padding}{text}{padding}`"


def prose(text: str, *, cell: bool = False, limit: int = 4 * LIMIT) -> str:
    """Return Markdown that reads as this text; every word that could mean something to GitHub is code.

    What stands in quotes, and a command behind ``run:``, is one piece of code.
    """
    shown, end, parts = visible(" ".join(text.split()), limit), 0, []
    for span in _SPANS.finditer(shown):
        parts += [
            _words(shown[end : span.start()], cell),
            code(span[1] or span[3], cell=cell, limit=limit),
            span[2] or span[4] or "",
        ]
        end = span.end()
    return "".join((*parts, _words(shown[end:], cell)))


def _words(text: str, cell: bool) -> str:
    parts = _WORDS.split(text)
    return "".join(part if part.isspace() or _PLAIN.fullmatch(part) else _word(part, cell) for part in parts)


def _word(word: str, cell: bool) -> str:
    """Return a word as code, but for a bracket around it and a comma, colon or semicolon behind it."""
    match = _EDGES.fullmatch(word)
    if match is None:
        return code(word, cell=cell)
    before, bare, bracket, after = match.groups()
    if bracket and not before:
        bare, bracket = bare + bracket, ""
    inner = bare if _PLAIN.fullmatch(bare) else code(bare, cell=cell)
    return f"{before}{inner}{bracket}{after}"


def markup(text: str, limit: int = 10 * LIMIT) -> str:
    """Return text for HTML, between tags or within a quoted attribute."""
    return html.escape(visible(text, limit), quote=True)
