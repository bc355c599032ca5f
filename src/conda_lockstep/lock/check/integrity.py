"""Integrity: each entry of a lock is the file that its URL names, has a hash, and fits its platform and Python.

Beside satisfiability: this looks at the lock alone, without its environment file. No solve and no network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conda_lockstep.conda.project_source import project_source
from conda_lockstep.lock.check.entry_url import conda_url_fault
from conda_lockstep.lock.check.pip_edges import without_bounds
from conda_lockstep.lock.model import envelope
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.metadata import CHANNEL_PRIORITY, machine_of, needs_of
from conda_lockstep.lock.model.virtual_packages import VirtualPackage
from conda_lockstep.packages import Package, PackageSet, environment_id

SHOWN = 3
"""How many packages a note names."""


def integrity_faults(lock: Lock, platform: str, *, content_hash: bool = True) -> Iterator[str]:
    """Yield what is wrong with the entries of a platform, and with what the lock records of it, in a line each.

    Without ``content_hash``, that is left to the caller.
    """
    packages = lock.platforms[platform]
    if content_hash:
        yield from _content_hash(lock, platform)
    yield from _machine(lock, platform)
    for package in packages.only("conda").values():
        yield from (f"{package} ({platform}): {what}" for what in _conda(package, platform))
    yield from _same_bytes(packages, platform)
    pip = packages.only("pip")
    if pip:
        from conda_lockstep.lock.check.wheel_entries import wheel_faults

        for package in pip.values():
            if not package.sha256 and project_source(package) is None:
                yield f"{package} ({platform}): no sha256 is recorded"
        yield from wheel_faults(packages, platform, machine_of(lock, platform))


def machine_wheel_faults(lock: Lock, platform: str, machine: Sequence[VirtualPackage]) -> Iterator[str]:
    """Yield the wheels of a platform that a declared machine cannot install, such as one with an older glibc."""
    packages = lock.platforms[platform]
    if packages.only("pip"):
        from conda_lockstep.lock.check.wheel_entries import wheel_faults

        yield from wheel_faults(packages, platform, tuple(machine))


def integrity_notes(lock: Lock) -> Iterator[str]:
    """Yield what a check could not prove of a lock, in a line each: not a fault, but not proved either."""
    weak = [
        package for package in _all(lock) if package.manager == "conda" and package.md5 and not package.sha256
    ]
    if weak:
        yield f"only an MD5 hash is recorded for {_named(weak)}"
    if CHANNEL_PRIORITY in lock.metadata:
        open_ended = [each for packages in lock.platforms.values() for each in without_bounds(packages)]
        if open_ended:
            yield f"the bounds of pip dependencies are not recorded for {_named(open_ended)}, and were not checked"


def _all(lock: Lock) -> Iterator[Package]:
    for packages in lock.platforms.values():
        yield from packages.values()


def _named(packages: Sequence[Package]) -> str:
    names = list(dict.fromkeys(package.name for package in packages))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def _content_hash(lock: Lock, platform: str) -> Iterator[str]:
    """Compute the content hash anew; other tools record a hash of something else."""
    if lock.content_hash is None:
        return
    recorded, packages = lock.content_hash.get(platform, ""), lock.platforms[platform]
    if not recorded:
        yield f"no content_hash is recorded for {platform}"
    elif recorded != packages.digest:
        found, other = packages.environment_id, environment_id(recorded)
        yield f"the packages for {platform} are not the recorded ones: content_hash is {other}, theirs is {found}"


def _machine(lock: Lock, platform: str) -> Iterator[str]:
    """Compare the recorded bounds on the machine with those of the packages; only our own locks record them."""
    packages = lock.platforms[platform]
    if CHANNEL_PRIORITY not in lock.metadata:
        return
    if not machine_of(lock, platform):
        yield f"no machine is recorded for {platform}"
    needs = envelope.envelope(packages.only("conda").values()).needs
    for name, constraint in needs.items():
        bounds = needs_of(lock, platform).get(name)
        if bounds is None or not envelope.is_as_tight(bounds, constraint):
            what = f"{name} {constraint}".removesuffix(" *")
            has = f"'{name} {bounds}'" if bounds else f"no need of {name}"
            yield f"the packages for {platform} need '{what}' of a machine; the lock records {has}"


def _conda(package: Package, platform: str) -> Iterator[str]:
    if package.subdir not in (platform, "noarch"):
        yield f"it is built for {package.subdir or 'an unknown platform'}"
    if fault := conda_url_fault(package):
        yield fault
    if not package.sha256 and not package.md5:
        yield "no hash is recorded"


def _same_bytes(packages: PackageSet, platform: str) -> Iterator[str]:
    """Yield two entries with one hash: two packages are never the same bytes."""
    owners: dict[str, Package] = {}
    for package in packages.values():
        digest = package.sha256 or package.md5
        if digest:
            first = owners.setdefault(digest, package)
            if first is not package:
                yield f"{first} and {package} ({platform}) have the same hash"
