"""From text to YAML nodes, in bounded time and memory; what no tool could read is refused with its place.

libyaml composes the nodes; nothing is constructed, so nothing in a file can run.
"""

from __future__ import annotations

import re

import yaml

from conda_lockstep.text.source import Source, Span, UnreadableFileError

MAX_NODES = 100_000
"""What the aliases of a file may expand to."""
MAX_DEPTH = 100
"""How deep lists and mappings may be nested; libyaml's composer overflows the C stack at some thousands."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose(source: Source) -> yaml.MappingNode:
    """Return the mapping that a YAML text is; raises :class:`UnreadableFileError`."""
    _refuse_merge_conflict(source)
    root = _root(source)
    if not isinstance(root, yaml.MappingNode):
        start = root.start_mark.index if root is not None else 0
        empty, other = "the file is empty", "the file is not a mapping with name, channels, dependencies"
        remedy = "write at least 'dependencies:' with a list under it"
        raise UnreadableFileError(empty if root is None else other, source, start, remedy=remedy)
    if "*" in source.text:
        _refuse_bomb(root, source)
    return root


def node_span(node: yaml.Node) -> Span:
    """Return the span of a node without the white space and comments that libyaml counts to a block's end."""
    start = node.start_mark.index
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return Span(start, max(start, node.end_mark.index))


def _refuse_merge_conflict(source: Source) -> None:
    if "<<<<<<<" not in source.text and ">>>>>>>" not in source.text:
        return
    match = re.search(r"^(<{7}|>{7})(?= |$|\r)", source.text, re.MULTILINE)
    if match:
        what = f"a merge conflict was committed ('{match.group()}')"
        remedy = "resolve it: keep one side and delete the marker lines"
        raise UnreadableFileError(what, source, match.start(), remedy=remedy)


def _root(source: Source) -> yaml.Node | None:
    loader = None
    try:
        if _may_be_deep(source):
            _refuse_depth(source)
        loader = _Loader(source.text)
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
        raise UnreadableFileError(what, source, offset, remedy="delete it") from None
    finally:
        if loader is not None:
            loader.dispose()


def _may_be_deep(source: Source) -> bool:
    """Tell cheaply whether to look closer: depth needs opening brackets, or else columns to indent by."""
    text, starts = source.text, source.line_starts
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
    if "single document" in problem:
        remedy = "keep one document: delete what stands from the second '---' on"
        return UnreadableFileError("the file holds several YAML documents", source, offset, remedy=remedy)
    if "alias" in problem:
        remedy = "quote the entry: a word that begins with * is an alias in YAML"
    elif "cannot start any token" in problem:
        remedy = "quote the entry: it begins with a character that YAML reserves"
    elif "mapping values are not allowed" in problem:
        remedy = "quote what holds ': ', or give each key its own line"
    else:
        remedy = "check the indentation, and that every entry of a list begins with '- '"
    return UnreadableFileError(f"not YAML: {problem}", source, offset, remedy=remedy)


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
