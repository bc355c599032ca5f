"""The number of findings per rule, for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from conda_lockstep.lint.engine.findings import Finding
from conda_lockstep.lint.engine.registry import Safety


def render(findings: Sequence[Finding]) -> str:
    """Return a line for each rule and severity, the most frequent first, with how many of them can be fixed."""
    counts = Counter((finding.rule, finding.severity) for finding in findings)
    fixable = Counter((each.rule, each.severity, each.fix.safety) for each in findings if each.fix)
    width = len(str(max(counts.values(), default=0)))
    names = max((len(rule) for rule, _ in counts), default=0)
    lines = []
    for (rule, severity), count in sorted(counts.items(), key=lambda row: (-row[1], row[0])):
        safeties = ((fixable[rule, severity, safety], safety) for safety in _SAFETIES)
        fixes = ", ".join(f"{number} {safety}" for number, safety in safeties if number)
        lines.append(f"{count:>{width}}  {severity:<7}  {rule:<{names}}  {fixes}".rstrip() + "\n")
    return "".join(lines)


_SAFETIES: tuple[Safety, ...] = ("safe", "unsafe")
