"""``lockstep build``: installs a lock into a prefix."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conda_lockstep import terminal
from conda_lockstep.conda.trust import TRUSTED, Trust

if TYPE_CHECKING:
    from conda_lockstep.install.build import BuildOptions, BuildOutcome
    from conda_lockstep.install.link.project_options import ProjectOptions
    from conda_lockstep.install.locked_source import LockSource


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_common(parser)
    parser.add_argument("--solve", action="store_true", help="create the lock first if there is none")
    parser.add_argument(
        "--prove", action="store_true", help="hash every file that is linked, including those from the cache"
    )
    parser.add_argument("--untrusted", metavar="REASON", default="", help=argparse.SUPPRESS)


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
    parser.add_argument(
        "--allow-build",
        action="append",
        default=[],
        metavar="PROJECT",
        help="run the build of this local or git project to install it; may be repeated",
    )
    parser.add_argument(
        "--no-projects",
        action="store_true",
        help="leave local and git projects as they are, installed or not",
    )
    parser.add_argument(
        "--project-root",
        type=Path,
        metavar="DIR",
        help="the directory that the paths of local projects start from; default: the lock's",
    )


class ProjectArguments(NamedTuple):
    """What the command line says of local and git projects; ``root`` None is the lock's folder."""

    allow_build: Sequence[str] = ()
    leave: bool = False
    root: Path | None = None


def projects_of(arguments: argparse.Namespace) -> ProjectArguments:
    """Return what the command line says of local and git projects."""
    return ProjectArguments(arguments.allow_build, arguments.no_projects, arguments.project_root)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return build_prefix(
        arguments.file, arguments.prefix, Trust(arguments.untrusted), machine=arguments.machine,
        solve=arguments.solve, cache=arguments.cache_dir, link_scripts=arguments.run_link_scripts,
        prove=arguments.prove, projects=projects_of(arguments),
    )  # fmt: skip


def build_prefix(
    file: Path | None,
    prefix: Path,
    trust: Trust,
    *,
    machine: str = "",
    solve: bool = False,
    cache: Path | None = None,
    link_scripts: bool = False,
    prove: bool = False,
    projects: ProjectArguments | None = None,
) -> int:
    """Build ``file``, an environment file with its locks beside it, or a lock itself, into ``prefix``.

    Of several locks it is the one that names ``machine``, or the one that fits this node. ``trust`` is how far the
    settings and the environment file are trusted.
    """
    from conda_lockstep.install.build import build_environment
    from conda_lockstep.install.locked_source import read_locked
    from conda_lockstep.lock.model.paths import DEFAULT_FILE

    solver = partial(_solve, trust) if solve else None
    locked = read_locked(file or DEFAULT_FILE, trust, machine=machine, solve=solver)
    packages = locked.here
    options = options_for(
        locked, cache=cache, link_scripts=link_scripts, prove=prove, projects=projects, trust=trust
    )
    outcome = build_environment(packages, prefix, options)
    if outcome.had_remains:
        print(f"lockstep: {prefix}: removed the remains of an unfinished build", file=sys.stderr)
    report_outcome(outcome, prefix)
    count = len(packages) - len(outcome.left)
    print(f"{prefix}: {count} packages from {locked.file} ({packages.environment_id})")
    return 0


def options_for(
    locked: LockSource,
    *,
    cache: Path | None,
    link_scripts: bool,
    prove: bool = False,
    projects: ProjectArguments | None = None,
    trust: Trust = TRUSTED,
) -> BuildOptions:
    """Return how to build what was locked."""
    from conda_lockstep.install.build import BuildOptions
    from conda_lockstep.text.resolve_path import absolute_path

    return BuildOptions(
        mirrors=locked.mirrors,
        access=locked.access,
        cache=absolute_path(cache) if cache else None,
        link_scripts=link_scripts,
        progress=terminal.show_progress(),
        prove=prove,
        projects=project_options(locked, projects or ProjectArguments(), trust),
    )


def project_options(locked: LockSource, given: ProjectArguments, trust: Trust) -> ProjectOptions:
    """Return how the projects of a lock are installed."""
    from conda_lockstep.install.link.project_options import ProjectOptions, projects_in
    from conda_lockstep.install.locked_source import repository_urls

    if not projects_in(locked.here):
        return ProjectOptions()
    from conda_lockstep.lock.pip.projects.locate import trusted_builds
    from conda_lockstep.text.resolve_path import resolve_path

    return ProjectOptions(
        root=resolve_path(given.root or locked.file.parent),
        allowed=trusted_builds((*locked.allow_build, *given.allow_build), trust),
        leave=given.leave,
        urls=repository_urls(locked.environment, trust),
        trust=trust,
    )


def report_outcome(outcome: BuildOutcome, prefix: Path) -> None:
    """Say on stderr what was not done, and what is not as it seems."""
    if outcome.unrun:
        names = ", ".join(package.name for package in outcome.unrun)
        print(f"lockstep: {prefix}: link scripts were not run: {names}", file=sys.stderr)
    if outcome.unproved:
        what = f"{terminal.count(len(outcome.unproved), 'package')} came from the cache without hashing"
        print(f"lockstep: {prefix}: {what}; --prove checks every file", file=sys.stderr)
    if outcome.left:
        names = ", ".join(package.name for package in outcome.left)
        print(f"lockstep: {prefix}: projects were left as they are (--no-projects): {names}", file=sys.stderr)
    for clash in outcome.shared[:5]:
        both = f"{clash.first.name} and {clash.second.name}"
        print(f"lockstep: {prefix}: {clash.path} is in both {both}; one is kept", file=sys.stderr)
    if len(outcome.shared) > 5:
        print(f"lockstep: {prefix}: and {len(outcome.shared) - 5} more such paths", file=sys.stderr)


def _solve(trust: Trust, path: Path) -> None:
    from conda_lockstep.cli.lock import lock

    lock.lock_files([path], lock.LockOptions(), trust)
