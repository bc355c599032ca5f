"""What becomes of a change, by event, with its base and without: both steps, as a runner has them.

The tables here are the ones in docs/action.md: ``LOCKSTEP_ACCEPT=1`` writes them there.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

import pytest
from scripts.action_docs import PAGE

from conda_lockstep.github import action
from tests.github.check.test_check import CONDA_FORGE, INPUTS, Checkout, environment
from tests.support import github as fakes
from tests.support.forge import Forge
from tests.support.github import BOT, FakeGitHub, payloads
from tests.support.repository import Repository

Files: TypeAlias = Mapping[str, "str | None"]
FILE, LOCK = "environment.yml", "conda-lock.yml"
GPU = environment("pytorch-gpu=2.4.1", "tqdm=4.67.1", "six=1.17.0")
CPU = environment("pytorch-cpu=2.4.1", "tqdm=4.67.1", "six=1.17.0")
RED, BROKEN, GREEN = "❌ The check fails", "❌ The check could not be completed", "✅ No environment drift"
PLAIN = "ℹ️ No environment drift"


@dataclass(frozen=True)
class Locks:
    """The files of a repository: its settings, and the locks of GPU and CPU environment."""

    settings: str
    gpu: str
    cpu: str


@dataclass(frozen=True)
class Case:
    """A change: what it does in words, its files, and what becomes of it as a pull request.

    ``merged`` is the exit status once it is merged, where a push reports it. ``says`` must stand in the summary.
    """

    words: str
    files: Callable[[Locks], Files]
    status: int
    headline: str
    says: tuple[str, ...] = ()
    merged: int = 0
    comment: bool = True
    links: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.words


def edited(lock: str) -> str:
    """A lock in which a hand has changed one version."""
    return lock.replace("version: '4.67.1'", "version: '4.67.0'")


CASES = (
    Case("leaves the environments alone", lambda _: {"README.md": "# x\n"}, 0, GREEN, comment=False),
    Case(
        "adds an environment with its lock",
        lambda locks: {"envs/cpu.yml": CPU, "envs/cpu.conda-lock.yml": locks.cpu},
        0,
        GREEN,
        ("does not exist on the base commit",),
    ),
    Case(
        "adds an environment without a lock", lambda _: {"envs/cpu.yml": CPU}, 0, PLAIN, ("has no lock yet",)
    ),
    Case("comments in an environment file", lambda _: {FILE: GPU + "# why\n"}, 0, GREEN),
    Case(
        "changes an environment and its lock, GPU to CPU",
        lambda locks: {FILE: CPU, LOCK: locks.cpu},
        1,
        RED,
        ("severity critical or worse",),
    ),
    Case("deletes an environment file", lambda _: {FILE: None}, 1, RED, ("`environment.yml` was deleted",)),
    Case("deletes a lock", lambda _: {LOCK: None}, 1, RED, ("`conda-lock.yml` was deleted",)),
    Case(
        "deletes an environment file and its lock",
        lambda _: {FILE: None, LOCK: None},
        1,
        RED,
        ("`environment.yml` was deleted", "`conda-lock.yml` was deleted"),
    ),
    Case(
        "replaces an environment file by a link",
        lambda locks: {FILE: None, "other/cpu.yml": CPU, "other/cpu.conda-lock.yml": locks.cpu},
        1,
        RED,
        ("`environment.yml` was replaced by a link",),
        merged=1,
        links={FILE: "other/cpu.yml"},
    ),
    Case(
        "empties an environment file",
        lambda _: {FILE: "name: train\n"},
        1,
        RED,
        ("`environment.yml` is no longer an environment file",),
    ),
    Case(
        "renames an environment file and its lock",
        lambda locks: {FILE: None, LOCK: None, "envs/gpu.yml": GPU, "envs/gpu.conda-lock.yml": locks.gpu},
        0,
        GREEN,
        ("is now",),
    ),
    Case(
        "renames both, GPU to CPU",
        lambda locks: {FILE: None, LOCK: None, "envs/gpu.yml": CPU, "envs/gpu.conda-lock.yml": locks.cpu},
        1,
        RED,
        ("severity critical or worse", "is now"),
    ),
    Case(
        "changes an environment file and not its lock",
        lambda _: {FILE: CPU},
        1,
        RED,
        ("does not fit `environment.yml`", "solved anew"),
        merged=1,
    ),
    Case(
        "edits a lock by hand",
        lambda locks: {LOCK: edited(locks.gpu)},
        1,
        RED,
        ("does not fit `environment.yml`", "solved anew", "`4.67.0`"),
        merged=1,
    ),
    Case(
        "breaks a lock",
        lambda _: {LOCK: "<<<<<<< ours\n"},
        1,
        RED,
        ("does not fit `environment.yml`", "unresolved merge conflict", "cannot be read; a fresh solution"),
        merged=1,
    ),
    Case(
        "makes an environment file unreadable",
        lambda _: {FILE: "dependencies:\n\t- tqdm\nchannels: [conda-forge]\n"},
        1,
        RED,
        ("unreadable-file",),
        merged=1,
    ),
    Case(
        "switches off the rule that it breaks",
        lambda locks: {
            "lockstep.toml": f'ignore = ["unpinned-conda"]\n{locks.settings}[severity]\nbad-spec = "off"\n',
            FILE: GPU.replace("six=1.17.0", "six=1.17.0=a=b=c"),
        },
        1,
        RED,
        ("`lockstep.toml` changes settings: ignore, severity",),
        merged=1,
    ),
)
EVENTS = {
    "pull_request": ("`pull_request`", "the first parent of the merge that is checked out", "yes", "yes"),
    "merge_group": ("`merge_group`", "the parent of the merge group", "yes", "no"),
    "workflow_dispatch": (
        "`workflow_dispatch` and others, on a branch",
        "where the branch left that of its pull request, or the default branch",
        "yes",
        "if the branch has a pull request",
    ),
    "copied": (
        "`push` to `pull-request/N`, by copy-pr-bot",
        "where pull request N branched off",
        "yes",
        "no",
    ),
    "push": ("`push`", "the commit before the push", "reported", "no"),
    "schedule": (
        "`schedule` and others, on the default branch",
        "the commit before the last one",
        "reported",
        "no",
    ),
}
JUDGED = frozenset({"pull_request", "merge_group", "workflow_dispatch", "copied"})


def table() -> str:
    """What docs/action.md says of each event and of each change."""
    lines = ["| Event | Base | Judged | Comment | Without a base |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} | fails with 2 |" for row in EVENTS.values()]
    lines += [
        "",
        "| A change that … | Judged: exit status | Headline | Merged: exit status |",
        "|---|---|---|---|",
    ]
    lines += [f"| {case.words} | {case.status} | {case.headline} | {case.merged} |" for case in CASES]
    return "\n".join(lines) + "\n"


def test_the_page_has_this_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    block = re.compile(r"(?<=<!-- gate -->\n).*?(?=<!-- end -->)", re.DOTALL)
    if os.environ.get("LOCKSTEP_ACCEPT"):
        PAGE.write_text(block.sub(lambda _: table(), page), encoding="utf-8")
    assert block.findall(PAGE.read_text(encoding="utf-8")) == [table()], "run it with LOCKSTEP_ACCEPT=1"


class Change:
    """A repository with one change, on a runner that an event has started."""

    def __init__(self, folder: Path, case: Case, locks: Locks, github: FakeGitHub, forge: Forge) -> None:
        self.folder, self.case, self.github = folder, case, github
        self.repository = Repository(folder / "checkout")
        files = {"lockstep.toml": locks.settings, FILE: GPU, LOCK: locks.gpu}
        self.base = self.repository.commit(files)
        self.repository.branch("change")
        self.repository.write(case.files(locks))
        for path, target in case.links.items():
            (self.repository.folder / path).symlink_to(target)
        # Several commits, so that the base is not simply the parent.
        self.head = self.repository.commit({}) and self.repository.commit({"more.txt": "x\n"})
        github.token("t")
        self.remote = github.repository("acme/train")
        self.remote.pulls[7] = fakes.PullRequest(7, self.head, self.base, "acme/train")
        self.remote.git = self.repository.folder / ".git"
        self.workspace = self.repository.folder

    def on(self, event: str) -> dict[str, str]:
        """Check out what the event is about; return its variables."""
        ref, name, payload = "refs/heads/change", event, payloads.other("schedule")
        if event == "pull_request":
            self.repository.merge(self.head, "main")
            payload = payloads.pull_request(head_sha=self.head, base_sha=self.base)
            ref = "refs/pull/7/merge"
        elif event == "merge_group":
            payload = payloads.merge_group(head_sha=self.head, base_sha=self.base)
            ref = "refs/heads/gh-readonly-queue/main/pr-7"
        elif event == "workflow_dispatch":
            payload = payloads.other(event)
        elif event == "copied":
            self.remote.pulls[7].head_repository = "stranger/train"
            name, ref = "push", "refs/heads/pull-request/7"
            # The last push alone changes nothing: what was pushed before is not its base.
            before = self.repository.git("rev-parse", "HEAD~1")
            payload = payloads.push(before=before, after=self.head, ref=ref)
        elif event == "push":
            self.repository.git("checkout", "--quiet", "-B", "main", self.head)
            payload, ref = payloads.push(before=self.base, after=self.head), "refs/heads/main"
        else:
            # A schedule knows nothing of a change: what is compared is the last commit of the default branch.
            self.repository.git("reset", "--quiet", "--soft", self.base)
            self.head = self.repository.commit({})
            self.repository.git("checkout", "--quiet", "-B", "main")
            ref = "refs/heads/main"
        (self.folder / "event.json").write_text(json.dumps(payload))
        return {
            "GITHUB_EVENT_NAME": name,
            "GITHUB_REF": ref,
            "GITHUB_SHA": self.repository.git("rev-parse", "HEAD"),
        }

    def lose_the_base(self) -> None:
        """Check out one commit alone, as actions/checkout does by default; GitHub cannot be asked."""
        shallow, commit = Repository(self.folder / "shallow"), self.repository.git("rev-parse", "HEAD")
        shallow.git("fetch", "--quiet", "--depth=1", self.repository.folder.as_uri(), commit)
        shallow.git("checkout", "--quiet", "--detach", "FETCH_HEAD")
        self.workspace = shallow.folder
        self.remote.git = None

    def run(self, variables: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, **more: str) -> int:
        """Run both steps; return the status of the Action."""
        (self.folder / "lockstep").mkdir(exist_ok=True)
        given = {
            **variables,
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_REPOSITORY": "acme/train",
            "GITHUB_ACTOR": "octocat",
            "GITHUB_API_URL": self.github.url,
            "GITHUB_RUN_ID": "1001",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "LOCKSTEP_FOLDER": str(self.folder / "lockstep"),
            "LOCKSTEP_AUTHOR": BOT,
            "LOCKSTEP_BUILD": "never",
            "LOCKSTEP_CUDA": "12.4",
            "PATH": os.environ["PATH"],
            **more,
        }
        with monkeypatch.context() as context:
            context.setattr("conda_lockstep.github.check.attribution.SECONDS", 0.2)
            context.setattr(os, "environ", {**given, "LOCKSTEP_STEP": "check"})
            context.chdir(self.workspace)
            assert action.main() == 0
            context.setattr(os, "environ", {"LOCKSTEP_TOKEN": "t", **given, "LOCKSTEP_STEP": "report"})
            return action.main()

    @property
    def summary(self) -> str:
        return (self.folder / "summary.md").read_text()

    @property
    def comments(self) -> list[str]:
        return [comment.body for comment in self.remote.comments.values()]


@pytest.fixture(scope="session")
def locks(tmp_path_factory: pytest.TempPathFactory, forge: Forge) -> Locks:
    """The locks of both environments, made by the checking step itself."""
    settings = f'platforms = ["{forge.subdir}"]\n[mirrors]\n"{CONDA_FORGE}" = "{forge.channel_url}"\n'
    made = []
    here = Path.cwd()
    for text in (GPU, CPU):
        checkout = Checkout(tmp_path_factory.mktemp("locks"), forge)
        checkout.write({FILE: text})
        try:
            made.append(checkout.one(replace(INPUTS, cuda="12.4")).lock)
        finally:
            os.chdir(here)
    return Locks(settings, *made)


def headline(text: str) -> str:
    """The first line of a report, without its markup."""
    return re.sub(r"<!--.*?-->|[#*_]", "", text).strip().splitlines()[0].strip()


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("event", EVENTS)
def test_a_change_is_judged_by_its_base(
    tmp_path: Path,
    github: FakeGitHub,
    forge: Forge,
    locks: Locks,
    monkeypatch: pytest.MonkeyPatch,
    event: str,
    case: Case,
) -> None:
    change = Change(tmp_path, case, locks, github, forge)
    status = change.run(change.on(event), monkeypatch)
    expected = case.status if event in JUDGED else case.merged
    assert status == expected, change.summary
    first = headline(change.summary)
    if event in JUDGED:
        assert first.startswith(case.headline), change.summary
        for words in case.says:
            assert words in change.summary
    assert (status == 0) is ("❌" not in first)
    assert status == 0 or "✅" not in change.summary
    expects_comment = event == "pull_request" and case.comment
    expects_comment |= event == "workflow_dispatch" and case.comment
    assert bool(change.comments) is expects_comment
    for text in (change.summary, *change.comments):
        assert str(tmp_path) not in text


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("event", EVENTS)
def test_a_change_without_a_base_is_not_called_good(
    tmp_path: Path,
    github: FakeGitHub,
    forge: Forge,
    locks: Locks,
    monkeypatch: pytest.MonkeyPatch,
    event: str,
    case: Case,
) -> None:
    change = Change(tmp_path, case, locks, github, forge)
    variables = change.on(event)
    change.lose_the_base()
    assert change.run(variables, monkeypatch) == 2, change.summary
    assert headline(change.summary).startswith(BROKEN)
    assert "no comparison: " in change.summary
    assert "✅" not in change.summary
    assert bool(change.comments) is (event == "pull_request")


@pytest.mark.parametrize("event", EVENTS)
def test_a_missing_base_can_be_reported_alone(
    tmp_path: Path,
    github: FakeGitHub,
    forge: Forge,
    locks: Locks,
    monkeypatch: pytest.MonkeyPatch,
    event: str,
) -> None:
    change = Change(tmp_path, CASES[0], locks, github, forge)
    variables = change.on(event)
    change.lose_the_base()
    assert change.run(variables, monkeypatch, LOCKSTEP_MISSING_BASE="report") == 0
    assert headline(change.summary).startswith("ℹ️ No environment was compared")
    assert "no comparison: " in change.summary


@pytest.mark.parametrize("place", [".", "src"])
def test_a_checkout_in_a_folder_is_judged_like_any(
    tmp_path: Path,
    github: FakeGitHub,
    forge: Forge,
    locks: Locks,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    """With 'path' of actions/checkout, the workspace is no checkout: 'working-directory' names it."""
    change = Change(tmp_path, CASES[4], locks, github, forge)
    variables = change.on("pull_request")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    if place == ".":
        workspace = change.workspace
    else:
        change.repository.folder.rename(workspace / place)
    change.workspace = workspace
    assert change.run(variables, monkeypatch, LOCKSTEP_WORKING_DIRECTORY=place) == 1
    assert "severity critical or worse" in change.summary
