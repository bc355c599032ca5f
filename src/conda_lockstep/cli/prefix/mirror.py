"""``lockstep mirror``: writes a channel and an index with exactly what locks name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.install.fetch.progress import is_wanted
from conda_lockstep.install.locked_source import read_every
from conda_lockstep.install.mirror import mirror
from conda_lockstep.settings import load
from conda_lockstep.text.resolve_path import resolve_path


def run(files: Sequence[Path], to: Path, *, url: str = "") -> int:
    """Mirror the files of locks, each named itself or by its environment file, into the folder ``to``."""
    locks = [locked for file in files for locked in read_every(file, TRUSTED)]
    config = load(resolve_path(files[0]).parent, TRUSTED)
    mirrored = mirror(locks, to, base=url, index=config.pypi_index, progress=is_wanted())
    removed = f", {mirrored.removed} that no lock names removed" if mirrored.removed else ""
    print(f"{to}: {mirrored.files} files{removed}; to use it, in lockstep.toml or below [tool.lockstep]:")
    print("\n[mirrors]")
    for source, target in mirrored.settings.items():
        print(f'"{source}" = "{target}"')
    return 0
