"""What would change in a file, as a unified diff that shows no secret."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from conda_lockstep.environment.credentials import Redactor
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.render.findings.lines import visible
from conda_lockstep.text.source import Source

_COLOURS = {"-": "31", "+": "32", "@": "36"}
_NO_END = "\\ No newline at end of file"


def unified(
    before: EnvironmentFile | Source, after: EnvironmentFile | Source, *, colour: bool = False
) -> str:
    """Return a unified diff with three lines around each change; empty where nothing changes.

    It is a patch that applies, except where lines with a secret are in it. ``colour`` is for a terminal, and shows
    what would move its cursor as code points.
    """
    lines = _lines(_source(before)), _lines(_source(after))
    hidden = _hidden(before, lines[0]), _hidden(after, lines[1])
    groups = list(SequenceMatcher(None, *lines, autojunk=False).get_grouped_opcodes(3))
    path = _source(before).path
    diff = [f"--- {path}\n", f"+++ {path}\n"] if groups else []
    for group in groups:
        old, new = (group[0][1], group[-1][2]), (group[0][3], group[-1][4])
        diff.append(f"@@ -{_range(*old)} +{_range(*new)} @@\n")
        for tag, start, end, new_start, new_end in group:
            if tag == "equal":
                diff += (f" {line}" for line in hidden[0][start:end])
            else:
                diff += (f"-{line}" for line in hidden[0][start:end])
                diff += (f"+{line}" for line in hidden[1][new_start:new_end])
    return "".join(_painted(line) if colour else line for line in diff)


def _source(file: EnvironmentFile | Source) -> Source:
    return file if isinstance(file, Source) else file.source


def _lines(source: Source) -> list[str]:
    spans = (source.line_span(number) for number in range(1, len(source.line_starts) + 1))
    return [source.text[slice(*span)] for span in spans if span.start < span.end]


def _hidden(file: EnvironmentFile | Source, lines: Sequence[str]) -> list[str]:
    hide = Redactor(file)
    return [hide.line(number) + _end(line) for number, line in enumerate(lines, 1)]


def _end(line: str) -> str:
    if line.endswith("\r\n"):
        return "\r\n"
    return "\n" if line.endswith(("\n", "\r")) else f"\n{_NO_END}\n"


def _range(start: int, end: int) -> str:
    """Return a range of lines as in a hunk's head: from 1, the line before where it is empty."""
    length = end - start
    if length == 1:
        return f"{start + 1}"
    return f"{start + 1 if length else start},{length}"


def _painted(line: str) -> str:
    text = "\n".join(visible(part) for part in line.rstrip("\r\n").split("\n"))
    code = _COLOURS.get(line[0], "")
    return f"\x1b[{code}m{text}\x1b[0m\n" if code else f"{text}\n"
