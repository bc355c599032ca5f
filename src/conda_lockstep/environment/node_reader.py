"""From YAML nodes to the nouns of an environment file: reads whatever YAML there is."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from conda_lockstep.environment.environment_file import (
    Dependency,
    EnvironmentFile,
    Item,
    Kind,
    ListOf,
    MappingEntry,
    PipSection,
    TopLevelKey,
)
from conda_lockstep.text.source import Source, Span
from conda_lockstep.text.yaml_as_conda import is_special, load_as_conda
from conda_lockstep.text.yaml_nodes import compose, merged_pairs, node_span, shared_nodes


def read_nodes(source: Source) -> EnvironmentFile:
    """Return the environment file that a text is; raises :class:`UnreadableFileError`."""
    root = compose(source)
    if is_special(source.text):
        load_as_conda(source)
    return _NodeReader(source).environment(_definition(root) if "conda_file" in source.text else root)


def _definition(root: yaml.MappingNode) -> yaml.MappingNode:
    """Return the environment that Azure ML's YAML holds under ``conda_file:``, or the whole file if it is one itself.

    https://learn.microsoft.com/azure/machine-learning/reference-yaml-environment
    """
    to_read: list[tuple[yaml.MappingNode, int]] = [(root, 0)]
    for node, depth in to_read:
        pairs = [(key.value, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
        if depth == 0 and any(key == "dependencies" for key, _ in pairs):
            return root
        for key, value in pairs:
            if isinstance(value, yaml.MappingNode) and key == "conda_file":
                return value
            if isinstance(value, yaml.MappingNode) and depth < _DEEPEST:
                to_read.append((value, depth + 1))
    return root


_DEEPEST = 5
"""How deep in a file an environment is looked for: a pipeline's job has one below its name."""


class _NodeReader:
    """From YAML nodes to the file's nouns; holds the source so that each step need not."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def environment(self, root: yaml.MappingNode) -> EnvironmentFile:
        nodes = {key.value: value for key, value in merged_pairs(root) if isinstance(key, yaml.ScalarNode)}
        dependencies = nodes.get("dependencies")
        return EnvironmentFile(
            source=self.source,
            keys=self.pairs(root),
            channels=self.list_of(nodes.get("channels"), root),
            dependencies=self.dependencies(dependencies),
            dependencies_kind=_kind(dependencies),
            dependencies_span=node_span(dependencies if dependencies is not None else root),
            variables=self.pairs(nodes.get("variables")),
            platforms=self.list_of(nodes.get("platforms"), root).items,
            pip_repositories=self.list_of(nodes.get("pip-repositories"), root).items,
            shared=tuple(self.lines_of(node) for node in shared_nodes(root, self.source)),
        )

    def pairs(self, node: yaml.Node | None) -> tuple[TopLevelKey, ...]:
        if not isinstance(node, yaml.MappingNode):
            return ()
        flow = bool(node.flow_style)
        return tuple(
            TopLevelKey(self.item(key, flow), self.item(value, flow)) for key, value in merged_pairs(node)
        )

    def dependencies(self, node: yaml.Node | None) -> tuple[Dependency, ...]:
        if not isinstance(node, yaml.SequenceNode):
            return ()
        flow = bool(node.flow_style)
        return tuple(entry for child in node.value for entry in self.dependency(child, flow))

    def dependency(self, node: yaml.Node, flow: bool) -> Iterator[Dependency]:
        if not isinstance(node, yaml.MappingNode) or not node.value:
            yield self.item(node, flow)
            return
        # In 'pip: {…}' the entry is not a line of its own, either.
        flow = flow or bool(node.flow_style)
        at = node.start_mark.index
        for key, value in merged_pairs(node):
            span = Span(key.start_mark.index, max(node_span(value).end, key.end_mark.index))
            if isinstance(key, yaml.ScalarNode) and key.value == "pip":
                listed = self.list_of(value, value)
                yield PipSection(self.item(key), listed.kind, listed.items, span, flow, at)
            else:
                yield MappingEntry(self.item(key), self.item(value), span, flow, at)

    def list_of(self, node: yaml.Node | None, parent: yaml.Node) -> ListOf:
        if isinstance(node, yaml.SequenceNode):
            flow = bool(node.flow_style)
            items = tuple(self.item(child, flow) for child in node.value)
            return ListOf("sequence", items, node_span(node))
        return ListOf(_kind(node), (), node_span(node if node is not None else parent))

    def item(self, node: yaml.Node, flow: bool = False) -> Item:
        start, end = node.start_mark.index, node.end_mark.index
        kind = _kind(node)
        if not isinstance(node, yaml.ScalarNode):
            return Item(kind, "", node_span(node), flow=flow)
        text, value = self.source.text, node.value
        if not node.style:
            return Item(kind, value, Span(start, end), False, text[start:end] == value, flow)
        if node.style in ("'", '"'):
            return Item(kind, value, Span(start, end), True, text[start + 1 : end - 1] == value, flow)
        # A block scalar ends for libyaml where the next thing begins.
        return Item(kind, value, Span(start, start + len(text[start:end].rstrip())), flow=flow)

    def lines_of(self, node: yaml.Node) -> Span:
        """Return the whole lines that a node is on."""
        span = node_span(node)
        first, _, last, _ = self.source.place(Span(span.start, max(span.start, span.end - 1)))
        return Span(self.source.line_span(first).start, self.source.line_span(last).end)


def _kind(node: yaml.Node | None) -> Kind:
    if node is None:
        return "missing"
    if isinstance(node, yaml.ScalarNode):
        if node.tag == "tag:yaml.org,2002:str":
            return "string"
        return "null" if node.tag == "tag:yaml.org,2002:null" else "number"
    return "sequence" if isinstance(node, yaml.SequenceNode) else "mapping"
