"""Drift as one self-contained page: nothing is loaded from elsewhere, and it reads without its script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files

from conda_lockstep.drift.report import (
    SEVERITIES,
    Comparison,
    ComparisonGroup,
    Evidence,
    Report,
    Row,
    Side,
    counts,
    distinct,
    grouped,
    worst,
)
from conda_lockstep.render.drift.timeline import picture
from conda_lockstep.render.escape import markup
from conda_lockstep.text.printable import visible


def render(report: Report) -> str:
    """Return the report as an HTML page; the same report gives the same bytes."""
    style, script = _asset("drift.css"), _asset("drift.js")
    title = _title(report)
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{markup(title)}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        "<main>",
        *_header(report, title),
        *_filters(report),
        *(line for group in grouped(report.comparisons) for line in _group(group)),
        *_notes(report.notes),
        *_commands("Reproduce", report.reproduce),
        *_commands("Accept", report.accept),
        "<footer>Written by conda-lockstep.</footer>",
        "</main>",
        f"<script>{script}</script>" if report.rows else "",
        "</body>",
        "</html>",
    ]
    return "\n".join(filter(None, lines)) + "\n"


def _asset(name: str) -> str:
    return "\n" + (files("conda_lockstep.render") / "assets" / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Return a policy that allows this page's own style and script, by their hashes, and nothing else."""
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}';"
        " base-uri 'none'; form-action 'none'"
    )


def _title(report: Report) -> str:
    rows = distinct(report)
    if not rows:
        return "No environment drift"
    found = ", ".join(f"{number} {severity}" for severity, number in counts(rows).items())
    return f"Environment drift: {found}"


def _header(report: Report, title: str) -> Iterator[str]:
    level = worst(report.rows) or "same"
    yield f'<header><div class="verdict {level}"><h1>{markup(title)}</h1></div>'
    if report.evidence:
        yield from _evidence(report.evidence)
    yield "</header>"


def _evidence(evidence: Evidence) -> Iterator[str]:
    steps = [f'<li class="reached">{markup(step)}</li>' for step in evidence.reached]
    steps += [f"<li>{markup(step)}</li>" for step in evidence.not_shown]
    yield f'<ol class="ladder" aria-label="Evidence: what was shown, and what was not">{"".join(steps)}</ol>'


def _filters(report: Report) -> Iterator[str]:
    """Yield what narrows the tables: checkboxes, which the style sheet acts on, and a search for the script."""
    found = counts(distinct(report))
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
        yield from _table(first.rows)
        yield from picture(first.rows)
    yield from _notes(first.notes)
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


def _table(rows: Sequence[Row]) -> Iterator[str]:
    cause = "<th>Cause</th>" if any(row.cause for row in rows) else ""
    yield '<div class="table"><table><thead><tr><th>Severity</th><th>Package</th><th>From</th><th>To</th>'
    yield f"<th>What</th><th>Why it matters</th>{cause}</tr></thead><tbody>"
    for row in rows:
        yield _row(row, with_cause=bool(cause))
    yield "</tbody></table></div>"


def _row(row: Row, *, with_cause: bool) -> str:
    pip = "<small>pip</small>" if row.manager == "pip" else ""
    detail = f"<small>{markup(row.detail)}</small>" if row.detail else ""
    cause = f'<td class="cause">{markup(row.cause)}</td>' if with_cause else ""
    return (
        f'<tr class="{row.severity}"><td class="severity">{row.severity}</td>'
        f'<td class="package">{markup(row.subject)}{pip}</td>'
        f'<td class="version before">{markup(row.before) or "–"}</td>'
        f'<td class="version after">{markup(row.after) or "–"}</td>'
        f'<td class="what">{markup(", ".join(row.classes))}</td>'
        f'<td class="why">{markup(row.why)}{detail}{_chain(row)}</td>{cause}</tr>'
    )


def _chain(row: Row) -> str:
    """Return the way from the user's entry to the package, folded where it has more than one step."""
    if not row.chain:
        return ""
    steps = f'<ol class="chain">{"".join(f"<li>{markup(step)}</li>" for step in row.chain)}</ol>'
    if len(row.chain) == 1:
        return steps
    pulled = "pulled in by" if row.after else "was pulled in by"
    return f"<details><summary>{pulled} {markup(row.chain[0])}</summary>{steps}</details>"


def _notes(notes: Sequence[str]) -> Iterator[str]:
    if notes:
        yield f'<ul class="notes">{"".join(f"<li>{markup(note)}</li>" for note in notes)}</ul>'


def _commands(title: str, commands: Sequence[str]) -> Iterator[str]:
    if commands:
        text = "\n".join(markup(visible(command, 1000)) for command in commands)
        yield f"<section><h2>{title}</h2><pre>{text}</pre></section>"
