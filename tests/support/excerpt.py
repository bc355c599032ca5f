"""Writes the excerpt of channel metadata in ``tests/support/channels/``, from the corpus beside a working copy.

The solves of the tests decide what is in it::

    .venv/bin/python -m pytest -p tests.support.excerpt tests/lock tests/export tests/drift tests/github/check tests/cli

Source: ``repodata.json`` of the channels conda-forge, pytorch and nvidia on conda.anaconda.org. A record is reduced to
:data:`FIELDS`, which are facts about a package file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from rattler import RepoDataRecord

from conda_lockstep.lock.solve.solve import Request, Solver
from tests.support.corpus import CORPUS, EXCERPT

FIELDS = (
    "name", "version", "build", "build_number", "depends", "constrains", "md5", "sha256", "size", "timestamp",
    "subdir", "noarch", "track_features",
)  # fmt: skip

SUBDIRS = ("linux-64", "noarch")
"""Where all records of a requested package are kept, as messages count and list them."""

ELSEWHERE = frozenset({"pywin32"})
"""Requested packages that only other platforms have, as a message says."""

chosen: set[str] = set()
requested: set[str] = set()


async def _recorded(solver: Solver, request: Request) -> list[RepoDataRecord]:
    requested.update(entry.name for entry in request.specs if entry.where.line)
    records = await _records(solver, request)
    chosen.update("/".join(record.url.rsplit("/", 3)[1:]) for record in records)
    return records


_records = Solver.records
Solver.records = _recorded  # type: ignore[assignment,method-assign]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the excerpt after a run."""
    assert not session.config.getoption("numprocesses", None), "run it in one process, with -n 0"
    chosen.update(_flips())
    for file in sorted(CORPUS.glob("channels/*/*/repodata.json.zst")):
        channel, subdir = file.parts[-3:-1]
        index = json.loads(zstandard.ZstdDecompressor().stream_reader(file.read_bytes()).read())
        parts = {
            part: {
                name: {key: record[key] for key in FIELDS if key in record}
                for name, record in sorted(index[part].items())
                if f"{channel}/{subdir}/{name}" in chosen
                or (record["name"] in requested and subdir in SUBDIRS)
                or record["name"] in ELSEWHERE
            }
            for part in ("packages", "packages.conda")
        }
        _write(EXCERPT / channel / subdir / file.name, {"info": {"subdir": subdir}, **parts})


def _flips() -> Iterator[str]:
    """Yield the builds that ``test_real_variant_flips`` compares."""
    from tests.drift.compare.test_real_variant_flips import CASES, pairs

    for axis, before, after, name, _ in CASES:
        for package in next(pairs(CORPUS / "channels", axis, before, after, name)):
            yield "/".join(package.url.rsplit("/", 3)[1:])


def _write(path: Path, index: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(index, separators=(",", ":"))
    path.write_bytes(zstandard.ZstdCompressor(level=19).compress(text.encode()))
