"""``lockstep mirror``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", nargs="+", type=Path, metavar="LOCK", help="a lock, or its environment file")
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="the mirror's folder")
    parser.add_argument(
        "--url", default="", metavar="URL", help="where DIR is served; default: its own path as a file URL"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.prefix import mirror

    return mirror.run(arguments.files, arguments.to, url=arguments.url)
