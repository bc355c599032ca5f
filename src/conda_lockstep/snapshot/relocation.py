"""Whether the files that an installer wrote for a prefix were written for the folder in which they are now.

Installers replace a placeholder by the prefix (conda's ``prefix_placeholder``, text and binary), and write the
interpreter's path into the first line of programs. A prefix that was moved or copied keeps its bytes, and its
programs run another interpreter, or none. ``conda-unpack`` rewrites such files for their new folder: their bytes then
differ from what was recorded, and are right.

Standard library only.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from conda_lockstep.snapshot.claims import Claim
from conda_lockstep.snapshot.no_wait import no_wait
from conda_lockstep.snapshot.records import Record

_INTERPRETER = re.compile(rb"(?m)^(?:#!|'''exec' \"?)(/[^\n\"]*?)/bin/pythonw?[0-9.]*t?[\s\"]")
"""The prefix in the first line of a program; where that is too long for the kernel, ``/bin/sh`` runs the third line."""
_NOT_WRITTEN = "is not the program that an installer writes for an entry point"
_SYSTEM = (b"/usr", b"/usr/local", b"")
_HEAD = 2048

_ENTRY_POINT = re.compile(
    rb"#!.*\n(?:'''exec' .*\n' '''\n)?(?:# -\*- coding: utf-8 -\*-\n)?(?:import (?:re|sys)\n)+\n?"
    rb"from (?P<module>[\w.]+) import \w+\n+if __name__ == ['\"]__main__['\"]:\n"
    rb"(?:[ \t]+(?:sys\.argv\[0\] = .*|if sys\.argv\[0\]\.endswith\(.*|elif sys\.argv\[0\]\.endswith\(.*)\n)+"
    rb"[ \t]+sys\.exit\([\w.]+\(\)\)\n*"
)
"""A program as conda, rattler, pip and uv write it for an entry point."""


class PrefixLocation(NamedTuple):
    """Where a prefix is: its real path, and all paths by which its files may name it."""

    root: str
    names: tuple[bytes, ...]

    @classmethod
    def of(cls, root: str, given: str) -> PrefixLocation:
        """Return the location of the prefix ``root`` (a real path) that a user named as ``given``."""
        names = dict.fromkeys((os.fsencode(root), os.fsencode(os.path.abspath(given))))
        return cls(root, tuple(names))

    def name_in(self, data: bytes) -> bytes:
        """Return the name by which a file's content refers to this prefix; empty where it does not."""
        for name in self.names:
            if re.search(re.escape(name) + rb"(?![\w.+-])", data):
                return name
        return b""

    def is_at(self, folder: bytes) -> bool:
        """Say whether a path leads to this prefix."""
        return folder in self.names or os.path.realpath(os.fsdecode(folder)) == self.root


def is_placed(claim: Claim) -> bool:
    """Say whether an installer may have written the prefix into a file."""
    return bool(claim.placeholder) or claim.script


def fault(claim: Claim, digest: str, location: PrefixLocation) -> str | None:
    """Return what is wrong with a file into which the prefix was written, empty for nothing; None where bytes decide.

    ``digest`` is the file's sha256 in hex.
    """
    data = _content(f"{location.root}/{claim.path}")
    if claim.placeholder:
        return _of_rewritten(claim, data, digest, location)
    found = _INTERPRETER.search(data[:_HEAD]) if data.startswith(b"#!") else None
    if found is None:
        return None if claim.sha256 else _NOT_WRITTEN
    is_here = location.is_at(found[1])
    if not claim.sha256 and not _ENTRY_POINT.fullmatch(data):
        return _NOT_WRITTEN
    if claim.sha256 and digest != claim.sha256:
        # Written anew for this folder, such as by conda-unpack.
        return "" if is_here and _ENTRY_POINT.fullmatch(data) else None
    if is_here or (claim.owner.manager == "pip" and found[1] in _SYSTEM):
        return ""
    return f"its first line runs the Python of {os.fsdecode(found[1])}"


def moved_files(records: Iterable[Record], location: PrefixLocation) -> Iterator[tuple[Record, str, str]]:
    """Yield files that were written for another folder, each with its record and what is wrong.

    One file of at most two packages is read, since a prefix is moved as a whole and this runs before every job.
    """
    ordered = sorted(records, key=lambda record: (record.package.name not in _LIKELY, record.package.name))
    looked = 0
    for record in ordered:
        path = _written_file(record.raw)
        if path is None:
            continue
        why = _elsewhere(f"{location.root}/{path}", location)
        if why:
            yield record, path, why
        looked += 1
        if looked == _LOOKED_AT:
            return


_LIKELY = ("pip", "python")
_LOOKED_AT = 2
_ENTRY_POINT_TYPE = b'"unix_python_entry_point"'
_TEXT_MODE = b'"file_mode": "text"'


def _written_file(raw: bytes) -> str | None:
    """Return a text file of a record into which its installer wrote the prefix."""
    for mark in (_ENTRY_POINT_TYPE, _TEXT_MODE):
        at = raw.find(mark)
        if at >= 0:
            entry = raw[raw.rfind(b"{", 0, at) : raw.find(b"}", at)]
            found = re.search(rb'"_path":\s*"([^"\\]+)"', entry)
            if found:
                return found[1].decode("utf-8", "replace")
    return None


def _elsewhere(path: str, location: PrefixLocation) -> str:
    data = _content(path)
    found = _INTERPRETER.search(data[:_HEAD]) if data.startswith(b"#!") else None
    if found is not None:
        return "" if location.is_at(found[1]) else f"runs the Python of {os.fsdecode(found[1])}"
    return "" if not data or location.name_in(data) or _has_portable_head(data) else "names another folder"


def _of_rewritten(claim: Claim, data: bytes, digest: str, location: PrefixLocation) -> str | None:
    name = location.name_in(data)
    if digest != claim.sha256:
        is_right = name and claim.original == hashlib.sha256(restored(data, name, claim)).hexdigest()
        return "" if is_right else None
    if name or _has_portable_head(data):
        return ""
    found = _INTERPRETER.search(data[:_HEAD]) if data.startswith(b"#!") else None
    if found is not None and location.is_at(found[1]):
        return ""
    return "was written for a prefix in another folder"


def restored(data: bytes, name: bytes, claim: Claim) -> bytes:
    """Return a file as it was in its package: with the placeholder where ``name`` is now."""
    placeholder = claim.placeholder.encode()
    if not claim.binary:
        return data.replace(name, placeholder)
    lost = len(placeholder) - len(name)
    parts, position = [], 0
    while (start := data.find(name, position)) >= 0:
        end = data.find(b"\0", start)
        if end < 0:
            break
        text = data[start:end]
        parts += [data[position:start], text.replace(name, placeholder), b"\0"]
        # What the text lost was put behind it, so that all else keeps its place.
        position = end + 1 + lost * text.count(name)
    return b"".join([*parts, data[position:]])


def _has_portable_head(data: bytes) -> bool:
    """Say whether a path too long for a first line was replaced by a search for the interpreter."""
    return data.startswith(b"#!/usr/bin/env ")


def _content(path: str) -> bytes:
    try:
        with open(path, "rb", opener=no_wait) as file:
            return file.read()
    except OSError:
        return b""
