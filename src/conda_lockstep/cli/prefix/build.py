"""``lockstep build``: installs a lock into a prefix."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep import terminal

if TYPE_CHECKING:
    from conda_lockstep.install.build import BuildOptions, BuildOutcome
    from conda_lockstep.install.locked_source import LockSource


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_common(parser)
    parser.add_argument("--solve", action="store_true", help="create the lock first if there is none")


def add_common(parser: argparse.ArgumentParser) -> None:
    """Declare what ``build`` and ``sync`` both take."""
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="an environment file or a lock; default: environment.yml",
    )
    parser.add_argument(
        "--machine",
        metavar="NAME",
        default="",
        help="use the lock for this machine; default: the lock that fits this node",
    )
    parser.add_argument(
        "--prefix", required=True, type=Path, metavar="DIR", help="the environment's directory"
    )
    parser.add_argument(
        "--cache-dir",
        type=Path,
        metavar="DIR",
        help="store downloads here; default: rattler's and uv's caches",
    )
    parser.add_argument(
        "--run-link-scripts",
        action="store_true",
        help="run the link scripts of packages",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return build_prefix(
        arguments.file, arguments.prefix, machine=arguments.machine, solve=arguments.solve,
        cache=arguments.cache_dir, link_scripts=arguments.run_link_scripts,
    )  # fmt: skip


def build_prefix(
    file: Path | None,
    prefix: Path,
    *,
    machine: str = "",
    solve: bool = False,
    cache: Path | None = None,
    link_scripts: bool = False,
) -> int:
    """Build ``file``, an environment file with its locks beside it, or a lock itself, into ``prefix``.

    Of several locks it is the one that names ``machine``, or the one that fits this node.
    """
    from conda_lockstep.install.build import build_environment
    from conda_lockstep.install.locked_source import read_locked
    from conda_lockstep.lock.model.paths import DEFAULT_FILE

    locked = read_locked(file or DEFAULT_FILE, machine=machine, solve=_solve if solve else None)
    packages = locked.here
    outcome = build_environment(packages, prefix, options_for(locked, cache=cache, link_scripts=link_scripts))
    if outcome.had_remains:
        print(f"lockstep: {prefix}: removed the remains of an unfinished build", file=sys.stderr)
    tell(outcome, prefix)
    print(f"{prefix}: {len(packages)} packages from {locked.file} ({packages.environment_id})")
    return 0


def options_for(locked: LockSource, *, cache: Path | None, link_scripts: bool) -> BuildOptions:
    """Return how to build what was locked."""
    from conda_lockstep.install.build import BuildOptions

    return BuildOptions(
        mirrors=locked.mirrors,
        access=locked.access,
        cache=cache.absolute() if cache else None,
        link_scripts=link_scripts,
        progress=terminal.show_progress(),
    )


def tell(outcome: BuildOutcome, prefix: Path) -> None:
    """Say on stderr what was not done, and what is not as it seems."""
    if outcome.unrun:
        names = ", ".join(package.name for package in outcome.unrun)
        print(f"lockstep: {prefix}: link scripts were not run: {names}", file=sys.stderr)
    for clash in outcome.shared[:5]:
        both = f"{clash.first.name} and {clash.second.name}"
        print(f"lockstep: {prefix}: {clash.path} is in both {both}; one is kept", file=sys.stderr)
    if len(outcome.shared) > 5:
        print(f"lockstep: {prefix}: and {len(outcome.shared) - 5} more such paths", file=sys.stderr)


def _solve(path: Path) -> None:
    from conda_lockstep.cli.lock import lock

    lock.lock_files([path], lock.LockOptions())
