"""``lockstep outdated``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from conda_lockstep.arguments.names import names


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "file", nargs="?", type=Path, default=Path("environment.yml"), metavar="FILE",
        help="default: environment.yml",
    )  # fmt: skip
    parser.add_argument("--lock", type=Path, metavar="LOCK", help="default: the one beside the file")
    parser.add_argument("--platform", action="append", default=[], metavar="SUBDIR", help="default: all")
    parser.add_argument("--all", action="store_true", help="every package, not only those that you name")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.lock import outdated

    return outdated.run(
        arguments.file,
        lock=arguments.lock,
        platforms=names(arguments.platform),
        every=arguments.all,
        as_json=arguments.format == "json",
    )
