"""``lockstep snapshot``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--prefix", type=Path, metavar="DIR", help="default: the active environment")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli import drift

    return drift.snapshot(arguments.prefix, arguments.output)
