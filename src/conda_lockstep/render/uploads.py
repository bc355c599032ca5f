"""Renders the upload that changed a package, as text and as JSON."""

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
    """The result for one platform of one lock."""

    lock: str
    platform: str
    package: str
    change: UploadChange


def as_text(rows: Sequence[UploadRow]) -> str:
    """Return text, terminated by LF."""
    return "\n\n".join("\n".join(_block(row)) for row in rows) + "\n"


def as_json(rows: Sequence[UploadRow]) -> str:
    """Return a JSON document; see docs/drift.md."""
    return json.dumps({"version": 1, "packages": [_json(row) for row in rows]}, indent=2) + "\n"


def _block(row: UploadRow) -> Iterator[str]:
    change = row.change
    where = f"{visible(row.lock)} ({visible(row.platform)})"
    if not change.differs:
        yield f"{where}: {_state(row.package, change.before)} is still in a new lock"
    else:
        yield f"{where}: {_state(row.package, change.before)} → {_state(row.package, change.after)}"
    for upload in change.uploads:
        when = f"{upload.when.astimezone(datetime.timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
        yield f"  changed by {visible(upload.file, 1000)}, uploaded to {visible(upload.channel, 1000)} at {when}"
    if change.past_files:
        files = ", ".join(visible(file, 1000) for file in change.past_files)
        yield f"  not changed by an upload: its channel removed, replaced or hot-fixed {files}"
    if change.at_cutoff:
        yield "  not caused by an upload since: a new lock at the cut-off of this one already had it"
    yield f"  searched {_count(change.moments, 'upload time')} in {_count(change.solves, 'solve')}"
    if change.undated:
        yield f"  {_count(change.undated, 'record')} without an upload date counted as always present"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _state(name: str, package: Package | None) -> str:
    return visible(str(package)) if package else f"no {visible(name)}"


def _json(row: UploadRow) -> dict[str, object]:
    change = row.change
    return {
        "lock": row.lock,
        "platform": row.platform,
        "package": row.package,
        "before": str(change.before) if change.before else None,
        "after": str(change.after) if change.after else None,
        "uploads": [
            {
                "name": upload.name,
                "version": upload.version,
                "file": upload.file,
                "channel": upload.channel,
                "uploaded": upload.when.astimezone(datetime.timezone.utc).isoformat(),
            }
            for upload in change.uploads
        ],
        "past_files": list(change.past_files),
        "at_cutoff": change.at_cutoff,
        "moments": change.moments,
        "solves": change.solves,
        "undated": change.undated,
    }
