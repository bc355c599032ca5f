"""Fetches the files that a lock names: in parallel, each checked by its hash, and what is there is not fetched again.

A file is written beside its name and gets it when its hash is right. What came of a download that broke off stays and
is continued (RFC 9110, ``Range``). Processes that want the same file take turns, by a lock that dies with its holder.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from conda_lockstep.conda.urls import without_credentials
from conda_lockstep.errors import LockstepError
from conda_lockstep.install.fetch.digest import BLOCK, digest_of
from conda_lockstep.install.fetch.folder_lock import is_still, wait_for
from conda_lockstep.install.fetch.progress import Progress
from conda_lockstep.lock.channels.access import Access
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.packages import Package

AT_ONCE = 8
REQUEST_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Archive:
    """A file that a lock names by ``url``, and where it is fetched from. ``digest`` is lower-case hex of ``kind``."""

    url: str
    source: str
    kind: str
    digest: str

    @property
    def name(self) -> str:
        """Return its file name."""
        return unquote(urlsplit(self.url).path).rpartition("/")[2]

    @property
    def local(self) -> Path | None:
        """Return its path where it is fetched from a folder."""
        parts = urlsplit(self.source)
        return Path(unquote(parts.path)) if parts.scheme == "file" else None


def archive_of(package: Package, mirrors: Mirrors, access: Access) -> Archive:
    """Return the file of a package. Raises ``LockstepError`` where the lock has no URL or no hash for it.

    Credentials that another tool wrote into a lock are taken out of it, and used.
    """
    if not package.url:
        raise LockstepError(f"the lock has no URL for {package}", remedy="run: lockstep lock")
    if not (package.sha256 or (package.md5 and package.manager == "conda")):
        what = "hash" if package.manager == "conda" else "sha256"
        raise LockstepError(f"the lock has no {what} for {package}", remedy="run: lockstep lock")
    access.learn(package.url)
    url = without_credentials(package.url.partition("#")[0])
    kind, digest = ("sha256", package.sha256) if package.sha256 else ("md5", package.md5)
    return Archive(url, mirrors.fetch_url(url), kind, digest)


class Store:
    """A folder of archives, each under its hash, which any number of processes may use at once.

    What can be read where it is stays there, unless the store ``keeps_all``.
    """

    keeps_all = False

    def __init__(self, folder: Path, access: Access) -> None:
        self.folder = folder
        self.access = access

    def path(self, archive: Archive) -> Path:
        """Return where an archive is kept once it was fetched."""
        return self.folder / archive.digest / archive.name

    def fetch(self, archives: Iterable[Archive], progress: Progress) -> Mapping[Archive, Path]:
        """Return where each archive lies, having fetched what was not there.

        What lies in a folder already is checked and stays where it is. Raises ``LockstepError`` for the first that
        cannot be had, or is not the file that the lock names; nothing else is begun then.
        """
        from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

        wanted = list(dict.fromkeys(archives))
        stop = threading.Event()
        pool = ThreadPoolExecutor(max_workers=AT_ONCE)
        tasks = [pool.submit(self._get, archive, progress, stop) for archive in wanted]
        try:
            wait(tasks, return_when=FIRST_EXCEPTION)
        finally:
            # Those that still run end with the next block that comes, which is not waited for.
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
        ended = (task for task in tasks if task.done() and not task.cancelled())
        failed = [error for task in ended if (error := task.exception())]
        for error in sorted(failed, key=lambda error: isinstance(error, _StoppedError)):
            raise error
        return dict(zip(wanted, [task.result() for task in tasks], strict=True))

    def _get(self, archive: Archive, progress: Progress, stop: threading.Event) -> Path:
        if archive.local and not self.keeps_all:
            _check(archive, archive.local)
            return archive.local
        path = self.path(archive)
        while not _is(archive, path):
            with _claimed(path.with_name(f"{path.name}.part")) as part:
                if part is not None:  # else another process has finished it meanwhile
                    self._download(archive, part, progress, stop)
                    Path(part.name).replace(path)
        return path

    def _download(self, archive: Archive, part: BinaryIO, progress: Progress, stop: threading.Event) -> None:
        for is_last in (False, True):
            sink = _PartialFile(archive, part, progress, stop)
            had = sink.size
            self._receive(archive, sink)
            found = sink.digest
            if found == archive.digest:
                return
            sink.clear()
            # What was continued may have begun as another file; what was fetched whole is what the server has.
            if is_last or not had:
                raise _other_bytes(archive, None, found)

    def _receive(self, archive: Archive, sink: _PartialFile) -> None:
        from conda_lockstep.install.fetch.http import Refused, Unreachable, receive

        where = archive.url
        through = f" from {archive.source}" if archive.source != archive.url else ""
        try:
            if archive.local:
                _copy(archive.local, sink)
            elif urlsplit(archive.source).scheme in ("http", "https"):
                receive(archive.source, self.access, sink)
            else:
                self._receive_through_rattler(archive, sink)
        except Refused as refused:
            what = f"cannot be fetched{through}: {refused}"
            raise LockstepError(what, where=where, remedy="check the channel, then build again") from None
        except Unreachable as error:
            if error.rattler_may_know:
                with suppress(Unreachable):
                    self._receive_through_rattler(archive, sink)
                    return
            remedy = error.remedy or "check the network and the channel, then build again"
            raise LockstepError(f"cannot be fetched{through}: {error}", where=where, remedy=remedy) from None

    def _receive_through_rattler(self, archive: Archive, sink: _PartialFile) -> None:
        """Fetch what only rattler can: from OCI and S3, and with credentials from the system's key ring."""
        import asyncio

        from rattler.package_streaming import download_to_writer

        from conda_lockstep.install.fetch.http import Unreachable
        from conda_lockstep.lock.channels.network import client_for

        sink.clear()
        client = client_for(self.access, retries=2, seconds=REQUEST_SECONDS)
        try:
            asyncio.run(download_to_writer(client, archive.source, sink))
        except (OSError, RuntimeError, ValueError) as error:
            reason = without_credentials(str(error)).rpartition("Caused by: ")[2].strip()
            raise Unreachable(reason) from None


class _StoppedError(LockstepError):
    """Another download failed, so this one is not needed any more."""


class _PartialFile:
    """The part of a file that has come: hashed as it is written, and shown as progress."""

    def __init__(self, archive: Archive, part: BinaryIO, progress: Progress, stop: threading.Event) -> None:
        self._archive = archive
        self._part = part
        self._progress = progress
        self._stop = stop
        self._hash = hashlib.new(archive.kind, usedforsecurity=False)
        self.size = 0
        part.seek(0)
        while block := part.read(BLOCK):
            self._hash.update(block)
            self.size += len(block)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def expect(self, size: int) -> None:
        """Take note of how many bytes are still to come."""
        self._progress.expect(size)

    def write(self, block: bytes) -> None:
        """Add bytes. Raises ``LockstepError`` where the disk takes no more."""
        if self._stop.is_set():
            raise _StoppedError("another download failed", where=self._archive.url)
        with _writing(Path(self._part.name)):
            self._part.write(block)
        self._hash.update(block)
        self.size += len(block)
        self._progress.advance(len(block))

    def clear(self) -> None:
        """Start again from nothing."""
        self._part.seek(0)
        self._part.truncate()
        self._hash = hashlib.new(self._archive.kind, usedforsecurity=False)
        self.size = 0


@contextmanager
def _claimed(path: Path) -> Iterator[BinaryIO | None]:
    """Open a file for the one process that may write it; None where another one finished it meanwhile."""
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered, so that what is written is there if we are killed, and a full disk is met by the write.
        file = path.open("a+b", buffering=0)
    with file:
        wait_for(file)
        yield file if is_still(file, path) else None


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remedy = "make room, or set RATTLER_CACHE_DIR to a folder that can be written"
        raise LockstepError(
            f"cannot be written: {error.strerror}", where=str(error.filename or path), remedy=remedy
        ) from None


def _copy(path: Path, sink: _PartialFile) -> None:
    sink.clear()
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise LockstepError(what, where=str(path), remedy="check the channel") from None
    with file:
        while block := file.read(BLOCK):
            sink.write(block)


def _is(archive: Archive, path: Path) -> bool:
    """Say whether a file is there and is the one that is wanted; one that is not makes way."""
    try:
        if digest_of(path, archive.kind) == archive.digest:
            return True
        path.unlink()
    except OSError:
        return False
    return False


def _check(archive: Archive, path: Path) -> None:
    try:
        found = digest_of(path, archive.kind)
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise LockstepError(what, where=str(path), remedy="check the channel") from None
    if found != archive.digest:
        raise _other_bytes(archive, path, found)


def _other_bytes(archive: Archive, path: Path | None, found: str = "") -> LockstepError:
    what = f"is not the file that the lock names: {archive.kind} {archive.digest} expected"
    return LockstepError(
        f"{what}, {found} found" if found else what,
        where=str(path or archive.source),
        remedy="find out who replaced it; a new 'lockstep lock' would accept it",
    )
