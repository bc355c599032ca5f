"""Asks the channels for what a package list does not say: URLs, hashes, dependencies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rattler import RepoDataRecord

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import LockChannel
from conda_lockstep.lock.channels.records import package_of
from conda_lockstep.lock.solve.index import records_of
from conda_lockstep.lock.solve.solve import Solver
from conda_lockstep.packages import Package

SHOWN = 20
"""How many packages that no channel has are told."""


async def fill(
    packages: Sequence[Package], channels: Sequence[LockChannel], platform: str, solver: Solver
) -> tuple[Package, ...]:
    """Return the packages as their channels describe them, in the same order.

    A package that has a URL is looked up in the channel of it, any other in ``channels`` by priority, or in its own
    channel where it names one. Raises ``LockstepError`` for packages that no channel has, for one that a channel has
    with other bytes, and for a channel that cannot be read.
    """
    indexes = {
        channel.url: await _index(channel, names, platform, solver)
        for channel, names in _names_by_channel(packages, channels).items()
    }
    filled, missing = [], []
    for package in packages:
        found = next(
            (
                match
                for url in ([package.channel] if package.channel else [channel.url for channel in channels])
                if (match := _match(package, indexes.get(url, {}).get(package.name, ())))
            ),
            None,
        )
        if found is None:
            missing.append(package)
        else:
            filled.append(_merged(package, found))
    if missing:
        raise _missing(missing, channels, platform)
    return tuple(filled)


def _names_by_channel(
    packages: Iterable[Package], channels: Sequence[LockChannel]
) -> dict[LockChannel, set[str]]:
    """Return which names each channel is asked for."""
    known = {channel.url: channel for channel in channels}
    by_channel: dict[LockChannel, set[str]] = {channel: set() for channel in channels}
    for package in packages:
        own = known.get(package.channel)
        for channel in [own] if own else channels:
            by_channel[channel].add(package.name)
    return by_channel


async def _index(
    channel: LockChannel, names: set[str], platform: str, solver: Solver
) -> Mapping[str, Sequence[Package]]:
    """Return what a channel has under these names, archives of the newer kind first."""
    if not names:
        return {}
    found: dict[str, list[RepoDataRecord]] = {}
    for record in await records_of(solver, channel, platform, names):
        found.setdefault(record.name.normalized, []).append(record)
    return {
        name: [
            package_of(record, solver.mirrors)
            for record in sorted(records, key=lambda record: not record.url.endswith(".conda"))
        ]
        for name, records in found.items()
    }


def _match(package: Package, known: Sequence[Package]) -> Package | None:
    for candidate in known:
        same = (candidate.version, candidate.build) == (package.version, package.build)
        if same and (not package.url or _file(candidate) == _file(package)):
            return candidate
    return None


def _file(package: Package) -> tuple[str, str]:
    return package.subdir, package.url.rpartition("/")[2]


def _merged(package: Package, found: Package) -> Package:
    for kind in ("sha256", "md5"):
        recorded, has = getattr(package, kind), getattr(found, kind)
        if recorded and has and recorded != has:
            what = f"has {package} with the {kind} {has}, and {recorded} was expected"
            raise LockstepError(what, where=found.channel, remedy="find out who replaced it")
    return found._replace(
        url=package.url or found.url,
        sha256=package.sha256 or found.sha256,
        md5=package.md5 or found.md5,
    )


def _missing(missing: Sequence[Package], channels: Sequence[LockChannel], platform: str) -> LockstepError:
    listed = [f"  {package.name}={package.version}={package.build}" for package in missing]
    rest = len(listed) - SHOWN
    names = ", ".join(channel.name for channel in channels)
    count = "1 package is" if len(missing) == 1 else f"{len(missing)} packages are"
    return LockstepError(
        f"{count} in none of the channels ({names}) for {platform}",
        remedy="name the platform that they were exported on with --platform, or the channel that had them",
        detail=("not found:", *listed[:SHOWN], *([f"  and {rest} more"] if rest > 0 else [])),
    )
