"""What one machine holds: an environment's packages, what is wrong with them, and the machine around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from conda_lockstep.packages import Package, PackageSet

DamageKind: TypeAlias = Literal["shadowed", "overwritten", "gone", "record"]
DAMAGE_KINDS: tuple[DamageKind, ...] = ("shadowed", "overwritten", "gone", "record")


@dataclass(frozen=True, slots=True)
class Damage:
    """A place where a prefix contradicts itself.

    ``package`` is what ``conda-meta`` records, ``found`` the pip package that was found in its place.
    ``shadowed``: another distribution of the same project was installed over it. ``overwritten``: the files
    of its own distribution were replaced. ``gone``: its distribution was removed. ``record``: the record
    itself is unreadable, double, or says something else than its file name.
    """

    kind: DamageKind
    package: Package
    detail: str
    found: Package | None = None


@dataclass(frozen=True, slots=True)
class Installed:
    """What a prefix holds. ``platform`` is the conda subdir of its packages."""

    prefix: str
    platform: str
    packages: PackageSet
    damages: tuple[Damage, ...] = ()


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU. ``compute_capability`` is like ``9.0``; memory is in MiB."""

    name: str
    compute_capability: str
    memory_mib: int


@dataclass(frozen=True, slots=True)
class Machine:
    """What the environment stands on; what is not there, or not known, is empty.

    ``driver`` is the version of NVIDIA's user libraries, ``kernel_module`` that of its kernel module, ``cuda`` the
    newest CUDA that the driver supports. ``virtual_packages`` are as conda writes them, ``__glibc=2.31=0``.
    ``notes`` say what is wrong with it.
    """

    platform: str
    arch: str
    kernel: str
    glibc: str = ""
    driver: str = ""
    kernel_module: str = ""
    cuda: str = ""
    gpus: tuple[Gpu, ...] = ()
    virtual_packages: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An environment and the machine that it was found on."""

    installed: Installed
    machine: Machine
