"""``lockstep fleet``: finds the nodes that differ from the others."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from conda_lockstep import terminal
from conda_lockstep.cli.report_output import DRIFT, SAME, fails, render, write
from conda_lockstep.text.printable import visible


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "snapshots", nargs="+", type=Path, metavar="SNAPSHOT", help="a node's snapshot, or a folder of them"
    )
    parser.add_argument(
        "--lock",
        type=Path,
        metavar="FILE",
        help="the lock that every node should match; default: compare with the majority",
    )
    parser.add_argument(
        "--format", choices=("text", "json", "markdown", "html"), default="text", help="default: text"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to FILE; default: standard output")
    parser.add_argument(
        "--fail-on",
        metavar="SEVERITY",
        help="the least severity that exits 1: critical, high, medium, low, info, any or never; default: low",
    )
    terminal.add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return report_fleet(
        arguments.snapshots,
        lock=arguments.lock,
        format=arguments.format,
        output=arguments.output,
        fail_on=arguments.fail_on or "low",
        colour=arguments.output is None and terminal.use_color(arguments.color),
    )


def report_fleet(
    snapshots: Sequence[Path],
    *,
    lock: Path | None = None,
    format: str = "text",  # noqa: A002
    output: Path | None = None,
    fail_on: str = "low",
    colour: bool = False,
) -> int:
    """Compare snapshots with a lock, or with most of them, and print what the odd ones have otherwise.

    The exit status is 2 where a snapshot could not be read, else 1 where something as bad as ``fail_on`` differs.
    """
    import shlex
    from dataclasses import replace

    from conda_lockstep.drift.compare.operands import read_source
    from conda_lockstep.drift.fleet.fleet import compare_fleet, read_nodes

    nodes, failures = read_nodes(snapshots)
    if nodes or not failures:
        report = compare_fleet(nodes, read_source(lock) if lock else None)
        command = ["lockstep", "fleet", *(["--lock", str(lock)] if lock else []), *map(str, snapshots)]
        report = replace(report, reproduce=(shlex.join(command),))
        write(render(report, format, colour=colour), output, format)
        status = DRIFT if fails(report.rows, fail_on) else SAME
    for failure in failures:
        print(f"lockstep: {visible(str(failure), 1000)}", file=sys.stderr)
    return 2 if failures else status
