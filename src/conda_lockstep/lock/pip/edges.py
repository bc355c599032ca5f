"""The dependencies of the pip packages of a lock, with their bounds, as the wheels' metadata has them.

A lock records them as ``name: specifier``; ``python`` is the interpreter, so ``Requires-Python`` is one of them.
An entry that has no ``python`` was locked before bounds were recorded, or by another tool.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement

from conda_lockstep.conda.dependencies import ANY, join
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.lock.pip.wheel_metadata import WheelMetadata
from conda_lockstep.packages import PYTHON


@dataclass(frozen=True, slots=True)
class PipEdges:
    """The dependencies of each locked project as a package has them, and what the entries' own extras require.

    ``of_extras`` are the requirements behind an entry such as ``requests[socks]`` where conda installs ``requests``:
    no locked pip package has them.
    """

    by_project: Mapping[str, tuple[str, ...]]
    of_extras: tuple[str, ...]


def pip_edges(
    metadata: Mapping[str, WheelMetadata],
    locked: Iterable[str],
    entries: Iterable[Requirement],
    markers: Mapping[str, str],
) -> PipEdges:
    """Return the dependencies of the ``locked`` projects in an environment of PEP 508 markers.

    ``metadata`` is by normalized name, and has besides the locked projects those of conda's of which an extra is
    requested. ``entries`` are the requested requirements that apply.
    """
    entries = tuple(entries)
    own = frozenset(locked)
    extras = _extras(metadata, entries, markers)
    resolved = _Requirements(metadata, extras, own, markers)
    by_project = {
        project: _written(resolved.of(project), metadata[project].python_bounds) for project in sorted(own)
    }
    of_extras = [
        requirement
        for entry in entries
        if normalize(entry.name) not in own
        for requirement in resolved.behind(entry)
    ]
    return PipEdges(by_project, _specs(of_extras))


def _extras(
    metadata: Mapping[str, WheelMetadata], entries: Iterable[Requirement], markers: Mapping[str, str]
) -> Mapping[str, frozenset[str]]:
    """Return which extras of each project are requested, by entries or by other projects."""
    found: dict[str, frozenset[str]] = dict.fromkeys(metadata, frozenset())
    waiting = [
        *entries,
        *(each for project in metadata for each in metadata[project].applying(markers, frozenset())),
    ]
    while waiting:
        requirement = waiting.pop()
        name = normalize(requirement.name)
        more = frozenset(map(normalize, requirement.extras)) - found.get(name, frozenset())
        if more and name in metadata:
            found[name] |= more
            waiting += metadata[name].applying(markers, found[name])
    return found


@dataclass(frozen=True, slots=True)
class _Requirements:
    metadata: Mapping[str, WheelMetadata]
    extras: Mapping[str, frozenset[str]]
    own: frozenset[str]
    markers: Mapping[str, str]

    def of(self, project: str) -> Iterator[Requirement]:
        """Yield what a locked project requires, and what the extras of conda's packages that it requests do."""
        for requirement in self.metadata[project].applying(self.markers, self.extras[project]):
            if normalize(requirement.name) == project:
                continue  # all[…] = project[one,two]
            yield requirement
            yield from self.behind(requirement)

    def behind(self, requirement: Requirement) -> Iterator[Requirement]:
        """Yield what the requested extras of a project that is not locked for pip require, beside its own needs."""
        name = normalize(requirement.name)
        if name in self.own or name not in self.metadata or not requirement.extras:
            return
        plain = set(map(str, self.metadata[name].applying(self.markers, frozenset())))
        for each in self.metadata[name].applying(self.markers, self.extras[name]):
            if str(each) not in plain and normalize(each.name) != name:
                yield each


def _written(requirements: Iterable[Requirement], python: str) -> tuple[str, ...]:
    return tuple(sorted([*_specs(requirements), join("pip", PYTHON, python or ANY)]))


def _specs(requirements: Iterable[Requirement]) -> tuple[str, ...]:
    """Return one spec per name, the bounds of several requirements together, sorted."""
    bounds: dict[str, set[str]] = {}
    for requirement in requirements:
        bounds.setdefault(normalize(requirement.name), set()).update(map(str, requirement.specifier))
    return tuple(join("pip", name, ",".join(sorted(bounds[name])) or ANY) for name in sorted(bounds))
