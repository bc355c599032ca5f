"""Findings for a terminal: place, rule, message, the line, and a mark under what is meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conda_lockstep.rules.lint import Finding

_COLOURS = {"error": "31", "warning": "33", "note": "36"}
BOLD, DIM = "1", "2"


def render(findings: Sequence[Finding], *, colour: bool = False, fixes: bool = False) -> str:
    """Return one block per finding, parted by empty lines; with ``fixes`` each says what its fix makes of it."""
    if not fixes:
        return "\n".join(_block(finding, colour) for finding in findings)
    from conda_lockstep.report.fixes import preview

    return "\n".join(_block(finding, colour) + preview(finding, colour=colour) for finding in findings)


def summary(findings: Sequence[Finding], files: int, *, fixed: int = 0, colour: bool = False) -> str:
    """Return the last line: how many findings of which severity in how many files, and how many can be fixed."""
    parts = [f"fixed {count(fixed, 'problem')}"] if fixed else []
    counted = [count(sum(f.severity == level for f in findings), level) for level in _COLOURS]
    told = ", ".join(part for part in counted if not part.startswith("0 "))
    parts.append(f"{told} in {count(files, 'file')}" if told else f"{count(files, 'file')}: nothing to say")
    safe = sum(f.fix is not None and f.fix.safety == "safe" for f in findings)
    unsafe = sum(f.fix is not None and f.fix.safety == "unsafe" for f in findings)
    if safe:
        parts.append(f"{safe} fixable with --fix")
    if unsafe:
        parts.append(f"{unsafe} {'more ' if safe else ''}with --fix --unsafe-fixes")
    return paint("; ".join(parts), BOLD, colour) + "\n"


def _block(finding: Finding, colour: bool) -> str:
    place = f"{finding.path}:{finding.line}:{finding.column}"
    name = paint(f"{finding.severity} {finding.rule}", _COLOURS[finding.severity], colour)
    lines = [f"{paint(place, BOLD, colour)}: {name}: {visible(finding.message)}"]
    if not finding.lines:
        lines[0] += f"; {visible(finding.help)}" if finding.help else ""
        return lines[0] + "\n"
    width = margin(finding)
    lines += _snippet(finding, width, colour)
    for line, column, _, what in finding.also:
        lines.append(f"{' ' * width} = {finding.path}:{line}:{column}: {visible(what)}")
    if finding.help:
        lines.append(f"{' ' * width} = {paint('help', BOLD, colour)}: {visible(finding.help)}")
    return "\n".join(lines) + "\n"


def _snippet(finding: Finding, width: int, colour: bool) -> Iterator[str]:
    bar = paint("|", DIM, colour)
    for number, line in enumerate(finding.lines, finding.line):
        yield f"{number:>{width}} {bar} {visible(line)}".rstrip()
        if number == finding.line:
            end = finding.end_column if finding.end_line == finding.line else len(line) + 1
            marks = "^" * max(1, end - finding.column)
            yield f"{' ' * width} {bar} {' ' * (finding.column - 1)}{paint(marks, _COLOURS[finding.severity], colour)}"


def margin(finding: Finding) -> int:
    """Return how wide the line numbers of a finding are."""
    return len(str(max([finding.line + len(finding.lines) - 1, *(line for line, *_ in finding.also)])))


def errors(messages: Iterable[str]) -> str:
    """Return the lines for what could not be done."""
    return "".join(f"lockstep: {visible(message)}\n" for message in messages)


def visible(text: str) -> str:
    """Return text that cannot move a terminal's cursor, recolour it or reorder what is read."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else " " if char == "\t" else f"\\u{ord(char):04x}" for char in text
    )


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it must be."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def paint(text: str, code: str, colour: bool) -> str:
    """Return text in a terminal's colour or weight (an SGR code), as it is without ``colour``."""
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
