"""Compares the results with the base branch, and decides whether the check fails."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from conda_lockstep.drift.attribution import cause_text
from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.operands import Operand, parse_source
from conda_lockstep.drift.report import (
    Comparison,
    Evidence,
    Report,
    Row,
    at_least,
    counts_against_change,
    distinct,
)
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.event.base import CommitRange
from conda_lockstep.github.event.base_settings import changed_settings
from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.github.event.inputs import Answer, FailOn
from conda_lockstep.github.event.renames import find_old_paths
from conda_lockstep.github.handoff.handoff import Cause, Checked, Handoff, Remark
from conda_lockstep.github.report.absence import Absences, ComparedTrees, find_absences
from conda_lockstep.lock.model.paths import lock_path

LADDER = ("linted", "solved", "installed", "verified", "imported", "kernel ran", "collective ran")
"""The steps of evidence, in order; what a run did not reach, its report says."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The inputs that decide what fails a check, and which files it is about; see :class:`inputs.Inputs`."""

    fail_on: FailOn = "critical"
    missing_base: Answer = "fail"
    removed: Answer = "fail"
    require_lock: bool = False
    files: tuple[str, ...] = ()
    below: Path = Path()


@dataclass(frozen=True, slots=True)
class GateResult:
    """What changed, and the verdict.

    ``identities`` are (file, platform, environment id) of the committed locks. ``touched`` is whether the change
    affects an environment at all, ``changed`` are the paths that it touches, None if that is not known. ``affected``
    are the environments that it touches. ``problems`` are what is wrong, the reasons that decide first, ``failures``
    those that fail the check, ``broken`` are errors and ``warnings`` what a reviewer must know; a line each.
    ``spared`` counts the changes that would fail it if they did not come from upstream alone.
    """

    report: Report
    identities: tuple[tuple[str, str, str], ...]
    touched: bool
    failures: tuple[str, ...]
    broken: tuple[str, ...]
    spared: int = 0
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    changed: frozenset[str] | None = None
    affected: tuple[Checked, ...] = ()

    @property
    def status(self) -> int:
        """Return the exit status: 2 for an error, 1 for findings, 0 for clean."""
        return 2 if self.broken else int(bool(self.failures))


@dataclass(frozen=True, slots=True)
class _One:
    """One environment file, compared."""

    comparisons: tuple[Comparison, ...]
    identities: tuple[tuple[str, str, str], ...]
    touched: bool
    notes: tuple[str, ...]


def compare_with_base(
    handoff: Handoff,
    change: CommitRange,
    base: CommitFiles,
    head: CommitFiles,
    rules: Rules,
    scratch: Path,
    *,
    shown: Callable[[str], str] = str,
) -> GateResult:
    """Compare each environment with the base of the change, and find what the change takes away.

    The drift of a change that is merged already is shown and fails nothing. ``scratch`` is a folder to work in,
    ``shown`` returns a path of the head as messages show it.
    """
    done: list[_One] = []
    affected: list[Checked] = []
    broken = list(handoff.failures)
    sides, missing = _sides(change, base, head, scratch, shown)
    for checked in handoff.checked:
        try:
            one = _compare(checked, sides)
        except LockstepError as error:
            # The base of this one cannot be read.
            missing, one = (*missing, str(error)), _One((), _identities(checked), True, ())
        done.append(one)
        if one.touched or checked.state != "current":
            affected.append(checked)
    try:
        gone = find_absences(handoff, sides, rules.files, rules.below) if sides else Absences()
        moved = tuple(changed_settings(base, head, (sides.old, sides.new))) if sides else ()
    except LockstepError as error:
        gone, moved, missing = Absences(), (), (*missing, str(error))
    fails = rules.removed == "fail" and change.is_judged
    warnings = [*_settings_lines(moved, shown), *(() if fails else gone.removed)]
    if moved and handoff.own_settings:
        what = "the change has other settings than its base, which the checking step could not read"
        broken.append(str(LockstepError(what, remedy="check out with 'fetch-depth: 2'")))
    (broken if rules.missing_base == "fail" else warnings).extend(
        f"no comparison: {line}" for line in dict.fromkeys(missing)
    )
    report = Report(
        comparisons=tuple(comparison for one in done for comparison in one.comparisons),
        evidence=_evidence(affected or handoff.checked),
        notes=(*gone.replaced, *(note for one in done for note in one.notes)),
        reproduce=tuple(line for one in affected for line in _reproduce(one, change.name, sides)),
        accept=tuple(line for checked in handoff.checked for line in _accept(checked)),
    )
    threshold: FailOn = rules.fail_on if change.is_judged else "never"
    guilty = _reaching(report, threshold, against=True)
    problems = [*(gone.removed if fails else ()), *_problems(handoff, rules, guilty)]
    return GateResult(
        report=report,
        identities=tuple(identity for one in done for identity in one.identities),
        touched=bool(report.rows or gone.removed or gone.replaced or moved or missing)
        or any(one.touched for one in done)
        or bool(sides and sides.changed & set(handoff.files)),
        failures=tuple(problems) if rules.fail_on != "never" else (),
        broken=tuple(broken),
        spared=_reaching(report, threshold, against=False),
        problems=tuple(problems),
        warnings=tuple(warnings),
        changed=sides.changed if sides else None,
        affected=tuple(affected),
    )


def _reaching(report: Report, fail_on: FailOn, *, against: bool) -> int:
    """Count the changes that reach ``fail_on``: those that count against the change, or those of upstream alone."""
    if fail_on == "never":
        return 0
    rows = distinct(report, lambda event: counts_against_change(event) is against)
    return len(at_least(rows, fail_on))


def environment_ids(compared: GateResult) -> str:
    """Return the current environment ids, in the form of a comment's hidden state."""
    return ",".join(dict.fromkeys(environment_id for _, _, environment_id in compared.identities))[:200]


def _sides(
    change: CommitRange, base: CommitFiles, head: CommitFiles, scratch: Path, shown: Callable[[str], str]
) -> tuple[ComparedTrees | None, tuple[str, ...]]:
    """Return base and head with their files, or None and why there is nothing to compare with."""
    if change.missing:
        return None, (change.missing,)
    try:
        old_paths = find_old_paths(base, head, scratch) if change.base else {}
        return ComparedTrees(base, head, base.tree(), head.tree(), old_paths, shown), ()
    except LockstepError as error:
        return None, (str(error),)


def _settings_lines(
    moved: Iterable[tuple[str, tuple[str, ...]]], shown: Callable[[str], str]
) -> Iterator[str]:
    for path, names in moved:
        yield f"{shown(path)} changes settings: {', '.join(names)}. This check used the rules of the base branch"


def _compare(checked: Checked, sides: ComparedTrees | None) -> _One:
    """Compare the committed lock with the base's; if it does not fit its file, compare a fresh solution as well."""
    identities = _identities(checked)
    if sides is None:
        return _One((), identities, True, ())
    file_path, old_path = sides.old_path(checked.path), sides.old_lock(checked)
    old_file, old_lock = sides.base.read(file_path), sides.base.read(old_path)
    touched = (_digest(old_file), _digest(old_lock)) != (checked.sha256, checked.lock_sha256)
    moves = ((file_path, checked.path), (old_path, checked.lock_path))
    notes = [f"{old} is now {new}" for old, new in moves if old != new and old in sides.old]
    versions = list(_versions(checked))
    if old_lock is None:
        notes += [_newcomer(checked, new) for _, new in versions[-1:]]
        return _One((), identities, touched, tuple(notes))
    if not versions:
        return _One((), identities, touched, tuple(notes))
    old = parse_source(old_lock.decode("utf-8", "replace"), f"{old_path} of the base commit")
    comparisons: list[Comparison] = []
    for name, new in versions:
        common = old.platforms.keys() & new.platforms.keys()
        if not common:
            locks = f"{checked.lock_path} and its version on the base commit"
            notes.append(f"{locks} have no platform in common, so they were not compared")
            continue
        report = compare(old, new, name=name)
        is_solved = new is versions[-1][1] and bool(checked.lock)
        # A platform that the change drops is reported with the other things that it takes away.
        compared = (each for each in report.comparisons if each.platform in common)
        comparisons += [_with_causes(each, checked) if is_solved else each for each in compared]
        notes += report.notes
    return _One(tuple(comparisons), identities, touched, tuple(dict.fromkeys(notes)))


def _versions(checked: Checked) -> Iterator[tuple[str, Operand]]:
    """Yield the locks of an environment with their names: the committed one, and a fresh one if that does not fit."""
    if checked.committed:
        # One that cannot be read is stale, and that is the reason.
        with suppress(LockstepError):
            yield _name(checked), parse_source(checked.committed, checked.lock_path)
    if checked.lock and checked.lock != checked.committed:
        label = f"{_name(checked)}, solved anew"
        yield label, parse_source(checked.lock, checked.lock_path)


def _identities(checked: Checked) -> tuple[tuple[str, str, str], ...]:
    for _, lock in _versions(checked):
        return tuple(
            (_name(checked), platform, packages.environment_id)
            for platform, packages in sorted(lock.platforms.items())
        )
    return ()


def _with_causes(comparison: Comparison, checked: Checked) -> Comparison:
    """Add the attribution by the checking step to each row."""
    platform = comparison.platform
    known = {(each.manager, each.subject): each for each in checked.causes if each.platform == platform}
    rows = tuple(_with_cause(row, known.get((row.manager, row.subject))) for row in comparison.rows)
    caveats = tuple(each.text for each in checked.caveats if each.platform == platform) if rows else ()
    # Both halves say what was not compared.
    return replace(comparison, rows=rows, notes=tuple(dict.fromkeys((*comparison.notes, *caveats))))


def _with_cause(row: Row, cause: Cause | None) -> Row:
    if cause is None:
        return row
    new = row.new._replace(timestamp=cause.uploaded) if row.new and cause.uploaded else row.new
    dated = row._replace(new=new, attribution=cause.attribution, chain=cause.chain)
    return dated._replace(cause=cause_text.cause_of(cause.attribution, dated))


def _name(checked: Checked) -> str:
    """Return the name of an environment: its file, or the lock if machines have locks of their own."""
    common = lock_path(Path(checked.path)).as_posix() == checked.lock_path
    return checked.path if common else checked.lock_path


def _newcomer(checked: Checked, new: Operand) -> str:
    ids = ", ".join(
        f"{packages.environment_id} on {platform} ({len(packages)} packages)"
        for platform, packages in sorted(new.platforms.items())
    )
    return f"{checked.lock_path} does not exist on the base commit, so it was not compared: {ids}"


def _digest(content: bytes | None) -> str:
    return "" if content is None else hashlib.sha256(content).hexdigest()


def _evidence(environments: Sequence[Checked]) -> Evidence:
    """Return the steps that every one of the environments reached, in the order of the ladder."""
    reached = tuple(
        step for step in LADDER if environments and all(step in checked.reached for checked in environments)
    )
    return Evidence(reached, tuple(step for step in LADDER if step not in reached))


def _problems(handoff: Handoff, rules: Rules, grave: int) -> Iterator[str]:
    for checked in handoff.checked:
        yield from _problems_of(checked, rules)
    if grave:
        yield f"{grave} change{'' if grave == 1 else 's'} of severity {rules.fail_on} or worse"
    errors = [remark for remark in handoff.remarks if remark.severity == "error"]
    if errors:
        yield f"the linter found {len(errors)} error{'' if len(errors) == 1 else 's'}: {_first(errors)}"


def _problems_of(checked: Checked, rules: Rules) -> Iterator[str]:
    reasons = "; ".join(checked.reasons)
    because = f": {reasons}" if reasons else ""
    if checked.state == "stale":
        yield f"{checked.lock_path} does not fit {checked.path}{because}"
    if checked.state == "failed":
        yield f"{checked.path} cannot be locked{because}"
    if checked.state == "missing" and rules.require_lock:
        yield f"{checked.path} has no lock, and input 'require-lock' is true"
    if checked.build == "failed":
        yield f"{checked.path} could not be built: {checked.build_reason}"


def _first(errors: Sequence[Remark]) -> str:
    named = ", ".join(f"{error.rule} ({error.path}:{error.line})" for error in errors[:3])
    return named + (f" and {len(errors) - 3} more" if errors[3:] else "")


def _reproduce(checked: Checked, base_name: str, sides: ComparedTrees | None) -> Iterator[str]:
    if not (base_name and checked.lock and sides):
        return
    name, old = shlex.quote(checked.lock_path), sides.old_lock(checked)
    if checked.state != "current":
        yield f"lockstep lock {shlex.quote(checked.path)}"
    if old in sides.old:
        yield f"git show {shlex.quote(f'{base_name}:{old}')} > /tmp/base.conda-lock.yml"
        yield f"lockstep diff /tmp/base.conda-lock.yml {name}"


def _accept(checked: Checked) -> Iterator[str]:
    if checked.lock and checked.state != "current":
        yield f"lockstep lock {shlex.quote(checked.path)} && git add {shlex.quote(checked.lock_path)}"
