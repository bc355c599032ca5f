"""Findings for a terminal: location, rule, message, and the line with the reported part marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conda_lockstep.lint.engine.findings import Finding
from conda_lockstep.render.findings.lines import BOLD, margin, visible
from conda_lockstep.terminal import count, paint

_COLOURS = {"error": "31", "warning": "33", "note": "36"}
DIM = "2"
_WIDEST = 200
"""As many characters of a line are shown; a file may hold its text on one."""
_LONGEST = 1000


def render(findings: Sequence[Finding], *, colour: bool = False, fixes: bool = False) -> str:
    """Return one block per finding, separated by blank lines; with ``fixes``, each with the change its fix makes."""
    if not fixes:
        return "\n".join(_block(finding, colour) for finding in findings)
    from conda_lockstep.render.findings.fix_preview import preview

    return "\n".join(_block(finding, colour) + preview(finding, colour=colour) for finding in findings)


def summary(findings: Sequence[Finding], files: int, *, fixed: int = 0, colour: bool = False) -> str:
    """Return the last line: how many findings of which severity in how many files, and how many can be fixed."""
    parts = [f"fixed {count(fixed, 'problem')}"] if fixed else []
    counted = [count(sum(f.severity == level for f in findings), level) for level in _COLOURS]
    listed = ", ".join(part for part in counted if not part.startswith("0 "))
    none = "no issues left" if fixed else "No issues found"
    parts.append(f"{listed or none} in {count(files, 'file')}")
    safe = sum(f.fix is not None and f.fix.safety == "safe" for f in findings)
    unsafe = sum(f.fix is not None and f.fix.safety == "unsafe" for f in findings)
    if safe:
        parts.append(f"{safe} fixable with --fix")
    if unsafe:
        parts.append(f"{unsafe} {'more' if safe else 'fixable'} with --fix --unsafe-fixes")
    return paint("; ".join(parts), BOLD, colour) + "\n"


def _block(finding: Finding, colour: bool) -> str:
    path, level = visible(finding.path), _COLOURS[finding.severity]
    place, name = f"{path}:{finding.line}:{finding.column}", f"{finding.severity} {finding.rule}"
    if colour:
        place, name = paint(place, BOLD, colour), paint(name, level, colour)
    text = f"{place}: {name}: {_short(finding.message)}"
    if not finding.lines:
        return f"{text}; {visible(finding.help)}\n" if finding.help else f"{text}\n"
    width = margin(finding)
    indent = " " * width
    text = f"{text}\n{_snippet(finding, width, colour)}"
    for line, column, _, what in finding.also:
        text += f"{indent} = {path}:{line}:{column}: {_short(what)}\n"
    if finding.help:
        text += f"{indent} = {paint('help', BOLD, True) if colour else 'help'}: {_short(finding.help)}\n"
    return text


def _snippet(finding: Finding, width: int, colour: bool) -> str:
    """Return the finding's lines, with marks below the first."""
    line, column = finding.lines[0], finding.column - 1
    end = finding.end_column - 1 if finding.end_line == finding.line else len(line)
    if len(line) <= _WIDEST and line.isascii() and line.isprintable():
        # As nearly all are: each character takes one column.
        shown, before, marked = line, min(column, len(line)), min(end, len(line)) - column
    else:
        shown, start = _window(line, column)
        before = _cells(line[start:column]) + (1 if start else 0)
        marked = _cells(line[column : min(end, start + _WIDEST)])
    marks, bar = "^" * max(1, marked), "|"
    if colour:
        marks, bar = paint(marks, _COLOURS[finding.severity], colour), paint(bar, DIM, colour)
    text = f"{f'{finding.line:>{width}} {bar} {shown}'.rstrip()}\n{' ' * width} {bar} {' ' * before}{marks}\n"
    for number, more in enumerate(finding.lines[1:], finding.line + 1):
        text += f"{number:>{width}} {bar} {_window(more, 0)[0]}".rstrip() + "\n"
    return text


def _window(line: str, at: int) -> tuple[str, int]:
    """Return what is shown of a line, and where that begins: all of it, or what is around an offset."""
    if len(line) <= _WIDEST:
        return visible(line), 0
    start = max(0, min(at - _WIDEST // 4, len(line) - _WIDEST))
    rest = line[start : start + _WIDEST]
    ends = start + _WIDEST >= len(line)
    return f"{'…' if start else ''}{visible(rest)}{'' if ends else '…'}", start


def _cells(text: str) -> int:
    """Count the columns that a text takes on a terminal: two for a Chinese character, none for a combining accent."""
    text = visible(text)
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def _short(text: str) -> str:
    """Return a message that fits a screen, whatever entry it quotes."""
    return visible(text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 :]}")


def errors(messages: Iterable[str]) -> str:
    """Return one line per error message."""
    return "".join(f"lockstep: {visible(message)}\n" for message in messages)
