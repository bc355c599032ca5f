"""``lockstep sync``: updates a prefix to match its lock, changing only what differs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.conda.trust import TRUSTED

if TYPE_CHECKING:
    from conda_lockstep.cli.prefix.build import ProjectArguments
    from conda_lockstep.install.link.plan import PlannedChange


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    from conda_lockstep.cli.prefix.build import add_common

    add_common(parser)
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="show what would change without writing; exit 1 if anything would",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.prefix.build import projects_of

    return sync_prefix(
        arguments.file, arguments.prefix, machine=arguments.machine, dry_run=arguments.dry_run,
        cache=arguments.cache_dir, link_scripts=arguments.run_link_scripts, projects=projects_of(arguments),
    )  # fmt: skip


CLEAN, CHANGES = 0, 1


def sync_prefix(
    file: Path | None,
    prefix: Path,
    *,
    machine: str = "",
    dry_run: bool = False,
    cache: Path | None = None,
    link_scripts: bool = False,
    projects: ProjectArguments | None = None,
) -> int:
    """Sync a prefix with ``file``, an environment file with its lock beside it, or a lock itself.

    With ``dry_run`` nothing is changed, and the exit status is 1 where something would be.
    """
    from conda_lockstep.cli.prefix.build import options_for, report_outcome
    from conda_lockstep.install.build import plan_sync, sync_environment
    from conda_lockstep.install.locked_source import read_locked
    from conda_lockstep.lock.model.paths import DEFAULT_FILE

    locked = read_locked(file or DEFAULT_FILE, TRUSTED, machine=machine)
    packages = locked.here
    options = options_for(locked, cache=cache, link_scripts=link_scripts, projects=projects)
    if dry_run:
        steps = plan_sync(packages, prefix, options.projects).steps
        _print(steps)
        print(f"{prefix}: {_count(steps, 'would be made')} ({packages.environment_id})")
        return CHANGES if steps else CLEAN
    outcome = sync_environment(packages, prefix, options)
    if outcome.had_remains:
        print(f"lockstep: {prefix}: repaired the remains of an unfinished build or sync", file=sys.stderr)
    report_outcome(outcome, prefix)
    _print(outcome.steps)
    print(f"{prefix}: {_count(outcome.steps, 'made')}; it holds {locked.file} ({packages.environment_id})")
    return CLEAN


def _print(steps: tuple[PlannedChange, ...]) -> None:
    for step in steps:
        print(f"  {step}")


def _count(steps: tuple[PlannedChange, ...], done: str) -> str:
    if not steps:
        return "nothing to change"
    return f"{len(steps)} change{'s' if len(steps) > 1 else ''} {done}"
