"""Traces a change to the changed line of the environment file that led to it: the line, then what followed from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from conda_lockstep.drift.compare.chains import lines_of, with_chains
from conda_lockstep.drift.compare.operands import from_lock
from conda_lockstep.drift.report import Attribution, Comparison, Row
from conda_lockstep.lock.explain.why import Graph, RequestingEntry, entries_of
from conda_lockstep.lock.model import virtual_packages as virtual
from conda_lockstep.lock.solve.solve import Request
from conda_lockstep.lock.update.relock import LockedPlatform
from conda_lockstep.packages import Key, PackageSet

BY_CHANGE: tuple[Attribution, ...] = ("pull_request", "either", "both")
"""The attributions of what a change of the file has a part in."""


def with_changed_lines(
    comparison: Comparison, base: LockedPlatform, head: LockedPlatform, requests: tuple[Request, Request]
) -> Comparison:
    """Add to each row that the file has a part in the chain from a changed line to the package.

    A removed line is one of the old file. Where no line leads there, but the channels or the machine changed, the chain
    is that change; it is empty if nothing of the file did.
    """
    lines = _ChangedLines.between(base, head)
    old, new = (from_lock(each.lock, str(each.path)) for each in (base, head))
    traced = with_chains(comparison, (old, lines.removed), (new, lines.changed))
    platform, settings = comparison.platform, tuple(_settings(*requests))
    finder = _Fallback(lines, old.platforms[platform], new.platforms[platform], settings)
    rows = (
        row._replace(chain=row.chain or finder.chain(row))
        if row.attribution in BY_CHANGE
        else row._replace(chain=())
        for row in traced.rows
    )
    return replace(comparison, rows=tuple(rows))


@dataclass(frozen=True, slots=True)
class _ChangedLines:
    """The entries of the new file that are new or changed, and those of the old file that are gone."""

    changed: tuple[RequestingEntry, ...]
    removed: tuple[RequestingEntry, ...]

    @classmethod
    def between(cls, base: LockedPlatform, head: LockedPlatform) -> _ChangedLines:
        old, new = ({entry.key: entry for entry in entries_of(each.file)} for each in (base, head))
        changed = (
            replace(entry, text=f"{entry.text} (was: {old[key].text})") if key in old else entry
            for key, entry in new.items()
            if key not in old or old[key].text != entry.text
        )
        removed = (
            replace(entry, text=f"{entry.text} (removed)") for key, entry in old.items() if key not in new
        )
        return cls(tuple(changed), tuple(removed))


@dataclass(frozen=True, slots=True)
class _Fallback:
    """Finds a chain where no changed line requires the package itself."""

    lines: _ChangedLines
    old: PackageSet
    new: PackageSet
    settings: tuple[str, ...]

    def chain(self, row: Row) -> tuple[str, ...]:
        key = next((side.key for side in (row.new, row.old) if side), None)
        if key is None:
            return self.settings
        return self._held_by_removed(key) or self._requires_changed(key) or self.settings or self._only_line()

    def _held_by_removed(self, key: Key) -> tuple[str, ...]:
        """Return the chain of the old lock from a removed line, which limited the package."""
        chain = Graph(self.old).shortest(self.lines.removed).to(key) if self.lines.removed else None
        return tuple(lines_of(chain)) if chain else ()

    def _requires_changed(self, key: Key) -> tuple[str, ...]:
        """Return the chain from the package down to one of a changed line, turned round: the package had to fit it."""
        package = self.new.get(key)
        if package is None or not self.lines.changed:
            return ()
        start = replace(self.lines.changed[0], key=key)
        shortest = Graph(self.new).shortest((start,))
        for entry in self.lines.changed:
            if entry.key != key and (chain := shortest.to(entry.key)):
                where, *needs = lines_of(replace(chain, entry=entry))
                return (where, *reversed(needs))
        return ()

    def _only_line(self) -> tuple[str, ...]:
        found = (*self.lines.changed, *self.lines.removed)
        if len(found) != 1:
            return ()
        (entry,) = found
        return (f"{Path(entry.where.path).name}:{entry.where.line}: {entry.text}",)


def _settings(base: Request, head: Request) -> Iterator[str]:
    """Yield the channels and the machine where they changed."""
    before, after = (", ".join(channel.name for channel in each.channels) for each in (base, head))
    if before != after:
        yield f"channels: {after} (were: {before})"
    pairs = ((base, head), (head, base))
    old, new = (virtual.to_text(tuple({*one.machine} - {*other.machine})) for one, other in pairs)
    if old or new:
        yield f"machine: {new or 'none'} (was: {old or 'none'})"
