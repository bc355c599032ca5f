"""``lockstep verify``: checks that a prefix contains exactly what its lock records."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep import terminal
from conda_lockstep.cli.report_output import DRIFT, SAME, render, write
from conda_lockstep.errors import LockstepError

if TYPE_CHECKING:
    from conda_lockstep.drift.compare.verify import Pair


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--prefix",
        type=Path,
        action="append",
        metavar="DIR",
        help="a prefix; may be repeated; default: the active environment",
    )
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
    parser.add_argument(
        "--ignore-machine",
        action="store_true",
        help="do not compare the lock's requirements (driver, glibc, processor) with this machine",
    )
    parser.add_argument(
        "--strict-source",
        action="store_true",
        help="report packages that were installed from another channel or mirror, even if their bytes are the same",
    )
    parser.add_argument(
        "--no-projects", action="store_true", help="do not compare local and git projects, installed or not"
    )
    parser.add_argument(
        "--project-root",
        type=Path,
        metavar="DIR",
        help="the directory that the paths of local projects start from; default: the lock's",
    )
    parser.add_argument("--platform", metavar="SUBDIR", help="default: the prefix's own")
    terminal.add_color(parser)


UNREADABLE = 2


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return verify(
        arguments.prefix or (),
        arguments.lock,
        format=arguments.format,
        platform=arguments.platform,
        machine=arguments.machine,
        deep=arguments.deep,
        gpu_libraries=arguments.gpu_libraries,
        ignore_machine=arguments.ignore_machine,
        strict_source=arguments.strict_source,
        projects=not arguments.no_projects,
        project_root=arguments.project_root,
        colour=terminal.use_color(arguments.color),
    )


def verify(
    prefixes: str | Path | Sequence[Path] = (),
    lock: str | Path | None = None,
    format: str = "text",  # noqa: A002
    platform: str | None = None,
    machine: str = "",
    deep: bool = False,
    gpu_libraries: bool = False,
    ignore_machine: bool = False,
    strict_source: bool = False,
    projects: bool = True,
    project_root: Path | None = None,
    colour: bool = False,
) -> int:
    """Compare prefixes with a lock, and this machine with the lock's requirements; return the exit status.

    Without ``prefixes``, the active environment is compared; without ``lock``, the one in the working folder is used:
    the one for ``machine``, or the one that fits this node. ``deep`` compares the bytes of every file,
    ``gpu_libraries`` those of the libraries that a training job loads. A prefix that cannot be read is reported, the
    others are compared all the same, and the status is 2.
    """
    from conda_lockstep.drift.compare import verify as verifying
    from conda_lockstep.drift.compare.operands import active_prefix

    several = [Path(prefixes)] if isinstance(prefixes, (str, Path)) else [*prefixes] or [active_prefix()]
    against = Path(lock) if lock else verifying.find_lock(Path(), platform=platform or "", machine=machine)
    pairs: list[Pair] = []
    unreadable = False
    for prefix in dict.fromkeys(several):
        try:
            if deep or gpu_libraries:
                pair = verifying.read_deeply(
                    prefix, against, platform=platform or "", libraries_only=gpu_libraries
                )
            else:
                pair = verifying.read(prefix, against, platform=platform or "")
        except LockstepError as error:
            if len(several) == 1:
                raise
            print(f"lockstep: {error}", file=sys.stderr)
            unreadable = True
            continue
        pair = pair._replace(strict_source=strict_source)
        if project_root:
            pair = pair._replace(locked=pair.locked._replace(root=str(project_root.resolve())))
        pair = pair if projects else verifying.without_projects(pair)
        pairs.append(verifying.without_machine(pair) if ignore_machine else verifying.with_machine(pair))
    status = _report(pairs, format, colour) if pairs else UNREADABLE
    return UNREADABLE if unreadable else status


def _report(pairs: Sequence[Pair], format: str, colour: bool) -> int:  # noqa: A002
    """Print a line for each prefix that matches, and one report on all others."""
    from conda_lockstep.drift.compare import verify as verifying

    if format == "text" and all(map(verifying.agrees, pairs)):
        for pair in pairs:
            terminal.write_text(f"{verifying.confirmation(pair)}\n")
        return SAME
    reports = [verifying.report(pair) for pair in pairs]
    differing = [each for each in zip(pairs, reports, strict=True) if verifying.failures(each[1])]
    if format != "text":
        write(render(verifying.combined(pairs, reports), format, colour=colour), None, format)
        return DRIFT if differing else SAME
    for pair, report in zip(pairs, reports, strict=True):
        if verifying.agrees(pair):
            terminal.write_text(f"{verifying.confirmation(pair)}\n")
        elif not verifying.failures(report):
            terminal.write_text(f"{verifying.confirmation_of(report, pair)}\n")
    if differing:
        write(render(verifying.combined(*zip(*differing, strict=True)), format, colour=colour), None, format)
    return DRIFT if differing else SAME
