"""``lockstep diff``: compares two locks, snapshots, prefixes or environment files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep import terminal
from conda_lockstep.cli.report_output import DRIFT, SAME, fails, render, write
from conda_lockstep.conda.trust import Trust
from conda_lockstep.errors import LockstepError

if TYPE_CHECKING:
    from conda_lockstep.drift.compare.operands import Operand
    from conda_lockstep.drift.report import Report


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    operand = "a lock (conda-lock, @EXPLICIT, pixi), a snapshot, a prefix, or an environment file"
    parser.add_argument("old", type=Path, metavar="OLD", help=operand)
    parser.add_argument("new", type=Path, metavar="NEW", help="the same, of any kind")
    parser.add_argument(
        "--format", choices=("text", "json", "markdown", "html"), default="text", help="default: text"
    )
    parser.add_argument("--platform", metavar="SUBDIR", help="default: all that both contain")
    parser.add_argument(
        "--environment",
        default="",
        metavar="NAME",
        help="the environment of a pixi.lock; default: each, if both are a pixi.lock",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to FILE; default: standard output")
    parser.add_argument(
        "--fail-on",
        metavar="SEVERITY",
        help="the least severity that exits 1: critical, high, medium, low, info, any or never; default: any",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="show which chain of dependencies pulls in each changed package",
    )
    parser.add_argument(
        "--causes", action="store_true",
        help="solve to attribute each change; ignore changes by upstream alone for the exit status",
    )  # fmt: skip
    parser.add_argument(
        "--file",
        type=Path,
        metavar="ENVIRONMENT",
        help="with --causes: the environment file of NEW; default: the one next to it",
    )
    parser.add_argument(
        "--old-file",
        type=Path,
        metavar="ENVIRONMENT",
        help="with --causes: the environment file of OLD; default: the one next to it",
    )
    parser.add_argument(
        "--advisories",
        type=Path,
        metavar="FILE|DIR",
        help="mark changes that bring or remove a known vulnerability, by an OSV export: a folder, zip or JSON file",
    )
    parser.add_argument("--untrusted", metavar="REASON", default="", help=argparse.SUPPRESS)
    terminal.add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return diff(
        arguments.old,
        arguments.new,
        format=arguments.format,
        platform=arguments.platform,
        output=arguments.output,
        fail_on=arguments.fail_on,
        environment=arguments.environment,
        explain=arguments.explain,
        causes=arguments.causes,
        file=arguments.file,
        old_file=arguments.old_file,
        advisories=arguments.advisories,
        colour=arguments.output is None and terminal.use_color(arguments.color),
        trust=Trust(arguments.untrusted),
    )


def diff(
    old: str | Path,
    new: str | Path,
    format: str = "text",  # noqa: A002
    platform: str | None = None,
    output: str | Path | None = None,
    fail_on: str | None = None,
    environment: str = "",
    explain: bool = False,
    causes: bool = False,
    file: str | Path | None = None,
    old_file: str | Path | None = None,
    advisories: str | Path | None = None,
    colour: bool = False,
    *,
    trust: Trust,
) -> int:
    """Compare two locks, snapshots, prefixes or environment files.

    Return 1 where a change is as bad as ``fail_on``, by default any change. ``causes`` attributes each change, and
    ignores those of upstream alone for the exit status. ``explain`` adds the entry that pulls each change in, as the
    HTML page always does. ``old_file`` and ``file`` are the environment files of the two locks, by default those next
    to them; ``trust`` is how far they are trusted. ``advisories`` is an OSV export, by which changes that bring or
    remove a known vulnerability are marked. ``environment`` is the one of a pixi.lock; of two, all are compared by
    default.
    """
    compared = _compared(Path(old), Path(new), platform or "", environment)
    if advisories:
        compared = [
            (_with_advisories(report, Path(advisories), sources), sources) for report, sources in compared
        ]
    if causes:
        from conda_lockstep.drift.attribution.between_locks import attributed

        old_path, path = (Path(each) if each else None for each in (old_file, file))
        compared = [
            (attributed(report, Path(old), Path(new), trust, old_file=old_path, file=path), sources)
            for report, sources in compared
        ]
    if explain or format == "html":
        from conda_lockstep.drift.compare import chains

        compared = [
            (chains.add_chains(report, *sources) if sources else report, sources)
            for report, sources in compared
        ]
    report = _joined([report for report, _ in compared])
    write(render(report, format, colour=colour), output, format)
    from conda_lockstep.drift.report import counts_against_change, distinct

    return DRIFT if fails(distinct(report, counts_against_change), fail_on or "any") else SAME


def _joined(reports: Sequence[Report]) -> Report:
    """Return the reports on the environments of one pair of files as one."""
    from dataclasses import replace

    comparisons = tuple(each for report in reports for each in report.comparisons)
    return replace(reports[0], comparisons=comparisons)


def _with_advisories(report: Report, export: Path, sources: tuple[Operand, Operand] | None) -> Report:
    if sources is None:
        what = "environment files have no versions to look up advisories for"
        raise LockstepError(what, remedy="pass their locks")
    import shlex
    from dataclasses import replace

    from conda_lockstep.drift.advisories.mark import mark
    from conda_lockstep.drift.advisories.osv import read_advisories

    marked = mark(report, read_advisories(export), sources[1].platforms)
    option = f"--advisories {shlex.quote(str(export))}"
    return replace(marked, reproduce=tuple(f"{command} {option}" for command in report.reproduce))


def _compared(
    old: Path, new: Path, platform: str, environment: str
) -> list[tuple[Report, tuple[Operand, Operand] | None]]:
    """Return the report on each pair of operands, and the operands themselves where they contain packages."""
    from conda_lockstep.drift.compare.operands import (
        DEFAULT_ENVIRONMENT,
        is_environment_file,
        is_pixi_lock,
        read_source,
    )

    files = [path for path in (old, new) if is_environment_file(path)]
    if len(files) == 1:
        (other,) = {old, new} - set(files) or {old}
        raise LockstepError(
            f"cannot compare an environment file with {other}",
            where=str(files[0]),
            remedy="pass the lock for it, or run 'lockstep lock --check' to check whether that is stale",
        )
    if files:
        from conda_lockstep.drift.requested.spec_diff import spec_diff
        from conda_lockstep.environment.reader import read

        return [(spec_diff(read(old), read(new)), None)]
    if not environment and is_pixi_lock(old) and is_pixi_lock(new):
        from conda_lockstep.drift.compare.pixi_environments import compare_environments

        if found := compare_environments(old, new, platform):
            return [(report, (before, after)) for report, before, after in found]
    from conda_lockstep.drift.compare.compare import compare

    before, after = (read_source(each, environment=environment or DEFAULT_ENVIRONMENT) for each in (old, new))
    return [(compare(before, after, platform=platform), (before, after))]
