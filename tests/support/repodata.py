"""Real channel metadata as records: the excerpt in the repository, or the corpus beside it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import zstandard

from conda_lockstep.packages import Package


@lru_cache(maxsize=1)
def repodata(channel_data: Path) -> list[dict[str, Any]]:
    """Return every record of every channel and subdir, as the JSON has it."""
    records = []
    for file in sorted(channel_data.glob("*/*/repodata.json.zst")):
        with file.open("rb") as stream:
            index = json.load(zstandard.ZstdDecompressor().stream_reader(stream))
        channel = file.parent.parent.name
        for part in ("packages", "packages.conda"):
            records += [record | {"channel": channel, "fn": name} for name, record in index[part].items()]
    return records


def package(record: dict[str, Any]) -> Package:
    """Return a record as a package."""
    channel = f"https://conda.anaconda.org/{record['channel']}"
    return Package(
        "conda",
        record["name"],
        record["version"],
        record["build"],
        record["subdir"],
        channel,
        f"{channel}/{record['subdir']}/{record['fn']}",
        sha256=record.get("sha256", ""),
        md5=record.get("md5", ""),
        depends=tuple(record.get("depends", ())),
        constrains=tuple(record.get("constrains", ())),
    )
