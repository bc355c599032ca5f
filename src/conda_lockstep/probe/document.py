"""Writes a probe as JSON; docs/probe-json.md describes schema 1."""

from __future__ import annotations

import json

from conda_lockstep.probe.model import Probe, ProbeStep
from conda_lockstep.snapshot.snapshot_json import machine_json
from conda_lockstep.text.json_fields import Json

SCHEMA = 1
KIND = "conda-lockstep probe"


def dumps(probe: Probe) -> str:
    """Return the document, keys in a fixed order, terminated by LF."""
    evidence = probe.evidence
    document: dict[str, Json] = {
        "schema": SCHEMA,
        "kind": KIND,
        "failed": probe.failed,
        "prefix": probe.prefix,
        "python": probe.python,
        "version": probe.version,
        "frameworks": list(probe.frameworks),
        "machine": machine_json(probe.machine),
        "steps": [_step_json(step) for step in probe.steps],
        "evidence": {"reached": list(evidence.reached), "not_shown": list(evidence.not_shown)},
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _step_json(step: ProbeStep) -> dict[str, Json]:
    return {
        "name": step.name,
        "framework": step.framework,
        "status": step.status,
        "message": step.message,
        "seconds": round(step.seconds, 3),
        "facts": dict(step.facts),
        "output": step.output,
    }
