"""An environment file as a lint target."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.environment import edit
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries, Trait, read_entries
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.reader import parse, read
from conda_lockstep.lint.targets.target import TargetKind
from conda_lockstep.text.source import Source

if TYPE_CHECKING:
    from typing_extensions import Self

    from conda_lockstep.text.suppressions import Suppression


class EnvironmentTarget:
    """An environment file; its checks receive its :class:`Entries`."""

    __slots__ = ("document", "entries")
    kind: TargetKind = "environment"

    def __init__(self, file: EnvironmentFile) -> None:
        self.document = file
        self.entries = read_entries(file)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file. Raises ``UnreadableFileError``, and ``LockstepError`` if it does not exist."""
        return cls(read(path))

    @classmethod
    def parse(cls, text: str, path: str) -> Self:
        """Parse a text. Raises ``UnreadableFileError``."""
        return cls(parse(text, path))

    @property
    def source(self) -> Source:
        """Return the text of the file."""
        return self.document.source

    @property
    def path(self) -> str:
        """Return the path as given."""
        return self.document.source.path

    @property
    def checked(self) -> Entries:
        """Return the entries."""
        return self.entries

    @property
    def traits(self) -> AbstractSet[Trait]:
        """Return the traits of the entries and the file."""
        return self.entries.traits

    def suppressions(self) -> Sequence[Suppression]:
        """Return the suppressions in the comments of the YAML."""
        from conda_lockstep.text.suppressions import suppressions

        return suppressions(self.source)

    def with_text(self, text: str) -> Self:
        """Parse another text as this file."""
        return self.parse(text, self.path)

    def keeps(self, after: Self, edits: Sequence[Edit]) -> bool:
        """Return whether every value that no edit touches is still there."""
        return edit.kept(self.document, after.document, edits)
