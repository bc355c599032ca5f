"""Checks the local and git projects of a lock against the entries that name them: source, mode and dependencies.

The files of a local project are read again, so that a dependency that it has since gained makes the lock stale. A git
project is the locked commit, and is not fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement

from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.project_source import Folder, described, project_source
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.check.pip_edges import pip_edge_holds
from conda_lockstep.lock.pip.edges import pip_edges
from conda_lockstep.lock.pip.projects.entry import ProjectEntry, is_as_locked
from conda_lockstep.lock.pip.projects.folders import folder_of, reader_of
from conda_lockstep.lock.pip.projects.nested import split_urls
from conda_lockstep.lock.pip.projects.static_metadata import NotStaticError, static_metadata
from conda_lockstep.packages import PYTHON, Package

Fault = tuple[str, str]
"""What is requested, and what the lock has."""


@dataclass(frozen=True, slots=True)
class ProjectCheck:
    """An entry with the locked project that it names, None where there is none, and what does not fit."""

    entry: ProjectEntry
    project: Package | None
    faults: tuple[Fault, ...]


def project_checks(
    entries: Sequence[ProjectEntry],
    held: Mapping[str, Package],
    python: Package | None,
    markers: Mapping[str, str],
    path: str,
) -> list[ProjectCheck]:
    """Compare entries with the projects that a lock has, by name; ``path`` is the environment file's."""
    return [_checked(entry, held, python, markers, path) for entry in entries]


def _checked(
    entry: ProjectEntry,
    held: Mapping[str, Package],
    python: Package | None,
    markers: Mapping[str, str],
    path: str,
) -> ProjectCheck:
    sources = {name: project_source(package) for name, package in held.items() if package.url}
    name = next((name for name, source in sources.items() if source and entry.is_of(source)), "")
    if not name:
        return ProjectCheck(entry, None, ((f"'{entry.text}' is requested", "does not have that project"),))
    project, source = held[name], sources[name]
    faults: list[Fault] = []
    if source and not is_as_locked(entry, project.url):
        extras = f" with the extras {source.extras}" if source.extras else ""
        rev = "" if isinstance(source, Folder) else f" (requested as '{source.rev or 'the default branch'}')"
        faults.append((f"'{entry.text}' is requested", f"has {described(source)}{rev}{extras}"))
    if isinstance(entry.reference, Folder):
        faults += _of_files(entry, project, held, python, markers, path)
    return ProjectCheck(entry, project, tuple(faults))


def _of_files(
    entry: ProjectEntry,
    project: Package,
    held: Mapping[str, Package],
    python: Package | None,
    markers: Mapping[str, str],
    path: str,
) -> Iterator[Fault]:
    """Yield what the files of a local project state that the lock does not have."""
    try:
        found = static_metadata(reader_of(folder_of(path, entry)))
    except NotStaticError:
        return  # a build told its metadata, which a check never runs
    except LockstepError as error:
        yield error.what, "has it"
        return
    if found.name != normalize(project.name):
        yield f"'{entry.text}' is the project {found.name}", f"has {project.name}"
        return
    metadata, nested, wheels = split_urls(entry, found.metadata)
    for child in (each for each in nested if each.applies(markers)):
        yield from _checked(child, held, python, markers, path).faults
    for wheel in (each for each in wheels if each.applies(markers)):
        other = held.get(wheel.name)
        if other is None or other.url != wheel.url:
            yield f"'{wheel.text}' is requested", f"has {other.url if other else 'none'}"
    requested = Requirement(f"{found.name}[{','.join(sorted(entry.extras))}]")
    edges = pip_edges({found.name: metadata}, [found.name], [requested], markers).by_project[found.name]
    for spec in edges:
        name = split(spec)[0]
        other = python if name == PYTHON else held.get(normalize(name))
        if not pip_edge_holds(spec, other):
            yield f"{found.name} needs '{spec}'", f"has {other or 'none'}"
    if dropped := sorted(_names(project.depends) - _names(edges)):
        yield f"{found.name} no longer needs {', '.join(dropped)}", "was made when it did"


def _names(specs: Sequence[str]) -> set[str]:
    return {normalize(split(spec)[0]) for spec in specs}
