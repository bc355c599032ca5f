"""A pixi.lock, version 7: both parts of every platform, as pixi itself writes them.

https://github.com/conda/rattler/tree/main/crates/rattler_lock
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from dataclasses import replace

from packaging.requirements import InvalidRequirement, Requirement

from conda_lockstep.conda.dependencies import ANY, split
from conda_lockstep.conda.urls import ANACONDA
from conda_lockstep.export.model import Export, Subject
from conda_lockstep.export.pip import commit_of
from conda_lockstep.export.projects import left_out, projects_of, without_projects
from conda_lockstep.lock.formats.pixi import NEWEST
from conda_lockstep.lock.model import metadata
from conda_lockstep.packages import PYTHON, Package
from conda_lockstep.text.yaml_scalars import phrase

DEFAULT_INDEX = "https://pypi.org/simple"


def render(subject: Subject) -> Export:
    """Write every platform as one environment, ``default``."""
    local = {
        each.name: each for held in subject.lock.platforms.values() for each in projects_of(held, git=False)
    }
    projects = list(local.values())
    platforms = {name: without_projects(held, projects) for name, held in subject.lock.platforms.items()}
    lost = [*left_out(projects, "as pixi takes them from its own manifest")]
    commits = (each for held in platforms.values() for each in projects_of(held))
    if editable := sorted({each.name for each in commits if (found := commit_of(each)) and found.editable}):
        lost.append(f"it does not say that these are editable: {', '.join(editable)}")
    subject = replace(subject, lock=replace(subject.lock, platforms=platforms))
    return Export("".join(_document(subject)), tuple(lost))


def _document(subject: Subject) -> Iterator[str]:
    platforms = dict(sorted(subject.lock.platforms.items()))
    yield f"version: {NEWEST}\nplatforms:\n"
    for platform in platforms:
        yield f"- name: {platform}\n"
        machine = metadata.machine_of(subject.lock, platform)
        yield from _list("  ", "virtual-packages", map(str, machine))
    channels = subject.lock.channels
    yield f"environments:\n  default:\n    channels:{_end(channels)}"
    for channel in channels:
        yield f"    - url: {phrase(_channel_url(channel))}\n"
    found = {
        (manager, _location(package)): package
        for packages in platforms.values()
        for (manager, _), package in packages.items()
    }
    if any(manager == "pip" for manager, _ in found):
        yield f"    indexes:\n    - {DEFAULT_INDEX}\n"
    yield "    packages:\n"
    for platform, packages in platforms.items():
        yield f"      {platform}:{_end(packages)}"
        for package in sorted(packages.values(), key=_order):
            yield f"      - {_reference(package)}\n"
    yield f"packages:{_end(found)}"
    for package in sorted(found.values(), key=_order):
        yield from _described(package)


def _order(package: Package) -> tuple[str, str]:
    return package.manager, _location(package)


def _described(package: Package) -> Iterator[str]:
    yield f"- {_reference(package)}\n"
    if package.manager == "pip":
        yield f"  name: {phrase(package.name)}\n"
        if package.version:
            yield f"  version: {phrase(package.version)}\n"
        if package.sha256:
            yield f"  sha256: {phrase(package.sha256)}\n"
        python = [spec for spec in package.depends if split(spec)[0] == PYTHON]
        others = [spec for spec in package.depends if spec not in python]
        yield from _list("  ", "requires_dist", map(_requirement, others))
        for bounds in {split(spec)[1] for spec in python} - {ANY}:
            yield f"  requires_python: {phrase(bounds)}\n"
        return
    for kind, value in (("sha256", package.sha256), ("md5", package.md5)):
        if value:
            yield f"  {kind}: {phrase(value)}\n"
    yield from _list("  ", "depends", package.depends)
    yield from _list("  ", "constrains", package.constrains)
    for key, count in (("size", package.size), ("timestamp", package.timestamp * 1000)):
        if count:
            yield f"  {key}: {count}\n"


def _end(items: Sized) -> str:
    return "\n" if items else " []\n"


def _list(indent: str, key: str, items: Iterable[str]) -> Iterator[str]:
    for number, item in enumerate(items):
        yield (f"{indent}{key}:\n" if not number else "") + f"{indent}- {phrase(item)}\n"


def _reference(package: Package) -> str:
    return f"{'pypi' if package.manager == 'pip' else 'conda'}: {phrase(_location(package))}"


def _location(package: Package) -> str:
    """Return the URL of a package, a commit as pixi writes it."""
    commit = commit_of(package) if package.manager == "pip" else None
    if commit is None:
        return package.url
    subdirectory = f"subdirectory={commit.subdirectory}&" if commit.subdirectory else ""
    return f"git+{commit.url}?{subdirectory}rev={commit.commit}#{commit.commit}"


def _channel_url(channel: str) -> str:
    return (channel if "://" in channel else f"{ANACONDA}/{channel}").rstrip("/") + "/"


def _requirement(text: str) -> str:
    """Write a requirement as PEP 508 has it; only its name where it is in the notation of Poetry."""
    try:
        return str(Requirement(text))
    except InvalidRequirement:
        return split(text)[0]
