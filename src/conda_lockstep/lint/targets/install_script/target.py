"""A Dockerfile, a shell script or a workflow as a lint target."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.lint.targets.install_script import reader
from conda_lockstep.lint.targets.install_script.fix_check import kept
from conda_lockstep.lint.targets.install_script.install_script import InstallFile
from conda_lockstep.lint.targets.install_script.kinds import kind_of
from conda_lockstep.text.source import Source, Span

if TYPE_CHECKING:
    from typing_extensions import Self

    from conda_lockstep.environment.edit import Edit
    from conda_lockstep.environment.entries import Trait
    from conda_lockstep.lint.targets.target import TargetKind
    from conda_lockstep.text.suppressions import Suppression


class InstallTarget:
    """A file that installs packages; its checks receive the parsed :class:`InstallFile`."""

    __slots__ = ("checked",)
    kind: TargetKind = "installs"
    traits: AbstractSet[Trait] = frozenset()
    shared: Sequence[Span] = ()

    def __init__(self, file: InstallFile) -> None:
        self.checked = file

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file. Raises ``UnreadableFileError``, and ``LockstepError`` if it does not exist."""
        return cls(reader.read(path))

    @classmethod
    def parse(cls, text: str, path: str) -> Self:
        """Parse a text. Raises ``UnreadableFileError`` for a workflow that is not YAML."""
        path_kind = kind_of(path.replace("\\", "/"))
        is_yaml = path.lower().endswith((".yml", ".yaml"))
        return cls(reader.parse(text, path, path_kind or ("commands" if is_yaml else "shell")))

    @property
    def source(self) -> Source:
        """Return the text of the file."""
        return self.checked.source

    @property
    def path(self) -> str:
        """Return the path as given."""
        return self.checked.path

    @property
    def document(self) -> Source:
        """Return the text."""
        return self.checked.source

    def suppressions(self) -> Sequence[Suppression]:
        """Return the suppressions in its comments."""
        from conda_lockstep.lint.targets.install_script.suppression_lines import suppressions_in

        return suppressions_in(self.checked)

    def with_text(self, text: str) -> Self:
        """Parse another text as this file."""
        return self.parse(text, self.path)

    def keeps(self, after: Self, edits: Sequence[Edit]) -> bool:
        """Return whether every word, image and comment that no edit touches is still there."""
        return kept(self.checked, after.checked, edits)
