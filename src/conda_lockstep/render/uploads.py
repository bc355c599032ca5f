"""Which upload moved a package: a few lines for a terminal, and JSON."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conda_lockstep.drift.attribution.upload import UploadChange
from conda_lockstep.packages import Package
from conda_lockstep.text.printable import visible


@dataclass(frozen=True, slots=True)
class UploadRow:
    """An answer for one platform of one lock."""

    lock: str
    platform: str
    package: str
    flip: UploadChange


def as_text(rows: Sequence[UploadRow]) -> str:
    """Return text that ends in LF."""
    return "\n\n".join("\n".join(_block(row)) for row in rows) + "\n"


def as_json(rows: Sequence[UploadRow]) -> str:
    """Return a JSON document; see docs/drift.md."""
    return json.dumps({"version": 1, "packages": [_json(row) for row in rows]}, indent=2) + "\n"


def _block(row: UploadRow) -> Iterator[str]:
    flip = row.flip
    where = f"{visible(row.lock)} ({visible(row.platform)})"
    if not flip.moved:
        yield f"{where}: a new lock still has {_state(row.package, flip.before)}"
    else:
        yield f"{where}: {_state(row.package, flip.before)} → {_state(row.package, flip.after)}"
    for upload in flip.uploads:
        when = f"{upload.when.astimezone(datetime.timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
        yield f"  moved by {visible(upload.file, 1000)}, uploaded {when} to {visible(upload.channel, 1000)}"
    if flip.at_cutoff:
        yield "  no upload since did that: a lock from nothing had it when this one was made"
    yield f"  looked among {_count(flip.moments, 'moment')}, in {_count(flip.solves, 'solve')}"
    if flip.undated:
        yield f"  {_count(flip.undated, 'record')} without a date: as if there all along"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _state(name: str, package: Package | None) -> str:
    return visible(str(package)) if package else f"no {visible(name)}"


def _json(row: UploadRow) -> dict[str, object]:
    flip = row.flip
    return {
        "lock": row.lock,
        "platform": row.platform,
        "package": row.package,
        "before": str(flip.before) if flip.before else None,
        "after": str(flip.after) if flip.after else None,
        "uploads": [
            {
                "name": upload.name,
                "version": upload.version,
                "file": upload.file,
                "channel": upload.channel,
                "uploaded": upload.when.astimezone(datetime.timezone.utc).isoformat(),
            }
            for upload in flip.uploads
        ],
        "at_cutoff": flip.at_cutoff,
        "moments": flip.moments,
        "solves": flip.solves,
        "undated": flip.undated,
    }
