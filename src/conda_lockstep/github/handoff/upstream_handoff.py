"""The results that the solving step of the upstream check passes to the reporting step: typed, limited, validated."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from conda_lockstep.drift.report import Report
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.handoff.handoff import MAX_BYTES, MAX_ITEMS
from conda_lockstep.lock.model.paths import is_lock
from conda_lockstep.render.drift import json as drift_json
from conda_lockstep.text.atomic import write_text
from conda_lockstep.text.json_fields import Fields, parse_object

FILE_NAME = "findings.json"
SCHEMA = 1

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A lock as it is committed and as it would be written today; a text is empty if there is no such file."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What changed upstream for the locks.

    ``identities`` are (lock, platform, environment id) of the committed locks. ``refreshed`` are the locks to write,
    if requested. ``failures`` are errors, a line each.
    """

    report: Report
    identities: tuple[tuple[str, str, str], ...] = ()
    refreshed: tuple[Refreshed, ...] = ()
    failures: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Return whether everything was checked, and nothing has changed."""
        return not (self.report.rows or self.failures)


def write(findings: Findings, path: Path) -> None:
    """Write findings as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "schema": SCHEMA,
        "report": drift_json.dumps(findings.report),
        "identities": [
            dict(zip(("lock", "platform", "id"), identity, strict=True)) for identity in findings.identities
        ],
        "refreshed": [
            {"path": each.path, "before": each.before, "after": each.after} for each in findings.refreshed
        ],
        "failures": list(findings.failures),
    }
    write_text(path, json.dumps(document))


def read(path: Path) -> Findings:
    """Read findings and validate every value; raises ``LockstepError`` if they are missing or invalid."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LockstepError(f"is larger than {MAX_BYTES >> 20} MiB", where=path.name)
        fields = parse_object(path.read_bytes(), path.name)
    except FileNotFoundError:
        raise LockstepError("the check of the channels did not finish", remedy="read its log") from None
    if fields.number("schema") != SCHEMA:
        raise LockstepError("has another version", where=path.name)
    findings = Findings(
        report=drift_json.loads(fields.text("report"), path.name),
        identities=tuple(_identity(item) for item in fields.children("identities")),
        refreshed=tuple(_refreshed(item) for item in fields.children("refreshed")),
        failures=fields.texts("failures"),
    )
    for items in (findings.identities, findings.refreshed, findings.failures):
        if len(items) > MAX_ITEMS:
            raise LockstepError(f"contains a list of more than {MAX_ITEMS} items", where=path.name)
    return findings


def _identity(fields: Fields) -> tuple[str, str, str]:
    return fields.text("lock"), fields.text("platform"), fields.text("id")


def check_lock_path(path: str) -> None:
    """Raise ``LockstepError`` for a path that must not be written: only locks within the repository are."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not is_lock(pure.name) or _CONTROL.search(path):
        raise LockstepError("would be refreshed, but is not a lock in the repository", where=path)


def _refreshed(fields: Fields) -> Refreshed:
    check_lock_path(fields.text("path"))
    return Refreshed(fields.text("path"), fields.text("before"), fields.text("after"))
