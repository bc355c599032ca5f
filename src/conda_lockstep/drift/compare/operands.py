"""Reads the operands of a command: a lock of any format, a snapshot or a prefix, as labelled package sets."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import PackageSet
from conda_lockstep.snapshot.model import Installed, Machine, PrefixInconsistency, Snapshot, UnownedFile

if TYPE_CHECKING:  # importing these takes as long as reading a hundred records
    from conda_lockstep.drift.report import Side
    from conda_lockstep.lock.model.lock import Lock

Kind: TypeAlias = Literal["conda-lock", "explicit", "pixi", "snapshot", "prefix"]

DEFAULT_ENVIRONMENT = "default"

_INSTALLED: frozenset[Kind] = frozenset({"snapshot", "prefix"})
_WHOLE_METADATA: frozenset[Kind] = frozenset({"pixi", "snapshot", "prefix"})
_KINDS: dict[str, Kind] = {"explicit": "explicit", "pixi": "pixi"}
_HEAD = 200
"""The number of characters within which a JSON document states its kind."""
_FILE_HEAD = 1 << 20
_DEPENDENCIES = rb"^[\"']?dependencies[\"']?\s*:"
_SOLVED = rb"^(?:package|packages|environments|metadata)\s*:|^@EXPLICIT|\A\s*\{"


class Operand(NamedTuple):
    """One end of a comparison. ``label`` is the name that the user passed.

    ``complete`` is false if the format cannot contain pip packages. ``inconsistencies`` are those within an installed
    environment, ``unowned_files`` belong to no package; only a snapshot has a ``machine``.
    ``notes`` describe what of the file was not read; ``metadata`` is what a lock records of itself, such as its
    requirements. ``root`` is the folder that the paths of a lock's local projects are relative to, None if not known.
    """

    label: str
    kind: Kind
    platforms: Mapping[str, PackageSet]
    complete: bool = True
    inconsistencies: tuple[PrefixInconsistency, ...] = ()
    unowned_files: tuple[UnownedFile, ...] = ()
    machine: Machine | None = None
    notes: tuple[str, ...] = ()
    metadata: Mapping[str, str] = MappingProxyType({})
    root: str | None = None

    @property
    def installed(self) -> bool:
        """Return whether this is the state of a machine rather than a lock."""
        return self.kind in _INSTALLED


def read_source(name: str | Path, *, environment: str = DEFAULT_ENVIRONMENT) -> Operand:
    """Read the operand at a path; ``environment`` selects an environment of a pixi.lock.

    Raises ``LockstepError`` if it is not a lock, a snapshot or a prefix.
    """
    path, label = Path(name), str(name)
    if path.is_dir():
        return from_prefix(path, label)
    from conda_lockstep.text.bounded_text import read_text

    root = os.path.realpath(path.parent)
    return parse_source(read_text(path), label, environment=environment)._replace(root=root)


def parse_source(text: str, label: str, *, environment: str = DEFAULT_ENVIRONMENT) -> Operand:
    """Read the text of a lock or snapshot, detecting its format by its content; see :func:`read_source`."""
    if text.lstrip()[:1] == "{":
        return _parse_json(text, label)
    from conda_lockstep.lock.formats import detect as formats

    lock = formats.parse(text, label, environment)
    if lock is not None:
        return from_lock(lock, label)
    raise LockstepError(
        "is not a lock or a snapshot",
        where=label,
        remedy="pass a conda-lock.yml, a manifest, an @EXPLICIT file, a pixi.lock, a snapshot or a prefix",
    )


def _parse_json(text: str, label: str) -> Operand:
    """Read a snapshot, or the manifest of a lock."""
    from conda_lockstep.lock.formats import manifest

    if manifest.KIND in text[:_HEAD]:
        platforms, source_format, complete, metadata = manifest.parse_packages(text, label)
        kind = _KINDS.get(source_format, "conda-lock")
        return Operand(label, kind, platforms, complete, metadata=metadata)
    from conda_lockstep.snapshot import snapshot_json as document

    return from_snapshot(document.loads(text, label), label)


def is_environment_file(path: Path) -> bool:
    """Whether a file is an environment file, by its content: it lists dependencies, and no locked packages."""
    if not path.is_file():
        return False
    with path.open("rb") as file:  # a regular one
        head = file.read(_FILE_HEAD)
    return bool(re.search(_DEPENDENCIES, head, re.MULTILINE)) and not re.search(_SOLVED, head, re.MULTILINE)


def is_pixi_lock(path: Path) -> bool:
    """Whether a file is a pixi.lock, by its content: it names environments."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return re.search(rb"^environments\s*:", file.read(_FILE_HEAD), re.MULTILINE) is not None


def from_lock(lock: Lock, label: str) -> Operand:
    """Return a lock as an operand."""
    kind = _KINDS.get(lock.source_format, "conda-lock")
    return Operand(label, kind, lock.platforms, lock.complete, notes=lock.notices, metadata=lock.metadata)


def from_prefix(path: Path, label: str) -> Operand:
    """Read a prefix as an operand."""
    from conda_lockstep.snapshot import prefix

    return from_installed(prefix.read(path), label, "prefix")


def from_installed(installed: Installed, label: str, kind: Literal["snapshot", "prefix"]) -> Operand:
    """Return an installed environment as an operand."""
    platforms = {installed.platform: installed.packages}
    return Operand(
        label,
        kind,
        platforms,
        inconsistencies=installed.inconsistencies,
        unowned_files=installed.unowned_files,
    )


def from_snapshot(snapshot: Snapshot, label: str) -> Operand:
    """Return a snapshot as an operand, with its machine."""
    return from_installed(snapshot.installed, label, "snapshot")._replace(machine=snapshot.machine)


def side_of(source: Operand, packages: PackageSet) -> Side:
    """Return one platform of an operand as a side of a report."""
    from conda_lockstep.drift.report import Side

    has_pip = any(manager == "pip" for manager, _ in packages)
    conda_id = packages.only("conda").environment_id if has_pip else packages.environment_id
    return Side(
        label=source.label,
        environment_id=packages.environment_id if source.complete else conda_id,
        conda_id=conda_id,
        packages=len(packages),
        complete=source.complete,
    )


def unknown_hashes(count: int) -> str:
    """Return the note on installed pip packages whose hashes cannot be compared."""
    packages = "1 pip package" if count == 1 else f"{count} pip packages"
    return f"hashes were not compared for {packages}: pip does not record them"


def keep_metadata(old: Operand, new: Operand) -> bool:
    """Return whether both record ``depends`` and ``constrains`` alike; CEP 37 records a part of them."""
    return old.kind == new.kind or {old.kind, new.kind} <= _WHOLE_METADATA


def active_prefix() -> Path:
    """Return the prefix of the active conda environment; raises ``LockstepError`` if none is active."""
    if prefix := os.environ.get("CONDA_PREFIX"):
        return Path(prefix)
    raise LockstepError(
        "no conda environment is active", remedy="activate one, or pass its folder with --prefix"
    )
