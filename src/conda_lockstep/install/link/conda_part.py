"""Links the conda part of a lock with rattler, from archives that have been checked; no link script is run."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from rattler import PackageRecord, RepoDataRecord, install
from rattler.exceptions import InstallerError

from conda_lockstep.conda.urls import without_credentials
from conda_lockstep.errors import LockstepError
from conda_lockstep.install.fetch.cache import Caches, package_cache
from conda_lockstep.install.fetch.rattler_errors import panics_as_errors
from conda_lockstep.lock.channels.records import record_of
from conda_lockstep.packages import Package


def install_conda(
    packages: Sequence[Package],
    prefix: Path,
    caches: Caches,
    *,
    archives: Mapping[Package, Path],
    relink: Collection[str] = (),
    doubted: bool = False,
    link_scripts: bool = False,
    progress: bool = False,
) -> None:
    """Make the conda part of a prefix exactly these packages, removing others, linking those in ``relink`` again.

    ``archives`` are files that have been checked; what is not among them is extracted in the cache already, and all of
    that is hashed where it is ``doubted``. Raises ``LockstepError`` in one line for what cannot be written.
    """
    records = [_record(package, caches, archives.get(package)) for package in packages]
    try:
        with panics_as_errors(
            "cannot be built", str(prefix), "check the lock and the cache, then build again"
        ):
            asyncio.run(
                install(
                    records,
                    prefix,
                    package_cache=package_cache(caches, doubted=doubted),
                    reinstall_packages=set(relink),
                    execute_link_scripts=link_scripts,
                    show_progress=progress,
                )
            )
    except InstallerError as error:
        raise _failure(str(error), prefix) from None


def _record(package: Package, caches: Caches, archive: Path | None) -> RepoDataRecord:
    """Return a package for rattler, with all that its archive says of it where that is extracted already."""
    index = caches.extracted(package) / "info" / "index.json"
    if archive is not None or not index.exists():
        return record_of(package, url=archive.as_uri() if archive else package.url)
    record = PackageRecord.from_index_json(
        index, package.size or None, package.sha256 or None, package.md5 or None
    )
    record.depends = list(package.depends)
    return RepoDataRecord(record, package.url.rpartition("/")[2], package.url, package.channel)


def _failure(text: str, prefix: Path) -> LockstepError:
    reason = without_credentials(text.rpartition("Caused by: ")[2].strip())
    first = without_credentials(text.partition("\n")[0])
    remedy = "check the disk and the cache, then build again"
    what = f"cannot be built: {first}: {reason}" if reason != first else f"cannot be built: {first}"
    return LockstepError(what, where=str(prefix), remedy=remedy)
