"""Findings as SARIF 2.1.0, which code scanning services and editors read.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html; the sections
are cited below.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.baseline import entry_text
from conda_lockstep.lint.engine.findings import Finding, FixAt
from conda_lockstep.lint.engine.registry import Rule, rules
from conda_lockstep.lint.engine.rule_pages import lead, plain
from conda_lockstep.render.findings.lines import visible
from conda_lockstep.render.paths import from_root

_Object: TypeAlias = dict[str, object]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_FINGERPRINT = "primaryLocationLineHash"
"""The one key that GitHub compares; without it GitHub hashes the lines below, and a moved entry is a new alert."""


def render(findings: Sequence[Finding], failures: Sequence[LockstepError], root: Path) -> str:
    """Return a log with one run: the rules that spoke, the findings in their order, and what could not be read.

    Paths are relative to ``root``, those outside of it absolute. Nothing in it depends on the machine or the time.
    """
    names = sorted({finding.rule for finding in findings})
    known = {rule.name: rule for rule in rules()} if names else {}
    prints = _fingerprints(findings, root)
    run = {
        "tool": {
            "driver": {
                "name": "conda-lockstep",
                "semanticVersion": version("conda-lockstep"),
                "rules": [_rule(known[name]) for name in names],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(failures)],
        "results": [
            _result(finding, names.index(finding.rule), mark, root)
            for finding, mark in zip(findings, prints, strict=True)
        ],
    }
    return (
        json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)
        + "\n"
    )


def _rule(rule: Rule) -> _Object:
    # Links to other pages would lead nowhere from here.
    what = re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]+\)", r"`\1`", lead(rule))
    more = f"`lockstep explain {rule.name}` shows the whole page."
    return {
        "id": rule.name,
        "shortDescription": {"text": plain(rule.summary)},
        "fullDescription": {"text": plain(what), "markdown": what},
        "help": {"text": f"{plain(what)} {plain(more)}", "markdown": f"{what}\n\n{more}"},
        "defaultConfiguration": {
            "level": rule.severity,
            "enabled": rule.default and not rule.requires_solver,
        },
        "properties": {"tags": [rule.family]},
    }


def _invocation(failures: Sequence[LockstepError]) -> _Object:
    return {
        "executionSuccessful": not failures,
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": _message(str(failure))}} for failure in failures
        ],
    }


def _result(finding: Finding, index: int, mark: str, root: Path) -> _Object:
    parts = (finding.message, finding.help)
    result: _Object = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": _message("; ".join(part for part in parts if part))},
        "locations": [_location(finding.path, root, _region(*_place(finding)))],
        "partialFingerprints": {_FINGERPRINT: mark},
    }
    if finding.also:
        result["relatedLocations"] = [
            {
                "id": number,
                **_location(finding.path, root, _region(line, column, line, end_column)),
                "message": {"text": _message(what)},
            }
            for number, (line, column, end_column, what) in enumerate(finding.also, 1)
        ]
    # A fix whose edits would print a secret comes without them, and §3.56.3 asks for at least one.
    if finding.fix and finding.fix.edits:
        result["fixes"] = [_fix(finding.fix, finding.path, root)]
    return result


def _place(finding: Finding) -> tuple[int, int, int, int]:
    return finding.line, finding.column, finding.end_line, finding.end_column


def _location(path: str, root: Path, region: _Object) -> _Object:
    return {"physicalLocation": {"artifactLocation": _artifact(path, root), "region": region}}


def _artifact(path: str, root: Path) -> _Object:
    """Return a URI that is relative to the root, or absolute (§3.4.3, §3.4.4); bytes that are no UTF-8 stay."""
    shown = from_root(path, root)
    if Path(shown).is_absolute():
        return {"uri": f"file://{quote(os.fsencode(shown))}"}
    return {"uri": quote(os.fsencode(shown)), "uriBaseId": _ROOT}


def _region(line: int, column: int, end_line: int, end_column: int) -> _Object:
    """Return a region: from 1, the end column exclusive, as in a finding (§3.30)."""
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _fix(fix: FixAt, path: str, root: Path) -> _Object:
    replacements = [
        {
            "deletedRegion": _region(edit.line, edit.column, edit.end_line, edit.end_column),
            "insertedContent": {"text": edit.text},
        }
        for edit in fix.edits
    ]
    return {
        "description": {"text": _message(fix.message)},
        "artifactChanges": [{"artifactLocation": _artifact(path, root), "replacements": replacements}],
        "properties": {"safety": fix.safety},
    }


def _message(text: str) -> str:
    """Return plain text that shows as it reads: brackets that would be a link (§3.11.6) are escaped."""
    return re.sub(r"\[([^\]]*)\]\(", r"\\[\1\\](", visible(text))


def _fingerprints(findings: Sequence[Finding], root: Path) -> Iterator[str]:
    """Yield what a finding is known by while lines move, as in a baseline, and which of its like it is."""
    seen: Counter[str] = Counter()
    for finding in findings:
        entry = entry_text(finding.lines, finding.column)
        key = "\0".join((finding.rule, from_root(finding.path, root), entry))
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        seen[digest] += 1
        yield f"{digest}:{seen[digest]}"
