"""``lockstep why``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from conda_lockstep.arguments.names import names


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "packages", nargs="+", metavar="PACKAGE", help="a name or a glob such as 'cuda-*'; __cuda, too"
    )
    parser.add_argument("--file", type=Path, metavar="FILE", help="default: environment.yml")
    parser.add_argument(
        "--lock", type=Path, metavar="LOCK", help="a lock, snapshot or prefix; default: the file's locks"
    )
    parser.add_argument("--platform", action="append", default=[], metavar="SUBDIR", help="default: all")
    parser.add_argument("--all", action="store_true", help="every line that leads there, not the first few")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.lock import why

    return why.run(
        arguments.packages,
        file=arguments.file,
        lock=arguments.lock,
        platforms=names(arguments.platform),
        every=arguments.all,
        as_json=arguments.format == "json",
    )
