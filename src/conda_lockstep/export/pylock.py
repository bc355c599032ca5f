"""A pylock.toml: the pip part of every platform, each package with the markers of the platforms that have it.

https://peps.python.org/pep-0751/
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.project_source import Folder, GitCommit, project_source
from conda_lockstep.errors import LockstepError
from conda_lockstep.export.model import Export, Subject, without
from conda_lockstep.export.pip import commit_of, file_name, require_hash
from conda_lockstep.export.projects import projects_of
from conda_lockstep.lock.model.virtual_packages import PLATFORMS
from conda_lockstep.lock.pip.wheels import WheelTarget
from conda_lockstep.packages import Package, PackageSet

_HEADER = """\
# Written by conda-lockstep from the lock: do not edit.
# uv pip install --no-deps -r pylock.toml
lock-version = "1.0"
"""

Files: TypeAlias = Mapping[str, Package]
"""The package of each platform that has this version of it."""


def render(subject: Subject) -> Export:
    """Write the pip part. Raises ``LockstepError`` for a file without a hash."""
    platforms = dict(sorted(subject.lock.platforms.items()))
    for platform in platforms:
        if platform not in PLATFORMS:
            raise LockstepError(f"no markers are known for {platform}", where=subject.path)
    lost = {line: None for packages in platforms.values() for line in without("conda", packages)}
    projects = {each.name: each for packages in platforms.values() for each in projects_of(packages)}
    return Export(_HEADER + "".join(_document(platforms)), (*lost, *_lost(projects.values())))


def _lost(projects: Iterable[Package]) -> Iterator[str]:
    """Yield what the format does not say of projects."""
    sources = {package.name: project_source(package) for package in projects}
    if local := [name for name, source in sources.items() if isinstance(source, Folder)]:
        yield f"the folders of local projects are relative to the lock's folder: {', '.join(local)}"
    if clones := [
        name for name, source in sources.items() if isinstance(source, GitCommit) and source.editable
    ]:
        yield f"it does not say that these are editable: {', '.join(clones)}"


def _document(platforms: Mapping[str, PackageSet]) -> Iterator[str]:
    yield f"environments = {_strings([_marker(platform) for platform in platforms])}\n"
    minors = {_minor(packages) for packages in platforms.values()}
    if len(minors) == 1 and "" not in minors:
        yield f"requires-python = {_string(f'=={minors.pop()}.*')}\n"
    yield 'created-by = "conda-lockstep"\n'
    by_version = _by_version(platforms)
    names = [name for name, _ in by_version]
    for (name, version), files in by_version.items():
        yield from _package(name, version, files, platforms, names)


def _by_version(platforms: Mapping[str, PackageSet]) -> dict[tuple[str, str], dict[str, Package]]:
    found: dict[tuple[str, str], dict[str, Package]] = {}
    for platform, packages in platforms.items():
        for package in packages.only("pip").values():
            found.setdefault((package.name, package.version), {})[platform] = package
    return dict(sorted(found.items()))


def _package(
    name: str, version: str, files: Files, platforms: Mapping[str, PackageSet], names: Sequence[str]
) -> Iterator[str]:
    yield f"\n[[packages]]\nname = {_string(name)}\n"
    if version:
        yield f"version = {_string(version)}\n"
    if len(files) < len(platforms):
        yield f"marker = {_string(' or '.join(f'({_marker(platform)})' for platform in files))}\n"
    needs = sorted({normalize(split(spec)[0]) for package in files.values() for spec in package.depends})
    # A dependency has to name one entry, and two versions of a project are two.
    needs = [needed for needed in needs if names.count(needed) == 1 and needed != name]
    if needs:
        yield f"dependencies = [{', '.join(f'{{ name = {_string(needed)} }}' for needed in needs)}]\n"
    yield from _origin(list({package.url: package for package in files.values()}.values()))


def _origin(packages: Sequence[Package]) -> Iterator[str]:
    first = packages[0]
    commit = commit_of(first)
    if commit:
        yield from _vcs(commit)
        return
    source = project_source(first)
    if isinstance(source, Folder):
        editable = ", editable = true" if source.editable else ""
        yield f"directory = {{ path = {_string(source.path)}{editable} }}\n"
        return
    for package in packages:
        if "://" not in package.url:
            what = f"{package} is '{package.url}', which is no URL"
            raise LockstepError(what, remedy="publish it as a wheel, and lock that")
        require_hash(package, "pylock.toml")
    if all(file_name(package).endswith(".whl") for package in packages):
        yield "wheels = [\n"
        for package in sorted(packages, key=file_name):
            yield f"    {_file(package)},\n"
        yield "]\n"
    elif len(packages) == 1:
        yield f"archive = {_file(first)}\n"
    else:
        raise LockstepError(f"{first} comes as several archives", remedy="export one --platform at a time")


def _vcs(commit: GitCommit) -> Iterator[str]:
    parts = {"type": "git", "url": commit.url}
    if commit.rev:
        parts["requested-revision"] = commit.rev
    parts["commit-id"] = commit.commit
    if commit.subdirectory:
        parts["subdirectory"] = commit.subdirectory
    yield f"vcs = {{ {', '.join(f'{key} = {_string(value)}' for key, value in parts.items())} }}\n"


def _file(package: Package) -> str:
    hashes = f"{{ sha256 = {_string(package.sha256)} }}"
    return f"{{ url = {_string(package.url.partition('#')[0])}, hashes = {hashes} }}"


def _marker(platform: str) -> str:
    markers = WheelTarget("3", platform, ()).markers
    return (
        f"sys_platform == '{markers['sys_platform']}' and platform_machine == '{markers['platform_machine']}'"
    )


def _minor(packages: PackageSet) -> str:
    python = packages.get(("conda", "python"))
    return ".".join(python.version.split(".")[:2]) if python else ""


def _strings(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_string, texts))}]"


def _string(text: str) -> str:
    """Write a TOML basic string, which JSON's are but for one control character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
