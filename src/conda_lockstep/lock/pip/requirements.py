"""The pip part of an environment file: requirements, projects and indexes, each with its place; the rest is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement

from conda_lockstep.conda.match_spec import BadSpec
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.trust import Trust
from conda_lockstep.conda.urls import with_variables, without_credentials
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.pip_lines import PipOption, options, split_options
from conda_lockstep.environment.requirement import parse_pip
from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.lock.pip import refusals
from conda_lockstep.lock.pip.projects.entry import (
    ProjectEntry,
    editable_entry,
    folder_entry,
    git_entry,
    is_git,
)
from conda_lockstep.lock.pip.requirement_lines import RequirementLine, RequirementsFiles, lines_of


@dataclass(frozen=True, slots=True)
class PipRequest:
    """A requirement (PEP 508) as written in the file; ``text`` is without credentials, for messages.

    ``hashes`` are the sha256 (lower-case hex) of which the file must have one; any will do where there are none.
    """

    text: str
    requirement: Requirement
    where: Location
    hashes: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Return the normalised name (PEP 503)."""
        return normalize(self.requirement.name)

    @property
    def extras(self) -> frozenset[str]:
        """Return the normalised names of the extras (PEP 685)."""
        return frozenset(map(normalize, self.requirement.extras))

    @property
    def url(self) -> str:
        """Return the URL of its file as a lock records it, empty where an index has the file."""
        return without_credentials(self.requirement.url or "")

    def applies(self, markers: Mapping[str, str]) -> bool:
        """Return whether it applies in an environment of PEP 508 markers."""
        marker = self.requirement.marker
        return marker is None or marker.evaluate({**markers, "extra": ""})

    def given(self, trust: Trust) -> str:
        """Return it as a resolver takes it, credentials put in. Raises ``LockstepError`` where one is not set."""
        if self.requirement.url is None:
            return str(self.requirement)
        marker = f" ; {self.requirement.marker}" if self.requirement.marker else ""
        extras = f"[{','.join(sorted(self.requirement.extras))}]" if self.requirement.extras else ""
        return f"{self.requirement.name}{extras} @ {_filled(self.requirement.url, self.where, trust)}{marker}"


@dataclass(frozen=True, slots=True)
class PackageIndex:
    """A package index, or a page of links, that a file names; its URL may have environment variables in it."""

    text: str
    where: Location

    def url(self, trust: Trust) -> str:
        """Return the URL with its variables expanded. Raises ``LockstepError`` if one is not set or not allowed."""
        return _filled(self.text, self.where, trust)


@dataclass(frozen=True, slots=True)
class PipPart:
    """The pip part of an environment file. ``index`` is None where the file leaves it to the settings.

    ``refused`` are the errors of the entries that cannot be locked, which are in none of the others.
    """

    requirements: tuple[PipRequest, ...]
    index: PackageIndex | None = None
    extra_indexes: tuple[PackageIndex, ...] = ()
    links: tuple[PackageIndex, ...] = ()
    constraints: tuple[PipRequest, ...] = ()
    only_links: bool = False
    prereleases: bool = False
    projects: tuple[ProjectEntry, ...] = ()
    refused: tuple[LockstepError, ...] = ()

    @property
    def has_entries(self) -> bool:
        """Return whether it requests anything."""
        return bool(self.requirements or self.projects)

    def metadata(self) -> dict[str, str]:
        """Return the options, extras and URLs, which the packages do not show, under the keys of a lock's metadata."""
        extras = {f"{entry.name}[{extra}]" for entry in self.requirements for extra in entry.extras}
        urls = {entry.name for entry in self.requirements if entry.url}
        metadata = {
            "pip_options": " ".join(self._options()),
            "pip_extras": " ".join(sorted(extras)),
            "pip_urls": " ".join(sorted(urls)),
        }
        return {key: value for key, value in metadata.items() if value and self.has_entries}

    def _options(self) -> Iterator[str]:
        named = [("--index-url", index) for index in ([self.index] if self.index else [])]
        named += [("--extra-index-url", index) for index in self.extra_indexes]
        named += [("--find-links", index) for index in self.links]
        for option, index in named:
            yield f"{option} {without_credentials(index.text).rstrip('/')}"
        yield from (["--no-index"] if self.only_links else [])
        yield from (["--pre"] if self.prereleases else [])


def pip_part(file: EnvironmentFile) -> PipPart:
    """Read the ``pip:`` sections. Raises ``LockstepError`` with the places of what cannot be locked."""
    part = read_pip_part(file)
    if part.refused:
        raise refusals.together(part.refused, file.path)
    return part


def read_pip_part(file: EnvironmentFile) -> PipPart:
    """Read the ``pip:`` sections, with the errors of what cannot be locked."""
    reader = _RequirementsReader(file.path)
    for item in file.pip_repositories:
        if item.value:
            reader.extra_indexes.append(PackageIndex(item.value, file.source.location(item.span.start)))
    reader.read(lines_of(file, reader.refused))
    return PipPart(
        tuple(reader.requirements),
        reader.index,
        tuple(reader.extra_indexes),
        tuple(reader.links),
        tuple(reader.constraints),
        reader.only_links,
        reader.prereleases,
        tuple(reader.projects),
        tuple(reader.refused),
    )


@dataclass(slots=True)
class _RequirementsReader:
    """Collects the lines, those of the files that they include as well."""

    path: str
    requirements: list[PipRequest] = field(default_factory=list)
    constraints: list[PipRequest] = field(default_factory=list)
    index: PackageIndex | None = None
    extra_indexes: list[PackageIndex] = field(default_factory=list)
    links: list[PackageIndex] = field(default_factory=list)
    only_links: bool = False
    prereleases: bool = False
    projects: list[ProjectEntry] = field(default_factory=list)
    refused: list[LockstepError] = field(default_factory=list)
    files: RequirementsFiles = field(init=False)

    def __post_init__(self) -> None:
        self.files = RequirementsFiles(self.path)

    def read(self, lines: Iterable[RequirementLine], into: list[PipRequest] | None = None) -> None:
        """Read lines; their requirements go to ``into``, by default to ``requirements``."""
        into = self.requirements if into is None else into
        reading = iter(lines)
        while True:
            try:
                line = next(reading, None)
                if line is None:
                    return
                self._line(line, into)
            except LockstepError as error:
                self.refused.append(error)

    def _line(self, line: RequirementLine, into: list[PipRequest]) -> None:
        project = _project(line)
        if project is not None:
            if into is self.constraints:
                raise _refused(line, ("a constraint cannot be a project", "write it as a requirement"))
            self.projects.append(project)
            return
        requirement, behind = split_options(line.text)
        if requirement:
            entry = _request(line, requirement, _hashes(line, behind))
            if entry.url and into is self.constraints:
                raise _refused(line, ("a constraint cannot have a URL", "write it as a requirement"))
            into.append(entry)
            return
        for option in options(behind):
            self._option(option, line, into)

    def _option(self, option: PipOption, line: RequirementLine, into: list[PipRequest]) -> None:
        if refusal := refusals.of_option(option.name, option.value):
            raise _refused(line, refusal)
        index = PackageIndex(option.value, line.where)
        match option.name:
            case "--requirement":
                self.read(self.files.lines(option.value, line), into)
            case "--constraint":
                self.read(self.files.lines(option.value, line), self.constraints)
            case "--index-url":
                self.index = index
            case "--extra-index-url":
                self.extra_indexes.append(index)
            case "--find-links":
                self.links.append(index)
            case "--no-index":
                self.only_links = True
            case "--pre":
                self.prereleases = True


def _project(line: RequirementLine) -> ProjectEntry | None:
    """Return the project that a line names; None where it names none. Raises ``LockstepError`` for a wrong one."""
    shown = without_credentials(line.text)
    editable = re.fullmatch(r"(?:-e|--editable)(?:\s+|\s*=\s*|(?=[./]))(.+)", line.text)
    requirement = split_options(line.text)[0]
    parts = None if editable or not requirement else parse_pip(requirement)
    if editable:
        found = editable_entry(editable[1].strip("\"'"), shown, line.where)
    elif isinstance(parts, BadSpec) or parts is None or parts.kind in ("requirement", "option"):
        return None
    elif parts.kind == "path":
        found = folder_entry(requirement, shown, line.where)
    elif is_git(parts.url):
        found = git_entry(requirement, shown, line.where)
    else:
        return None
    if not isinstance(found, ProjectEntry):
        raise _refused(line, found)
    if requirement != line.text and not editable:
        raise _refused(
            line, ("options are written after a project", "delete them: they are for packages of an index")
        )
    return found


def _request(line: RequirementLine, text: str, hashes: frozenset[str]) -> PipRequest:
    shown = without_credentials(text)
    parts = parse_pip(text)
    if isinstance(parts, BadSpec):
        raise LockstepError(f"'{shown}': {parts.message}", where=line.at(parts.where[0]))
    if refusal := refusals.of_requirement(parts):
        raise _refused(line, refusal)
    if parts.url:
        url, _, fragment = parts.url.partition("#")
        if fragment.startswith("sha256="):
            hashes |= {fragment.removeprefix("sha256=").lower()}
        text = text.replace(parts.url, url) if parts.name else f"{refusals.wheel_name(url)} @ {url}"
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise LockstepError(f"'{shown}' is not a valid pip requirement: {reason}", where=line.where) from None
    return PipRequest(shown, requirement, line.where, hashes)


def _hashes(line: RequirementLine, behind: str) -> frozenset[str]:
    """Read ``--hash=sha256:…``, the one option that is written after a requirement."""
    found = set()
    for option in options(behind):
        kind, _, digest = option.value.partition(":")
        if option.name != "--hash":
            what = f"'{option.name}' is written after a requirement"
            raise _refused(line, (what, refusals.remedy_behind(option.name)))
        if kind == "sha256":
            found.add(digest.lower())
    if behind and not found:
        raise _refused(
            line, ("none of its hashes is sha256", "write that one, or none: lockstep adds it to the lock")
        )
    return frozenset(found)


def _refused(line: RequirementLine, refusal: tuple[str, str]) -> LockstepError:
    shown = without_credentials(line.text)
    return LockstepError(f"'{shown}' cannot be locked: {refusal[0]}", where=line.where, remedy=refusal[1])


def _filled(url: str, where: Location, trust: Trust) -> str:
    try:
        return with_variables(url, trust)
    except LockstepError as error:
        raise LockstepError(error.what, where=where, remedy=error.remedy) from None
