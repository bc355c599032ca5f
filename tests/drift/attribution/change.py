"""A change to make: a project with a base and a head on small channels whose upload dates are known.

change = Change(tmp_path)
change.main.upload("numpy", "1.26", day=0)
change.base("numpy=1.26")                  # base/environment.yml and its lock
change.main.upload("numpy", "2.0", day=60)
change.head("numpy", update=("numpy",))    # environment.yml and its lock
change.causes().of("numpy")                # "both"
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tests.support.forge.archive import Draft, write_bytes
from tests.support.forge.channel import Channel
from tests.support.forge.platform import SUBDIR
from tests.support.forge.pypi import Upload, write_page
from tests.support.small_index import SmallWheel

from conda_lockstep.cli.main import main

START = datetime(2024, 1, 1, tzinfo=timezone.utc)
ALL = ("*",)


@dataclass(frozen=True, slots=True)
class Uploads:
    """A channel that grows and shrinks; days are counted from :data:`START`."""

    channel: Channel

    def upload(
        self, name: str, version: str, *depends: str, day: int | None, build: str = "0", number: int = 0
    ) -> None:
        """Publish a package; without a day its record has no date."""
        released = START + timedelta(days=day or 0)
        draft = Draft(name, version, build, released, number, noarch="generic", depends=depends)
        self.channel.add(draft)
        if day is None:
            self._edit(name, version, build, timestamp=None)

    def withdraw(self, name: str, version: str, build: str = "0") -> None:
        """Remove a package."""
        (record,) = (
            each
            for each in self.channel.records()
            if (each.name, each.version, each.build) == (name, version, build)
        )
        self.channel.withdraw(record)

    def hotfix(self, name: str, version: str, *depends: str, build: str = "0") -> None:
        """Change the dependencies in the index, and not the file."""
        self._edit(name, version, build, depends=[*depends])

    def replace(self, name: str, version: str, build: str = "0") -> None:
        """Change the bytes under the same name."""
        self._edit(name, version, build, sha256="f" * 64, md5="f" * 32)

    def index_all(self, day: int) -> None:
        """Give each record the date of the index, which solvers prefer to that of the package."""
        path = self.channel.root / "noarch" / "repodata.json"
        packages = json.loads(path.read_text())["packages.conda"]
        indexed = int((START + timedelta(days=day)).timestamp()) * 1000
        for entry in packages.values():
            entry["indexed_timestamp"] = indexed
        self.channel._write_repodata("noarch", packages)

    def _edit(self, name: str, version: str, build: str, **fields: object) -> None:
        path = self.channel.root / "noarch" / "repodata.json"
        index = json.loads(path.read_text())
        entry = index["packages.conda"][f"{name}-{version}-{build}.conda"]
        entry.update(fields)
        index["packages.conda"][f"{name}-{version}-{build}.conda"] = {
            key: value for key, value in entry.items() if value is not None
        }
        self.channel._write_repodata("noarch", index["packages.conda"])


@dataclass(frozen=True, slots=True)
class Index:
    """A package index that grows and shrinks: wheels of a name and a version, with their upload dates."""

    folder: Path
    wheels: dict[tuple[str, str], Upload] = field(default_factory=dict)

    def upload(self, name: str, version: str, *requires: str, day: int) -> None:
        """Publish a wheel."""
        wheel = SmallWheel(name, version, requires)
        path = wheel.write(self.folder / "files")
        write_bytes(path.with_name(f"{path.name}.metadata"), wheel.metadata)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.wheels[name, version] = Upload(
            path, START + timedelta(days=day), digest, metadata=wheel.metadata
        )
        self._write(name)

    def withdraw(self, name: str, version: str) -> None:
        """Delete a wheel."""
        del self.wheels[name, version]
        self._write(name)

    def _write(self, name: str) -> None:
        uploads = [upload for (each, _), upload in self.wheels.items() if each == name]
        write_page(self.folder / "simple" / name, name, uploads)


@dataclass(frozen=True, slots=True)
class Causes:
    """What ``lockstep diff --causes`` reports."""

    status: int
    rows: dict[str, dict[str, Any]]
    notes: tuple[str, ...]

    @property
    def attributions(self) -> dict[str, str]:
        return {subject: row["attribution"] for subject, row in self.rows.items()}

    @property
    def summary(self) -> str:
        """The attributions, each with the packages that it is of: ``upstream: app lib; both: extra``."""
        found: dict[str, list[str]] = {}
        for subject in sorted(self.rows):
            found.setdefault(self.attributions[subject], []).append(subject)
        return "; ".join(f"{attribution}: {' '.join(names)}" for attribution, names in found.items())

    def of(self, subject: str) -> str:
        return str(self.rows[subject]["attribution"])


class Change:
    """A folder with ``base/`` and a head, each an environment file and its lock. It is the current folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.main, self.other = (Uploads(Channel.create(folder / name)) for name in ("main", "other"))
        self.pypi = Index(folder / "pypi")
        (folder / "base").mkdir()

    def base(self, *entries: str, channels: Sequence[str] = ("main",), options: Sequence[str] = ()) -> None:
        """Write the base file and its lock."""
        self._write(self.folder / "base" / "environment.yml", entries, channels)
        self._lock("base/environment.yml", *options)

    def head(
        self,
        *entries: str,
        channels: Sequence[str] = ("main",),
        update: Sequence[str] = (),
        options: Sequence[str] = (),
    ) -> None:
        """Write the head's file, and make its lock from the base's: keeping it, ``--update NAME``, or ``ALL``."""
        self.write_head(entries, channels)
        shutil.copy(self.folder / "base" / "conda-lock.yml", self.folder / "conda-lock.yml")
        chosen = ["--update-all"] if update == ALL else [f"--update={name}" for name in update]
        self._lock("environment.yml", *chosen, *options)

    def base_file(self, *entries: str, channels: Sequence[str] = ("main",)) -> None:
        """Write the base's file, and no lock."""
        self._write(self.folder / "base" / "environment.yml", entries, channels)

    def write_head(self, entries: Sequence[str], channels: Sequence[str] = ("main",)) -> None:
        """Write the head's file, and no lock."""
        self._write(self.folder / "environment.yml", entries, channels)

    def use_index(self, url: str) -> None:
        """Have the pip part resolved from the index that is served at a URL."""
        (self.folder / "lockstep.toml").write_text(f'pypi-index = "{url}/simple"\n')

    def causes(self, *options: str) -> Causes:
        """Attribute the changes."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = main(
                ["diff", "base/conda-lock.yml", "conda-lock.yml", "--causes", "--format", "json", *options]
            )
        (comparison,) = json.loads(out.getvalue())["comparisons"]
        rows = {row["subject"]: row for row in comparison["changes"]}
        return Causes(status, rows, tuple(comparison["notes"]))

    def _write(self, path: Path, entries: Sequence[str], channels: Sequence[str]) -> None:
        named = "".join(f"  - {(self.folder / name).resolve().as_uri()}\n" for name in channels)
        listed = "".join(f"  - {entry}\n" for entry in entries)
        path.write_text(f"channels:\n{named}dependencies:\n{listed}")

    def _lock(self, file: str, *options: str) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            assert main(["lock", file, "--platform", SUBDIR, *options]) == 0
