"""The hooks under the tools that users run them with."""

from __future__ import annotations

import pytest
import yaml

from tests.lint.test_lock import ENVIRONMENT, LOCK
from tests.support.hooks import REPOSITORY, Hooks, config
from tests.support.repository import Repository

MANIFEST = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text("utf-8"))
NOT_OF_FILES = ("lockstep-lock", "lockstep-installs", "lockstep-fmt")
ALL = tuple(hook["id"] for hook in MANIFEST if hook["id"] not in NOT_OF_FILES)
CLEAN = """\
name: train
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python=3.12
  - numpy=2.1
"""
BROKEN = """\
name: train
channels:
  - conda-forge
  - https://ana:horse@conda.example.com/team
  - pytorch
  - pytorch
dependencies:
  - python=3.12
  - pytorch=2.4
  - pytorch-cuda=12.4
  - numpy  # keep [pinned]
  - pip:
    - requests=2.32
"""
SAFELY_FIXED = BROKEN.replace("  - pytorch\n  - pytorch\n", "  - pytorch\n").replace("[pinned]", "(pinned)")


pytestmark = pytest.mark.parametrize("tool", ["pre-commit", "prek"])


def test_every_hook_finds_what_its_family_is_for(tool: str, hooks: Hooks, scratch: Repository) -> None:
    scratch.commit({".pre-commit-config.yaml": config(hooks, *ALL), "environment.yml": BROKEN})
    done = hooks.run(tool, scratch)
    assert done.status == 1
    for name in ALL:
        assert f"hook id: {name}" in done.printed, name
    for rule in (
        "bracket-comment",
        "gpu-variant-unspecified",
        "channel-order",
        "unpinned-conda",
        "invalid-requirement",
        "channel-credentials",
    ):
        assert f" {rule}: " in done.printed, rule
    assert "horse" not in done.printed
    assert "Traceback" not in done.printed
    assert scratch.git("status", "--porcelain") == ""


def test_all_hooks_of_the_manifest_get_along(tool: str, hooks: Hooks, scratch: Repository) -> None:
    """With what people write around them: fixes, arguments, an exclusion."""
    settings = config(hooks, *(hook["id"] for hook in MANIFEST), options={"exclude": "^old/"})
    settings = settings.replace("id: lockstep-channels\n", "id: lockstep-channels\n    args: [--fix]\n")
    settings = settings.replace(
        "id: lockstep-pins\n", "id: lockstep-pins\n    args: [--ignore, unpinned-conda]\n"
    )
    files = {
        "environment.yml": BROKEN.replace("  - pytorch\n  - pytorch\n", "  - pytorch\n  -   pytorch\n"),
        "old/environment.yml": BROKEN,
        "gpu/environment.yml": ENVIRONMENT,
        "gpu/conda-lock.yml": LOCK.replace("package:", "<<<<<<< HEAD\npackage:"),
        "Dockerfile": "FROM condaforge/miniforge3\nRUN conda install -y numpy\n",
    }
    scratch.commit({".pre-commit-config.yaml": settings, **files})
    done = hooks.run(tool, scratch)
    assert done.status == 1
    assert "Traceback" not in done.printed
    assert [hook["name"] for hook in MANIFEST if f"{hook['name']}...." not in done.printed] == []
    for said in (
        " error lock-conflict-markers: ",
        "Dockerfile:1:6: warning unpinned-image: ",
        "environment.yml: fixed duplicate-channel: ",
        "environment.yml: formatted\n",
    ):
        assert said in done.printed, said
    assert "old/" not in done.printed
    assert (scratch.folder / "old" / "environment.yml").read_text() == BROKEN
    mended = (scratch.folder / "environment.yml").read_text()
    assert mended.count("- pytorch\n") == 1
    hooks.run(tool, scratch)
    assert (scratch.folder / "environment.yml").read_text() == mended


def test_a_good_file_passes_every_hook(tool: str, hooks: Hooks, scratch: Repository) -> None:
    scratch.commit({".pre-commit-config.yaml": config(hooks, *ALL), "environment.yml": CLEAN})
    done = hooks.run(tool, scratch)
    assert done.status == 0, done.printed
    assert done.printed.count("Passed") == len(ALL)


def test_files_that_are_no_environment_are_skipped_without_a_message(
    tool: str, hooks: Hooks, scratch: Repository
) -> None:
    others = {
        ".github/workflows/env.yml": "on: push\njobs: {}\n",
        "values.yaml": "no: environment\n",
        "chart/env.yml": "apiVersion: v1\nkind: ConfigMap\ndata: {}\n",
        "chart/templates/env.yml": "{{- if .Values.env }}\nenv: a\n{{- end }}\n",
        "chart/Chart.yaml": "apiVersion: v2\nname: a\ndependencies:\n  - name: redis\n    version: 1\n",
    }
    names = [str(hook["id"]) for hook in MANIFEST]
    settings = config(hooks, *names, options={"verbose": "true"})
    scratch.commit({".pre-commit-config.yaml": settings, "environment.json": "{}", **others})
    done = hooks.run(tool, scratch)
    assert done.status == 0, done.printed
    assert not any(name in done.printed for name in others)
    assert "0 files" not in done.printed


def test_one_hook_covers_files_wherever_they_are_locks_and_scripts(
    tool: str, hooks: Hooks, scratch: Repository
) -> None:
    files = {
        "envs/train.yaml": BROKEN,
        "environments/gpu.yml": BROKEN,
        ".github/ci/environment.yml": BROKEN,
        "gpu/environment.yml": ENVIRONMENT.replace("=12.6", "=12.4"),
        "gpu/conda-lock.yml": LOCK,
        "Dockerfile": "FROM condaforge/miniforge3\n",
        "k8s/job.yaml": "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - command: [conda, install, numpy]\n",
        ".gitlab-ci.yml": "a:\n  script:\n  - conda install numpy\n",
    }
    scratch.commit({".pre-commit-config.yaml": config(hooks, "lockstep"), **files})
    done = hooks.run(tool, scratch)
    assert done.status == 1
    assert "Traceback" not in done.printed
    for said in (
        "envs/train.yaml:3:5: ",
        "environments/gpu.yml:3:5: ",
        ".github/ci/environment.yml:3:5: ",
        " error stale-lock: ",
        "Dockerfile:1:6: warning unpinned-image: ",
        "k8s/job.yaml:5:15: warning missing-yes: ",
        ".gitlab-ci.yml:3:5: warning missing-yes: ",
    ):
        assert said in done.printed, said
    assert done.printed.count("error stale-lock") == 1


def test_with_fix_a_hook_mends_what_is_safe_and_stops_the_commit(
    tool: str, hooks: Hooks, scratch: Repository
) -> None:
    settings = config(hooks, "lockstep-document", "lockstep-channels", options={"args": "[--fix]"})
    scratch.commit({".pre-commit-config.yaml": settings, "environment.yml": BROKEN})
    done = hooks.run(tool, scratch)
    assert done.status == 1
    assert "files were modified by this hook" in done.printed
    assert (scratch.folder / "environment.yml").read_text() == SAFELY_FIXED
    hooks.run(tool, scratch)
    assert (scratch.folder / "environment.yml").read_text() == SAFELY_FIXED


def test_a_file_that_is_mended_whole_passes_the_second_time(
    tool: str, hooks: Hooks, scratch: Repository
) -> None:
    settings = config(hooks, "lockstep", options={"args": "[--fix, --unsafe-fixes]"})
    broken = CLEAN.replace("  - nodefaults\n", "  - conda-forge\n  - pypi\n")
    scratch.commit({".pre-commit-config.yaml": settings, "env.yml": broken})
    assert hooks.run(tool, scratch).status == 1
    assert (scratch.folder / "env.yml").read_text() == CLEAN
    assert hooks.run(tool, scratch).status == 0


def test_files_can_be_excluded_and_chosen_by_the_user(tool: str, hooks: Hooks, scratch: Repository) -> None:
    files = {"old/environment.yml": BROKEN, "environment.yml": CLEAN, "train.yml": BROKEN}
    excluded = config(hooks, "lockstep", options={"exclude": "^(old/|train)"})
    scratch.commit({".pre-commit-config.yaml": excluded, **files})
    assert hooks.run(tool, scratch).status == 0
    chosen = config(hooks, "lockstep", options={"files": "^train\\.yml$"})
    scratch.commit({".pre-commit-config.yaml": chosen})
    done = hooks.run(tool, scratch)
    assert done.status == 1
    assert "train.yml:3:5: " in done.printed
    assert "old/" not in done.printed


def test_many_files_at_once_are_all_looked_at_and_mended(
    tool: str, hooks: Hooks, scratch: Repository
) -> None:
    settings = config(hooks, "lockstep-channels", options={"args": "[--fix]"})
    files = {f"{number}/environment.yml": BROKEN for number in range(60)}
    scratch.commit({".pre-commit-config.yaml": settings, **files})
    done = hooks.run(tool, scratch)
    assert done.status == 1
    assert all(f"{name}: fixed duplicate-channel" in done.printed for name in files)
    fixed = BROKEN.replace("  - pytorch\n  - pytorch\n", "  - pytorch\n")
    assert {(scratch.folder / name).read_text() for name in files} == {fixed}


def test_settings_of_the_repository_hold_in_a_hook(tool: str, hooks: Hooks, scratch: Repository) -> None:
    scratch.commit(
        {
            ".pre-commit-config.yaml": config(hooks, "lockstep-channels"),
            "lockstep.toml": 'ignore = ["channel-order", "duplicate-channel", "undeclared-channel"]\n',
            "environment.yml": BROKEN,
        }
    )
    assert hooks.run(tool, scratch).status == 0


def test_a_file_that_cannot_be_read_fails_each_hook_with_one_line(
    tool: str, hooks: Hooks, scratch: Repository
) -> None:
    scratch.commit({".pre-commit-config.yaml": config(hooks, "lockstep-gpu"), "environment.yml": "a: [\n"})
    done = hooks.run(tool, scratch)
    assert done.status == 1
    assert "environment.yml:2:1: error unreadable-file: not YAML" in done.printed
    assert "Traceback" not in done.printed
