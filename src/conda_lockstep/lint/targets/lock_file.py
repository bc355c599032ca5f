"""A lock as a lint target: its text, and its packages once a rule needs them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.lint.targets.target import TargetKind
from conda_lockstep.text.source import Source

if TYPE_CHECKING:
    from typing_extensions import Self

    from conda_lockstep.environment.edit import Edit
    from conda_lockstep.environment.entries import Trait
    from conda_lockstep.lock.model.lock import Lock
    from conda_lockstep.text.suppressions import Suppression

# Compiled when a lock first needs it, and kept by ``re``.
_MARKER = r"(?m)^(<{7}|>{7})(?=[ \r]|$)"


class LockTarget:
    """A lock; its checks receive this object."""

    __slots__ = ("_lock", "markers", "source")
    kind: TargetKind = "lock"
    traits: AbstractSet[Trait] = frozenset()

    def __init__(self, source: Source) -> None:
        self.source = source
        self.markers = tuple(re.finditer(_MARKER, source.text))
        self._lock: Lock | None = None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file. Raises ``LockstepError`` if it does not exist, is too large or is not UTF-8."""
        from conda_lockstep.text.bounded_text import read_text

        return cls.parse(read_text(path, as_written=True), str(path))

    @classmethod
    def parse(cls, text: str, path: str) -> Self:
        """Accept the text of a lock as is: a rule looks for merge conflicts in it."""
        return cls(Source.of(path, text))

    @property
    def path(self) -> str:
        """Return the path as given."""
        return self.source.path

    @property
    def checked(self) -> LockTarget:
        """Return this lock."""
        return self

    @property
    def document(self) -> Source:
        """Return the text."""
        return self.source

    @property
    def text(self) -> str:
        """Return the text with line feeds alone at the ends of its lines."""
        return self.source.text.replace("\r\n", "\n")

    @property
    def lock(self) -> Lock | None:
        """Return the parsed lock, None for a merge conflict; raises ``LockstepError`` if it is not a lock."""
        if self.markers:
            return None
        if self._lock is None:
            from conda_lockstep.lock.formats import cep37

            self._lock = cep37.parse(self.text, self.path)
        return self._lock

    def suppressions(self) -> Sequence[Suppression]:
        """Return the suppressions in the comments of the YAML."""
        from conda_lockstep.text.suppressions import suppressions

        return suppressions(self.source)

    def with_text(self, text: str) -> Self:
        """Accept another text as this lock."""
        return self.parse(text, self.path)

    def keeps(self, after: Self, edits: Sequence[Edit]) -> bool:
        """Return whether the locked packages are the same."""
        return self.lock == after.lock
