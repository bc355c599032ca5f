"""The steps that compare a prefix with its lock, and its files with their records: ``verify`` as a step."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from conda_lockstep.drift.compare.verify import failures, verify, verify_deeply
from conda_lockstep.drift.report import Report, counts, distinct
from conda_lockstep.errors import LockstepError
from conda_lockstep.text.json_fields import Json

_SHOWN = 3


def serve() -> None:
    """Run the step that the context requests; the protocol is that of ``inside.py``."""
    target, text = sys.argv[1:]
    context = json.loads(text)
    prefix = Path(context["prefix"])
    try:
        if context["deep"]:
            # Compared with itself, only bytes can differ.
            answer = _answer(verify_deeply(prefix, prefix), "recorded at installation")
        else:
            answer = _answer(verify(prefix, Path(context["lock"])), "locked")
    except LockstepError as error:
        answer = {"status": "failed", "message": str(error)}
    Path(target).write_text(json.dumps(answer), encoding="utf-8")


def _answer(report: Report, expected: str) -> dict[str, Json]:
    (comparison,) = report.comparisons
    wrong = failures(report)
    facts: dict[str, Json] = {
        "environment_id": comparison.new.environment_id,
        "locked_id": comparison.old.environment_id,
        "packages": comparison.new.packages,
        "notes": list(comparison.notes),
        "counts": {str(severity): number for severity, number in counts(distinct(report)).items()},
    }
    if not wrong:
        summary = f"{comparison.new.packages} packages, {comparison.new.environment_id}, as {expected}"
        message = "; ".join((summary, *comparison.notes))
        return {"status": "passed", "message": message, "facts": facts}
    first = "; ".join(f"{row.subject}: {', '.join(row.classes)}" for row in wrong[:_SHOWN])
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return {"status": "failed", "message": f"not as {expected}: {first}{more}", "facts": facts}
