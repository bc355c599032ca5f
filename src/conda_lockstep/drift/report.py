"""What every report on drift shows: the model between the comparison and the renderers.

It holds text and packages and no logic of its own, so that it survives a trip through JSON: the Action
builds it where there is no token and renders it where there is one. Rows are named tuples, for there are thousands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.packages import Package
from conda_lockstep.snapshot.model import MismatchedFile

Severity: TypeAlias = Literal["critical", "high", "medium", "low", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
"""Most dangerous first."""
Attribution: TypeAlias = Literal["", "change", "upstream", "both", "unexplained"]
"""Whose doing a change is: the pull request's, upstream's, both's, or neither's; empty where nobody looked."""
BLAMES: tuple[Attribution, ...] = ("", "change", "upstream", "both", "unexplained")


class Row(NamedTuple):
    """One change. ``classes`` are its drift classes, the one that decides first.

    ``subject`` is the package, or the virtual package (``__glibc``) that the environment needs.
    ``before`` and ``after`` are what changed, short, empty where there was or is nothing; ``detail`` is what they
    leave out; ``why`` is one line on why it matters; ``cause`` says in words what ``blame`` says, empty where
    nobody looked. ``chain`` leads from an entry of the environment file to the package, a step a line.
    ``files`` are those that a deep look found not to be what was recorded.
    """

    subject: str
    manager: str
    classes: tuple[str, ...]
    severity: Severity
    before: str
    after: str
    why: str
    detail: str = ""
    cause: str = ""
    old: Package | None = None
    new: Package | None = None
    files: tuple[MismatchedFile, ...] = ()
    blame: Attribution = ""
    chain: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[object, ...]:
        """What changed, as a reader sees it: two rows of which this is equal tell the same."""
        return self.subject, self.manager, self.classes, self.before, self.after


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a comparison: what it is called and what it holds.

    ``environment_id`` covers all packages, ``conda_id`` the conda part. ``complete`` is false where the
    format has no place for pip packages; then both ids are that of the conda part. An environment file has
    no ids, and its ``packages`` are its entries.
    """

    label: str
    environment_id: str
    conda_id: str
    packages: int
    complete: bool = True

    @property
    def unit(self) -> str:
        """Return what is counted, in the plural."""
        return "packages" if self.environment_id else "entries"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One environment on one platform, most dangerous row first.

    ``notes`` are sentences on what was not compared, and why.
    """

    name: str
    platform: str
    old: Side
    new: Side
    rows: tuple[Row, ...] = ()
    unchanged: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """How far the evidence goes: the steps of the ladder that were reached, and what was not shown."""

    reached: tuple[str, ...]
    not_shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Every comparison of one run.

    ``notes`` hold for the whole run, such as a platform that one side lacks. ``reproduce`` and ``accept`` are
    the commands that show the same again, and that make the new state the expected one.
    """

    comparisons: tuple[Comparison, ...]
    evidence: Evidence | None = None
    notes: tuple[str, ...] = ()
    reproduce: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the rows of all comparisons, each comparison's in its order."""
        return tuple(row for comparison in self.comparisons for row in comparison.rows)


def at_least(rows: Iterable[Row], threshold: Severity) -> tuple[Row, ...]:
    """Return the rows that are as dangerous as ``threshold`` or more."""
    limit = SEVERITIES.index(threshold)
    return tuple(row for row in rows if SEVERITIES.index(row.severity) <= limit)


def blamed_on_change(row: Row) -> bool:
    """Return whether a change may fail a check: all do but those that are known to be upstream's alone."""
    return row.blame != "upstream"


def worst(rows: Iterable[Row]) -> Severity | None:
    """Return the highest severity among the rows; None where there are no rows."""
    ranks = [SEVERITIES.index(row.severity) for row in rows]
    return SEVERITIES[min(ranks)] if ranks else None


def counts(rows: Iterable[Row]) -> dict[Severity, int]:
    """Count the rows of each severity that occurs, most dangerous first."""
    found = [row.severity for row in rows]
    return {severity: found.count(severity) for severity in SEVERITIES if severity in found}


def distinct(report: Report) -> tuple[Row, ...]:
    """Return the rows of all comparisons, those once that read alike on several platforms of an environment."""
    rows: dict[object, Row] = {}
    for comparison in report.comparisons:
        for row in comparison.rows:
            rows.setdefault((comparison.name, row.shown), row)
    return tuple(rows.values())


@dataclass(frozen=True, slots=True)
class ComparisonGroup:
    """Comparisons of one environment whose rows read alike, so that they are shown once."""

    comparisons: tuple[Comparison, ...]

    @property
    def first(self) -> Comparison:
        """Return the comparison that stands for all of them."""
        return self.comparisons[0]


def grouped(comparisons: Iterable[Comparison]) -> tuple[ComparisonGroup, ...]:
    """Put platforms together that changed alike, in the order of the first of each."""
    groups: dict[object, list[Comparison]] = {}
    for comparison in comparisons:
        shown = tuple(row.shown for row in comparison.rows)
        groups.setdefault((comparison.name, shown, comparison.notes), []).append(comparison)
    return tuple(ComparisonGroup(tuple(members)) for members in groups.values())
