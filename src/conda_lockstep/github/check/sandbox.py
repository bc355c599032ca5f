"""Runs what executes other people's code: its own home, its own temporary folder, no token, a time limit."""

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


SAYS = "lockstep: "


@dataclass(frozen=True, slots=True)
class ProcessOutcome:
    """How a command ended: its exit status, None where it ran out of time, and what it printed."""

    status: int | None
    output: str

    @property
    def complaint(self) -> str:
        """Return the line in which ``lockstep`` says what went wrong, else the last one that was printed."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        said = [line.removeprefix(SAYS) for line in lines if line.startswith(SAYS)]
        return next(iter(said or lines[-1:]), f"exit status {self.status}")


def run(
    command: Sequence[str],
    folder: Path,
    workspace: Path,
    timeout: float,
    environment: Mapping[str, str] | None = None,
) -> ProcessOutcome:
    """Run a command in the workspace with nothing of ours but ``folder``, and end all that it started.

    ``environment`` is what it sees of the job, by default what :func:`clean_environment` leaves.
    What it starts dies with it, so that nothing lives on to see a later step's token; what takes pains to leave its
    session is beyond this, which is one reason for the trust gate.
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

    ``cache`` is where downloads are kept, by default in the folder, too.
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
    """Return the variables that put all caches below one folder, as 'lockstep lock' and 'lockstep build' have them."""
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
