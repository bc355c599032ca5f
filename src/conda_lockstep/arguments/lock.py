"""``lockstep lock``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from conda_lockstep.arguments.names import names


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: environment.yml")
    parser.add_argument(
        "--platform",
        action="append",
        default=[],
        metavar="SUBDIR",
        help="such as linux-64; may be given again",
    )
    parser.add_argument("--cuda", metavar="X.Y", help="the newest CUDA that the machines' driver supports")
    parser.add_argument(
        "--check", action="store_true", help="only say whether the lock still fits; no network"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.commands import lock

    return lock.run(arguments.files, names(arguments.platform), arguments.cuda, check=arguments.check)
