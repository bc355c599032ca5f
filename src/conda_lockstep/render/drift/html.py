"""Renders a drift report as a self-contained HTML page that loads nothing and works without its script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from conda_lockstep.drift.report import (
    SEVERITIES,
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
    worst,
)
from conda_lockstep.render.advisories import advisory_counts, sentence
from conda_lockstep.render.drift.timeline import timeline
from conda_lockstep.render.drift.tree import tree
from conda_lockstep.render.escape import markup
from conda_lockstep.render.page import page
from conda_lockstep.text.printable import visible


def render(report: Report) -> str:
    """Return the report as an HTML page; the same report gives the same bytes."""
    title = _title(report)
    body = [
        *_header(report, title),
        *_filters(report),
        *(line for group in grouped(report.comparisons) for line in _group(group)),
        *notes(report.notes),
        *_commands("Reproduce", report.reproduce),
        *_commands("Accept", report.accept),
    ]
    return page(title, body, ("drift.css",), "drift.js", with_script=bool(report.rows))


def _title(report: Report) -> str:
    rows = distinct(report)
    if not rows:
        return "No environment drift"
    found = ", ".join(f"{number} {severity}" for severity, number in counts(rows).items())
    return f"Environment drift: {found}"


def _header(report: Report, title: str) -> Iterator[str]:
    level = worst(report.rows) or "same"
    yield f'<header><div class="verdict {level}"><h1>{markup(title)}</h1></div>'
    if found := advisory_counts({row.shown: row for row in report.rows}.values()):
        yield f'<p class="soft">Advisories: {found}</p>'
    if report.evidence:
        yield from _evidence(report.evidence)
    yield "</header>"


def _evidence(evidence: Evidence) -> Iterator[str]:
    steps = [f'<li class="reached">{markup(step)}</li>' for step in evidence.reached]
    steps += [f"<li>{markup(step)}</li>" for step in evidence.not_shown]
    yield f'<ol class="ladder" aria-label="Evidence: steps reached, and steps not shown">{"".join(steps)}</ol>'


def _filters(report: Report) -> Iterator[str]:
    return filters(counts(distinct(report)))


def filters(found: Mapping[Severity, int]) -> Iterator[str]:
    """Yield the filters of the tables: checkboxes, which work without the script, and a search box."""
    if not found:
        return
    yield '<form class="filters" aria-label="Filter">'
    for severity in SEVERITIES:
        shown = "" if severity in found else " hidden"
        yield (
            f'<label class="{severity}"{shown}><input type="checkbox" id="show-{severity}" checked>'
            f"{severity} <b>{found.get(severity, 0)}</b></label>"
        )
    yield '<input type="search" id="search" placeholder="Filter packages" aria-label="Filter packages" hidden></form>'


def _group(group: ComparisonGroup) -> Iterator[str]:
    first = group.first
    platforms = ", ".join(markup(comparison.platform) for comparison in group.comparisons)
    yield f'<section><h2>{markup(first.name)} <span class="platform">{platforms}</span></h2>'
    yield from _sides(group.comparisons)
    if first.rows:
        yield from _table(first.events)
        yield from tree(first.rows)
        yield from timeline(first.rows)
    yield from notes(first.notes)
    yield "</section>"


def _sides(comparisons: Sequence[Comparison]) -> Iterator[str]:
    yield '<div class="sides">'
    for comparison in comparisons:
        several = f" {comparison.platform}" if len(comparisons) > 1 else ""
        if comparison.rows:
            yield _side(f"before{several}", comparison.old)
            yield _side(f"after{several}", comparison.new)
        else:
            yield _side(f"unchanged{several}", comparison.new)
    yield "</div>"


def _side(word: str, side: Side) -> str:
    part = "" if side.complete else " (conda part)"
    return (
        f'<span>{markup(word)}</span><span class="mono">{markup(side.environment_id)}{part}</span>'
        f'<span class="label">{side.packages} {side.unit}, {markup(side.label)}</span>'
    )


def _table(events: Sequence[ChangeEvent]) -> Iterator[str]:
    cause = "<th>Cause</th>" if any(event.lead.cause for event in events) else ""
    yield '<div class="table"><table><thead><tr><th>Severity</th><th>Package</th><th>From</th><th>To</th>'
    yield f"<th>Change</th><th>Why it matters</th>{cause}</tr></thead><tbody>"
    for event in events:
        yield _row(event, with_cause=bool(cause))
    yield "</tbody></table></div>"


def _row(event: ChangeEvent, *, with_cause: bool) -> str:
    row, followers = event
    pip = "<small>pip</small>" if row.manager == "pip" else ""
    detail = f"<small>{markup(row.detail)}</small>" if row.detail else ""
    cause = f'<td class="cause">{markup(row.cause)}</td>' if with_cause else ""
    return (
        f'<tr class="{row.severity}"><td class="severity">{row.severity}</td>'
        f'<td class="package">{markup(row.subject)}{pip}</td>'
        f'<td class="version before">{markup(row.before) or "–"}</td>'
        f'<td class="version after">{markup(row.after) or "–"}</td>'
        f'<td class="what">{markup(", ".join(row.classes))}</td>'
        f'<td class="why">{markup(row.why)}{detail}{_advisories((row, *followers))}{_chain(row)}{_with(followers)}</td>'
        f"{cause}</tr>"
    )


def _advisories(rows: Iterable[Row]) -> str:
    return "".join(
        f'<small class="advisory {each.effect}">{markup(sentence(each))}</small>'
        for row in rows
        for each in row.advisories
    )


def _with(followers: Sequence[Row]) -> str:
    """Return the changes that follow another one, folded."""
    if not followers:
        return ""
    changes = "".join(
        f"<li>{markup(row.subject)} {markup(row.before) or '–'} → {markup(row.after) or '–'}{_chain(row)}</li>"
        for row in followers
    )
    return f"<details><summary>{len(followers)} more with it</summary><ul>{changes}</ul></details>"


def _chain(row: Row) -> str:
    """Return the chain from the user's entry to the package, folded if it has more than one step."""
    if not row.chain:
        return ""
    steps = f'<ol class="chain">{"".join(f"<li>{markup(step)}</li>" for step in row.chain)}</ol>'
    if len(row.chain) == 1:
        return steps
    pulled = "pulled in by" if row.after else "was pulled in by"
    return f"<details><summary>{pulled} {markup(row.chain[0])}</summary>{steps}</details>"


def notes(texts: Sequence[str]) -> Iterator[str]:
    """Yield a list of notes, nothing if there are none."""
    if texts:
        yield f'<ul class="notes">{"".join(f"<li>{markup(text)}</li>" for text in texts)}</ul>'


def _commands(title: str, commands: Sequence[str]) -> Iterator[str]:
    if commands:
        text = "\n".join(markup(visible(command, 1000)) for command in commands)
        yield f"<section><h2>{title}</h2><pre>{text}</pre></section>"
