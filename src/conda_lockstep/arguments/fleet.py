"""``lockstep fleet``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "snapshots", nargs="+", type=Path, metavar="SNAPSHOT", help="a node's snapshot, or a folder of them"
    )
    parser.add_argument(
        "--lock", type=Path, metavar="FILE", help="what every node should hold; default: what most of them do"
    )
    parser.add_argument("--format", choices=("text", "json", "markdown", "html"), default="text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    parser.add_argument(
        "--fail-on", metavar="SEVERITY", help="critical, high, medium, low, info, any or never; default: low"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.prefix import fleet

    return fleet.run(
        arguments.snapshots,
        lock=arguments.lock,
        format=arguments.format,
        output=arguments.output,
        fail_on=arguments.fail_on or "low",
    )
