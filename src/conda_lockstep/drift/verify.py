"""Does a prefix hold exactly what a lock says? The lock is the old side, the prefix the new one."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from conda_lockstep.drift.source import Source, from_prefix, read_source, side_of, unknown_hashes
from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.report.model import Comparison, Report, Row, at_least
from conda_lockstep.report.printable import visible

LOCK_NAME = "conda-lock.yml"
LOCK_GLOB = "*.conda-lock.yml"
DEFAULT_NAME = "environment"


def verify(prefix: Path, lock: Path, *, platform: str = "") -> Report:
    """Compare a prefix with a lock, on the prefix's platform unless another is named.

    Raises ``LockstepError`` for a prefix that is no environment, and a lock that has nothing for it.
    """
    installed = from_prefix(prefix, str(prefix))
    return verify_source(installed, read_source(lock), platform=platform)


def verify_source(installed: Source, locked: Source, *, platform: str = "") -> Report:
    """Compare an installed environment with what was locked for it; see :func:`verify`."""
    (own, packages), *_ = installed.platforms.items()
    wanted = platform or own
    if wanted not in locked.platforms:
        what = f"has nothing for {wanted}, only for {', '.join(locked.platforms) or 'no platform'}"
        raise LockstepError(what, where=locked.label, remedy=f"run: lockstep lock --platform {wanted}")
    if wanted != own:
        installed = Source(installed.label, installed.kind, {wanted: packages}, damages=installed.damages)
    comparison = _compare(locked, installed, wanted)
    command = ["lockstep", "verify", "--prefix", installed.label, "--lock", locked.label]
    return Report((comparison,), reproduce=(shlex.join(command),))


def _compare(locked: Source, installed: Source, platform: str) -> Comparison:
    """Compare; where nothing differs, as on most nodes, without loading what judges differences."""
    wanted, found = locked.platforms[platform], installed.platforms[platform]
    if installed.damages or not _same_files(wanted, found):
        from conda_lockstep.drift.compare import compare_platform

        return compare_platform(locked, installed, platform, name=locked.label)
    unknown = sum(not package.sha256 for package in found.values())
    notes = (unknown_hashes(unknown),) if unknown else ()
    sides = side_of(locked, wanted), side_of(installed, found)
    return Comparison(locked.label, platform, *sides, unchanged=len(found), notes=notes)


def _same_files(wanted: PackageSet, found: PackageSet) -> bool:
    """Return whether two sets are the same packages from the same files, as far as pip records what it installs."""
    return wanted.keys() == found.keys() and all(_same_file(wanted[key], found[key]) for key in wanted)


def _same_file(wanted: Package, found: Package) -> bool:
    if wanted.identity != found.identity:
        return False
    if found.manager == "pip" and not found.url:  # from an index, by PEP 610
        return wanted.url.startswith("https://")
    return wanted.url == found.url and wanted.sha256 == found.sha256 != ""


def failures(report: Report) -> tuple[Row, ...]:
    """Return the rows that make a prefix another environment: all but those that are about metadata alone."""
    return at_least(report.rows, "low")


def find_lock(folder: Path, *, platform: str = "", machine: str = "") -> Path:
    """Return the lock of a folder: ``conda-lock.yml``, or the only ``*.conda-lock.yml``.

    Where machines have locks of their own, it is the one that names ``machine``, or the one that fits this node. Raises
    ``LockstepError`` where there is none, or more than one to choose from.
    """
    found = sorted(folder.glob(LOCK_GLOB))
    common = [folder / LOCK_NAME] if (folder / LOCK_NAME).is_file() else []
    own = [path for path in found if path.name.startswith(f"{DEFAULT_NAME}.")]
    found = [*common, *own] or found
    if len({DEFAULT_NAME if path in common else path.name.partition(".")[0] for path in found}) > 1:
        names = ", ".join(path.name for path in found)
        raise LockstepError(f"there are several locks here: {names}", remedy="name one with --lock")
    if len(found) > 1 or (found and machine):
        return _choose(found, platform, machine)
    if found:
        return found[0]
    raise LockstepError(
        f"there is no {LOCK_NAME} here", remedy="name the lock with --lock, or run: lockstep lock"
    )


def _choose(paths: Sequence[Path], platform: str, machine: str) -> Path:
    from conda_lockstep.lock import cep37, select
    from conda_lockstep.snapshot.machine import detect
    from conda_lockstep.snapshot.platforms import this_platform

    locks = {path: cep37.read(path) for path in paths}
    if machine:
        return select.named(locks, machine)
    return select.fitting(locks, platform or this_platform(), lambda: detect().virtual_packages)


def confirmation(report: Report) -> str:
    """Return the one line for a prefix that holds what the lock says."""
    comparison = report.comparisons[0]
    old, new = comparison.old, comparison.new
    identity = old.environment_id + ("" if old.complete else " (conda part)")
    line = (
        f"{identity}  {new.label} holds exactly {old.label} ({comparison.platform}, {old.packages} packages)"
    )
    notes = [*comparison.notes, *(f"{row.subject}: {row.detail or row.why}" for row in report.rows)]
    return visible(
        line
        + (
            f"; {notes[0]}"
            if len(notes) == 1
            else f"; {len(notes)} notes, see --format json"
            if notes
            else ""
        ),
        1000,
    )
