"""A local conda channel: its records, and the things that happen to a channel upstream."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeAlias

import zstandard

from tests.support.forge.archive import Draft, index_of, read, write, write_bytes
from tests.support.forge.platform import SUBDIR

Entry: TypeAlias = dict[str, Any]
"""A record as repodata.json has it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line of repodata; ``timestamp`` in milliseconds."""

    filename: str
    subdir: str
    name: str
    version: str
    build: str
    build_number: int
    timestamp: int
    depends: tuple[str, ...]
    constrains: tuple[str, ...]
    size: int
    sha256: str
    md5: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A folder with ``noarch/`` and this machine's subdir, each with repodata.json and repodata.json.zst.

    Every change writes new files and renames them into place: a copy made of hard links never changes its original.
    ``held_back`` holds packages that :meth:`release` publishes.
    """

    root: Path
    held_back: Path | None = None

    @classmethod
    def create(cls, root: Path) -> Channel:
        """Make an empty channel."""
        channel = cls(root)
        for subdir in ("noarch", SUBDIR):
            channel._write_repodata(subdir, {})
        return channel

    @property
    def url(self) -> str:
        return self.root.resolve().as_uri()

    def records(self) -> list[Record]:
        """Return all records, by name, then time."""
        entries = [
            (filename, entry)
            for subdir in ("noarch", SUBDIR)
            for filename, entry in self._packages(subdir).items()
        ]
        records = [_record(filename, entry) for filename, entry in entries]
        return sorted(records, key=lambda record: (record.name, record.timestamp, record.filename))

    def newest(self, name: str, build: str = "") -> Record:
        """Return the newest record of a package (of builds that start so); KeyError where there is none."""
        records = [
            record for record in self.records() if record.name == name and record.build.startswith(build)
        ]
        if not records:
            raise KeyError(name)
        return records[-1]

    def path(self, record: Record) -> Path:
        """Return where a record's file is."""
        return self.root / record.subdir / record.filename

    def copy(self, to: Path) -> Channel:
        """Copy the channel to ``to`` (a new folder), by hard links where the file system has them."""
        shutil.copytree(self.root, to, copy_function=_link)
        return Channel(to, self.held_back)

    def add(self, *drafts: Draft) -> None:
        """Publish packages; one of the same file name is replaced."""
        self._publish(*(write(draft, self.root / draft.subdir) for draft in drafts))

    def release(self, name: str) -> Record:
        """Publish the held-back release of a package, as upstream will one day; KeyError where there is none."""
        held = sorted(self.held_back.glob(f"*/{name}-*.conda")) if self.held_back else []
        drafts = [path for path in held if path.name.rsplit("-", 2)[0] == name]
        if not drafts:
            raise KeyError(f"the forge holds back no release of {name}")
        for path in drafts:
            _link(path, self.root / path.parent.name / path.name)
        self._publish(*(self.root / path.parent.name / path.name for path in drafts))
        return self.newest(name)

    def withdraw(self, record: Record) -> None:
        """Take a package away: its file and its record."""
        self.path(record).unlink()
        self._update({self.path(record): None})

    def rebuild(self, record: Record) -> Record:
        """Upload other bytes under the same file name, as a careless maintainer does; return the new record."""
        draft = read(self.path(record))
        first, *others = sorted(
            draft.members, key=lambda member: (not member.path.endswith(".py"), member.path)
        )
        changed = replace(first, data=first.data + b"\n# rebuilt\n")
        self.add(replace(draft, members=(changed, *others)))
        return next(other for other in self.records() if other.filename == record.filename)

    def amend(self, record: Record, **changes: object) -> None:
        """Change fields of a record and not its file: a repodata hot-fix (``depends=[…]``)."""
        entry = self._packages(record.subdir)[record.filename]
        self._update({self.path(record): {**entry, **changes}})

    def _publish(self, *paths: Path) -> None:
        self._update({path: _entry(path) for path in paths})

    def _packages(self, subdir: str) -> dict[str, Entry]:
        repodata = json.loads((self.root / subdir / "repodata.json").read_bytes())
        packages: dict[str, Entry] = repodata["packages.conda"]
        return packages

    def _update(self, entries: Mapping[Path, Entry | None]) -> None:
        """Set the records of files in the channel; None takes one away."""
        for subdir in {path.parent.name for path in entries}:
            packages = self._packages(subdir)
            for path, entry in entries.items():
                if path.parent.name == subdir:
                    packages.pop(path.name, None)
                    if entry is not None:
                        packages[path.name] = dict(sorted(entry.items()))
            self._write_repodata(subdir, packages)

    def _write_repodata(self, subdir: str, packages: Mapping[str, Entry]) -> None:
        """No ``indexed_timestamp``: solvers prefer it to ``timestamp``, and a cut-off would then hide everything."""
        repodata = {
            "info": {"subdir": subdir},
            "packages": {},
            "packages.conda": dict(sorted(packages.items())),
            "removed": [],
            "repodata_version": 1,
        }
        data = (json.dumps(repodata, indent=1) + "\n").encode()
        write_bytes(self.root / subdir / "repodata.json", data)
        write_bytes(
            self.root / subdir / "repodata.json.zst", zstandard.ZstdCompressor(level=3).compress(data)
        )


def _entry(path: Path) -> Entry:
    data = path.read_bytes()
    return index_of(read(path)) | {
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
    }


def _record(filename: str, entry: Entry) -> Record:
    known = {field.name: entry[field.name] for field in fields(Record) if field.name in entry}
    known |= {"depends": tuple(entry["depends"]), "constrains": tuple(entry["constrains"])}
    return Record(filename=filename, **known)


def _link(source: str | Path, target: str | Path) -> None:
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
