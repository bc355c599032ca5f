"""A file that installs packages: its commands with their positions, and the state that they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from conda_lockstep.lint.targets.install_script.calls import Call
from conda_lockstep.lint.targets.install_script.kinds import Kind
from conda_lockstep.lint.targets.install_script.shell.commands import ShellCommand
from conda_lockstep.lint.targets.install_script.shell.variables import NOTHING, Settings, value_at
from conda_lockstep.lint.targets.install_script.shell.words import Word
from conda_lockstep.text.source import Source, Span

MAX_STAGES = 50
"""How many stages of a Dockerfile are followed back to their base image."""


class Image(NamedTuple):
    """A container image that is used: ``name`` has its variables expanded and is empty if they are unknown.

    ``use`` is ``FROM``, ``COPY`` (``--from=``), or the ``container`` of a job.
    """

    name: str
    span: Span
    use: Literal["from", "copy", "container"]


class ScriptScope(NamedTuple):
    """The state that commands share: a stage of a Dockerfile, a job of a workflow, a script.

    ``base`` is the number of the stage that it starts from, None where that is an image. ``arguments`` are variables
    that end with it. ``is_kept`` says that an image has in the end what it holds; a stage that others only copy from is
    not kept.
    """

    image: Image | None = None
    base: int | None = None
    settings: Settings = NOTHING
    arguments: frozenset[str] = frozenset()
    is_kept: bool = True


class ScriptStep(NamedTuple):
    """The commands that one shell runs: a RUN, a workflow step, a script. ``scope`` is the number of its scope.

    ``settings`` are the variables that it sets for itself. ``caches`` are the folders that a RUN mounts as caches.
    ``within`` is the environment that its shell runs in. ``is_listed``: it is written as a list of words.
    """

    scope: int
    span: Span
    commands: tuple[ShellCommand, ...]
    calls: tuple[Call, ...]
    settings: Settings = NOTHING
    caches: tuple[str, ...] = ()
    within: str = ""
    is_listed: bool = False


class Action(NamedTuple):
    """A step of a workflow that sets up conda; ``name`` is the action's, without owner and version."""

    name: str
    scope: int
    uses: Word
    inputs: Mapping[str, Word]


class Copy(NamedTuple):
    """A ``COPY`` or ``ADD`` into the image, of files of the build's folder or of URLs.

    ``is_checked``: a checksum is given.
    """

    scope: int
    sources: tuple[Word, ...]
    target: Word
    is_checked: bool = False


class InstallFile(NamedTuple):
    """A Dockerfile, a shell script or a GitHub workflow.

    ``blocks`` are the instructions or steps that a comment above them applies to.
    """

    source: Source
    kind: Kind
    scopes: tuple[ScriptScope, ...]
    steps: tuple[ScriptStep, ...]
    images: tuple[Image, ...] = ()
    actions: tuple[Action, ...] = ()
    copies: tuple[Copy, ...] = ()
    comments: tuple[Span, ...] = ()
    blocks: tuple[Span, ...] = ()

    @property
    def path(self) -> str:
        """Return the path as it was given."""
        return self.source.path

    @property
    def calls(self) -> Iterator[tuple[ScriptStep, Call]]:
        """Iterate over the calls of package managers, each with its step, in the order of the file."""
        return ((step, call) for step in self.steps for call in step.calls)

    def setting(self, step: ScriptStep, name: str, at: int) -> str | None:
        """Return the value that a variable has at an offset, None if the file does not set it."""
        value = value_at(step.settings, name, at)
        for number in self.lineage(step.scope):
            scope = self.scopes[number]
            if value is None and (number == step.scope or name not in scope.arguments):
                value = value_at(scope.settings, name, at)
        return value

    def image_of(self, step: ScriptStep) -> Image | None:
        """Return the image that a step's stage or job starts from, through the stages between."""
        images = (self.scopes[number].image for number in self.lineage(step.scope))
        return next((image for image in images if image), None)

    def lineage(self, scope: int) -> Iterator[int]:
        """Iterate over a scope and the stages that it starts from."""
        number: int | None = scope
        for _ in range(MAX_STAGES):
            if number is None:
                return
            yield number
            number = self.scopes[number].base
