"""Runs one step in a process group of its own; a step that hangs is killed, and a crash is a result."""

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
"""The number of characters that are kept of the end of a step's output."""


def take(
    name: str,
    framework: str,
    command: Sequence[str],
    context: Mapping[str, Json],
    *,
    timeout: float,
    environ: Mapping[str, str],
) -> ProbeStep:
    """Run ``command ANSWER-FILE CONTEXT`` and return its answer, or how it ended without one."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lockstep-probe-") as folder:
        answer = Path(folder, "answer.json")
        status, output = _run([*command, str(answer), json.dumps(context)], folder, timeout, environ)
        seconds = time.monotonic() - start
        if status is None:
            message = f"timed out after {timeout:g} seconds"
            return ProbeStep(name, framework, "hung", message, seconds, output=output)
        if status != 0 or not answer.exists():
            return ProbeStep(name, framework, "crashed", _ended(status), seconds, output=output)
        fields = _parsed(answer)
    if fields is None:
        return ProbeStep(
            name, framework, "failed", "the answer of the step cannot be read", seconds, output=output
        )
    facts = fields.values.get("facts")
    verdict, message = _status(fields), " ".join(fields.text("message").split())
    return ProbeStep(
        name, framework, verdict, message, seconds, facts if isinstance(facts, dict) else {}, output
    )


def _run(
    command: Sequence[str], folder: str, timeout: float, environ: Mapping[str, str]
) -> tuple[int | None, str]:
    """Return the exit status, None if it was killed, and the end of the output.

    The output goes to a file, since a child that outlives the step would keep a pipe open.
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
            raise LockstepError(f"cannot run: {error.strerror}", where=str(command[0])) from None
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
    """Kill a step and every process that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _ended(status: int) -> str:
    if status < 0:
        try:
            return f"killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"killed by signal {-status}"
    return f"exited with status {status} and no answer"


def _parsed(path: Path) -> Fields | None:
    try:
        fields = parse_object(path.read_bytes(), str(path))
        fields.text("message")
    except (LockstepError, OSError):
        return None
    return fields


def _status(fields: Fields) -> Status:
    text = fields.optional_text("status")
    return next((status for status in STATUSES if status == text), "failed")
