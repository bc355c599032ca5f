"""The severity of a package that only one side has, and why it matters."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache

from conda_lockstep.data import table
from conda_lockstep.drift.report import SEVERITIES, Severity
from conda_lockstep.drift.severity.comparison_kind import ComparisonKind
from conda_lockstep.drift.severity.layers import Layer
from conda_lockstep.drift.severity.requirers import Requirers
from conda_lockstep.packages import Package


def grade_added(package: Package, layer: Layer | None, kind: ComparisonKind) -> tuple[Severity, str]:
    """Return the severity of an added package, and why it matters."""
    for pattern, severity, why in _watched():
        if pattern.match(package.name):
            return severity, why
    if kind == "lock_to_prefix":
        return ("high" if layer else "medium"), "installed, but not locked"
    if kind == "prefix_to_prefix":
        return _grade_only_one(layer)
    if kind == "spec_to_spec":
        return ("low" if layer else "info"), "requested now"
    return ("low" if layer else "info"), f"new in the {layer.title} layer" if layer else "new"


def grade_removed(
    package: Package, layer: Layer | None, requirers: Requirers, kind: ComparisonKind
) -> tuple[Severity, str]:
    """Return the severity of a removed package, and why it matters: by what required it, and what still does."""
    if kind == "spec_to_spec":
        return ("medium" if layer else "low"), "no longer requested; it stays if another package requires it"
    if names := sorted(requirers.after(package)):
        return "critical", f"{names[0]} still requires it and will fail on import"
    if kind == "lock_to_prefix":
        return "critical", "locked, but not installed"
    if kind == "prefix_to_prefix":
        return _grade_only_one(layer)
    before = requirers.before(package)
    if before:
        return "low", "no longer required"
    severity: Severity = "high" if layer else "medium"
    if before is None:
        return severity, "the old side does not record what required it: what uses it fails"
    return severity, "no package required it, so it was requested directly: what uses it fails"


def _grade_only_one(layer: Layer | None) -> tuple[Severity, str]:
    return ("critical" if layer else "high"), "only one of the two machines has it"


@cache
def _watched() -> tuple[tuple[re.Pattern[str], Severity, str], ...]:
    known: dict[str, Severity] = {each: each for each in SEVERITIES}
    return tuple(
        (re.compile(translate(name)), known[severity], why)
        for name, severity, why in table("watched-additions")
    )
