"""Finds the chain of dependencies from an entry of the environment file to each changed package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from conda_lockstep.conda.dependencies import split
from conda_lockstep.drift.compare.operands import Operand
from conda_lockstep.drift.model import DriftClass
from conda_lockstep.drift.report import Comparison, Report, Row
from conda_lockstep.environment.reader import read
from conda_lockstep.lock.explain.why import Chain, Graph, RequestingEntry, entries_of
from conda_lockstep.lock.model.envelope import lower_bounds
from conda_lockstep.lock.model.paths import environment_of, is_lock
from conda_lockstep.packages import Key, PackageSet

End: TypeAlias = tuple[Operand, Sequence[RequestingEntry] | None]
"""One end of a comparison, and the entries of its environment file, None if there is none."""


def add_chains(report: Report, old: Operand, new: Operand) -> Report:
    """Add the shortest chain to each row of a report on two operands, where they record dependencies.

    Chains to removed packages are searched on the old side, all others on the new. The entries are those of the
    environment file beside each lock, or beside the other; without one, a chain starts at a package that no other
    package requires.
    """
    if not report.rows:
        return report
    entries = [entries_beside(Path(source.label)) for source in (old, new)]
    old_entries, new_entries = (own if own is not None else other for own, other in (entries, entries[::-1]))
    comparisons = (with_chains(each, (old, old_entries), (new, new_entries)) for each in report.comparisons)
    return replace(report, comparisons=tuple(comparisons))


def with_chains(comparison: Comparison, old: End, new: End) -> Comparison:
    """Add its chain to each row of a comparison that has none yet; none if no entry leads to the package."""
    before, after = (
        _ChainFinder(source.platforms.get(comparison.platform, PackageSet()), entries)
        for source, entries in (old, new)
    )
    rows = (row._replace(chain=row.chain or tuple(_chain(row, before, after))) for row in comparison.rows)
    return replace(comparison, rows=tuple(rows))


class _ChainFinder:
    """The shortest chains to the packages of one side, and the bounds that these set on the machine."""

    def __init__(self, packages: PackageSet, entries: Sequence[RequestingEntry] | None) -> None:
        self.shortest = Graph(packages).shortest(entries)
        self.packages = packages
        self.bounds = lower_bounds(packages.values())

    def to_bound(self, name: str) -> Iterator[str]:
        """Yield the shortest chain to a package that sets the highest bound on the machine, and that package's spec."""
        bound = self.bounds.get(name)
        keys: list[Key] = [("conda", each) for each in bound.packages] if bound else []
        chains = [(chain, key) for key in keys if (chain := self.shortest.to(key))]
        if chains:
            chain, key = min(chains, key=lambda found: len(found[0].needs))
            yield from lines_of(chain)
            dependent = self.packages[key]
            for spec in (*dependent.depends, *dependent.constrains):
                if split(spec)[0] == name:
                    yield f"{dependent.name} {dependent.version} requires {spec}"
                    break


def entries_beside(lock: Path) -> tuple[RequestingEntry, ...] | None:
    """Return the entries of the environment file beside a lock; None if there is none."""
    file = environment_of(lock) if is_lock(lock.name) else None
    return entries_of(read(file)) if file else None


def _chain(row: Row, before: _ChainFinder, after: _ChainFinder) -> Iterator[str]:
    package = row.new or row.old
    if row.manager == "machine" and package is None:
        # A lowered bound is explained by the packages that set it before.
        return (before if DriftClass.LOWERED.value in row.classes else after).to_bound(row.subject)
    chain = (after if row.after else before).shortest.to(package.key) if package else None
    return lines_of(chain) if chain else iter(())


def lines_of(chain: Chain) -> Iterator[str]:
    """Yield a chain as text: the entry with its place, then what requires what."""
    if chain.entry:
        where = chain.entry.where
        yield f"{Path(where.path).name}:{where.line}: {chain.entry.text}"
    for need in chain.needs:
        yield f"{need.requirer.name} {need.requirer.version} requires {need.spec}"
