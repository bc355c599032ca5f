"""Renders the report of ``lockstep lock`` about the locks that it wrote, for a terminal."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path

from conda_lockstep.config import DeclaredMachine
from conda_lockstep.lock.model import envelope, metadata
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.solve.machines import MachineGroup, limits

SHOWN = 3
"""The number of names of a list that are shown."""


def summary(path: Path, lock: Lock, machines: Sequence[DeclaredMachine]) -> Iterator[str]:
    """Yield, for each platform, the packages that were locked, their machines, and what they need of a machine."""
    for platform, packages in sorted(lock.platforms.items()):
        pip = len(packages.only("pip"))
        count = f"{len(packages)} packages" + (f", {pip} of them by pip" if pip else "")
        yield f"{path}: {platform}: {count} ({packages.environment_id})"
        names = metadata.machines_of(lock, platform)
        own = tuple(machine for machine in machines if machine.name in names)
        group = MachineGroup(platform, metadata.machine_of(lock, platform), own)
        yield f"  for {', '.join(names) or 'a machine'} with {_machine(group)}"
        needs, allows = metadata.needs_of(lock, platform), metadata.allows_of(lock, platform)
        if needs:
            yield f"  needs {envelope.to_text(needs)}"
        if allows:
            yield f"  if present, needs {envelope.to_text(allows)}"


def undated(lock: Lock, until: str, *, known: Container[str] = ()) -> Iterator[str]:
    """Yield the packages whose records have no date, so that a horizon does not exclude them.

    ``known`` are the URLs of those that are not reported.
    """
    for platform, packages in sorted(lock.platforms.items()):
        conda = packages.only("conda").values()
        names = [package.name for package in conda if not package.timestamp and package.url not in known]
        if names:
            what = f"{len(names)} of {len(conda)} packages for {platform} have no date"
            yield f"{what}: they may be newer than {until} ({listed(names)})"


def listed(names: Sequence[str]) -> str:
    """Return the first of some names, and the number of the others."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def _machine(group: MachineGroup) -> str:
    """Return virtual packages as text, with the machine that limits each."""
    oldest: Mapping[str, tuple[str, ...]] = limits(group) if len(group.machines) > 1 else {}
    return " ".join(
        f"{fact} ({', '.join(oldest[fact.name])})" if oldest.get(fact.name) else f"{fact}"
        for fact in group.virtual_packages
    )
