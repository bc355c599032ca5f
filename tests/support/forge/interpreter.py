"""Turns the machine's own CPython into a conda package that runs from any prefix."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from tests.support.forge.archive import NOARCH_GENERIC_HASH, Draft, Member, variant_hash
from tests.support.forge.platform import GLIBC, SUBDIR

SERIES = f"{sys.version_info.major}.{sys.version_info.minor}"
NEXT_SERIES = f"{sys.version_info.major}.{sys.version_info.minor + 1}"
VERSION = ".".join(map(str, sys.version_info[:3]))
RELEASED = datetime(2024, 1, 15, 12, 0, tzinfo=timezone.utc)

UNUSED_FOLDERS = {
    "__pycache__", "_bundled", "dist-packages", "idlelib", "idle_test", "site-packages", "test", "tests",
    "tkinter", "turtledemo",
}  # fmt: skip
UNUSED_FILES = {"EXTERNALLY-MANAGED", "sitecustomize.py"}
SITE_CUSTOMIZE = b"""import os
import site

site.addsitedir(os.path.join(os.path.dirname(__file__), "site-packages"))
"""
RELATIVE_LIBRARY_PATH = b"$ORIGIN/../lib"


def python_drafts() -> Iterator[Draft]:
    """Yield ``python`` (this interpreter, tests and Tk aside) and ``python_abi`` (its ABI, as conda-forge names it)."""
    depends = (GLIBC,)
    yield Draft(
        name="python",
        version=VERSION,
        build=f"{variant_hash(*depends, sys.version)}_0_cpython",
        released=RELEASED,
        subdir=SUBDIR,
        depends=depends,
        constrains=(f"python_abi {SERIES}.* *_cp{sys.version_info.major}{sys.version_info.minor}",),
        license="Python-2.0",
        summary="The CPython of this machine, repacked by the forge",
        members=tuple(_members()),
        site_packages=f"{_library()}/site-packages",
    )
    yield Draft(
        name="python_abi",
        version=SERIES,
        build=f"0_cp{SERIES.replace('.', '')}",
        released=RELEASED,
        noarch="generic",
        constrains=(f"python {SERIES}.*",),
        license="BSD-3-Clause",
        summary=f"Selects CPython {SERIES} ({NOARCH_GENERIC_HASH})",
    )


def _library() -> str:
    """Where the standard library lies in a prefix, as this interpreter looks for it."""
    return f"{sys.platlibdir}/python{SERIES}"


def _members() -> Iterator[Member]:
    executable = Path(sys.base_prefix, "bin", f"python{SERIES}").resolve()
    shared = _shared_library(executable)
    yield Member(f"bin/python{SERIES}", _relocated(executable.read_bytes()), executable=True)
    yield Member("bin/python3", link=f"python{SERIES}")
    yield Member("bin/python", link=f"python{SERIES}")
    if shared:
        yield Member(f"lib/{shared.name}", shared.read_bytes(), executable=True)
    stdlib = Path(sysconfig.get_path("stdlib"))
    for path in _standard_library(stdlib):
        inside = path.relative_to(stdlib).as_posix()
        yield Member(f"{_library()}/{inside}", _patched(inside, path.read_bytes()))
    yield from _site_packages_on_path(stdlib)
    yield Member(
        f"{_library()}/site-packages/README.txt", b"Packages installed beside the standard library.\n"
    )


def _standard_library(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in UNUSED_FOLDERS and not path.name.startswith("config-"):
                yield from _standard_library(path)
        elif path.name not in UNUSED_FILES and not path.name.startswith(("_tkinter.", "_test", "xxlimited")):
            yield path


def _shared_library(executable: Path) -> Path | None:
    """Return the libpython that the executable is linked against, None where it carries its own."""
    soname = sysconfig.get_config_var("INSTSONAME")
    if not soname or soname.encode() not in executable.read_bytes():
        return None
    folders = Path(sysconfig.get_config_var("LIBDIR")), Path(sys.base_prefix, "lib")
    return next((folder / soname for folder in folders if (folder / soname).is_file()), None)


def _relocated(binary: bytes) -> bytes:
    """Make the executable's library path relative to itself; strings of an ELF file end at their first NUL."""
    absolute = b"\0" + sysconfig.get_config_var("LIBDIR").encode() + b"\0"
    if len(absolute) - 2 < len(RELATIVE_LIBRARY_PATH):
        return binary
    return binary.replace(absolute, b"\0" + RELATIVE_LIBRARY_PATH.ljust(len(absolute) - 1, b"\0"))


def _patched(path: str, data: bytes) -> bytes:
    """Debian installs below /usr/local by default, others below the prefix."""
    return (
        data.replace(b"'prefix': prefix_scheme", b"'prefix': 'posix_prefix'")
        if path == "sysconfig.py"
        else data
    )


def _site_packages_on_path(stdlib: Path) -> Iterator[Member]:
    """Debian's ``site``, frozen into the executable, looks for dist-packages only."""
    if b"dist-packages" in (stdlib / "site.py").read_bytes():
        yield Member(f"{_library()}/sitecustomize.py", SITE_CUSTOMIZE)
