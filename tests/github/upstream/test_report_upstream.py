"""The watch from the channel to the issue: real locks, a channel that is changed, a GitHub that holds real state."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cmarkgfm
import pytest
from tests.github.watching import PERMISSIONS, Watching, environment
from tests.support.forge import Forge
from tests.support.github import BOT, FakeGitHub, Issue, Token
from tests.support.http_server import Server
from tests.support.small_index import SmallWheel, write_small_index

from conda_lockstep.github.event.inputs import Inputs
from conda_lockstep.github.handoff import upstream_handoff as findings_file
from conda_lockstep.github.publish.comment import State, marked
from conda_lockstep.github.upstream import report_upstream as watch


@pytest.fixture
def world(
    tmp_path: Path,
    forge: Forge,
    github: FakeGitHub,
    http_server: Callable[[Path], Server],
    monkeypatch: pytest.MonkeyPatch,
) -> Watching:
    return Watching(tmp_path, forge, github, http_server, monkeypatch)


def test_where_nothing_has_moved_there_is_no_issue(world: Watching) -> None:
    assert world.run() == 0
    assert (world.issue, world.writes) == (None, [])
    assert "No environment drift" in world.summary
    assert "issue: skipped: nothing has changed" in world.log
    outputs = world.outputs
    assert (outputs["drift"], outputs["severity"], outputs["evidence"]) == ("false", "", "solved")
    assert re.fullmatch(r"conda-lock\.yml\t[\w-]+\tls1-[0-9a-f]{12}", outputs["environment-id"])
    assert (outputs["issue"], outputs["pull-request"], outputs["patch"]) == ("", "", "")


def test_a_release_opens_the_issue_and_a_new_lock_closes_it(world: Watching) -> None:
    world.channel.release("idna")
    assert world.run(1) == 0
    issue = world.issue
    assert issue is not None
    assert (issue.state, issue.title, issue.login) == (
        "open", "Upstream has changed since the conda locks were made", BOT,
    )  # fmt: skip
    assert "`idna`" in issue.body
    assert "upstream, uploaded" in issue.body
    assert "lockstep lock --update-all environment.yml" in issue.body
    assert "Last checked on **2026-03-02 04:17 UTC**" in issue.body
    assert "on the schedule `17 4 * * *`" in issue.body
    assert world.outputs["issue"] == "https://github.com/acme/train/issues/1"
    assert world.outputs["drift"] == "true"
    assert json.loads(Path(world.outputs["report"]).read_text())["comparisons"]
    world.lock()
    world.run(2)
    assert (issue.state, issue.reason) == ("closed", "completed")
    assert "No environment drift" in issue.body
    assert "2026-03-03" in issue.body


@pytest.mark.parametrize(("fail_on", "status"), [("critical", 1), ("low", 1), ("never", 0)])
def test_the_exit_status_is_by_the_input(world: Watching, fail_on: str, status: int) -> None:
    world.channel.rebuild(world.channel.newest("six"))
    assert world.run(fail_on=fail_on) == status
    assert ("::error title=conda-lockstep::" in world.log) == bool(status)
    assert world.outputs["severity"] == "critical"


def test_a_look_that_fails_is_shown_as_such_and_is_status_2(world: Watching) -> None:
    world.channel.release("idna")
    world.run(1)
    world.server.fail("*", "503")
    assert world.run(2, fail_on="never") == 2
    issue = world.issue
    assert issue is not None
    assert issue.title == "The upstream check of the conda locks fails"
    assert "❌ **The check of the channels on 2026-03-03 04:17 UTC" in issue.body
    assert "https://github.com/acme/train/actions/runs/1002" in issue.body
    assert "`idna`" in issue.body, "what was seen before stays"
    assert "Last checked on **2026-03-02 04:17 UTC**" in issue.body
    assert "::error title=conda-lockstep::" in world.log
    assert world.outputs["drift"] == "false"
    world.server.heal()
    assert world.run(3, fail_on="never") == 0
    assert "❌" not in issue.body
    assert "Last checked on **2026-03-04 04:17 UTC**" in issue.body


def test_a_file_without_a_solution_is_reported_with_what_took_it(world: Watching) -> None:
    world.channel.withdraw(world.channel.newest("tqdm"))
    assert world.run(fail_on="never") == 2
    issue = world.issue
    assert issue is not None
    assert issue.title == "The upstream check of the conda locks fails"
    assert "no longer in" in issue.body
    assert "vanished" in issue.body
    [failure] = world.findings.failures
    assert failure.startswith("environment.yml:")


def test_one_lock_that_fails_hides_no_other(world: Watching) -> None:
    world.push({"envs/other.yml": "channels: [conda-forge]\ndependencies: [six]\n"})
    shutil.copyfile("conda-lock.yml", "envs/other.conda-lock.yml")
    world.push({"envs/other.yml": "channels: [conda-forge]\ndependencies: [no-such-package]\n"})
    world.channel.release("idna")
    assert world.run() == 2
    issue = world.issue
    assert issue is not None
    assert "no-such-package" in issue.body
    assert "`idna`" in issue.body


def test_without_a_lock_there_is_nothing_to_watch(world: Watching) -> None:
    world.push({"conda-lock.yml": None})
    assert world.run() == 2
    assert world.findings.failures == ("no lock to watch; run: lockstep lock",)


def test_only_the_files_that_are_named_are_watched_in_an_issue_of_their_own(world: Watching) -> None:
    world.channel.release("idna")
    world.push({"envs/six.yml": "channels: [conda-forge]\ndependencies: [six]\n"})
    assert world.run(files=("envs/*.yml",)) == 2
    assert world.run(files=("environment.yml",)) == 0
    assert world.run() == 0
    assert len(world.remote.issues) == 3


def test_only_the_default_branch_is_reported_of(world: Watching) -> None:
    world.channel.release("idna")
    assert world.run(name="workflow_dispatch", branch="topic") == 0
    assert world.remote.issues == {}
    assert world.github.requests == []
    assert "the issue is for main, but this run is for topic" in world.log
    assert "`idna`" in world.summary
    assert world.run(name="workflow_dispatch") == 0
    assert len(world.remote.issues) == 1


def test_an_issue_can_be_declined(world: Watching) -> None:
    world.channel.release("idna")
    assert world.run(comment=False) == 0
    assert world.github.requests == []
    assert "`idna`" in world.summary


@pytest.mark.parametrize(
    ("status", "message", "says"),
    [
        (403, "Resource not accessible by integration", "add 'issues: read' to the job's permissions"),
        (404, "Not Found", "the token may lack 'issues: read'"),
        (410, "Issues has been disabled in this repository.", "Issues has been disabled"),
    ],
)
def test_an_issue_that_cannot_be_kept_fails_the_run_and_says_why(
    world: Watching, status: int, message: str, says: str
) -> None:
    """On a schedule nobody reads a log: a watch that can tell nobody must not look well."""
    world.channel.release("idna")
    body = json.dumps({"message": message}).encode()
    world.github.fail(status=status, path="/issues", body=body, times=9)
    assert world.run(fail_on="never") == 2
    assert says in world.log
    assert "`idna`" in world.summary


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"token": ""}, "no token to write the issue with"),
        ({"author": ""}, "set the account that it writes as: 'author: my-app[bot]'"),
    ],
)
def test_a_token_that_does_not_do_is_reported(world: Watching, inputs: dict[str, Any], says: str) -> None:
    assert world.run(**inputs) == 2
    assert says in world.log


def test_a_look_that_did_not_finish_is_reported(world: Watching) -> None:
    world.channel.release("idna")
    world.run(1)
    (world.runner.folder / findings_file.FILE_NAME).write_text('{"schema": 1, "report": "{}"}')
    event = _event(world)
    given = Inputs("report", mode="upstream", author=BOT, token="t")
    with (world.folder / "log").open("w") as stream:
        assert watch.report_upstream(event, world.runner, given, stream) == 2
    issue = world.issue
    assert issue is not None
    assert "is not a drift report" in issue.body
    assert "`idna`" in issue.body


def _event(world: Watching) -> Any:
    from conda_lockstep.github.event.event import Event

    return Event("schedule", "", "acme/train", "a" * 40, "", frozenset(), branch="main")


@pytest.mark.parametrize("path", ["../x.conda-lock.yml", "/x/conda-lock.yml", "train.py", ".github/a.yml"])
def test_findings_that_would_write_anything_but_a_lock_are_refused(world: Watching, path: str) -> None:
    world.channel.release("idna")
    world.run(lock_update="commit")
    document = json.loads((world.runner.folder / findings_file.FILE_NAME).read_text())
    document["refreshed"][0]["path"] = path
    (world.runner.folder / findings_file.FILE_NAME).write_text(json.dumps(document))
    given = Inputs("report", mode="upstream", author=BOT, token="t", lock_update="commit")
    with (world.folder / "log").open("w") as stream:
        assert watch.report_upstream(_event(world), world.runner, given, stream) == 2
    assert "is not a lock in the repository" in (world.folder / "log").read_text()


def test_an_issue_with_our_marker_by_another_user_is_left_alone(world: Watching) -> None:
    world.channel.release("idna")
    text = marked(State("upstream", "", 1, 1), "forged")
    world.remote.issues[1] = Issue(1, "stranger", "Upstream", text, ("conda-lockstep",))
    world.run()
    assert world.remote.issues[1].body == text
    assert world.remote.issues[2].login == BOT


def test_suggested_locks_are_a_patch_that_git_applies(world: Watching) -> None:
    world.channel.release("idna")
    assert world.run(lock_update="suggest") == 0
    issue = world.issue
    assert issue is not None
    patch = Path(world.outputs["patch"]).read_text()
    shown = re.search(r"```diff\n(.*?)```", issue.body, re.DOTALL)
    assert shown
    assert shown[1] == patch
    assert world.repository.git("status", "--porcelain") == "", "the checkout is left as it was"
    (world.folder / "locks.patch").write_text(shown[1])
    world.repository.git("apply", str(world.folder / "locks.patch"))
    applied = Path("conda-lock.yml").read_text()
    world.lock()
    assert Path("conda-lock.yml").read_text() == applied, "it is what 'lockstep lock --update-all' writes"
    world.run(lock_update="suggest")
    assert world.outputs["patch"] == ""
    assert issue.state == "closed"


def test_a_patch_too_long_for_an_issue_is_elsewhere(world: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conda_lockstep.github.upstream.upstream_wording.BODY_LIMIT", 9_000)
    world.channel.release("idna")
    world.run(lock_update="suggest")
    issue = world.issue
    assert issue is not None
    assert "```diff" not in issue.body
    assert "is in the Action's output `patch`" in issue.body
    assert Path(world.outputs["patch"]).read_text().startswith("diff --git")


def test_committed_locks_are_one_pull_request_that_the_issue_names(world: Watching) -> None:
    world.channel.release("idna")
    world.remote.workflows.add("environment.yml")
    assert world.run(lock_update="commit", checks=("environment.yml",)) == 0
    issue = world.issue
    assert issue is not None
    [pull] = world.remote.pulls.values()
    assert world.outputs["pull-request"].endswith(f"/pull/{pull.number}")
    assert f"https://github.com/acme/train/pull/{pull.number}" in issue.body
    assert "```diff" not in issue.body
    assert "`idna`" in pull.body
    assert world.remote.dispatched == [("environment.yml", "conda-lockstep/refresh-main")]
    world.run(1, lock_update="commit", checks=("environment.yml",))
    assert [path for _, path, _ in world.writes] == [f"issues/{issue.number}"]
    # Merged, it is what the channels have: all is well.
    world.repository.git("pull", "--quiet", "--ff-only", "origin", "conda-lockstep/refresh-main")
    world.repository.git("push", "--quiet", "origin", "main")
    pull.state, pull.merged = "closed", True
    world.run(2, lock_update="commit")
    assert issue.state == "closed"
    assert pull.state == "closed"


def test_where_actions_may_open_no_pull_request_the_issue_has_the_patch(world: Watching) -> None:
    world.channel.release("idna")
    world.remote.actions_may_open = False
    assert world.run(lock_update="commit") == 0
    issue = world.issue
    assert issue is not None
    assert "```diff" in issue.body
    assert "Settings" in issue.body
    assert "/compare/main...conda-lockstep/refresh-main?expand=1" in issue.body
    assert "::warning title=no pull request::" in world.log
    world.github.token("t", Token(permissions={**PERMISSIONS, "contents": "read"}))
    world.remote.actions_may_open = True
    world.channel.release("urllib3")
    world.push({"environment.yml": Path("environment.yml").read_text().replace("urllib3=2.3", "urllib3")})
    world.run(1, lock_update="commit")
    assert "contents" in issue.body
    assert "```diff" in issue.body


def test_a_look_that_failed_touches_no_pull_request(world: Watching) -> None:
    world.channel.release("idna")
    world.run(lock_update="commit")
    world.server.fail("*", "503")
    world.run(1, lock_update="commit")
    [pull] = world.remote.pulls.values()
    assert pull.state == "open"
    assert [method for method, path, _ in world.writes if not path.startswith("issues")] == []
    world.server.heal()
    # Upstream has taken it back: nothing to refresh any more.
    world.channel.withdraw(world.channel.newest("idna"))
    world.run(2, lock_update="commit")
    assert pull.state == "closed"


def test_a_lock_that_cannot_be_checked_keeps_no_other_from_being_refreshed(world: Watching) -> None:
    world.push({"broken.yml": environment("six"), "broken.conda-lock.yml": "<<<<<<< ours\n"})
    world.channel.release("idna")
    assert world.run(lock_update="commit") == 2
    [pull] = world.remote.pulls.values()
    assert "`conda-lock.yml`: the result of" in pull.body
    assert "1 other check failed, see the issue: those locks are unchanged." in pull.body
    assert world.issue is not None
    assert "`broken.conda-lock.yml:1:1`" in world.issue.body


def test_failures_that_do_not_fit_are_counted_whole(world: Watching) -> None:
    """In bytes, as GitHub counts them; none is cut in the middle."""
    names = {f"{number:03}-{'ü' * 60}.yml": environment("six") for number in range(60)}
    world.push(names)
    world.push({f"{Path(name).stem}.conda-lock.yml": "<<<<<<< ours\n" for name in names})
    world.run()
    assert world.issue is not None
    lines = [line for line in world.issue.body.splitlines() if line.startswith("- ")]
    assert re.fullmatch(r"- and \d+ more in the run's log", lines[-1])
    assert all(line.count("`") % 2 == 0 for line in lines)


def test_what_is_younger_than_the_settings_allow_is_no_news(world: Watching) -> None:
    released = world.channel.release("idna").timestamp / 1000
    days = int((time.time() - released) / 86400)
    settings = Path("lockstep.toml").read_text()
    for min_age, told in ((days + 1, False), (days - 1, True)):
        world.push({"lockstep.toml": f"min-age = {min_age}\n{settings}"})
        assert world.run(lock_update="suggest") == 0
        assert bool(world.findings.report.rows) == bool(world.findings.refreshed) == told


def test_the_locks_of_machines_are_watched_and_refreshed_as_lock_writes_them(world: Watching) -> None:
    """Each has its own; one that is no machine's any more goes with the next refresh."""
    settings = Path("lockstep.toml").read_text().replace("platforms", "# platforms")
    [platform] = [comparison.platform for comparison in _looked(world)]
    gpu = f'\n[machines.a100]\nplatform = "{platform}"\ndriver = "535.104.05"\n'
    login = f'\n[machines.login]\nplatform = "{platform}"\n'
    entries = "".join(f"  - {entry}\n" for entry in ("python", "pytorch", "idna"))
    world.push(
        {
            "conda-lock.yml": None,
            "lockstep.toml": settings + gpu + login,
            "environment.yml": f"channels:\n  - conda-forge\ndependencies:\n{entries}",
        }
    )
    world.lock()
    locks = ["environment.a100.conda-lock.yml", "environment.login.conda-lock.yml"]
    assert sorted(path.name for path in Path().glob("*conda-lock.yml")) == locks
    assert world.run(lock_update="commit") == 0
    assert [lock for lock, _, _ in world.findings.identities] == locks
    assert world.remote.issues == {}

    world.channel.release("idna")
    assert world.run(1, lock_update="commit", fail_on="never") == 0
    assert [each.path for each in world.findings.refreshed] == locks
    world.push({"lockstep.toml": settings + gpu})
    assert world.run(2, lock_update="commit", fail_on="never") == 0
    world.repository.git("pull", "--quiet", "--ff-only", "origin", "conda-lockstep/refresh-main")
    before = {path: Path(path).read_text() for path in ("conda-lock.yml", *locks) if Path(path).exists()}
    world.lock()
    after = {path: Path(path).read_text() for path in ("conda-lock.yml", *locks) if Path(path).exists()}
    assert before == after
    assert len(after) == 1, "the other is gone"


def _looked(world: Watching) -> Any:
    assert world.run() == 0
    return world.findings.report.comparisons


def test_the_pip_part_is_watched_as_well(world: Watching) -> None:
    index = write_small_index(world.folder / "pypi", [SmallWheel("app", "1.0")])
    settings = Path("lockstep.toml").read_text()
    world.push(
        {
            "lockstep.toml": f'pypi-index = "{index.as_uri()}"\n{settings}',
            "environment.yml": environment("python", "pip", "idna", "pip:\n    - app"),
        }
    )
    world.lock()
    assert world.run(lock_update="suggest") == 0
    assert (world.issue, world.findings.refreshed) == (None, ())
    shutil.rmtree(world.folder / "pypi")
    write_small_index(world.folder / "pypi", [SmallWheel("app", "1.0"), SmallWheel("app", "1.1")])
    assert world.run(1, lock_update="suggest") == 0
    issue = world.issue
    assert issue is not None
    assert "`app` (pip) | `1.0` | `1.1`" in issue.body
    assert "app-1.1-py3-none-any.whl" in Path(world.outputs["patch"]).read_text()


@pytest.mark.parametrize(
    "depends",
    [
        ["python >=3.6", "<img src=x> @octocat"],
        ["python >=3.6", "[see](https://evil.example) #1"],
        ["python >=3.6|<b>x</b>"],
        ["python", "six # @octocat <!-- found -->"],
    ],
)
def test_a_channel_says_nothing_in_our_voice(world: Watching, depends: list[str]) -> None:
    world.channel.amend(world.channel.newest("idna"), depends=depends)
    world.run(fail_on="never", lock_update="suggest")
    issue = world.issue
    assert issue is not None
    html = cmarkgfm.github_flavored_markdown_to_html(issue.body.partition("<!-- found -->")[0])
    html += cmarkgfm.github_flavored_markdown_to_html(issue.body.partition("<!-- found -->")[2])
    assert any(text in html for text in ("octocat", "evil.example", "&lt;b&gt;")), "it is told, as code"
    outside = re.sub(r"<(code|pre)[^>]*>.*?</\1>", "", html, flags=re.DOTALL)
    assert "<img" not in outside
    assert "<b>" not in outside
    assert "@octocat" not in outside
    assert "evil.example" not in outside
    assert issue.body.count("<!-- found -->\n") == 1
