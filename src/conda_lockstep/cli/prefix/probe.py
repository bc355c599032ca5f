"""What ``lockstep probe`` does: climb the ladder, tell each step, say what was not shown."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from conda_lockstep.probe import document, ladder, text
from conda_lockstep.probe.model import ProbeStep

SHOWN, NOT_SHOWN = 0, 1


def run(target: ladder.ProbeTarget, *, format: str, output: Path | None, require_gpu: bool) -> int:  # noqa: A002
    """Probe; return 1 where a step showed that something is wrong, or no kernel ran on a GPU that was required."""
    streaming = format == "text" and output is None
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def said(step: ProbeStep) -> None:
        if streaming:
            print(text.line(step, colour=colour), flush=True)

    probe = ladder.climb(target, said)
    if streaming:
        print("", *text.summary(probe), sep="\n")
    else:
        _write(document.dumps(probe) if format == "json" else text.render(probe), output)
    lacking = require_gpu and "kernel ran" not in probe.evidence.reached
    if lacking:
        print("lockstep: no kernel was shown to run on a GPU", file=sys.stderr)
    return NOT_SHOWN if probe.failed or lacking else SHOWN


def _write(written: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(written)
    else:
        from conda_lockstep.text.atomic import write_text

        write_text(output, written)
