"""A requirements file that an environment file includes with ``-r``, as a lint target."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.environment.requirements import parse_requirements, suppressions_of
from conda_lockstep.lint.targets.environment_file import EnvironmentTarget
from conda_lockstep.lint.targets.target import TargetKind
from conda_lockstep.text.encoding import decode, read_bytes

if TYPE_CHECKING:
    from typing_extensions import Self

    from conda_lockstep.text.suppressions import Suppression


class RequirementsTarget(EnvironmentTarget):
    """A requirements file: its lines are the pip entries that checks receive."""

    __slots__ = ()
    kind: TargetKind = "requirements"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file. Raises ``UnreadableFileError``, and ``LockstepError`` if it does not exist."""
        return cls.parse(decode(read_bytes(path, str(path)), str(path)), str(path))

    @classmethod
    def parse(cls, text: str, path: str) -> Self:
        """Parse a text. Raises ``UnreadableFileError`` for too many entries."""
        return cls(parse_requirements(text, path))

    def suppressions(self) -> Sequence[Suppression]:
        """Return the suppressions in the comments of the file."""
        return suppressions_of(self.source)
