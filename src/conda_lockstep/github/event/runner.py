"""The machine and the run that the Action is part of, read once from the runner's variables.

Source: https://docs.github.com/actions/reference/workflows-and-actions/variables.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.api import PUBLIC_URL
from conda_lockstep.github.event.event import required
from conda_lockstep.github.event.git import find_root
from conda_lockstep.text.resolve_path import resolve_path

HOSTED = "github-hosted"


@dataclass(frozen=True, slots=True)
class Runner:
    """The runner and its run.

    ``workspace`` is the root of the checkout, and ``below`` the folder in it that is checked. ``folder`` is the
    Action's own folder under ``RUNNER_TEMP``. ``hosted`` is true only if the runner reports that GitHub hosts it.
    ``key`` distinguishes this job of this workflow from others. ``page`` is the run's own page. ``outputs`` and
    ``summary`` are None if the runner has no such files.
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
    below: Path = Path()

    @property
    def cache(self) -> Path:
        """Return where indexes and packages are cached during the job."""
        return self.folder / "cache"


def without_paths(text: str, runner: Runner) -> str:
    """Return a message without the paths of this run; see :func:`hidden_paths`."""
    return hidden_paths(text, runner.folder, runner.workspace)


def hidden_paths(text: str, folder: Path, workspace: Path) -> str:
    """Return a message without the paths of a run: they say nothing to a reader, and differ from run to run.

    What is in the checkout keeps its path there, and the checkout itself is ``$GITHUB_WORKSPACE``.
    """
    for place, name in ((folder, "$RUNNER_TEMP"), (workspace, "$GITHUB_WORKSPACE")):
        for spelled in sorted({str(place), str(resolve_path(place))}, key=len, reverse=True):
            if len(spelled) > 1:
                inside = re.escape(spelled) + r"/(?:(?:build|causes)-[\d-]+/(?:files/)?)?(?=[^\s/'\"])"
                text = re.sub(inside, "", text)
                text = re.sub(re.escape(spelled) + r"(?![\w.-])/?", name, text)
    return text


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


def at_checkout(runner: Runner, working_directory: str) -> Runner:
    """Return the runner with the root of the checkout as its workspace; see :func:`git.find_root`."""
    root, below = find_root(runner.workspace, working_directory)
    return replace(runner, workspace=root, below=below)


# What a job looks at. The jobs of a matrix have one name, and differ in these.
_LOOKED_AT = ("MACHINE", "WORKING_DIRECTORY", "FILES", "PLATFORMS", "CUDA")


def _key(environment: Mapping[str, str]) -> str:
    """Return a short name for this job's comment, the same on every branch: of the job and of what it looks at."""
    own = environment.get("LOCKSTEP_COMMENT_ID", "").strip()
    workflow = environment.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]
    job = environment.get("GITHUB_JOB", "")
    looked_at = (environment.get(f"LOCKSTEP_{name}", "").strip() for name in _LOOKED_AT)
    named = f"comment-id\n{own}" if own else "\n".join(filter(None, (workflow, job, *looked_at)))
    return hashlib.sha256(named.encode()).hexdigest()[:12]


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    value = environment.get(name, "")
    return Path(value) if value else None


def _number(environment: Mapping[str, str], name: str) -> int:
    value = environment.get(name, "1")
    if not (value.isascii() and value.isdigit()):
        raise LockstepError(f"{name} is '{value}', which is not a number")
    return int(value)
