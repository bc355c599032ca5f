"""``lockstep fmt``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE",
        help="file, folder, or - for what is piped in; default: every file that git knows",
    )  # fmt: skip
    parser.add_argument("--stdin-filename", default="", metavar="NAME", help="what - is called, and is")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file would change")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change, and fail")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.environment import fmt

    return fmt.run(
        files=arguments.files,
        check=arguments.check,
        diff=arguments.diff,
        stdin_filename=arguments.stdin_filename,
    )
