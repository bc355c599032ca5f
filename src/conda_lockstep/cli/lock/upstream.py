"""``lockstep upstream``: shows what changed in the channels since a lock was made."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep import terminal
from conda_lockstep.cli.names import names
from conda_lockstep.cli.report_output import fails, render, write
from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.errors import LockstepError

if TYPE_CHECKING:
    from conda_lockstep.drift.attribution.upload import UploadChange
    from conda_lockstep.drift.report import Comparison
    from conda_lockstep.lock.solve.solve import Solver
    from conda_lockstep.lock.update.relock import LockedPlatform
    from conda_lockstep.render import uploads as report


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE",
        help="environment files or locks; default: every lock here",
    )  # fmt: skip
    parser.add_argument(
        "--platform",
        action="append",
        default=[],
        metavar="SUBDIR",
        help="a platform such as linux-64; default: all",
    )
    parser.add_argument("--bisect", metavar="PACKAGE", help="find the upload that changed this package")
    parser.add_argument(
        "--explain",
        action="store_true",
        help="show which chain of dependencies pulls in each changed package",
    )
    parser.add_argument(
        "--format", choices=("text", "json", "markdown", "html"), default="text", help="default: text"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to FILE; default: standard output")
    parser.add_argument(
        "--fail-on",
        metavar="SEVERITY",
        help="the least severity that exits 1: critical, high, medium, low, info, any or never; default: any",
    )
    terminal.add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    if arguments.bisect:
        return bisect(
            arguments.files,
            arguments.bisect,
            platforms=names(arguments.platform),
            format=arguments.format,
            output=arguments.output,
        )
    return report_upstream(
        arguments.files,
        platforms=names(arguments.platform),
        format=arguments.format,
        output=arguments.output,
        fail_on=arguments.fail_on,
        explain=arguments.explain,
        colour=arguments.output is None and terminal.use_color(arguments.color),
    )


def report_upstream(
    files: Sequence[Path],
    *,
    platforms: Sequence[str],
    format: str,  # noqa: A002
    output: Path | None,
    fail_on: str | None,
    explain: bool = False,
    colour: bool = False,
) -> int:
    """Report on locks against their channels, every lock here if none is named.

    ``explain`` shows in text, too, which entry pulls each change in. 1 where a change is as bad as ``fail_on``, by
    default any at all; 2 where a lock could not be compared.
    """
    from conda_lockstep.drift.attribution.upstream import against_today
    from conda_lockstep.drift.report import Report
    from conda_lockstep.lock.solve.dates import utc_now
    from conda_lockstep.lock.update.make import Solvers
    from conda_lockstep.lock.update.relock import platforms_of

    solvers, now = Solvers(), utc_now()
    comparisons: list[Comparison] = []
    failed = False
    for path in _paths(files):
        try:
            for each in platforms_of(path, TRUSTED, platforms):
                solver, settings = solvers.of(each.settings), each.settings_at(now)
                comparisons.extend(against_today(each.file, each.lock, str(each.path), solver, settings))
        except LockstepError as error:
            # What was found until then is told, and so are the other locks.
            failed = True
            _complain(error, path)
    if format == "text" and not explain:
        comparisons = [_without_chains(each) for each in comparisons]
    report = Report(tuple(comparisons))
    if comparisons:
        write(render(report, format, colour=colour), output, format)
    return 2 if failed else int(fails(report.rows, fail_on or "any"))


def _without_chains(comparison: Comparison) -> Comparison:
    from dataclasses import replace

    return replace(comparison, rows=tuple(row._replace(chain=()) for row in comparison.rows))


def bisect(
    files: Sequence[Path],
    package: str,
    *,
    platforms: Sequence[str],
    format: str,  # noqa: A002
    output: Path | None,
) -> int:
    """Name the upload that moved a package in each lock; 1 where one did."""
    from conda_lockstep.lock.update.make import Solvers
    from conda_lockstep.lock.update.relock import platforms_of
    from conda_lockstep.render import uploads as report

    if format not in ("text", "json"):
        raise LockstepError("the answer of --bisect is text or JSON", remedy="leave out --format")
    solvers = Solvers()
    found = [
        _bisected(each, package.lower(), solvers.of(each.settings))
        for path in _paths(files)
        for each in platforms_of(path, TRUSTED, platforms)
    ]
    write(report.as_json(found) if format == "json" else report.as_text(found), output, format)
    return int(any(row.change.differs for row in found))


def _bisected(each: LockedPlatform, package: str, solver: Solver) -> report.UploadRow:
    import asyncio

    from conda_lockstep.conda.project_names import normalize
    from conda_lockstep.drift.attribution.find_upload import find_upload
    from conda_lockstep.drift.attribution.past import changed_since, cutoff_of
    from conda_lockstep.lock.explain.unsatisfiable import explain as explain_unsolvable
    from conda_lockstep.lock.solve.index import published
    from conda_lockstep.lock.solve.solve import UnsolvableError
    from conda_lockstep.lock.update.relock import request_from_lock
    from conda_lockstep.render import uploads as report

    cutoff = cutoff_of(each.lock, each.platform)
    if cutoff is None:
        what = f"does not say when the newest of its packages for {each.platform} was uploaded"
        raise LockstepError(what, where=str(each.path), remedy=f"run: lockstep lock {each.file.path}")
    packages = each.lock.platforms[each.platform]
    locked = packages.get(("conda", package))
    if locked is None and ("pip", normalize(package)) in packages:
        raise LockstepError(
            f"'{package}' is pip's: --bisect looks among the uploads to conda channels alone",
            where=str(each.path),
            remedy="leave out --bisect: what is newer of it is told without the upload that moved it",
        )
    request = request_from_lock(each.file, each.settings, each.lock)

    async def find() -> UploadChange:
        today = await published(solver, request, packages.values())
        past = [*changed_since(each.lock, each.platform, today)]
        return await find_upload(solver, request, package, locked, cutoff, past)

    try:
        change = asyncio.run(find())
    except UnsolvableError as error:
        raise asyncio.run(explain_unsolvable(solver, request, str(error))) from None
    if locked is None and change.after is None:
        raise LockstepError(
            f"'{package}' is neither locked nor in a new lock",
            where=str(each.path),
            remedy="name a conda package of the lock",
        )
    return report.UploadRow(str(each.path), each.platform, package, change)


def _paths(files: Sequence[Path]) -> Iterator[Path]:
    """Yield the locks that are named, those of the files that are named, or all locks here."""
    from conda_lockstep.environment import discover
    from conda_lockstep.environment.reader import read
    from conda_lockstep.lock.model.paths import is_lock, lock_path, locks_of

    if not files:
        found = discover.locks(Path.cwd())
        if not found:
            raise LockstepError("no locks found", remedy="run: lockstep lock")
        yield from found
    for path in files:
        if is_lock(path.name):
            yield path
            continue
        read(path)
        locks = locks_of([path])[path]
        if not locks:
            raise LockstepError(
                "no lock found", where=str(lock_path(path)), remedy=f"run: lockstep lock {path}"
            )
        yield from locks


def _complain(error: LockstepError, path: Path) -> None:
    for line in (
        *error.detail,
        f"lockstep: {path}: {error}" if str(path) not in str(error) else f"lockstep: {error}",
    ):
        print(line, file=sys.stderr)
