"""Merges locks three-way, package by package; a package that both sides changed differently is a conflict.

Needs no solver; :mod:`conda_lockstep.lock.check` checks whether the result fits together.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from conda_lockstep.lock.model import envelope
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Key, Package, PackageSet

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True, order=True)
class MergeConflict:
    """A package that both sides changed differently: to two versions, or one side removed it."""

    platform: str
    key: Key


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged lock, without the packages in ``clashes``; ``head`` names the metadata in conflict, which is ours."""

    lock: Lock
    clashes: tuple[MergeConflict, ...]
    head: tuple[str, ...]

    @property
    def reasons(self) -> list[str]:
        """Return the conflicts as messages."""
        names = [f"{clash.key[1]} ({clash.platform})" for clash in self.clashes]
        return [f"both sides changed {name} differently" for name in (*names, *self.head)]


def merge(base: Lock | None, ours: Lock, theirs: Lock) -> Merged:
    """Merge two locks that come from one, ``base``; without it, the packages of both sides are kept."""
    start = base or Lock({})
    platforms: dict[str, PackageSet] = {}
    clashes: list[MergeConflict] = []
    for platform in sorted(ours.platforms.keys() | theirs.platforms.keys()):
        before, mine, other = (each.platforms.get(platform) for each in (start, ours, theirs))
        if (mine is None and other == before) or (other is None and mine == before):
            continue  # one side removes the platform, the other did not change it
        packages, clashing = _three_way(before or {}, mine or {}, other or {})
        platforms[platform] = PackageSet.of(packages.values())
        clashes += [MergeConflict(platform, key) for key in clashing]
    merged, undecided = _three_way(start.metadata, ours.metadata, theirs.metadata)
    settled = dict(_settled(undecided, start, ours, theirs))
    channels, sources = (
        _one(getattr(start, name), getattr(ours, name), getattr(theirs, name))
        for name in ("channels", "sources")
    )
    head = [name for name, value in (("channels", channels), ("sources", sources)) if value is None]
    head += [key for key in undecided if key not in settled]
    metadata = {**merged, **settled, **{key: ours.metadata.get(key, "") for key in head if "." in key}}
    lock = Lock(
        platforms,
        channels if channels is not None else ours.channels,
        sources if sources is not None else ours.sources,
        {key: value for key, value in metadata.items() if _platform(key) in ("", *platforms)},
    )
    return Merged(lock, tuple(sorted(clashes)), tuple(sorted(head)))


def with_packages(lock: Lock, platform: str, packages: Iterable[Package]) -> Lock:
    """Return a lock with other packages for a platform."""
    return replace(lock, platforms={**lock.platforms, platform: PackageSet.of(packages)})


def _three_way(
    base: Mapping[_K, _V], ours: Mapping[_K, _V], theirs: Mapping[_K, _V]
) -> tuple[dict[_K, _V], list[_K]]:
    """Merge mappings; return the merged pairs, and the keys in conflict."""
    agreed: dict[_K, _V] = {}
    clashing: list[_K] = []
    for key in dict.fromkeys((*ours, *theirs)):
        before, mine, other = base.get(key), ours.get(key), theirs.get(key)
        chosen = other if mine in (before, other) else mine
        if mine != other and before not in (mine, other):
            clashing.append(key)
        elif chosen is not None:
            agreed[key] = chosen
    return agreed, clashing


def _one(base: tuple[str, ...], ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...] | None:
    agreed, _ = _three_way({0: base}, {0: ours}, {0: theirs})
    return agreed.get(0)


def _settled(keys: Iterable[str], base: Lock, ours: Lock, theirs: Lock) -> Iterator[tuple[str, str]]:
    """Yield the facts of a solve that follow from both sides': bounds add up, the newest package is the newer one."""
    for key in keys:
        before, mine, other = (lock.metadata.get(key, "") for lock in (base, ours, theirs))
        fact = key.rpartition(".")[2]
        if fact in ("needs", "allows"):
            yield key, _tightest(mine, other)
        elif fact == "newest":
            yield key, max(mine, other)
        elif fact == "undated" and all(each.isdecimal() or not each for each in (before, mine, other)):
            yield key, str(max(0, int(mine or 0) + int(other or 0) - int(before or 0)))


def _tightest(*texts: str) -> str:
    """Return bounds on the machine that are as tight as all of these."""
    bounds = tuple(f"{name} {bound}" for text in texts for name, bound in envelope.from_text(text).items())
    return envelope.to_text(envelope.envelope([Package("conda", "", "", depends=bounds)]).needs)


def _platform(key: str) -> str:
    return key.rpartition(".")[0]
