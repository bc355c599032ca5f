"""Renders the history of locks as a self-contained HTML page with a picture of each lock over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conda_lockstep.drift.history.history import History, LockHistory, LogEntry, PackageHistory, VersionRun
from conda_lockstep.drift.report import Row, Severity, counts
from conda_lockstep.render.drift.html import filters, notes
from conda_lockstep.render.escape import markup
from conda_lockstep.render.history.picture import picture
from conda_lockstep.render.history.words import alike, period, what_happened
from conda_lockstep.render.page import page
from conda_lockstep.render.time_axis import date
from conda_lockstep.terminal import count

CHANGES = 4
"""The number of changes that an entry names, the most dangerous first."""
MERGED = 3
"""The number of merged commits that an entry names."""


def render(history: History) -> str:
    """Return the history as an HTML page; the same history gives the same bytes."""
    entries = [entry for lock in history.locks for entry in lock.entries]
    title = _title(history, entries)
    found: dict[Severity, int] = counts([_worst_row(entry) for entry in entries if entry.rows])
    body = [
        f"<header><h1>{markup(title)}</h1></header>",
        *notes(history.notes),
        *filters(found),
        *(line for lock in history.locks for line in _lock(lock, history.packages)),
    ]
    return page(title, body, ("drift.css", "log.css"), "drift.js", with_script=bool(found))


def _title(history: History, entries: Sequence[LogEntry]) -> str:
    names = list(dict.fromkeys(package.name for package in history.packages))
    about = f"History of {', '.join(names[:3])}" if names else "Lock history"
    return f"{about}: {count(len(entries), 'commit')}, {count(len(history.locks), 'lock')}"


def _worst_row(entry: LogEntry) -> Row:
    return next(row for row in entry.rows if row.severity == entry.worst)


def _lock(lock: LockHistory, packages: Sequence[PackageHistory]) -> Iterator[str]:
    yield f'<section><h2>{markup(lock.path)} <span class="platform">{markup(", ".join(lock.platforms))}</span></h2>'
    yield from _now(lock)
    own = [package for package in packages if package.lock == lock.path]
    if own or not packages:
        yield from picture(lock, own)
    if own:
        yield from _versions(own)
    yield from _entries(lock)
    yield "</section>"


def _now(lock: LockHistory) -> Iterator[str]:
    """Yield the last state by platform, and the commit that it is from."""
    yield '<div class="sides">'
    for platform, state in lock.latest.items():
        last = next((entry for entry in reversed(lock.entries) if platform in entry.moved), None)
        since = f"since {date(last.commit.date)}, {last.commit.short}" if last else "since before this range"
        yield (
            f'<span>{markup(platform)}</span><span class="mono">{markup(state.environment_id)}</span>'
            f'<span class="label">{count(state.packages, "package")}, {since}</span>'
        )
    yield "</div>"


def _versions(packages: Sequence[PackageHistory]) -> Iterator[str]:
    yield _head("Package", "Version", "Time", "Commit")
    for members, package in alike(packages):
        platforms = ", ".join(each.platform for each in members)
        for run in reversed(package.runs):
            yield _version(f"{markup(package.name)}<small>{markup(platforms)}</small>", run)
    yield "</tbody></table></div>"


def _head(*titles: str) -> str:
    cells = "".join(f"<th>{title}</th>" for title in titles)
    return f'<div class="table"><table class="log"><thead><tr>{cells}</tr></thead><tbody>'


def _version(name: str, run: VersionRun) -> str:
    commit = _commit(run.since) if run.since else "–"
    if run.brought_by:
        commit += f"<small>merges {run.brought_by.short} {markup(run.brought_by.subject)}</small>"
    return (
        f'<tr class="{run.severity or "same"}"><td class="package">{name}</td>'
        f'<td class="version">{markup(run.version)}</td><td class="what">{period(run)}</td>'
        f'<td class="why">{commit}</td></tr>'
    )


def _commit(entry: LogEntry) -> str:
    return f"<code>{entry.commit.short}</code> {markup(entry.commit.subject)}"


def _entries(lock: LockHistory) -> Iterator[str]:
    if not lock.entries:
        yield '<p class="soft">unchanged in this range</p>'
        return
    yield _head("Severity", "Date", "Commit", "Changes")
    for entry in reversed(lock.entries):
        yield _entry(entry)
    yield "</tbody></table></div>"


def _entry(entry: LogEntry) -> str:
    level = entry.worst or "same"
    merged = "".join(
        f"<small>merges {commit.short} {markup(commit.subject)}</small>" for commit in entry.merged[-MERGED:]
    )
    if len(entry.merged) > MERGED:
        merged += f"<small>and {len(entry.merged) - MERGED} more</small>"
    return (
        f'<tr class="{level}"><td class="severity">{entry.worst or "–"}</td>'
        f'<td class="date">{date(entry.commit.date)}</td>'
        f'<td class="subject">{_commit(entry)}{merged}</td>'
        f'<td class="why">{markup(what_happened(entry))}{"".join(_details(entry))}</td></tr>'
    )


def _details(entry: LogEntry) -> Iterator[str]:
    if entry.unreadable:
        yield f"<small>{markup(entry.unreadable)}</small>"
    rows = entry.rows
    for row in rows[:CHANGES]:
        before, after = markup(row.before) or "–", markup(row.after) or "–"
        yield f'<small class="{row.severity}"><b>{markup(row.subject)}</b> {before} → {after}</small>'
    if len(rows) > CHANGES:
        yield f"<small>and {len(rows) - CHANGES} more</small>"
    for note in entry.remarks:
        yield f"<small>{markup(note)}</small>"
