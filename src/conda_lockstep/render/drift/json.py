"""Writes and reads the drift report as JSON; docs/drift-json.md describes schema 3.

Reading is strict and bounded, since the document may come from a job that ran untrusted code.
"""

from __future__ import annotations

import json
from typing import TypeVar

from conda_lockstep.drift.report import (
    ADVISORY_EFFECTS,
    ATTRIBUTIONS,
    NAME_MAPPINGS,
    SEVERITIES,
    AdvisoryCounts,
    Comparison,
    Evidence,
    Report,
    Row,
    RowAdvisory,
    Side,
    counts,
    distinct,
    worst,
)
from conda_lockstep.errors import LockstepError
from conda_lockstep.package_json import package_from, package_json
from conda_lockstep.snapshot.snapshot_json import file_from, file_json
from conda_lockstep.text.json_fields import Fields, Json, parse_object

_T = TypeVar("_T", bound=str)

SCHEMA = 3
KIND = "conda-lockstep drift"
MAX_CHARACTERS = 64 << 20
MAX_ROWS = 100_000


def dumps(report: Report) -> str:
    """Return the document, terminated by LF; equal reports give equal text."""
    document: dict[str, Json] = {
        "schema": SCHEMA,
        "kind": KIND,
        "worst": worst(report.rows),
        "counts": _counts_json(report),
        "comparisons": [_comparison_json(comparison) for comparison in report.comparisons],
        "evidence": _evidence_json(report.evidence),
        "notes": list(report.notes),
        "reproduce": list(report.reproduce),
        "accept": list(report.accept),
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def loads(text: str, where: str) -> Report:
    """Read a document. Raises ``LockstepError`` if it is not one, too large, or of an unknown schema."""
    if len(text) > MAX_CHARACTERS:
        raise LockstepError(f"larger than {MAX_CHARACTERS >> 20} MiB", where=where)
    fields = parse_object(text, where)
    if fields.optional_text("kind") != KIND or fields.number("schema") != SCHEMA:
        raise LockstepError(
            f"is not a drift report of schema {SCHEMA}", where=where, remedy="write it with --format json"
        )
    report = Report(
        comparisons=tuple(_comparison_from(child) for child in fields.children("comparisons")),
        evidence=_evidence_from(fields),
        notes=fields.texts("notes"),
        reproduce=fields.texts("reproduce"),
        accept=fields.texts("accept"),
    )
    if len(report.rows) > MAX_ROWS:
        raise LockstepError(f"contains more than {MAX_ROWS} changes", where=where)
    return report


def _counts_json(report: Report) -> dict[str, Json]:
    return {str(severity): number for severity, number in counts(distinct(report)).items()}


def _comparison_json(comparison: Comparison) -> dict[str, Json]:
    values: dict[str, Json] = {
        "name": comparison.name,
        "platform": comparison.platform,
        "old": _side_json(comparison.old),
        "new": _side_json(comparison.new),
        "unchanged": comparison.unchanged,
        "notes": list(comparison.notes),
        "changes": [_row_json(row) for row in comparison.rows],
    }
    if found := comparison.advisories:
        values["advisories"] = {"unchanged": found.unchanged, "not_looked_up": found.not_looked_up}
    return values


def _comparison_from(fields: Fields) -> Comparison:
    return Comparison(
        name=fields.text("name"),
        platform=fields.text("platform"),
        old=_side_from(fields.child("old")),
        new=_side_from(fields.child("new")),
        rows=tuple(_row_from(child) for child in fields.children("changes")),
        unchanged=fields.number("unchanged"),
        notes=fields.texts("notes"),
        advisories=_counts_from(fields.child("advisories")) if fields.has("advisories") else None,
    )


def _counts_from(fields: Fields) -> AdvisoryCounts:
    return AdvisoryCounts(fields.number("unchanged"), fields.number("not_looked_up"))


def _side_json(side: Side) -> dict[str, Json]:
    return {
        "label": side.label,
        "environment_id": side.environment_id,
        "conda_id": side.conda_id,
        "packages": side.packages,
        "complete": side.complete,
    }


def _side_from(fields: Fields) -> Side:
    return Side(
        label=fields.text("label"),
        environment_id=fields.text("environment_id"),
        conda_id=fields.text("conda_id"),
        packages=fields.number("packages"),
        complete=fields.flag("complete"),
    )


def _row_json(row: Row) -> dict[str, Json]:
    values: dict[str, Json] = {
        "subject": row.subject,
        "manager": row.manager,
        "severity": row.severity,
        "classes": list(row.classes),
        "before": row.before,
        "after": row.after,
        "why": row.why,
        "detail": row.detail,
        "cause": row.cause,
        "attribution": row.attribution,
        "chain": list(row.chain),
        "follows": row.follows,
    }
    if row.files:
        values["files"] = [file_json(file) for file in row.files]
    if row.advisories:
        values["advisories"] = [advisory_json(each) for each in row.advisories]
    for key, package in (("old", row.old), ("new", row.new)):
        values[key] = package_json(package, edges=False) if package else None
    return values


def _row_from(fields: Fields) -> Row:
    packages = iter(package_from(fields.child(key)) if fields.has(key) else None for key in ("old", "new"))
    return Row(
        subject=fields.text("subject"),
        manager=fields.text("manager"),
        classes=fields.texts("classes"),
        severity=_one_of(fields, "severity", SEVERITIES),
        before=fields.text("before"),
        after=fields.text("after"),
        why=fields.text("why"),
        detail=fields.text("detail"),
        cause=fields.text("cause"),
        old=next(packages),
        new=next(packages),
        files=tuple(file_from(child) for child in fields.children("files")),
        attribution=_one_of(fields, "attribution", ATTRIBUTIONS),
        chain=fields.texts("chain"),
        advisories=tuple(_advisory_from(child) for child in fields.children("advisories")),
        follows=fields.text("follows"),
    )


def advisory_json(advisory: RowAdvisory) -> Json:
    """Return what a change does about an advisory."""
    return {
        "id": advisory.id,
        "effect": advisory.effect,
        "project": advisory.project,
        "mapping": advisory.mapping,
        "aliases": list(advisory.aliases),
        "summary": advisory.summary,
        "severity": list(advisory.severity),
        "fixed": advisory.fixed,
    }


def _advisory_from(fields: Fields) -> RowAdvisory:
    return RowAdvisory(
        id=fields.text("id"),
        effect=_one_of(fields, "effect", ADVISORY_EFFECTS),
        project=fields.text("project"),
        mapping=_one_of(fields, "mapping", NAME_MAPPINGS),
        aliases=fields.texts("aliases"),
        summary=fields.text("summary"),
        severity=fields.texts("severity"),
        fixed=fields.text("fixed"),
    )


def _one_of(fields: Fields, key: str, known: tuple[_T, ...]) -> _T:
    text = fields.text(key)
    for each in known:
        if each == text:
            return each
    raise LockstepError(
        f"'{key}' is '{text}', not one of {', '.join(filter(None, known))}", where=fields.where
    )


def _evidence_json(evidence: Evidence | None) -> Json:
    if evidence is None:
        return None
    return {"reached": list(evidence.reached), "not_shown": list(evidence.not_shown)}


def _evidence_from(fields: Fields) -> Evidence | None:
    if not fields.has("evidence"):
        return None
    child = fields.child("evidence")
    return Evidence(child.texts("reached"), child.texts("not_shown"))
