"""``lockstep diff``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    operand = "a lock (conda-lock, @EXPLICIT, pixi), a snapshot, a prefix, or an environment file"
    parser.add_argument("old", type=Path, metavar="OLD", help=operand)
    parser.add_argument("new", type=Path, metavar="NEW", help="the same, of any kind")
    parser.add_argument("--format", choices=("text", "json", "markdown", "html"), default="text")
    parser.add_argument("--platform", metavar="SUBDIR", help="default: every one that both have")
    parser.add_argument(
        "--environment", default="default", metavar="NAME", help="of a pixi.lock; default: default"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    parser.add_argument(
        "--fail-on", metavar="SEVERITY", help="critical, high, medium, low, info, any or never; default: any"
    )
    parser.add_argument(
        "--explain", action="store_true", help="show along which chain each changed package is pulled in"
    )
    parser.add_argument(
        "--causes", action="store_true",
        help="solve to tell whose doing each change is; what is upstream's alone fails nothing",
    )  # fmt: skip
    parser.add_argument("--untrusted", metavar="REASON", default="", help=argparse.SUPPRESS)
    parser.add_argument(
        "--file",
        type=Path,
        metavar="ENVIRONMENT",
        help="with --causes: the file of NEW; default: the one beside it",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli import drift
    from conda_lockstep.conda.trust import Trust

    return drift.diff(
        arguments.old,
        arguments.new,
        format=arguments.format,
        platform=arguments.platform,
        output=arguments.output,
        fail_on=arguments.fail_on,
        environment=arguments.environment,
        explain=arguments.explain,
        causes=arguments.causes,
        file=arguments.file,
        trust=Trust(arguments.untrusted),
    )
