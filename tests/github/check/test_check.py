"""The half that executes, on real files and a real channel."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.support.forge import Forge
from tests.support.http_server import Server
from tests.support.repository import Repository

from conda_lockstep.github.check.check import check
from conda_lockstep.github.event.event import Event, PullRequest
from conda_lockstep.github.event.inputs import Inputs
from conda_lockstep.github.event.runner import Runner
from conda_lockstep.github.handoff import handoff as handoffs
from conda_lockstep.github.handoff.handoff import Checked, Handoff

CONDA_FORGE = "https://conda.anaconda.org/conda-forge"
INPUTS = Inputs("check", build="never")


class Checkout:
    """A repository as a runner has it, and the job's first step."""

    def __init__(self, folder: Path, forge: Forge) -> None:
        self.folder = folder
        self.forge = forge
        self.repository = Repository(folder / "checkout")
        settings = f'platforms = ["{forge.subdir}"]\n[mirrors]\n"{CONDA_FORGE}" = "{forge.channel_url}"\n'
        self.base = self.repository.commit(
            {"lockstep.toml": settings, "environment.yml": environment("tqdm=4.67.1")}
        )
        self.log = ""
        self.head_repository = "acme/train"
        self.hosted = False

    def run(self, inputs: Inputs = INPUTS) -> Handoff:
        head, base = self.repository.commit({}), self.base
        pull = PullRequest(7, "octocat", True, False, head, "change", self.head_repository, base, "main")
        event = Event("pull_request", "opened", "acme/train", head, base, frozenset({"octocat"}), pull)
        runner = Runner(
            workspace=self.repository.folder,
            folder=self.folder / "lockstep",
            hosted=self.hosted,
            api_url="http://127.0.0.1:9",
            run=1,
            attempt=1,
            key="k",
            page="",
            outputs=None,
            summary=None,
        )
        stream = io.StringIO()
        handed = check(event, runner, inputs, stream)
        self.log = stream.getvalue()
        assert handoffs.read(runner.folder / "handoff.json") == handed
        return handed

    def one(self, inputs: Inputs = INPUTS) -> Checked:
        handed = self.run(inputs)
        assert handed.failures == ()
        [checked] = handed.checked
        return checked

    def write(self, files: Mapping[str, str | None]) -> None:
        self.repository.write(files)


def environment(*specs: str) -> str:
    entries = "".join(f"  - {spec}\n" for spec in specs)
    return f"name: train\nchannels:\n  - conda-forge\ndependencies:\n{entries}"


@pytest.fixture
def checkout(tmp_path: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    checkout = Checkout(tmp_path, forge)
    monkeypatch.chdir(checkout.repository.folder)
    return checkout


def test_a_file_without_a_lock_is_solved(checkout: Checkout) -> None:
    checked = checkout.one()
    assert (checked.state, checked.lock_path, checked.lock_sha256) == ("missing", "conda-lock.yml", "")
    assert "- name: tqdm" in checked.lock
    assert checkout.forge.channel_url not in checked.lock
    assert checked.reached == ("linted", "solved")


def test_the_checkout_is_left_as_it_was(checkout: Checkout) -> None:
    checkout.run(dataclasses.replace(INPUTS, build="always"))
    assert checkout.repository.git("status", "--porcelain", "--ignored") == ""


def test_a_lock_that_fits_is_taken_as_it_is(checkout: Checkout) -> None:
    lock = checkout.one().lock
    checkout.write({"conda-lock.yml": lock})
    checked = checkout.one()
    assert (checked.state, checked.lock, checked.reasons) == ("current", lock, ())


def test_a_lock_that_does_not_fit_is_solved_anew_and_says_why(checkout: Checkout) -> None:
    checkout.write({"conda-lock.yml": checkout.one().lock, "environment.yml": environment("urllib3=1.26.20")})
    checked = checkout.one()
    assert checked.state == "stale"
    assert any("urllib3" in reason for reason in checked.reasons)
    assert "- name: urllib3" in checked.lock


@pytest.mark.parametrize(("age", "state"), [(0, "missing"), (100_000, "failed")])
def test_what_is_younger_than_the_settings_ask_for_is_not_locked(
    checkout: Checkout, age: int, state: str
) -> None:
    settings = (checkout.repository.folder / "lockstep.toml").read_text()
    checkout.write({"lockstep.toml": f"min-age = {age}\n{settings}"})
    assert checkout.one().state == state


def test_a_broken_lock_is_as_good_as_a_stale_one(checkout: Checkout) -> None:
    checkout.write({"conda-lock.yml": "version: 1\npackage: [oh no\n"})
    checked = checkout.one()
    assert checked.state == "stale"
    assert "conda-lock.yml" in checked.reasons[0]
    assert "- name: tqdm" in checked.lock


def test_what_cannot_be_solved_says_why(checkout: Checkout) -> None:
    checkout.write({"environment.yml": environment("tqdm=99")})
    checked = checkout.one()
    assert (checked.state, checked.lock, checked.reached) == ("failed", "", ("linted",))
    assert "tqdm" in checked.reasons[-1]


def test_findings_are_handed_over(checkout: Checkout) -> None:
    checkout.write({"environment.yml": environment("tqdm")})
    handed = checkout.run()
    [remark] = [remark for remark in handed.remarks if remark.rule == "unpinned-conda"]
    assert (remark.path, remark.line) == ("environment.yml", 5)
    # The reporting step knows which files the change touches: it annotates.
    assert "::warning" not in checkout.log


def test_requirements_files_and_locks_are_linted_as_lockstep_lint_does(checkout: Checkout) -> None:
    entries = environment("python=3.11", "pip", "pip: [-r more.txt]")
    checkout.write(
        {"environment.yml": entries, "more.txt": "-r sub/deeper.txt\nrequests\n", "sub/deeper.txt": "numpy\n"}
    )
    found = {(remark.path, remark.rule) for remark in checkout.run().remarks}
    assert {("more.txt", "unpinned-pip"), ("sub/deeper.txt", "unpinned-pip")} <= found


@pytest.mark.parametrize("place", ["../outside.txt", "link.txt", ".git/config", "/etc/hostname"])
def test_a_requirements_file_that_is_none_of_the_repositorys_is_not_quoted(
    checkout: Checkout, tmp_path: Path, place: str
) -> None:
    (tmp_path / "outside.txt").write_text("hunter2 # secret\nhunter2 with words\n")
    (checkout.repository.folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    checkout.repository.git("config", "--local", "hunter2.password", "hunter2")
    checkout.write({"environment.yml": environment("python=3.11", "pip", f"pip: ['-r {place}']")})
    handed = checkout.run()
    assert handed.checked[0].state == "failed"
    assert "in this repository" in str(handed.checked[0].reasons) or "of one machine" in str(
        handed.checked[0].reasons
    )
    assert "hunter2" not in f"{handed}{checkout.log}"


def test_an_unreadable_file_is_a_finding_and_nothing_is_solved(checkout: Checkout) -> None:
    checkout.write({"environment.yml": "dependencies:\n\t- tqdm\nchannels: [conda-forge]\n"})
    handed = checkout.run()
    assert [remark.rule for remark in handed.remarks] == ["unreadable-file"]
    assert handed.checked == ()


def test_broken_settings_are_what_could_not_be_done(checkout: Checkout) -> None:
    checkout.write({"lockstep.toml": "platforms = 3\n"})
    [failure] = checkout.run().failures
    assert "lockstep.toml" in failure


def test_file_names_print_no_commands(checkout: Checkout) -> None:
    name = "environment-::error::x\n::add-mask::y\n.yml"
    checkout.write({name: environment("tqdm")})
    checkout.run()
    assert "\n::add-mask::y" in checkout.log
    assert set(obeyed(checkout.log)) == {"group", "endgroup", "stop-commands"}


def obeyed(log: str) -> list[str]:
    """The commands that a runner finds in a log: those not between stop-commands and its word."""
    found, word = [], ""
    for line in log.splitlines():
        if word:
            word = "" if line == f"::{word}::" else word
        elif match := re.match(r"::([\w-]+)[ :]", line):
            found.append(match[1])
            word = line.removeprefix("::stop-commands::") if match[1] == "stop-commands" else ""
    return found


def test_a_lock_that_leads_out_of_the_checkout_is_not_read(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("password: hunter2\n")
    (checkout.repository.folder / "conda-lock.yml").symlink_to(tmp_path / "secret")
    checked = checkout.one()
    assert checked.state == "missing"
    assert "hunter2" not in checkout.log


def test_the_settings_are_those_closest_to_the_file(checkout: Checkout) -> None:
    settings = (checkout.repository.folder / "lockstep.toml").read_text()
    checkout.write({"environment.yml": None, "lockstep.toml": None, "envs/lockstep.toml": settings})
    checkout.write({"envs/gpu.yml": environment("tqdm=4.67.1")})
    checked = checkout.one()
    assert (checked.path, checked.lock_path, checked.state) == (
        "envs/gpu.yml",
        "envs/gpu.conda-lock.yml",
        "missing",
    )


def test_a_fork_is_not_built_here(checkout: Checkout) -> None:
    checkout.head_repository = "stranger/train"
    checked = checkout.one(dataclasses.replace(INPUTS, build="always"))
    assert checked.build == "refused"
    assert "the fork stranger/train" in checked.build_reason
    assert checked.reached == ("linted", "solved")


SECRET = "s3cr3t-of-the-runner"
WAYS_OUT = {
    "channel": environment("tqdm=4.67.1").replace("- conda-forge", "- SERVER/t/$RUNNER_SECRET/conda-forge"),
    "channel of an entry": environment("SERVER/${RUNNER_SECRET}/c::tqdm=4.67.1"),
    "index": environment(
        "python", "pip", "pip:\n    - --index-url SERVER/$RUNNER_SECRET/simple\n    - wheel==1"
    ),
    "file": environment(
        "python", "pip", "pip:\n    - six @ http://u:${RUNNER_SECRET}@HOST/six-1-py3-none-any.whl"
    ),
    "mirror": environment("tqdm=4.67.1"),
}


@pytest.mark.parametrize("way", WAYS_OUT)
@pytest.mark.parametrize("stranger", [False, True], ids=["colleague", "stranger"])
def test_no_variable_of_the_runner_goes_where_a_stranger_says(
    checkout: Checkout,
    http_server: Callable[[Path], Server],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    *,
    stranger: bool,
) -> None:
    monkeypatch.setenv("RUNNER_SECRET", SECRET)
    server = http_server(tmp_path)
    settings = (checkout.repository.folder / "lockstep.toml").read_text()
    if way == "mirror":
        settings = settings.replace(checkout.forge.channel_url, f"{server.url}/$RUNNER_SECRET")
    text = WAYS_OUT[way].replace("SERVER", server.url).replace("HOST", server.url.removeprefix("http://"))
    checkout.write({"environment.yml": text, "lockstep.toml": settings})
    checkout.head_repository = "stranger/train" if stranger else "acme/train"
    handed = checkout.run()
    sent = "".join(f"{request.path}{request.headers}" for request in server.requests)
    basic = base64.b64encode(f"u:{SECRET}".encode()).decode()
    assert (SECRET in sent or basic in sent) is not stranger
    if stranger:
        assert SECRET not in checkout.log + repr(handed)
        [checked] = handed.checked
        assert "RUNNER_SECRET is withheld: the pull request comes from the fork" in checked.reasons[-1]


@pytest.mark.parametrize(
    "setting",
    [
        ("http.https://github.com/.extraheader", "AUTHORIZATION: basic c2VjcmV0"),
        (
            "includeIf.gitdir:/home/runner/work/train/train/.git.path",
            "/home/runner/work/_temp/git-credentials.config",
        ),
        ("remote.origin.url", "https://x-access-token:secret@github.com/acme/train"),
    ],
)
def test_a_stranger_is_not_built_beside_the_checkouts_token(
    checkout: Checkout, setting: tuple[str, str]
) -> None:
    checkout.head_repository, checkout.hosted = "stranger/train", True
    checkout.repository.git("config", "--local", *setting)
    checked = checkout.one(dataclasses.replace(INPUTS, build="always"))
    assert checked.build == "refused"
    assert "persist-credentials: false" in checked.build_reason


@pytest.mark.parametrize("hosted", [False, True])
def test_what_may_be_built_is_built_and_compared(checkout: Checkout, hosted: bool) -> None:
    checkout.head_repository, checkout.hosted = ("stranger/train", True) if hosted else ("acme/train", False)
    checked = checkout.one(dataclasses.replace(INPUTS, build="auto"))
    assert (checked.build, checked.build_reason) == ("built", "it contains exactly what the lock records"), (
        checkout.log
    )
    assert checked.reached == ("linted", "solved", "installed")
    assert not (checkout.folder / "lockstep" / "build-0" / "prefix").exists()


@pytest.mark.parametrize("trusted", [True, False])
def test_packages_are_kept_for_trusted_changes_alone(checkout: Checkout, trusted: bool) -> None:
    """What a later run takes from the folder, no stranger's change comes near: it neither fills nor reads it."""
    kept = checkout.folder / "kept"
    inputs = dataclasses.replace(INPUTS, build="always", cache_dir=kept)
    checkout.head_repository, checkout.hosted = "acme/train" if trusted else "stranger/train", True
    assert checkout.one(inputs).build == "built"
    assert bool(list(kept.glob("pkgs/tqdm-*"))) is trusted
    assert kept.exists() is trusted


def test_what_is_as_on_the_base_is_built_only_on_request(checkout: Checkout) -> None:
    checkout.base = checkout.repository.commit({"conda-lock.yml": checkout.one().lock})
    assert checkout.one(dataclasses.replace(INPUTS, build="auto")).build == "skipped"
    assert checkout.one(dataclasses.replace(INPUTS, build="always")).build == "built"


def test_a_build_that_fails_says_why(checkout: Checkout) -> None:
    lock = checkout.one().lock
    checkout.write({"conda-lock.yml": re.sub(r"(sha256: ')\w+", rf"\g<1>{'0' * 64}", lock, count=1)})
    checked = checkout.one(dataclasses.replace(INPUTS, build="auto"))
    assert (checked.state, checked.build) == ("current", "failed")
    assert "sha256" in checked.build_reason or "hash" in checked.build_reason
    assert checked.reached == ("linted", "solved")


def test_of_several_machines_the_one_that_is_named_is_built(checkout: Checkout) -> None:
    settings = (
        (checkout.repository.folder / "lockstep.toml").read_text().replace("platforms", "# platforms", 1)
    )
    machines = "".join(
        f'\n[machines.{name}]\nplatform = "{checkout.forge.subdir}"\ncuda = "{cuda}"\n'
        for name, cuda in (("a100", "12.2"), ("h100", "12.4"))
    )
    checkout.write({"lockstep.toml": settings + machines})
    handed = checkout.run(dataclasses.replace(INPUTS, build="always", machine="h100"))
    assert handed.failures == ()
    built = {Path(one.lock_path).name: one.build for one in handed.checked}
    assert built in (
        {"conda-lock.yml": "built"},
        {"environment.a100.conda-lock.yml": "skipped", "environment.h100.conda-lock.yml": "built"},
    ), checkout.log
    [failure] = checkout.run(dataclasses.replace(INPUTS, machine="h200")).failures
    assert failure == "input 'machine' is 'h200'; the settings declare a100, h100"


def test_a_lock_for_other_machines_is_not_built(checkout: Checkout) -> None:
    platform = "osx-arm64"
    checked = checkout.one(dataclasses.replace(INPUTS, build="always", platforms=(platform,)))
    assert checked.state == "failed" or checked.build_reason.startswith(
        "the lock has nothing for this runner's"
    )
