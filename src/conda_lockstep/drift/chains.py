"""Why a changed package is there: the chain of dependencies to the entry of the environment file that pulls it in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from conda_lockstep.drift.source import Source
from conda_lockstep.environment.document import read
from conda_lockstep.lock.paths import environment_of, is_lock
from conda_lockstep.lock.why import Chain, Entry, Graph, Shortest, entries_of
from conda_lockstep.report.model import Comparison, Report, Row

End: TypeAlias = tuple[Source, Sequence[Entry] | None]
"""One end of a comparison, and the entries of its environment file, None where there is none."""


def explained(report: Report, old: Source, new: Source) -> Report:
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
    before, after = (
        Graph(source.platforms[comparison.platform]).shortest(entries) for source, entries in (old, new)
    )
    rows = (row._replace(chain=_chain(row, after if row.after else before)) for row in comparison.rows)
    return replace(comparison, rows=tuple(rows))


def entries_beside(lock: Path) -> tuple[Entry, ...] | None:
    """Return the entries of the file that a lock lies beside; None where there is none."""
    file = environment_of(lock) if is_lock(lock.name) else None
    return entries_of(read(file)) if file else None


def _chain(row: Row, shortest: Shortest) -> tuple[str, ...]:
    package = row.new or row.old
    chain = shortest.to(package.key if package else ("conda", row.subject))
    return tuple(_lines(chain)) if chain else ()


def _lines(chain: Chain) -> Iterator[str]:
    if chain.entry:
        where = chain.entry.where
        yield f"{Path(where.path).name}:{where.line}: {chain.entry.text}"
    for need in chain.needs:
        yield f"{need.asker.name} {need.asker.version} needs {need.spec}"
