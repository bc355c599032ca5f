"""Any operand named on a command line, as labelled package sets: a lock of any format, a snapshot, a prefix."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model import Lock
from conda_lockstep.packages import PackageSet
from conda_lockstep.report.model import Side
from conda_lockstep.snapshot.model import Damage, Installed

Kind: TypeAlias = Literal["conda-lock", "explicit", "pixi", "snapshot", "prefix"]

DEFAULT_ENVIRONMENT = "default"

_INSTALLED: frozenset[Kind] = frozenset({"snapshot", "prefix"})
_WHOLE_METADATA: frozenset[Kind] = frozenset({"pixi", "snapshot", "prefix"})


@dataclass(frozen=True, slots=True)
class Source:
    """One end of a comparison. ``label`` is what the user called it.

    ``complete`` is false where the format has no place for pip packages. ``damages`` are where an installed
    environment contradicts itself.
    """

    label: str
    kind: Kind
    platforms: Mapping[str, PackageSet]
    complete: bool = True
    damages: tuple[Damage, ...] = ()

    @property
    def installed(self) -> bool:
        """Return whether this is a machine's state rather than a file's wish."""
        return self.kind in _INSTALLED


def read_source(name: str | Path, *, environment: str = DEFAULT_ENVIRONMENT) -> Source:
    """Read what a name on the command line stands for; ``environment`` chooses within a pixi.lock.

    Raises ``LockstepError`` for what is neither a lock, a snapshot nor a prefix.
    """
    path, label = Path(name), str(name)
    if path.is_dir():
        return from_prefix(path, label)
    from conda_lockstep.lock.text import read_text

    return parse_source(read_text(path), label, environment=environment)


def parse_source(text: str, label: str, *, environment: str = DEFAULT_ENVIRONMENT) -> Source:
    """Read the text of a lock or snapshot, telling its format by its content; see :func:`read_source`."""
    if text.lstrip()[:1] == "{":
        from conda_lockstep.snapshot import document

        return from_installed(document.loads(text, label).installed, label, "snapshot")
    from conda_lockstep.lock import formats

    lock = formats.parse(text, label, environment)
    if lock is not None:
        return from_lock(lock, label)
    raise LockstepError(
        "is no lock and no snapshot",
        where=label,
        remedy="name a conda-lock.yml, an @EXPLICIT file, a pixi.lock, a snapshot or a prefix",
    )


def from_lock(lock: Lock, label: str) -> Source:
    """Return a lock as a source."""
    kinds: dict[str, Kind] = {"explicit": "explicit", "pixi": "pixi"}
    return Source(label, kinds.get(lock.source_format, "conda-lock"), lock.platforms, lock.complete)


def from_prefix(path: Path, label: str) -> Source:
    """Read a prefix as a source."""
    from conda_lockstep.snapshot import prefix

    return from_installed(prefix.read(path), label, "prefix")


def from_installed(installed: Installed, label: str, kind: Literal["snapshot", "prefix"]) -> Source:
    """Return an installed environment as a source."""
    return Source(label, kind, {installed.platform: installed.packages}, damages=installed.damages)


def side_of(source: Source, packages: PackageSet) -> Side:
    """Return one platform of a source as reports name it."""
    conda_id = packages.only("conda").environment_id
    return Side(
        label=source.label,
        environment_id=packages.environment_id if source.complete else conda_id,
        conda_id=conda_id,
        packages=len(packages),
        complete=source.complete,
    )


def unknown_hashes(count: int) -> str:
    """Return the note on installed pip packages whose bytes cannot be compared."""
    packages = "1 package" if count == 1 else f"{count} packages"
    return f"hashes were not compared for {packages} of pip: pip does not record them when it installs"


def keep_metadata(old: Source, new: Source) -> bool:
    """Return whether both keep ``depends`` and ``constrains`` alike; CEP 37 has room for a part of them."""
    return old.kind == new.kind or {old.kind, new.kind} <= _WHOLE_METADATA


def active_prefix() -> Path:
    """Return the prefix of the active conda environment; raises ``LockstepError`` where none is."""
    if prefix := os.environ.get("CONDA_PREFIX"):
        return Path(prefix)
    raise LockstepError("no conda environment is active", remedy="name its folder with --prefix")
