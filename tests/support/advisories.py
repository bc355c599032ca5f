"""Records in the OSV format that we wrote, and exports of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Record = dict[str, Any]


def record(
    name: str = "GHSA-aaaa-bbbb-cccc",
    project: str = "requests",
    events: Sequence[Mapping[str, str]] = ({"introduced": "0"}, {"fixed": "2.32.0"}),
    *,
    ecosystem: str = "PyPI",
    versions: Sequence[str] = (),
    kind: str = "ECOSYSTEM",
    **more: object,
) -> Record:
    """Return a record with one affected package."""
    affected: Record = {"package": {"ecosystem": ecosystem, "name": project}, "versions": list(versions)}
    if events:
        affected["ranges"] = [{"type": kind, "events": list(events)}]
    return {
        "schema_version": "1.7.0",
        "id": name,
        "modified": "2025-01-01T00:00:00Z",
        "summary": f"{project} has a flaw",
        "affected": [affected],
        **more,
    }


def write_export(folder: Path, *records: Record) -> Path:
    """Write a folder with one file for each record."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in records:
        (folder / f"{each['id']}.json").write_text(json.dumps(each), encoding="utf-8")
    return folder
