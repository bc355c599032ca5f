"""``lockstep export``: writes a lock in another format, and says what of it that format cannot hold."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from conda_lockstep.drift.compare.verify import find_lock
from conda_lockstep.errors import LockstepError
from conda_lockstep.export import export
from conda_lockstep.export.model import Subject
from conda_lockstep.lock.formats import detect as formats
from conda_lockstep.lock.formats.canonical import canonical, of_platforms
from conda_lockstep.text.atomic import write_text


def run(
    path: Path | None,
    format: str,  # noqa: A002
    platforms: Sequence[str],
    *,
    image: str,
    environment: str,
    output: Path | None,
) -> int:
    """Write a lock of any format, the one of this folder where none is named, to a file or to standard output."""
    path = path or _lock_here()
    lock = of_platforms(formats.read(path, environment), platforms, str(path))
    # What others wrote has other spellings, and may name what only their machine has.
    read = canonical(lock, str(path), facts=False)
    written = export(format, Subject(replace(read.lock, source_format=lock.source_format), str(path), image))
    if output:
        write_text(output, written.text)
    else:
        sys.stdout.write(written.text)
    for line in (*read.lost, *written.lost):
        print(f"lockstep: {format}: {line}", file=sys.stderr)
    return 0


def _lock_here() -> Path:
    try:
        return find_lock(Path())
    except LockstepError as error:
        raise LockstepError(error.what, remedy="name the lock, or run: lockstep lock") from None
