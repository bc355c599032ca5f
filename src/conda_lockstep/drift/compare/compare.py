"""Compares two operands and returns the report: on each common platform, the graded rows and the notes."""

from __future__ import annotations

import shlex
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from conda_lockstep.drift.compare import sources
from conda_lockstep.drift.compare.diff import ComparableFacts, diff
from conda_lockstep.drift.compare.inconsistencies import with_inconsistencies
from conda_lockstep.drift.compare.machine_diff import machine_rows
from conda_lockstep.drift.compare.operands import Operand, keep_metadata, side_of, unknown_hashes
from conda_lockstep.drift.compare.projects import as_locked, projects_of, with_differences
from conda_lockstep.drift.compare.projects import note as project_note
from conda_lockstep.drift.compare.rows import row_of, row_of_unowned
from conda_lockstep.drift.compare.sources import as_expected, from_elsewhere
from conda_lockstep.drift.model import DriftClass, UnknownFact, mirrored
from conda_lockstep.drift.report import SEVERITIES, Comparison, Report, Row
from conda_lockstep.drift.severity.comparison_kind import ComparisonKind
from conda_lockstep.drift.severity.grading import judge
from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Key, Package, PackageSet

PLATFORM_DROPPED = "the lock has nothing for this platform any more: its machines cannot install it"
PLATFORM_ADDED = "the lock has packages for this platform now"

_T = TypeVar("_T")


def compare(old: Operand, new: Operand, *, platform: str = "", name: str = "") -> Report:
    """Compare two operands on every platform that both have, or on ``platform`` alone; a dropped platform is a row.

    ``name`` is the name of the environment, by default the new operand's label. Raises ``LockstepError`` if there is no
    platform to compare.
    """
    common = _common_platforms(old, new, platform)
    comparisons = [compare_platform(old, new, each, name=name) for each in common]
    if not (platform or old.installed or new.installed):
        alone = sorted(old.platforms.keys() ^ new.platforms.keys())
        comparisons += [_one_sided_platform(old, new, each, name) for each in alone]
    command = shlex.join(
        ["lockstep", "diff", old.label, new.label, *(["--platform", platform] if platform else [])]
    )
    notes = [f"{each.label}: {note}" for each in (old, new) for note in each.notes]
    return Report(tuple(comparisons), notes=tuple(notes), reproduce=(command,))


def compare_platform(
    old: Operand, new: Operand, platform: str, *, name: str = "", strict_source: bool = False
) -> Comparison:
    """Compare two operands on one platform that both have.

    A machine is graded against a lock in one direction only, from the lock to the machine. If the machine is the old
    side, the result is mirrored. Of an installed package with the expected bytes, the source is a note, or a row with
    ``strict_source``.
    """
    swapped = old.installed and not new.installed
    expected, actual = (new, old) if swapped else (old, new)
    before, after = expected.platforms[platform], actual.platforms[platform]
    differences: Mapping[Key, str] = {}
    if actual.installed and not expected.installed:
        after, differences = as_locked(before, after, expected.root if actual.kind == "prefix" else None)
    elsewhere = from_elsewhere(before, after) if actual.installed else {}
    after = as_expected(after, before, elsewhere)
    scope = ComparableFacts(
        pip=old.complete and new.complete,
        metadata=keep_metadata(old, new),
        locked=old.kind == new.kind and not (old.installed or new.installed),
        platform=platform,
    )
    inconsistencies = _one_sided(expected.inconsistencies, actual.inconsistencies)
    drift = with_differences(diff(before, after, scope), before, after, differences)
    drift = with_inconsistencies(drift, before, after, inconsistencies)
    judgements = judge(drift, before, after, _comparison_kind(expected, actual))
    rows = [row_of(mirrored(judgement) if swapped else judgement) for judgement in judgements]
    unowned = _one_sided(expected.unowned_files, actual.unowned_files)
    more = [row_of_unowned(each) for each in unowned]
    if strict_source:
        more += sources.rows(before, elsewhere)
    if old.machine and new.machine:
        more += machine_rows(old.machine, new.machine)
    if more:
        rows = sorted([*rows, *more], key=lambda row: SEVERITIES.index(row.severity))
    known = projects_of(before)
    notes = [_note(fact, old, new) for fact in _without(drift.unknown_facts, known)]
    if elsewhere and not strict_source:
        notes.append(sources.note(elsewhere))
    if projects := _compared_projects(before, after) if actual.installed else {}:
        notes.append(project_note(projects))
    sides = (side_of(expected, before), side_of(actual, after))
    return Comparison(
        name=name or new.label,
        platform=platform,
        old=sides[1] if swapped else sides[0],
        new=sides[0] if swapped else sides[1],
        rows=tuple(rows),
        unchanged=len(drift.unchanged),
        notes=tuple(notes),
    )


def _without(facts: Iterable[UnknownFact], projects: Container[Key]) -> Iterator[UnknownFact]:
    """Yield the facts on packages that are not projects: those have a note of their own."""
    for fact in facts:
        if keys := tuple(key for key in fact.keys if fact.fact != "bytes" or key not in projects):
            yield UnknownFact(fact.fact, keys)


def _compared_projects(before: PackageSet, after: PackageSet) -> dict[Key, Package]:
    return {key: package for key, package in projects_of(before).items() if key in after}


def _comparison_kind(expected: Operand, actual: Operand) -> ComparisonKind:
    if expected.installed:
        return "prefix_to_prefix"
    return "lock_to_prefix" if actual.installed else "lock_to_lock"


def _one_sided(old: tuple[_T, ...], new: tuple[_T, ...]) -> list[_T]:
    """Return what only one side has, the old side first."""
    return [each for each in (*old, *new) if (each in old) != (each in new)]


def _common_platforms(old: Operand, new: Operand, platform: str) -> Sequence[str]:
    if platform:
        for source in (old, new):
            if platform not in source.platforms:
                what = f"has no packages for {platform}, only for {', '.join(source.platforms)}"
                raise LockstepError(
                    what, where=source.label, remedy="pass one of its platforms with --platform"
                )
        return [platform]
    common = sorted(old.platforms.keys() & new.platforms.keys())
    if not common and (old.installed or new.installed):
        theirs, ours = ", ".join(old.platforms) or "none", ", ".join(new.platforms) or "none"
        what = f"no platform in common: {old.label} is for {theirs}, {new.label} is for {ours}"
        raise LockstepError(what, remedy="pass two operands for the same platform")
    return common


def _one_sided_platform(old: Operand, new: Operand, platform: str, name: str) -> Comparison:
    """Return the comparison of a platform that only one of two locks has: one row, whatever is in it."""
    is_dropped = platform in old.platforms
    packages = (old if is_dropped else new).platforms[platform]
    count = f"{len(packages)} package{'' if len(packages) == 1 else 's'}"
    row = Row(
        subject=platform,
        manager="machine",
        classes=((DriftClass.REMOVED if is_dropped else DriftClass.ADDED).value,),
        severity="critical" if is_dropped else "info",
        before=count if is_dropped else "",
        after="" if is_dropped else count,
        why=PLATFORM_DROPPED if is_dropped else PLATFORM_ADDED,
    )
    return Comparison(
        name=name or new.label,
        platform=platform,
        old=side_of(old, old.platforms.get(platform, PackageSet())),
        new=side_of(new, new.platforms.get(platform, PackageSet())),
        rows=(row,),
    )


def _note(fact: UnknownFact, old: Operand, new: Operand) -> str:
    count = f"{len(fact.keys)} package{'' if len(fact.keys) == 1 else 's'}"
    if fact.fact == "pip part":
        without = old.label if not old.complete else new.label
        return f"the pip part was not compared ({count}): {without} cannot contain it"
    if fact.fact == "build":
        return f"builds were not compared for {count}: one side does not record them"
    managers = {manager for manager, _ in fact.keys}
    if managers == {"pip"} and (old.installed or new.installed):
        return unknown_hashes(len(fact.keys))
    return f"hashes were not compared for {count}: the two sides have no kind of hash in common"
