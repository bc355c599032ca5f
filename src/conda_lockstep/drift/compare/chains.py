"""Why a changed package is there: the chain of dependencies to the entry of the environment file that pulls it in."""

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
"""One end of a comparison, and the entries of its environment file, None where there is none."""


def explained(report: Report, old: Operand, new: Operand) -> Report:
    """Give each row of a report on two sources its shortest chain, where what they hold says what depends on what.

    What was removed is looked for on the old side, all else on the new. The entries are those of the environment file
    beside each lock, or beside the other; without one a chain begins with a package that nothing depends on.
    """
    if not report.rows:
        return report
    entries = [entries_beside(Path(source.label)) for source in (old, new)]
    theirs, ours = (own if own is not None else other for own, other in (entries, entries[::-1]))
    comparisons = (with_chains(each, (old, theirs), (new, ours)) for each in report.comparisons)
    return replace(report, comparisons=tuple(comparisons))


def with_chains(comparison: Comparison, old: End, new: End) -> Comparison:
    """Give each row of a comparison its chain; none where no entry leads to the package."""
    before, after = (_Ways(source.platforms[comparison.platform], entries) for source, entries in (old, new))
    rows = (row._replace(chain=tuple(_chain(row, before, after))) for row in comparison.rows)
    return replace(comparison, rows=tuple(rows))


class _Ways:
    """The shortest chains to the packages of one side, and what they ask of the machine."""

    def __init__(self, packages: PackageSet, entries: Sequence[RequestingEntry] | None) -> None:
        self.shortest = Graph(packages).shortest(entries)
        self.packages = packages
        self.bounds = lower_bounds(packages.values())

    def to_bound(self, name: str) -> Iterator[str]:
        """Yield the chain to the nearest of the packages that ask most of the machine, and what that one asks."""
        bound = self.bounds.get(name)
        keys: list[Key] = [("conda", each) for each in bound.packages] if bound else []
        chains = [(chain, key) for key in keys if (chain := self.shortest.to(key))]
        if chains:
            chain, key = min(chains, key=lambda found: len(found[0].needs))
            yield from _lines(chain)
            asker = self.packages[key]
            for spec in (*asker.depends, *asker.constrains):
                if split(spec)[0] == name:
                    yield f"{asker.name} {asker.version} needs {spec}"
                    break


def entries_beside(lock: Path) -> tuple[RequestingEntry, ...] | None:
    """Return the entries of the file that a lock lies beside; None where there is none."""
    file = environment_of(lock) if is_lock(lock.name) else None
    return entries_of(read(file)) if file else None


def _chain(row: Row, before: _Ways, after: _Ways) -> Iterator[str]:
    package = row.new or row.old
    if row.manager == "machine" and package is None:
        # Who asks for less does not tell why more was asked for.
        return (before if DriftClass.LOWERED.value in row.classes else after).to_bound(row.subject)
    chain = (after if row.after else before).shortest.to(package.key) if package else None
    return _lines(chain) if chain else iter(())


def _lines(chain: Chain) -> Iterator[str]:
    if chain.entry:
        where = chain.entry.where
        yield f"{Path(where.path).name}:{where.line}: {chain.entry.text}"
    for need in chain.needs:
        yield f"{need.asker.name} {need.asker.version} needs {need.spec}"
