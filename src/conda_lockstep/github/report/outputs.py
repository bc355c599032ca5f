"""The outputs that every mode of the Action has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conda_lockstep.drift.report import Report, worst


def outputs_of(report: Report, identities: Sequence[tuple[str, str, str]], path: Path) -> dict[str, str]:
    """Return the outputs that tell what a report says. ``path`` is the report as JSON.

    ``identities`` are (file, platform, environment id). A step of the evidence is one word, such as ``kernel-ran``.
    """
    evidence = report.evidence.reached if report.evidence else ()
    return {
        "drift": str(bool(report.rows)).lower(),
        "severity": worst(report.rows) or "",
        "environment-id": "\n".join("\t".join(identity) for identity in identities),
        "report": str(path),
        "evidence": " ".join(step.replace(" ", "-") for step in evidence),
    }
