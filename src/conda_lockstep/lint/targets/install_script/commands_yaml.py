"""The commands in the YAML of other CI systems and of Kubernetes, with their positions.

Kubernetes: https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/. Of CI systems
the keys that hold scripts: GitLab's and Travis' lists, CircleCI's and Azure's steps, Google's and Amazon's build files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import yaml

from conda_lockstep.lint.targets.install_script.calls import calls_in
from conda_lockstep.lint.targets.install_script.install_script import (
    Image,
    InstallFile,
    ScriptScope,
    ScriptStep,
)
from conda_lockstep.lint.targets.install_script.scalar import piece_of
from conda_lockstep.lint.targets.install_script.shell.commands import read_script
from conda_lockstep.lint.targets.install_script.shell.piece import Piece, join
from conda_lockstep.lint.targets.install_script.shell.variables import Setting, Settings, exports
from conda_lockstep.text.comments import layout
from conda_lockstep.text.source import Source, Span
from conda_lockstep.text.yaml_nodes import compose_all, node_span

_SCRIPTS = frozenset(
    "script before_script after_script run command bash inlineScript install before_install after_success commands "
    "before_deploy pre_create_environment post_create_environment post_install pre_install pre_build post_build build "
    "create_environment".split()
)
"""Keys whose text, or list of texts, a shell runs."""
_WORDS = ("command", "args", "entrypoint")
"""Keys whose list holds the words of one command: Kubernetes', Google Cloud Build's."""
_SHELLS = ("sh", "bash", "dash", "zsh", "ash")


def read_commands(source: Source) -> InstallFile:
    """Read every script in a YAML file; raises ``UnreadableFileError`` for invalid YAML."""
    reader = _YamlScriptReader(source)
    for root in compose_all(source):
        reader.visit(root, None, None, {})
    comments = sorted((*layout(source).comments, *reader.comments))
    return InstallFile(
        source,
        "workflow",
        tuple(reader.scopes),
        tuple(reader.steps),
        tuple(reader.images),
        comments=tuple(comments),
    )


class _YamlScriptReader:
    """Walks YAML nodes and collects the scripts; a mapping with scripts is a scope, as a job or a container is one."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.scopes: list[ScriptScope] = []
        self.steps: list[ScriptStep] = []
        self.images: list[Image] = []
        self.comments: list[Span] = []

    def visit(
        self, node: yaml.Node, scope: int | None, image: Image | None, variables: Mapping[str, str]
    ) -> None:
        """Read a node; ``scope``, ``image`` and ``variables`` are those of the mappings around it."""
        if isinstance(node, yaml.SequenceNode):
            for child in node.value:
                self.visit(child, scope, image, variables)
        if not isinstance(node, yaml.MappingNode):
            return
        pairs = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
        variables = {**variables, **_variables(pairs)}
        own = self.image(pairs.get("image"))
        image = own or image
        scripts = list(self.scripts(pairs))
        if scripts and (scope is None or own):
            self.images += [image] if image and image not in self.images else []
            self.scopes.append(ScriptScope(image))
            scope = len(self.scopes) - 1
        for script in scripts:
            self.step(script, scope or 0, variables)
        for key, value in pairs.items():
            if key not in ("env", "variables", "environment"):
                self.visit(value, scope, image, variables)

    def scripts(self, pairs: Mapping[str, yaml.Node]) -> Iterator[Piece]:
        words = [piece for key in _WORDS if key in pairs for piece in self.listed(pairs[key])]
        if words:
            script = _after_shell(words)
            yield script if script else join(_between_blanks(words))
        for key, node in pairs.items():
            if key not in _SCRIPTS or (key in _WORDS and isinstance(node, yaml.SequenceNode)):
                continue
            yield from self.listed(node) if isinstance(node, yaml.SequenceNode) else self.one(node)

    def listed(self, node: yaml.Node) -> Sequence[Piece]:
        children = node.value if isinstance(node, yaml.SequenceNode) else ()
        return [piece for child in children for piece in self.one(child)]

    def one(self, node: yaml.Node) -> Iterator[Piece]:
        piece = piece_of(self.source.text, node) if isinstance(node, yaml.ScalarNode) else None
        if piece and piece.text.strip():
            yield piece

    def step(self, piece: Piece, scope: int, variables: Mapping[str, str]) -> None:
        script = read_script(piece)
        self.comments += script.comments
        given: Settings = {name: (Setting(0, value),) for name, value in variables.items()}
        own = exports(script.commands)
        settings = {name: (*given.get(name, ()), *own.get(name, ())) for name in {**given, **own}}
        span = piece.span(0, len(piece.text))
        self.steps.append(ScriptStep(scope, span, script.commands, calls_in(script.commands), settings))

    def image(self, node: yaml.Node | None) -> Image | None:
        if isinstance(node, yaml.MappingNode):
            named = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
            node = named.get("name")
        if not isinstance(node, yaml.ScalarNode) or not node.value:
            return None
        is_known = not any(mark in node.value for mark in ("$", "{{"))
        return Image(node.value if is_known else "", node_span(node), "container")


def _after_shell(words: Sequence[Piece]) -> Piece | None:
    """Return the script of a command such as ``["bash", "-c", "…"]``; None for any other command."""
    if words[0].text.rpartition("/")[2] not in _SHELLS:
        return None
    flags = [
        number for number, word in enumerate(words[:-1]) if word.text.startswith("-") and "c" in word.text
    ]
    return words[flags[0] + 1] if flags else None


def _between_blanks(words: Sequence[Piece]) -> list[Piece]:
    """Return the words of a command with a blank after each, in its place."""
    return [part for word in words for part in (word, Piece(" ", [word.at[-1]]))]


def _variables(pairs: Mapping[str, yaml.Node]) -> dict[str, str]:
    """Return the variables that a mapping sets: as a mapping, or as Kubernetes' list of names and values."""
    found: dict[str, str] = {}
    for key in ("env", "variables", "environment"):
        node = pairs.get(key)
        if isinstance(node, yaml.MappingNode):
            found |= {
                name.value: value.value for name, value in node.value if isinstance(value, yaml.ScalarNode)
            }
        for each in node.value if isinstance(node, yaml.SequenceNode) else ():
            if isinstance(each, yaml.MappingNode):
                named = {
                    name.value: value.value
                    for name, value in each.value
                    if isinstance(value, yaml.ScalarNode)
                }
                if "name" in named and "value" in named:
                    found[named["name"]] = named["value"]
    return found
