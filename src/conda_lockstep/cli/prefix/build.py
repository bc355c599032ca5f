"""``lockstep build``: installs the lock of an environment file into a prefix."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from conda_lockstep.conda.trust import Trust
from conda_lockstep.install.build import BuildOptions, BuildOutcome, build_environment
from conda_lockstep.install.fetch.progress import is_wanted
from conda_lockstep.install.locked_source import LockSource, read_locked
from conda_lockstep.lock.model.paths import DEFAULT_FILE
from conda_lockstep.text.resolve_path import absolute_path


def run(
    file: Path | None,
    prefix: Path,
    trust: Trust,
    *,
    machine: str = "",
    solve: bool = False,
    cache: Path | None = None,
    link_scripts: bool = False,
    prove: bool = False,
) -> int:
    """Build ``file``, an environment file with its locks beside it, or a lock itself, into ``prefix``.

    Of several locks it is the one that names ``machine``, or the one that fits this node.
    """
    locked = read_locked(
        file or DEFAULT_FILE, trust, machine=machine, solve=_solver(trust) if solve else None
    )
    packages = locked.here
    outcome = build_environment(
        packages, prefix, options_for(locked, cache=cache, link_scripts=link_scripts, prove=prove)
    )
    if outcome.had_remains:
        print(f"lockstep: {prefix}: removed what an unfinished build had left", file=sys.stderr)
    tell(outcome, prefix)
    print(f"{prefix}: {len(packages)} packages from {locked.file} ({packages.environment_id})")
    return 0


def options_for(
    locked: LockSource, *, cache: Path | None, link_scripts: bool, prove: bool = False
) -> BuildOptions:
    """Return how to build what was locked."""
    return BuildOptions(
        mirrors=locked.mirrors,
        access=locked.access,
        cache=absolute_path(cache) if cache else None,
        link_scripts=link_scripts,
        progress=is_wanted(),
        prove=prove,
    )


def tell(outcome: BuildOutcome, prefix: Path) -> None:
    """Say on stderr what was not done, and what is not as it seems."""
    if outcome.unrun:
        names = ", ".join(package.name for package in outcome.unrun)
        print(f"lockstep: {prefix}: link scripts were not run: {names}", file=sys.stderr)
    if outcome.unproved:
        count = len(outcome.unproved)
        what = f"{count} package{'' if count == 1 else 's'} came from the cache"
        print(f"lockstep: {prefix}: {what}, and their files were not hashed; --prove does", file=sys.stderr)
    for clash in outcome.shared[:5]:
        both = f"{clash.first.name} and {clash.second.name}"
        print(f"lockstep: {prefix}: {clash.path} is in both {both}; one is kept", file=sys.stderr)
    if len(outcome.shared) > 5:
        print(f"lockstep: {prefix}: and {len(outcome.shared) - 5} more such paths", file=sys.stderr)


def _solver(trust: Trust) -> Callable[[Path], object]:
    from conda_lockstep.cli.lock import lock

    return lambda path: lock.run([path], lock.Asked(), trust)
