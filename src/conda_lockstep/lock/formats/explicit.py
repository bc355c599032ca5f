"""``@EXPLICIT`` files: one package URL per line, for one platform; conda's part of an environment only.

https://conda.org/learn/ceps/cep-0023
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_names import normalize, normalize_version
from conda_lockstep.conda.urls import split_package_url, unquote, without_credentials
from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.text.bounded_text import read_text

MARKER = "@EXPLICIT"
ORDER = "order"
"""What a lock notes the order of lines under, for each platform."""

_PLATFORM = re.compile(r"#\s*platform:\s*(\S+)")
_PIP = re.compile(
    r"#\s*pip\s+(?P<name>[A-Za-z0-9._-]+)\s*@\s*(?P<url>\S+?)"
    r"(?:(?:\s+--hash=sha256:|#sha256=)(?P<sha256>[0-9a-f]{64}))?\s*"
)
_HASH = re.compile(r"(?:sha256:)?(?P<sha256>[0-9a-f]{64})|(?:md5:)?(?P<md5>[0-9a-f]{32})")
_WHEEL = re.compile(r"/[^/]+?-(?P<version>[0-9][^-/]*)(?:-[^/]+\.whl|\.tar\.gz|\.zip)(?:[#?].*)?$")


def read(path: Path) -> Lock:
    """Read an ``@EXPLICIT`` file; see :func:`parse`."""
    return parse(read_text(path), str(path))


def parse(text: str, shown_as: str) -> Lock:
    """Read the text of an ``@EXPLICIT`` file.

    The pip part is what conda-lock writes as ``# pip NAME @ URL`` comments; without any, the lock is not
    ``complete``. The order of the lines, which nothing else in the file tells, is noted where it is not that of the
    names. Raises ``LockstepError`` with the line that is wrong.
    """
    packages: list[Package] = []
    platform, marked = "", False
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line == MARKER:
            marked = True
        elif line.startswith("#"):
            if match := _PLATFORM.fullmatch(line):
                platform = platform or match[1]
            elif pip := _pip_package(line):
                packages.append(pip)
        elif line:
            packages.append(_conda_package(line, Location(shown_as, number)))
    if not marked:
        raise LockstepError(
            f"has no {MARKER} line", where=shown_as, remedy="export it again with 'conda list --explicit'"
        )
    conda = [package for package in packages if package.manager == "conda"]
    found = PackageSet.of(packages)
    platform = platform or _platform(conda, shown_as)
    order = {} if _is_sorted(packages) else {f"{platform}.{ORDER}": " ".join(map(_noted, packages))}
    return Lock(
        platforms={platform: found},
        metadata=order,
        channels=tuple(dict.fromkeys(package.channel for package in conda)),
        source_format="explicit",
        complete=len(conda) < len(packages),
    )


def render(packages: PackageSet, platform: str, order: str = "") -> str:
    """Return a package set as an ``@EXPLICIT`` text: conda's part in the order of conda-lock, pip's as comments.

    ``order`` is what :func:`parse` noted of a file that did not say what depends on what; it holds for those packages.

    Hashes are written as ``#sha256:HEX``, or as the md5 where only that is known. The comments are those of
    conda-lock, ``# pip NAME @ URL#sha256=HEX``: it and micromamba install them, conda skips them. Raises
    ``LockstepError`` for a conda package without a URL; a pip package without one is left out.
    """
    conda, pip = packages.only("conda"), packages.only("pip")
    lines = [f"# platform: {platform}", f"# environment id of the conda part: {conda.environment_id}", MARKER]
    noted = {_noted(package): package for package in packages.values()}
    if noted.keys() == set(order.split()):
        ordered = [noted[name] for name in order.split()]
    else:
        ordered = [*dependency_order(conda), *dependency_order(pip)]
    lines += [_line(package) for package in ordered if package.manager == "conda"]
    lines += [_pip_line(package) for package in ordered if package.manager == "pip" and package.url]
    return "\n".join([*lines, ""])


def version_in(url: str) -> str:
    """Return the version that the URL of a wheel or a source archive says; empty where it says none."""
    match = _WHEEL.search(url)
    return normalize_version(unquote(match["version"])) if match else ""


def dependency_order(packages: PackageSet) -> Iterator[Package]:
    """Yield the packages of one manager, each after its dependencies: in layers, by name within a layer.

    A layer is what needs nothing but the layers before it; names that are not among the packages are the first one.
    ``python`` does not wait for ``pip``. Any other cycle is entered at the package that waits for the fewest, then at
    the name that comes first. So does conda, and so does conda-lock.
    """
    by_name = {package.name: package for package in packages.values()}
    waits = {name: _dependencies(package) for name, package in by_name.items()}
    if "python" in waits:
        waits["python"].discard("pip")
    needed_by: dict[str, list[str]] = {}
    for name, needs in waits.items():
        for needed in needs:
            needed_by.setdefault(needed, []).append(name)
    layer = sorted({name for name, needs in waits.items() if not needs} | (needed_by.keys() - by_name.keys()))
    left = waits
    while left or layer:
        if not layer:
            layer = [min(left, key=lambda name: (len(left[name]), name))]
        following = set()
        for name in layer:
            left.pop(name, None)
            for waiting in needed_by.get(name, ()):
                if waiting in left:
                    left[waiting].discard(name)
                    if not left[waiting]:
                        following.add(waiting)
            if name in by_name:
                yield by_name[name]
        layer = sorted(following - set(layer))


def _noted(package: Package) -> str:
    return package.name if package.manager == "conda" else f"pip:{package.name}"


def _is_sorted(packages: Sequence[Package]) -> bool:
    keys = [package.key for package in packages]
    return keys == sorted(keys)


def _dependencies(package: Package) -> set[str]:
    names = (split(spec)[0] for spec in package.depends)
    return {normalize(name) if package.manager == "pip" else name for name in names} - {package.name}


def _pip_line(package: Package) -> str:
    return f"# pip {package.name} @ {package.url}" + (f"#sha256={package.sha256}" if package.sha256 else "")


def _line(package: Package) -> str:
    if not package.url:
        raise LockstepError(f"{package} has no URL, so it cannot be written as {MARKER}")
    if package.sha256:
        return f"{package.url}#sha256:{package.sha256}"
    return f"{package.url}#{package.md5}" if package.md5 else package.url


def _conda_package(line: str, where: Location) -> Package:
    url, _, fragment = line.partition("#")
    digest = _HASH.fullmatch(fragment.strip().lower())
    if fragment and digest is None:
        raise LockstepError(f"'#{fragment}' is neither an md5 nor a sha256", where=where)
    url = without_credentials(url.strip())
    parts = split_package_url(url)
    if not parts.name:
        raise LockstepError(
            f"'{url}' does not end in NAME-VERSION-BUILD.conda or .tar.bz2",
            where=where,
            remedy="name a package file",
        )
    hashes = digest.groupdict(default="") if digest else {"sha256": "", "md5": ""}
    return Package(
        "conda",
        parts.name,
        parts.version,
        parts.build,
        parts.subdir,
        parts.channel,
        url,
        hashes["sha256"],
        hashes["md5"],
    )


def _pip_package(line: str) -> Package | None:
    match = _PIP.fullmatch(line)
    if match is None:
        return None
    url = without_credentials(match["url"])
    return Package("pip", normalize(match["name"]), version_in(url), url=url, sha256=match["sha256"] or "")


def _platform(packages: list[Package], shown_as: str) -> str:
    subdirs = sorted({package.subdir for package in packages} - {"noarch"})
    if len(subdirs) == 1:
        return subdirs[0]
    what = f"has packages of {' and '.join(subdirs)}" if subdirs else "has only noarch packages"
    raise LockstepError(
        f"{what}, and no '# platform:' line", where=shown_as, remedy="add one, such as '# platform: linux-64'"
    )
