"""The forge's cache: built once per machine, by one process at a time, trusted only when whole."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from conda_lockstep.install.fetch.folder_lock import wait_for
from tests.support.forge.platform import MACHINE

SOURCES = Path(__file__).parent
REPOSITORY = SOURCES.parents[2]
CACHE_VARIABLE = "LOCKSTEP_FORGE_CACHE"
PARTIAL = ".partial-"
UNUSED_AFTER = 14 * 24 * 3600


def default_cache() -> Path:
    """Return ``$LOCKSTEP_FORGE_CACHE``, else ``.cache/forge`` in the repository."""
    return Path(os.environ.get(CACHE_VARIABLE) or REPOSITORY / ".cache" / "forge").resolve()


def key(*sources: Path) -> str:
    """Return 16 hex digits over the given files' bytes and this interpreter."""
    digest = hashlib.sha256(f"{sys.version} {sys.base_prefix} {MACHINE}".encode())
    for source in sorted(sources):
        digest.update(f"\0{source.name}\0".encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def build_once(cache: Path, name: str, build: Callable[[Path], None]) -> Path:
    """Return the folder ``cache/name``, calling ``build(folder)`` to fill it where it is not there yet.

    ``build`` fills a temporary folder which is renamed when it returns: a killed build leaves nothing
    under the name, and what it left is swept by the next.
    """
    target = cache / name
    if target.is_dir():
        os.utime(target)
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with _exclusive(cache / f"{name}.lock"):
        if target.is_dir():
            return target
        for left in cache.glob(f"{PARTIAL}{name}-*"):
            shutil.rmtree(left)
        _forget_unused(cache)
        partial = Path(tempfile.mkdtemp(dir=cache, prefix=f"{PARTIAL}{name}-"))
        build(partial)
        partial.chmod(0o755)
        partial.rename(target)
    return target


def _forget_unused(cache: Path) -> None:
    """Remove what no run has asked for in a fortnight: other sources, other interpreters."""
    for folder in cache.iterdir():
        if folder.is_dir() and time.time() - folder.stat().st_mtime > UNUSED_AFTER:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Hold a lock that the kernel takes back when its holder dies."""
    with path.open("wb") as lock:
        wait_for(lock)
        yield
