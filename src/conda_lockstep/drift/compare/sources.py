"""Compares where packages were installed from: the same bytes from a mirror, a cache or another channel.

The bytes identify a package. The source is information, which a note gives once, unless a report on it is requested.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from conda_lockstep.packages import Key, Package, PackageSet

if TYPE_CHECKING:
    from conda_lockstep.drift.report import Row

_SHOWN = 2


def from_elsewhere(expected: PackageSet, actual: PackageSet) -> dict[Key, Package]:
    """Return the installed packages that have the bytes of the expected ones, and another URL."""
    return {
        key: package
        for key, package in actual.items()
        if (wanted := expected.packages.get(key)) is not None and is_same_file(wanted, package)
        if wanted.url != package.url != ""
    }


def is_same_file(one: Package, other: Package) -> bool:
    """Return whether two packages are the same by identity and hash, wherever they came from."""
    return one.identity == other.identity and one.sha256 == other.sha256 != ""


def as_expected(actual: PackageSet, expected: PackageSet, elsewhere: Mapping[Key, Package]) -> PackageSet:
    """Return the installed packages, with the expected URL and channel for those ``from_elsewhere``."""
    if not elsewhere:
        return actual
    return PackageSet.of(
        package._replace(url=expected[key].url, channel=expected[key].channel)
        if key in elsewhere
        else package
        for key, package in actual.items()
    )


def note(elsewhere: Mapping[Key, Package]) -> str:
    """Return the note on packages that were installed from another source with the same bytes."""
    sources = sorted({_source(package) for package in elsewhere.values()})
    more = f" and {len(sources) - _SHOWN} more" if len(sources) > _SHOWN else ""
    count = "1 package" if len(elsewhere) == 1 else f"{len(elsewhere)} packages"
    return f"the same bytes from another source for {count}: {', '.join(sources[:_SHOWN])}{more}"


def rows(expected: PackageSet, elsewhere: Mapping[Key, Package]) -> list[Row]:
    """Return a row for each package that was installed from another source."""
    from conda_lockstep.drift.model import DriftClass
    from conda_lockstep.drift.report import Row

    return [
        Row(
            subject=package.name,
            manager=package.manager,
            classes=(DriftClass.CHANNEL.value,),
            severity="medium",
            before=f"{package.version} from {_source(expected[key])}",
            after=f"{package.version} from {_source(package)}",
            why="the bytes are the same; --strict-source reports their source",
            old=expected[key],
            new=package,
        )
        for key, package in elsewhere.items()
    ]


def _source(package: Package) -> str:
    from conda_lockstep.drift.compare import origin

    if package.manager == "conda":
        return origin.channel(package)
    return package.url.rpartition("/")[0] or origin.place(package)
