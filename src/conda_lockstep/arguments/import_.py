"""``lockstep import``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from conda_lockstep.arguments.names import names


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "source",
        type=Path,
        metavar="FILE|PREFIX",
        help="a conda-lock file, a pixi.lock, an @EXPLICIT file, what 'conda env export' wrote, or an environment",
    )
    parser.add_argument(
        "--platform", action="append", default=[], metavar="SUBDIR", help="default: every one that it is for"
    )
    parser.add_argument(
        "--environment", default="default", metavar="NAME", help="which environment of a pixi.lock"
    )
    parser.add_argument(
        "--fill", action="store_true", help="ask the channels and the index for what it does not say"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.lock import import_

    return import_.run(
        arguments.source,
        names(arguments.platform),
        environment=arguments.environment,
        fill=arguments.fill,
        output=arguments.output,
    )
