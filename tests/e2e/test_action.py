"""The Action as a user has it: the workflow of the documentation, run by act against a local GitHub.

Nothing is replaced but the places: GitHub's address, the channel's (by a mirror in the settings) and the registry's.
"""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import act
from tests.support import github as fakes
from tests.support.forge import Forge
from tests.support.github import BOT, Artifact, FakeGitHub, Token, payloads
from tests.support.repository import Repository

ACTION = "conda-lockstep/conda-lockstep@v0.1.0"
WORKFLOWS = act.ROOT / "docs" / "workflows"
WORKFLOW = WORKFLOWS / "pull-request.yml"
UPLOAD = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02"
CACHE = "actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830"
# Where there is no GitHub to upload to, the file is kept beside the job's runs.
UPLOADING = """\
name: upload
description: keeps one file
inputs: {name: {required: true}, path: {required: true}, retention-days: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: "${{ inputs.name }}", FILE: "${{ inputs.path }}"}
      run: mkdir -p "$UPLOADS/$NAME" && cp "$FILE" "$UPLOADS/$NAME/"
"""
# Under which key it would keep what; here that stays beside the job's runs.
CACHING = """\
name: cache
description: says what it was asked for
inputs: {path: {required: true}, key: {required: true}, restore-keys: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {KEY: "${{ inputs.key }}", FOLDER: "${{ inputs.path }}"}
      run: echo "kept as $KEY" && mkdir -p "$UPLOADS/kept" && ln -s "$UPLOADS/kept" "$FOLDER"
"""
TOKEN = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"
CONDA_FORGE = "https://conda.anaconda.org/conda-forge"


class World:
    """A repository on GitHub, with a pull request, and a runner that takes its jobs."""

    def __init__(self, folder: Path, action: Path, forge: Forge, github: FakeGitHub, program: str) -> None:
        self.folder, self.action, self.forge, self.github, self.program = (
            folder,
            action,
            forge,
            github,
            program,
        )
        github.token(TOKEN)
        self.remote = github.repository("acme/train")
        self.repository = Repository(folder / "repository")
        settings = f'platforms = ["{forge.subdir}"]\n\n[mirrors]\n"{CONDA_FORGE}" = "{forge.channel_url}"\n'
        self.base = self.repository.commit(
            {
                ".github/workflows/environment.yml": WORKFLOW.read_text(),
                ".github/workflows/environment-comment.yml": (WORKFLOWS / "fork-comment.yml").read_text(),
                "lockstep.toml": settings,
                "environment.yml": self.environment("4.67.1", "1.26.20"),
            }
        )
        self.runs = 0
        self.upload, self.cache = folder / "upload-artifact", folder / "cache"
        for place, text in ((self.upload, UPLOADING), (self.cache, CACHING)):
            place.mkdir()
            (place / "action.yml").write_text(text)

    def environment(self, tqdm: str, urllib3: str) -> str:
        minor = ".".join(self.forge.python_version.split(".")[:2])
        pins = (f"python={minor}", f"tqdm={tqdm}", f"urllib3={urllib3}")
        entries = "".join(f"  - {pin}\n" for pin in pins)
        return f"name: train\nchannels:\n  - conda-forge\ndependencies:\n{entries}"

    def lock(self) -> None:
        """Lock what is checked out, as a user does."""
        from conda_lockstep.cli.main import main

        assert main(["lock", "environment.yml"]) == 0

    def push(self, files: Mapping[str, str | None]) -> str:
        """Push a commit to the pull request's branch; return it."""
        self.repository.git("checkout", "--quiet", "change")
        return self.repository.commit(files)

    def run_pull_request(
        self, head: str, action: str = "", actor: str = "octocat", **changes: Any
    ) -> act.Result:
        """Run the job of the pull request at this head."""
        self.remote.pulls[7] = fakes.PullRequest(7, head, self.base, "acme/train")
        self.repository.merge(head, "main")
        action = action or ("synchronize" if self.runs else "opened")
        payload = payloads.pull_request(action, head_sha=head, base_sha=self.base, **changes)
        return self.run("pull_request", payload, actor=actor)

    def run(self, event: str, payload: Mapping[str, Any], **more: Any) -> act.Result:
        """Run the jobs of an event on what is checked out; ``more`` is for :class:`act.Job`."""
        self.runs += 1
        variables = {
            "GITHUB_API_URL": self.github.url,
            "GITHUB_REPOSITORY": "acme/train",
            "GITHUB_RUN_ID": str(1000 + self.runs),
            "UPLOADS": str(self.folder / "uploads"),
            "GITHUB_WORKFLOW_REF": "acme/train/.github/workflows/environment.yml@refs/heads/any",
        }
        actions = {ACTION: self.action, UPLOAD: self.upload, CACHE: self.cache}
        job = act.Job(self.repository.folder, event, payload, actions, variables, TOKEN, **more)
        return act.run(self.program, job, self.folder / f"run-{self.runs}")

    def upload_as(self, artifact: Artifact, head: str) -> None:
        """Let GitHub hold what a fork's run has left, and the base branch as it is."""
        self.remote.artifacts[1] = artifact
        self.remote.pulls[7] = fakes.PullRequest(7, head, self.base, "stranger/train")
        self.remote.parents[head] = self.base
        for name in ("environment.yml", "conda-lock.yml"):
            content = self.repository.git("show", f"{self.base}:{name}") + "\n"
            self.remote.files[self.base, name] = content.encode()
            self.remote.files[head, name] = f"{self.repository.git('show', f'{head}:{name}')}\n".encode()

    @property
    def comments(self) -> list[str]:
        return [comment.body for comment in self.remote.comments.values()]


@pytest.fixture(scope="module")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return act.export_action(tmp_path_factory.mktemp("action"))


@pytest.fixture
def world(
    tmp_path: Path, action: Path, forge: Forge, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    program = act.find_act()
    if program is None or shutil.which("bash") is None:
        pytest.skip("act is not installed")
    world = World(tmp_path, action, forge, github, program)
    monkeypatch.chdir(world.repository.folder)
    world.lock()
    world.base = world.repository.commit({}, "lock")
    world.repository.branch("change")
    yield world


def test_a_pull_request_has_one_comment_from_first_push_to_clean(world: World) -> None:
    stale = world.push({"environment.yml": world.environment("4.67.1", "2.3.0")})
    first = world.run_pull_request(stale, draft=True)
    [comment] = world.comments
    assert first.status == 1, first.everything
    assert "does not fit `environment.yml`" in comment
    assert "`urllib3`" in comment
    assert first.outputs("lockstep")["drift"] == "true"
    assert_token_stays_hidden(world, first)
    assert_home_is_untouched(world)

    world.repository.git("checkout", "--quiet", "change")
    world.lock()
    second = world.run_pull_request(world.push({}))
    [comment] = world.comments
    assert second.status == 0, second.everything
    assert "does not hold" not in comment
    assert "`urllib3`" in comment
    assert "linted → solved → installed." in comment
    assert comment.split("\n", 1)[1] in second.summary
    assert second.outputs("lockstep")["evidence"] == "linted solved installed"

    world.repository.git("checkout", "--quiet", "change")
    world.repository.git("revert", "--no-edit", "HEAD", "HEAD~1")
    third = world.run_pull_request(world.repository.git("rev-parse", "HEAD"))
    [comment] = world.comments
    assert third.status == 0, third.everything
    assert "No environment drift" in comment
    assert third.outputs("lockstep")["drift"] == "false"
    assert {item.login for item in world.remote.comments.values()} == {BOT}

    # GitHub starts no run for it unless a workflow asks for this type; act does not look.
    world.github.requests.clear()
    closed = world.run_pull_request(world.repository.git("rev-parse", "change"), "closed")
    assert closed.status == 0, closed.everything
    assert "the pull request is closed, so nothing is checked" in closed.log
    assert world.github.requests == []


def test_dependabot_is_checked_without_a_comment_and_says_why(world: World) -> None:
    world.github.token(TOKEN, Token(permissions={"contents": "read", "pull_requests": "read"}))
    world.repository.write({"environment.yml": world.environment("4.67.1", "2.3.0")})
    world.lock()
    bot = "dependabot[bot]"
    # Nothing that lies in the checkout is taken for a part of the Action or of what it runs.
    traps = dict.fromkeys(SHADOWS, f"import os; os.system('touch {world.folder}/pwned')\n")
    result = world.run_pull_request(world.push(traps), actor=bot, author=bot, sender=bot)
    assert not (world.folder / "pwned").exists()
    assert result.status == 0, result.everything
    assert "comment: skipped: Dependabot took part, and its runs have no write access" in result.log
    assert "was not built: Dependabot proposes releases by third parties" in result.summary
    assert "`urllib3`" in result.summary
    assert world.github.sent("POST") == []
    assert Path(result.outputs("lockstep")["handoff"]).name == "handoff.json"


def test_a_merge_queue_judges_what_it_would_merge_and_keeps_packages_by_the_locks_digest(
    world: World,
) -> None:
    """The workflow with a cache, in a merge queue: the change that its base branch does not have is judged."""
    world.repository.write({"environment.yml": world.environment("4.67.1", "2.3.0")})
    world.lock()
    world.push({".github/workflows/environment.yml": (WORKFLOWS / "cache.yml").read_text()})
    head = world.repository.git("rev-parse", "HEAD")
    payload = payloads.merge_group(head_sha=head, base_sha=world.base)
    result = world.run("merge_group", payload)
    assert result.status == 0, result.everything
    assert "`urllib3`" in result.summary
    assert "linted → solved → installed" in result.summary
    assert "comment: skipped: no pull request" in result.log
    assert re.search(r"kept as lockstep-\S+-[0-9a-f]{64}\n", result.log), result.log
    assert list((world.folder / "uploads" / "kept").glob("pkgs/urllib3-2.3.0-*"))


def test_a_run_by_hand_checks_what_is_there(world: World) -> None:
    result = world.run("workflow_dispatch", payloads.other("workflow_dispatch"))
    assert result.status == 0, result.everything
    assert "No environment was compared" in result.summary
    assert result.outputs("lockstep")["evidence"] == "linted solved installed"


def test_each_kind_of_machine_builds_its_own_lock_and_has_its_own_comment(world: World) -> None:
    settings = (world.repository.folder / "lockstep.toml").read_text()
    machines = "".join(
        f'\n[machines.{name}]\nplatform = "{world.forge.subdir}"\ncuda = "{cuda}"\n'
        for name, cuda in (("a100", "12.2"), ("h100", "12.4"))
    )
    files = {
        ".github/workflows/environment.yml": None,
        ".github/workflows/environment-machines.yml": (WORKFLOWS / "machines.yml").read_text(),
        "lockstep.toml": settings.replace("platforms", "# platforms", 1) + machines,
        "environment.yml": world.environment("4.67.1", "2.3.0"),
    }
    world.repository.write(files)
    world.lock()
    result = world.run_pull_request(world.push({}))
    assert result.status == 0, result.everything
    assert len(world.comments) == 2
    assert all("`urllib3`" in comment for comment in world.comments)
    assert result.log.count("it contains exactly what the lock records") == 2


def test_a_fork_is_neither_built_nor_commented_by_its_own_run_and_commented_by_the_second(
    world: World,
) -> None:
    world.github.token(TOKEN, Token(permissions={"contents": "read", "pull_requests": "read"}))
    world.repository.write({"environment.yml": world.environment("4.67.1", "2.3.0")})
    world.lock()
    head = world.push({})
    result = world.run_pull_request(
        head, head_repository="stranger/train", author="stranger", sender="stranger"
    )
    assert result.status == 0, result.everything
    assert world.comments == []
    assert world.github.sent("POST") == []
    assert "was not built: the pull request comes from the fork" in result.summary
    assert "`urllib3`" in result.summary
    assert result.outputs("lockstep")["evidence"] == "linted solved"

    world.upload_as(Artifact(1001, "lockstep", zipped(world.folder / "uploads" / "lockstep")), head)
    world.github.token(TOKEN, Token(permissions=COMMENTER))
    second = world.run("workflow_run", payloads.workflow_run(1001, head_sha=head))
    [comment] = world.comments
    assert second.status == 0, second.everything
    assert "`urllib3`" in comment
    assert "was not built" in comment
    assert "conda-lockstep" in comment.partition("\n")[0]


SHADOWS = (
    "conda_lockstep/__init__.py", "conda_lockstep/__main__.py", "venv.py", "ensurepip.py", "pip.py", "pip/__main__.py",
    "sitecustomize.py", "usercustomize.py", "yaml.py", "json.py", "rattler.py", "setup.py",
)  # fmt: skip
COMMENTER: Mapping[str, Any] = {"contents": "read", "actions": "read", "pull_requests": "write"}


def zipped(folder: Path) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    return stream.getvalue()


def test_a_push_is_checked_and_reported_in_the_summary_alone(world: World) -> None:
    world.repository.write({"environment.yml": world.environment("4.67.1", "2.3.0")})
    world.lock()
    before, after = world.base, world.push({})
    result = world.run("push", payloads.push(before=before, after=after))
    assert result.status == 0, result.everything
    assert "`urllib3`" in result.summary
    assert "comment: skipped: no pull request" in result.log
    assert world.github.requests == []
    assert_home_is_untouched(world)


def assert_home_is_untouched(world: World) -> None:
    """The runner's home has nothing in it but act's own folders, and rustup's where pip asks rustc for its version."""
    home = world.folder / f"run-{world.runs}" / "home"
    found = {str(path.relative_to(home)) for path in home.glob("*/*") if path.parent.name != ".rustup"}
    assert found == {".cache/act", ".config/act"}


def assert_token_stays_hidden(world: World, result: act.Result) -> None:
    """The token is in no log, and in no file that the Action made."""
    assert TOKEN not in result.everything
    made = [
        path
        for path in (world.folder / "run-1").rglob("lockstep.*/**/*")
        if path.suffix in ("", ".json", ".yml")
    ]
    assert made
    assert not [path for path in made if path.is_file() and TOKEN.encode() in path.read_bytes()]
