"""The base of a change: which commit it is, and what its files held, in checkouts of every depth."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.github.clock import Clock
from tests.support.github import FakeGitHub
from tests.support.github import PullRequest as PullRequestOfGitHub
from tests.support.repository import Repository

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.api import GitHub
from conda_lockstep.github.event.base import find_commit_range
from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.github.event.event import Event, PullRequest

LOCK = "envs/gpu #1.conda-lock.yml"


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "upstream")


def event(base: str, head: str, name: str = "pull_request") -> Event:
    pull = PullRequest(7, "octocat", True, False, head, "change", "acme/train", base, "main")
    return Event(name, "", "acme/train", head, base, frozenset(), pull)


def clone(upstream: Repository, to: Path, commit: str, *options: str) -> Path:
    """Check a commit out as actions/checkout does."""
    checkout = Repository(to)
    checkout.git("fetch", "--quiet", *options, upstream.folder.as_uri(), commit)
    checkout.git("checkout", "--quiet", "--detach", "FETCH_HEAD")
    return to


def merged(upstream: Repository) -> tuple[str, str, str, str]:
    """Base as the event names it, base as merged, head, merge: main moved on after the event."""
    named = upstream.commit({LOCK: "old", "gone.yml": "x"})
    upstream.branch("change")
    head = upstream.commit({LOCK: "new"})
    upstream.git("checkout", "--quiet", "main")
    actual = upstream.commit({"other.yml": "somebody else's"})
    return named, actual, head, upstream.merge(head, "main")


@pytest.mark.parametrize("depth", ["1", "2", "99"])
def test_the_base_of_a_merge_is_its_first_parent(upstream: Repository, tmp_path: Path, depth: str) -> None:
    named, actual, head, merge = merged(upstream)
    folder = clone(upstream, tmp_path / "checkout", merge, f"--depth={depth}")
    assert find_commit_range(event(named, head), folder).base == actual


def test_the_base_of_a_plain_head_is_where_it_branched_off(upstream: Repository, tmp_path: Path) -> None:
    named, actual, head, _ = merged(upstream)
    deep = clone(upstream, tmp_path / "deep", head)
    Repository(deep).git("fetch", "--quiet", upstream.folder.as_uri(), actual)
    assert find_commit_range(event(actual, head), deep).base == named
    shallow = clone(upstream, tmp_path / "shallow", head, "--depth=1")
    assert find_commit_range(event(actual, head), shallow).base == actual


def test_a_push_has_the_base_it_names(upstream: Repository) -> None:
    push = Event("push", "", "acme/train", upstream.commit({}), "b" * 40, frozenset())
    change = find_commit_range(push, upstream.folder)
    assert (change.base, change.is_judged) == ("b" * 40, False)


def test_files_are_read_as_they_were(upstream: Repository, tmp_path: Path) -> None:
    _, actual, _, merge = merged(upstream)
    base = CommitFiles(clone(upstream, tmp_path / "checkout", merge, "--depth=2"), actual)
    assert base.read(LOCK) == b"old"
    assert base.read("other.yml") == b"somebody else's"
    assert base.read("never.yml") is None
    assert base.read("envs") is None


def test_without_a_base_nothing_was_there(tmp_path: Path) -> None:
    assert CommitFiles(tmp_path, "").read(LOCK) is None


def test_a_shallow_checkout_without_a_token_says_how_to_deepen_it(
    upstream: Repository, tmp_path: Path
) -> None:
    _, actual, _, merge = merged(upstream)
    base = CommitFiles(clone(upstream, tmp_path / "checkout", merge, "--depth=1"), actual)
    with pytest.raises(
        LockstepError, match=r"does not contain the base commit .*; check out with 'fetch-depth: 2'"
    ):
        base.read(LOCK)


def test_github_answers_for_a_shallow_checkout(
    github: FakeGitHub, upstream: Repository, tmp_path: Path
) -> None:
    _, actual, _, merge = merged(upstream)
    github.repository("acme/train").files[actual, LOCK] = b"old"
    client = GitHub("acme/train", github.token("t"), github.url, Clock().patience())
    base = CommitFiles(clone(upstream, tmp_path / "checkout", merge, "--depth=1"), actual, client)
    assert base.read(LOCK) == b"old"
    assert base.read("never.yml") is None


def test_a_partial_clone_fetches_nothing_behind_our_back(
    github: FakeGitHub, upstream: Repository, tmp_path: Path
) -> None:
    _, actual, _, _ = merged(upstream)
    upstream.git("config", "uploadpack.allowFilter", "true")
    folder = tmp_path / "partial"
    upstream.git(
        "clone", "--quiet", "--filter=blob:none", "--no-checkout", upstream.folder.as_uri(), str(folder)
    )
    github.repository("acme/train").files[actual, LOCK] = b"from GitHub"
    client = GitHub("acme/train", github.token("t"), github.url, Clock().patience())
    assert CommitFiles(folder, actual, client).read(LOCK) == b"from GitHub"
    assert CommitFiles(folder, actual, client).read("never.yml") is None


def test_a_link_of_the_base_is_not_followed(upstream: Repository) -> None:
    (upstream.folder / "link.yml").symlink_to("/etc/passwd")
    commit = upstream.commit({})
    assert CommitFiles(upstream.folder, commit).read("link.yml") is None


def other(name: str, head: str, *, branch: str = "", base: str = "", default: str = "main") -> Event:
    return Event(name, "", "acme/train", head, base, frozenset(), branch=branch, default_branch=default)


@pytest.fixture
def history(upstream: Repository) -> dict[str, str]:
    """A main branch of two commits, and a branch of two more that left it after the first; checked out."""
    root = upstream.commit({"a.yml": "1"})
    left = upstream.commit({"a.yml": "2"})
    upstream.branch("change", root)
    first = upstream.commit({"b.yml": "1"})
    head = upstream.commit({"b.yml": "2"})
    return {"root": root, "main": left, "first": first, "head": head}


@pytest.mark.parametrize(
    ("event", "base", "judged"),
    [
        (("workflow_dispatch", "change", ""), "root", True),
        (("repository_dispatch", "change", ""), "root", True),
        (("push", "change", ""), "root", True),
        (("push", "change", "first"), "first", False),
        (("merge_group", "", "root"), "root", True),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else str(value),
)
def test_every_event_has_a_base(
    upstream: Repository, history: dict[str, str], event: tuple[str, str, str], base: str, judged: bool
) -> None:
    name, branch, before = event
    change = find_commit_range(
        other(name, history["head"], branch=branch, base=history.get(before, "")), upstream.folder
    )
    assert (change.base, change.is_judged, change.missing) == (history[base], judged, "")


@pytest.mark.parametrize("name", ["workflow_dispatch", "schedule", "release", "issue_comment", "push"])
def test_on_the_default_branch_the_last_commit_is_reported(
    upstream: Repository, history: dict[str, str], name: str
) -> None:
    upstream.git("checkout", "--quiet", "main")
    change = find_commit_range(other(name, history["main"], branch="main"), upstream.folder)
    assert (change.base, change.is_judged) == (history["root"], False)


def test_the_first_commit_has_no_base_and_misses_none(upstream: Repository) -> None:
    head = upstream.commit({"a.yml": "1"})
    change = find_commit_range(other("push", head, branch="main"), upstream.folder)
    assert (change.base, change.missing) == ("", "")


@pytest.mark.parametrize(
    ("base_ref", "base"), [("main", "root"), ("root", "root"), ("first", "first"), ("refs/heads/main", None)]
)
def test_a_base_can_be_named(
    upstream: Repository, history: dict[str, str], base_ref: str, base: str | None
) -> None:
    given = history[base_ref] if base_ref in ("root", "first") else base_ref
    change = find_commit_range(other("push", history["head"]), upstream.folder, base_ref=given)
    assert change.base == (history[base] if base else "")
    assert bool(change.missing) is (base is None)


@pytest.mark.parametrize(
    ("event", "arguments", "says"),
    [
        ("workflow_dispatch", {"base_ref": "change"}, "already contains the commit that is checked out"),
        ("workflow_dispatch", {"base_ref": "nowhere"}, "which is no branch of this repository"),
        ("workflow_dispatch", {"head_ref": "main"}, "does not contain the commit of input 'head-ref', main"),
        ("merge_group", {}, "does not contain the commit of the event"),
        ("push", {}, "does not contain the commit of the event"),
    ],
)
def test_a_checkout_of_something_else_is_not_judged_as_the_change(
    upstream: Repository, history: dict[str, str], event: str, arguments: dict[str, str], says: str
) -> None:
    sha = history["main"] if event != "workflow_dispatch" else history["head"]
    change = find_commit_range(
        other(event, sha, branch="change", base=history["root"]), upstream.folder, **arguments
    )
    assert says in change.missing
    assert change.base == ""


def test_pull_request_target_checks_out_the_base_branch_which_is_no_change(
    upstream: Repository, history: dict[str, str]
) -> None:
    upstream.git("checkout", "--quiet", "main")
    change = find_commit_range(
        event(history["main"], history["head"], "pull_request_target"), upstream.folder
    )
    assert "does not contain the pull request's commit" in change.missing


@pytest.mark.parametrize("fork", [False, True])
def test_a_run_on_a_branch_is_judged_as_its_pull_request(
    github: FakeGitHub, upstream: Repository, history: dict[str, str], fork: bool
) -> None:
    """What 'checks' starts, and what copy-pr-bot pushes, is compared with what the pull request is for."""
    upstream.git("branch", "release", history["first"])
    remote = github.repository("acme/train")
    remote.git = upstream.folder / ".git"
    remote.pulls[7] = PullRequestOfGitHub(
        7, history["head"], history["first"], "stranger/train" if fork else "acme/train", base_ref="release"
    )
    client = GitHub("acme/train", github.token("t"), github.url, Clock().patience())
    run = other("workflow_dispatch", history["head"], branch="change")
    if fork:
        run = other("push", history["head"], branch="pull-request/7", base=history["main"])
    change = find_commit_range(run, upstream.folder, client)
    assert (change.base, change.is_judged) == (history["first"], True)
    assert change.pull_request is not None
    assert change.pull_request.number == 7
