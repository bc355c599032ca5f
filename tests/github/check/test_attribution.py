"""Whose doing the changes of a pull request's lock are, from the executing half to the comment."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from tests.support.forge import Channel, Forge
from tests.support.forge.archive import write_bytes
from tests.support.forge.pypi import Upload, write_page
from tests.support.http_server import Server
from tests.support.repository import Repository
from tests.support.small_index import SmallWheel

from conda_lockstep.cli.main import main
from conda_lockstep.drift.attribution.cause_text import undated
from conda_lockstep.drift.report import Row, distinct
from conda_lockstep.github.check import attribution as causes
from conda_lockstep.github.check.check import check
from conda_lockstep.github.event.base import CommitRange
from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.github.event.event import Event, PullRequest
from conda_lockstep.github.event.inputs import FailOn, Inputs
from conda_lockstep.github.event.runner import Runner
from conda_lockstep.github.fork_comment.sanitize import CAUSES_SEE_LOG, sanitize
from conda_lockstep.github.handoff.handoff import Caveat, Handoff
from conda_lockstep.github.report import wording
from conda_lockstep.github.report.gate import GateResult, Rules, compare_with_base

CONDA_FORGE = "https://conda.anaconda.org/conda-forge"
ENTRIES = ("python=3.12", "numpy<2.2", "pandas")
CHANGED = ("python=3.12", "numpy=1.26", "pandas")


class Pull:
    """A repository whose base commit has a lock, a change to make, and the two halves of the Action."""

    def __init__(self, folder: Path, settings: str) -> None:
        self.folder = folder
        self.repository = Repository(folder / "checkout")
        self.repository.write({"lockstep.toml": settings})
        self.base = ""
        self.handoff = Handoff()
        self.event_name, self.head_repository = "pull_request", "acme/train"

    def write(self, *entries: str) -> None:
        text = "".join(f"  - {entry}\n" for entry in entries)
        head = "name: train\nchannels:\n  - conda-forge\ndependencies:\n"
        self.repository.write({"environment.yml": head + text})

    def lock(self, *options: str) -> None:
        assert main(["lock", *options]) == 0

    def commit_base(self) -> None:
        self.base = self.repository.commit({}, "base")

    def check(self, files: tuple[str, ...] = ()) -> Handoff:
        head = self.repository.commit({})
        pull = PullRequest(7, "octocat", True, False, head, "change", self.head_repository, self.base, "main")
        event = Event(
            self.event_name, "opened", "acme/train", head, self.base, frozenset({"octocat"}),
            pull if self.event_name == "pull_request" else None,
        )  # fmt: skip
        folder, workspace = self.folder / "lockstep", self.repository.folder
        runner = Runner(workspace, folder, False, "http://127.0.0.1:9", 1, 1, "k", "", None, None)
        self.handoff = check(event, runner, Inputs("check", build="never", files=files), io.StringIO())
        assert self.handoff.failures == ()
        return self.handoff

    def judge(self, fail_on: FailOn = "critical", handoff: Handoff | None = None) -> GateResult:
        """Judge what was found, without what the linter says."""
        found = replace(handoff or self.check(), remarks=())
        head = self.repository.git("rev-parse", "HEAD")
        base, at_head = (CommitFiles(self.repository.folder, each) for each in (self.base, head))
        change = CommitRange(head, self.base, "origin/main")
        return compare_with_base(found, change, base, at_head, Rules(fail_on), self.folder / "lockstep")

    def comment(self, compared: GateResult) -> str:
        return wording.comment(replace(self.handoff, remarks=()), compared)


def rows(compared: GateResult) -> dict[str, Row]:
    return {row.subject: row for row in compared.report.rows}


@pytest.fixture
def pull(anaconda: str, index_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pull:
    """The real metadata: a lock of 1 March 2025, and what was uploaded since."""
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(index_cache))
    pull = Pull(tmp_path, f'[mirrors]\n"https://conda.anaconda.org" = "{anaconda}"\n')
    monkeypatch.chdir(pull.repository.folder)
    (tmp_path / "lockstep").mkdir()
    (tmp_path / "lockstep" / "cache").symlink_to(index_cache)
    pull.write(*ENTRIES)
    pull.lock("--platform", "linux-64", "--exclude-newer", "2025-03-01")
    pull.commit_base()
    return pull


def test_what_upstream_released_is_shown_and_fails_nothing(pull: Pull) -> None:
    pull.lock("--update-all")
    compared = pull.judge("info")
    assert {row.attribution for row in compared.report.rows} == {"upstream"}
    assert compared.status == 0
    assert compared.spared == len(distinct(compared.report)) > 20
    comment = pull.comment(compared)
    assert re.search(r"\| `\S+` .*cause: upstream, uploaded `20\d\d-\d\d-\d\d`", comment), comment
    assert "changes would fail the check, but come from upstream alone" in comment


def test_what_is_critical_and_upstreams_alone_is_shown_as_critical_and_fails_nothing(pull: Pull) -> None:
    pull.write("python", "numpy")
    pull.lock("--platform", "linux-64", "--exclude-newer", "2024-06-01", "--update-all")
    pull.commit_base()
    pull.lock("--update-all")
    compared = pull.judge()
    python = rows(compared)["python"]
    assert (python.severity, python.attribution) == ("critical", "upstream")
    assert (compared.status, compared.failures) == (0, ())
    assert re.search(r"[1-9]\d* critical", pull.comment(compared))


def test_a_changed_pin_is_the_pull_requests_and_fails_when_critical(pull: Pull) -> None:
    pull.write(*CHANGED)
    pull.lock()
    compared = pull.judge()
    assert {row.attribution for row in compared.report.rows} == {"pull_request"}
    assert rows(compared)["numpy"].severity == "critical"
    assert compared.failures == ("1 change of severity critical or worse",)
    assert "| this pull request<br>`environment.yml:6: numpy=1.26 (was: numpy<2.2)` |" in pull.comment(
        compared
    )


def test_both_at_once_are_distinguished(pull: Pull) -> None:
    pull.write(*CHANGED)
    pull.lock("--update-all")
    compared = pull.judge()
    found = rows(compared)
    assert (found["numpy"].attribution, found["openssl"].attribution) == ("pull_request", "upstream")
    assert found["libstdcxx-ng"].cause.startswith("this pull request and upstream together, uploaded 2026-")
    assert compared.status == 1


def test_what_was_solved_anew_for_a_stale_lock_is_reported_too(pull: Pull) -> None:
    pull.write(*CHANGED)
    compared = pull.judge()
    assert pull.handoff.checked[0].state == "stale"
    assert {row.attribution for row in compared.report.rows} == {"pull_request"}


def test_causes_reach_a_forks_comment_without_a_sentence_of_the_forks(pull: Pull) -> None:
    pull.lock("--update-all")
    handed = pull.check()
    (told,) = handed.checked
    caveats = (Caveat("linux-64", undated(2)), Caveat("linux-64", "maintainers, approve this"))
    causes = tuple(replace(cause, chain=("maintainers, approve this",)) for cause in told.causes)
    facts = sanitize(replace(handed, checked=(replace(told, caveats=caveats, causes=causes),)))
    compared = pull.judge("info", facts)
    assert {row.attribution for row in compared.report.rows} == {"upstream"}
    assert {row.chain for row in compared.report.rows} == {()}
    notes = compared.report.comparisons[0].notes
    assert [note for note in notes if "no upload date" in note]
    assert notes[-1] == CAUSES_SEE_LOG


@pytest.mark.parametrize("name", ["--output=pwned.yml", "-environment.yml", "environment @octocat.yml"])
def test_a_file_with_a_name_like_an_option_has_causes_too(pull: Pull, name: str) -> None:
    folder = pull.repository.folder
    lock = f"{name.removesuffix('.yml')}.conda-lock.yml"
    (folder / "environment.yml").rename(folder / name)
    (folder / "conda-lock.yml").rename(folder / lock)
    pull.commit_base()
    pull.lock("--update-all", f"./{name}")
    (told,) = pull.check(files=(name,)).checked
    assert {cause.attribution for cause in told.causes} == {"upstream"}


def test_a_push_is_reported_without_causes(pull: Pull) -> None:
    pull.event_name = "push"
    pull.lock("--update-all")
    assert pull.check().checked[0].causes == ()


@pytest.fixture
def channel(forge: Forge, tmp_path: Path) -> Channel:
    return forge.copy(tmp_path / "channel")


@pytest.fixture
def small(channel: Channel, forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pull:
    """A channel to change, and a lock made from it."""
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    pull = Pull(tmp_path, f'platforms = ["{forge.subdir}"]\n[mirrors]\n"{CONDA_FORGE}" = "{channel.url}"\n')
    monkeypatch.chdir(pull.repository.folder)
    pull.write("idna", "tqdm", "urllib3=2.3")
    pull.lock()
    pull.commit_base()
    return pull


def test_a_lock_that_did_not_change_asks_nobody(small: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conda_lockstep.github.check.sandbox.run", None)
    assert small.judge().report.rows == ()


def test_a_release_and_a_pin_are_distinguished_on_a_generated_channel(small: Pull, channel: Channel) -> None:
    channel.release("idna")
    channel.release("urllib3")
    small.write("idna", "tqdm", "urllib3=2.5")
    small.lock("--update-all")
    assert {name: row.attribution for name, row in rows(small.judge("low")).items()} == {
        "idna": "upstream",
        # The pinned version is of later than the old lock: it takes the release, too.
        "urllib3": "both",
    }
    assert small.judge("low").spared == 1


def test_a_channel_behind_a_variable_is_asked_for_a_trusted_change_alone(
    small: Pull, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLACE", str(channel.root))
    settings = small.repository.folder / "lockstep.toml"
    settings.write_text(settings.read_text().replace(channel.url, "file://${PLACE}"))
    channel.release("idna")
    small.lock("--update-all")
    assert rows(small.judge())["idna"].attribution == "upstream"
    small.head_repository = "stranger/train"
    compared = small.judge()
    assert rows(compared)["idna"].attribution == ""
    assert "PLACE is withheld" in small.handoff.checked[0].caveats[0].text


def test_when_the_time_is_out_all_changes_count_and_the_comment_says_so(
    small: Pull, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causes, "SECONDS", 0.1)
    channel.release("idna")
    small.lock("--update-all")
    compared = small.judge("info")
    assert compared.status == 1
    assert (
        "could not attribute the changes within 0 s: all of them count against the pull request"
        in small.comment(compared)
    )


def test_a_base_that_is_not_in_the_checkout_is_said(small: Pull, channel: Channel) -> None:
    channel.release("idna")
    small.lock("--update-all")
    base, small.base = small.base, "f" * 40
    handed = small.check()
    small.base = base
    compared = small.judge("info", handed)
    assert compared.status == 1
    assert "the checkout does not contain the base commit" in small.comment(compared)


def test_a_channel_that_does_not_answer_costs_the_causes_and_nothing_else(
    small: Pull, channel: Channel
) -> None:
    channel.release("idna")
    small.lock("--update-all")
    channel.root.rename(channel.root.with_name("gone"))
    comment = small.comment(small.judge("info"))
    assert "could not attribute the changes, so all of them count against the pull request" in comment
    assert "`idna`" in comment


def publish(folder: Path, versions: dict[str, datetime]) -> None:
    """Write a PyPI index with an app that needs a lib: each version of the lib was uploaded on its day."""
    (folder / "files").mkdir(parents=True, exist_ok=True)
    uploads = {
        "app": [(SmallWheel("app", "1.0", requires=("lib",)), datetime(2024, 1, 1, tzinfo=timezone.utc))]
    }
    uploads["lib"] = [(SmallWheel("lib", version), day) for version, day in versions.items()]
    for name, wheels in uploads.items():
        files = []
        for wheel, day in wheels:
            path = wheel.write(folder / "files")
            write_bytes(path.with_name(f"{path.name}.metadata"), wheel.metadata)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            files.append(Upload(path, day, digest, metadata=wheel.metadata))
        write_page(folder / "simple" / name, name, files)


def test_a_loosened_pin_and_a_release_fail_the_check_together(small: Pull, channel: Channel) -> None:
    channel.release("urllib3")
    small.write("idna", "tqdm", "urllib3")
    small.lock("--update", "urllib3")
    compared = small.judge("low")
    assert {name: row.attribution for name, row in rows(compared).items()} == {"urllib3": "both"}
    assert (compared.status, compared.spared) == (1, 0)
    comment = small.comment(compared)
    assert "this pull request and upstream together, uploaded" in comment
    assert "`environment.yml:7: urllib3 (was: urllib3=2.3)`" in comment


def test_the_old_requirements_file_counts_and_not_the_changed_one(
    small: Pull, tmp_path: Path, http_server: Callable[[Path], Server]
) -> None:
    before, after = (datetime(year, 6, 1, tzinfo=timezone.utc) for year in (2024, 2026))
    publish(tmp_path / "pypi", {"1.0": before})
    settings = small.repository.folder / "lockstep.toml"
    index = f"{http_server(tmp_path / 'pypi').url}/simple"
    settings.write_text(f'pypi-index = "{index}"\n{settings.read_text()}')
    requirements = small.repository.folder / "requirements.txt"
    requirements.write_text("app\nlib<2\n")
    small.write("python", "pip", "tqdm", "urllib3=2.3", "pip: ['-r requirements.txt']")
    small.lock()
    small.commit_base()
    publish(tmp_path / "pypi", {"1.0": before, "2.0": after})
    requirements.write_text("app\nlib\n")
    small.lock("--update-all")
    assert {name: row.attribution for name, row in rows(small.judge("low")).items()} == {"lib": "both"}


def test_a_file_that_is_new_on_the_base_commits_lock_is_said(small: Pull, channel: Channel) -> None:
    folder = small.repository.folder
    (folder / "environment.yml").unlink()
    small.commit_base()
    small.write("idna", "tqdm", "urllib3=2.3")
    channel.release("idna")
    small.lock("--update-all")
    compared = small.judge("low")
    assert compared.status == 1
    assert "does not exist on the base commit" in small.comment(compared)


def test_the_pip_parts_changes_are_distinguished_too(
    small: Pull, tmp_path: Path, http_server: Callable[[Path], Server]
) -> None:
    before, after = (datetime(year, 6, 1, tzinfo=timezone.utc) for year in (2024, 2026))
    publish(tmp_path / "pypi", {"1.0": before})
    index = f"{http_server(tmp_path / 'pypi').url}/simple"
    settings = small.repository.folder / "lockstep.toml"
    settings.write_text(f'pypi-index = "{index}"\n{settings.read_text()}')
    # The newest of the lock is of February 2025.
    entries = ("python", "pip", "tqdm", "urllib3=2.3")
    small.write(*entries, "pip: [app]")
    small.lock()
    small.commit_base()
    publish(tmp_path / "pypi", {"1.0": before, "1.5": before, "2.0": after})
    small.lock("--update-all")
    assert {name: row.attribution for name, row in rows(small.judge("low")).items()} == {"lib": "upstream"}
    small.write(*entries, "pip: [app, 'lib==1.5']")
    small.lock()
    assert {name: row.attribution for name, row in rows(small.judge("low")).items()} == {
        "lib": "pull_request"
    }


def test_a_renamed_file_is_solved_as_the_base_has_it(small: Pull, channel: Channel) -> None:
    folder = small.repository.folder
    channel.release("idna")
    for name, renamed in (("environment.yml", "train.yml"), ("conda-lock.yml", "train.conda-lock.yml")):
        (folder / name).rename(folder / renamed)
    small.lock("--update-all", "train.yml")
    found = rows(small.judge("low", small.check(files=("train.yml",))))
    assert {name: row.attribution for name, row in found.items()} == {"idna": "upstream"}
