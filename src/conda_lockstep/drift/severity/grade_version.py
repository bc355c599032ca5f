"""The severity of another version, and why it matters: by the layer of the package and the step between the two."""

from __future__ import annotations

from conda_lockstep.conda.version import Step
from conda_lockstep.drift.model import Change
from conda_lockstep.drift.report import SEVERITIES, Severity
from conda_lockstep.drift.severity.comparison_kind import NOTHING_MAY_DIFFER, ComparisonKind
from conda_lockstep.drift.severity.layers import OTHER, Layer, step_of

NEWER: dict[Step, str] = {
    "major": "a new major release may remove APIs that your code uses",
    "minor": "a new minor release may change defaults and results",
    "patch": "a new patch release",
}
OLDER: dict[Step, str] = {
    "major": "an older major release lacks APIs that code for the newer one uses",
    "minor": "an older minor release lacks what code for the newer one uses",
    "patch": "an older patch release, without its later fixes",
}
DIFFERS: dict[str, str] = {
    "lock_to_prefix": "this machine differs from the lock",
    "prefix_to_prefix": "the two machines differ",
}
_DANGEROUS: tuple[Severity, ...] = ("critical", "high")


def grade_version(
    change: Change, layer: Layer | None, kind: ComparisonKind, *, is_downgrade: bool
) -> tuple[Severity, str]:
    """Return the severity of an upgrade or a downgrade, and why it matters."""
    if change.old is None or change.new is None:
        raise ValueError("a version changes between two sides")
    how_far = step_of(change.package.name, change.old.version, change.new.version)
    severity = (layer or OTHER).of(how_far, is_downgrade=is_downgrade)
    if kind in NOTHING_MAY_DIFFER:
        return differing(severity, layer), (layer and layer.why_differs) or DIFFERS[kind]
    why = (OLDER if is_downgrade else NEWER)[how_far]
    if layer is None:
        return severity, why
    is_grave = severity in _DANGEROUS and layer.of(how_far) in _DANGEROUS
    return severity, layer.why if is_grave else f"{layer.title}: {why}"


def differing(severity: Severity, layer: Layer | None) -> Severity:
    """Return the severity of a difference between machines: one worse than that of a change on all of them."""
    worse = max(0, SEVERITIES.index(severity) - 1)
    if layer and layer.differs:
        worse = min(worse, SEVERITIES.index(layer.differs))
    return SEVERITIES[worse]
