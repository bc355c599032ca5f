"""Run the rules over files, and apply their fixes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from conda_lockstep.config import Config
from conda_lockstep.environment import edit
from conda_lockstep.environment.credentials import Redactor
from conda_lockstep.environment.entries import read_entries
from conda_lockstep.environment.environment_file import EnvironmentFile, ListOf
from conda_lockstep.environment.reader import parse, read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.registry import OF_REQUIREMENTS, Fix, Problem, Rule, Safety, Severity, Subject
from conda_lockstep.lint.engine.selection import find_rule as find_rule
from conda_lockstep.lint.engine.selection import for_path
from conda_lockstep.lint.engine.selection import select as select
from conda_lockstep.lock.model.paths import is_lock
from conda_lockstep.text.atomic import write_text
from conda_lockstep.text.encoding import decode, read_bytes
from conda_lockstep.text.source import Source, Span, UnreadableFileError

if TYPE_CHECKING:
    from conda_lockstep.text.suppressions import Suppression

UNREADABLE = "unreadable-file"
MAX_ROUNDS = 20
"""How often fixes are applied and the file is looked at again; ``duplicate-spec`` may need one round a copy."""


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


class Fixed(NamedTuple):
    """What fixing a file came to: the new content, what was done, and the findings that are left."""

    text: str
    done: tuple[str, ...]
    left: tuple[Finding, ...]


_Found: TypeAlias = list[tuple[Rule, Problem]]


def read_file(path: Path) -> EnvironmentFile:
    """Read a file: an environment file, a lock, or one that installs packages, as its name tells.

    Raises :class:`UnreadableFileError`, and ``LockstepError`` where there is no file.
    """
    subject = subject_of(str(path))
    if subject == "environment":
        return read(path)
    if subject != "lock":
        return parse_text(decode(read_bytes(path, str(path)), str(path)), str(path))
    from conda_lockstep.text.bounded_text import read_text

    return parse_text(read_text(path, as_written=True), str(path))


def lint_path(
    path: Path, chosen: Sequence[Rule], config: Config, load: Callable[[Path], EnvironmentFile] = read_file
) -> list[Finding]:
    """Read a file and return what the rules say of it, in the order of the file.

    What cannot be read has one finding, ``unreadable-file``. Raises ``LockstepError`` where there is no file.
    """
    try:
        return lint(load(path), chosen, config)
    except UnreadableFileError as error:
        return [unreadable(error)]


def lint(file: EnvironmentFile, chosen: Sequence[Rule], config: Config) -> list[Finding]:
    """Return what the rules say of a file, in the order of the file."""
    return _findings(file, _problems(file, chosen, config))


def fix_path(path: Path, chosen: Sequence[Rule], config: Config, *, unsafe: bool) -> Fixed:
    """Fix a file in place, atomically; an unreadable one is left as it is.

    With ``unsafe`` a file in UTF-16 becomes one in UTF-8, and is then fixed as any other.
    """
    file, fixed = plan_path(path, chosen, config, unsafe=unsafe)
    if file is not None and (fixed.text != file.source.content or _RECODED in fixed.done):
        write_text(path, fixed.text)
    return fixed


def plan_path(
    path: Path,
    chosen: Sequence[Rule],
    config: Config,
    load: Callable[[Path], EnvironmentFile] = read_file,
    *,
    unsafe: bool,
) -> tuple[EnvironmentFile | None, Fixed]:
    """Return a file as it was read, and what fixing it comes to; None for the file where it stays unreadable."""
    done: tuple[str, ...] = ()
    try:
        file = load(path)
    except UnreadableFileError as error:
        if error.recoded is None or not unsafe:
            return None, Fixed("", (), (unreadable(error),))
        try:
            file = parse_text(error.recoded, str(path))
        except UnreadableFileError as deeper:
            return None, Fixed("", (), (unreadable(deeper),))
        done = (_RECODED,)
    fixed = fix(file, chosen, config, unsafe=unsafe)
    return file, fixed._replace(done=done + fixed.done)


def fix(file: EnvironmentFile, chosen: Sequence[Rule], config: Config, *, unsafe: bool) -> Fixed:
    """Apply fixes until none is left to apply. Fixes that touch each other wait for the next round.

    A fix whose result cannot be read again, or has lost what the fix did not name, is not applied.
    """
    done: list[str] = []
    seen = {file.source.text}
    found = _problems(file, chosen, config)
    for _ in range(MAX_ROUNDS):
        applied, after = _one_round(file, found, unsafe)
        if after is None or after.source.text in seen:
            break
        hide = Redactor(file)
        for rule, change in applied:
            done.append(f"{rule.name}: {hide.text(change.message, *(one.span for one in change.edits))}")
        file = after
        seen.add(file.source.text)
        found = _problems(file, chosen, config)
    return Fixed(file.source.content, tuple(done), tuple(_findings(file, found)))


def subject_of(path: str) -> Subject:
    """Return what a file is, by its name; what is neither a lock nor a script is taken for an environment file."""
    if is_lock(path):
        return "lock"
    if path.endswith((".txt", ".in")):
        return "requirements"
    if path.endswith((".yml", ".yaml")) and ".github" not in path and "action.y" not in path:
        return "environment"
    from conda_lockstep.lint.targets.install_script.kinds import kind_of

    return "installs" if kind_of(path.replace("\\", "/")) else "environment"


def parse_text(text: str, path: str) -> EnvironmentFile:
    """Read the text of an environment file, or take that of another one as it is: it has no entries."""
    subject = subject_of(path)
    if subject == "environment":
        return parse(text, path)
    if subject == "requirements":
        from conda_lockstep.environment.requirements import parse_requirements

        return parse_requirements(text, path)
    nothing = Span(0, 0)
    return EnvironmentFile(Source.of(path, text), (), ListOf("missing", (), nothing), (), "missing", nothing)


def unreadable(error: UnreadableFileError) -> Finding:
    """Turn the reader's refusal into the finding of the rule ``unreadable-file``."""
    line, column = error.source.position(error.start)
    fix = FixAt(_RECODE, "unsafe", ()) if error.recoded is not None else None
    return Finding(
        UNREADABLE, "document", "error", error.what, error.remedy, error.source.path,
        line, column, line, column, fix=fix,
    )  # fmt: skip


_RECODE = "rewrite the file as UTF-8"
_RECODED = f"{UNREADABLE}: {_RECODE}"


def _one_round(
    file: EnvironmentFile, found: _Found, unsafe: bool
) -> tuple[list[tuple[Rule, Fix]], EnvironmentFile | None]:
    """Apply all fixes that do not touch each other; one by one where together they do harm."""
    taken: list[tuple[Rule, Fix]] = []
    claims = edit.Claims()
    for rule, problem in found:
        change = problem.fix
        if change is None or (change.safety == "unsafe" and not unsafe):
            continue
        if claims.claim(change.edits):
            taken.append((rule, change))
    if not taken:
        return [], None
    after = _applied(file, [change for _, change in taken])
    if after is not None:
        return taken, after
    for pair in taken:
        after = _applied(file, [pair[1]])
        if after is not None:
            return [pair], after
    return [], None


def _applied(file: EnvironmentFile, fixes: Iterable[Fix]) -> EnvironmentFile | None:
    """Return the file with fixes applied, None where the result is not what they meant."""
    edits = [change for fix in fixes for change in fix.edits]
    try:
        after = parse_text(edit.apply(file.source, edits), file.path)
    except LockstepError:
        return None
    if subject_of(file.path) == "installs":
        from conda_lockstep.lint.targets.install_script.fix_check import kept

        return after if kept(file.source, after.source, edits) else None
    return after if edit.kept(file, after, edits) else None


def _problems(file: EnvironmentFile, chosen: Sequence[Rule], config: Config) -> _Found:
    subject = subject_of(file.path)
    chosen = [rule for rule in for_path(chosen, file.path, config) if _looks_at(rule, subject)]
    entries = read_entries(file)
    traits = entries.traits
    found = [
        (rule, problem)
        for rule in chosen
        if rule.requires <= traits
        for problem in rule.check(entries, config)
    ]
    if file.shared:
        found = [(rule, _without_shared_fix(file, problem)) for rule, problem in found]
    if len(found) > 1:
        found = _one_cause_one_finding(found)
    if "lockstep:" in file.source.text:
        # Few files have suppressions; the others pay nothing for them.
        from conda_lockstep.lint.engine.apply_suppressions import apply

        found = apply(file.source, found, chosen, _suppressions(file, subject))
    if len(found) > 1:
        found.sort(key=lambda pair: (pair[1].span, pair[0].name))
    return found


def _without_shared_fix(file: EnvironmentFile, problem: Problem) -> Problem:
    """Withhold a fix that edits what aliases refer to: the other uses would change with it."""
    shared = problem.fix is not None and edit.is_shared(file, problem.fix.edits)
    return problem._replace(fix=None) if shared else problem


def _looks_at(rule: Rule, subject: Subject) -> bool:
    if subject == "requirements":
        return rule.name in OF_REQUIREMENTS
    return rule.subject == subject or (subject == "installs" and rule.family == "suppressions")


def _suppressions(file: EnvironmentFile, subject: Subject) -> tuple[Suppression, ...] | None:
    """Return the suppressions of what is no YAML; None for the others."""
    if subject == "requirements":
        from conda_lockstep.environment import requirements

        return requirements.suppressions_of(file.source)
    if subject != "installs":
        return None
    from conda_lockstep.lint.targets.install_script.suppression_lines import suppressions_of

    return suppressions_of(file.source)


def _one_cause_one_finding(found: _Found) -> _Found:
    """Drop what a general rule says of the places that a more specific one speaks about."""
    spoke = {rule.name for rule, _ in found}
    places: dict[str, list[Span]] = {}
    for rule, problem in found:
        for name in rule.supersedes:
            if name in spoke:
                places.setdefault(name, []).extend((problem.span, *problem.covers))
    if not places:
        return found
    spoken = {name: _Covered(spans) for name, spans in places.items()}
    return [
        (rule, problem)
        for rule, problem in found
        if rule.name not in spoken or not spoken[rule.name].touches(problem.span)
    ]


class _Covered:
    """Spans that can be asked in logarithmic time whether they touch another: a hostile file has many."""

    def __init__(self, spans: list[Span]) -> None:
        spans.sort()
        self._starts = [span.start for span in spans]
        self._furthest = list(accumulate((span.end for span in spans), max))

    def touches(self, span: Span) -> bool:
        last = bisect_right(self._starts, span.end) - 1
        return last >= 0 and self._furthest[last] >= span.start


def _findings(file: EnvironmentFile, found: _Found) -> list[Finding]:
    if not found:
        return []
    findings = [_finding(rule, problem, file.source) for rule, problem in found]
    hide = Redactor(file)
    if hide.is_idle:
        return findings
    return [_redacted(finding, problem, hide) for finding, (_, problem) in zip(findings, found, strict=True)]


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
