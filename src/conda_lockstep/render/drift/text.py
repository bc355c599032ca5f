"""Renders a drift report for a terminal: one line per change, most dangerous first, and why it matters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conda_lockstep.drift.report import (
    AdvisoryEffect,
    ChangeEvent,
    Comparison,
    ComparisonGroup,
    Evidence,
    Report,
    Row,
    Severity,
    Side,
    counts,
    distinct,
    grouped,
    leading,
)
from conda_lockstep.render.advisories import advisory_counts, sentence
from conda_lockstep.text.printable import visible

SEVERITY_COLOURS: dict[Severity, str] = {
    "critical": "1;31",
    "high": "31",
    "medium": "33",
    "low": "36",
    "info": "2",
}
_BOLD, _DIM = "1", "2"
_EFFECTS: dict[AdvisoryEffect, str] = {"introduced": "31", "kept": "2", "removed": "32"}
_EXPLAINED: frozenset[Severity] = frozenset({"critical", "high"})
_WIDEST_SUBJECT, _WIDEST_CHANGE = 32, 60
_FOLLOWERS_SHOWN = 12
"""The number of followers that are named; the other formats name them all."""


def render(report: Report, *, colour: bool = False) -> str:
    """Return the report as text that ends in LF; ``colour`` adds ANSI sequences."""
    blocks = ["\n".join(_group(group, colour)) for group in grouped(report.comparisons)]
    if len(blocks) > 1 and (rows := distinct(report)):
        blocks.append(f"in all {_changes(rows)}")
    if report.evidence:
        blocks.append("\n".join(_evidence(report.evidence)))
    blocks += [f"note: {visible(note)}" for note in report.notes]
    return "\n\n".join(blocks) + "\n"


def _group(group: ComparisonGroup, colour: bool) -> Iterator[str]:
    platforms = ", ".join(visible(comparison.platform) for comparison in group.comparisons)
    title = _paint(f"{visible(group.first.name)} ({platforms})", _BOLD, colour)
    rows = group.first.rows
    if not rows:
        ids = ", ".join(dict.fromkeys(_identity(comparison.new) for comparison in group.comparisons))
        yield f"{title}: no drift, {ids}, {_packages(group.first.unchanged)}"
    else:
        yield title
        yield from _sides(group.comparisons)
        yield ""
        yield from _events(group.first.events, colour)
        yield ""
        yield _summary(group.first)
        if found := advisory_counts(rows):
            yield f"  advisories: {found}"
    for note in group.first.notes:
        yield _paint(f"note: {visible(note, 1000)}", _DIM, colour)


def _sides(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Yield the labels of both sides, once, and the environment ids of each platform."""
    first = comparisons[0]
    yield f"  old  {visible(first.old.label)}"
    yield f"  new  {visible(first.new.label)}"
    for comparison in comparisons:
        if not comparison.new.environment_id:
            continue  # an environment file has none
        old, new = comparison.old, comparison.new
        platform = f"{visible(comparison.platform)}  " if len(comparisons) > 1 else ""
        yield f"  id   {platform}{_identity(old)} → {_identity(new)}, {old.packages} → {_packages(new.packages)}"


def _identity(side: Side) -> str:
    return visible(side.environment_id or side.label) + ("" if side.complete else " (conda part)")


def _events(events: Sequence[ChangeEvent], colour: bool) -> Iterator[str]:
    rows = [event.lead for event in events]
    subjects = [visible(row.subject) + (" (pip)" if row.manager == "pip" else "") for row in rows]
    changes = [f"{visible(row.before) or '–'} → {visible(row.after) or '–'}" for row in rows]
    widths = (min(_WIDEST_SUBJECT, max(map(len, subjects))), min(_WIDEST_CHANGE, max(map(len, changes))))
    for (row, followers), subject, change in zip(events, subjects, changes, strict=True):
        severity = _paint(f"{row.severity:<8}", SEVERITY_COLOURS[row.severity], colour)
        classes = _paint(visible(", ".join(row.classes)), _DIM, colour)
        yield f"  {severity}  {subject:<{widths[0]}}  {change:<{widths[1]}}  {classes}"
        why = row.why if row.severity in _EXPLAINED else ""
        cause = f"cause: {row.cause}" if row.cause else ""
        if details := "; ".join(filter(None, (why, row.detail, cause))):
            yield _paint(f"            {visible(details, 1000)}", _DIM, colour)
        for each in (row, *followers):
            for advisory in each.advisories:
                yield _paint(
                    f"            {visible(sentence(advisory), 1000)}", _EFFECTS[advisory.effect], colour
                )
        if followers:
            yield _paint(f"            {visible(_with(followers), 4000)}", _DIM, colour)
        for each in (row, *followers):
            for depth, step in enumerate(each.chain):
                yield _paint(f"            {'  ' * depth}{visible(step, 1000)}", _DIM, colour)


def _with(followers: Sequence[Row]) -> str:
    """Name the changes that follow another one: ``with it 2 more: libtorch 2.4.0 → 2.5.0, cudnn removed``."""
    changes = [
        f"{row.subject} {row.before} → {row.after}"
        if row.before and row.after
        else f"{row.subject} {row.after or row.before} {row.classes[0]}"
        for row in followers[:_FOLLOWERS_SHOWN]
    ]
    more = [f"and {len(followers) - _FOLLOWERS_SHOWN} more"] if len(followers) > _FOLLOWERS_SHOWN else []
    return f"with it {len(followers)} more: {', '.join([*changes, *more])}"


def _summary(comparison: Comparison) -> str:
    leads = leading(comparison.rows)
    total, followers = len(leads), len(comparison.rows) - len(leads)
    following = f" and {followers} that follow" if followers else ""
    return f"  {_changes(leads)}{following}; {_count(comparison)} unchanged" if total else ""


def _changes(rows: Sequence[Row]) -> str:
    parts = ", ".join(f"{number} {severity}" for severity, number in counts(rows).items())
    return f"{len(rows)} change{'' if len(rows) == 1 else 's'}: {parts}"


def _count(comparison: Comparison) -> str:
    if comparison.new.unit == "packages":
        return _packages(comparison.unchanged)
    return f"{comparison.unchanged} {'entry' if comparison.unchanged == 1 else 'entries'}"


def _evidence(evidence: Evidence) -> Iterator[str]:
    yield f"evidence: {' → '.join(map(visible, evidence.reached)) or 'none'}"
    if evidence.not_shown:
        yield f"not shown: {', '.join(map(visible, evidence.not_shown))}"


def _packages(number: int) -> str:
    return f"{number} package{'' if number == 1 else 's'}"


def _paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
