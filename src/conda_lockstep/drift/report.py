"""The drift report: severities, rows and comparisons, the model between the comparison and the renderers.

It holds text and packages and no logic of its own, so that it survives a round trip through JSON: the Action
builds it in a job without a token and renders it in one with a token. Rows are named tuples, since there are thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.packages import Package
from conda_lockstep.snapshot.model import MismatchedFile

Severity: TypeAlias = Literal["critical", "high", "medium", "low", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
"""Most dangerous first."""
Attribution: TypeAlias = Literal["", "pull_request", "upstream", "either", "both", "unexplained"]
"""What caused a change; empty if not determined.

``either`` would have sufficed alone: the change would have come anyway. ``both`` were needed together, such as a
loosened pin and a release. ``unexplained`` is neither, such as a lock edited by hand.
"""
ATTRIBUTIONS: tuple[Attribution, ...] = ("", "pull_request", "upstream", "either", "both", "unexplained")


AdvisoryEffect: TypeAlias = Literal["introduced", "removed", "kept"]
"""What a change does about an advisory; ``kept`` is one that affects both sides."""
ADVISORY_EFFECTS: tuple[AdvisoryEffect, ...] = ("introduced", "kept", "removed")
NameMapping: TypeAlias = Literal["pip", "same name", "name table"]
"""How a package was matched with a PyPI project: installed by pip; a conda package that the name table lists under
the same name, or under another one."""
NAME_MAPPINGS: tuple[NameMapping, ...] = ("pip", "same name", "name table")


class RowAdvisory(NamedTuple):
    """A known vulnerability that a change brings, removes or keeps.

    ``id`` is the CVE where there is one, ``aliases`` are its other names. ``project`` is the PyPI project, and
    ``mapping`` says how the package was matched with it. ``severity`` is as the advisory writes it. ``fixed`` is the
    lowest version that fixes it, empty if unknown.
    """

    id: str
    effect: AdvisoryEffect
    project: str
    mapping: NameMapping
    aliases: tuple[str, ...] = ()
    summary: str = ""
    severity: tuple[str, ...] = ()
    fixed: str = ""


class AdvisoryCounts(NamedTuple):
    """What advisories say of the packages that did not change.

    ``unchanged`` is the number of unchanged packages with an advisory, ``not_looked_up`` that of the conda packages of
    the new side for which no PyPI project is known.
    """

    unchanged: int
    not_looked_up: int


class Row(NamedTuple):
    """One change. ``classes`` are its drift classes; the first one determined the severity.

    ``subject`` is the package, or the virtual package (``__glibc``) that the environment requires.
    ``before`` and ``after`` show the change in short, empty for an absent side; ``detail`` is what they leave out;
    ``why`` is one line on why it matters. ``cause`` is the text for ``attribution``; both are empty where the cause was
    not determined. ``chain`` leads from an entry of the environment file to the package, one step per line.
    ``files`` are those that a deep check found to differ from their records. ``advisories`` are the known
    vulnerabilities that the change brings, keeps or removes, if they were looked up. ``follows`` is the subject of the
    row that leads, where this change is a part of the same event: it is shown with that one, and not counted.
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
    attribution: Attribution = ""
    chain: tuple[str, ...] = ()
    advisories: tuple[RowAdvisory, ...] = ()
    follows: str = ""

    @property
    def shown(self) -> tuple[object, ...]:
        """What changed, as a reader sees it: two rows with equal values show the same change."""
        return self.subject, self.manager, self.classes, self.before, self.after


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a comparison: its label and what it contains.

    ``environment_id`` covers all packages, ``conda_id`` the conda part. ``complete`` is false where the
    format cannot hold pip packages; then both ids are that of the conda part. An environment file has
    no ids, and ``packages`` counts its entries.
    """

    label: str
    environment_id: str
    conda_id: str
    packages: int
    complete: bool = True

    @property
    def unit(self) -> str:
        """Return the unit that ``packages`` counts, in the plural."""
        return "packages" if self.environment_id else "entries"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One environment on one platform, most dangerous row first.

    ``notes`` name what was not compared, and why. ``advisories`` is None if none were looked up.
    """

    name: str
    platform: str
    old: Side
    new: Side
    rows: tuple[Row, ...] = ()
    unchanged: int = 0
    notes: tuple[str, ...] = ()
    advisories: AdvisoryCounts | None = None

    @property
    def events(self) -> tuple[ChangeEvent, ...]:
        """Return each change with those that follow it, in order."""
        return events(self.rows)


class ChangeEvent(NamedTuple):
    """A change, and those that follow it: the packages that were switched together, or that came with another."""

    lead: Row
    followers: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """How far the evidence goes: the rungs of the ladder that were reached, and what was not shown."""

    reached: tuple[str, ...]
    not_shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Every comparison of one run.

    ``notes`` apply to the whole run, such as a platform that one side lacks. ``reproduce`` are the commands that
    produce the report again, ``accept`` those that make the new state the expected one.
    """

    comparisons: tuple[Comparison, ...]
    evidence: Evidence | None = None
    notes: tuple[str, ...] = ()
    reproduce: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the rows of all comparisons, in order, with those that follow another."""
        return tuple(row for comparison in self.comparisons for row in comparison.rows)


def at_least(rows: Iterable[Row], threshold: Severity) -> tuple[Row, ...]:
    """Return the rows of severity ``threshold`` or worse."""
    limit = SEVERITIES.index(threshold)
    return tuple(row for row in rows if SEVERITIES.index(row.severity) <= limit)


def counts_against_change(event: ChangeEvent) -> bool:
    """Return whether an event can fail a check: each can, except one that is attributed to upstream alone."""
    return any(row.attribution != "upstream" for row in (event.lead, *event.followers))


def worst(rows: Iterable[Row]) -> Severity | None:
    """Return the highest severity among the rows; None where there are no rows."""
    ranks = [SEVERITIES.index(row.severity) for row in rows]
    return SEVERITIES[min(ranks)] if ranks else None


def events(rows: Sequence[Row]) -> tuple[ChangeEvent, ...]:
    """Return each of some rows with those that follow it, in order; a row whose leader is not among them leads."""
    names = {row.subject for row in rows if not row.follows} - {""}
    led: dict[object, list[Row]] = {}
    for row in rows:
        if row.follows in names:
            led.setdefault(row.follows, []).append(row)
    return tuple(
        ChangeEvent(row, tuple(led.pop(row.subject, ()))) for row in rows if row.follows not in names
    )


def leading(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows that are counted: those that follow no other of them."""
    return tuple(event.lead for event in events(rows))


def counts(rows: Iterable[Row]) -> dict[Severity, int]:
    """Count the rows of each severity that occurs, most dangerous first."""
    found = [row.severity for row in rows]
    return {severity: found.count(severity) for severity in SEVERITIES if severity in found}


def distinct(report: Report, where: Callable[[ChangeEvent], bool] = lambda event: True) -> tuple[Row, ...]:
    """Return the leading rows of the events that match; those that look alike on several platforms count once.

    These are what every format counts.
    """
    rows: dict[object, Row] = {}
    for comparison in report.comparisons:
        for event in filter(where, comparison.events):
            rows.setdefault((comparison.name, event.lead.shown), event.lead)
    return tuple(rows.values())


@dataclass(frozen=True, slots=True)
class ComparisonGroup:
    """Comparisons of one environment whose rows look alike, so that they are shown once."""

    comparisons: tuple[Comparison, ...]

    @property
    def first(self) -> Comparison:
        """Return the comparison that represents all of them."""
        return self.comparisons[0]


def grouped(comparisons: Iterable[Comparison]) -> tuple[ComparisonGroup, ...]:
    """Group the platforms with the same changes and attributions, in the order of the first of each group."""
    groups: dict[object, list[Comparison]] = {}
    for comparison in comparisons:
        shown = tuple((row.shown, row.attribution) for row in comparison.rows)
        groups.setdefault((comparison.name, shown, comparison.notes), []).append(comparison)
    return tuple(ComparisonGroup(tuple(members)) for members in groups.values())
