"""Gets everything that a build will link, before it touches the prefix: fetched, checked, and without clashes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rattler.package_streaming import PackageArchive

from conda_lockstep.conda.urls import without_credentials
from conda_lockstep.errors import LockstepError
from conda_lockstep.install.fetch import contents
from conda_lockstep.install.fetch.cache import Caches, damaged, held, incomplete, read
from conda_lockstep.install.fetch.contents import Entries, PackagePaths, PathConflict, PythonLayout
from conda_lockstep.install.fetch.download import Archive, Store, archive_of
from conda_lockstep.install.fetch.progress import downloading
from conda_lockstep.lock.channels.access import Access
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.packages import Package

_INFO = ("info/paths.json", "info/link.json", "info/files", "info/index.json")


@dataclass(frozen=True, slots=True)
class FetchedFiles:
    """What was got. ``archives`` are conda packages that are not extracted yet, ``doubted`` those whose extraction was.

    ``unlooked`` are those that lie in the cache with all their files, of which the sizes were not looked at.
    ``shared`` are paths that two conda packages bring with different bytes: conda keeps one of them, and so do we.
    """

    archives: Mapping[Package, Path]
    wheels: Mapping[Package, Path]
    contents: Mapping[Package, PackagePaths]
    shared: tuple[PathConflict, ...]
    doubted: bool
    unlooked: Mapping[Package, Entries]


def get_stock(
    conda: Sequence[Package],
    pip: Sequence[Package],
    present: Sequence[PackagePaths],
    layout: PythonLayout,
    mirrors: Mirrors,
    access: Access,
    caches: Caches,
    *,
    suspect: Collection[Package] = (),
    trusting: bool = False,
    progress: bool,
) -> FetchedFiles:
    """Get what is to be linked; ``present`` is what stays in the prefix as it is, ``suspect`` what was
    changed there. ``trusting`` leaves it to the caller to look at what in the cache is damaged.

    Raises ``LockstepError`` for what cannot be had, is not what the lock says, or would lie over another's files.
    """
    wanted = {package: archive_of(package, mirrors, access) for package in (*conda, *pip)}
    for package in pip:
        _refuse_other_than_wheel(package)
    extracted = held(conda, caches)
    broken = incomplete(extracted, caches) if trusting else damaged(extracted, caches, suspect=suspect)
    extracted = {package: entries for package, entries in extracted.items() if package not in broken}
    missing = {package: archive for package, archive in wanted.items() if package not in extracted}
    paths: Mapping[Archive, Path] = {}
    if missing:
        with downloading(shown=progress) as shown:
            paths = Store(caches.archives, access).fetch(missing.values(), shown)
    have = {package: paths[archive] for package, archive in missing.items()}
    archives = {package: path for package, path in have.items() if package.manager == "conda"}
    infos = {
        package: (entries, read(caches.extracted(package) / "info" / "link.json"))
        for package, entries in extracted.items()
    }
    doubted = any(caches.extracted(package).is_dir() for package in archives)
    infos |= asyncio.run(_read_infos(archives)) if archives else {}
    found = {package: contents.of_conda(package, *infos[package], layout) for package in conda}
    wheels = _wheels(have, pip, layout)
    contents.refuse_links_below([*found.values(), *wheels.values(), *present])
    return FetchedFiles(
        archives,
        {package: have[package] for package in pip},
        found | wheels,
        _shared([*found.values(), *wheels.values(), *present]),
        doubted,
        extracted if trusting else {},
    )


def _wheels(
    paths: Mapping[Package, Path], pip: Sequence[Package], layout: PythonLayout
) -> dict[Package, PackagePaths]:
    if not pip:
        return {}
    from conda_lockstep.install.fetch.wheel import of_wheel

    return {package: of_wheel(package, paths[package], layout) for package in pip}


def _shared(everything: Sequence[PackagePaths]) -> tuple[PathConflict, ...]:
    """Return what two conda packages share; raises for what pip's part would overwrite."""
    ordered = sorted(everything, key=lambda each: each.package.key)
    found = tuple(contents.clashes(ordered))
    for clash in found:
        if clash.second.manager == "pip":
            raise _overwrite(clash, len([each for each in found if each.second == clash.second]))
    return found


def _overwrite(clash: PathConflict, count: int) -> LockstepError:
    more = f" and {count - 1} more paths" if count > 1 else ""
    owner = f"{clash.first.manager}'s {clash.first.name} {clash.first.version}"
    what = f"pip's {clash.second} would overwrite {clash.path}{more} of {owner}"
    return LockstepError(
        what,
        where=without_credentials(clash.second.url) or None,
        remedy="take one of the two out of the environment file",
    )


async def _read_infos(archives: Mapping[Package, Path]) -> dict[Package, tuple[Entries, bytes]]:
    async def info(package: Package, path: Path) -> tuple[Entries, bytes]:
        try:
            archive = await PackageArchive.from_path(path)
            files = await archive.read_files(_INFO)
        except (OSError, RuntimeError, ValueError) as error:
            reason = str(error).rpartition("Caused by: ")[2].strip()
            raise LockstepError(f"is no conda package: {reason}", where=str(path)) from None
        contents.refuse_other_package(package, files["info/index.json"] or b"")
        entries = contents.read_entries(files["info/paths.json"] or b"", files["info/files"] or b"")
        return entries or [], files["info/link.json"] or b""

    return dict(zip(archives, await asyncio.gather(*(info(*item) for item in archives.items())), strict=True))


def _refuse_other_than_wheel(package: Package) -> None:
    if not package.url.partition("#")[0].endswith(".whl"):
        what = f"the lock has {package} as {without_credentials(package.url)}, which is no wheel"
        raise LockstepError(what, remedy="ask for a version that has wheels, or take it from conda")
