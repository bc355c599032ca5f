"""Compares a prefix with its lock; the lock is the old side, the prefix the new one.

Most prefixes match, so the modules that grade and report differences are imported only for one that does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conda_lockstep.drift.compare import sources
from conda_lockstep.drift.compare.operands import (
    Operand,
    from_installed,
    from_prefix,
    read_source,
    side_of,
    unknown_hashes,
)
from conda_lockstep.drift.compare.projects import as_locked, projects_of
from conda_lockstep.drift.compare.projects import note as project_note
from conda_lockstep.drift.compare.sources import from_elsewhere, is_same_file
from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.text.printable import visible

if TYPE_CHECKING:
    from conda_lockstep.drift.compare.requirements import UnmetRequirement
    from conda_lockstep.drift.report import Report, Row

LOCK_NAME = "conda-lock.yml"
LOCK_GLOB = "*.conda-lock.yml"
DEFAULT_NAME = "environment"
_SHOWN_NOTES = 3


class Pair(NamedTuple):
    """A prefix and its lock, to be compared on one platform; ``notes`` describe how they were read.

    ``unmet`` are the requirements of the lock that this machine does not meet; see :func:`with_machine`. With
    ``strict_source``, packages with the locked bytes from another source are differences, else they are noted.
    """

    locked: Operand
    installed: Operand
    platform: str
    notes: tuple[str, ...] = ()
    unmet: tuple[UnmetRequirement, ...] = ()
    strict_source: bool = False

    @property
    def expected(self) -> PackageSet:
        """Return the locked packages."""
        return self.locked.platforms[self.platform]

    @property
    def actual(self) -> PackageSet:
        """Return the installed packages, those that are the locked projects as the lock has them."""
        return as_locked(self.expected, self.installed.platforms[self.platform], self.locked.root)[0]


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


def with_machine(pair: Pair) -> Pair:
    """Compare the requirements of the lock with this machine as well: its driver, glibc and processor.

    A lock for another platform cannot be compared with this machine, which is noted.
    """
    from conda_lockstep.conda.subdirs import this_platform
    from conda_lockstep.drift.compare.requirements import requirements, unmet

    if pair.platform != this_platform():
        note = f"requirements were not compared with this machine: it is {this_platform()}"
        return pair._replace(notes=(*pair.notes, note))
    installed = tuple(pair.actual.values())
    required = requirements(pair.locked.metadata, pair.platform, installed)
    names = required.needs.keys() | required.allows.keys()
    if not names:
        return pair
    from conda_lockstep.snapshot.machine import virtual_packages

    return pair._replace(unmet=unmet(required, virtual_packages(cuda="__cuda" in names), installed))


def without_machine(pair: Pair) -> Pair:
    """Note that the requirements of the lock were not compared with this machine."""
    return pair._replace(
        notes=(*pair.notes, "requirements were not compared with this machine (--ignore-machine)")
    )


def without_projects(pair: Pair) -> Pair:
    """Leave the local and git projects of the lock out, installed or not, and note it."""
    left_out = projects_of(pair.expected)
    if not left_out:
        return pair
    from conda_lockstep.drift.compare.projects import without_projects as without

    sides = (
        side._replace(
            platforms={**side.platforms, pair.platform: without(side.platforms[pair.platform], left_out)}
        )
        for side in (pair.locked, pair.installed)
    )
    locked, installed = sides
    names = ", ".join(sorted(package.name for package in left_out.values()))
    notes = (*pair.notes, f"projects were not compared (--no-projects): {names}")
    return pair._replace(locked=locked, installed=installed, notes=notes)


def agrees(pair: Pair) -> bool:
    """Whether nothing differs that both sides record."""
    return not (pair.unmet or pair.installed.inconsistencies or pair.installed.unowned_files) and _same_files(
        pair.expected, pair.actual, strict_source=pair.strict_source
    )


def report(pair: Pair) -> Report:
    """Compare, and grade the differences."""
    import shlex
    from dataclasses import replace

    from conda_lockstep.drift.report import SEVERITIES, Comparison, Report

    locked, installed = pair.locked, pair.installed
    if agrees(pair):
        sides = side_of(locked, pair.expected), side_of(installed, pair.actual)
        compared = Comparison(
            locked.label, pair.platform, *sides, unchanged=len(pair.actual), notes=tuple(_notes(pair))
        )
    else:
        from conda_lockstep.drift.compare.compare import compare_platform

        compared = compare_platform(
            locked, installed, pair.platform, name=locked.label, strict_source=pair.strict_source
        )
    if pair.unmet:
        from conda_lockstep.drift.compare.requirements import row_of_unmet

        rows = (*map(row_of_unmet, pair.unmet), *compared.rows)
        compared = replace(compared, rows=tuple(sorted(rows, key=lambda row: SEVERITIES.index(row.severity))))
    compared = replace(compared, notes=(*compared.notes, *pair.notes))
    command = ["lockstep", "verify", "--prefix", installed.label, "--lock", locked.label]
    return Report((compared,), reproduce=(shlex.join(command),))


def combined(pairs: Sequence[Pair], reports: Sequence[Report]) -> Report:
    """Return the reports on several prefixes and their lock as one; each comparison is named by its prefix."""
    import shlex
    from dataclasses import replace

    if len(reports) == 1:
        return reports[0]
    compared = tuple(
        replace(comparison, name=pair.installed.label)
        for pair, each in zip(pairs, reports, strict=True)
        for comparison in each.comparisons
    )
    prefixes = [word for pair in pairs for word in ("--prefix", pair.installed.label)]
    command = ["lockstep", "verify", *prefixes, "--lock", pairs[0].locked.label]
    return replace(reports[0], comparisons=compared, reproduce=(shlex.join(command),))


def _notes(pair: Pair) -> Iterator[str]:
    """Yield what was not compared, and what does not count, of a prefix that matches its lock."""
    projects = projects_of(pair.expected)
    if unknown := sum(not package.sha256 for key, package in pair.actual.items() if key not in projects):
        yield unknown_hashes(unknown)
    if projects:
        yield project_note(projects)
    if elsewhere := from_elsewhere(pair.expected, pair.actual):
        yield sources.note(elsewhere)


def _same_files(wanted: PackageSet, found: PackageSet, *, strict_source: bool) -> bool:
    """Return whether two sets have the same packages by their hashes, as far as pip records them."""
    return wanted.keys() == found.keys() and all(
        _same_file(wanted[key], found[key], strict_source=strict_source) for key in wanted
    )


def _same_file(wanted: Package, found: Package, *, strict_source: bool) -> bool:
    if found is wanted:
        return True  # a project that is as locked
    if found.manager == "pip" and not found.url:  # installed from an index (PEP 610)
        return wanted.identity == found.identity and wanted.url.startswith("https://")
    return is_same_file(wanted, found) and (wanted.url == found.url or not strict_source)


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
    return _line(pair, packages.environment_id, [*_notes(pair), *pair.notes])


def confirmation_of(report: Report, pair: Pair) -> str:
    """Return the line for a prefix that differs only in metadata."""
    (comparison,) = report.comparisons
    notes = [*comparison.notes, *(f"{row.subject}: {row.detail or row.why}" for row in report.rows)]
    return _line(pair, comparison.old.environment_id, notes)


def _line(pair: Pair, identity: str, notes: Sequence[str]) -> str:
    part = "" if pair.locked.complete else " (conda part)"
    match = f"{pair.installed.label} matches {pair.locked.label} exactly"
    line = f"{identity}{part}  {match} ({pair.platform}, {len(pair.expected)} packages)"
    if len(notes) > _SHOWN_NOTES:
        return visible(f"{line}; {len(notes)} notes, see --format json", 1000)
    return visible("; ".join((line, *notes)), 1000)
