"""Which conda package holds which PyPI project, by the table in ``data/names.txt``; read on the first question."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TypeAlias

from conda_lockstep.data import content

CHANNELS = ("conda-forge", "pytorch")
"""The channels that the table knows."""

_Section: TypeAlias = tuple[int, int]


@lru_cache(maxsize=8192)
def pypi_names(conda_name: str) -> tuple[str, ...]:
    """Return the PyPI projects (normalised) that a conda package holds, its namesake first; none if it is no Python.

    ``conda_name`` is in lower case, as channels write it.
    """
    first, second = (_pypi_names(conda_name, channel) for channel in CHANNELS)
    return first + tuple(name for name in second if name not in first) if second else first


@lru_cache(maxsize=8192)
def conda_names(pypi_name: str, channel: str = "conda-forge") -> tuple[str, ...]:
    """Return the conda packages of a channel that hold a PyPI project, the best one first; none if it has none.

    ``pypi_name`` is normalised (PEP 503). Of a channel that the table does not know nothing is said.
    """
    if channel not in CHANNELS:
        return ()
    words = _words(f"{channel} pypi", pypi_name)
    if words:
        return tuple(word for word in words if not word.startswith("("))
    return (pypi_name,) if pypi_name in _pypi_names(pypi_name, channel) else ()


def is_conda_name(pypi_name: str, channel: str = "conda-forge") -> bool:
    """Return whether a channel has a package by the very name of a PyPI project, whatever is in it."""
    words = _words(f"{channel} pypi", pypi_name)
    names = words or conda_names(pypi_name, channel)
    return pypi_name in names or f"({pypi_name})" in names


def _pypi_names(conda_name: str, channel: str) -> tuple[str, ...]:
    words = _words(f"{channel} conda", conda_name)
    return (conda_name,) if words == () else words or ()


@lru_cache(maxsize=8192)
def _words(section: str, key: str) -> tuple[str, ...] | None:
    """Return the value of a key in a section, None where the key is absent."""
    if _words.cache_info().misses > _FEW:
        line = _find_line(_lines(section), key.encode())
    else:
        line = _find(_table(), _section(section), key.encode())
    return None if line is None else tuple(line.decode().split(" ")[1:])


_FEW = 100
"""After as many questions it pays to have parted the table into lines; most runs look at one file, and ask fewer."""


def _find_line(lines: Sequence[bytes], key: bytes) -> bytes | None:
    """Bisect lines for the one whose first word is ``key``: a blank comes before all that a name is made of."""
    place = bisect_left(lines, key)
    found = place < len(lines) and lines[place].partition(b" ")[0] == key
    return lines[place] if found else None


@cache
def _lines(section: str) -> Sequence[bytes]:
    return _table()[slice(*_section(section))].splitlines()


def _find(table: bytes, section: _Section, key: bytes) -> bytes | None:
    """Bisect the lines of a section for the one whose first word is ``key``."""
    low, high = section
    while low < high:
        start = table.rfind(b"\n", low, (low + high) // 2) + 1 or low
        end = table.index(b"\n", start)
        line = table[start:end]
        word = line.partition(b" ")[0]
        if word == key:
            return line
        if word < key:
            low = end + 1
        else:
            high = start
    return None


@cache
def _table() -> bytes:
    return content("names")


@cache
def _section(name: str) -> _Section:
    table = _table()
    start = table.index(f"\n[{name}]\n".encode()) + len(name) + 4
    end = table.find(b"\n[", start)
    return start, len(table) if end < 0 else end + 1
