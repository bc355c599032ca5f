"""The modules in folders and archives of a module path, and which of them hide others that come later."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from conda_lockstep.snapshot.distributions import listing

CUSTOMIZE = ("sitecustomize", "usercustomize")
_SUFFIXES = ("py", "so", "pyc", "pyd")
_INITS = ("__init__.py", "__init__.pyc", "__init__.so")
_DEPTH = 4


def importable(folder: str, names: Iterable[str]) -> dict[str, str]:
    """Return the modules in a folder by name: empty for a module or a regular package, else its folder.

    A folder without ``__init__.py`` is a portion of a namespace package (PEP 420).
    """
    found: dict[str, str] = {}
    for name in names:
        stem, dot, suffix = name.partition(".")
        if not stem.isidentifier() or stem == "__pycache__":
            continue
        if dot:
            if suffix.endswith(_SUFFIXES):
                found[stem] = ""
        elif stem not in found:
            path = f"{folder}/{name}"
            found[stem] = "" if any(os.path.exists(f"{path}/{init}") for init in _INITS) else path
    return found


def in_archive(path: str) -> dict[str, str]:
    """Return the modules at the top of a zip archive or an egg; none if it is not one."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return {}
    found = {}
    for entry in entries:
        stem, slash, rest = entry.partition("/")
        name, _, suffix = stem.partition(".")
        if name.isidentifier() and (rest in _INITS if slash else suffix in _SUFFIXES):
            found[name] = ""
    return found


def modules_at(place: str) -> dict[str, str]:
    """Return the modules that an entry of the module path has: those of a folder, or of an archive."""
    return in_archive(place) if os.path.isfile(place) else importable(place, listing(place))


def hidden(theirs: dict[str, str], ours: Iterable[str], depth: int = _DEPTH) -> Iterator[str]:
    """Yield the modules of the folders ``ours`` that those of an earlier entry hide.

    A portion of a namespace package hides no module or regular package, wherever it is on the path. It hides the
    modules with equal names in other portions.
    """
    folders = list(ours)
    if not theirs or not depth:
        return
    known: dict[str, list[str]] = {}
    for folder in folders:
        names = set(listing(folder))
        wanted = (name for name in names if name.partition(".")[0] in theirs)
        for module, place in importable(folder, wanted).items():
            known.setdefault(module, []).append(place)
    for module in sorted(theirs.keys() & known.keys()):
        place, places = theirs[module], known[module]
        if not place:
            yield module
        elif all(places):
            inner = importable(place, listing(place))
            yield from (f"{module}.{name}" for name in hidden(inner, places, depth - 1))
