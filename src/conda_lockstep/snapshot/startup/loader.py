"""What the dynamic loader loads before, or in place of, the libraries of a prefix."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from conda_lockstep.snapshot.distributions import listing
from conda_lockstep.snapshot.model import UnownedFile
from conda_lockstep.snapshot.no_wait import no_wait
from conda_lockstep.snapshot.startup.context import Context, some

PRELOAD_FILE = "etc/ld.so.preload"
_FOLDERS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")


def library_path(context: Context) -> Iterator[UnownedFile]:
    """Yield the folders that are searched before the RUNPATH of a library.

    Entries end at a colon or a semicolon; an empty one is the working folder. Each folder's ``glibc-hwcaps`` comes
    before the folder itself.
    """
    values = {name: context.environ[name] for name in _FOLDERS if context.environ.get(name)}
    if not values:
        return
    ours = _own_libraries(context)
    for name, value in values.items():
        for entry in re.split("[:;]", value):
            folder = os.path.abspath(entry)
            if context.is_inside(folder):
                continue
            found = _shared_libraries(folder)
            for level in listing(f"{folder}/glibc-hwcaps"):
                found |= _shared_libraries(f"{folder}/glibc-hwcaps/{level}")
            if hiding := found & ours:
                yield UnownedFile("shadows", name, f"{folder} hides {some(hiding)} of the prefix")
            elif found:
                yield UnownedFile("present", name, f"{folder} adds {some(found)}")


def preloaded(context: Context) -> Iterator[UnownedFile]:
    """Yield ``LD_PRELOAD``; a library with the name of one of the prefix takes its place in every process."""
    for name in ("LD_PRELOAD", "DYLD_INSERT_LIBRARIES"):
        if value := context.environ.get(name):
            yield from _preloaded(context, name, value)


def preload_file(context: Context) -> Iterator[UnownedFile]:
    """Yield ``/etc/ld.so.preload``, which applies to every process of the machine."""
    path = os.path.join(context.system, PRELOAD_FILE)
    try:
        with open(path, encoding="utf-8", errors="replace", opener=no_wait) as file:
            value = " ".join(line.partition("#")[0] for line in file)
    except OSError:
        return
    if value.strip():
        yield from _preloaded(context, f"/{PRELOAD_FILE}", value)


def _preloaded(context: Context, place: str, value: str) -> Iterator[UnownedFile]:
    libraries = [each for each in re.split(r"[\s:]+", value) if each]
    foreign = [each for each in libraries if "/" not in each or not context.is_inside(each)]
    names = {os.path.basename(each): each for each in foreign}
    if hiding := names.keys() & _own_libraries(context):
        which = some(names[name] for name in hiding)
        yield UnownedFile("shadows", place, f"{which} hides {some(hiding)} of the prefix")
    elif libraries:
        yield UnownedFile("present", place, f"{some(libraries)} is loaded before every library")


def audited(context: Context) -> Iterator[UnownedFile]:
    """Yield ``LD_AUDIT``, whose libraries run in every process and can redirect each library."""
    if value := context.environ.get("LD_AUDIT"):
        yield UnownedFile(
            "startup", "LD_AUDIT", f"{value} runs in every process and can replace each library"
        )


def conversions(context: Context) -> Iterator[UnownedFile]:
    """Yield ``GCONV_PATH``, from which glibc loads the modules that convert character sets."""
    value = context.environ.get("GCONV_PATH", "")
    if value and not context.is_inside(value):
        yield UnownedFile("present", "GCONV_PATH", f"glibc loads conversion modules from {value}")


def _own_libraries(context: Context) -> set[str]:
    places = [os.path.join(context.root, "lib")]
    places += [place for site in context.listings for place in _library_folders(site)]
    return {name for place in places for name in _shared_libraries(place)}


def _library_folders(site_packages: str) -> Iterator[str]:
    """Yield the folders where wheels of frameworks and NVIDIA's wheels have their libraries."""
    yield os.path.join(site_packages, "torch", "lib")
    nvidia = os.path.join(site_packages, "nvidia")
    yield from (os.path.join(nvidia, name, "lib") for name in listing(nvidia))


def _shared_libraries(folder: str) -> set[str]:
    return {name for name in listing(folder) if name.endswith((".so", ".dylib")) or ".so." in name}
