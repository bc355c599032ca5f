"""``lockstep export``: writes a lock in another format, and reports what that format cannot hold."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from conda_lockstep import terminal
from conda_lockstep.cli.names import names
from conda_lockstep.errors import LockstepError


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    from conda_lockstep.export import FORMATS

    parser.add_argument(
        "lock",
        nargs="?",
        type=Path,
        metavar="LOCK",
        help="a lock of any format; default: the lock in this folder",
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
        help="a platform such as linux-64; default: all in the lock",
    )
    parser.add_argument(
        "--image",
        default="",
        metavar="NAME@sha256:…",
        help="the base image of a Dockerfile, or a Job's image",
    )
    parser.add_argument(
        "--environment", default="default", metavar="NAME", help="which environment of a pixi.lock"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to FILE; default: standard output")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return export_lock(
        arguments.lock,
        arguments.format,
        names(arguments.platform),
        image=arguments.image,
        environment=arguments.environment,
        output=arguments.output,
    )


def export_lock(
    path: Path | None,
    format: str,  # noqa: A002
    platforms: Sequence[str],
    *,
    image: str,
    environment: str,
    output: Path | None,
) -> int:
    """Write a lock of any format, the one of this folder where none is named, to a file or to standard output."""
    from dataclasses import replace

    from conda_lockstep.export import export
    from conda_lockstep.export.model import Subject
    from conda_lockstep.lock.formats import detect as formats
    from conda_lockstep.lock.formats.canonical import canonical, of_platforms
    from conda_lockstep.text.atomic import write_text

    path = path or _lock_here()
    lock = of_platforms(formats.read(path, environment), platforms, str(path))
    # What others wrote has other spellings, and may name what only their machine has.
    read = canonical(lock, str(path), describe=False)
    written = export(format, Subject(replace(read.lock, source_format=lock.source_format), str(path), image))
    if output:
        write_text(output, written.text)
    else:
        terminal.write_document(written.text)
    for line in (*read.lost, *written.lost):
        print(f"lockstep: {format}: {line}", file=sys.stderr)
    return 0


def _lock_here() -> Path:
    from conda_lockstep.drift.compare.verify import find_lock

    try:
        return find_lock(Path())
    except LockstepError as error:
        raise LockstepError(error.what, remedy="name the lock, or run: lockstep lock") from None
