"""What the Action takes beyond its installation: the step that comments, and both steps where nothing changed.

Both run as the runner starts them, against the local GitHub of the tests, which checks every request by GitHub's own
description: what that takes is counted in. The locks are of 300 packages on two platforms.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks._harness import RUNS, compare
from tests.support.github import BOT, FakeGitHub, PullRequest, Request, payloads, running
from tests.support.repository import Repository

from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

PACKAGES = 300
PLATFORMS = ("linux-64", "linux-aarch64")
COMMENT_LIMIT, RUN_LIMIT = 1.0, 10.0
"""Seconds: beyond the import of ghapi, and in all."""
FILE = "name: train\nchannels:\n  - conda-forge\nplatforms: [linux-64, linux-aarch64]\ndependencies:\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running() as github:
        changed = Job(Path(folder, "changed"), github, upgraded=40)
        changed.prepare()
        with each_comment_is_the_first(github):
            times = compare(
                f"a comment on {40 * len(PLATFORMS)} changes",
                {
                    "import ghapi.core": [sys.executable, "-I", "-c", "import ghapi.core"],
                    "the step that comments": changed.command("report"),
                },
            )
        if len(github.sent("POST")) <= RUNS:
            sys.exit("not every run has posted a comment")
        floor, taken = times.values()
        _judge("beyond the import", taken - floor, COMMENT_LIMIT)
        same = Job(Path(folder, "same"), github, upgraded=0)
        times = compare(
            "a repository without a change",
            {"lint, lock, build": same.command("check"), "compare and report": same.command("report")},
        )
        _judge("both", sum(times.values()), RUN_LIMIT)
        if github.violations:
            sys.exit("\n".join(github.violations))


class Job:
    """A checkout of a pull request whose lock has some packages upgraded, and the steps of its job."""

    def __init__(self, folder: Path, github: FakeGitHub, upgraded: int) -> None:
        self.folder = folder
        entries = "".join(f"  - package-{number:03}\n" for number in range(PACKAGES))
        repository = Repository(folder / "checkout")
        base = repository.commit({"environment.yml": FILE + entries, "conda-lock.yml": lock_text(0)})
        repository.branch("change")
        head = repository.commit({"conda-lock.yml": lock_text(upgraded)})
        repository.merge(head, "main")
        github.token("t")
        name = f"acme/{folder.name}"
        github.repository(name).pulls[7] = PullRequest(7, head, base, name)
        event = payloads.pull_request(head_sha=head, base_sha=base, repository=name, head_repository=name)
        (folder / "event.json").write_text(json.dumps(event))
        self.variables = {
            "PATH": os.environ["PATH"],
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_REPOSITORY": name,
            "GITHUB_ACTOR": "octocat",
            "GITHUB_API_URL": github.url,
            "GITHUB_RUN_ID": "1001",
            "GITHUB_WORKSPACE": str(repository.folder),
            "GITHUB_OUTPUT": str(folder / "outputs"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "LOCKSTEP_FOLDER": str(folder / "lockstep"),
        }
        (folder / "lockstep").mkdir()

    def command(self, step: str) -> Sequence[str]:
        """Return a step as the runner starts it, with the variables of a runner and no others."""
        variables = {**self.variables, "LOCKSTEP_STEP": step}
        if step == "report":
            variables |= {"LOCKSTEP_TOKEN": "t", "LOCKSTEP_AUTHOR": BOT, "LOCKSTEP_FAIL_ON": "never"}
        given = [f"{name}={value}" for name, value in variables.items()]
        return ["env", "-i", *given, sys.executable, "-I", "-m", "conda_lockstep", "action"]

    def prepare(self) -> None:
        """Write what the step that executes would hand over: it would ask channels whose doing the changes are."""
        from conda_lockstep.github.handoff.handoff import FILE_NAME, Checked, Handoff, write

        checkout = self.folder / "checkout"
        lock, file = ((checkout / name).read_bytes() for name in ("conda-lock.yml", "environment.yml"))
        digests = (hashlib.sha256(content).hexdigest() for content in (file, lock))
        checked = Checked("environment.yml", "conda-lock.yml", "current", *digests, lock=lock.decode())
        write(Handoff(checked=(checked,)), self.folder / "lockstep" / FILE_NAME)


def lock_text(upgraded: int) -> str:
    platforms = {platform: PackageSet.of(packages(platform, upgraded)) for platform in PLATFORMS}
    return cep37.render(Lock(platforms, ("conda-forge",), ("environment.yml",)))


def packages(platform: str, upgraded: int) -> Iterator[Package]:
    for number in range(PACKAGES):
        name, version = f"package-{number:03}", "2.0" if number < upgraded else "1.0"
        url = f"https://conda.anaconda.org/conda-forge/{platform}/{name}-{version}-h0_0.conda"
        sha256 = hashlib.sha256(url.encode()).hexdigest()
        yield Package(
            "conda", name, version, "h0_0", platform, "conda-forge", url, sha256=sha256, md5=sha256[:32]
        )


@contextmanager
def each_comment_is_the_first(github: FakeGitHub) -> Iterator[None]:
    """Have GitHub forget each comment at once, so that every run posts one."""

    def forget(request: Request) -> None:
        if request.method == "POST":
            github.repository("acme/changed").comments.clear()

    github.between = forget
    yield
    github.between = lambda request: None


def _judge(what: str, seconds: float, limit: float) -> None:
    print(f"  {what}: {seconds * 1000:.0f} ms (at most {limit * 1000:.0f} ms)")


if __name__ == "__main__":
    main()
