"""Finds the projects that entries name: their folders, their commits, and what they depend on.

Nothing of a project runs, unless its build is allowed by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.project_source import Folder, GitCommit, source_of
from conda_lockstep.conda.trust import Trust
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.pip import refusals
from conda_lockstep.lock.pip.projects.entry import (
    GitReference,
    ProjectEntry,
    error_at,
    is_as_locked,
    source_of_entry,
)
from conda_lockstep.lock.pip.projects.folders import folder_of, reader_of
from conda_lockstep.lock.pip.projects.git import Git
from conda_lockstep.lock.pip.projects.nested import split_urls
from conda_lockstep.lock.pip.projects.project import Project
from conda_lockstep.lock.pip.projects.static_metadata import (
    NotStaticError,
    ProjectMetadata,
    ReadFile,
    static_metadata,
)
from conda_lockstep.lock.pip.requirements import PipPart

MAX_PROJECTS = 200
"""The most projects of a file, those that others depend on included."""

Build = Callable[[ProjectEntry, Path], ProjectMetadata]
"""Returns the metadata that the build of a project tells, which lies in a folder."""


@dataclass(frozen=True, slots=True)
class Locator:
    """Where projects are looked for.

    ``path`` is the environment file's. ``locked`` are the URLs of the projects that were locked before: a branch stays
    at its commit, but for the names in ``moving``; None lets all move. ``build`` runs builds, of the projects in
    ``allowed`` alone; None for nothing that may run.
    """

    path: str
    git: Git
    locked: Mapping[str, str] = field(default_factory=dict)
    moving: frozenset[str] | None = frozenset()
    allowed: frozenset[str] = frozenset()
    build: Build | None = None

    def located(self, part: PipPart) -> tuple[Project, ...]:
        """Return the projects of a pip part, those that they require by URLs included.

        Raises one ``LockstepError`` for all entries that cannot be locked, those that the part refused included.
        """
        projects: dict[str, Project] = {}
        refused = list(part.refused)
        waiting = list(part.projects)
        while waiting:
            entry = waiting.pop(0)
            try:
                project = self.project(entry)
                metadata, entries, wheels = split_urls(project.entry, project.metadata)
                project = replace(project, metadata=metadata, wheels=tuple(wheels))
                other = projects.setdefault(project.name, project)
                if other is not project and other.url == project.url and other.entry.marker == entry.marker:
                    continue
                if other is not project:
                    what = f"'{other.text}' ({other.where}) is another source of {project.name}"
                    raise error_at(entry, what, "keep one of the two")
                if len(projects) > MAX_PROJECTS:
                    raise error_at(entry, f"more than {MAX_PROJECTS} projects", "name the right file")
                waiting += entries
            except LockstepError as error:
                refused.append(error)
        if refused:
            raise refusals.together(refused, self.path)
        return tuple(projects.values())

    def project(self, entry: ProjectEntry) -> Project:
        """Return one project. Raises ``LockstepError`` at its entry."""
        reference = entry.reference
        if isinstance(reference, Folder):
            folder = folder_of(self.path, entry)
            found = self._metadata(entry, reader_of(folder), lambda: folder)
            return _project(entry, found, source_of_entry(entry))
        try:
            return self._from_git(entry, reference)
        except LockstepError as error:
            if error.where:
                raise
            raise error_at(entry, f"{reference.recorded_url} {error.what}", error.remedy) from None

    def _from_git(self, entry: ProjectEntry, reference: GitReference) -> Project:
        url = reference.fetch_url(self.git.trust)
        commit = self._locked_commit(entry) or self.git.commit_of(url, reference.rev)
        files = self.git.fetch(url, commit, reference.rev)
        root = reference.subdirectory
        if root and not files.has_folder(root):
            what = f"it has no folder '{root}' at commit {commit[:12]}"
            raise error_at(entry, what, "correct #subdirectory=…")

        def checkout() -> Path:
            folder = self.git.cache / "checkouts" / commit
            if not folder.is_dir():
                self.git.clone(url, commit, folder, recorded_url=reference.recorded_url)
            return folder / root

        prefix = f"{root}/" if root else ""
        found = self._metadata(entry, lambda name: files.read(f"{prefix}{name}"), checkout)
        return _project(entry, found, source_of_entry(entry, commit, files.tree))

    def _locked_commit(self, entry: ProjectEntry) -> str:
        """Return the commit that the entry was locked at; empty where it may move, or requests something else."""
        for name, url in self.locked.items():
            source = source_of(url)
            if isinstance(source, GitCommit) and is_as_locked(entry, url):
                return "" if self.moving is None or name in self.moving else source.commit
        return ""

    def _metadata(self, entry: ProjectEntry, read: ReadFile, folder: Callable[[], Path]) -> ProjectMetadata:
        try:
            found = static_metadata(read)
        except NotStaticError as error:
            if self.build and entry.names & self.allowed and not error.is_fault:
                return self.build(entry, folder())
            name = min(entry.names, key=lambda each: (each != entry.name, len(each), each))
            build = "" if error.is_fault else f", or allow its build to run: --allow-build {name}"
            raise error_at(entry, error.why, f"{error.remedy}{build}") from None
        if entry.name and entry.name != found.name:
            raise error_at(entry, f"it is the project {found.name}", f"write the name {found.name}")
        return found


def _project(entry: ProjectEntry, found: ProjectMetadata, url: str) -> Project:
    return Project(
        replace(entry, name=found.name), found.name, found.version, url, found.metadata, found.build_requires
    )


def trusted_builds(names: Iterable[str], trust: Trust) -> frozenset[str]:
    """Return the projects whose builds may run; none where the files are not trusted."""
    return frozenset() if trust.distrust else frozenset(normalize_if_name(name) for name in names)


def normalize_if_name(text: str) -> str:
    """Return a name normalized (PEP 503), and a path or URL as it is."""
    return text if "/" in text or text.startswith(".") else normalize(text)


def projects_of(packages: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the URLs of the projects among packages, given as name and URL."""
    return {name: url for name, url in packages if source_of(url) is not None}
