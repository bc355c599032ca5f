"""Completes a merged lock where that needs no solver.

A package that one side removed and the other needs or requests comes back; one that nothing needs any more goes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial

from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.project_source import project_source
from conda_lockstep.lock.check.pip_edges import broken_pip_edges, pip_edge_holds
from conda_lockstep.lock.check.satisfiability import broken_edges, reachable
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.metadata import extra_needs_of
from conda_lockstep.lock.update.merge import Merged, with_packages
from conda_lockstep.packages import Key, Package, PackageSet


def complete(merged: Merged, sides: Iterable[Lock], roots: Iterable[Key] | None) -> Lock:
    """Return a merged lock with the dependencies that only one side still has, without packages no root leads to.

    ``roots`` are the packages that the environment file requests; None where that is not known, and then nothing goes.
    What is in conflict stays out.
    """
    lock, sides = merged.lock, tuple(sides)
    roots = None if roots is None else tuple(roots)
    for platform in lock.platforms:
        clashes = {clash.key for clash in merged.clashes if clash.platform == platform}
        others = [side.platforms.get(platform, PackageSet()) for side in sides]
        while back := _missing(lock, platform, others, roots or (), clashes):
            lock = with_packages(lock, platform, [*lock.platforms[platform].values(), *back])
        if roots is not None:
            held = lock.platforms[platform]
            extras: list[Key] = [("pip", split(spec)[0]) for spec in extra_needs_of(lock, platform)]
            # Which entry names a project is known from its files; the check of the merge reads them.
            projects = [key for key, package in held.items() if project_source(package)]
            kept = reachable([*roots, *extras, *projects], held)
            lock = with_packages(lock, platform, [held[key] for key in held if key in kept])
    return lock


def _missing(
    lock: Lock, platform: str, sides: Iterable[PackageSet], roots: Iterable[Key], clashes: Collection[Key]
) -> Sequence[Package]:
    """Return the packages of either side that meet what is requested or needed, and that the merge does not have."""
    held = lock.platforms[platform]
    needs = [*((key, _any) for key in roots), *_needs(lock, platform)]
    found: dict[Key, Package] = {}
    for side in sides:
        projects = {_project(key): package for key, package in side.items()}
        for key, is_met_by in needs:
            package = projects.get(_project(key))
            if package and package.key not in held and package.key not in clashes and is_met_by(package):
                found.setdefault(package.key, package)
    return tuple(found.values())


def _needs(lock: Lock, platform: str) -> Iterator[tuple[Key, Callable[[Package], bool]]]:
    """Yield the packages that others need and the lock does not have, and what they must meet."""
    for broken in broken_edges(lock, platform):
        if broken.held is None:
            yield ("conda", broken.name), broken.is_met_by
    for edge in broken_pip_edges(lock.platforms[platform], platform):
        if edge.held is None:
            yield ("pip", edge.project), partial(pip_edge_holds, edge.spec)


def _project(key: Key) -> Key:
    return ("pip", normalize(key[1])) if key[0] == "pip" else key


def _any(_: Package) -> bool:
    return True
