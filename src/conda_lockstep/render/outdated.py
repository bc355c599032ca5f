"""Renders the outdated packages and what holds them back: a table for a terminal, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conda_lockstep.lock.explain.outdated import Newer, remedy
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.text.printable import visible

TITLES = ("package", "locked", "new lock", "available", "newest", "what to do, or the reason")


@dataclass(frozen=True, slots=True)
class OutdatedRow:
    """The outdated packages of one platform of a lock."""

    lock: str
    platform: str
    found: tuple[Newer, ...]


def as_text(rows: Sequence[OutdatedRow]) -> str:
    """Return text that ends in LF; platforms with the same rows are merged."""
    merged: dict[tuple[str, tuple[Newer, ...]], list[str]] = {}
    for row in rows:
        merged.setdefault((row.lock, row.found), []).append(row.platform)
    blocks = ("\n".join(_block(lock, platforms, found)) for (lock, found), platforms in merged.items())
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


def _name(found: Newer) -> str:
    return f"{found.name} (pip)" if found.manager == "pip" else found.name


def _json(row: OutdatedRow) -> dict[str, object]:
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
    }


def _json_entry(entry: RequestedSpec) -> dict[str, object]:
    return {
        "text": entry.text,
        "path": entry.where.path,
        "line": entry.where.line,
        "column": entry.where.column,
    }
