"""Two sources in, a report out: which platforms meet, what may be compared, how each row reads."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from conda_lockstep.drift.compare import origin as places
from conda_lockstep.drift.compare.diff import ComparableFacts, diff
from conda_lockstep.drift.compare.machine_diff import machine_rows
from conda_lockstep.drift.compare.operands import Operand, keep_metadata, side_of, unknown_hashes
from conda_lockstep.drift.compare.prefix_damage import with_damages
from conda_lockstep.drift.compare.severity import DANGER, STRAYS, ComparisonKind, judge
from conda_lockstep.drift.model import DriftClass, EnvelopeChange, Judgement, UnknownFact, mirrored
from conda_lockstep.drift.report import SEVERITIES, Comparison, Report, Row
from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Package
from conda_lockstep.snapshot.model import PrefixInconsistency, UnownedFile

HASH_DIGITS = 12

_NAMES = {each: each.value for each in DriftClass}
_TOLD_BY_VERSION = frozenset({DriftClass.UPGRADE, DriftClass.DOWNGRADE})
_TOLD_BY_BUILD = frozenset({DriftClass.BUILD, DriftClass.VARIANT})


def compare(old: Operand, new: Operand, *, platform: str = "", name: str = "") -> Report:
    """Compare two sources on every platform that both have, or on ``platform`` alone.

    ``name`` is what the environment is called, by default the new source's label. Raises ``LockstepError``
    where there is no platform to compare.
    """
    common = _common_platforms(old, new, platform)
    comparisons = tuple(compare_platform(old, new, each, name=name) for each in common)
    command = shlex.join(
        ["lockstep", "diff", old.label, new.label, *(["--platform", platform] if platform else [])]
    )
    return Report(comparisons, notes=() if platform else tuple(_lonely(old, new)), reproduce=(command,))


def compare_platform(old: Operand, new: Operand, platform: str, *, name: str = "") -> Comparison:
    """Compare two sources on one platform that both have.

    A machine is judged against a lock in one direction only: what it should hold, what it holds. Where it is
    named first, the judgement is turned round after.
    """
    turned = old.installed and not new.installed
    wanted, found = (new, old) if turned else (old, new)
    before, after = wanted.platforms[platform], found.platforms[platform]
    scope = ComparableFacts(pip=old.complete and new.complete, metadata=keep_metadata(old, new))
    drift = with_damages(diff(before, after, scope), before, after, _damages(wanted, found))
    judgements = judge(drift, before, after, _comparison_kind(wanted, found))
    rows = [row_of(mirrored(judgement) if turned else judgement) for judgement in judgements]
    beside = [row_of_stray(stray) for stray in _strays(wanted, found)]
    if old.machine and new.machine:
        beside += machine_rows(old.machine, new.machine)
    if beside:
        rows = sorted([*rows, *beside], key=lambda row: SEVERITIES.index(row.severity))
    return Comparison(
        name=name or new.label,
        platform=platform,
        old=side_of(old, old.platforms[platform]),
        new=side_of(new, new.platforms[platform]),
        rows=tuple(rows),
        unchanged=len(drift.unchanged),
        notes=tuple(_note(gap, old, new) for gap in drift.gaps),
    )


def _comparison_kind(wanted: Operand, found: Operand) -> ComparisonKind:
    if wanted.installed:
        return "prefix_to_prefix"
    return "lock_to_prefix" if found.installed else "lock_to_lock"


def _damages(wanted: Operand, found: Operand) -> list[PrefixInconsistency]:
    """Return what one side shows of itself, and the other does not."""
    return [
        damage
        for damage in (*wanted.damages, *found.damages)
        if (damage in wanted.damages) != (damage in found.damages)
    ]


def _strays(wanted: Operand, found: Operand) -> list[UnownedFile]:
    """Return what no package brought on one side, and is not on the other."""
    return [
        stray
        for stray in (*wanted.strays, *found.strays)
        if (stray in wanted.strays) != (stray in found.strays)
    ]


def row_of_stray(stray: UnownedFile) -> Row:
    """Return what no package brought as the row that every report shows."""
    severity, why = STRAYS[stray.kind]
    return Row(
        subject=stray.place,
        manager="machine",
        classes=(DriftClass.STRAY.value,),
        severity=severity,
        before="",
        after="",
        why=why,
        detail=stray.detail,
        files=stray.files,
    )


def row_of(judgement: Judgement) -> Row:
    """Return a judged change as the row that every report shows."""
    change = judgement.change
    if isinstance(change, EnvelopeChange):
        asked_by = ", ".join(change.packages[:3]) + (" and others" if len(change.packages) > 3 else "")
        return Row(
            subject=change.virtual_package,
            manager="machine",
            classes=(change.direction.value,),
            severity=judgement.severity,
            before=change.old,
            after=change.new,
            why=judgement.why,
            detail=f"asked for by {asked_by}" if asked_by else "",
        )
    classes = [judgement.decisive]
    if len(change.classes) > 1:
        classes += sorted(change.classes - {judgement.decisive}, key=DANGER.index)
    package = change.package
    return Row(
        subject=package.name,
        manager=package.manager,
        classes=tuple([_NAMES[each] for each in classes]),
        severity=judgement.severity,
        before=_state(change.old, change.new, change.classes),
        after=_state(change.new, change.old, change.classes),
        why=judgement.why,
        detail=change.detail,
        files=change.files,
        old=change.old,
        new=change.new,
    )


def _state(package: Package | None, other: Package | None, classes: frozenset[DriftClass]) -> str:
    """Return one side of a change: the version, and of the rest what differs."""
    if package is None:
        return ""
    if not classes.isdisjoint(_TOLD_BY_VERSION) and len(classes) == 1:
        return package.version  # as most are
    words: list[str] = []
    if other and package.manager != other.manager:
        words.append(package.manager)
    if other and package.name != other.name:
        words.append(package.name)
    words.append(package.version)
    if other and package.build and _tells_by_build(package, other, classes):
        words.append(package.build)
    if DriftClass.CHANNEL in classes:
        place = places.channel(package) if package.manager == "conda" else places.origin(package)
        words.append(f"from {place}")
    if DriftClass.BYTES in classes:
        words.append(_hash(package, other))
    return " ".join(filter(None, words))


def _tells_by_build(package: Package, other: Package, classes: frozenset[DriftClass]) -> bool:
    if not classes.isdisjoint(_TOLD_BY_BUILD):
        return True
    return package.version == other.version and package.build != other.build and bool(other.build)


def _hash(package: Package, other: Package | None) -> str:
    """Return the beginning of the hash that was compared."""
    if package.sha256 and (other is None or other.sha256):
        return f"sha256 {package.sha256[:HASH_DIGITS]}"
    return f"md5 {package.md5[:HASH_DIGITS]}"


def _common_platforms(old: Operand, new: Operand, platform: str) -> Sequence[str]:
    if platform:
        for source in (old, new):
            if platform not in source.platforms:
                what = f"has no packages for {platform}, only for {', '.join(source.platforms)}"
                raise LockstepError(what, where=source.label)
        return [platform]
    common = sorted(old.platforms.keys() & new.platforms.keys())
    if not common:
        theirs, ours = ", ".join(old.platforms) or "none", ", ".join(new.platforms) or "none"
        what = f"no platform in common: {old.label} is for {theirs}, {new.label} for {ours}"
        raise LockstepError(what, remedy="compare what is for one platform")
    return common


def _lonely(old: Operand, new: Operand) -> Iterator[str]:
    """Yield which platforms only one of two locks has; a machine has only ever one."""
    if old.installed or new.installed:
        return
    for one, other in ((old, new), (new, old)):
        if alone := sorted(one.platforms.keys() - other.platforms.keys()):
            yield f"only {one.label} is for {', '.join(alone)}: not compared"


def _note(gap: UnknownFact, old: Operand, new: Operand) -> str:
    count = f"{len(gap.keys)} package{'' if len(gap.keys) == 1 else 's'}"
    if gap.fact == "pip part":
        lacking = old.label if not old.complete else new.label
        return f"the pip part was not compared ({count}): {lacking} has no place for it"
    if gap.fact == "build":
        return f"builds were not compared for {count}: one side does not name them"
    managers = {manager for manager, _ in gap.keys}
    if managers == {"pip"} and (old.installed or new.installed):
        return unknown_hashes(len(gap.keys))
    return f"hashes were not compared for {count}: no kind of hash is known to both sides"
