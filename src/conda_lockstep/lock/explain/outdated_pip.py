"""Finds newer versions of the locked pip packages, for the Python and the conda packages of a lock.

Only a resolver knows which release has a wheel that fits, so every answer is a lock of the file with an entry opened.
"""

from __future__ import annotations

from collections.abc import Callable

from packaging.version import InvalidVersion, Version

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.environment import edit
from conda_lockstep.environment.entries import PipEntry, read_entries, rewrite
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.explain.outdated import Newer
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.packages import PackageSet

Locking = Callable[[EnvironmentFile], PackageSet]
"""Solves a file again, pip part included. Raises ``LockstepError`` if it has no solution."""


def newer_pip(file: EnvironmentFile, locked: PackageSet, locking: Locking, *, every: bool) -> list[Newer]:
    """Return the outdated pip packages among those that entries name, or with ``every`` among all of pip's."""
    held = {normalize(package.name): package.version for package in locked.only("pip").values()}
    entries = [entry for entry in read_entries(file).pip if entry.requirement.name in held]
    if not held or not (entries or every):
        return []
    fresh = _versions(locking(file))
    found = {
        newer.name: newer
        for newer in (_opened(entry, file, held, fresh, locking) for entry in entries)
        if newer
    }
    if every:
        for name in sorted(held.keys() - {entry.requirement.name for entry in entries}):
            if _is_newer(fresh.get(name, ""), held[name]):
                found[name] = Newer("pip", name, held[name], *(3 * (fresh[name],)))
    return list(found.values())


def _opened(
    entry: PipEntry,
    file: EnvironmentFile,
    held: dict[str, str],
    fresh: dict[str, str],
    locking: Locking,
) -> Newer | None:
    name = entry.requirement.name
    now, newest, why = fresh.get(name, ""), fresh.get(name, ""), ""
    change = rewrite(entry.item, entry.requirement.specifier_at, "") if entry.requirement.specifier else None
    if change is not None:
        try:
            newest = _versions(locking(parse(edit.apply(file.source, [change]), file.path))).get(name, "")
        except LockstepError as error:
            why = f"without its version: {error.what}"
    if not (_is_newer(newest, held[name]) or why):
        return None
    where = file.source.location(entry.item.span.start)
    own = RequestedSpec(entry.item.value, name, entry.requirement.specifier, where)
    holders = ((own,),) if _is_newer(newest, now) else ()
    return Newer("pip", name, held[name], now, newest, newest, (own,), holders, why=why)


def _versions(packages: PackageSet) -> dict[str, str]:
    return {normalize(package.name): package.version for package in packages.only("pip").values()}


def _is_newer(one: str, other: str) -> bool:
    try:
        return Version(one) > Version(other)
    except InvalidVersion:
        return False
