"""What is exported, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

SHOWN = 5
"""How many packages a message names."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A lock that is to be written in another format.

    ``path`` is the lock's as the user named it. ``image`` is ``NAME@sha256:DIGEST``, for formats that name one: what
    a Dockerfile starts from, or what a Job runs.
    """

    lock: Lock
    path: str
    image: str = ""

    def one_platform(self) -> tuple[str, PackageSet]:
        """Return the platform and its packages, for formats that hold one; raises where the lock has several."""
        names = sorted(self.lock.platforms)
        if len(names) != 1:
            what = f"is for {' and '.join(names)}, and this format holds one platform"
            raise LockstepError(
                what if names else "has no packages",
                where=self.path,
                remedy=f"add --platform {names[0]}" if names else "",
            )
        return names[0], self.lock.platforms[names[0]]


@dataclass(frozen=True, slots=True)
class Export:
    """The text of a file, and in a line each what of this lock is not in it."""

    text: str
    lost: tuple[str, ...] = ()


def without(manager: str, packages: PackageSet) -> tuple[str, ...]:
    """Return the line that says which manager's packages a format has no room for; none where there are none."""
    left_out = [package for package in packages.values() if package.manager == manager]
    return (f"{count(left_out, manager)} not in it: {named(left_out)}",) if left_out else ()


def count(packages: list[Package], manager: str) -> str:
    """Return ``3 pip packages are``."""
    return f"1 {manager} package is" if len(packages) == 1 else f"{len(packages)} {manager} packages are"


def named(packages: Iterable[Package]) -> str:
    """Name some packages, the first of them only where they are many."""
    names = [package.name for package in packages]
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
