"""What the engine needs of a file that rules look at: one small protocol for every kind of target."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from typing_extensions import Self

    from conda_lockstep.environment.edit import Edit
    from conda_lockstep.environment.entries import Trait
    from conda_lockstep.environment.environment_file import EnvironmentFile
    from conda_lockstep.text.source import Source
    from conda_lockstep.text.suppressions import Suppression

TargetKind: TypeAlias = Literal["environment", "requirements", "lock", "installs"]


class Target(Protocol):
    """A file as rules see it. It is parsed when it is created: no target stands for a file that was not read."""

    @property
    def kind(self) -> TargetKind:
        """Return which rules look at it."""

    @property
    def source(self) -> Source:
        """Return its text."""

    @property
    def path(self) -> str:
        """Return its path as given."""

    @property
    def traits(self) -> AbstractSet[Trait]:
        """Return the traits that a rule may require."""

    @property
    def checked(self) -> object:
        """Return what the checks of its kind receive."""

    @property
    def document(self) -> EnvironmentFile | Source:
        """Return what is searched for secrets."""

    def suppressions(self) -> Sequence[Suppression]:
        """Return the suppressions written in it."""

    def with_text(self, text: str) -> Self:
        """Parse another text as this file. Raises ``LockstepError`` if it is not readable."""

    def keeps(self, after: Self, edits: Sequence[Edit]) -> bool:
        """Return whether everything that no edit touches is still in the edited file."""
