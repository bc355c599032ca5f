"""Chains of dependencies, for a terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conda_lockstep.lock.explain.why import Chain, DependencyEdge, Explanation
from conda_lockstep.packages import Package
from conda_lockstep.text.printable import visible

SHOWN_CHAINS = 5
SHOWN_REQUIRERS = 6


@dataclass(frozen=True, slots=True)
class WhyRow:
    """An answer for one platform of one lock."""

    lock: str
    platform: str
    answer: Explanation


def as_text(rows: Sequence[WhyRow], *, every: bool) -> str:
    """Return text that ends in LF; platforms that say the same are told together. Few chains, unless ``every``."""
    grouped: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for row in rows:
        title, where = _title(row.answer.package), row.lock
        grouped.setdefault((title, where, tuple(_body(row.answer, every))), []).append(row.platform)
    blocks = [
        "\n".join((f"{title} in {visible(where)} ({', '.join(platforms)})", *body))
        for (title, where, body), platforms in grouped.items()
    ]
    return "\n\n".join(blocks) + "\n"


def as_json(rows: Sequence[WhyRow]) -> str:
    """Return a JSON document with all chains; see docs/why.md."""
    return json.dumps({"version": 1, "packages": [_json(row) for row in rows]}, indent=2) + "\n"


def _title(package: Package) -> str:
    by_pip = " (pip)" if package.manager == "pip" else ""
    return visible(f"{package.name} {package.version}".rstrip()) + by_pip


def _body(answer: Explanation, every: bool) -> Iterator[str]:
    shown = answer.chains if every else answer.chains[:SHOWN_CHAINS]
    for chain in shown:
        yield from _chain(chain)
    if len(answer.chains) > len(shown):
        left = len(answer.chains) - len(shown)
        yield f"  … and {left} more line{'' if left == 1 else 's'} of yours; --all shows them"
    if not answer.chains:
        yield "  nothing requires it"
    requirers = [_needed(need) for need in answer.needed_by]
    if len(requirers) > 1:
        more = (
            [f"{len(requirers) - SHOWN_REQUIRERS} more"]
            if len(requirers) > SHOWN_REQUIRERS and not every
            else []
        )
        named = requirers if every else requirers[:SHOWN_REQUIRERS]
        yield f"  needed directly by {', '.join((*named, *more))}"


def _chain(chain: Chain) -> Iterator[str]:
    if chain.entry:
        requested = "" if chain.needs else "  requests it by name"
        yield f"  {visible(str(chain.entry.where))}: {visible(chain.entry.text)}{requested}"
    for need in chain.needs:
        yield f"    {visible(f'{need.requirer.name} {need.requirer.version}')} needs {visible(need.spec)}"
    if not chain.entry and not chain.needs:
        yield "  nothing in the lock depends on it: somebody asked for it by name"


def _needed(need: DependencyEdge) -> str:
    constraint = need.spec.partition(" ")[2]
    return visible(f"{need.requirer.name} ({constraint})" if constraint else need.requirer.name)


def _json(row: WhyRow) -> dict[str, object]:
    package = row.answer.package
    return {
        "lock": row.lock,
        "platform": row.platform,
        "manager": package.manager,
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "chains": [
            {
                "entry": chain.entry
                and {
                    "text": chain.entry.text,
                    "path": chain.entry.where.path,
                    "line": chain.entry.where.line,
                    "column": chain.entry.where.column,
                },
                "needs": [_json_need(need) for need in chain.needs],
            }
            for chain in row.answer.chains
        ],
        "needed_by": [_json_need(need) for need in row.answer.needed_by],
    }


def _json_need(need: DependencyEdge) -> dict[str, str]:
    requirer = need.requirer
    return {
        "manager": requirer.manager,
        "name": requirer.name,
        "version": requirer.version,
        "spec": need.spec,
    }
