"""The entries of an environment file, read as specs and sorted by what they say, once for all rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, wraps
from typing import Any, Concatenate, Literal, NamedTuple, ParamSpec, TypeAlias, TypeVar

from conda_lockstep.conda.match_spec import NOWHERE, BadSpec, CondaSpec, Range, is_plain, parse_conda
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.environment_file import EnvironmentFile, Item, PipSection
from conda_lockstep.environment.requirement import PipRequirement, parse_pip
from conda_lockstep.text.source import Span

_T = TypeVar("_T")
_P = ParamSpec("_P")

_ENDS_A_FLOW_ENTRY = frozenset(",[]{}")

Trait: TypeAlias = Literal[
    # Of a conda entry: it restricts the version, or not; one version alone can match; it is written with a '*', with
    # several comparisons, with '~='; it has a build, a channel, a namespace; it is no mere name and plain comparison.
    "versioned", "unversioned", "exact", "glob", "range", "compatible", "build", "channel", "namespace", "odd",
    # Of a pip entry: it is one; it is an option, a URL or a path; its version is a local one, such as '1.0+cu118'.
    "pip", "special", "local-version",
    # Of a file: a conda package stands twice; an entry is no spec, an item of a list no text, a dependency a mapping;
    # it has a section 'pip:', or variables; it speaks of torch; there are the characters that URLs, placeholders, or
    # selectors of platforms are written with.
    "repeated", "bad", "non-text", "mapping", "pip-section", "variables", "torch", "address", "placeholder", "selector",
]  # fmt: skip
"""Something that rules look for."""


class CondaEntry(NamedTuple):
    """A conda entry that is a spec."""

    item: Item
    spec: CondaSpec

    def at(self, part: Range) -> Span:
        """Return the place of a part of the spec in the file; the whole entry for an absent one."""
        return self.item.span if part == NOWHERE else self.item.at(*part)


class PipEntry(NamedTuple):
    """A pip entry that is a requirement, an option, a URL or a path."""

    item: Item
    requirement: PipRequirement
    section: PipSection

    def at(self, part: Range) -> Span:
        """Return the place of a part of the requirement in the file; the whole entry for an absent one."""
        return self.item.span if part == NOWHERE else self.item.at(*part)


class BadEntry(NamedTuple):
    """An entry that is no spec; ``manager`` says whose list it stands in."""

    item: Item
    problem: BadSpec
    manager: str


class Entries:
    """An environment file with its specs read. Order is the file's.

    Rules ask for the entries they are about by name or by :data:`Trait`, so that a file costs what is in it, and not
    that times the number of rules. :func:`once_per_file` keeps what takes long to find out, in ``kept``.
    ``traits`` are those that the file has.
    """

    __slots__ = (
        "_by_name",
        "_by_trait",
        "_pip_by_name",
        "_pip_by_trait",
        "bad",
        "conda",
        "file",
        "kept",
        "pip",
        "traits",
    )

    def __init__(self, file: EnvironmentFile) -> None:
        self.file = file
        self.kept: dict[tuple[object, ...], Any] = {}
        self.traits: set[Trait] = set()
        self.conda: list[CondaEntry] = []
        self.pip: list[PipEntry] = []
        self.bad: list[BadEntry] = []
        self._by_name: dict[str, list[CondaEntry]] = defaultdict(list)
        self._by_trait: dict[Trait, list[CondaEntry]] = defaultdict(list)
        self._pip_by_name: dict[str, list[PipEntry]] = defaultdict(list)
        self._pip_by_trait: dict[Trait, list[PipEntry]] = defaultdict(list)
        for entry in file.dependencies:
            if isinstance(entry, Item):
                self._add_conda(entry)
            elif not isinstance(entry, PipSection):
                self.traits.add("mapping")
        for section in file.pip_sections:
            self._add_pip(section)
        self.traits.update(self._by_trait, self._pip_by_trait, self._of_file())

    def named(self, *names: str) -> Sequence[CondaEntry]:
        """Return the conda entries with one of these names."""
        known = [name for name in names if name in self._by_name]
        if len(known) > 1:
            return [entry for entry in self.conda if entry.spec.name in known]
        return self._by_name[known[0]] if known else ()

    def having(self, trait: Trait) -> Sequence[CondaEntry]:
        """Return the conda entries with a trait."""
        return self._by_trait.get(trait, ())

    def pip_named(self, *names: str) -> Sequence[PipEntry]:
        """Return the pip entries of some projects, by their normalised names."""
        known = [name for name in names if name in self._pip_by_name]
        if len(known) > 1:
            return [entry for entry in self.pip if entry.requirement.name in known]
        return self._pip_by_name[known[0]] if known else ()

    def pip_having(self, trait: Trait) -> Sequence[PipEntry]:
        """Return the pip entries with a trait."""
        return self._pip_by_trait.get(trait, ())

    def _add_conda(self, item: Item) -> None:
        if item.kind != "string":
            self.traits.add("non-text")
            return
        spec, traits = _conda(item.value)
        if isinstance(spec, BadSpec):
            self.bad.append(BadEntry(item, spec, "conda"))
            return
        entry = CondaEntry(item, spec)
        self.conda.append(entry)
        self._by_name[spec.name].append(entry)
        for trait in traits:
            self._by_trait[trait].append(entry)

    def _add_pip(self, section: PipSection) -> None:
        self.traits.add("pip-section")
        for item in section.items:
            if item.kind != "string":
                self.traits.add("non-text")
                continue
            requirement, traits = _pip(item.value)
            if isinstance(requirement, BadSpec):
                self.bad.append(BadEntry(item, requirement, "pip"))
                continue
            entry = PipEntry(item, requirement, section)
            self.pip.append(entry)
            self._pip_by_name[requirement.name].append(entry)
            for trait in traits:
                self._pip_by_trait[trait].append(entry)

    def _of_file(self) -> Iterator[Trait]:
        file, text = self.file, self.file.source.text
        if len(self._by_name) < len(self.conda):
            yield "repeated"
        if self.bad:
            yield "bad"
        if any(item.kind != "string" for items in (file.channels.items, file.platforms) for item in items):
            yield "non-text"
        if file.variables:
            yield "variables"
        if "torch" in text.lower():
            yield "torch"
        if "://" in text:
            yield "address"
        # A mapping may be what a placeholder, or a selector, is to YAML; an escape may be any character.
        mapping = "mapping" in self.traits
        if mapping or "{" in text or "$" in text or "<%" in text or "\\" in text:
            yield "placeholder"
        if mapping or ("#" in text and "[" in text):
            yield "selector"


def once_per_file(find: Callable[Concatenate[Entries, _P], _T]) -> Callable[Concatenate[Entries, _P], _T]:
    """Keep what a function finds out about a file with that file's entries, for as long as these live."""

    @wraps(find)
    def kept(entries: Entries, /, *args: _P.args, **options: _P.kwargs) -> _T:
        key = (find, *args, *options.items())
        if key not in entries.kept:
            entries.kept[key] = find(entries, *args, **options)
        value: _T = entries.kept[key]
        return value

    return kept


def read_entries(file: EnvironmentFile) -> Entries:
    """Read every textual entry of a file as a spec."""
    return Entries(file)


def rewrite(item: Item, part: Range, text: str) -> Edit | None:
    """Return the edit that puts ``text`` in the place of a part of an entry's value.

    None where YAML would read the result as something else, or where the value is not in the file as it stands.
    """
    if not item.verbatim or part == NOWHERE:
        return None
    if item.quoted:
        return None if set(text) & set("'\"\\") else Edit(item.at(*part), text)
    if item.flow and _ENDS_A_FLOW_ENTRY & set(text):
        return None
    return Edit(item.at(*part), text)


_LONG = 200
"""Texts above that are read anew each time: they are of one file, and to keep them costs memory."""


def _conda(text: str) -> tuple[CondaSpec | BadSpec, Sequence[Trait]]:
    """Read a conda entry, and say what there is in it; files of one project say much the same."""
    return _known_conda(text) if len(text) < _LONG else _read_conda(text)


def _pip(text: str) -> tuple[PipRequirement | BadSpec, Sequence[Trait]]:
    return _known_pip(text) if len(text) < _LONG else _read_pip(text)


def _read_conda(text: str) -> tuple[CondaSpec | BadSpec, Sequence[Trait]]:
    spec = parse_conda(text)
    return spec, () if isinstance(spec, BadSpec) else _of_conda(spec)


def _read_pip(text: str) -> tuple[PipRequirement | BadSpec, Sequence[Trait]]:
    requirement = parse_pip(text)
    return requirement, () if isinstance(requirement, BadSpec) else _of_pip(requirement)


_known_conda = lru_cache(maxsize=4096)(_read_conda)
_known_pip = lru_cache(maxsize=4096)(_read_pip)


def _of_conda(spec: CondaSpec) -> Sequence[Trait]:
    found: list[Trait] = _of_versions(spec) if spec.clauses else ["unversioned"]
    if spec.build:
        found.append("build")
    if not is_plain(spec.text):
        found.append("odd")
        if spec.channel:
            found.append("channel")
        if spec.namespace:
            found.append("namespace")
    return found


def _of_versions(spec: CondaSpec) -> list[Trait]:
    clauses = spec.clauses
    found: list[Trait] = ["versioned" if any(clause.version != "*" for clause in clauses) else "unversioned"]
    if any(spec.is_exact_clause(index) for index in range(len(clauses))):
        found.append("exact")
    if len(clauses) > 1:
        found.append("range")
    if "*" in spec.version:
        found.append("glob")
    if "~=" in spec.version:
        found.append("compatible")
    return found


def _of_pip(requirement: PipRequirement) -> Sequence[Trait]:
    if requirement.kind != "requirement":
        return "pip", "special"
    return ("pip", "local-version") if "+" in requirement.specifier else ("pip",)
