"""An ``environment.yml``, every entry with its place in the text.

The file is composed once by libyaml and never again; everything after works on what is here. Scalars
keep the text that was written: what YAML 1.1 and 1.2 make of ``3.10`` or ``on`` is for the rules to say.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import yaml

from conda_lockstep.errors import Location, LockstepError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 1 << 20
"""Larger files are refused: the largest environment file that we know of has 60 kB."""
MAX_NODES = 100_000
"""What the aliases of a file may expand to."""
MAX_DEPTH = 100
"""How deep lists and mappings may be nested; libyaml's composer overflows the C stack at some thousands."""

Kind: TypeAlias = Literal["string", "number", "null", "mapping", "sequence", "missing"]

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UnreadableFileError(LockstepError):
    """The file is not an environment file that any tool could read; ``span`` is where it breaks."""

    def __init__(self, what: str, source: Source, start: int, end: int | None = None, *, remedy: str) -> None:
        self.span = Span(start, max(start, start if end is None else end))
        self.source = source
        super().__init__(what, where=source.location(start), remedy=remedy)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open range of character offsets into :attr:`Source.text`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Source:
    """A text with its path, and the arithmetic between offsets and lines.

    ``text`` keeps the line ends as they are in the file; ``bom`` says that a byte order mark was cut off.
    """

    path: str
    text: str
    line_starts: tuple[int, ...]
    bom: bool = False

    @classmethod
    def of(cls, path: str, text: str) -> Source:
        """Index the lines of a text (LF, CRLF or CR)."""
        bom = text.startswith("\ufeff")
        text = text[1:] if bom else text
        starts = (0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text)))
        return cls(path, text, starts, bom)

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, both from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def location(self, offset: int) -> Location:
        """Return the place of an offset, for messages."""
        return Location(self.path, *self.position(offset))

    def line(self, number: int) -> str:
        """Return a line (from 1) without its end."""
        return self.text[self.line_span(number).start : self.line_span(number).end].rstrip("\r\n")

    def line_span(self, number: int) -> Span:
        """Return the range of a line (from 1), its line end included."""
        is_last = number == len(self.line_starts)
        return Span(self.line_starts[number - 1], len(self.text) if is_last else self.line_starts[number])

    @property
    def newline(self) -> str:
        """Return the line end that the file uses, by its first line; LF where there is none."""
        match = re.search(r"\r\n|\n|\r", self.text)
        return match.group() if match else "\n"


@dataclass(frozen=True, slots=True)
class Item:
    """One value as written: an entry of a list, or what stands behind a key.

    ``value`` is the scalar's text with YAML's quotes and escapes resolved, empty for what is no scalar.
    ``verbatim`` says that value and file agree character by character, so that an offset into
    ``value`` is an offset into the file.
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


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list behind a key. ``kind`` is ``missing`` without the key, and ``sequence`` where all is well."""

    kind: Kind
    items: tuple[Item, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class PipSection:
    """A ``- pip:`` mapping among the dependencies. ``kind`` is what stands behind the key."""

    key: Item
    kind: Kind
    items: tuple[Item, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class MappingEntry:
    """A mapping among the dependencies that is not ``pip:``, such as ``- python: 3.10``."""

    key: Item
    value: Item
    span: Span


Dependency: TypeAlias = Item | PipSection | MappingEntry


@dataclass(frozen=True, slots=True)
class TopLevelKey:
    """A key of the file and what stands behind it."""

    key: Item
    value: Item


@dataclass(frozen=True, slots=True)
class EnvironmentFile:
    """An environment file (CEP 24) as it was written."""

    source: Source
    keys: tuple[TopLevelKey, ...]
    channels: ListOf
    dependencies: tuple[Dependency, ...]
    dependencies_kind: Kind
    dependencies_span: Span
    variables: tuple[TopLevelKey, ...] = ()
    platforms: tuple[Item, ...] = ()

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


def read(path: Path, *, shown_as: str | None = None) -> EnvironmentFile:
    """Read an environment file.

    Raises :class:`UnreadableFileError` for what is no UTF-8 YAML mapping, and ``LockstepError`` where there is
    no such file.
    """
    shown = shown_as if shown_as is not None else str(path)
    return parse(decode(_read_bytes(path, shown), shown), shown)


def decode(data: bytes, path: str) -> str:
    """Decode the bytes of a file as UTF-8; the error says which other encoding it seems to be."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        for mark, name in ((b"\xff\xfe", "UTF-16LE"), (b"\xfe\xff", "UTF-16BE")):
            if data.startswith(mark):
                what, remedy = (
                    f"the file is {name}, not UTF-8",
                    "save it as UTF-8 (PowerShell: -Encoding utf8)",
                )
                raise UnreadableFileError(what, Source.of(path, ""), 0, remedy=remedy) from None
        source = Source.of(path, data[: error.start].decode("utf-8"))
        what = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise UnreadableFileError(what, source, len(source.text), remedy="save the file as UTF-8") from None


def parse(text: str, path: str) -> EnvironmentFile:
    """Read the text of an environment file; raises :class:`UnreadableFileError`."""
    source = Source.of(path, text)
    _refuse_merge_conflict(source)
    root = _compose(source)
    if not isinstance(root, yaml.MappingNode):
        start = root.start_mark.index if root is not None else 0
        what = (
            "the file is empty"
            if root is None
            else "the file is not a mapping with name, channels, dependencies"
        )
        remedy = "write at least 'dependencies:' with a list under it"
        raise UnreadableFileError(what, source, start, remedy=remedy)
    _refuse_bomb(root, source)
    return _Reader(source).environment(root)


def _read_bytes(path: Path, shown: str) -> bytes:
    try:
        if path.is_dir():
            raise LockstepError("is a folder, not a file", where=shown, remedy="name an environment file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise LockstepError("no such file", where=shown, remedy="check the path") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LockstepError(f"cannot be read: {reason}", where=shown) from None
    if len(data) > MAX_BYTES:
        what = f"larger than {MAX_BYTES >> 20} MiB: no environment file"
        raise UnreadableFileError(what, Source.of(shown, ""), 0, remedy="name the right file")
    return data


def _refuse_merge_conflict(source: Source) -> None:
    if "<<<<<<<" not in source.text and ">>>>>>>" not in source.text:
        return
    match = re.search(r"^(<{7}|>{7})(?= |$|\r)", source.text, re.MULTILINE)
    if match:
        end = source.line_span(source.position(match.start())[0]).end
        what = f"a merge conflict was committed ('{match.group()}')"
        remedy = "resolve it: keep one side and delete the marker lines"
        raise UnreadableFileError(what, source, match.start(), end, remedy=remedy)


def _compose(source: Source) -> yaml.Node | None:
    loader = _Loader(source.text)
    try:
        if _may_be_deep(source):
            _refuse_depth(source)
        root: yaml.Node | None = loader.get_single_node()
        return root
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem))) or "not YAML"
        raise _syntax_error(source, what, mark.index if mark else 0) from None
    except yaml.reader.ReaderError as error:
        character = error.character if isinstance(error.character, str) else chr(error.character)
        offset = max(source.text.find(character), 0)
        what = f"the character U+{ord(character):04X} is not allowed in YAML"
        raise UnreadableFileError(what, source, offset, offset + 1, remedy="delete it") from None
    finally:
        loader.dispose()


def _may_be_deep(source: Source) -> bool:
    """Tell cheaply whether to look closer: depth needs opening brackets, or else columns to indent by."""
    text = source.text
    starts = source.line_starts
    longest = max((end - start for start, end in zip(starts, starts[1:], strict=False)), default=0)
    brackets = text.count("[") + text.count("{")
    return brackets > MAX_DEPTH or max(longest, len(text) - starts[-1]) > 10 * MAX_DEPTH


def _refuse_depth(source: Source) -> None:
    depth = 0
    for event in yaml.parse(source.text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                what = f"nested more than {MAX_DEPTH} levels deep"
                start = event.start_mark.index if event.start_mark else 0
                raise UnreadableFileError(what, source, start, remedy="flatten it")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _syntax_error(source: Source, problem: str, offset: int) -> UnreadableFileError:
    """Say what a YAML error most often means in an environment file."""
    offset = min(offset, len(source.text))
    number, _ = source.position(offset)
    for candidate in (number, number - 1):
        indent = re.match(r"[ ]*\t", source.line(candidate)) if candidate >= 1 else None
        if indent:
            start = source.line_starts[candidate - 1] + indent.end() - 1
            remedy = "replace the tab by spaces"
            return UnreadableFileError(
                "YAML does not allow tabs as indentation", source, start, remedy=remedy
            )
    end = source.line_span(number).end
    if "single document" in problem:
        remedy = "keep one document: delete what stands from the second '---' on"
        return UnreadableFileError(
            "the file holds several YAML documents", source, offset, end, remedy=remedy
        )
    if "alias" in problem:
        remedy = "quote the entry: a word that begins with * is an alias in YAML"
    elif "cannot start any token" in problem:
        remedy = "quote the entry: it begins with a character that YAML reserves"
    elif "mapping values are not allowed" in problem:
        remedy = "quote what holds ': ', or give each key its own line"
    else:
        remedy = "check the indentation, and that every entry of a list begins with '- '"
    return UnreadableFileError(f"not YAML: {problem}", source, offset, end, remedy=remedy)


def _refuse_bomb(root: yaml.Node, source: Source) -> None:
    """Refuse what grows beyond reason when its aliases are followed ("billion laughs"), and cycles."""
    sizes: dict[int, int] = {}
    stack: list[tuple[yaml.Node, bool]] = [(root, False)]
    open_nodes: set[int] = set()
    while stack:
        node, done = stack.pop()
        key = id(node)
        if done:
            sizes[key] = 1 + sum(sizes[id(child)] for child in _children(node))
            open_nodes.discard(key)
            if sizes[key] > MAX_NODES:
                what = f"its aliases expand to more than {MAX_NODES:,} values"
                raise UnreadableFileError(what, source, node.start_mark.index, remedy="write the entries out")
        elif key in open_nodes:
            what = "an alias points at what contains it"
            raise UnreadableFileError(what, source, node.start_mark.index, remedy="write the entries out")
        elif key not in sizes:
            children = _children(node)
            if not children:
                sizes[key] = 1
                continue
            open_nodes.add(key)
            stack.append((node, True))
            stack.extend((child, False) for child in children)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return []


class _Reader:
    """From YAML nodes to the file's nouns; holds the source so that each step need not."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def environment(self, root: yaml.MappingNode) -> EnvironmentFile:
        nodes = {key.value: value for key, value in root.value if isinstance(key, yaml.ScalarNode)}
        keys = tuple(TopLevelKey(self.item(key), self.item(value)) for key, value in root.value)
        dependencies = nodes.get("dependencies")
        variables = nodes.get("variables")
        return EnvironmentFile(
            source=self.source,
            keys=keys,
            channels=self.list_of(nodes.get("channels"), root),
            dependencies=self.dependencies(dependencies),
            dependencies_kind=_kind(dependencies),
            dependencies_span=_span(dependencies if dependencies is not None else root),
            variables=tuple(TopLevelKey(self.item(k), self.item(v)) for k, v in variables.value)
            if isinstance(variables, yaml.MappingNode)
            else (),
            platforms=self.list_of(nodes.get("platforms"), root).items,
        )

    def dependencies(self, node: yaml.Node | None) -> tuple[Dependency, ...]:
        if not isinstance(node, yaml.SequenceNode):
            return ()
        return tuple(entry for child in node.value for entry in self.dependency(child, bool(node.flow_style)))

    def dependency(self, node: yaml.Node, flow: bool) -> Iterator[Dependency]:
        if not isinstance(node, yaml.MappingNode) or not node.value:
            yield self.item(node, flow)
            return
        for key, value in node.value:
            span = Span(key.start_mark.index, max(_span(value).end, key.end_mark.index))
            if isinstance(key, yaml.ScalarNode) and key.value == "pip":
                listed = self.list_of(value, value)
                yield PipSection(self.item(key), listed.kind, listed.items, span)
            else:
                yield MappingEntry(self.item(key), self.item(value), span)

    def list_of(self, node: yaml.Node | None, parent: yaml.Node) -> ListOf:
        if isinstance(node, yaml.SequenceNode):
            flow = bool(node.flow_style)
            items = tuple(self.item(child, flow) for child in node.value)
            return ListOf("sequence", items, _span(node))
        return ListOf(_kind(node), (), _span(node if node is not None else parent))

    def item(self, node: yaml.Node, flow: bool = False) -> Item:
        kind, span = _kind(node), self.tight(node)
        if not isinstance(node, yaml.ScalarNode):
            return Item(kind, "", span, flow=flow)
        quoted = node.style in ("'", '"')
        inset = 1 if quoted else 0
        verbatim = self.source.text[span.start + inset : span.end - inset] == node.value
        return Item(kind, node.value, span, quoted, verbatim, flow)

    def tight(self, node: yaml.Node) -> Span:
        """Return the span without the white space and comments that libyaml counts to a block's end."""
        span = _span(node)
        if isinstance(node, yaml.ScalarNode) and node.style not in ("|", ">"):
            return span
        return Span(span.start, span.start + len(self.source.text[span.start : span.end].rstrip()))


def _span(node: yaml.Node) -> Span:
    return Span(node.start_mark.index, node.end_mark.index)


def _kind(node: yaml.Node | None) -> Kind:
    if node is None:
        return "missing"
    if isinstance(node, yaml.SequenceNode):
        return "sequence"
    if isinstance(node, yaml.MappingNode):
        return "mapping"
    if node.tag == "tag:yaml.org,2002:null":
        return "null"
    return "string" if node.tag == "tag:yaml.org,2002:str" else "number"
