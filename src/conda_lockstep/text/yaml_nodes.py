"""From text to YAML nodes with places, in bounded time and memory.

libyaml composes the nodes; nothing is constructed, so nothing in a file can run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import yaml

from conda_lockstep.text.source import Source, Span, UnreadableFileError
from conda_lockstep.text.yaml_limits import (
    LOADER,
    children,
    has_anchors,
    refuse_depth,
    refuse_expansion,
    refuse_merge_conflict,
    yaml_error,
)

Pair: TypeAlias = "tuple[yaml.Node, yaml.Node]"

MERGE = "tag:yaml.org,2002:merge"


def compose(source: Source) -> yaml.MappingNode:
    """Return the mapping of an environment file or a workflow; raises :class:`UnreadableFileError`."""
    root = compose_any(source)
    if not isinstance(root, yaml.MappingNode):
        start = root.start_mark.index if root is not None else 0
        empty, other = "the file is empty", "the file is not a mapping with name, channels, dependencies"
        remedy = "write at least 'dependencies:' with a list under it"
        raise UnreadableFileError(empty if root is None else other, source, start, remedy=remedy)
    return root


def compose_any(source: Source, *, remedy: str = "", as_text: bool = False) -> yaml.Node | None:
    """Return the root node of a text, None for an empty one; raises :class:`UnreadableFileError`.

    ``remedy`` replaces the advice of an error. With ``as_text`` every scalar has the tag of a string.
    """
    refuse_merge_conflict(source, remedy)
    loader = None
    try:
        refuse_depth(source, remedy)
        loader = (getattr(yaml, "CBaseLoader", yaml.BaseLoader) if as_text else LOADER)(source.text)
        root: yaml.Node | None = loader.get_single_node()
    except yaml.YAMLError as error:
        raise yaml_error(source, error, remedy) from None
    finally:
        if loader is not None:
            loader.dispose()
    if root is not None:
        refuse_expansion(root, source, remedy)
    return root


def compose_all(source: Source) -> Sequence[yaml.Node]:
    """Return the root nodes of all documents of a text; raises :class:`UnreadableFileError`."""
    refuse_merge_conflict(source)
    loader, roots = None, list[yaml.Node]()
    try:
        refuse_depth(source)
        loader = LOADER(source.text)
        while loader.check_node():
            root = loader.get_node()
            if root is not None:
                roots.append(root)
    except yaml.YAMLError as error:
        raise yaml_error(source, error) from None
    finally:
        if loader is not None:
            loader.dispose()
    for root in roots:
        refuse_expansion(root, source)
    return roots


def node_span(node: yaml.Node) -> Span:
    """Return the span of a node without the white space and comments that libyaml counts to a block's end."""
    start = node.start_mark.index
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return Span(start, max(start, node.end_mark.index))


def merged_pairs(node: yaml.MappingNode) -> Sequence[Pair]:
    """Return the pairs of a mapping with its merge keys (``<<``) resolved: its own first, then the merged ones.

    A key of the mapping's own replaces a merged one; of several merged mappings the first with a key provides it
    (https://yaml.org/type/merge.html). Keys that are written twice stay twice.
    """
    merges = [value for key, value in node.value if key.tag == MERGE]
    if not merges:
        return list(node.value)
    pairs: list[Pair] = [pair for pair in node.value if pair[0].tag != MERGE]
    known = {_identity(key) for key, _ in pairs}
    for value in merges:
        for base in value.value if isinstance(value, yaml.SequenceNode) else (value,):
            if isinstance(base, yaml.MappingNode):
                added = [pair for pair in merged_pairs(base) if _identity(pair[0]) not in known]
                known.update(_identity(key) for key, _ in added)
                pairs += added
    return pairs


def shared_nodes(root: yaml.Node, source: Source) -> list[yaml.Node]:
    """Return the nodes that aliases refer to: one place in the text, several in the document."""
    if not has_anchors(source.text):
        return []
    uses: Counter[int] = Counter()
    nodes = {id(root): root}
    stack = [root]
    while stack:
        for child in children(stack.pop()):
            uses[id(child)] += 1
            if uses[id(child)] == 1:
                nodes[id(child)] = child
                stack.append(child)
    return [nodes[key] for key, count in uses.items() if count > 1]


def _identity(key: yaml.Node) -> tuple[str, str]:
    return key.tag, str(key.value) if isinstance(key, yaml.ScalarNode) else str(id(key))
