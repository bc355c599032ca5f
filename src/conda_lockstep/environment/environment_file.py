"""An ``environment.yml``, every entry with its place in the text.

The file is read once and never again; everything after works on what is here. Scalars keep the text that
was written: what YAML 1.1 and 1.2 make of ``3.10`` or ``on`` is for the rules to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.text.source import Source, Span

__all__ = [
    "Dependency",
    "EnvironmentFile",
    "Item",
    "Kind",
    "ListOf",
    "MappingEntry",
    "PipSection",
    "Source",
    "Span",
    "TopLevelKey",
]

Kind: TypeAlias = Literal["string", "number", "null", "mapping", "sequence", "missing"]
"""What a value is to YAML 1.1; ``number`` is any scalar that is neither text nor null (dates and booleans, too)."""


class Item(NamedTuple):
    """One value as written: an entry of a list, or what stands behind a key.

    ``value`` is the scalar's text with YAML's quotes and escapes resolved, empty for what is no scalar.
    ``verbatim`` says that value and file agree character by character, so that an offset into
    ``value`` is an offset into the file. ``flow`` says that it stands in a list between brackets.
    """

    kind: Kind
    value: str
    span: Span
    quoted: bool = False
    verbatim: bool = False
    flow: bool = False

    def at(self, start: int, end: int) -> Span:
        """Return the place of ``value[start:end]``; the whole entry where the two texts differ."""
        if not self.verbatim:
            return self.span
        begin = self.span.start + (1 if self.quoted else 0)
        return Span(begin + start, begin + end)


class ListOf(NamedTuple):
    """A list behind a key. ``kind`` is ``missing`` without the key, and ``sequence`` where all is well."""

    kind: Kind
    items: tuple[Item, ...]
    span: Span


class PipSection(NamedTuple):
    """A ``- pip:`` mapping among the dependencies. ``kind`` is what stands behind the key.

    ``mapping_at`` is where the mapping begins, which may have other keys.
    """

    key: Item
    kind: Kind
    items: tuple[Item, ...]
    span: Span
    flow: bool = False
    mapping_at: int = 0


class MappingEntry(NamedTuple):
    """A mapping among the dependencies that is not ``pip:``, such as ``- python: 3.10``; see :class:`PipSection`."""

    key: Item
    value: Item
    span: Span
    flow: bool = False
    mapping_at: int = 0


Dependency: TypeAlias = Item | PipSection | MappingEntry


class TopLevelKey(NamedTuple):
    """A key of the file and what stands behind it."""

    key: Item
    value: Item


class EnvironmentFile(NamedTuple):
    """An environment file (CEP 24) as it was written, with aliases and merge keys resolved as conda resolves them.

    An entry that comes through an alias has the place of its anchor. ``shared`` are the lines of such places: an edit
    there changes every value that refers to them.
    """

    source: Source
    keys: tuple[TopLevelKey, ...]
    channels: ListOf
    dependencies: tuple[Dependency, ...]
    dependencies_kind: Kind
    dependencies_span: Span
    variables: tuple[TopLevelKey, ...] = ()
    platforms: tuple[Item, ...] = ()
    pip_repositories: tuple[Item, ...] = ()
    shared: tuple[Span, ...] = ()

    @property
    def path(self) -> str:
        """Return the path as it was given."""
        return self.source.path

    def key(self, name: str) -> TopLevelKey | None:
        """Return the last top-level key of this name: YAML 1.1 readers keep the last of two."""
        found = None
        for entry in self.keys:
            if entry.key.value == name:
                found = entry
        return found

    @property
    def name(self) -> str:
        """Return the environment's name, empty where it has none."""
        entry = self.key("name")
        return entry.value.value if entry else ""

    @property
    def conda_items(self) -> Iterator[Item]:
        """Iterate over the conda entries that are text."""
        return (entry for entry in self.dependencies if isinstance(entry, Item) and entry.kind == "string")

    @property
    def pip_sections(self) -> Iterator[PipSection]:
        """Iterate over the ``pip:`` sections."""
        return (entry for entry in self.dependencies if isinstance(entry, PipSection))

    @property
    def pip_items(self) -> Iterator[Item]:
        """Iterate over the entries of every ``pip:`` section that are text."""
        return (item for section in self.pip_sections for item in section.items if item.kind == "string")

    def comment_after(self, item: Item) -> Span | None:
        """Return the place of the comment behind an entry or a key, on its last line; ``#`` included."""
        if self.source.text[item.span.end : item.span.end + 1] in ("\r", "\n", ""):
            return None
        rest = self.source.rest_of_line(item.span.end)
        text = self.source.text[rest.start : rest.end]
        found = text.find("#")
        if found < 1 or text[found - 1] not in " \t" or text[:found].strip(" \t,]}:"):
            return None
        return Span(rest.start + found, rest.end)
