"""What one machine holds: an environment's packages, what is wrong with them, and the machine around them."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.packages import Package, PackageSet

InconsistencyKind: TypeAlias = Literal["shadowed", "overwritten", "gone", "record", "files"]
INCONSISTENCY_KINDS: tuple[InconsistencyKind, ...] = ("shadowed", "overwritten", "gone", "record", "files")

UnownedKind: TypeAlias = Literal["startup", "activation", "path", "shadows", "file", "present"]
UNOWNED_KINDS: tuple[UnownedKind, ...] = ("startup", "activation", "path", "shadows", "file", "present")

FileState: TypeAlias = Literal["changed", "missing", "extra", "owned twice"]
FILE_STATES: tuple[FileState, ...] = ("changed", "missing", "extra", "owned twice")


class MismatchedFile(NamedTuple):
    """A file that is not as a package recorded it; ``path`` is relative to the prefix, ``detail`` may be empty."""

    path: str
    state: FileState
    detail: str = ""


class PrefixInconsistency(NamedTuple):
    """A place where a prefix contradicts itself.

    ``package`` is what ``conda-meta`` records, ``found`` the pip package that was found in its place.
    ``shadowed``: another distribution of the same project was installed over it. ``overwritten``: the files
    of its own distribution were replaced. ``gone``: its distribution was removed. ``record``: the record
    itself is unreadable, double, or says something else than its file name. ``files``: ``files`` are not the bytes
    that were recorded, which a deep look reports of all files, or were written for a prefix in another folder,
    which any look reports of one.
    """

    kind: InconsistencyKind
    package: Package
    detail: str
    found: Package | None = None
    files: tuple[MismatchedFile, ...] = ()


class UnownedFile(NamedTuple):
    """A file or variable that belongs to no package, and that the interpreter, the loader or an activation uses.

    ``place`` is a path in the prefix or the name of an environment variable. ``startup``: it runs at every start of
    Python. ``activation``: activation runs it, or sets its variables. ``path``: it adds a folder to the module path.
    ``shadows``: it hides a part of the prefix. ``file``: a module, library or program beside those of the packages.
    ``present``: it hides nothing.
    """

    kind: UnownedKind
    place: str
    detail: str
    files: tuple[MismatchedFile, ...] = ()


class Installed(NamedTuple):
    """What a prefix holds. ``platform`` is the conda subdir of its packages."""

    prefix: str
    platform: str
    packages: PackageSet
    inconsistencies: tuple[PrefixInconsistency, ...] = ()
    unowned_files: tuple[UnownedFile, ...] = ()


class Gpu(NamedTuple):
    """One GPU. ``compute_capability`` is like ``9.0``; memory is in MiB."""

    name: str
    compute_capability: str
    memory_mib: int


class Machine(NamedTuple):
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


class Snapshot(NamedTuple):
    """An environment and the machine that it was found on."""

    installed: Installed
    machine: Machine
