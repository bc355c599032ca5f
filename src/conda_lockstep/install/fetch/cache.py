"""The caches of a build: rattler's extracted packages, archives that were fetched, and uv's."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rattler.package_cache import PackageCache, ValidationMode

from conda_lockstep.errors import LockstepError
from conda_lockstep.install.fetch.contents import Entries, read_entries
from conda_lockstep.install.fetch.digest import digest_of
from conda_lockstep.install.fetch.folder_lock import is_alone, share
from conda_lockstep.lock.channels.cache import default_cache
from conda_lockstep.lock.channels.records import record_of
from conda_lockstep.packages import Package


@dataclass(frozen=True, slots=True)
class Caches:
    """Folders. ``packages`` has extracted conda packages, which pixi shares; ``uv`` is None for uv's own."""

    packages: Path
    archives: Path
    uv: Path | None = None

    def extracted(self, package: Package) -> Path:
        """Return where rattler extracts a package to."""
        return self.packages / f"{package.name}-{package.version}-{package.build}"


@contextmanager
def caches_for(prefix: Path, cache: Path | None) -> Iterator[Caches]:
    """Choose the caches: in the folder ``cache``, or where rattler has its own.

    A cache that cannot be written, such as one that a cluster's nodes share, is read all the same: what it has is
    linked into one beside the prefix, which is removed when the build has ended well.
    """
    root = cache or default_cache()
    uv = cache / "uv" if cache else None
    if _may_write(root):
        caches = Caches(root / "pkgs", root / "archives", uv)
        with _used(caches) as lock:
            yield caches
            _sweep(caches, lock)
        return
    own = prefix.with_name(f".{prefix.name}.lockstep-cache")
    try:
        _borrow(root / "pkgs", own / "pkgs")
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise LockstepError(what, where=str(error.filename or own), remedy="name another prefix") from None
    yield Caches(own / "pkgs", own / "archives", own / "uv")
    import shutil

    shutil.rmtree(own, ignore_errors=True)


def held(packages: Sequence[Package], caches: Caches) -> dict[Package, Entries]:
    """Return the packages that lie extracted in the cache, as rattler finds them there, each with its entries."""
    if not packages or not caches.packages.is_dir():
        return {}
    index = asyncio.run(PackageCache(caches.packages).index())
    found = {}
    for package in packages:
        if index.contains_record(record_of(package)):
            info = caches.extracted(package) / "info"
            entries = read_entries(read(info / "paths.json"), read(info / "files"))
            if entries is not None:
                found[package] = entries
    return found


def damaged(
    packages: Mapping[Package, Entries], caches: Caches, *, suspect: Collection[Package] = ()
) -> frozenset[Package]:
    """Return which packages lack a file in the cache, or have one in another size.

    rattler takes an entry of its cache for good; a disk that was full, or a hand that cleaned up, may have been at it.
    Of those that are ``suspect`` every byte is read: who writes into a file of a prefix may write into the cache's own.
    """
    return frozenset(
        package
        for package, entries in packages.items()
        if not _is_whole(caches.extracted(package), entries, package in suspect)
    )


def incomplete(packages: Mapping[Package, Entries], caches: Caches) -> frozenset[Package]:
    """Return which packages lack a file in the cache, whatever its size: to list folders takes a third of the time."""
    return frozenset(
        package
        for package, entries in packages.items()
        if not _has_all(os.fspath(caches.extracted(package)), entries)
    )


def looking(packages: Mapping[Package, Entries], caches: Caches) -> Callable[[], frozenset[Package]]:
    """Begin to look for what is :func:`damaged`, and return what waits for the answer."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(max_workers=1)
    found = pool.submit(damaged, packages, caches)
    pool.shutdown(wait=False)
    return found.result


def package_cache(caches: Caches, *, doubted: bool) -> PackageCache:
    """Return the cache for rattler; ``doubted`` has it hash every file of what it links."""
    mode = ValidationMode.full() if doubted else ValidationMode.skip()
    return PackageCache.new_layered([caches.packages], False, mode)


def read(path: Path) -> bytes:
    """Return the bytes of a file, none where there is none."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _has_all(folder: str, entries: Entries) -> bool:
    names: dict[str, set[str]] = {}
    for entry in entries:
        parent, _, name = str(entry.get("_path", "")).rpartition("/")
        names.setdefault(parent, set()).add(name)
    try:
        return all(own <= {*os.listdir(f"{folder}/{parent}")} for parent, own in names.items())  # noqa: PTH208
    except OSError:
        return False


def _is_whole(folder: Path, entries: Entries, every_byte: bool) -> bool:
    root = os.fspath(folder)
    try:
        sizes = [os.lstat(f"{root}/{entry['_path']}").st_size for entry in entries]
        for entry, size in zip(entries, sizes, strict=True):
            if entry.get("path_type") != "hardlink":
                continue
            if entry.get("size_in_bytes", size) != size:
                return False
            if every_byte and digest_of(folder / str(entry["_path"])) != entry.get("sha256"):
                return False
    except (OSError, KeyError):
        return False
    return True


@contextmanager
def _used(caches: Caches) -> Iterator[BinaryIO]:
    """Say to other builds that the archives are in use."""
    path = caches.archives / ".in-use"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("ab")
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        remedy = "make room, or set RATTLER_CACHE_DIR to a folder that can be written"
        raise LockstepError(what, where=str(error.filename or path), remedy=remedy) from None
    with lock:
        share(lock)
        yield lock


def _sweep(caches: Caches, lock: BinaryIO) -> None:
    """Remove the archives that have been extracted, unless another build may be about to read them."""
    if not is_alone(lock):
        return
    for suffix in (".conda", ".tar.bz2"):
        for archive in caches.archives.glob(f"*/*{suffix}"):
            if (caches.packages / archive.name.removesuffix(suffix)).is_dir():
                with suppress(OSError):
                    archive.unlink()
                    archive.parent.rmdir()


def _may_write(folder: Path) -> bool:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK) or not folder.is_dir()


def _borrow(packages: Path, own: Path) -> None:
    """Make a cache that has all of another one: its locks are files of our own, what is in its folders are links."""
    own.mkdir(parents=True, exist_ok=True)
    for entry in packages.iterdir() if packages.is_dir() else ():
        target = own / entry.name
        if target.exists():
            continue
        if entry.is_dir():
            target.mkdir()
            for part in entry.iterdir():
                (target / part.name).symlink_to(part)
        else:
            target.write_bytes(entry.read_bytes())
