"""Drift: what differs between two package sets, each package accounted for once.

What there are thousands of is a named tuple: it is made in a fraction of the time.
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
    """What kind of difference it is; a change can be of several. The value is the name that reports show."""

    ADDED = "added"
    REMOVED = "removed"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    BUILD = "build"
    """Another build, or another wheel, of the same version."""
    VARIANT = "variant"
    """CUDA against CPU, another CUDA major, another MPI, BLAS, OpenMP or interpreter flavour."""
    CONSTRAINT = "constraint"
    """An entry of an environment file that asks for another range of versions."""
    CHANNEL = "channel"
    """From another channel, or (pip) from another kind of place: index, repository, local folder."""
    MANAGER = "manager"
    """conda's before, pip's now, or the other way round."""
    BYTES = "bytes"
    """The same name, version, build and place, but another hash."""
    METADATA = "metadata"
    """Same bytes; ``depends``, ``constrains``, the URL or the spelling of the version differ: hot-fixed, mostly."""
    VANISHED = "vanished"
    """A locked file that its channel no longer has."""
    RAISED = "envelope raised"
    """The machine has to offer more than before: a newer driver, glibc, processor or system."""
    LOWERED = "envelope lowered"
    SHADOWED = "shadowed"
    """Files of one manager lie over those of the other."""
    DAMAGED = "damaged"
    """What the prefix records and what lies there disagree."""
    STRAY = "stray"
    """No package brought it, and the interpreter or the loader takes it all the same."""
    MACHINE = "machine"
    """Another driver, other GPUs, another glibc or processor below the same environment."""

    __hash__ = str.__hash__  # as equality is that of texts; an enumeration's own takes ten times as long


MIRRORS = {
    DriftClass.ADDED: DriftClass.REMOVED,
    DriftClass.REMOVED: DriftClass.ADDED,
    DriftClass.UPGRADE: DriftClass.DOWNGRADE,
    DriftClass.DOWNGRADE: DriftClass.UPGRADE,
    DriftClass.RAISED: DriftClass.LOWERED,
    DriftClass.LOWERED: DriftClass.RAISED,
}
"""What a class becomes when old and new change places; the others stay."""


@dataclass(frozen=True, slots=True)
class VariantFlip:
    """A variant that changed along one axis, such as ``device``: ``cuda`` → ``cpu``."""

    axis: Axis
    old: str
    new: str


class Change(NamedTuple):
    """One difference. ``old`` is None where the package was added, ``new`` where it was removed.

    ``flips`` are the variants that changed; ``detail`` is what version and build do not show; ``files`` are those of
    a damage.
    """

    classes: frozenset[DriftClass]
    old: Package | None
    new: Package | None
    flips: tuple[VariantFlip, ...] = ()
    detail: str = ""
    files: tuple[MismatchedFile, ...] = ()

    @property
    def package(self) -> Package:
        """Return the side that is there, the new one where both are."""
        package = self.new or self.old
        if package is None:
            raise ValueError("a change has at least one side")
        return package

    @property
    def keys(self) -> tuple[Key, ...]:
        """Return the keys that the change accounts for: one, or two where manager or name changed."""
        if self.old is None or self.new is None or self.old[:2] == self.new[:2]:
            return (self.package.key,)
        return tuple(sorted((self.old.key, self.new.key)))


@dataclass(frozen=True, slots=True)
class EnvelopeChange:
    """A lower bound on the machine that moved: ``old`` and ``new`` are versions, empty where unbounded.

    ``packages`` are those that ask for the higher of the two.
    """

    virtual_package: str
    direction: DriftClass
    old: str
    new: str
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownFact:
    """A fact that could not be compared, and for which packages: one side does not know it."""

    fact: Literal["bytes", "build", "pip part"]
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """Every key of either side is in exactly one of ``changes``, ``unchanged`` and ``not_compared``.

    ``gaps`` are about packages that are in one of the first two.
    """

    changes: tuple[Change, ...] = ()
    unchanged: tuple[Key, ...] = ()
    not_compared: tuple[Key, ...] = ()
    envelope: tuple[EnvelopeChange, ...] = ()
    gaps: tuple[UnknownFact, ...] = field(default=())

    def __bool__(self) -> bool:
        """Return whether anything differs."""
        return bool(self.changes or self.envelope)


class Judgement(NamedTuple):
    """A change with its severity, one line on why it matters, and the class that decided it."""

    change: Change | EnvelopeChange
    severity: Severity
    why: str
    decisive: DriftClass


def mirrored(judgement: Judgement) -> Judgement:
    """Return a judgement with old and new in each other's place, as severe and for the same reason."""
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
