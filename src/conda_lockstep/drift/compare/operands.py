"""Any operand named on a command line, as labelled package sets: a lock of any format, a snapshot, a prefix."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import PackageSet
from conda_lockstep.snapshot.model import Installed, Machine, PrefixInconsistency, Snapshot, UnownedFile

if TYPE_CHECKING:  # what reports are made of costs as much as reading a hundred records
    from conda_lockstep.drift.report import Side
    from conda_lockstep.lock.model.lock import Lock

Kind: TypeAlias = Literal["conda-lock", "explicit", "pixi", "snapshot", "prefix"]

DEFAULT_ENVIRONMENT = "default"

_INSTALLED: frozenset[Kind] = frozenset({"snapshot", "prefix"})
_WHOLE_METADATA: frozenset[Kind] = frozenset({"pixi", "snapshot", "prefix"})
_KINDS: dict[str, Kind] = {"explicit": "explicit", "pixi": "pixi"}
_HEAD = 200
"""In how many characters a JSON document says of what kind it is."""
_FILE_HEAD = 1 << 20
_DEPENDENCIES = rb"^[\"']?dependencies[\"']?\s*:"
_ANSWERED = rb"^(?:package|packages|environments|metadata)\s*:|^@EXPLICIT|\A\s*\{"


class Operand(NamedTuple):
    """One end of a comparison. ``label`` is what the user called it.

    ``complete`` is false where the format has no place for pip packages. ``damages`` are where an installed
    environment contradicts itself, ``strays`` what no package brought; a snapshot knows its ``machine``.
    """

    label: str
    kind: Kind
    platforms: Mapping[str, PackageSet]
    complete: bool = True
    damages: tuple[PrefixInconsistency, ...] = ()
    strays: tuple[UnownedFile, ...] = ()
    machine: Machine | None = None

    @property
    def installed(self) -> bool:
        """Return whether this is a machine's state rather than a file's wish."""
        return self.kind in _INSTALLED


def read_source(name: str | Path, *, environment: str = DEFAULT_ENVIRONMENT) -> Operand:
    """Read what a name on the command line stands for; ``environment`` chooses within a pixi.lock.

    Raises ``LockstepError`` for what is neither a lock, a snapshot nor a prefix.
    """
    path, label = Path(name), str(name)
    if path.is_dir():
        return from_prefix(path, label)
    from conda_lockstep.text.bounded_text import read_text

    return parse_source(read_text(path), label, environment=environment)


def parse_source(text: str, label: str, *, environment: str = DEFAULT_ENVIRONMENT) -> Operand:
    """Read the text of a lock or snapshot, telling its format by its content; see :func:`read_source`."""
    if text.lstrip()[:1] == "{":
        return _parse_json(text, label)
    from conda_lockstep.lock.formats import detect as formats

    lock = formats.parse(text, label, environment)
    if lock is not None:
        return from_lock(lock, label)
    raise LockstepError(
        "is no lock and no snapshot",
        where=label,
        remedy="name a conda-lock.yml, a manifest, an @EXPLICIT file, a pixi.lock, a snapshot or a prefix",
    )


def _parse_json(text: str, label: str) -> Operand:
    """Read a snapshot, or the manifest of a lock."""
    from conda_lockstep.lock.formats import manifest

    if manifest.KIND in text[:_HEAD]:
        platforms, source_format, complete = manifest.parse_packages(text, label)
        return Operand(label, _KINDS.get(source_format, "conda-lock"), platforms, complete)
    from conda_lockstep.snapshot import snapshot_json as document

    return from_snapshot(document.loads(text, label), label)


def is_environment_file(path: Path) -> bool:
    """Say whether a file is one of what people ask for, by its content: it lists dependencies, and no packages."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(_FILE_HEAD)
    return bool(re.search(_DEPENDENCIES, head, re.MULTILINE)) and not re.search(_ANSWERED, head, re.MULTILINE)


def from_lock(lock: Lock, label: str) -> Operand:
    """Return a lock as a source."""
    return Operand(label, _KINDS.get(lock.source_format, "conda-lock"), lock.platforms, lock.complete)


def from_prefix(path: Path, label: str) -> Operand:
    """Read a prefix as a source."""
    from conda_lockstep.snapshot import prefix

    return from_installed(prefix.read(path), label, "prefix")


def from_installed(installed: Installed, label: str, kind: Literal["snapshot", "prefix"]) -> Operand:
    """Return an installed environment as a source."""
    platforms = {installed.platform: installed.packages}
    return Operand(label, kind, platforms, damages=installed.damages, strays=installed.strays)


def from_snapshot(snapshot: Snapshot, label: str) -> Operand:
    """Return a snapshot as a source, with its machine."""
    return from_installed(snapshot.installed, label, "snapshot")._replace(machine=snapshot.machine)


def side_of(source: Operand, packages: PackageSet) -> Side:
    """Return one platform of a source as reports name it."""
    from conda_lockstep.drift.report import Side

    conda = packages.only("conda")
    conda_id = conda.environment_id
    has_more = source.complete and len(conda) < len(packages)
    return Side(
        label=source.label,
        environment_id=packages.environment_id if has_more else conda_id,
        conda_id=conda_id,
        packages=len(packages),
        complete=source.complete,
    )


def unknown_hashes(count: int) -> str:
    """Return the note on installed pip packages whose bytes cannot be compared."""
    packages = "1 package" if count == 1 else f"{count} packages"
    return f"hashes were not compared for {packages} of pip: pip does not record them when it installs"


def keep_metadata(old: Operand, new: Operand) -> bool:
    """Return whether both keep ``depends`` and ``constrains`` alike; CEP 37 has room for a part of them."""
    return old.kind == new.kind or {old.kind, new.kind} <= _WHOLE_METADATA


def active_prefix() -> Path:
    """Return the prefix of the active conda environment; raises ``LockstepError`` where none is."""
    if prefix := os.environ.get("CONDA_PREFIX"):
        return Path(prefix)
    raise LockstepError("no conda environment is active", remedy="name its folder with --prefix")
