"""Runs commands that execute other people's code: with a home and temporary folder of their own, no token and a time
limit.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# What a build needs of the runner: to find programs, to reach the network, to know the machine.
PASSED = frozenset(
    {
        "PATH", "LANG", "LC_ALL", "TZ", "TERM",
        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
        "http_proxy", "https_proxy", "no_proxy", "all_proxy",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
        "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES",
    }
)  # fmt: skip
PASSED_PREFIXES = ("CONDA_OVERRIDE_", "PIP_", "UV_", "NETRC")
# Those of them that only somebody who publishes needs.
WITHHELD_PREFIXES = ("UV_PUBLISH_",)


PREFIX = "lockstep: "


@dataclass(frozen=True, slots=True)
class ProcessOutcome:
    """How a command ended: its exit status, None if it timed out, and its output."""

    status: int | None
    output: str

    @property
    def complaint(self) -> str:
        """Return the line with which ``lockstep`` reported the error, else the last line of output."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        errors = [line.removeprefix(PREFIX) for line in lines if line.startswith(PREFIX)]
        return next(iter(errors or lines[-1:]), f"exit status {self.status}")


def run(
    command: Sequence[str],
    folder: Path,
    workspace: Path,
    timeout: float,
    environment: Mapping[str, str] | None = None,
) -> ProcessOutcome:
    """Run a command in the workspace with access to nothing of ours but ``folder``, and end all processes that it
    started.

    ``environment`` are its variables, by default those of :func:`clean_environment`. Processes that it started are
    killed with it, so that none is left to see a later step's token. A process that leaves its session on purpose
    escapes this, which is one reason for the trust gate.
    """
    if environment is None:
        environment = clean_environment(os.environ, folder)
    process = subprocess.Popen(
        command, cwd=workspace, env=environment, start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    status: int | None
    try:
        output, _ = process.communicate(timeout=timeout)
        status = process.returncode
    except subprocess.TimeoutExpired:
        _end(process.pid)
        output, _ = process.communicate()
        status = None
    finally:
        _end(process.pid)
    return ProcessOutcome(status, output.decode("utf-8", "replace"))


def clean_environment(
    environment: Mapping[str, str], folder: Path, cache: Path | None = None
) -> dict[str, str]:
    """Return the few variables that a build may see, with home and temporary files in the folder.

    ``cache`` is where downloads are kept, by default also in the folder.
    """
    passed = {
        name: value
        for name, value in environment.items()
        if name in PASSED or (name.startswith(PASSED_PREFIXES) and not name.startswith(WITHHELD_PREFIXES))
    }
    own = {"HOME": folder / "home", "TMPDIR": folder / "tmp", "XDG_CACHE_HOME": folder / "cache"}
    for place in own.values():
        place.mkdir(parents=True, exist_ok=True)
    places = {name: str(place) for name, place in own.items()}
    return {**passed, **places, **caches_in(cache or folder / "cache")}


def caches_in(folder: Path) -> dict[str, str]:
    """Return the variables that put all caches of 'lockstep lock' and 'lockstep build' below one folder."""
    return {
        "UV_CACHE_DIR": str(folder / "uv"),
        "PIP_CACHE_DIR": str(folder / "pip"),
        "RATTLER_CACHE_DIR": str(folder),
    }


def _end(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
