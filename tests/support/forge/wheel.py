"""Reads a wheel: its metadata, its tags, and its files as they land in a prefix."""

from __future__ import annotations

import base64
import hashlib
import re
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.metadata import Metadata
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from tests.support.forge.archive import Member

SHEBANG = b"#!python"
INSTALLER = b"conda\n"


@dataclass(frozen=True)
class Wheel:
    """A wheel on disk. Files are given below ``site-packages/`` and ``bin/``, data files as they are (PEP 427)."""

    path: Path

    @property
    def tags(self) -> frozenset[Tag]:
        return parse_wheel_filename(self.path.name)[3]

    @property
    def version(self) -> str:
        """The version as the wheel's name spells it (``2.9.0.post0``)."""
        return self.path.name.split("-")[1]

    @property
    def pure(self) -> bool:
        return all(tag.platform == "any" for tag in self.tags)

    @cached_property
    def metadata(self) -> Metadata:
        return Metadata.from_email(self._read(f"{self._dist_info}/METADATA"), validate=False)

    @cached_property
    def entry_points(self) -> tuple[str, ...]:
        """The console scripts: ``name = module:function``."""
        parser = _CaseKeepingParser(delimiters=("=",), interpolation=None)
        with zipfile.ZipFile(self.path) as archive:
            if f"{self._dist_info}/entry_points.txt" in archive.namelist():
                parser.read_string(archive.read(f"{self._dist_info}/entry_points.txt").decode())
        section = parser["console_scripts"] if parser.has_section("console_scripts") else {}
        return tuple(f"{name} = {_without_extras(target)}" for name, target in sorted(section.items()))

    def files(self) -> Iterator[Member]:
        """Yield the installed files; the installer is conda, and RECORD says so."""
        with zipfile.ZipFile(self.path) as archive:
            for entry in archive.infolist():
                if entry.is_dir():
                    continue
                data = archive.read(entry)
                if entry.filename == f"{self._dist_info}/RECORD":
                    data = data.rstrip(b"\n") + b"\n" + self._installer_line()
                executable = bool(entry.external_attr >> 16 & 0o111)
                yield _placed(entry.filename, data, executable)
        yield Member(f"site-packages/{self._dist_info}/INSTALLER", INSTALLER)

    @cached_property
    def _dist_info(self) -> str:
        with zipfile.ZipFile(self.path) as archive:
            return next(
                name.split("/")[0] for name in archive.namelist() if name.endswith(".dist-info/METADATA")
            )

    def _read(self, name: str) -> bytes:
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(name)

    def _installer_line(self) -> bytes:
        digest = base64.urlsafe_b64encode(hashlib.sha256(INSTALLER).digest()).rstrip(b"=").decode()
        return f"{self._dist_info}/INSTALLER,sha256={digest},{len(INSTALLER)}\n".encode()


class _CaseKeepingParser(ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


def _placed(name: str, data: bytes, executable: bool) -> Member:
    match = re.fullmatch(r"[^/]+\.data/(purelib|platlib|scripts|data|headers)/(.+)", name)
    if not match:
        return Member(f"site-packages/{name}", data, executable)
    scheme, inside = match.groups()
    if scheme == "scripts":
        return Member(f"bin/{inside}", data, executable=True)
    if scheme == "data":
        return Member(inside, data, executable)
    return Member(f"site-packages/{inside}" if scheme != "headers" else f"include/{inside}", data, executable)


def _without_extras(target: str) -> str:
    return target.partition("[")[0].strip()
