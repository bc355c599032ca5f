"""Runs a workflow with act in host mode, as a GitHub runner would, and reads what it left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.wheelhouse import pip_environment

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Job:
    """What to run: a checkout with its workflows, an event, and the runner's variables.

    ``actions`` maps actions as workflows name them (``owner/name@ref``) to the folders that stand for them.
    """

    checkout: Path
    event: str
    payload: Mapping[str, Any]
    actions: Mapping[str, Path]
    variables: Mapping[str, str]
    token: str
    actor: str = "octocat"


@dataclass(frozen=True)
class Result:
    """What a run left: its exit status and act's own records, in order."""

    status: int
    records: tuple[Mapping[str, Any], ...]

    @property
    def log(self) -> str:
        """What the steps printed."""
        return "".join(str(record["msg"]) for record in self.records if record.get("raw_output"))

    @property
    def everything(self) -> str:
        """All that act recorded, for a look at what went wrong."""
        return "\n".join(str(record.get("msg", record)).rstrip() for record in self.records)

    @property
    def summary(self) -> str:
        """The job summary: what each step appended, once."""
        return "".join(str(record["content"]) for record in self._of("summary") if _is_inner(record))

    def outputs(self, step: str) -> dict[str, str]:
        """The outputs of a step of the workflow, by its id."""
        return {
            str(record["name"]): str(record["arg"])
            for record in self._of("set-output")
            if record["stepID"] == [step]
        }

    @property
    def annotations(self) -> list[tuple[str, Mapping[str, str], str]]:
        """Each annotation: its level, its place, its message."""
        return [
            (str(record["command"]), record["kvPairs"], str(record["arg"]))
            for level in ("error", "warning", "notice")
            for record in self._of(level)
        ]

    def _of(self, command: str) -> Iterator[Mapping[str, Any]]:
        return (record for record in self.records if record.get("command") == command)


def find_act() -> str | None:
    """The act program of this environment, or any on the path."""
    return shutil.which("act", path=str(Path(sys.executable).parent)) or shutil.which("act")


def run(act: str, job: Job, scratch: Path, timeout: float = 400) -> Result:
    """Run the workflows that the event starts, under an environment of our own making."""
    home = scratch / "home"
    home.mkdir(parents=True, exist_ok=True)
    event = scratch / "event.json"
    event.write_text(json.dumps(job.payload))
    # fmt: off
    command = [
        act, job.event, "--json", "--eventpath", str(event), "--platform", "ubuntu-latest=-self-hosted",
        "--platform", "self-hosted=-self-hosted", "--no-cache-server", "--secret", f"GITHUB_TOKEN={job.token}",
        "--actor", job.actor,
    ]
    # fmt: on
    for name, folder in job.actions.items():
        command += ["--local-repository", f"{name}={folder}"]
    for variable, value in {**job.variables, **pip_environment()}.items():
        command += ["--env", f"{variable}={value}"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    done = subprocess.run(
        command,
        cwd=job.checkout,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Result(done.returncode, tuple(_records(done.stdout + done.stderr)))


def export_action(to: Path) -> Path:
    """Copy what git knows of this project, as a runner would download it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    for name in listed.stdout.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file():
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return to


def _records(output: str) -> Iterator[Mapping[str, Any]]:
    for line in output.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            record = {"msg": line}
        yield record if isinstance(record, dict) else {"msg": line}


def _is_inner(record: Mapping[str, Any]) -> bool:
    """A composite action's step is told twice, once for itself and once for the action."""
    return len(record.get("stepID", ())) > 1
