"""What all formats say of an entry or a run, in the same words."""

from __future__ import annotations

from collections.abc import Iterable

from conda_lockstep.drift.history.history import LogEntry, PackageHistory, VersionRun
from conda_lockstep.render.time_axis import date
from conda_lockstep.terminal import count


def what_happened(entry: LogEntry) -> str:
    """Return what a commit did to a lock: ``12 changes``, ``created``, ``renamed from old.yml, 3 changes``."""
    if entry.event == "deleted":
        return "deleted"
    if entry.unreadable:
        return "cannot be read"
    parts = []
    if entry.event == "created":
        return "created"
    if entry.event == "renamed":
        parts.append(f"renamed from {entry.old_path}")
    if entry.event == "restored":
        parts.append("restored")
    rows = entry.rows
    if rows or entry.event == "changed":
        parts.append(count(len(rows), "change") if rows else "no package changed")
    new = [platform for platform in entry.platforms if platform not in entry.previous]
    if new and entry.previous:
        parts.append(f"new platform {', '.join(new)}")
    if entry.dropped:
        parts.append(f"without {', '.join(entry.dropped)}")
    return ", ".join(parts)


def period(run: VersionRun) -> str:
    """Return when a version was there: ``since 2025-11-03`` or ``2025-08-01 to 2025-11-03``."""
    start = date(run.since.commit.date) if run.since else ""
    if run.until is None:
        return f"since {start}" if start else "since before this range"
    return f"{start or '…'} to {date(run.until.commit.date)}"


def alike(packages: Iterable[PackageHistory]) -> list[tuple[list[PackageHistory], PackageHistory]]:
    """Group the platforms of a package on which the same commits brought the same versions, in order."""
    groups: dict[object, list[PackageHistory]] = {}
    for each in packages:
        runs = tuple((run.version, run.since, run.until, run.brought_by) for run in each.runs)
        groups.setdefault((each.lock, each.manager, each.name, runs), []).append(each)
    return [(members, members[0]) for members in groups.values()]
