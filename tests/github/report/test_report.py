"""The half that speaks, from the hand-off to GitHub's answer."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.github.event.test_inputs import RUNNER
from tests.github.event.test_workflow_commands import parse_outputs
from tests.github.locks import FILE, LOCK, checked, handoff, lock_text
from tests.support import github as fakes
from tests.support.github import BOT, FakeGitHub, Token
from tests.support.repository import Repository

from conda_lockstep.github.event.event import Event, PullRequest
from conda_lockstep.github.event.inputs import Inputs
from conda_lockstep.github.event.runner import Runner, read_runner
from conda_lockstep.github.handoff import handoff as handoffs
from conda_lockstep.github.handoff.handoff import Handoff, Remark
from conda_lockstep.github.report.report import report

OLD = lock_text({"python": "3.11.9", "tqdm": "4.67.0"})
PATCH = lock_text({"python": "3.11.9", "tqdm": "4.67.1"})
GRAVE = lock_text({"python": "3.12.1", "tqdm": "4.67.0"})
INPUTS = Inputs("report", author=BOT, token="t")


class Job:
    """A pull request's job between its two steps."""

    def __init__(self, folder: Path, github: FakeGitHub) -> None:
        self.github = github
        self.repository = Repository(folder / "checkout")
        base = self.repository.commit({FILE: "name: x\n", LOCK: OLD})
        head = self.repository.commit({})
        self.remote = github.repository("acme/train")
        self.remote.pulls[7] = fakes.PullRequest(7, head, base, "acme/train")
        github.token("t")
        pull = PullRequest(7, "octocat", True, False, head, "change", "acme/train", base, "main")
        self.event = Event("pull_request", "opened", "acme/train", head, base, frozenset({"octocat"}), pull)
        self.runner = Runner(
            workspace=self.repository.folder,
            folder=folder / "lockstep",
            hosted=False,
            api_url=github.url,
            run=100,
            attempt=1,
            key="0123456789ab",
            page="https://github.com/acme/train/actions/runs/100",
            outputs=folder / "outputs",
            summary=folder / "summary.md",
        )
        self.runner.folder.mkdir()
        self.log = ""

    def run(self, given: Handoff, inputs: Inputs = INPUTS) -> int:
        handoffs.write(given, self.runner.folder / "handoff.json")
        stream = io.StringIO()
        status = report(self.event, self.runner, inputs, stream)
        self.log = stream.getvalue()
        return status

    def next_run(self) -> None:
        self.runner = dataclasses.replace(self.runner, run=self.runner.run + 1)

    @property
    def comments(self) -> list[str]:
        return [comment.body for comment in self.remote.comments.values()]

    @property
    def outputs(self) -> dict[str, str]:
        assert self.runner.outputs is not None
        return parse_outputs(self.runner.outputs.read_text())

    @property
    def summary(self) -> str:
        assert self.runner.summary is not None
        return self.runner.summary.read_text()


@pytest.fixture
def job(tmp_path: Path, github: FakeGitHub) -> Job:
    return Job(tmp_path, github)


def test_drift_is_reported_everywhere_it_is_looked_for(job: Job) -> None:
    assert job.run(handoff(checked(GRAVE))) == 1
    [comment] = job.comments
    for text in (comment, job.summary):
        assert "Environment drift: 1 critical" in text
    assert job.outputs["drift"] == "true"
    assert job.outputs["severity"] == "critical"
    assert job.outputs["evidence"] == "linted solved"
    path, platform, environment_id = job.outputs["environment-id"].split("\t")
    assert (path, platform, environment_id[:4]) == (FILE, "linux-64", "ls1-")
    assert json.loads(Path(job.outputs["report"]).read_text())["worst"] == "critical"
    assert environment_id in comment.splitlines()[0]
    assert "::error title=conda-lockstep::1 change of severity critical or worse" in job.log
    assert "comment: created: https://" in job.log


def test_pushes_edit_one_comment_until_it_is_clean(job: Job) -> None:
    seen = []
    for lock in (GRAVE, PATCH, PATCH, OLD):
        job.run(handoff(checked(lock)))
        seen.append(job.log.splitlines()[0].split(":")[1].strip())
        assert len(job.comments) == 1
        job.next_run()
    assert seen == ["created", "edited", "unchanged", "edited"]
    assert "No environment drift" in job.comments[0]


def test_what_touches_no_environment_gets_no_comment(job: Job) -> None:
    assert job.run(handoff(checked(OLD))) == 0
    assert job.comments == []
    assert "comment: skipped: the change does not affect an environment" in job.log
    assert "No environment drift" in job.summary


def test_a_clean_change_of_the_file_is_reported(job: Job) -> None:
    assert job.run(handoff(checked(OLD, file="name: x # why\n"))) == 0
    assert "No environment drift" in job.comments[0]


def as_fork(event: Event) -> Event:
    assert event.pull_request is not None
    pull = dataclasses.replace(event.pull_request, head_repository="stranger/train")
    return dataclasses.replace(event, pull_request=pull)


def as_dependabot(event: Event) -> Event:
    return dataclasses.replace(event, actors=frozenset({"dependabot[bot]"}))


def as_push(event: Event) -> Event:
    return dataclasses.replace(event, name="push", pull_request=None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (as_fork, "comes from a fork"),
        (as_dependabot, "Dependabot"),
        (as_push, "no pull request to comment on"),
    ],
)
def test_who_gets_no_comment_gets_a_summary(job: Job, change: Callable[[Event], Event], reason: str) -> None:
    job.event = change(job.event)
    assert job.run(handoff(checked(PATCH))) == 0
    assert job.comments == []
    assert job.github.requests == []
    assert "comment: skipped" in job.log
    assert reason in job.log
    assert "Environment drift" in job.summary


def test_a_push_tells_drift_and_does_not_fail_for_it(job: Job) -> None:
    job.event = as_push(job.event)
    assert job.run(handoff(checked(GRAVE))) == 0
    assert job.outputs["severity"] == "critical"


def test_a_comment_can_be_declined(job: Job) -> None:
    job.run(handoff(checked(PATCH)), dataclasses.replace(INPUTS, comment=False))
    assert job.comments == []
    assert "comment: skipped: input 'comment' is false" in job.log


@pytest.mark.parametrize(
    ("inputs", "token", "says"),
    [
        (
            INPUTS,
            Token(permissions={"pull_requests": "read"}),
            "add 'pull-requests: write' to the job's permissions",
        ),
        (dataclasses.replace(INPUTS, token=""), Token(), "no token to comment with"),
        (
            dataclasses.replace(INPUTS, author=""),
            Token(),
            "set the account that it comments as: 'author: my-app[bot]'",
        ),
    ],
)
def test_a_comment_that_fails_is_a_warning_and_not_a_verdict(
    job: Job, inputs: Inputs, token: Token, says: str
) -> None:
    job.github.token("t", token)
    assert job.run(handoff(checked(PATCH)), inputs) == 0
    assert job.comments == []
    assert "::warning title=no comment::" in job.log
    assert says in job.log


def test_a_personal_token_comments_as_its_owner(job: Job) -> None:
    job.github.token("t", Token(login="octocat", installation=False))
    job.run(handoff(checked(PATCH)), dataclasses.replace(INPUTS, author=""))
    job.next_run()
    job.run(handoff(checked(GRAVE)), dataclasses.replace(INPUTS, author=""))
    [comment] = job.remote.comments.values()
    assert comment.login == "octocat"


def test_what_could_not_be_done_is_reported_and_is_status_2(job: Job) -> None:
    assert job.run(handoff(checked(PATCH), failures=["environment.yml: a ‮ problem\n::error::x"])) == 2
    assert "::error title=conda-lockstep::environment.yml" in job.log
    assert "\n::error::x" not in job.log
    assert "❌" in job.comments[0]


def test_a_shallow_checkout_reads_the_base_from_github(job: Job, tmp_path: Path) -> None:
    assert job.event.pull_request is not None
    base = job.event.pull_request.base_sha
    job.remote.files[base, LOCK] = OLD.encode()
    job.remote.files[base, FILE] = b"name: x\n"
    shallow = Repository(tmp_path / "shallow")
    shallow.git("fetch", "--quiet", "--depth=1", job.repository.folder.as_uri(), job.event.sha)
    shallow.git("checkout", "--quiet", "--detach", "FETCH_HEAD")
    job.remote.parents[job.event.sha] = base
    job.runner = dataclasses.replace(job.runner, workspace=shallow.folder)
    assert job.run(handoff(checked(GRAVE))) == 1
    assert "Environment drift: 1 critical" in job.comments[0]


def test_a_check_that_did_not_finish_is_reported(job: Job) -> None:
    assert report(job.event, job.runner, INPUTS, io.StringIO()) == 2
    assert "the check did not finish" in job.comments[0]
    assert "No environment drift" not in job.comments[0]


def test_a_hand_off_that_was_tampered_with_is_reported(job: Job) -> None:
    (job.runner.folder / "handoff.json").write_text('{"schema": 2, "failures": {}}')
    assert report(job.event, job.runner, INPUTS, io.StringIO()) == 2
    assert "is not a list of texts" in job.summary


def test_only_files_that_the_change_touches_are_annotated(job: Job) -> None:
    head = job.repository.commit({FILE: "name: x # new\n"})
    assert job.event.pull_request is not None
    pull = dataclasses.replace(job.event.pull_request, head_sha=head)
    job.event = dataclasses.replace(job.event, sha=head, pull_request=pull)
    remarks = [
        Remark("unpinned-conda", "warning", "numpy has no version", path, 4, 5) for path in (FILE, "old.yml")
    ]
    job.run(handoff(checked(OLD, file="name: x # new\n"), remarks=remarks))
    assert f"::warning file={FILE},line=4,col=5,title=unpinned-conda::numpy has no version" in job.log
    assert "file=old.yml" not in job.log
    assert "old.yml:4:5: warning: numpy has no version" in job.log


def test_an_unreadable_file_gets_a_comment(job: Job) -> None:
    remark = Remark("unreadable-file", "error", "a tab indents this line", FILE, 2, 1)
    assert job.run(handoff(remarks=[remark])) == 1
    [comment] = job.comments
    assert "### ❌ The check fails" in comment
    assert "a tab indents this line" in comment


def test_jobs_that_look_at_different_things_have_a_comment_each(job: Job) -> None:
    keys = [
        read_runner({**RUNNER, name: value}).key
        for name, value in (
            ("LOCKSTEP_FILES", ""),
            ("LOCKSTEP_FILES", "gpu.yml"),
            ("LOCKSTEP_FILES", "cpu.yml"),
            ("LOCKSTEP_PLATFORMS", "linux-64"),
            ("LOCKSTEP_CUDA", "12.4"),
            ("LOCKSTEP_WORKING_DIRECTORY", "train"),
            ("LOCKSTEP_MACHINE", "a100"),
            ("LOCKSTEP_COMMENT_ID", "a100"),
            ("LOCKSTEP_COMMENT_ID", "h100"),
        )
    ]
    assert len(set(keys)) == len(keys)
    for key in (*keys, keys[0]):
        job.runner = dataclasses.replace(job.runner, key=key, run=job.runner.run + 1)
        job.run(handoff(checked(PATCH)))
    assert len(job.comments) == len(keys)


def test_a_dispatched_run_is_told_on_the_pull_request_of_its_branch(job: Job) -> None:
    """With 'lock-update: commit' and 'checks', this is the run whose result counts."""
    head = job.repository.commit({LOCK: GRAVE})
    job.remote.pulls[7].head_sha = head
    job.event = dataclasses.replace(
        job.event,
        name="workflow_dispatch",
        sha=head,
        pull_request=None,
        branch="change",
        default_branch="main",
    )
    assert job.run(handoff(checked(GRAVE))) == 1
    [comment] = job.comments
    assert "Environment drift: 1 critical" in comment
