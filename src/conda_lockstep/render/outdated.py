"""Renders the outdated packages and what holds them back: a table for a terminal, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conda_lockstep.drift.advisories.locked import LockedAdvisories
from conda_lockstep.lock.explain.outdated import Newer, remedy
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.render.advisories import described
from conda_lockstep.text.printable import visible

TITLES = ("package", "locked", "new lock", "available", "newest", "what to do, or the reason")


@dataclass(frozen=True, slots=True)
class OutdatedRow:
    """The outdated packages of one platform of a lock, and its known vulnerabilities; None if not looked up."""

    lock: str
    platform: str
    found: tuple[Newer, ...]
    advisories: LockedAdvisories | None = None


def as_text(rows: Sequence[OutdatedRow]) -> str:
    """Return text that ends in LF; platforms with the same rows are merged."""
    merged: dict[tuple[str, tuple[Newer, ...], LockedAdvisories | None], list[str]] = {}
    for row in rows:
        merged.setdefault((row.lock, row.found, row.advisories), []).append(row.platform)
    blocks = (
        "\n".join((*_block(lock, platforms, found), *_advisories(known)))
        for (lock, found, known), platforms in merged.items()
    )
    return "\n\n".join(blocks) + "\n"


def as_json(rows: Sequence[OutdatedRow]) -> str:
    """Return a JSON document; see docs/why.md."""
    return json.dumps({"version": 1, "platforms": [_json(row) for row in rows]}, indent=2) + "\n"


def _block(lock: str, platforms: Sequence[str], found: Sequence[Newer]) -> Iterator[str]:
    where = f"{visible(lock)} ({', '.join(platforms)})"
    if not found:
        yield f"{where}: no newer versions"
        return
    yield where
    cells = [
        TITLES,
        *(
            (_name(each), each.locked, each.fresh or "–", each.available, each.newest, remedy(each))
            for each in found
        ),
    ]
    shown = [tuple(visible(cell, 1000) for cell in row) for row in cells]
    widths = [max(len(row[column]) for row in shown) for column in range(len(TITLES) - 1)]
    for row in shown:
        padded = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False))
        yield "  " + "  ".join((*padded, row[-1])).rstrip()


def _advisories(known: LockedAdvisories | None) -> Iterator[str]:
    if known is None:
        return
    yield (
        "advisories:"
        if known.found
        else "advisories: none of the locked packages that were looked up has one"
    )
    for each in known.found:
        pip = " (pip)" if each.manager == "pip" else ""
        yield f"  {visible(each.name)}{pip} {visible(each.version)}: {visible(described(each.advisory), 1000)}"
        if each.available:
            state = "still has it" if each.is_available_affected else "does not have it"
            yield f"    {visible(each.available)}, which is available, {state}"
    for note in known.notes:
        yield f"note: {visible(note, 1000)}"


def _name(found: Newer) -> str:
    return f"{found.name} (pip)" if found.manager == "pip" else found.name


def _json(row: OutdatedRow) -> dict[str, object]:
    advisories = {} if row.advisories is None else {"advisories": _json_advisories(row.advisories)}
    return {
        "lock": row.lock,
        "platform": row.platform,
        "packages": [
            {
                "manager": found.manager,
                "name": found.name,
                "locked": found.locked,
                "fresh": found.fresh,
                "available": found.available,
                "newest": found.newest,
                "entries": [_json_entry(entry) for entry in found.entries],
                "holders": [[_json_entry(entry) for entry in group] for group in found.holders],
                "alone": found.alone,
                "price": found.price,
                "why": found.why,
            }
            for found in row.found
        ],
        **advisories,
    }


def _json_advisories(known: LockedAdvisories) -> dict[str, object]:
    found = [
        {
            "manager": each.manager,
            "name": each.name,
            "version": each.version,
            "id": each.advisory.id,
            "aliases": list(each.advisory.aliases),
            "project": each.advisory.project,
            "mapping": each.advisory.mapping,
            "summary": each.advisory.summary,
            "severity": list(each.advisory.severity),
            "fixed": each.advisory.fixed,
            "available": each.available,
            "available_affected": each.is_available_affected,
        }
        for each in known.found
    ]
    return {"found": found, "notes": list(known.notes)}


def _json_entry(entry: RequestedSpec) -> dict[str, object]:
    return {
        "text": entry.text,
        "path": entry.where.path,
        "line": entry.where.line,
        "column": entry.where.column,
    }
