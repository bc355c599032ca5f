"""Records how a lock was made, in CEP 37's ``custom_metadata``: strings under stable keys."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from conda_lockstep.lock.model import envelope
from conda_lockstep.lock.model import virtual_packages as virtual
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.virtual_packages import VirtualPackage
from conda_lockstep.packages import Package

CHANNEL_PRIORITY = "channel_priority"
CREATED_BY = {"created_by": "conda-lockstep"}
"""In every lock that is made: without the key, conda's plugin conda-lockfiles reads no lock that has custom metadata.
No version, so that the same packages stay the same bytes."""
EXTRA_NEEDS = "pip_extra_needs"
"""Of a platform: the requirements of the extras that entries request of projects that conda installs."""
CPU_ALLOWED = "cpu_allowed"
"""The key, by platform, of the CPU builds that ``--allow-cpu`` allowed."""

_UTC = "%Y-%m-%dT%H:%M:%SZ"


def describe(
    platform: str, machine: tuple[VirtualPackage, ...], packages: Iterable[Package], names: Iterable[str] = ()
) -> dict[str, str]:
    """Return the facts of one platform: its machine, what the packages need of it, and the age of the newest.

    ``names`` are those of the declared machines that it stands for.
    The age is the newest record's time stamp, not the clock's; ``undated`` counts the conda packages without one.
    """
    conda = [package for package in packages if package.manager == "conda"]
    limits = envelope.envelope(conda)
    dated = [package.timestamp for package in conda if package.timestamp]
    values = {
        "machine": virtual.to_text(machine),
        "machines": " ".join(names),
        "needs": envelope.to_text(limits.needs),
        "allows": envelope.to_text(limits.allows),
        "newest": _utc(max(dated)) if dated else "",
        "undated": str(len(conda) - len(dated)) if len(dated) < len(conda) else "",
    }
    return {f"{platform}.{key}": value for key, value in values.items() if value}


def machine_of(lock: Lock, platform: str) -> tuple[VirtualPackage, ...]:
    """Return the machine that a platform was solved for; empty where the lock does not say."""
    return virtual.from_text(lock.metadata.get(f"{platform}.machine", ""))


def machines_of(lock: Lock, platform: str) -> tuple[str, ...]:
    """Return the names of the declared machines that a platform was solved for; none where none were declared."""
    return tuple(lock.metadata.get(f"{platform}.machines", "").split())


def cpu_allowed_of(lock: Lock, platform: str) -> tuple[str, ...]:
    """Return the names of the packages that ``--allow-cpu`` allowed to be CPU builds where CUDA is required."""
    return tuple(lock.metadata.get(f"{platform}.{CPU_ALLOWED}", "").split())


def cuda_of(lock: Lock) -> str:
    """Return the CUDA version that a lock was made for, empty where it was made for machines without."""
    virtual_packages = (fact for platform in lock.platforms for fact in machine_of(lock, platform))
    return next((fact.version for fact in virtual_packages if fact.name == "__cuda"), "")


def needs_of(lock: Lock, platform: str) -> Mapping[str, str]:
    """Return what a machine must have, by virtual package: ``__cuda`` -> ``>=12.9``."""
    return envelope.from_text(lock.metadata.get(f"{platform}.needs", ""))


def allows_of(lock: Lock, platform: str) -> Mapping[str, str]:
    """Return what a machine may lack, and must fit where it has it."""
    return envelope.from_text(lock.metadata.get(f"{platform}.allows", ""))


def extra_needs_of(lock: Lock, platform: str) -> tuple[str, ...]:
    """Return what the extras of conda's packages require of pip, as PEP 508 requirements: ``pysocks >=1.5.6``."""
    text = lock.metadata.get(f"{platform}.{EXTRA_NEEDS}", "")
    return tuple(text.split("; ")) if text else ()


def newest_of(lock: Lock, platform: str) -> datetime.datetime | None:
    """Return when the newest package of a platform was published; None where the lock does not say."""
    try:
        found = datetime.datetime.strptime(lock.metadata.get(f"{platform}.newest", ""), _UTC)
    except ValueError:
        return None
    return found.replace(tzinfo=datetime.timezone.utc)


def _utc(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime(_UTC)
