"""Findings: what a rule reports, with its place in lines and columns and without secrets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from conda_lockstep.environment.credentials import Redactor
from conda_lockstep.lint.engine.registry import Problem, Rule, Safety, Severity
from conda_lockstep.lint.targets.target import Target
from conda_lockstep.text.source import Source, Span, UnreadableFileError

UNREADABLE = "unreadable-file"
RECODE = "rewrite the file as UTF-8"


class EditAt(NamedTuple):
    """An edit by lines and columns, for those who have no offsets."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class FixAt(NamedTuple):
    """A fix as reports show it. ``edits`` are withheld where they would print a secret."""

    message: str
    safety: Safety
    edits: tuple[EditAt, ...]


class Finding(NamedTuple):
    """A problem with its rule and its place. Lines and columns count from 1; the end is exclusive.

    ``lines`` are the source lines that the place covers, the first three at most. ``also`` are further places:
    (line, column, end column, what is there). No text in it shows a secret of the file.
    """

    rule: str
    family: str
    severity: Severity
    message: str
    help: str
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    lines: tuple[str, ...] = ()
    fix: FixAt | None = None
    also: tuple[tuple[int, int, int, str], ...] = ()


def findings(target: Target, found: Sequence[tuple[Rule, Problem]]) -> list[Finding]:
    """Return what rules found in a target as findings."""
    if not found:
        return []
    source = target.source
    shown = [_finding(rule, problem, source) for rule, problem in found]
    hide = Redactor(target.document)
    if hide.is_idle:
        return shown
    return [_redacted(finding, problem, hide) for finding, (_, problem) in zip(shown, found, strict=True)]


def unreadable(error: UnreadableFileError) -> Finding:
    """Turn the reader's refusal into the finding of the rule ``unreadable-file``."""
    line, column = error.source.position(error.start)
    fix = FixAt(RECODE, "unsafe", ()) if error.recoded is not None else None
    return Finding(
        UNREADABLE, "document", "error", error.what, error.remedy, error.source.path,
        line, column, line, column, fix=fix,
    )  # fmt: skip


def _finding(rule: Rule, problem: Problem, source: Source) -> Finding:
    """Give a problem its rule, and its place in lines and columns."""
    place = line, _, end_line, _ = source.place(problem.span)
    lines: tuple[str, ...] = (source.line(line),)
    if end_line > line:
        lines += tuple(source.line(number) for number in range(line + 1, min(end_line, line + 2) + 1))
    fix = problem.fix
    return Finding(
        rule.name, rule.family, problem.severity or rule.severity, problem.message, problem.help, source.path,
        *place, lines,
        FixAt(fix.message, fix.safety, tuple([EditAt(*source.place(span), text) for span, text in fix.edits]))
        if fix else None,
        tuple([_also(source, span, what) for span, what in problem.also]) if problem.also else (),
    )  # fmt: skip


def _also(source: Source, span: Span, what: str) -> tuple[int, int, int, str]:
    line, column, _, end_column = source.place(span)
    return line, column, end_column, what


def _redacted(finding: Finding, problem: Problem, hide: Redactor) -> Finding:
    """Take the secrets out of what is said of their places, and the edits that would print one."""
    places = (problem.span, *(span for span, _ in problem.also))
    fix = finding.fix
    if fix:
        tells = any(hide.text(change.text, *places) != change.text for change in fix.edits)
        fix = FixAt(hide.text(fix.message, *places), fix.safety, () if tells else fix.edits)
    return finding._replace(
        message=hide.text(finding.message, *places),
        help=hide.text(finding.help, *places),
        lines=tuple(hide.line(finding.line + number) for number in range(len(finding.lines))),
        fix=fix,
        also=tuple((line, column, end, hide.text(what, *places)) for line, column, end, what in finding.also),
    )
