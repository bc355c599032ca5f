"""Installs the conda part of a lock with rattler: every archive checked by its hash, no link script run."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rattler import Client, install
from rattler.exceptions import InstallerError

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels import Mirrors
from conda_lockstep.lock.records import record_of
from conda_lockstep.lock.urls import without_credentials
from conda_lockstep.packages import Package

REQUEST_SECONDS = 600
"""How long one download may take: CUDA's libraries have hundreds of megabytes."""
RETRIES = 3


def install_conda(
    packages: Sequence[Package],
    prefix: Path,
    mirrors: Mirrors,
    *,
    cache: Path | None = None,
    reinstall: Collection[str] = (),
    progress: bool = False,
) -> None:
    """Make the conda part of a prefix exactly these packages, removing others, linking those in ``reinstall`` again.

    ``cache`` is the folder for downloads and extracted archives, None for rattler's own (``RATTLER_CACHE_DIR``). Raises
    ``LockstepError`` in one line for what cannot be fetched, is not what the lock says, or cannot be written.
    """
    records = []
    for package in packages:
        if not (package.sha256 or package.md5):
            raise LockstepError(f"the lock has no hash for {package}", remedy="run: lockstep lock")
        url = mirrors.fetch_url(package.url)
        if url.startswith("file:"):
            _check_file(package, url)
        records.append(record_of(package, url=url))
    client = Client.default_client(max_retries=RETRIES, timeout=REQUEST_SECONDS)
    try:
        asyncio.run(
            install(
                records,
                prefix,
                cache_dir=cache / "pkgs" if cache else None,
                reinstall_packages=set(reinstall),
                execute_link_scripts=False,
                show_progress=progress,
                client=client,
            )
        )
    except InstallerError as error:
        raise _failure(str(error), packages, mirrors, prefix) from None


def _check_file(package: Package, url: str) -> None:
    """Check an archive of a local channel: rattler checks the hash of a download only."""
    path = Path(unquote(urlsplit(url).path))
    kind, expected = ("sha256", package.sha256) if package.sha256 else ("md5", package.md5)
    digest = hashlib.new(kind, usedforsecurity=False)
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise LockstepError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="check the channel"
        ) from None
    if digest.hexdigest() != expected:
        raise _other_bytes(str(path), kind, expected, digest.hexdigest())


def _other_bytes(where: str, kind: str, expected: str, found: str) -> LockstepError:
    what = f"is not the file that the lock names: {kind} {expected} expected, {found} found"
    return LockstepError(
        what, where=where, remedy="find out who replaced it; a new 'lockstep lock' would accept it"
    )


def _failure(text: str, packages: Sequence[Package], mirrors: Mirrors, prefix: Path) -> LockstepError:
    mismatch = re.search(
        r"hash mismatch when extracting (\S+) to .*?: expected (\w+), got (\w+)", text, re.DOTALL
    )
    if mismatch:
        kind = "sha256" if len(mismatch[2]) == 64 else "md5"
        return _other_bytes(without_credentials(mismatch[1]), kind, mismatch[2], mismatch[3])
    reason = without_credentials(text.rpartition("Caused by: ")[2].strip())
    fetched = re.search(r"failed to fetch (\S+)", text)
    if fetched:
        url = next(
            (package.url for package in packages if package.url.endswith(f"/{fetched[1]}")), fetched[1]
        )
        status = re.search(r"HTTP status \w+ error \((\d+[^)]*)\)", text)
        remedy = "check the network, the disk and the channel, then build again"
        mirror = mirrors.fetch_url(url)
        through = f" from {without_credentials(mirror)}" if mirror != url else ""
        return LockstepError(
            f"cannot be fetched{through}: {status[1] if status else reason}", where=url, remedy=remedy
        )
    first = text.partition("\n")[0]
    return LockstepError(
        f"cannot be built: {first}: {reason}" if reason != first else first, where=str(prefix)
    )
