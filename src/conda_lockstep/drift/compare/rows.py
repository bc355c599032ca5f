"""The row that reports show for each change: what it was before and after, and what else to show of it."""

from __future__ import annotations

from conda_lockstep.drift.compare import origin
from conda_lockstep.drift.model import DriftClass, EnvelopeChange, Judgement
from conda_lockstep.drift.report import Row
from conda_lockstep.drift.severity.grading import DANGER, UNOWNED
from conda_lockstep.packages import Package
from conda_lockstep.snapshot.model import UnownedFile

HASH_DIGITS = 12

_NAMES = {each: each.value for each in DriftClass}
_SHOWN_BY_VERSION = frozenset({DriftClass.UPGRADE, DriftClass.DOWNGRADE})
_SHOWN_BY_BUILD = frozenset({DriftClass.BUILD, DriftClass.VARIANT})


def row_of_unowned(unowned: UnownedFile) -> Row:
    """Return the row for a file or variable that belongs to no package."""
    severity, why = UNOWNED[unowned.kind]
    return Row(
        subject=unowned.place,
        manager="machine",
        classes=(DriftClass.UNOWNED.value,),
        severity=severity,
        before="",
        after="",
        why=why,
        detail=unowned.detail,
        files=unowned.files,
    )


def row_of(judgement: Judgement) -> Row:
    """Return the row for a graded change."""
    change = judgement.change
    if isinstance(change, EnvelopeChange):
        required_by = ", ".join(change.packages[:3]) + (" and others" if len(change.packages) > 3 else "")
        return Row(
            subject=change.virtual_package,
            manager="machine",
            classes=(change.direction.value,),
            severity=judgement.severity,
            before=change.old,
            after=change.new,
            why=judgement.why,
            detail=f"required by {required_by}" if required_by else "",
            follows=judgement.follows,
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
        follows=judgement.follows,
    )


def _state(package: Package | None, other: Package | None, classes: frozenset[DriftClass]) -> str:
    """Return one side of a change: the version, and whatever else differs."""
    if package is None:
        return ""
    if not classes.isdisjoint(_SHOWN_BY_VERSION) and len(classes) == 1:
        return package.version  # the most frequent case
    words: list[str] = []
    if other and package.manager != other.manager:
        words.append(package.manager)
    if other and package.name != other.name:
        words.append(package.name)
    words.append(package.version)
    if other and package.build and _shows_build(package, other, classes):
        words.append(package.build)
    if DriftClass.CHANNEL in classes:
        source = origin.described_place(package)
        words.append(f"from {source}")
    if DriftClass.BYTES in classes:
        words.append(_hash(package, other))
    return " ".join(filter(None, words))


def _shows_build(package: Package, other: Package, classes: frozenset[DriftClass]) -> bool:
    if not classes.isdisjoint(_SHOWN_BY_BUILD):
        return True
    return package.version == other.version and package.build != other.build and bool(other.build)


def _hash(package: Package, other: Package | None) -> str:
    """Return the first digits of the hash that was compared."""
    if package.sha256 and (other is None or other.sha256):
        return f"sha256 {package.sha256[:HASH_DIGITS]}"
    return f"md5 {package.md5[:HASH_DIGITS]}"
