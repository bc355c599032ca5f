"""``lockstep export``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from conda_lockstep.arguments.names import names


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    from conda_lockstep.export import FORMATS

    parser.add_argument(
        "lock", nargs="?", type=Path, metavar="LOCK", help="a lock of any format; default: this folder's"
    )
    parser.add_argument(
        "--format",
        required=True,
        choices=[known.name for known in FORMATS],
        metavar="FORMAT",
        help="; ".join(f"{known.name}: {known.what}" for known in FORMATS),
    )
    parser.add_argument(
        "--platform",
        action="append",
        default=[],
        metavar="SUBDIR",
        help="such as linux-64; default: every one of the lock",
    )
    parser.add_argument(
        "--image", default="", metavar="NAME@sha256:…", help="what a Dockerfile starts from, or a Job runs"
    )
    parser.add_argument(
        "--environment", default="default", metavar="NAME", help="which environment of a pixi.lock"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.lock import export

    return export.run(
        arguments.lock,
        arguments.format,
        names(arguments.platform),
        image=arguments.image,
        environment=arguments.environment,
        output=arguments.output,
    )
