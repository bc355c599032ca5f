"""``lockstep pin``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: environment.yml")
    parser.add_argument(
        "--precision",
        choices=("minor", "patch", "build"),
        default="minor",
        help="how much of the locked version conda entries get; pip entries get all of it; default: minor",
    )
    parser.add_argument("--all", action="store_true", help="also entries that have a version")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change, and fail")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.environment import pin

    return pin.run(
        files=arguments.files, precision=arguments.precision, every=arguments.all, diff=arguments.diff
    )
