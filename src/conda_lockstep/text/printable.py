"""One line of text that shows what it holds, for any medium."""

from __future__ import annotations

LIMIT = 200
"""Longer texts are cut: a name of that length is an attack or a mistake."""


def visible(text: str, limit: int = LIMIT) -> str:
    """Return one line of printable text; spaces stay, other characters that do not print become ``⟨U+202E⟩``."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"⟨U+{ord(c):04X}⟩" for c in text)


def shortened(text: str, limit: int) -> str:
    """Return a text of at most ``limit`` characters: a longer one loses its middle, so that it keeps what it says first
    and last, such as what is wrong and what to do.
    """
    if len(text) <= limit:
        return text
    last = (limit - 3) // 3
    return f"{text[: limit - 3 - last]} … {text[-last:]}"
