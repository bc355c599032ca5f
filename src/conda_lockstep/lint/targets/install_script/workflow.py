"""The jobs and steps of a GitHub workflow, or of a composite action, with their positions.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax. An expression (``${{ … }}``) stays as
it is written; nothing is executed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import yaml

from conda_lockstep.lint.targets.install_script.scalar import piece_of
from conda_lockstep.lint.targets.install_script.shell.piece import Piece
from conda_lockstep.lint.targets.install_script.shell.words import Word
from conda_lockstep.text.comments import layout
from conda_lockstep.text.source import Source, Span, UnreadableFileError
from conda_lockstep.text.yaml_nodes import compose, node_span


class WorkflowStep(NamedTuple):
    """A step: ``run`` is a script for a POSIX shell, ``uses`` is an action."""

    span: Span
    run: Piece | None
    uses: Word | None
    inputs: Mapping[str, Word]
    variables: Mapping[str, str]


class Job(NamedTuple):
    """A job, or the steps of a composite action; ``container`` is the image that it runs in."""

    span: Span
    container: Word | None
    variables: Mapping[str, str]
    steps: tuple[WorkflowStep, ...]


class Workflow(NamedTuple):
    """The jobs of a workflow in their order, and the comments of its YAML."""

    jobs: tuple[Job, ...]
    comments: tuple[Span, ...]


def read_workflow(source: Source) -> Workflow:
    """Read a workflow; raises ``UnreadableFileError`` for invalid YAML. A file that is not a workflow has no jobs."""
    try:
        root = compose(source)
    except UnreadableFileError as error:
        if error.what.startswith(("the file is empty", "the file is not a mapping")):
            return Workflow((), ())
        raise
    reader = _WorkflowReader(source)
    return Workflow(tuple(reader.jobs(_pairs(root))), layout(source).comments)


class _WorkflowReader:
    """Builds jobs from YAML nodes, with the source that all steps share."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def jobs(self, top: Mapping[str, yaml.Node]) -> Iterator[Job]:
        variables, shell = self.texts(top.get("env")), self.default_shell(top, "")
        for node in _pairs(top.get("jobs")).values():
            yield self.job(_pairs(node), node_span(node), variables, shell)
        runs = top.get("runs")
        if runs is not None:
            yield self.job(_pairs(runs), node_span(runs), variables, shell)

    def job(
        self, pairs: Mapping[str, yaml.Node], span: Span, variables: Mapping[str, str], shell: str
    ) -> Job:
        own = {**variables, **self.texts(pairs.get("env"))}
        # Scripts on Windows runners use PowerShell unless they specify another shell.
        machine = pairs.get("runs-on")
        on_windows = isinstance(machine, yaml.ScalarNode) and machine.value.startswith("windows")
        default = self.default_shell(pairs, shell) or ("pwsh" if on_windows else "bash")
        container = pairs.get("container")
        image = _pairs(container).get("image") if isinstance(container, yaml.MappingNode) else container
        nodes = pairs.get("steps")
        steps = nodes.value if isinstance(nodes, yaml.SequenceNode) else []
        return Job(span, self.word(image), own, tuple(self.step(node, own, default) for node in steps))

    def step(self, node: yaml.Node, variables: Mapping[str, str], shell: str) -> WorkflowStep:
        pairs = _pairs(node)
        run, own = pairs.get("run"), self.text(pairs.get("shell")) or shell
        is_posix = own.split(" ")[0] in ("bash", "sh", "dash", "zsh", "micromamba-shell")
        inputs = ((name, self.word(value)) for name, value in _pairs(pairs.get("with")).items())
        return WorkflowStep(
            node_span(node),
            piece_of(self.source.text, run) if isinstance(run, yaml.ScalarNode) and is_posix else None,
            self.word(pairs.get("uses")),
            {name: word for name, word in inputs if word},
            {**variables, **self.texts(pairs.get("env"))},
        )

    def default_shell(self, pairs: Mapping[str, yaml.Node], otherwise: str) -> str:
        run = _pairs(_pairs(pairs.get("defaults")).get("run"))
        return self.text(run.get("shell")) or otherwise

    def word(self, node: yaml.Node | None) -> Word | None:
        piece = piece_of(self.source.text, node) if isinstance(node, yaml.ScalarNode) else None
        if piece is None or not piece.text.strip():
            return None
        value = piece.text.rstrip("\n")
        return Word(piece.part(0, len(value)), piece.span(0, len(value)), "${{" not in value)

    def text(self, node: yaml.Node | None) -> str:
        return str(node.value) if isinstance(node, yaml.ScalarNode) else ""

    def texts(self, node: yaml.Node | None) -> dict[str, str]:
        return {name: self.text(value) for name, value in _pairs(node).items()}


def _pairs(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
