"""Drift: the differences between two package sets, each package accounted for once.

Types with thousands of instances are named tuples, which are much faster to create than dataclasses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Literal, NamedTuple

from conda_lockstep.conda.build_variants import Axis
from conda_lockstep.drift.report import Severity
from conda_lockstep.packages import Key, Package
from conda_lockstep.snapshot.model import MismatchedFile


class DriftClass(str, Enum):
    """The kind of a difference; a change can have several. The value is the name shown in reports."""

    ADDED = "added"
    REMOVED = "removed"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    BUILD = "build"
    """Another build, or another wheel, of the same version."""
    VARIANT = "variant"
    """CUDA instead of CPU, another CUDA major, another MPI, BLAS, OpenMP or interpreter flavour."""
    CONSTRAINT = "constraint"
    """An entry of an environment file that allows another range of versions."""
    CHANNEL = "channel"
    """From another channel, or (pip) from another kind of source: index, repository, local folder."""
    MANAGER = "manager"
    """Installed by pip instead of conda, or the other way round."""
    BYTES = "bytes"
    """The same name, version, build and source, but another hash."""
    METADATA = "metadata"
    """The same bytes; ``depends``, ``constrains``, the URL or the spelling of the version differ, as by a hot-fix."""
    CATEGORY = "category"
    """Another category of a lock, or optional: installers skip what is not in ``main`` (CEP 37)."""
    HASH = "hash"
    """The lock records a weaker hash than before, none, or a stronger one."""
    CONTRADICTION = "contradiction"
    """The URL of a locked entry is that of another package, version or build."""
    UNMET = "unmet"
    """Its metadata changed, and requires or rules out what is locked beside it."""
    LICENSE = "license"
    YANKED = "yanked"
    """The publisher withdrew a locked file from its index (PEP 592)."""
    DUPLICATE = "duplicate"
    """A library that another package installs, too: a second NCCL, or a second CUDA runtime."""
    VANISHED = "vanished"
    """A locked file that is no longer in its channel."""
    RAISED = "envelope raised"
    """The environment requires more of the machine: a newer driver, glibc, processor or system."""
    LOWERED = "envelope lowered"
    SHADOWED = "shadowed"
    """Files of one manager overwrite those of the other."""
    DAMAGED = "damaged"
    """The files in the prefix differ from what the prefix records."""
    UNOWNED = "unowned"
    """A file or a variable that belongs to no package, and that the interpreter or the loader uses."""
    MACHINE = "machine"
    """Another driver, other GPUs, another glibc or processor under the same environment."""

    __hash__ = str.__hash__  # equality is that of str; Enum's own hash is ten times slower


MIRRORS = {
    DriftClass.ADDED: DriftClass.REMOVED,
    DriftClass.REMOVED: DriftClass.ADDED,
    DriftClass.UPGRADE: DriftClass.DOWNGRADE,
    DriftClass.DOWNGRADE: DriftClass.UPGRADE,
    DriftClass.RAISED: DriftClass.LOWERED,
    DriftClass.LOWERED: DriftClass.RAISED,
}
"""The class of a change with old and new swapped; the others stay the same."""


@dataclass(frozen=True, slots=True)
class VariantFlip:
    """A variant that changed along one axis, such as ``device``: ``cuda`` → ``cpu``."""

    axis: Axis
    old: str
    new: str


class Change(NamedTuple):
    """One difference. ``old`` is None where the package was added, ``new`` where it was removed.

    ``flips`` are the variants that changed; ``detail`` is what version and build do not show; ``files`` are those
    that differ from their records.
    """

    classes: frozenset[DriftClass]
    old: Package | None
    new: Package | None
    flips: tuple[VariantFlip, ...] = ()
    detail: str = ""
    files: tuple[MismatchedFile, ...] = ()

    @property
    def package(self) -> Package:
        """Return the new side, or the old one where the package was removed."""
        package = self.new or self.old
        if package is None:
            raise ValueError("a change has at least one side")
        return package

    @property
    def keys(self) -> tuple[Key, ...]:
        """Return the keys that the change accounts for: one, or two where the manager or the name changed."""
        if self.old is None or self.new is None or self.old[:2] == self.new[:2]:
            return (self.package.key,)
        return tuple(sorted((self.old.key, self.new.key)))


@dataclass(frozen=True, slots=True)
class EnvelopeChange:
    """A lower bound on the machine that changed: ``old`` and ``new`` are versions, empty where unbounded.

    ``packages`` are those that require the higher of the two.
    """

    virtual_package: str
    direction: DriftClass
    old: str
    new: str
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownFact:
    """A fact that was not compared for some packages, because one side does not record it."""

    fact: Literal["bytes", "build", "pip part"]
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """Every key of either side is in exactly one of ``changes``, ``unchanged`` and ``not_compared``.

    ``unknown_facts`` are about packages in one of the first two.
    """

    changes: tuple[Change, ...] = ()
    unchanged: tuple[Key, ...] = ()
    not_compared: tuple[Key, ...] = ()
    envelope: tuple[EnvelopeChange, ...] = ()
    unknown_facts: tuple[UnknownFact, ...] = field(default=())

    def __bool__(self) -> bool:
        """Return whether anything differs."""
        return bool(self.changes or self.envelope)


class Judgement(NamedTuple):
    """A change with its severity, one line on why it matters, and the class that determined the severity.

    ``follows`` is the package that led to the change, where that is one of the same event; empty for what leads.
    """

    change: Change | EnvelopeChange
    severity: Severity
    why: str
    decisive: DriftClass
    follows: str = ""


def mirrored(judgement: Judgement) -> Judgement:
    """Return a judgement with old and new swapped, of the same severity and for the same reason."""
    change = judgement.change
    if isinstance(change, EnvelopeChange):
        direction = MIRRORS[change.direction]
        turned: Change | EnvelopeChange = replace(change, direction=direction, old=change.new, new=change.old)
    else:
        classes = frozenset(MIRRORS.get(each, each) for each in change.classes)
        flips = tuple(VariantFlip(flip.axis, flip.new, flip.old) for flip in change.flips)
        turned = change._replace(classes=classes, old=change.new, new=change.old, flips=flips)
    return judgement._replace(change=turned, decisive=MIRRORS.get(judgement.decisive, judgement.decisive))


def accounted(drift: Drift) -> Iterable[Key]:
    """Yield every key that the drift accounts for."""
    for change in drift.changes:
        yield from change.keys
    yield from drift.unchanged
    yield from drift.not_compared
