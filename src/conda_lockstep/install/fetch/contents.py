"""Which paths a package puts into a prefix, read before anything is linked; and paths that two packages claim.

CEP 34's ``paths.json`` and ``link.json``, with ``noarch: python`` as conda lays it out; :mod:`.wheel` reads wheels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from conda_lockstep.conda.package_path import is_inside
from conda_lockstep.conda.urls import without_credentials
from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.snapshot.linked_folders import link_above
from conda_lockstep.text.json_fields import load_json
from conda_lockstep.text.printable import visible as printable

_LINK_SCRIPT = re.compile(r"(?:bin|Scripts)/\.(?P<name>.+)-(?:pre|post)-(?:link|unlink)\.(?:sh|bat)")


Entries: TypeAlias = list[dict[str, object]]
"""The entries of a ``paths.json``: ``_path``, ``path_type``, ``sha256``, ``size_in_bytes`` as far as known."""


@dataclass(frozen=True, slots=True)
class PythonLayout:
    """Where the Python of an environment keeps modules and programs, relative to its prefix."""

    site_packages: str
    scripts: str
    headers: str


@dataclass(frozen=True, slots=True)
class PackagePaths:
    """The paths of one package, relative to the prefix with ``/``, each with its sha256 (hex), empty where unknown.

    ``links`` are those that are symbolic links.
    """

    package: Package
    paths: Mapping[str, str]
    links: frozenset[str] = frozenset()

    @property
    def has_link_scripts(self) -> bool:
        """Say whether conda would run programs of this package when it is linked."""
        return any(_LINK_SCRIPT.fullmatch(path) for path in self.paths if "/." in path)


@dataclass(frozen=True, slots=True)
class PathConflict:
    """A path that two packages claim."""

    path: str
    first: Package
    second: Package


def layout_of(packages: PackageSet, platform: str) -> PythonLayout:
    """Return the layout that the Python among the packages has, or would have."""
    if platform.startswith("win-"):
        return PythonLayout("Lib/site-packages", "Scripts", "Include")
    python = packages.get(("conda", "python"))
    minor = ".".join(python.version.split(".")[:2]) if python else "3"
    folder = f"python{minor}t" if python and python.build.endswith("t") else f"python{minor}"
    return PythonLayout(f"lib/{folder}/site-packages", "bin", f"include/{folder}")


def of_conda(package: Package, entries: Entries, link_json: bytes, layout: PythonLayout) -> PackagePaths:
    """Return what a conda package puts into a prefix; ``link_json`` is as in its ``info`` folder, or empty.

    Raises ``LockstepError`` for a package that would write outside of the prefix.
    """
    link = _loaded(link_json).get("noarch")
    noarch = link if isinstance(link, dict) else {}
    found = {str(entry.get("_path", "")): str(entry.get("sha256") or "") for entry in entries}
    if noarch.get("type") == "python":
        found = {_of_noarch(path, layout): digest for path, digest in found.items()}
    points = noarch.get("entry_points")
    for point in points if isinstance(points, list) else ():
        name, _, target = str(point).partition("=")
        found[f"{layout.scripts}/{name.strip()}"] = f"entry point {target.strip()}"
    links = frozenset(
        str(entry.get("_path", "")) for entry in entries if entry.get("path_type") == "softlink"
    )
    return checked(PackagePaths(package, found, links))


def checked(contents: PackagePaths) -> PackagePaths:
    """Return contents; raises ``LockstepError`` where a path leads out of the prefix, or is below a link of its own."""
    for path in contents.paths:
        if not is_inside(path):
            raise _refused(contents.package, f"installs '{printable(path)}', which is outside of the prefix")
    if contents.links:
        for path in contents.paths:
            if link := link_above(path.rpartition("/")[0], contents.links):
                what = f"installs '{printable(path)}' through its own link '{printable(link)}'"
                raise _refused(contents.package, what)
    return contents


def refuse_links_below(packages: Sequence[PackagePaths]) -> None:
    """Raise ``LockstepError`` where a package installs a file through a link that another package brings."""
    links = {link: each.package for each in packages for link in each.links}
    if not links:
        return
    for each in packages:
        for folder in {path.rpartition("/")[0] for path in each.paths}:
            if link := link_above(folder, links):
                what = f"installs files through '{printable(link)}', a link of {links[link]}"
                raise _refused(each.package, what)


def _refused(package: Package, what: str) -> LockstepError:
    where = without_credentials(package.url) or None
    return LockstepError(f"{package} {what}", where=where, remedy="do not install this package; report it")


def refuse_other_package(package: Package, index_json: bytes) -> None:
    """Raise ``LockstepError`` where an archive is, by its own ``index.json``, another package than the locked one."""
    index = _loaded(index_json)
    own = tuple(str(index.get(key, "")) for key in ("name", "version", "build"))
    if any(own) and (own[0].lower(), *own[1:]) != (package.name, package.version, package.build):
        what = f"the archive of {package} is {printable(' '.join(own))}"
        where = without_credentials(package.url) or None
        raise LockstepError(what, where=where, remedy="check the channel and the lock, then build again")


def read_entries(paths_json: bytes, files: bytes) -> Entries | None:
    """Return the entries of a ``paths.json``, or of ``info/files`` from before there was one; None without either."""
    paths = _loaded(paths_json).get("paths")
    if isinstance(paths, list):
        return [entry for entry in paths if isinstance(entry, dict)]
    lines = files.decode("utf-8", "replace").splitlines()
    return [{"_path": line} for line in lines if line] or None


def clashes(packages: Sequence[PackagePaths]) -> Iterator[PathConflict]:
    """Yield the paths that a later package claims again, of all that are not the same bytes in two of one manager.

    NVIDIA's wheels share an empty ``nvidia/__init__.py``, and channels have many files of that kind: harmless. What pip
    puts over conda's is always told, since whoever removes the one breaks the other.
    """
    owners: dict[str, PackagePaths] = {}
    for contents in packages:
        shared = {path: owners[path] for path in contents.paths if path in owners}
        for path, first in shared.items():
            digest, known = contents.paths[path], first.paths[path]
            if first.package.manager != contents.package.manager or not digest or digest != known:
                yield PathConflict(path, first.package, contents.package)
        owners |= dict.fromkeys(contents.paths, contents)
        owners |= shared


def _of_noarch(path: str, layout: PythonLayout) -> str:
    if path.startswith("site-packages/"):
        return f"{layout.site_packages}/{path.removeprefix('site-packages/')}"
    if path.startswith("python-scripts/"):
        return f"{layout.scripts}/{path.removeprefix('python-scripts/')}"
    return path


def _loaded(text: bytes) -> Mapping[str, object]:
    try:
        loaded = load_json(text) if text else {}
    except ValueError:
        return {}
    return loaded if isinstance(loaded, dict) else {}
