"""``lockstep probe``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path

_TIMEOUT = 120.0


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--prefix", type=Path, metavar="DIR", help="default: the active environment")
    parser.add_argument("--python", type=Path, metavar="EXE", help="any interpreter, conda's or not")
    parser.add_argument("--lock", type=Path, metavar="FILE", help="what the prefix should hold")
    parser.add_argument("--deep", action="store_true", help="compare the bytes of every file, too")
    parser.add_argument("--timeout", type=float, default=_TIMEOUT, metavar="SECONDS", help="for each step")
    parser.add_argument("--require-gpu", action="store_true", help="fail where no kernel ran on a GPU")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli.prefix import probe
    from conda_lockstep.probe import ladder

    target = ladder.target_of(
        arguments.prefix,
        arguments.python,
        arguments.lock,
        deep=arguments.deep,
        timeout=arguments.timeout,
    )
    return probe.run(
        target, format=arguments.format, output=arguments.output, require_gpu=arguments.require_gpu
    )
