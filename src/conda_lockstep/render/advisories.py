"""What all formats say of a known vulnerability, in the same words."""

from __future__ import annotations

from collections.abc import Iterable

from conda_lockstep.drift.report import AdvisoryEffect, NameMapping, Row, RowAdvisory

_EFFECTS: dict[AdvisoryEffect, str] = {"introduced": "introduces", "kept": "still has", "removed": "removes"}
_COUNTED: dict[AdvisoryEffect, str] = {
    "introduced": "introduced",
    "kept": "still present",
    "removed": "removed",
}


def mark(advisory: RowAdvisory) -> str:
    """Return the shortest form: ``introduces CVE-2024-35195``."""
    return f"{_EFFECTS[advisory.effect]} {advisory.id}"


def sentence(advisory: RowAdvisory) -> str:
    """Return what a change does about an advisory, and what the advisory says of itself."""
    return f"{_EFFECTS[advisory.effect]} {described(advisory)}"


def described(advisory: RowAdvisory) -> str:
    """Return an advisory with its names, severity as written, fix and summary, and how the package was matched."""
    names = f" ({', '.join(advisory.aliases)})" if advisory.aliases else ""
    fixed = f"fixed in {advisory.fixed}" if advisory.fixed and advisory.effect != "removed" else ""
    parts = filter(None, (*advisory.severity, fixed, _match(advisory.project, advisory.mapping)))
    facts = ", ".join(parts)
    summary = f": {advisory.summary}" if advisory.summary else ""
    return f"{advisory.id}{names}{f', {facts}' if facts else ''}{summary}"


def _match(project: str, mapping: NameMapping) -> str:
    """Return how a conda package was matched with a project of PyPI."""
    if mapping == "pip":
        return ""
    return f"matched with {project} on PyPI by {'its name' if mapping == 'same name' else 'the name table'}"


def advisory_counts(rows: Iterable[Row]) -> str:
    """Return the numbers of advisories by effect: ``1 introduced, 2 removed``; empty for none."""
    effects = [advisory.effect for row in rows for advisory in row.advisories]
    return ", ".join(f"{effects.count(each)} {word}" for each, word in _COUNTED.items() if each in effects)
