"""``lockstep fleet``: which nodes are not like the others."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from conda_lockstep.cli.drift import DRIFT, SAME, colourful, fails, render, write
from conda_lockstep.drift.compare.operands import read_source
from conda_lockstep.drift.fleet.fleet import compare_fleet, read_nodes
from conda_lockstep.text.printable import visible


def run(
    snapshots: Sequence[Path],
    *,
    lock: Path | None = None,
    format: str = "text",  # noqa: A002
    output: Path | None = None,
    fail_on: str = "low",
) -> int:
    """Compare snapshots with a lock, or with most of them, and print what the odd ones have otherwise.

    The exit status is 2 where a snapshot could not be read, else 1 where something as bad as ``fail_on`` differs.
    """
    nodes, failures = read_nodes(snapshots)
    if nodes or not failures:
        report = compare_fleet(nodes, read_source(lock) if lock else None)
        command = ["lockstep", "fleet", *(["--lock", str(lock)] if lock else []), *map(str, snapshots)]
        report = replace(report, reproduce=(shlex.join(command),))
        write(render(report, format, colour=output is None and colourful()), output)
        status = DRIFT if fails(report.rows, fail_on) else SAME
    for failure in failures:
        print(f"lockstep: {visible(str(failure), 1000)}", file=sys.stderr)
    return 2 if failures else status
