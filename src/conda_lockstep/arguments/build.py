"""``lockstep build``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: environment.yml")
    parser.add_argument(
        "--machine",
        metavar="NAME",
        default="",
        help="take the lock for this machine; default: what fits this node",
    )
    parser.add_argument("--prefix", required=True, type=Path, metavar="DIR", help="where to build")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.commands import build

    return build.run(arguments.file, arguments.prefix, machine=arguments.machine)
