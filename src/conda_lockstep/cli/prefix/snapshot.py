"""``lockstep snapshot``: writes the contents of a prefix and its machine as JSON."""

from __future__ import annotations

import argparse
from pathlib import Path

from conda_lockstep.cli.report_output import SAME, write


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--prefix", type=Path, metavar="DIR", help="default: the active environment")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to FILE; default: standard output")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return snapshot(arguments.prefix, arguments.output)


def snapshot(prefix: str | Path | None = None, output: str | Path | None = None) -> int:
    """Write what a prefix and its machine hold as JSON; without ``prefix`` the active environment's."""
    from conda_lockstep.drift.compare.operands import active_prefix
    from conda_lockstep.snapshot import machine
    from conda_lockstep.snapshot import prefix as prefixes
    from conda_lockstep.snapshot import snapshot_json as document
    from conda_lockstep.snapshot.model import Snapshot

    installed = prefixes.read(Path(prefix) if prefix else active_prefix())
    write(document.dumps(Snapshot(installed, machine.detect())), output)
    return SAME
