"""The limits of a YAML text, and the errors for a text that exceeds them or is not YAML."""

from __future__ import annotations

import re

import yaml

from conda_lockstep.text.merge_conflict import conflict_marker
from conda_lockstep.text.source import Source, UnreadableFileError

MAX_NODES = 100_000
"""The number of values that the aliases of a text may expand to; a longer text may have one per character."""
MAX_DEPTH = 100
"""How deep lists and mappings may be nested; libyaml's composer overflows the C stack at some thousands."""

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# A bracket after a word opens no collection, and an empty pair is at most one level more.
_OPENING = r"(?<![A-Za-z0-9_])[\[{](?![\]}])"
# A nested block starts in a later column, after nothing but blanks and indicators.
_INDENTED = rf"(?m)^[ \t?:-]{{{MAX_DEPTH},}}"
_ANCHOR = r"(?m)(?:^|[\s\[{,:])&[^\s,\[\]{}]"


def refuse_merge_conflict(source: Source, remedy: str = "") -> None:
    """Raise :class:`UnreadableFileError` at the first conflict marker."""
    marker = conflict_marker(source.text)
    if marker:
        what = f"unresolved merge conflict ('{source.text[slice(*marker)]}')"
        remedy = f"keep one side, or {remedy}" if remedy else "keep one side and delete the marker lines"
        raise UnreadableFileError(what, source, marker.start, remedy=remedy)


def refuse_depth(source: Source, remedy: str = "") -> None:
    """Raise :class:`UnreadableFileError` where the nesting exceeds :data:`MAX_DEPTH`."""
    if not _may_be_deep(source.text):
        return
    depth = 0
    for event in yaml.parse(source.text, Loader=LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _too_deep(source, event.start_mark.index if event.start_mark else 0, remedy)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def refuse_expansion(root: yaml.Node, source: Source, remedy: str = "") -> None:
    """Raise :class:`UnreadableFileError` for aliases that expand without reason ("billion laughs"), and for cycles."""
    if not has_anchors(source.text):
        return
    limit = max(MAX_NODES, len(source.text))
    remedy = remedy or "write the entries out"
    sizes: dict[int, int] = {}
    stack: list[tuple[yaml.Node, bool]] = [(root, False)]
    open_nodes: set[int] = set()
    while stack:
        node, done = stack.pop()
        key = id(node)
        if done:
            sizes[key] = 1 + sum(sizes[id(child)] for child in children(node))
            open_nodes.discard(key)
            if sizes[key] > limit:
                what = f"the aliases expand to more than {limit:,} values"
                raise UnreadableFileError(what, source, node.start_mark.index, remedy=remedy)
        elif key in open_nodes:
            what = "an alias refers to a value that contains it"
            raise UnreadableFileError(what, source, node.start_mark.index, remedy=remedy)
        elif key not in sizes:
            below = children(node)
            if not below:
                sizes[key] = 1
                continue
            open_nodes.add(key)
            stack.append((node, True))
            stack.extend((child, False) for child in below)


def has_anchors(text: str) -> bool:
    """Return whether a text may define an anchor; without one it has no aliases."""
    return "&" in text and re.search(_ANCHOR, text) is not None


def children(node: yaml.Node) -> list[yaml.Node]:
    """Return the entries of a list, or the keys and values of a mapping."""
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return []


def yaml_error(source: Source, error: yaml.YAMLError, remedy: str = "") -> UnreadableFileError:
    """Return PyYAML's error with its place; without a ``remedy`` it has the one that most often helps."""
    if isinstance(error, yaml.reader.ReaderError):
        character = error.character if isinstance(error.character, str) else chr(error.character)
        offset = max(source.text.find(character), 0)
        what = f"the character U+{ord(character):04X} is not allowed in YAML"
        return UnreadableFileError(what, source, offset, remedy=remedy or "delete it")
    if not isinstance(error, yaml.MarkedYAMLError):
        return UnreadableFileError(f"not YAML: {error}", source, 0, remedy=remedy or "correct the file")
    mark = error.problem_mark or error.context_mark
    if error.problem == "exceeded maximum nesting depth":  # libyaml's own limit, as it looks ahead for keys
        return _too_deep(source, mark.index if mark else 0, remedy)
    what = " ".join(filter(None, (error.context, error.problem))) or "invalid syntax"
    return _syntax_error(source, what, mark.index if mark else 0, remedy)


def _too_deep(source: Source, offset: int, remedy: str) -> UnreadableFileError:
    what = f"nested more than {MAX_DEPTH} levels deep"
    return UnreadableFileError(what, source, min(offset, len(source.text)), remedy=remedy or "flatten it")


def _may_be_deep(text: str) -> bool:
    """Return whether a text could exceed the depth, without parsing it: it needs opening brackets, or indentation."""
    brackets = text.count("[") + text.count("{") > MAX_DEPTH and len(re.findall(_OPENING, text)) >= MAX_DEPTH
    return brackets or re.search(_INDENTED, text) is not None


def _syntax_error(source: Source, problem: str, offset: int, remedy: str) -> UnreadableFileError:
    offset = min(offset, len(source.text))
    number, _ = source.position(offset)
    for candidate in (number, number - 1):
        indent = re.match(r"[ ]*\t", source.line(candidate)) if candidate >= 1 else None
        if indent:
            start = source.line_starts[candidate - 1] + indent.end() - 1
            what, remedy = "YAML does not allow tabs as indentation", remedy or "replace the tab with spaces"
            return UnreadableFileError(what, source, start, remedy=remedy)
    if "single document" in problem:
        what = "the file contains several YAML documents"
        remedy = remedy or "keep one document: delete everything from the second '---' on"
        return UnreadableFileError(what, source, offset, remedy=remedy)
    return UnreadableFileError(f"not YAML: {problem}", source, offset, remedy=remedy or _remedy(problem))


def _remedy(problem: str) -> str:
    """Return the correction that a syntax error most often needs in an environment file."""
    if "alias" in problem:
        return "quote the entry: a word that begins with * is an alias in YAML"
    if "cannot start any token" in problem:
        return "quote the entry: it begins with a character that YAML reserves"
    if "mapping values are not allowed" in problem:
        return "quote the text that contains ': ', or give each key its own line"
    return "check the indentation, and that every entry of a list begins with '- '"
