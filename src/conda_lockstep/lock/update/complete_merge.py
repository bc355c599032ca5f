"""Completes a merged lock where that needs no solver.

A package that one side removed and the other needs comes back; a package that nothing needs any more goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_source import project_source
from conda_lockstep.lock.check.satisfiability import broken_edges, reachable
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.metadata import extra_needs_of
from conda_lockstep.lock.update.merge import with_packages
from conda_lockstep.packages import Key, Package


def complete(lock: Lock, sides: Iterable[Lock], roots: Iterable[Key] | None) -> Lock:
    """Return a merged lock with the dependencies that only one side still has, without packages no root leads to.

    ``roots`` are the packages that the environment file requests; None where that is not known, and then nothing goes.
    """
    sides = tuple(sides)
    roots = None if roots is None else tuple(roots)
    for platform in lock.platforms:
        while back := list(_missing(lock, platform, sides)):
            lock = with_packages(lock, platform, [*lock.platforms[platform].values(), *back])
        if roots is not None:
            held = lock.platforms[platform]
            extras: list[Key] = [("pip", split(spec)[0]) for spec in extra_needs_of(lock, platform)]
            # Which entry names a project is known from its files; the check of the merge reads them.
            projects = [key for key, package in held.items() if project_source(package)]
            kept = reachable([*roots, *extras, *projects], held)
            lock = with_packages(lock, platform, [held[key] for key in held if key in kept])
    return lock


def _missing(lock: Lock, platform: str, sides: Iterable[Lock]) -> Iterator[Package]:
    found: dict[Key, Package] = {}
    for broken in broken_edges(lock, platform):
        if broken.held is None:
            for side in sides:
                package = side.platforms.get(platform, {}).get(("conda", broken.name))  # type: ignore[call-overload]
                if package is not None and broken.is_met_by(package):
                    found.setdefault(package.key, package)
    yield from found.values()
