"""A repository with locks whose channel is changed, but the runs of its watch, with a clock of their own."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from conda_lockstep.cli.main import main
from conda_lockstep.github.event.event import Event
from conda_lockstep.github.event.inputs import Inputs
from conda_lockstep.github.event.runner import Runner
from conda_lockstep.github.handoff.upstream_handoff import Findings
from conda_lockstep.github.upstream import report_upstream as watch
from conda_lockstep.github.upstream import solve_upstream as upstream
from tests.github.event.test_workflow_commands import parse_outputs
from tests.support.forge import Forge
from tests.support.github import BOT, FakeGitHub, Issue, Token
from tests.support.http_server import Server
from tests.support.repository import Repository

CONDA_FORGE = "https://conda.anaconda.org/conda-forge"
PERMISSIONS: Any = {"contents": "write", "issues": "write", "pull_requests": "write", "actions": "write"}
FIRST = datetime.datetime(2026, 3, 1, 4, 17, tzinfo=datetime.timezone.utc)
SCHEDULE = "17 4 * * *"
ENTRIES = ("idna", "six", "tqdm", "urllib3=2.3")


class Watching:
    """The repository acme/train on GitHub, its checkout, its channel, and one run of the watch after the other."""

    def __init__(
        self,
        folder: Path,
        forge: Forge,
        github: FakeGitHub,
        serve: Callable[[Path], Server],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.folder, self.github = folder, github
        self.channel = forge.copy(folder / "channel")
        self.server = serve(self.channel.root)
        settings = f'platforms = ["{forge.subdir}"]\n[mirrors]\n"{CONDA_FORGE}" = "{self.server.url}"\n'
        self.repository = Repository(folder / "checkout")
        self.repository.commit({"lockstep.toml": settings, "environment.yml": environment(*ENTRIES)})
        monkeypatch.chdir(self.repository.folder)
        monkeypatch.setenv("RATTLER_CACHE_DIR", str(folder / "cache"))
        self.lock()
        self.repository.git("clone", "--quiet", "--bare", ".", str(folder / "origin.git"))
        self.repository.git("remote", "add", "origin", str(folder / "origin.git"))
        github.token("t", Token(permissions=PERMISSIONS))
        self.remote = github.repository("acme/train")
        self.remote.git = folder / "origin.git"
        self.runs = 0
        self.log = ""

    def lock(self) -> None:
        """Lock as a user does, and push it."""
        assert main(["lock", "--update-all"]) == 0
        self.push({})

    def push(self, files: Mapping[str, str | None]) -> None:
        self.repository.commit(files)
        if "origin" in self.repository.git("remote"):
            self.repository.git("push", "--quiet", "origin", "main")

    def run(self, day: int = 0, *, name: str = "schedule", branch: str = "main", **inputs: Any) -> int:
        """Run the watch on a day; return its exit status."""
        self.runs += 1
        self.github.requests.clear()
        sha = self.repository.git("rev-parse", "HEAD")
        schedule = SCHEDULE if name == "schedule" else ""
        event = Event(
            name, "", "acme/train", sha, "", frozenset({"octocat"}), branch=branch, default_branch="main",
            schedule=schedule,
        )  # fmt: skip
        folder = self.folder / f"run-{self.runs}"
        folder.mkdir()
        self.runner = Runner(
            workspace=self.repository.folder,
            folder=folder,
            hosted=True,
            api_url=self.github.url,
            run=1000 + self.runs,
            attempt=1,
            key="k",
            page=f"https://github.com/acme/train/actions/runs/{1000 + self.runs}",
            outputs=folder / "outputs",
            summary=folder / "summary.md",
        )
        given = {"mode": "upstream", "author": BOT, **inputs}
        stream = io.StringIO()
        self.findings: Findings = upstream.look(self.runner, Inputs("check", **given), stream)
        clock: Callable[[], float] = (FIRST + datetime.timedelta(days=day)).timestamp
        status = watch.report_upstream(
            event, self.runner, Inputs("report", **{"token": "t", **given}), stream, clock
        )
        self.log = stream.getvalue()
        return status

    @property
    def issue(self) -> Issue | None:
        """The one issue; there are never two."""
        [issue] = self.remote.issues.values() or [None]
        return issue

    @property
    def outputs(self) -> dict[str, str]:
        assert self.runner.outputs is not None
        return parse_outputs(self.runner.outputs.read_text())

    @property
    def summary(self) -> str:
        assert self.runner.summary is not None
        return self.runner.summary.read_text()

    @property
    def writes(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """What the last run wrote: the method, the end of the path, the fields of the body."""
        return [
            (request.method, request.path.partition("/acme/train/")[2], tuple(request.body))
            for request in self.github.requests
            if request.method != "GET"
        ]


def environment(*specs: str) -> str:
    entries = "".join(f"  - {spec}\n" for spec in specs)
    return f"name: train\nchannels:\n  - conda-forge\ndependencies:\n{entries}"
