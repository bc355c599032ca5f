"""``lockstep merge-driver``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("base", type=Path, help="%%O: the lock that both sides come from; may be empty")
    parser.add_argument("ours", type=Path, help="%%A: our lock; the result is written to it")
    parser.add_argument("theirs", type=Path, help="%%B: their lock")
    parser.add_argument("path", type=Path, help="%%P: the lock's path in the repository")
    parser.add_argument("--marker-size", type=int, default=7, metavar="N", help="%%L: of conflict markers")
    parser.add_argument("--offline", action="store_true", help="never solve: leave a conflict instead")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.lock import merge_driver

    return merge_driver.run(
        (arguments.base, arguments.ours, arguments.theirs),
        path=arguments.path,
        marker_size=arguments.marker_size,
        offline=arguments.offline,
    )
