"""What around a prefix hides its files: variables of the environment, and packages in the user's home.

Python puts ``PYTHONPATH`` before the standard library, and the user's site-packages before the prefix's; the loader
asks ``LD_LIBRARY_PATH`` before the RUNPATH of a library (ld.so(8)).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from conda_lockstep.snapshot.distributions import listing
from conda_lockstep.snapshot.model import UnownedFile

_SHOWN = 3


def find(
    root: str, listings: Mapping[str, Iterable[str]], environ: Mapping[str, str]
) -> Iterator[UnownedFile]:
    """Yield what hides something of the prefix, and what could; ``listings`` are its site-packages, by folder."""
    home = environ.get("PYTHONHOME", "")
    if home and os.path.realpath(home.partition(":")[0]) != root:
        yield UnownedFile("shadows", "PYTHONHOME", f"{home} takes the place of the whole standard library")
    yield from _modules(root, listings, environ)
    yield from _libraries(root, listings, environ.get("LD_LIBRARY_PATH", ""))
    if preloaded := environ.get("LD_PRELOAD"):
        yield UnownedFile("present", "LD_PRELOAD", f"{preloaded} is loaded before every library")


def _modules(
    root: str, listings: Mapping[str, Iterable[str]], environ: Mapping[str, str]
) -> Iterator[UnownedFile]:
    folders = [
        ("PYTHONPATH", folder)
        for folder in environ.get("PYTHONPATH", "").split(os.pathsep)
        if folder and not _inside(root, folder)
    ]
    folders += [("user site-packages", folder) for folder in _user_sites(listings, environ)]
    if not folders:
        return
    own = {module for names in listings.values() for module in _importable(names)}
    own |= {
        module
        for folder in listings
        for module in _importable(listing(os.path.dirname(folder)))
        if module != "site-packages"
    }
    for place, folder in folders:
        found = _importable(listing(folder))
        if hidden := sorted(found & own):
            yield UnownedFile("shadows", place, f"{folder} hides {_some(hidden)} of the prefix")
        elif found:
            yield UnownedFile("present", place, f"{folder} adds {_some(sorted(found))}")


def _user_sites(listings: Iterable[str], environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the user's site-packages for the prefix's Python, by :pep:`370`."""
    if environ.get("PYTHONNOUSERSITE") or not (environ.get("PYTHONUSERBASE") or environ.get("HOME")):
        return
    base = environ.get("PYTHONUSERBASE") or os.path.join(environ["HOME"], ".local")
    for folder in listings:
        library = os.path.basename(os.path.dirname(folder))
        if library.startswith("python"):
            yield os.path.join(base, "lib", library, "site-packages")


def _importable(names: Iterable[str]) -> set[str]:
    """Return the modules and packages in a listing; a folder is one, with or without ``__init__.py``."""
    found = set()
    for name in names:
        stem, dot, suffix = name.partition(".")
        if (
            stem.isidentifier()
            and stem != "__pycache__"
            and (not dot or suffix.endswith(("py", "so", "pyc")))
        ):
            found.add(stem)
    return found


def _libraries(root: str, listings: Iterable[str], variable: str) -> Iterator[UnownedFile]:
    folders = [folder for folder in variable.split(":") if folder and not _inside(root, folder)]
    if not folders:
        return
    places = [os.path.join(root, "lib"), *(place for site in listings for place in _library_folders(site))]
    own = {name for place in places for name in _shared_libraries(place)}
    for folder in folders:
        found = _shared_libraries(folder)
        if hidden := sorted(found & own):
            yield UnownedFile("shadows", "LD_LIBRARY_PATH", f"{folder} hides {_some(hidden)} of the prefix")
        elif found:
            yield UnownedFile("present", "LD_LIBRARY_PATH", f"{folder} adds {_some(sorted(found))}")


def _library_folders(site_packages: str) -> Iterator[str]:
    """Yield where wheels of frameworks and NVIDIA's wheels have their libraries."""
    yield os.path.join(site_packages, "torch", "lib")
    nvidia = os.path.join(site_packages, "nvidia")
    yield from (os.path.join(nvidia, name, "lib") for name in listing(nvidia))


def _shared_libraries(folder: str) -> set[str]:
    return {name for name in listing(folder) if name.endswith(".so") or ".so." in name}


def _inside(root: str, folder: str) -> bool:
    folder = os.path.realpath(folder)
    return folder == root or folder.startswith(root + os.sep)


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
