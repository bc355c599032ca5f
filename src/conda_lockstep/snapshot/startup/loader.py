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
_TOKEN = r"\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))"
"""The names that the loader replaces in a path: dynamic string tokens of ld.so(8)."""
_LEGACY = ("tls", "haswell", "xeon_phi", "avx512_1", "x86_64")
"""Folders that glibc searched before the folder itself until 2.37: legacy hardware capabilities of ld.so(8)."""


def library_path(context: Context) -> Iterator[UnownedFile]:
    """Yield the folders that are searched before the RUNPATH of a library.

    Entries end at a colon or a semicolon; an empty one is the working folder. Each folder's ``glibc-hwcaps``, and the
    legacy folders of its kind, come before the folder itself.
    """
    values = {name: context.environ[name] for name in _FOLDERS if context.environ.get(name)}
    if not values:
        return
    ours = _own_libraries(context)
    for name, value in values.items():
        for entry in (each for part in re.split("[:;]", value) for each in _expanded(part, context.root)):
            folder = os.path.abspath(entry)
            if context.is_inside(folder):
                continue
            found = {each for place in _searched(folder) for each in _shared_libraries(place)}
            if hiding := found & ours:
                yield UnownedFile("shadows", name, f"{folder} hides {some(hiding)} of the prefix")
            elif found:
                yield UnownedFile("present", name, f"{folder} adds {some(found)}")


def _expanded(entry: str, root: str) -> Iterator[str]:
    """Yield the folders that an entry may stand for: which one, the loader's own build decides."""
    match = re.search(_TOKEN, entry)
    if match is None:
        yield entry
        return
    import platform  # seldom needed

    machine = platform.machine()
    values = {
        "ORIGIN": (os.path.join(root, "bin"),),
        "LIB": ("lib64", "lib", f"lib/{machine}-linux-gnu"),
        "PLATFORM": (machine, "haswell", "xeon_phi"),
    }
    for value in values[match[1] or match[2]]:
        yield from _expanded(f"{entry[: match.start()]}{value}{entry[match.end() :]}", root)


def _searched(folder: str) -> Iterator[str]:
    """Yield a folder, and those in it that the loader searches first."""
    yield folder
    within = set(listing(folder))
    if "glibc-hwcaps" in within:
        yield from (f"{folder}/glibc-hwcaps/{level}" for level in listing(f"{folder}/glibc-hwcaps"))
    for name in within.intersection(_LEGACY):
        yield from _searched(f"{folder}/{name}")


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
