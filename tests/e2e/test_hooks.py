"""The hooks as users run them: from a tag of a git repository, through pre-commit and through prek."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.support.act import export_action
from tests.support.wheelhouse import pip_environment, wheelhouse

TAG = "v0.1.0"
ROOT = Path(__file__).parents[2]
FAMILY_HOOKS = [
    hook["id"]
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    if hook["id"] not in ("lockstep", "lockstep-fmt")
]

LOOSE = "name: x\nchannels: [conda-forge, nodefaults]\ndependencies:\n  - python=3.12\n  - numpy\n"
FIXABLE = """\
name: x
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python=3.12  # as on the cluster
  - pip:
      - wandb==0.19.1
"""
FIXED = FIXABLE.replace("  - pip:\n", "  - pip\n  - pip:\n")
WORKFLOW = "name: test the env\non: push\njobs: {}\n"


@dataclass(frozen=True)
class Runner:
    """pre-commit or prek, with a home of its own in which its environments stay for the session."""

    program: str
    environment: Mapping[str, str]
    source: Path

    def run(self, repository: Path, *hooks: Mapping[str, object], arguments: tuple[str, ...] = ()) -> Result:
        """Configure hooks in a repository, stage everything, and run them over all files."""
        config = {"repos": [{"repo": str(self.source), "rev": TAG, "hooks": list(hooks)}]}
        (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
        git(repository, "add", "--all")
        command = [self.program, "run", "--all-files", *arguments]
        done = subprocess.run(
            command, cwd=repository, env=self.environment, capture_output=True, text=True, timeout=300
        )
        return Result(done.returncode, done.stdout + done.stderr)


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    status: int
    said: str


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project as a git repository with a tag."""
    folder = export_action(tmp_path_factory.mktemp("hooks") / "conda-lockstep")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message", "release")
    git(folder, "tag", TAG)
    return folder


@pytest.fixture(scope="module", params=["pre-commit", "prek"])
def runner(request: pytest.FixtureRequest, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    bin_folder = Path(sys.executable).parent
    program = shutil.which(request.param, path=str(bin_folder))
    assert program, f"{request.param} belongs to the dev group"
    home = tmp_path_factory.mktemp(request.param)
    settings = home / ".config" / "uv" / "uv.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'no-index = true\nfind-links = ["{wheelhouse()}"]\n')
    environment = {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "PRE_COMMIT_HOME": str(home / "cache"),
        "PREK_HOME": str(home / "cache"),
        "UV_CONFIG_FILE": str(settings),
        "UV_PYTHON_DOWNLOADS": "never",
        "PREK_UV_SOURCE": "system",
        **pip_environment(),
    }
    return Runner(program, environment, source)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A user's repository: files to lint, and files that only look like it."""
    git(tmp_path, "init", "--quiet")
    for name, text in {
        "environment.yml": LOOSE,
        "envs/gpu-environment.yaml": FIXABLE,
        "vendored/environment.yml": LOOSE.replace("numpy", "scipy"),
        ".github/workflows/test-env.yml": WORKFLOW,
        "docs/prevent.yml": "a: 1\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_all_rules_run_over_environment_files_alone(runner: Runner, repository: Path) -> None:
    done = runner.run(repository, {"id": "lockstep", "exclude": "^vendored/"})
    assert done.status == 1, done.said
    assert "environment.yml:5:5: warning unpinned-conda: 'numpy'" in done.said
    assert "envs/gpu-environment.yaml:7:5: warning pip-not-listed" in done.said
    for other in ("scipy", "workflows", "prevent"):
        assert other not in done.said


def test_a_fix_changes_the_file_and_fails_once(runner: Runner, repository: Path) -> None:
    hook = {"id": "lockstep-pip", "args": ["--fix"], "files": "gpu-environment"}
    first = runner.run(repository, hook)
    assert first.status == 1, first.said
    assert "modified" in first.said
    assert (repository / "envs/gpu-environment.yaml").read_text() == FIXED
    second = runner.run(repository, hook)
    assert second.status == 0, second.said


def test_a_family_hook_speaks_of_its_family_alone(runner: Runner, repository: Path) -> None:
    done = runner.run(repository, *({"id": name} for name in FAMILY_HOOKS))
    assert done.status == 1, done.said
    assert "unpinned-conda" in done.said
    only_channels = runner.run(repository, {"id": "lockstep-channels"})
    assert only_channels.status == 0, only_channels.said


def test_arguments_choose_rules(runner: Runner, repository: Path) -> None:
    hook = {"id": "lockstep-pins", "args": ["--ignore=unpinned-conda"]}
    assert runner.run(repository, hook).status == 0


def test_a_damaged_file_fails_every_hook_in_one_line(runner: Runner, repository: Path) -> None:
    (repository / "environment.yml").write_text("dependencies:\n\t- numpy\n")
    done = runner.run(repository, {"id": "lockstep-channels"})
    assert done.status == 1, done.said
    assert "environment.yml:2:1: error unreadable-file: YAML does not allow tabs" in done.said
