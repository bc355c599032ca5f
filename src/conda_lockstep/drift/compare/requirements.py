"""Compares what a lock requires of the hardware and the system with this machine: ``__cuda``, ``__glibc`` and so on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from conda_lockstep.lock.model.envelope import Envelope, admits, envelope, from_text
from conda_lockstep.packages import Package

if TYPE_CHECKING:
    from conda_lockstep.drift.report import Row

_SHOWN = 3
_RECORDED = ("needs", "allows", "machine")
_WHY = {
    "__cuda": "GPU code fails or falls back to the CPU",
    "__glibc": "libraries built against a newer glibc do not load",
    "__archspec": "compiled code can end with an illegal instruction",
}


class UnmetRequirement(NamedTuple):
    """A virtual package that this machine lacks, or has outside of the required range.

    ``found`` is the machine's version, or the level of its processor; empty if the machine does not have it.
    """

    name: str
    constraint: str
    found: str
    required_by: tuple[str, ...]


def requirements(metadata: Mapping[str, str], platform: str, installed: Sequence[Package]) -> Envelope:
    """Return the requirements that a lock records for a platform, else those of the ``installed`` packages.

    ``metadata`` is the lock's ``custom_metadata``. Only locks of ours record requirements there.
    """
    if any(f"{platform}.{key}" in metadata for key in _RECORDED):
        needs, allows = (from_text(metadata.get(f"{platform}.{key}", "")) for key in ("needs", "allows"))
        return Envelope(needs, allows)
    return envelope(package for package in installed if package.manager == "conda")


def unmet(
    required: Envelope, virtual_packages: Iterable[str], installed: Sequence[Package] = ()
) -> tuple[UnmetRequirement, ...]:
    """Return the requirements that a machine does not meet.

    ``virtual_packages`` are those of the machine, as conda writes them: ``__cuda=12.4=0``.
    """
    machine = {
        name: (version, build) for name, version, build in (each.split("=") for each in virtual_packages)
    }
    found = []
    for name, constraint in sorted({**required.allows, **required.needs}.items()):
        version, build = machine.get(name, ("", ""))
        if (not version and name in required.needs) or (version and not admits(constraint, version, build)):
            shown = build if name == "__archspec" else version
            found.append(UnmetRequirement(name, constraint, shown, _requiring(name, installed)))
    return tuple(found)


def row_of_unmet(requirement: UnmetRequirement) -> Row:
    """Return the row for a requirement that this machine does not meet."""
    from conda_lockstep.drift.model import DriftClass
    from conda_lockstep.drift.report import Row

    names = requirement.required_by
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return Row(
        subject=requirement.name,
        manager="machine",
        classes=(DriftClass.MACHINE.value,),
        severity="critical" if requirement.name == "__cuda" else "high",
        before="any" if requirement.constraint == "*" else requirement.constraint,
        after=requirement.found or "none",
        why=_WHY.get(requirement.name, "the packages were built for another system"),
        detail=_detail(requirement) + (f"; required by {', '.join(names[:_SHOWN])}{more}" if names else ""),
    )


def _detail(requirement: UnmetRequirement) -> str:
    if requirement.name == "__cuda":
        if not requirement.found:
            return "this machine has no working NVIDIA driver"
        return f"the driver of this machine supports CUDA {requirement.found} at most"
    if not requirement.found:
        return f"this machine has no {requirement.name.removeprefix('__')}"
    return f"this machine has {requirement.found}"


def _requiring(name: str, packages: Iterable[Package]) -> tuple[str, ...]:
    return tuple(
        package.name
        for package in packages
        if any(spec.partition(" ")[0] == name for spec in (*package.depends, *package.constrains))
    )
