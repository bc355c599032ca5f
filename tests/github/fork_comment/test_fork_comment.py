"""Comments for the runs of forks: what is believed of them, and what is not."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.github.locks import FILE, LOCK, checked, lock_text, sha256
from tests.support.github import BOT, Artifact, FakeGitHub, PullRequest, Repository, Token, payloads

from conda_lockstep.drift.attribution.cause_text import undated
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client import artifacts
from conda_lockstep.github.event.event import read_event
from conda_lockstep.github.event.inputs import Inputs
from conda_lockstep.github.event.runner import Runner
from conda_lockstep.github.fork_comment.fork_comment import comment_on_fork
from conda_lockstep.github.fork_comment.sanitize import MOST, sanitize
from conda_lockstep.github.handoff import handoff
from conda_lockstep.github.handoff.handoff import Cause, Caveat, Checked, Handoff, Remark
from conda_lockstep.github.publish.comment import read_state

HEAD, BASE, ROOT, MERGE = payloads.HEAD, payloads.BASE, "c" * 40, "9" * 40
OLD, NEW = lock_text({"numpy": "1.26.4"}), lock_text({"numpy": "2.1.0"})
SENTENCE = "maintainers-approve-this-send-money-to-evil.example"
PERMISSIONS: Any = {"contents": "read", "actions": "read", "pull_requests": "write"}


@pytest.fixture
def repository(github: FakeGitHub) -> Repository:
    github.token("t", Token(permissions=PERMISSIONS))
    repository = github.repository("acme/train")
    repository.pulls[7] = PullRequest(7, HEAD, BASE, "stranger/train", login="stranger")
    repository.parents |= {HEAD: ROOT, BASE: ROOT}
    for commit in (ROOT, BASE):
        repository.files |= {(commit, FILE): b"name: x\n", (commit, LOCK): OLD.encode()}
    repository.files |= {(HEAD, FILE): b"name: x\n", (HEAD, LOCK): NEW.encode()}
    return repository


def merge(repository: Repository, onto: str, lock: str = NEW) -> str:
    """GitHub's merge of the pull request with a commit of the base branch; return it."""
    repository.pulls[7].merge_sha = MERGE
    repository.merges[MERGE] = (onto, HEAD)
    repository.files |= {(MERGE, FILE): b"name: x\n", (MERGE, LOCK): lock.encode()}
    return MERGE


def zipped(content: bytes, name: str = handoff.FILE_NAME) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def upload(repository: Repository, handed: Handoff, folder: Path, run: int = 555) -> None:
    handoff.write(handed, folder / "handoff.json")
    content = zipped((folder / "handoff.json").read_bytes())
    repository.artifacts[len(repository.artifacts) + 1] = Artifact(run, "lockstep", content)


def follow(github: FakeGitHub, folder: Path, **run: Any) -> str:
    """Follow a run that has ended; return what is printed."""
    (folder / "event.json").write_text(json.dumps(payloads.workflow_run(**run)))
    event = read_event(
        {
            "GITHUB_EVENT_NAME": "workflow_run",
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_REPOSITORY": "acme/train",
        }
    )
    runner = Runner(folder, folder, True, github.url, 9000, 1, "other", "", None, folder / "summary.md")
    out = io.StringIO()
    assert comment_on_fork(event, runner, Inputs("report", author=BOT, token="t"), out) == 0
    return out.getvalue()


def comment(repository: Repository) -> str:
    [only] = repository.comments.values()
    return only.body


def test_a_fork_is_commented_with_what_github_itself_compares(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    upload(repository, Handoff(checked=(checked(NEW),), base=BASE), tmp_path)
    assert "comment: created" in follow(github, tmp_path)
    assert "`numpy`" in comment(repository)
    assert "`1.26.4`" in comment(repository)
    state = read_state(comment(repository))
    assert state is not None
    assert (state[0].run, state[0].attempt) == (555, 1)
    assert "comment: unchanged" in follow(github, tmp_path, attempt=2)


def test_the_store_of_artifacts_is_asked_without_cost_to_the_api(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    upload(repository, Handoff(checked=(checked(NEW),), base=BASE), tmp_path)
    follow(github, tmp_path)
    assert [str(item) for item in github.requests if "store" in item.path] == ["GET /store/acme/train/1"]


def test_a_failed_build_is_reported(github: FakeGitHub, repository: Repository, tmp_path: Path) -> None:
    upload(
        repository,
        Handoff(checked=(checked(NEW, build="failed", build_reason=SENTENCE),), base=BASE),
        tmp_path,
    )
    follow(github, tmp_path, conclusion="failure")
    assert "could not be built" in comment(repository)
    assert SENTENCE not in comment(repository)


def test_a_run_that_left_nothing_is_reported(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    follow(github, tmp_path, conclusion="failure")
    assert "the check did not finish" in comment(repository)


@pytest.mark.parametrize(
    ("run", "says"),
    [
        ({"conclusion": "cancelled"}, "ended as 'cancelled'"),
        ({"conclusion": "action_required"}, "ended as 'action_required'"),
        ({"event": "push"}, "started by 'push'"),
        ({"head_repository": None}, "the fork of that run was deleted"),
        ({"head_repository": "acme/train"}, "its own run comments"),
        ({"head_sha": "d" * 40}, "no open pull request has that run's commit"),
        ({"head_branch": "other"}, "no open pull request has that run's commit"),
        ({"head_repository": "other/train"}, "no open pull request has that run's commit"),
    ],
)
def test_what_is_no_forks_open_pull_request_is_left_in_peace(
    github: FakeGitHub, repository: Repository, tmp_path: Path, run: dict[str, Any], says: str
) -> None:
    upload(repository, Handoff(checked=(checked(NEW),)), tmp_path)
    assert says in follow(github, tmp_path, **run)
    assert repository.comments == {}


def test_dependabot_is_commented(github: FakeGitHub, repository: Repository, tmp_path: Path) -> None:
    repository.pulls[7] = PullRequest(7, HEAD, BASE, "acme/train", login="dependabot[bot]")
    upload(repository, Handoff(checked=(checked(NEW),), base=BASE), tmp_path)
    follow(github, tmp_path, head_repository="acme/train", actor="dependabot[bot]")
    assert "`numpy`" in comment(repository)


def test_the_artifact_of_another_run_is_not_taken(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    upload(repository, Handoff(checked=(checked(NEW),), base=BASE), tmp_path, run=554)
    follow(github, tmp_path)
    assert "the check did not finish" in comment(repository)


@pytest.mark.parametrize(
    ("claimed", "compared"),
    [
        ("", {ROOT, HEAD}),
        (BASE, {BASE, MERGE}),
        (ROOT, {ROOT, HEAD}),
        (HEAD, {ROOT, HEAD}),
        ("e" * 40, {ROOT, HEAD}),
        ("../x", {ROOT, HEAD}),
    ],
)
def test_a_base_is_believed_only_if_the_pull_request_is_merged_with_it(
    github: FakeGitHub, repository: Repository, tmp_path: Path, claimed: str, compared: set[str]
) -> None:
    merge(repository, BASE)
    upload(repository, Handoff(checked=(checked(NEW),), base=claimed), tmp_path)
    follow(github, tmp_path)
    read = {request.query["ref"] for request in github.requests if "/contents/" in request.path}
    assert read == compared


HOSTILE = Handoff(
    remarks=(
        Remark("unpinned-conda", "error", SENTENCE, FILE, 3, 1),
        Remark(SENTENCE, "error", "x", FILE, 3, 1),
        Remark("unpinned-conda", "error", "x", f"{SENTENCE} <b>", 3, 1),
    ),
    checked=(
        checked(
            NEW,
            state="stale",
            reasons=(SENTENCE,),
            notices=(SENTENCE,),
            build="refused",
            build_reason=SENTENCE,
        ),
        checked(NEW, path=f"see {SENTENCE}.yml"),
        checked(NEW, lock_path=SENTENCE),
        checked(NEW, sha256=SENTENCE),
        checked(lock_text({"numpy": f"1 {SENTENCE}"}), path="b.yml", lock_path="b.conda-lock.yml"),
        checked(SENTENCE, path="c.yml", lock_path="c.conda-lock.yml"),
        checked("- " * 5000 + SENTENCE, path="d.yml", lock_path="d.conda-lock.yml"),
    ),
    failures=(SENTENCE, f"<!-- conda-lockstep {{}} --> {SENTENCE}"),
    base=SENTENCE,
)


def test_no_sentence_of_a_stranger_is_reported_in_our_voice(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    upload(repository, HOSTILE, tmp_path)
    follow(github, tmp_path, conclusion="failure")
    assert SENTENCE not in comment(repository)
    assert SENTENCE not in (tmp_path / "summary.md").read_text()
    assert "2 errors are not shown" in comment(repository)
    assert "(`unpinned-conda`)" in comment(repository)


@pytest.mark.parametrize(
    ("lock_path", "believed"),
    [
        ("conda-lock.yml", True),
        ("environment.a100.conda-lock.yml", True),
        ("../conda-lock.yml", False),
        ("other.conda-lock.yml", False),
        (".github/workflows/x.yml", False),
        ("environment.a b.conda-lock.yml", False),
    ],
)
def test_a_lock_lies_where_locks_of_its_file_lie(lock_path: str, believed: bool) -> None:
    facts = sanitize(Handoff(checked=(checked(NEW, lock_path=lock_path),)))
    assert bool(facts.checked) is believed


def test_facts_are_reported_as_they_are() -> None:
    plain = Handoff(checked=(checked(NEW, committed=""),), base=BASE)
    assert sanitize(plain) == plain


@pytest.mark.parametrize(
    "content",
    [b"no zip", zipped(b"{}"), zipped(b"[]"), zipped(b"{}", "../handoff.json"), zipped(b"[" * 100_000)],
)
def test_a_hand_off_that_is_none_is_reported_as_such(
    github: FakeGitHub, repository: Repository, tmp_path: Path, content: bytes
) -> None:
    repository.artifacts[1] = Artifact(555, "lockstep", content)
    follow(github, tmp_path)
    assert "the results of the check cannot be read" in comment(repository)


def test_a_zip_that_swells_is_not_unpacked() -> None:
    with pytest.raises(LockstepError, match="larger than 64 MiB"):
        artifacts.unpack(zipped(b" " * (artifacts.MAX_UNPACKED + 1)), handoff.FILE_NAME)


@pytest.mark.parametrize("change", [{"expired": True}, {"size": 9 << 20}])
def test_what_is_expired_or_too_large_is_not_fetched(
    github: FakeGitHub, repository: Repository, tmp_path: Path, change: dict[str, Any]
) -> None:
    repository.artifacts[1] = Artifact(555, "lockstep", zipped(b"{}"), **change)
    follow(github, tmp_path)
    assert not [request for request in github.requests if "/zip" in request.path]


@pytest.mark.parametrize(
    ("permission", "says"), [("actions", "'actions: read'"), ("pull_requests", "'pull-requests: ")]
)
def test_a_missing_permission_is_named(
    github: FakeGitHub, repository: Repository, tmp_path: Path, permission: str, says: str
) -> None:
    repository.private = True
    github.token("t", Token(permissions={**PERMISSIONS, permission: "none"}))
    upload(repository, Handoff(checked=(checked(NEW),), base=BASE), tmp_path)
    log = follow(github, tmp_path)
    assert "::warning title=no comment::" in log
    assert says in log


def test_a_hand_off_of_very_many_environments_costs_no_more_requests_than_some(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    many = tuple(checked(NEW, path=f"e{n}.yml", lock_path=f"e{n}.conda-lock.yml") for n in range(150))
    assert len(sanitize(Handoff(checked=many)).checked) == MOST
    upload(repository, Handoff(checked=many, base=BASE), tmp_path)
    follow(github, tmp_path)
    assert f"{150 - MOST} environments are not shown" in comment(repository)
    assert len(github.requests) < 2 * MOST + 30


OTHER = lock_text({"numpy": "2.1.1"})


@pytest.mark.parametrize(
    "lie",
    [
        checked(OLD),
        checked(OLD, lock_sha256=sha256(NEW)),
        checked(OLD, state="stale"),
        checked(NEW, file="name: another\n"),
        checked(NEW, lock_sha256=""),
    ],
    ids=["the old lock", "the old lock under the new one's digest", "stale", "another file", "none"],
)
def test_a_lock_that_is_not_the_pull_requests_is_not_shown(
    github: FakeGitHub, repository: Repository, tmp_path: Path, lie: Checked
) -> None:
    """A run that leaves a harmless lock would have the bot call a harmful change clean."""
    upload(repository, Handoff(checked=(lie,), base=BASE), tmp_path)
    follow(github, tmp_path)
    assert "`conda-lock.yml` differs from the pull request's" in comment(repository)
    assert "No environment drift" not in comment(repository)


def test_the_merge_with_the_base_is_what_a_run_checks_out(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    merge(repository, BASE, OTHER)
    upload(repository, Handoff(checked=(checked(OTHER),), base=BASE), tmp_path)
    follow(github, tmp_path)
    assert "`2.1.1`" in comment(repository)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("gpu.conda-lock.yml", "`gpu.conda-lock.yml` is changed, but the run did not check it"),
        (f"{SENTENCE} <b>.conda-lock.yml", "a lock (name not shown) is changed"),
        (LOCK, ""),
        ("train.py", ""),
    ],
)
def test_a_changed_lock_that_a_run_keeps_to_itself_is_named(
    github: FakeGitHub, repository: Repository, tmp_path: Path, path: str, says: str
) -> None:
    repository.files[HEAD, path] = NEW.encode()
    upload(repository, Handoff(checked=(checked(NEW),), base=BASE), tmp_path)
    follow(github, tmp_path)
    assert SENTENCE not in comment(repository)
    assert says in comment(repository)
    assert bool(says) is ("is changed, but the run" in comment(repository))


ENVIRONMENT = b"channels: [conda-forge]\ndependencies: [numpy]\n"
FEW = lock_text({"numpy": "2.1.0"})


def removed(repository: Repository, *paths: str) -> None:
    for path in paths:
        del repository.files[HEAD, path]


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        ((LOCK,), ["`conda-lock.yml` was deleted"]),
        ((FILE,), ["`environment.yml` was deleted"]),
        ((FILE, LOCK), ["`environment.yml` was deleted", "`conda-lock.yml` was deleted"]),
    ],
)
@pytest.mark.parametrize("claims", [(), (FILE, LOCK)], ids=["silent", "lying"])
def test_what_a_fork_deletes_is_told_whatever_its_run_says(
    github: FakeGitHub,
    repository: Repository,
    tmp_path: Path,
    paths: tuple[str, ...],
    says: list[str],
    claims: tuple[str, ...],
) -> None:
    for commit in (ROOT, BASE, HEAD):
        repository.files |= {(commit, FILE): ENVIRONMENT, (commit, "README.md"): b"# Train\n"}
    removed(repository, *paths)
    upload(repository, Handoff(base=BASE, files=claims), tmp_path)
    follow(github, tmp_path)
    for line in says:
        assert line in comment(repository)
    assert "### ❌ The check" in comment(repository)


def test_more_files_than_github_lists_are_compared_all_the_same(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    """A list of a pull request's files ends at 3,000; the files of a commit do not."""
    for number in range(3_500):
        repository.files[HEAD, f"a/{number}.txt"] = b""
    repository.files[HEAD, "z/gpu.conda-lock.yml"] = NEW.encode()
    upload(repository, Handoff(checked=(checked(NEW),), base=BASE), tmp_path)
    follow(github, tmp_path)
    assert "`z/gpu.conda-lock.yml` is changed, but the run did not check it" in comment(repository)


def test_a_list_of_files_that_github_cuts_off_is_told(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    repository.truncated = True
    upload(repository, Handoff(checked=(checked(NEW),), base=BASE), tmp_path)
    follow(github, tmp_path)
    assert "### ❌ The check could not be completed" in comment(repository)
    assert "GitHub does not list all files of the commit" in comment(repository)
    assert "numpy" not in comment(repository)


LIES = {
    "missing, and it is there": checked(NEW, file=ENVIRONMENT.decode(), state="missing"),
    "missing, and of no digest": checked(NEW, file=ENVIRONMENT.decode(), state="missing", lock_sha256=""),
    "current, and it does not fit": checked(FEW, file="dependencies: [pytorch]\nchannels: [conda-forge]\n"),
    "stale, with a harmless lock": checked(
        OLD, file=ENVIRONMENT.decode(), state="stale", lock_sha256=sha256(NEW)
    ),
    "failed, so that there is nothing": checked("", state="failed", lock_sha256=sha256(NEW)),
}


@pytest.mark.parametrize("lie", LIES)
def test_no_state_of_a_lock_hides_what_github_has(
    github: FakeGitHub, repository: Repository, tmp_path: Path, lie: str
) -> None:
    """The pull request flips numpy; its run says whatever would leave that out."""
    claim = LIES[lie]
    content = {
        sha256(text): text
        for text in (ENVIRONMENT.decode(), "name: x\n", "dependencies: [pytorch]\nchannels: [conda-forge]\n")
    }
    repository.files[HEAD, FILE] = content[claim.sha256].encode()
    repository.files[HEAD, LOCK] = FEW.encode() if claim.lock == FEW else NEW.encode()
    upload(repository, Handoff(checked=(claim,), base=BASE), tmp_path)
    follow(github, tmp_path)
    text = comment(repository)
    assert "✅" not in text
    assert "### ❌ The check" in text
    assert "differs from the pull request's" in text or "`2.1.0`" in text


def test_a_lock_that_fits_by_githubs_own_files_is_current(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    for commit in (ROOT, BASE, HEAD):
        repository.files[commit, FILE] = ENVIRONMENT
        repository.files[commit, LOCK] = FEW.encode()
    repository.files[HEAD, FILE] = ENVIRONMENT + b"# why\n"
    upload(
        repository,
        Handoff(checked=(checked(FEW, file=(ENVIRONMENT + b"# why\n").decode()),), base=BASE),
        tmp_path,
    )
    follow(github, tmp_path)
    assert "✅ **No environment drift**" in comment(repository)


def test_a_run_that_found_nothing_to_say_of_a_changed_lock_is_commented(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    upload(repository, Handoff(base=BASE), tmp_path)
    follow(github, tmp_path)
    assert "the run did not check it" in comment(repository)


def test_causes_are_shown_beside_changes_and_dated_and_nothing_else_of_them(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    merge(repository, BASE)
    causes = (
        Cause("linux-64", "conda", "numpy", "upstream", 1_740_787_200),
        Cause("linux-64", "conda", SENTENCE, "upstream"),
        Cause(SENTENCE, "conda", "numpy", "pull_request"),
    )
    caveats = (Caveat("linux-64", SENTENCE), Caveat("linux-64", undated(3)))
    upload(repository, Handoff(checked=(checked(NEW, causes=causes, caveats=caveats),), base=BASE), tmp_path)
    follow(github, tmp_path)
    assert "upstream, uploaded `2025-03-01`, according to its own run" in comment(repository)
    assert "upstream's doing alone" not in comment(repository)
    assert "3 records have no upload date" in comment(repository)
    assert SENTENCE not in comment(repository)


def test_causes_against_another_commit_are_not_shown(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    causes = (Cause("linux-64", "conda", "numpy", "upstream"),)
    upload(repository, Handoff(checked=(checked(NEW, causes=causes),), base=HEAD), tmp_path)
    follow(github, tmp_path)
    assert "`numpy`" in comment(repository)
    assert "Cause" not in comment(repository)


def test_nothing_of_the_event_but_the_run_is_believed(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    """A number in the hand-off, or the event's own list of pull requests, would be the sender's choice."""
    upload(repository, Handoff(checked=(checked(NEW),), base=BASE), tmp_path)
    repository.pulls[8] = PullRequest(8, "f" * 40, BASE, "acme/train", head_ref="victim")
    path = tmp_path / "handoff.json"
    content = zipped(json.dumps({**json.loads(path.read_text()), "number": 8, "pull_request": 8}).encode())
    repository.artifacts[2] = Artifact(555, "lockstep", content)
    follow(github, tmp_path)
    assert {item.number for item in repository.comments.values()} == {7}
