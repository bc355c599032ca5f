"""``lockstep verify``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--prefix", type=Path, metavar="DIR", help="default: the active environment")
    parser.add_argument("--lock", type=Path, metavar="FILE", help="default: the lock of this folder")
    parser.add_argument(
        "--machine",
        metavar="NAME",
        default="",
        help="take the lock for this machine; default: what fits this node",
    )
    parser.add_argument("--format", choices=("text", "json", "markdown", "html"), default="text")
    parser.add_argument("--deep", action="store_true", help="compare the bytes of every file, too")
    parser.add_argument(
        "--gpu-libraries", action="store_true", help="of the libraries that a training job loads alone"
    )
    parser.add_argument("--platform", metavar="SUBDIR", help="default: the prefix's own")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.cli import drift

    return drift.verify(
        arguments.prefix,
        arguments.lock,
        format=arguments.format,
        platform=arguments.platform,
        machine=arguments.machine,
        deep=arguments.deep,
        gpu_libraries=arguments.gpu_libraries,
    )
