"""Run the rules over files, and apply their fixes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from conda_lockstep.atomic import write_text
from conda_lockstep.config import Config
from conda_lockstep.environment import edit
from conda_lockstep.environment.document import EnvironmentFile, Source, UnreadableFileError, parse, read
from conda_lockstep.environment.entries import read_entries
from conda_lockstep.errors import LockstepError
from conda_lockstep.rules import FAMILIES, Fix, Problem, Rule, Safety, Severity, rules

UNREADABLE = "unreadable-file"
MAX_ROUNDS = 20
"""How often fixes are applied and the file is looked at again; ``duplicate-spec`` may need one round a copy."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its rule and its place. Lines and columns count from 1; the end is exclusive.

    ``lines`` are the source lines that the place covers, the first three at most. ``also`` are further places:
    (line, column, end column, what is there).
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


@dataclass(frozen=True, slots=True)
class EditAt:
    """An edit by lines and columns, for those who have no offsets."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class FixAt:
    """A fix as reports show it."""

    message: str
    safety: Safety
    edits: tuple[EditAt, ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """What fixing a file came to: the new text, what was done, and the findings that are left."""

    text: str
    done: tuple[str, ...]
    left: tuple[Finding, ...]


def select(config: Config) -> tuple[Rule, ...]:
    """Return the rules that the settings select, by rule or family name; raises on an unknown name."""
    wanted, ignored = set(config.select), set(config.ignore)
    families = tuple(family for family in FAMILIES if family in wanted)
    # Only an all-families selection may be answered without importing every family.
    known = rules(families if wanted and wanted <= set(FAMILIES) else FAMILIES)
    names = {rule.name for rule in known} | set(FAMILIES)
    for name in sorted((wanted | ignored) - names):
        if name not in {rule.name for rule in rules()}:
            raise _unknown_rule(name)
    return tuple(
        rule
        for rule in known
        if ({rule.name, rule.family} & wanted if wanted else rule.default)
        and not {rule.name, rule.family} & ignored
    )


def lint_path(path: Path, chosen: Sequence[Rule], config: Config) -> list[Finding]:
    """Read a file and return what the rules say of it, in the order of the file.

    A file that cannot be read as YAML has one finding, ``unreadable-file``. Raises ``LockstepError`` where there is
    no file.
    """
    try:
        return lint(read(path), chosen, config)
    except UnreadableFileError as error:
        return [unreadable(error)]


def lint(file: EnvironmentFile, chosen: Sequence[Rule], config: Config) -> list[Finding]:
    """Return what the rules say of a file, in the order of the file."""
    return [finding(rule, problem, file.source) for rule, problem in _problems(file, chosen, config)]


def fix_path(path: Path, chosen: Sequence[Rule], config: Config, *, unsafe: bool) -> Fixed:
    """Fix a file in place, atomically; an unreadable one is left as it is."""
    try:
        file = read(path)
    except UnreadableFileError as error:
        return Fixed("", (), (unreadable(error),))
    fixed = fix(file, chosen, config, unsafe=unsafe)
    before = ("\ufeff" if file.source.bom else "") + file.source.text
    if fixed.text != before:
        write_text(path, fixed.text)
    return fixed


def fix(file: EnvironmentFile, chosen: Sequence[Rule], config: Config, *, unsafe: bool) -> Fixed:
    """Apply fixes until none is left to apply. Fixes that touch each other wait for the next round."""
    done: list[str] = []
    for _ in range(MAX_ROUNDS):
        problems = _problems(file, chosen, config)
        taken: list[tuple[Rule, Fix]] = []
        for rule, problem in problems:
            fixable = problem.fix is not None and (unsafe or problem.fix.safety == "safe")
            if (
                fixable
                and problem.fix
                and not any(edit.overlap(problem.fix.edits, t.edits) for _, t in taken)
            ):
                taken.append((rule, problem.fix))
        if not taken:
            break
        text = edit.apply(file.source, [change for _, chosen_fix in taken for change in chosen_fix.edits])
        file = parse(text, file.path)
        done += [f"{rule.name}: {chosen_fix.message}" for rule, chosen_fix in taken]
    left = [finding(rule, problem, file.source) for rule, problem in _problems(file, chosen, config)]
    return Fixed(("\ufeff" if file.source.bom else "") + file.source.text, tuple(done), tuple(left))


def finding(rule: Rule, problem: Problem, source: Source) -> Finding:
    """Give a problem its rule, and its place in lines and columns."""
    line, column = source.position(problem.span.start)
    end_line, end_column = source.position(problem.span.end)
    lines = tuple(source.line(number) for number in range(line, min(end_line, line + 2) + 1))
    also = tuple(
        (*source.position(span.start), source.position(span.end)[1], what) for span, what in problem.also
    )
    return Finding(
        rule.name, rule.family, problem.severity or rule.severity, problem.message, problem.help,
        source.path, line, column, end_line, end_column, lines, _fix_at(problem.fix, source), also,
    )  # fmt: skip


def unreadable(error: UnreadableFileError) -> Finding:
    """Turn the reader's refusal into the finding of the rule ``unreadable-file``."""
    source, span = error.source, error.span
    line, column = source.position(span.start)
    return Finding(
        UNREADABLE, "document", "error", error.what, error.remedy, source.path, line, column, line, column
    )


def _problems(file: EnvironmentFile, chosen: Sequence[Rule], config: Config) -> list[tuple[Rule, Problem]]:
    entries = read_entries(file)
    found = [(rule, problem) for rule in chosen for problem in rule.check(entries, config)]
    found = _one_cause_one_finding(found)
    return sorted(found, key=lambda pair: (pair[1].span, pair[0].name))


def _one_cause_one_finding(found: list[tuple[Rule, Problem]]) -> list[tuple[Rule, Problem]]:
    """Drop what a general rule says of a place that a more specific one speaks about."""
    silent = [(name, problem.span) for rule, problem in found for name in rule.over]
    if not silent:
        return found
    return [
        (rule, problem)
        for rule, problem in found
        if not any(
            name == rule.name and span.start <= problem.span.end and problem.span.start <= span.end
            for name, span in silent
        )
    ]


def _fix_at(fix: Fix | None, source: Source) -> FixAt | None:
    if fix is None:
        return None
    edits = (
        EditAt(*source.position(change.span.start), *source.position(change.span.end), change.text)
        for change in fix.edits
    )
    return FixAt(fix.message, fix.safety, tuple(edits))


def _unknown_rule(name: str) -> LockstepError:
    import difflib

    known: Iterable[str] = [*FAMILIES, *(rule.name for rule in rules())]
    close = difflib.get_close_matches(name, known, n=1)
    remedy = f"did you mean '{close[0]}'?" if close else f"families are {', '.join(FAMILIES)}"
    return LockstepError(f"no rule or family is named '{name}'", remedy=remedy)
