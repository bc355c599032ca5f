"""A channel and an index of one's own, with exactly the files that locks name.

A file lies where its URL says, ``FOLDER/HOST/PATH``, so that one prefix in ``[tool.lockstep.mirrors]`` leads to it. The
channels are indexed by rattler, and say of a package's dependencies what the lock says: channels mend those after the
package was built. Wheels are listed in ``FOLDER/simple``, by PEP 503 and PEP 691.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from conda_lockstep.conda.project_source import project_source
from conda_lockstep.errors import LockstepError
from conda_lockstep.install.fetch.download import Archive, Store, archive_of
from conda_lockstep.install.fetch.folder_lock import claimed
from conda_lockstep.install.fetch.progress import downloading
from conda_lockstep.install.fetch.simple import write_simple_index
from conda_lockstep.install.link.project_options import projects_in
from conda_lockstep.install.locked_source import LockSource
from conda_lockstep.lock.channels.access import Access
from conda_lockstep.packages import Package
from conda_lockstep.text.atomic import write_bytes
from conda_lockstep.text.json_fields import load_json
from conda_lockstep.text.resolve_path import resolve_path

LIST = ".lockstep-mirror.json"
"""The files that we wrote: what is not locked any more goes, and nothing that is not ours."""
SIMPLE = "simple"


@dataclass(frozen=True, slots=True)
class Mirrored:
    """How many files a mirror holds, how many were removed, and the settings that lead to it: prefixes of URLs.

    ``projects`` are the local and git projects of the locks, which are no files.
    """

    files: int
    removed: int
    settings: Mapping[str, str]
    projects: tuple[str, ...] = ()


class _Mirror(Store):
    keeps_all = True

    def path(self, archive: Archive) -> Path:
        return self.folder / place_of(archive.url)


def mirror(
    locks: Sequence[LockSource], folder: Path, *, base: str = "", index: str, progress: bool = False
) -> Mirrored:
    """Bring a folder to exactly the files of some locks; what is there already is checked and not fetched again.

    ``base`` is the URL under which the folder is served, its own as a ``file:`` URL where empty; ``index`` is the PyPI
    index that locks are made with. Raises ``LockstepError``: for a file that cannot be had or is not the locked one,
    for locks that want different bytes under one URL, and for a folder of other things.
    """
    folder = resolve_path(folder.expanduser())
    wanted = _wanted(locks)
    access = locks[0].access if len(locks) == 1 else _joined(locks)
    with ExitStack() as stack:
        known = _refuse_others(folder)
        try:
            stack.enter_context(claimed(folder / ".lockstep-lock", folder))
        except OSError as error:
            what = f"cannot be written: {error.strerror}"
            raise LockstepError(
                what, where=str(error.filename or folder), remedy="name another folder"
            ) from None
        places = {str(place_of(archive.url)): package for archive, package in wanted.items()}
        # Noted first: what a killed run has written is ours as well.
        _note(folder, {*known, *places})
        with downloading(shown=progress) as shown:
            paths = _Mirror(folder, access).fetch(wanted, shown)
        gone = sorted(known - places.keys())
        for place in gone:
            (folder / place).unlink(missing_ok=True)
        channels = _index_channels(folder, places, {*gone})
        write_simple_index(
            folder / SIMPLE,
            {package: paths[archive] for archive, package in wanted.items() if package.manager == "pip"},
        )
        _note(folder, places)
    settings = _settings(wanted.values(), channels, base or folder.as_uri(), index)
    return Mirrored(len(places), len(gone), settings, _projects(locks))


def place_of(url: str) -> PurePosixPath:
    """Return where a URL's file lies in a mirror; raises ``LockstepError`` for a URL that leads out of it."""
    parts = urlsplit(url)
    place = PurePosixPath(parts.netloc.replace(":", "_") or "local", unquote(parts.path).lstrip("/"))
    if ".." in place.parts:
        raise LockstepError("is no URL to be mirrored", where=url)
    return place


def _projects(locks: Sequence[LockSource]) -> tuple[str, ...]:
    held = (packages for locked in locks for packages in locked.lock.platforms.values())
    return tuple(sorted({package.name for packages in held for package in projects_in(packages)}))


def _wanted(locks: Sequence[LockSource]) -> dict[Archive, Package]:
    found: dict[str, tuple[Archive, Package]] = {}
    for locked in locks:
        for packages in locked.lock.platforms.values():
            for package in packages.values():
                if project_source(package):
                    continue  # a project is no file; its dependencies are mirrored
                archive = archive_of(package, locked.mirrors, locked.access)
                known, _ = found.setdefault(archive.url, (archive, package))
                if known.digest != archive.digest and known.kind == archive.kind:
                    what = f"another file of the same URL is in another lock: {archive.url}"
                    raise LockstepError(what, where=str(locked.file), remedy="lock them again")
    return dict(found.values())


def _joined(locks: Sequence[LockSource]) -> Access:
    access = Access()
    for locked in locks:
        access.join(locked.access)
    return access


def _refuse_others(folder: Path) -> set[str]:
    """Return what is ours in the folder; raises where other things are there."""
    try:
        names = {entry.name for entry in folder.iterdir()} - {".lockstep-lock"}
        listed = load_json((folder / LIST).read_bytes()) if names else []
        if isinstance(listed, list):
            return {str(place) for place in listed}
    except FileNotFoundError:
        if not folder.exists():
            return set()
    except (OSError, ValueError):
        pass
    what = "is a folder of other things, not a mirror" if folder.is_dir() else "is a file, not a folder"
    raise LockstepError(what, where=str(folder), remedy="name a new or empty folder")


def _note(folder: Path, places: Iterable[str]) -> None:
    write_bytes(folder / LIST, (json.dumps(sorted(places), indent=1) + "\n").encode())


def _index_channels(folder: Path, places: Mapping[str, Package], gone: set[str]) -> dict[str, str]:
    """Index the channels; return their folders, relative to the mirror, by their URLs."""
    channels: defaultdict[str, set[str]] = defaultdict(set)
    locked: defaultdict[Path, dict[str, Package]] = defaultdict(dict)
    for place, package in places.items():
        if package.manager == "conda":
            path = PurePosixPath(place)
            channels[str(path.parent.parent)].add(package.channel)
            locked[folder / path.parent][path.name] = package
    emptied = {folder / PurePosixPath(place).parent for place in gone if not place.endswith(".whl")}
    for channel in channels:
        (folder / channel / "noarch").mkdir(exist_ok=True)
        asyncio.run(_index(folder / channel))
    for subdir in emptied - locked.keys():
        (subdir / "repodata.json").unlink(missing_ok=True)
    for subdir, packages in locked.items():
        _correct(subdir / "repodata.json", packages)
    return {url: channel for channel, urls in channels.items() for url in urls}


async def _index(channel: Path) -> None:
    from rattler.index import index_fs

    try:
        await index_fs(channel, write_zst=False, write_shards=False, force=True)
        shutil.rmtree(channel / ".tmp", ignore_errors=True)
    except (OSError, RuntimeError) as error:
        reason = str(error).rpartition("Caused by: ")[2].strip()
        raise LockstepError(f"cannot be indexed: {reason}", where=str(channel)) from None


def _correct(repodata: Path, packages: Mapping[str, Package]) -> None:
    """Leave the locked files alone in an index, with the dependencies that the lock has of them.

    The time of indexing goes: a solve with a cut-off prefers it to the time when a package was made.
    """
    loaded: dict[str, Any] = json.loads(repodata.read_bytes())
    for key in ("packages", "packages.conda"):
        loaded[key] = {
            name: {field: value for field, value in record.items() if field != "indexed_timestamp"}
            | {"depends": list(packages[name].depends)}
            for name, record in sorted(loaded.get(key, {}).items())
            if name in packages
        }
    write_bytes(repodata, (json.dumps(loaded, indent=1) + "\n").encode())


def _settings(
    packages: Iterable[Package], channels: Mapping[str, str], base: str, index: str
) -> dict[str, str]:
    base = base.rstrip("/")
    found = {url: f"{base}/{quote(channel)}" for url, channel in channels.items()}
    hosts = {urlsplit(package.url)[:2] for package in packages if package.manager == "pip"}
    for scheme, host in hosts:
        found[f"{scheme}://{host}"] = f"{base}/{quote(str(place_of(f'{scheme}://{host}')))}"
    if hosts:
        found[index.rstrip("/")] = f"{base}/{SIMPLE}"
    return dict(sorted(found.items()))
