"""``lockstep mirror``: writes a channel and an index with exactly the files that locks name."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from conda_lockstep import terminal
from conda_lockstep.conda.trust import TRUSTED


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", nargs="+", type=Path, metavar="LOCK", help="a lock, or its environment file")
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="the mirror's folder")
    parser.add_argument(
        "--url",
        default="",
        metavar="URL",
        help="the URL that serves DIR; default: the path of DIR as a file URL",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return mirror_locks(arguments.files, arguments.to, url=arguments.url)


def mirror_locks(files: Sequence[Path], to: Path, *, url: str = "") -> int:
    """Mirror the files of locks, each named itself or by its environment file, into the folder ``to``."""
    from conda_lockstep.install.locked_source import read_every
    from conda_lockstep.install.mirror import mirror
    from conda_lockstep.settings import load
    from conda_lockstep.text.resolve_path import resolve_path

    locks = [locked for file in files for locked in read_every(file, TRUSTED)]
    config = load(resolve_path(files[0]).parent, TRUSTED)
    mirrored = mirror(locks, to, base=url, index=config.pypi_index, progress=terminal.show_progress())
    removed = f", {mirrored.removed} that no lock names removed" if mirrored.removed else ""
    print(f"{to}: {mirrored.files} files{removed}; to use it, in lockstep.toml or below [tool.lockstep]:")
    print("\n[mirrors]")
    for source, target in mirrored.settings.items():
        print(f'"{source}" = "{target}"')
    if mirrored.projects:
        names = ", ".join(mirrored.projects)
        print(f"lockstep: {to}: local and git projects are no files, and not in it: {names}", file=sys.stderr)
    return 0
