"""Compares the results with the base branch, and decides whether the check fails."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from conda_lockstep.drift.attribution import cause_text
from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.operands import Operand, parse_source
from conda_lockstep.drift.report import Comparison, Evidence, Report, Row, at_least, counts_against_change
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.event.base import Base
from conda_lockstep.github.event.inputs import FailOn
from conda_lockstep.github.handoff.handoff import Cause, Checked, Handoff
from conda_lockstep.lock.model.paths import lock_path

LADDER = ("linted", "solved", "installed", "verified", "imported", "kernel ran", "collective ran")
"""The steps of evidence, in order; what a run did not reach, its report says."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """What changed, and the verdict.

    ``identities`` are (file, platform, environment id) of the current locks. ``touched`` is whether the change
    affects an environment at all. ``failures`` are reasons for the check to fail, ``broken`` are errors; a line each.
    ``spared`` counts the changes that would fail it if they did not come from upstream alone.
    """

    report: Report
    identities: tuple[tuple[str, str, str], ...]
    touched: bool
    failures: tuple[str, ...]
    broken: tuple[str, ...]
    spared: int = 0

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
    handoff: Handoff, base: Base, *, fail_on: FailOn, judge_drift: bool, base_name: str
) -> GateResult:
    """Compare each environment with the lock of the base commit.

    ``judge_drift`` is false for a change that is merged already: its drift is shown and fails nothing. ``base_name``
    is git's name for the base in a clone: a branch or a commit.
    """
    done: list[_One] = []
    broken = list(handoff.failures)
    for checked in handoff.checked:
        try:
            done.append(_compare(checked, base))
        except LockstepError as error:
            broken.append(str(error))
    report = Report(
        comparisons=tuple(comparison for one in done for comparison in one.comparisons),
        evidence=_evidence(handoff),
        notes=tuple(note for one in done for note in one.notes),
        reproduce=tuple(line for checked in handoff.checked for line in _reproduce(checked, base_name)),
        accept=tuple(line for checked in handoff.checked for line in _accept(checked)),
    )
    grave = at_least(report.rows, fail_on) if judge_drift and fail_on != "never" else ()
    guilty = [row for row in grave if counts_against_change(row)]
    return GateResult(
        report=report,
        identities=tuple(identity for one in done for identity in one.identities),
        touched=bool(report.rows) or any(one.touched for one in done),
        failures=tuple(_failures(handoff, len(guilty), fail_on)),
        broken=tuple(broken),
        spared=len(grave) - len(guilty),
    )


def environment_ids(compared: GateResult) -> str:
    """Return the current environment ids, in the form of a comment's hidden state."""
    return ",".join(dict.fromkeys(environment_id for _, _, environment_id in compared.identities))[:200]


def _compare(checked: Checked, base: Base) -> _One:
    old_file, old_lock = base.read(checked.path), base.read(checked.lock_path)
    touched = (_digest(old_file), _digest(old_lock)) != (checked.sha256, checked.lock_sha256)
    if not checked.lock:
        return _One((), (), touched, ())
    new = parse_source(checked.lock, checked.lock_path)
    identities = tuple(
        (_name(checked), platform, packages.environment_id)
        for platform, packages in sorted(new.platforms.items())
    )
    if old_lock is None:
        return _One((), identities, touched, (_newcomer(checked, new),))
    old = parse_source(old_lock.decode("utf-8", "replace"), f"{checked.lock_path} of the base commit")
    if not old.platforms.keys() & new.platforms.keys():
        both = f"{checked.lock_path} and its version on the base commit"
        note = f"{both} have no platform in common, so they were not compared"
        return _One((), identities, touched, (note,))
    report = compare(old, new, name=_name(checked))
    comparisons = tuple(_with_causes(each, checked) for each in report.comparisons)
    return _One(comparisons, identities, touched, report.notes)


def _with_causes(comparison: Comparison, checked: Checked) -> Comparison:
    """Add the attribution by the checking step to each row."""
    platform = comparison.platform
    known = {(each.manager, each.subject): each for each in checked.causes if each.platform == platform}
    rows = tuple(_with_cause(row, known.get((row.manager, row.subject))) for row in comparison.rows)
    caveats = tuple(each.text for each in checked.caveats if each.platform == platform) if rows else ()
    # What was not compared is said by both halves.
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


def _evidence(handoff: Handoff) -> Evidence:
    """Return the steps that every environment reached, in the order of the ladder."""
    reached = tuple(
        step
        for step in LADDER
        if handoff.checked and all(step in checked.reached for checked in handoff.checked)
    )
    return Evidence(reached, tuple(step for step in LADDER if step not in reached))


def _failures(handoff: Handoff, grave: int, fail_on: FailOn) -> Iterator[str]:
    if fail_on == "never":
        return
    errors = [remark for remark in handoff.remarks if remark.severity == "error"]
    if errors:
        yield f"the linter found {len(errors)} error{'' if len(errors) == 1 else 's'}"
    for checked in handoff.checked:
        if checked.state == "stale":
            yield f"{checked.lock_path} does not fit {checked.path}"
        if checked.state == "failed":
            yield f"{checked.path} cannot be locked"
        if checked.build == "failed":
            yield f"{checked.path} could not be built"
    if grave:
        yield f"{grave} change{'' if grave == 1 else 's'} of severity {fail_on} or worse"


def _reproduce(checked: Checked, base_name: str) -> Iterator[str]:
    if not (base_name and checked.lock):
        return
    name = shlex.quote(checked.lock_path)
    if checked.state != "current":
        yield f"lockstep lock {shlex.quote(checked.path)}"
    yield f"git show {shlex.quote(f'{base_name}:{checked.lock_path}')} > /tmp/base.conda-lock.yml"
    yield f"lockstep diff /tmp/base.conda-lock.yml {name}"


def _accept(checked: Checked) -> Iterator[str]:
    if checked.lock and checked.state != "current":
        yield f"lockstep lock {shlex.quote(checked.path)} && git add {shlex.quote(checked.lock_path)}"
