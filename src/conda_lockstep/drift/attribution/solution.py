"""A counterfactual solution, and whether it has what the new lock has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conda_lockstep.conda.dependencies import constraints
from conda_lockstep.drift.compare.diff import same_bytes
from conda_lockstep.drift.compare.envelope_change import compare_envelopes
from conda_lockstep.drift.report import Row
from conda_lockstep.packages import Key, Manager, Package, PackageSet


@dataclass(frozen=True, slots=True)
class Solution:
    """The packages that a file gives at a moment; ``solved`` are the managers whose part has a solution."""

    packages: PackageSet
    solved: frozenset[Manager]


NO_SOLUTION = Solution(PackageSet(), frozenset())


@dataclass(frozen=True, slots=True)
class LockPair:
    """What a solution is compared with: the packages of the old and the new lock, on one platform."""

    base: PackageSet
    head: PackageSet

    def reached(self, solution: Solution, row: Row) -> bool:
        """Return whether a solution has what the new lock has, for a changed package or bound on the machine."""
        if row.manager == "machine":
            return "conda" in solution.solved and not any(
                change.virtual_package == row.subject
                for change in compare_envelopes(solution.packages, self.head)
            )
        keys = {side.key for side in (row.old, row.new) if side}
        return bool(keys) and all(self._is_reached(solution, key) for key in keys)

    def missed(self, solution: Solution) -> frozenset[Key]:
        """Return the keys at which a solution is not the new lock."""
        keys = {*self.head, *solution.packages}
        return frozenset(
            key for key in keys if key[0] in solution.solved and not self._is_reached(solution, key)
        )

    def _is_reached(self, solution: Solution, key: Key) -> bool:
        found, locked = solution.packages.get(key), self.head.get(key)
        if key[0] not in solution.solved:
            return False
        if found is None or locked is None:
            return found is locked
        before = self.base.get(key)
        if before is not None and is_same_file(before, locked):
            return is_same_file(found, locked) and all(
                one == other or before_one == other
                for one, other, before_one in zip(
                    _recorded(found), _recorded(locked), _recorded(before), strict=True
                )
            )
        return is_same_file(found, locked)


def is_same_file(one: Package, other: Package) -> bool:
    """Return whether two packages are the same file, by name, channel and the hashes that both have."""
    return (one.identity, one.channel) == (other.identity, other.channel) and same_bytes(
        one, other
    ) is not False


def _recorded(package: Package) -> Iterator[object]:
    """Yield what can change about a file: its dependencies, as a lock records them, and its URL."""
    yield constraints(package.depends)
    yield package.url
