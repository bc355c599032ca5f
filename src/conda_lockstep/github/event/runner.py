"""The machine and the run that the Action is part of, read once from the runner's variables.

Source: https://docs.github.com/actions/reference/workflows-and-actions/variables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.api import PUBLIC_URL
from conda_lockstep.github.event.event import required

HOSTED = "github-hosted"


@dataclass(frozen=True, slots=True)
class Runner:
    """The runner and its run.

    ``workspace`` is the checkout, ``folder`` the Action's own folder under ``RUNNER_TEMP``. ``hosted`` is true only
    if the runner reports that GitHub hosts it. ``key`` distinguishes this job of this workflow from others. ``page``
    is the run's own page. ``outputs`` and ``summary`` are None if the runner has no such files.
    """

    workspace: Path
    folder: Path
    hosted: bool
    api_url: str
    run: int
    attempt: int
    key: str
    page: str
    outputs: Path | None
    summary: Path | None

    @property
    def cache(self) -> Path:
        """Return where indexes and packages are cached during the job."""
        return self.folder / "cache"


def read_runner(environment: Mapping[str, str]) -> Runner:
    """Read the runner's variables; raises ``LockstepError`` outside a job."""
    run = _number(environment, "GITHUB_RUN_ID")
    server = environment.get("GITHUB_SERVER_URL", "https://github.com")
    repository = environment.get("GITHUB_REPOSITORY", "")
    return Runner(
        workspace=Path(required(environment, "GITHUB_WORKSPACE")),
        folder=Path(required(environment, "LOCKSTEP_FOLDER")),
        hosted=environment.get("RUNNER_ENVIRONMENT") == HOSTED,
        api_url=environment.get("GITHUB_API_URL") or PUBLIC_URL,
        run=run,
        attempt=_number(environment, "GITHUB_RUN_ATTEMPT"),
        key=_key(environment),
        page=f"{server}/{repository}/actions/runs/{run}",
        outputs=_path(environment, "GITHUB_OUTPUT"),
        summary=_path(environment, "GITHUB_STEP_SUMMARY"),
    )


def _key(environment: Mapping[str, str]) -> str:
    """Return a short name for workflow file, job and machine, the same on every branch."""
    workflow = environment.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]
    job = environment.get("GITHUB_JOB", "")
    machine = environment.get("LOCKSTEP_MACHINE", "").strip()
    named = "\n".join(filter(None, (workflow, job, machine)))
    return hashlib.sha256(named.encode()).hexdigest()[:12]


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    value = environment.get(name, "")
    return Path(value) if value else None


def _number(environment: Mapping[str, str], name: str) -> int:
    value = environment.get(name, "1")
    if not (value.isascii() and value.isdigit()):
        raise LockstepError(f"{name} is '{value}', which is not a number")
    return int(value)
