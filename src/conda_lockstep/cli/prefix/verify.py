"""``lockstep verify``: checks that a prefix contains exactly what its lock records."""

from __future__ import annotations

import argparse
from pathlib import Path

from conda_lockstep import terminal
from conda_lockstep.cli.report_output import DRIFT, SAME, render, write


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--prefix", type=Path, metavar="DIR", help="default: the active environment")
    parser.add_argument("--lock", type=Path, metavar="FILE", help="default: the lock in this folder")
    parser.add_argument(
        "--machine",
        metavar="NAME",
        default="",
        help="use the lock for this machine; default: the lock that fits this node",
    )
    parser.add_argument(
        "--format", choices=("text", "json", "markdown", "html"), default="text", help="default: text"
    )
    parser.add_argument("--deep", action="store_true", help="also compare the bytes of every file")
    parser.add_argument(
        "--gpu-libraries",
        action="store_true",
        help="also compare the bytes of the libraries that a training job loads",
    )
    parser.add_argument("--platform", metavar="SUBDIR", help="default: the prefix's own")
    terminal.add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return verify(
        arguments.prefix,
        arguments.lock,
        format=arguments.format,
        platform=arguments.platform,
        machine=arguments.machine,
        deep=arguments.deep,
        gpu_libraries=arguments.gpu_libraries,
        colour=terminal.use_color(arguments.color),
    )


def verify(
    prefix: str | Path | None = None,
    lock: str | Path | None = None,
    format: str = "text",  # noqa: A002
    platform: str | None = None,
    machine: str = "",
    deep: bool = False,
    gpu_libraries: bool = False,
    colour: bool = False,
) -> int:
    """Say whether a prefix holds exactly what its lock says; without ``lock`` the one in the working folder.

    Of several there, the one that names ``machine``, or the one that fits this node. ``deep`` compares the bytes of
    every file, ``gpu_libraries`` those of the libraries that a training job loads.
    """
    from conda_lockstep.drift.compare import verify as verifying
    from conda_lockstep.drift.compare.operands import active_prefix

    where = Path(prefix) if prefix else active_prefix()
    against = Path(lock) if lock else verifying.find_lock(Path(), platform=platform or "", machine=machine)
    if deep or gpu_libraries:
        pair = verifying.read_deeply(where, against, platform=platform or "", libraries_only=gpu_libraries)
    else:
        pair = verifying.read(where, against, platform=platform or "")
    if format == "text" and verifying.agrees(pair):
        terminal.write_text(f"{verifying.confirmation(pair)}\n")
        return SAME
    report = verifying.report(pair)
    failed = bool(verifying.failures(report))
    if format == "text" and not failed:
        terminal.write_text(f"{verifying.confirmation_of(report, pair)}\n")
    else:
        write(render(report, format, colour=colour), None, format)
    return DRIFT if failed else SAME
