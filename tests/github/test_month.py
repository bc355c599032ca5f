"""A month of scheduled runs, day by day: real solves against a channel to which things happen."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.github.watching import PERMISSIONS, Watching
from tests.support.forge import Forge
from tests.support.forge.archive import read
from tests.support.github import FakeGitHub, Token
from tests.support.http_server import Server

Happening = Callable[[Watching], None]

MOVED = "Upstream has changed since the conda locks were made"
FAILED = "The upstream check of the conda locks fails"
HEARTBEAT = ("PATCH", "issues/1", ("body",))
REOPENED = ("PATCH", "issues/1", ("body", "state", "state_reason"))
RENAMED = ("PATCH", "issues/1", ("body", "title"))


@dataclass(frozen=True)
class Day:
    """What happens before a day's run; then the issue's state, its title, what it shows and shows no more.

    ``status`` is the run's, ``writes`` are its requests that write: the heartbeat alone where nothing is said.
    """

    number: int
    happens: tuple[Happening, ...] = ()
    state: str = ""
    title: str = MOVED
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    status: int = 0
    writes: tuple[object, ...] = (HEARTBEAT,)


def release(name: str) -> Happening:
    return lambda world: world.channel.release(name) and None


def withdraw(name: str) -> Happening:
    def happen(world: Watching) -> None:
        record = world.channel.newest(name)
        shutil.copyfile(world.channel.path(record), world.folder / record.filename)
        world.channel.withdraw(record)

    return happen


def put_back(name: str) -> Happening:
    def happen(world: Watching) -> None:
        [saved] = world.folder.glob(f"{name}-*.conda")
        world.channel.add(read(saved))

    return happen


def replace(name: str) -> Happening:
    return lambda world: world.channel.rebuild(world.channel.newest(name)) and None


def hot_fix(name: str, *depends: str) -> Happening:
    return lambda world: world.channel.amend(world.channel.newest(name), depends=list(depends))


def outage(world: Watching) -> None:
    world.server.fail("*", "503")


def over(world: Watching) -> None:
    world.server.heal()


def refresh(world: Watching) -> None:
    world.lock()


def closed_by_hand(world: Watching) -> None:
    assert world.issue is not None
    world.issue.state, world.issue.reason = "closed", "not_planned"


OPENED = (
    ("POST", "labels", ("name", "color", "description")),
    ("POST", "issues", ("title", "body", "labels")),
)

MONTH = (
    # Nothing has ever happened: there is no issue, and nothing is written.
    *(Day(number, writes=()) for number in range(1, 4)),
    Day(4, (release("idna"),), "open", shows=("`idna`", "3.11"), writes=OPENED),
    *(Day(number, (), "open", shows=("`idna`",)) for number in range(5, 8)),
    # No channel answers: what was seen stays, with its day; the day after, all is as before.
    Day(8, (outage,), "open", FAILED, ("`idna`", "answers 503", "**2026-03-07 04:17"), status=2, writes=(RENAMED,)),
    Day(9, (), "open", FAILED, ("`idna`", "answers 503", "**2026-03-07 04:17"), status=2),
    Day(10, (over,), "open", shows=("`idna`",), hides=("answers 503", "❌"), writes=(RENAMED,)),
    Day(11, (refresh,), "closed", shows=("No environment drift",), hides=("3.11`",), writes=(REOPENED,)),
    *(Day(number, (), "closed", shows=("No environment drift",)) for number in range(12, 15)),
    # Other bytes under the same name, while all else stays.
    Day(15, (replace("six"),), "open", shows=("critical", "`six`", "other contents"), writes=(REOPENED,)),
    Day(16, (), "open", shows=("`six`",)),
    Day(17, (refresh,), "closed", hides=("`six`",), writes=(REOPENED,)),
    # Metadata of a file that is as it was.
    Day(18, (hot_fix("tqdm", "python >=3.8", "colorama"),), "open", FAILED, ("colorama",), status=2, writes=(
        ("PATCH", "issues/1", ("body", "title", "state", "state_reason")),
    )),
    Day(19, (hot_fix("tqdm", "python >=3.8", "idna"),), "open", shows=("hot-fixed", "idna"), writes=(RENAMED,)),
    Day(20, (), "open", shows=("hot-fixed",)),
    # The team has seen it and does not care: what is closed by hand stays closed, until there is other news.
    Day(21, (closed_by_hand,), "closed", shows=("hot-fixed",)),
    Day(22, (), "closed", shows=("hot-fixed",)),
    Day(23, (withdraw("idna"),), "open", shows=("hot-fixed", "`idna`", "vanished"), writes=(REOPENED,)),
    Day(24, (), "open", shows=("vanished",)),
    Day(25, (refresh,), "closed", shows=("No environment drift",), hides=("vanished",), writes=(REOPENED,)),
    # What was asked for is gone, and there is no solution any more: a look that fails, and why.
    Day(26, (withdraw("urllib3"),), "open", FAILED, ("`urllib3`", "vanished", "no version fits"), status=2, writes=(
        ("PATCH", "issues/1", ("body", "title", "state", "state_reason")),
    )),
    Day(27, (), "open", FAILED, ("vanished", "no version fits"), status=2),
    Day(28, (put_back("urllib3"),), "closed", hides=("vanished", "❌"), writes=(
        ("PATCH", "issues/1", ("body", "title", "state", "state_reason")),
    )),
    *(Day(number, (), "closed", shows=("No environment drift",)) for number in range(29, 32)),
)  # fmt: skip


@pytest.fixture
def world(
    tmp_path: Path,
    forge: Forge,
    github: FakeGitHub,
    http_server: Callable[[Path], Server],
    monkeypatch: pytest.MonkeyPatch,
) -> Watching:
    world = Watching(tmp_path, forge, github, http_server, monkeypatch)
    # No more than the workflow gives it.
    github.token("t", Token(permissions={"contents": "read", "issues": "write"}))
    return world


def test_a_month_has_one_issue_whose_states_are_right_and_quiet_days_are_quiet(world: Watching) -> None:
    assert [day.number for day in MONTH] == list(range(1, 32))
    for day in MONTH:
        for happen in day.happens:
            happen(world)
        status = world.run(day.number - 1, fail_on="never")
        issue = world.issue
        assert (status, issue.state if issue else "") == (day.status, day.state), (day, world.log)
        assert tuple(world.writes) == day.writes, (day, world.writes)
        if issue is None:
            continue
        assert issue.title == day.title, day
        assert [text for text in day.shows if text not in issue.body] == [], (day, issue.body)
        assert [text for text in day.hides if text in issue.body] == [], (day, issue.body)
        if day.status == 0:
            assert f"Last checked on **2026-03-{day.number:02} 04:17 UTC**" in issue.body
    assert [issue.number for issue in world.remote.issues.values()] == [1]


def test_a_month_with_fresh_locks_has_one_pull_request_at_a_time(world: Watching) -> None:
    world.github.token("t", Token(permissions=PERMISSIONS))
    for day in MONTH:
        for happen in day.happens:
            happen(world)
        pulls = world.remote.pulls
        before = {number: pull.state for number, pull in pulls.items()}
        assert world.run(day.number - 1, fail_on="never", lock_update="commit") == day.status, world.log
        open_now = [number for number, pull in pulls.items() if pull.state == "open"]
        assert (world.issue.state if world.issue else "") == day.state, day
        if world.findings.failures:
            assert {number: pull.state for number, pull in pulls.items()} == before, day
        else:
            assert len(open_now) == bool(world.findings.report.rows), day
        if not day.happens:
            assert [path.split("/")[0] for _, path, _ in world.writes] == ["issues"] * len(day.writes), day
    assert len(world.remote.issues) == 1
    assert 1 < len(world.remote.pulls) < 6
