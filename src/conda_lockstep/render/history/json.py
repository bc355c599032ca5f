"""Writes the history of locks as JSON; docs/log.md describes schema 1."""

from __future__ import annotations

import json

from conda_lockstep.drift.history.commits import LogCommit
from conda_lockstep.drift.history.history import (
    History,
    LockHistory,
    LogEntry,
    PackageHistory,
    PlatformState,
    VersionRun,
)
from conda_lockstep.drift.report import Row, counts, leading, worst
from conda_lockstep.text.json_fields import Json

SCHEMA = 1
KIND = "conda-lockstep log"


def dumps(history: History) -> str:
    """Return the document, terminated by LF; equal histories give equal text."""
    document: dict[str, Json] = {
        "schema": SCHEMA,
        "kind": KIND,
        "head": history.head,
        "since": history.since,
        "notes": list(history.notes),
        "locks": [_lock(lock) for lock in history.locks],
        "packages": [_package(package) for package in history.packages],
    }
    # A path in git is any bytes.
    return json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n"


def _lock(lock: LockHistory) -> Json:
    return {
        "path": lock.path,
        "present": lock.is_present,
        "whole": lock.is_whole,
        "before": {platform: _state(state) for platform, state in lock.before.items()},
        "entries": [_entry(entry) for entry in reversed(lock.entries)],
    }


def _entry(entry: LogEntry) -> Json:
    rows = entry.rows
    return {
        "commit": _commit(entry.commit),
        "event": entry.event,
        "path": entry.path,
        "old_path": entry.old_path,
        "merged": [_commit(commit) for commit in entry.merged],
        "worst": worst(rows),
        "changes": len(rows),
        "unreadable": entry.unreadable,
        "platforms": {platform: _platform(entry, platform) for platform in entry.platforms},
        "dropped": list(entry.dropped),
        "notes": list(entry.remarks),
    }


def _platform(entry: LogEntry, platform: str) -> Json:
    rows, previous = entry.rows_on(platform), entry.previous.get(platform)
    return {
        **_state(entry.platforms[platform]),
        "previous_id": previous.environment_id if previous else None,
        "worst": worst(rows),
        "counts": {str(severity): number for severity, number in counts(leading(rows)).items()},
        "changes": [_row(row) for row in rows],
    }


def _state(state: PlatformState) -> dict[str, Json]:
    return {"environment_id": state.environment_id, "packages": state.packages}


def _row(row: Row) -> Json:
    return {
        "subject": row.subject,
        "manager": row.manager,
        "severity": row.severity,
        "classes": list(row.classes),
        "before": row.before,
        "after": row.after,
        "why": row.why,
    }


def _package(package: PackageHistory) -> Json:
    return {
        "lock": package.lock,
        "platform": package.platform,
        "manager": package.manager,
        "name": package.name,
        "present": package.is_present,
        "versions": [_run(run) for run in reversed(package.runs)],
    }


def _run(run: VersionRun) -> Json:
    return {
        "version": run.version,
        "builds": list(run.builds),
        "severity": run.severity,
        "since": _commit(run.since.commit) if run.since else None,
        "until": _commit(run.until.commit) if run.until else None,
        "brought_by": _commit(run.brought_by) if run.brought_by else None,
    }


def _commit(commit: LogCommit) -> Json:
    return {"id": commit.id, "date": commit.date, "subject": commit.subject}
