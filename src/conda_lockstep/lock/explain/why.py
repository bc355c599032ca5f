"""Finds why a package is locked: the chains of dependencies from the user's entries to it.

Needs no solver: an edge is a dependency that a locked package records.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from conda_lockstep.conda.dependencies import split
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.project_source import project_source
from conda_lockstep.environment.credentials import Redactor
from conda_lockstep.environment.entries import read_entries
from conda_lockstep.environment.environment_file import EnvironmentFile, Item
from conda_lockstep.errors import Location
from conda_lockstep.lock.model.owned_projects import owned_by_conda
from conda_lockstep.packages import Key, Package, PackageSet

if TYPE_CHECKING:
    from conda_lockstep.lock.pip.projects.entry import ProjectEntry


@dataclass(frozen=True, slots=True)
class RequestingEntry:
    """An entry of the user that requests a package by its name, or a project by its source: its key has no name."""

    key: Key
    text: str
    where: Location
    project: ProjectEntry | None = None


@dataclass(frozen=True, slots=True)
class DependencyEdge:
    """A locked package and one of its dependencies, as recorded."""

    requirer: Package
    spec: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The way from an entry to a package; ``needs`` is empty if the entry requests the package itself.

    ``entry`` is None if no environment file is known: then the first package is one that nothing depends on.
    """

    entry: RequestingEntry | None
    needs: tuple[DependencyEdge, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A package, the shortest chain from each entry that leads to it, shortest first, and the edges that end in it.

    A virtual package (``__cuda``) has a version only if the lock records its machine.
    """

    package: Package
    chains: tuple[Chain, ...]
    needed_by: tuple[DependencyEdge, ...]


def entries_of(file: EnvironmentFile) -> tuple[RequestingEntry, ...]:
    """Return the entries of an environment file that request a package by name, then those that request a project.

    Others are left out.
    """
    entries, hide = read_entries(file), Redactor(file)
    requested: list[tuple[Key, Item]] = [(("conda", entry.spec.name), entry.item) for entry in entries.conda]
    requested += [
        (("pip", entry.requirement.name), entry.item) for entry in entries.pip if entry.requirement.name
    ]
    found = [
        RequestingEntry(key, hide.text(item.value, item.span), file.source.location(item.span.start))
        for key, item in requested
    ]
    section = next(iter(file.pip_sections), None)
    if section and not any(entry.key == ("conda", "pip") for entry in found):
        found.append(RequestingEntry(("conda", "pip"), "pip:", file.source.location(section.span.start)))
    places = {entry.where for entry in found}
    return (*found, *(entry for entry in _projects(file, hide) if entry.where not in places))


def _projects(file: EnvironmentFile, hide: Redactor) -> Iterator[RequestingEntry]:
    if all(item.value.replace("-", "").isalnum() for item in file.pip_items):
        return  # plain names, as most
    from conda_lockstep.lock.pip.requirements import read_pip_part  # slow to import

    for entry in read_pip_part(file).projects:
        yield RequestingEntry(("pip", ""), hide.text(entry.text), entry.where, entry)


@dataclass(frozen=True, slots=True)
class Shortest:
    """For each package that an entry leads to: the entry, the last need on the shortest way there, and its asker."""

    _found: Mapping[Key, tuple[RequestingEntry | None, DependencyEdge | None, Key]]

    def to(self, key: Key) -> Chain | None:
        """Return the chain that ``why`` would give first, or one as short; None where no entry leads there."""
        if key not in self._found:
            return None
        entry, need, requirer = self._found[key]
        needs: list[DependencyEdge] = []
        while need is not None:
            needs.append(need)
            _, need, requirer = self._found[requirer]
        return Chain(entry, tuple(reversed(needs)))


def _by_place(entry: RequestingEntry) -> tuple[int, ...]:
    return entry.where[1:]


class Graph:
    """The dependencies between the packages of one platform, by the package that is needed."""

    def __init__(self, packages: PackageSet, machine: Mapping[str, str] | None = None) -> None:
        self._packages = {**packages}
        self._owned = {
            project: held.package.key
            for project, held in owned_by_conda(packages.only("conda").values()).items()
        }
        self._pip = {normalize(package.name): package.key for package in packages.only("pip").values()}
        pip = ((package.key, project_source(package)) for package in packages.only("pip").values())
        self._projects = {key: source for key, source in pip if source}
        self._needs: dict[Key, list[DependencyEdge]] = {}
        for package in packages.values():
            for spec in package.depends:
                key = self._required(package, split(spec)[0])
                if key is not None and key != package.key:
                    self._needs.setdefault(key, []).append(DependencyEdge(package, spec))
        for key in self._needs.keys() - self._packages.keys():
            self._packages[key] = Package("conda", key[1], (machine or {}).get(key[1], ""))

    @property
    def names(self) -> list[str]:
        """Return the names of all packages, virtual ones included, sorted."""
        return sorted({name for _, name in self._packages})

    def matching(self, pattern: str) -> list[Package]:
        """Return the packages that a name or a glob matches; the spelling of pip's names does not matter."""
        pattern, project = pattern.lower(), normalize(pattern)
        return [
            package
            for (manager, name), package in sorted(self._packages.items())
            if fnmatchcase(name, pattern) or (manager == "pip" and fnmatchcase(normalize(name), project))
        ]

    def why(self, package: Package, entries: Sequence[RequestingEntry] | None) -> Explanation:
        """Return why a package is locked; ``entries`` is None if no environment file is known."""
        steps = self._steps_from(package.key)
        chains = list(self._chains(package.key, steps, entries))
        chains.sort(key=lambda chain: (len(chain.needs), chain.entry.where[1:] if chain.entry else ()))
        needed_by = sorted(self._needs.get(package.key, ()), key=lambda need: need.requirer.key)
        return Explanation(package, tuple(chains), tuple(needed_by))

    def shortest(self, entries: Sequence[RequestingEntry] | None) -> Shortest:
        """Find the shortest chain to every package at once; see :class:`Shortest`."""
        leads: dict[Key, list[tuple[Key, DependencyEdge]]] = {}
        for key in sorted(self._needs):
            for need in self._needs[key]:
                leads.setdefault(need.requirer.key, []).append((key, need))
        starts: list[tuple[Key, RequestingEntry | None]] = (
            [(key, None) for key in sorted(self._packages) if not self._needs.get(key)]
            if entries is None
            else [(self._of_entry(entry), entry) for entry in sorted(entries, key=_by_place)]
        )
        found: dict[Key, tuple[RequestingEntry | None, DependencyEdge | None, Key]] = {}
        for key, entry in starts:
            if key in self._packages:
                found.setdefault(key, (entry, None, key))
        waiting = deque(found)
        while waiting:
            requirer = waiting.popleft()
            for key, need in leads.get(requirer, ()):
                if key not in found:
                    found[key] = found[requirer][0], need, requirer
                    waiting.append(key)
        return Shortest(found)

    def _required(self, requirer: Package, name: str) -> Key | None:
        """Return the package that a dependency is about: pip's may need conda's packages, never the other way round."""
        if requirer.manager == "pip":
            project = normalize(name)
            return self._pip.get(project) or self._owned.get(project)
        key: Key = ("conda", name.lower())
        return key if key in self._packages or name.startswith("__") else None

    def _steps_from(self, target: Key) -> dict[Key, DependencyEdge | None]:
        """Return for each package that leads to ``target`` its next step on a shortest way there."""
        steps: dict[Key, DependencyEdge | None] = {target: None}
        waiting = deque([target])
        while waiting:
            key = waiting.popleft()
            for need in sorted(self._needs.get(key, ()), key=lambda need: need.requirer.key):
                if need.requirer.key not in steps:
                    steps[need.requirer.key] = need
                    waiting.append(need.requirer.key)
        return steps

    def _chains(
        self,
        target: Key,
        steps: Mapping[Key, DependencyEdge | None],
        entries: Sequence[RequestingEntry] | None,
    ) -> Iterator[Chain]:
        if entries is None:
            for key in sorted(steps):
                if not self._needs.get(key):
                    yield Chain(None, tuple(self._way(key, steps)))
            return
        for entry in entries:
            key = self._of_entry(entry)
            if key in steps:
                yield Chain(entry, tuple(self._way(key, steps)))

    def _of_entry(self, entry: RequestingEntry) -> Key:
        manager, name = entry.key
        if entry.project:
            return next(
                (key for key, source in self._projects.items() if entry.project.is_of(source)), entry.key
            )
        if manager == "pip":
            return self._pip.get(name) or self._owned.get(name, entry.key)
        return entry.key

    def _way(self, key: Key, steps: Mapping[Key, DependencyEdge | None]) -> Iterator[DependencyEdge]:
        while need := steps[key]:
            yield need
            key = self._required(need.requirer, split(need.spec)[0]) or key
