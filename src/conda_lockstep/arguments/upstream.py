"""``lockstep upstream``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from conda_lockstep.arguments.names import names


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE",
        help="environment files or locks; default: every lock that git knows",
    )  # fmt: skip
    parser.add_argument("--platform", action="append", default=[], metavar="SUBDIR", help="default: all")
    parser.add_argument("--bisect", metavar="PACKAGE", help="name the upload that moved a package")
    parser.add_argument(
        "--explain", action="store_true", help="show along which chain each changed package is pulled in"
    )
    parser.add_argument("--format", choices=("text", "json", "markdown", "html"), default="text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    parser.add_argument(
        "--fail-on", metavar="SEVERITY", help="critical, high, medium, low, info, any or never; default: any"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.lock import upstream

    if arguments.bisect:
        return upstream.bisect(
            arguments.files,
            arguments.bisect,
            platforms=names(arguments.platform),
            format=arguments.format,
            output=arguments.output,
        )
    return upstream.run(
        arguments.files,
        platforms=names(arguments.platform),
        format=arguments.format,
        output=arguments.output,
        fail_on=arguments.fail_on,
        explain=arguments.explain,
    )
