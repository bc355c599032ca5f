"""``lockstep outdated``: lists newer versions and what holds them back."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep import terminal
from conda_lockstep.cli.names import names
from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.errors import LockstepError

if TYPE_CHECKING:
    from conda_lockstep.config import Config
    from conda_lockstep.environment.environment_file import EnvironmentFile
    from conda_lockstep.lock.explain.outdated import Newer
    from conda_lockstep.lock.model.lock import Lock
    from conda_lockstep.lock.solve.solve import Request, Solver
    from conda_lockstep.lock.update.make import Solvers
    from conda_lockstep.packages import PackageSet
    from conda_lockstep.render import outdated as report


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "file", nargs="?", type=Path, default=Path("environment.yml"), metavar="FILE",
        help="default: environment.yml",
    )  # fmt: skip
    parser.add_argument("--lock", type=Path, metavar="LOCK", help="default: the lock next to the file")
    parser.add_argument(
        "--platform",
        action="append",
        default=[],
        metavar="SUBDIR",
        help="a platform such as linux-64; default: all",
    )
    parser.add_argument(
        "--all", action="store_true", help="list every package, not only those in the environment file"
    )
    parser.add_argument(
        "--advisories",
        type=Path,
        metavar="FILE|DIR",
        help="list the locked packages with known vulnerabilities, by an OSV export: a folder, zip or JSON file",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return list_outdated(
        arguments.file,
        lock=arguments.lock,
        platforms=names(arguments.platform),
        every=arguments.all,
        advisories=arguments.advisories,
        as_json=arguments.format == "json",
    )


CURRENT, OUTDATED = 0, 1


def list_outdated(
    path: Path,
    *,
    lock: Path | None,
    platforms: Sequence[str],
    every: bool,
    as_json: bool,
    advisories: Path | None = None,
) -> int:
    """Print what is outdated in the locks of a file, and its known vulnerabilities; 1 where there is anything."""
    from conda_lockstep.drift.advisories.locked import locked_advisories
    from conda_lockstep.drift.advisories.osv import read_advisories
    from conda_lockstep.environment.reader import read
    from conda_lockstep.lock.formats import cep37
    from conda_lockstep.lock.model.paths import lock_path, locks_of
    from conda_lockstep.lock.update.make import Solvers
    from conda_lockstep.render import outdated as report
    from conda_lockstep.settings import load
    from conda_lockstep.text.resolve_path import resolve_path

    export = read_advisories(advisories) if advisories else None
    file, config = read(path), load(resolve_path(path).parent, TRUSTED)
    rows: list[report.OutdatedRow] = []
    solvers = Solvers()
    for each in [lock] if lock else locks_of([path])[path] or [lock_path(path)]:
        if not each.exists():
            raise LockstepError("no lock found", where=str(each), remedy=f"run: lockstep lock {path}")
        held = cep37.read(each)
        for platform in platforms or sorted(held.platforms):
            if platform not in held.platforms:
                has = ", ".join(held.platforms)
                raise LockstepError(f"has nothing for '{platform}'", where=str(each), remedy=f"it has {has}")
            found = _look(file, config, held, platform, every, solvers)
            known = locked_advisories(export, held.platforms[platform], found) if export else None
            rows.append(report.OutdatedRow(str(each), platform, found, known))
    if as_json:
        terminal.write_document(report.as_json(rows))
    else:
        terminal.write_text(report.as_text(rows))
    return (
        OUTDATED if any(row.found or (row.advisories and row.advisories.found) for row in rows) else CURRENT
    )


def _look(
    file: EnvironmentFile, config: Config, lock: Lock, platform: str, every: bool, solvers: Solvers
) -> tuple[Newer, ...]:
    import asyncio

    from conda_lockstep.lock.explain.outdated_pip import newer_pip
    from conda_lockstep.lock.update.make import make_lock
    from conda_lockstep.lock.update.relock import recorded_settings, request_from_lock

    settings = recorded_settings(file, config, lock, platform)
    solver = solvers.of(settings)
    request = request_from_lock(file, settings, lock)
    packages = lock.platforms[platform]
    found = asyncio.run(_conda(solver, request, packages, every))
    if any(section.items for section in file.pip_sections):

        def locking(changed: EnvironmentFile) -> PackageSet:
            return make_lock(changed, settings, solver).platforms[platform]

        found += newer_pip(file, packages, locking, every=every)
    return tuple(found)


async def _conda(solver: Solver, request: Request, packages: PackageSet, every: bool) -> list[Newer]:
    from conda_lockstep.lock.explain.outdated import newer
    from conda_lockstep.lock.explain.unsatisfiable import explain
    from conda_lockstep.lock.solve.solve import UnsolvableError

    try:
        return await newer(solver, request, packages, every=every)
    except UnsolvableError as error:
        raise await explain(solver, request, str(error)) from None
