"""Runs one step in a process group of its own: what hangs is killed, what crashes is told, and both are answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.probe.model import STATUSES, ProbeStep, Status
from conda_lockstep.text.json_fields import Fields, Json, parse_object

_OUTPUT = 4000
"""How many of the last characters that a step wrote are kept."""


def take(
    name: str,
    framework: str,
    command: Sequence[str],
    context: Mapping[str, Json],
    *,
    timeout: float,
    environ: Mapping[str, str],
) -> ProbeStep:
    """Run ``command ANSWER-FILE CONTEXT`` and return what it answered, or how it ended without an answer."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lockstep-probe-") as folder:
        answer = Path(folder, "answer.json")
        status, output = _run([*command, str(answer), json.dumps(context)], folder, timeout, environ)
        seconds = time.monotonic() - start
        if status is None:
            told = f"it did not end within {timeout:g} seconds"
            return ProbeStep(name, framework, "hung", told, seconds, output=output)
        if status != 0 or not answer.exists():
            return ProbeStep(name, framework, "crashed", _ended(status), seconds, output=output)
        fields = _parsed(answer)
    if fields is None:
        return ProbeStep(name, framework, "failed", "its answer cannot be read", seconds, output=output)
    facts = fields.values.get("facts")
    found, told = _status(fields), " ".join(fields.text("told").split())
    return ProbeStep(name, framework, found, told, seconds, facts if isinstance(facts, dict) else {}, output)


def _run(
    command: Sequence[str], folder: str, timeout: float, environ: Mapping[str, str]
) -> tuple[int | None, str]:
    """Return the exit status, None for what was killed; and the end of what it wrote.

    The output goes to a file: a child of the step that outlives it would hold a pipe open.
    """
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise LockstepError(f"cannot be run: {error.strerror}", where=str(command[0])) from None
        try:
            status: int | None = process.wait(timeout)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            _kill(process)
        size = output.seek(0, os.SEEK_END)
        output.seek(max(0, size - _OUTPUT))
        return status, output.read().decode("utf-8", "replace").strip()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a step and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _ended(status: int) -> str:
    if status < 0:
        try:
            return f"it was ended by {signal.Signals(-status).name}"
        except ValueError:
            return f"it was ended by signal {-status}"
    return f"it ended with status {status} and no answer"


def _parsed(path: Path) -> Fields | None:
    try:
        fields = parse_object(path.read_bytes(), str(path))
        fields.text("told")
    except (LockstepError, OSError):
        return None
    return fields


def _status(fields: Fields) -> Status:
    text = fields.optional_text("status")
    return next((status for status in STATUSES if status == text), "failed")
