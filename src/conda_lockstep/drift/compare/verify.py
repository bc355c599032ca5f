"""Compares a prefix with its lock; the lock is the old side, the prefix the new one.

Most prefixes match, so the modules that grade and report differences are imported only for one that does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conda_lockstep.drift.compare.operands import (
    Operand,
    from_installed,
    from_prefix,
    read_source,
    side_of,
    unknown_hashes,
)
from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.text.printable import visible

if TYPE_CHECKING:
    from conda_lockstep.drift.report import Report, Row

LOCK_NAME = "conda-lock.yml"
LOCK_GLOB = "*.conda-lock.yml"
DEFAULT_NAME = "environment"


class Pair(NamedTuple):
    """A prefix and its lock, to be compared on one platform; ``notes`` describe how they were read."""

    locked: Operand
    installed: Operand
    platform: str
    notes: tuple[str, ...] = ()

    @property
    def expected(self) -> PackageSet:
        """Return the locked packages."""
        return self.locked.platforms[self.platform]

    @property
    def actual(self) -> PackageSet:
        """Return the installed packages."""
        return self.installed.platforms[self.platform]


def verify(prefix: Path, lock: Path, *, platform: str = "") -> Report:
    """Compare a prefix with a lock, on the prefix's platform unless another is given.

    Raises ``LockstepError`` if the prefix is not an environment, or if the lock lacks the platform.
    """
    return report(read(prefix, lock, platform=platform))


def verify_deeply(prefix: Path, lock: Path, *, platform: str = "", libraries_only: bool = False) -> Report:
    """Compare as :func:`verify` does, and compare the bytes of every file with the recorded hash.

    With ``libraries_only``, only the libraries that a training job loads are hashed.
    """
    return report(read_deeply(prefix, lock, platform=platform, libraries_only=libraries_only))


def read(prefix: Path, lock: Path, *, platform: str = "") -> Pair:
    """Read both sides; see :func:`verify`."""
    return pair(from_prefix(prefix, str(prefix)), read_source(lock), platform=platform)


def read_deeply(prefix: Path, lock: Path, *, platform: str = "", libraries_only: bool = False) -> Pair:
    """Read both sides, and the bytes of the files; see :func:`verify_deeply`."""
    from conda_lockstep.snapshot.deep import look
    from conda_lockstep.snapshot.prefix import read_contents

    locked = read_source(lock)
    seen = look(read_contents(prefix), libraries_only=libraries_only)
    what = "libraries" if libraries_only else "files"
    notes = [f"{seen.files} {what} were hashed ({seen.size / 1e6:.0f} MB)"]
    if seen.unhashed:
        notes.append(f"bytes were not compared for {seen.unhashed} {what}: they have no recorded hash")
    found = pair(from_installed(seen.installed, str(prefix), "prefix"), locked, platform=platform)
    return found._replace(notes=(*found.notes, *notes))


def pair(installed: Operand, locked: Operand, *, platform: str = "") -> Pair:
    """Pair an installed environment with its lock; see :func:`verify`."""
    (own, packages), *_ = installed.platforms.items()
    wanted = platform or own
    if wanted not in locked.platforms:
        what = f"has no packages for {wanted}, only for {', '.join(locked.platforms) or 'no platform'}"
        raise LockstepError(what, where=locked.label, remedy=f"run: lockstep lock --platform {wanted}")
    if wanted != own:
        installed = installed._replace(platforms={wanted: packages})
    return Pair(locked, installed, wanted, notes=locked.notes)


def agrees(pair: Pair) -> bool:
    """Whether nothing differs that both sides record."""
    return not (pair.installed.inconsistencies or pair.installed.unowned_files) and _same_files(
        pair.expected, pair.actual
    )


def report(pair: Pair) -> Report:
    """Compare, and grade the differences."""
    import shlex
    from dataclasses import replace

    from conda_lockstep.drift.report import Comparison, Report

    locked, installed = pair.locked, pair.installed
    if agrees(pair):
        sides = side_of(locked, pair.expected), side_of(installed, pair.actual)
        compared = Comparison(
            locked.label, pair.platform, *sides, unchanged=len(pair.actual), notes=_unknown(pair)
        )
    else:
        from conda_lockstep.drift.compare.compare import compare_platform

        compared = compare_platform(locked, installed, pair.platform, name=locked.label)
    compared = replace(compared, notes=(*compared.notes, *pair.notes))
    command = ["lockstep", "verify", "--prefix", installed.label, "--lock", locked.label]
    return Report((compared,), reproduce=(shlex.join(command),))


def _unknown(pair: Pair) -> tuple[str, ...]:
    unknown = sum(not package.sha256 for package in pair.actual.values())
    return (unknown_hashes(unknown),) if unknown else ()


def _same_files(wanted: PackageSet, found: PackageSet) -> bool:
    """Return whether two sets have the same packages from the same files, as far as pip records them."""
    return wanted.keys() == found.keys() and all(_same_file(wanted[key], found[key]) for key in wanted)


def _same_file(wanted: Package, found: Package) -> bool:
    if wanted.identity != found.identity:
        return False
    if found.manager == "pip" and not found.url:  # installed from an index (PEP 610)
        return wanted.url.startswith("https://")
    return wanted.url == found.url and wanted.sha256 == found.sha256 != ""


def failures(report: Report) -> tuple[Row, ...]:
    """Return the rows that make a prefix another environment: all except those on metadata alone."""
    from conda_lockstep.drift.report import at_least

    return at_least(report.rows, "low")


def find_lock(folder: Path, *, platform: str = "", machine: str = "") -> Path:
    """Return the lock in a folder: ``conda-lock.yml``, or the only ``*.conda-lock.yml``.

    If there is one lock per machine, return that of ``machine``, or the one that fits this node. Raises
    ``LockstepError`` if there is no lock, or more than one to choose from.
    """
    found = sorted(folder.glob(LOCK_GLOB))
    common = [folder / LOCK_NAME] if (folder / LOCK_NAME).is_file() else []
    own = [path for path in found if path.name.startswith(f"{DEFAULT_NAME}.")]
    found = [*common, *own] or found
    if len({DEFAULT_NAME if path in common else path.name.partition(".")[0] for path in found}) > 1:
        names = ", ".join(path.name for path in found)
        raise LockstepError(f"several locks found: {names}", remedy="pass one with --lock")
    if len(found) > 1 or (found and machine):
        return _choose(found, platform, machine)
    if found:
        return found[0]
    raise LockstepError(
        f"no {LOCK_NAME} found in this folder", remedy="pass the lock with --lock, or run: lockstep lock"
    )


def _choose(paths: Sequence[Path], platform: str, machine: str) -> Path:
    from conda_lockstep.conda.subdirs import this_platform
    from conda_lockstep.lock.check import select
    from conda_lockstep.lock.formats import cep37
    from conda_lockstep.snapshot.machine import detect

    locks = {path: cep37.read(path) for path in paths}
    if machine:
        return select.named(locks, machine)
    return select.fitting(locks, platform or this_platform(), lambda: detect().virtual_packages)


def confirmation(pair: Pair) -> str:
    """Return the line for a prefix that matches its lock; see :func:`agrees`."""
    complete = pair.locked.complete
    packages = pair.expected if complete else pair.expected.only("conda")
    return _line(pair, packages.environment_id, [*_unknown(pair), *pair.notes])


def confirmation_of(report: Report, pair: Pair) -> str:
    """Return the line for a prefix that differs only in metadata."""
    (comparison,) = report.comparisons
    notes = [*comparison.notes, *(f"{row.subject}: {row.detail or row.why}" for row in report.rows)]
    return _line(pair, comparison.old.environment_id, notes)


def _line(pair: Pair, identity: str, notes: Sequence[str]) -> str:
    part = "" if pair.locked.complete else " (conda part)"
    match = f"{pair.installed.label} matches {pair.locked.label} exactly"
    line = f"{identity}{part}  {match} ({pair.platform}, {len(pair.expected)} packages)"
    if len(notes) > 1:
        return visible(f"{line}; {len(notes)} notes, see --format json", 1000)
    return visible("; ".join((line, *notes)), 1000)
