"""YAML scalars that every reader, of YAML 1.1 or 1.2, reads back as the string they were."""

from __future__ import annotations

import re

PLAIN = (
    r"(?!(?i:y|n|yes|no|on|off|true|false|null)\n)"
    r"[A-Za-z_](?:[A-Za-z0-9_./:+@%~=!-]*[A-Za-z0-9_./+@%~=!-])?(?=\n)"
)
"""Needs no quotes: starts as no number does, is no word of any YAML, holds no indicator; ends its line."""

KEY = r"(?:(?!(?i:y|n|yes|no|on|off|true|false|null):)[A-Za-z_][A-Za-z0-9_.+-]*|'(?:[^'\n]|'')*')(?=: )"
"""A key on one line, plain or single-quoted; a colon and a blank follow."""

SINGLE = r"'(?:[^'\n]|'')*'(?=\n)"
"""A single-quoted scalar that ends its line."""

# For writing alone, and compiled when something is written: that takes longer than reading a lock.
_PLAIN_KEY = r"(?!')" + KEY
_PHRASE = r"(?!(?i:y|n|yes|no|on|off|true|false|null)$)[A-Za-z_][A-Za-z0-9_./:+@%~=!<>,*|()\[\]?#&;'\" -]*"
_NO_NUMBER = (
    r"(?![0-9_]*(?:\.[0-9_]*)?(?:[eE]\+?[0-9]*)?$|0x[0-9A-Fa-f_]*$|0[ob][0-9_]*$)[0-9][A-Za-z0-9_.+!]*"
)
_UNPRINTABLE = "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"


def word(text: str) -> str:
    """Write a name or a URL: without quotes, unless some reader would misread it."""
    match = re.match(PLAIN, f"{text}\n")
    return text if match and match.end() == len(text) else quoted(text)


def phrase(text: str) -> str:
    """Write a text that may hold blanks and operators, or begin with a digit: without quotes where all agree on it."""
    if re.fullmatch(_PHRASE, text) and not re.search(r"\s#|:\s|[:\s]$", text):
        return text
    return text if re.fullmatch(_NO_NUMBER, text) else quoted(text)


def key(text: str) -> str:
    """Write a string as the key of a mapping, colon included."""
    match = re.match(_PLAIN_KEY, f"{text}: ")
    return f"{text}:" if match and match.end() == len(text) else f"{quoted(text)}:"


def quoted(text: str) -> str:
    """Write a string in quotes, as versions, hashes and constraints need them too often to go without."""
    if re.search(_UNPRINTABLE, text):
        return '"' + re.sub(_UNPRINTABLE, _escape, text.replace("\\", "\\\\").replace('"', '\\"')) + '"'
    return "'" + text.replace("'", "''") + "'"


def unquoted(scalar: str) -> str:
    """Return the string behind a scalar that :data:`PLAIN`, :data:`SINGLE` or :data:`KEY` matches."""
    return scalar[1:-1].replace("''", "'") if scalar[0] == "'" else scalar


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
