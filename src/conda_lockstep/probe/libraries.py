"""Checks the shared libraries of an environment as the loader would: missing ones, and duplicates.

A library need not find another by its own search path: the program may have loaded the other before, as PyTorch does
with NVIDIA's wheels. So a name is unresolved only if it is neither in the environment nor on the machine.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from conda_lockstep.probe import elf

_DRIVERS = re.compile(r"lib(?:cuda|nvidia-.*|nvcuvid|nvoptix|nvidia-ml)\.so\.\d+")
"""Libraries of the driver, absent from machines without one."""
_SINGLE = re.compile(
    r"lib(nccl|cudart|cudnn|cudnn_[a-z_]+|cublas|cublasLt|mpi|torch|torch_cuda|c10)\.so(?:\.\d+)*"
)
"""Libraries that must exist once: two copies in one process have two sets of global state."""
_LOADER = re.compile(
    r"ld-linux.*|linux-vdso.*|libc\.so\.6|libm\.so\.6|libpthread\.so\.0|libdl\.so\.2|librt\.so\.1"
)
_SHOWN = 5


@dataclass(slots=True)
class Found:
    """The number of libraries, the missing names, the duplicates, and the files that are not libraries."""

    count: int = 0
    unresolved: dict[str, list[str]] = field(default_factory=dict)
    driver: set[str] = field(default_factory=set)
    duplicates: dict[str, list[str]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)


def serve() -> None:
    """Check the prefix in the context; the protocol is that of ``inside.py``."""
    target, context = sys.argv[1:]
    answer = judge(scan(json.loads(context)["prefix"]))
    Path(target).write_text(json.dumps(answer), encoding="utf-8")


def scan(prefix: str) -> Found:
    """Read every shared library of a prefix."""
    root, found = os.path.realpath(prefix), Found()
    libraries: dict[str, elf.Elf] = {}
    names: dict[str, set[str]] = {}
    for path in _files(root):
        inside = os.path.relpath(path, root)
        try:
            library = elf.read(path)
        except elf.NotElfError as error:
            if "is not an ELF file" not in str(error) or not _is_script(path):
                found.broken[inside] = str(error)
            continue
        except OSError as error:
            found.broken[inside] = error.strerror or str(error)
            continue
        libraries[inside] = library
        for name in {os.path.basename(path), library.soname} - {""}:
            names.setdefault(name, set()).add(os.path.realpath(path))
    found.count = len(libraries)
    machine = _on_the_machine()
    for inside, library in libraries.items():
        for name in library.needed:
            if name in names or name in machine or _LOADER.fullmatch(name):
                continue
            if _DRIVERS.fullmatch(name):
                found.driver.add(name)
            else:
                found.unresolved.setdefault(name, []).append(inside)
    for name, paths in names.items():
        if len(paths) > 1 and _SINGLE.fullmatch(name) and not _alike(paths):
            found.duplicates[name] = sorted(os.path.relpath(path, root) for path in paths)
    return found


def judge(found: Found) -> dict[str, object]:
    """Return the answer of the step."""
    wrong = [f"{path} {why}" for path, why in sorted(found.broken.items())]
    wrong += [
        f"{name} was not found, but {_some(users)} needs it"
        for name, users in sorted(found.unresolved.items())
    ]
    wrong += [
        f"{name} exists more than once: {', '.join(paths)}"
        for name, paths in sorted(found.duplicates.items())
    ]
    facts: dict[str, object] = {
        "libraries": found.count,
        "unresolved": found.unresolved,
        "driver": sorted(found.driver),
        "duplicates": found.duplicates,
        "broken": found.broken,
    }
    number = f"{found.count} librar{'y' if found.count == 1 else 'ies'}"
    problems = "; ".join(wrong[:_SHOWN]) + (
        f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    )
    return {
        "status": "failed" if wrong else "passed",
        "message": problems or f"{number}: no missing dependencies, no duplicates",
        "facts": facts,
    }


def _files(root: str) -> Iterator[str]:
    """Yield the shared libraries below a folder; links are skipped, since they lead to the same files."""
    for folder, folders, names in os.walk(root):
        if folder == root:
            folders[:] = [name for name in folders if name not in ("conda-meta", "pkgs", "envs")]
        for name in names:
            path = os.path.join(folder, name)
            if (name.endswith(".so") or ".so." in name) and not os.path.islink(path):
                yield path


def _is_script(path: str) -> bool:
    """Whether a file that is named like a library is text, such as a linker script."""
    with open(path, "rb") as file:
        return file.read(64).isascii()


def _on_the_machine() -> set[str]:
    """Return the names that the loader finds outside the environment: in its cache and in ``LD_LIBRARY_PATH``."""
    names = set(_cached())
    for folder in (*os.environ.get("LD_LIBRARY_PATH", "").split(":"), *_DEFAULT):
        if folder:
            names.update(_listing(folder))
    return names


_DEFAULT = tuple(
    f"{top}/{name}"
    for top in ("", "/usr")
    for name in ("lib", "lib64", f"lib/{os.uname().machine}-linux-gnu")
)
"""The loader's default search paths, including Debian's; a minimal image has no cache."""


def _cached() -> Iterator[str]:
    """Yield the names in ``/etc/ld.so.cache``: the last parts of the paths in it, each terminated by NUL."""
    try:
        data = Path("/etc/ld.so.cache").read_bytes()
    except OSError:
        return
    for text in data.split(b"\0"):
        if b".so" in text:
            yield text.rpartition(b"/")[2].decode("utf-8", "replace")


def _listing(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _alike(paths: Iterable[str]) -> bool:
    """Whether files have the same bytes; links into one cache are the same file."""
    states = {(status.st_dev, status.st_ino): status.st_size for status in map(os.stat, paths)}
    if len(states) == 1:
        return True
    if len(set(states.values())) > 1:
        return False
    from conda_lockstep.snapshot import hashing

    return len(set(hashing.sha256_of(dict.fromkeys(paths, 0)).values())) == 1


def _some(paths: list[str]) -> str:
    return paths[0] + (f" (and {len(paths) - 1} more)" if len(paths) > 1 else "")
