"""Scripts in the YAML of Kubernetes and of CI systems: which commands are found, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_lockstep.config import Config
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lint.engine.reading import kind_of_file, related

POD = """\
apiVersion: v1
kind: Pod
spec:
  containers:
    - name: train
      image: continuumio/miniconda3
      env: [{name: CONDA_OVERRIDE_CUDA, value: "12.4"}]
      command: ["bash", "-c", "conda create -n x -c conda-forge numpy"]  # once
    - image: python:3.12
      command:
        - conda
        - install
        - scipy
---
apiVersion: batch/v1
kind: Job
spec:
  template:
    spec:
      containers:
        - image: a:1
          command: [sh, -ec]
          args:
            - |
              # why
              conda update --all
"""
CI: dict[str, tuple[str, set[str]]] = {
    ".gitlab-ci.yml": (
        "image: condaforge/miniforge3\ntest:\n  before_script:\n    - conda install numpy\n"
        "  script:\n    - |\n      mamba update --all\n    - pytest\n",
        {"1:8 unpinned-image", "4:7 missing-yes", "7:7 update-all", "7:7 missing-yes"},
    ),
    "azure-pipelines.yml": ("steps:\n- script: conda install numpy\n- bash: echo\n", {"2:11 missing-yes"}),
    ".circleci/config.yml": (
        "jobs:\n  a:\n    docker:\n    - image: continuumio/miniconda3\n    steps:\n"
        "    - checkout\n    - run: conda install numpy\n    - run: {name: a, command: conda update --all -y}\n",
        {"7:12 missing-yes", "8:31 update-all"},
    ),
    ".travis.yml": ("install:\n  - conda install numpy\nscript: pytest\n", {"2:5 missing-yes"}),
    "cloudbuild.yaml": ("steps:\n- name: a\n  args: ['conda', 'install', 'numpy']\n", {"3:11 missing-yes"}),
    ".readthedocs.yaml": ("build:\n  jobs:\n    post_install:\n    - conda install numpy\n", {"4:7 missing-yes"}),
    "bitbucket-pipelines.yml": (
        "pipelines:\n  default:\n  - step:\n      script: [conda install numpy]\n",
        {"4:16 missing-yes"},
    ),
}  # fmt: skip
RULES = ("missing-yes", "update-all", "unpinned-image")


def said(path: Path) -> set[str]:
    chosen = lint.select(Config(), RULES)
    return {f"{one.line}:{one.column} {one.rule}" for one in lint.lint_path(path, chosen, Config())}


def test_the_containers_of_kubernetes_are_read_with_their_images_and_variables(tmp_path: Path) -> None:
    path = tmp_path / "train.yaml"
    path.write_text(POD)
    assert kind_of_file(path) == "installs"
    assert said(path) == {
        "6:14 unpinned-image",
        "8:32 missing-yes",
        "11:11 missing-yes",
        "26:15 update-all",
        "26:15 missing-yes",
    }


@pytest.mark.parametrize("name", CI)
def test_the_scripts_of_other_ci_systems_are_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    text, expected = CI[name]
    path.write_text(text)
    assert kind_of_file(path) == related(path) == "installs"
    assert said(path) == expected


def test_a_fix_and_a_suppression_hold_in_a_script_of_yaml(tmp_path: Path) -> None:
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(
        "a:\n  script:\n    - conda install numpy\n    - conda install b  # lockstep: ignore=missing-yes\n"
    )
    chosen = lint.select(Config(), RULES)
    fixed = lint.fix_path(path, chosen, Config(), unsafe=False)
    assert path.read_text() == (
        "a:\n  script:\n    - conda install -y numpy\n    - conda install b  # lockstep: ignore=missing-yes\n"
    )
    assert fixed.left == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("values.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: b\n"),
        ("openapi.yml", "description: run pip install x\n"),
        ("env.yml", "kind: Secret\napiVersion: v1\n"),
        ("notes.yml", "- a\n"),
        ("notes.txt", "conda install a\n"),
        ("README.md", "conda install a\n"),
    ],
)
def test_any_other_file_is_unrelated(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert related(tmp_path / name) is None


@pytest.mark.parametrize(
    "text", ["", "a\n", "- a\n", "script: [1, ~, {}]\n", "command: []\nargs: [~]\n", "? [a]\n: b\n"]
)
def test_odd_yaml_has_no_commands(tmp_path: Path, text: str) -> None:
    (tmp_path / ".travis.yml").write_text(text)
    assert said(tmp_path / ".travis.yml") == set()


def test_broken_yaml_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".travis.yml").write_text("a: [\n")
    try:
        found = lint.lint_path(tmp_path / ".travis.yml", lint.select(Config(), RULES), Config())
    except LockstepError:
        raise AssertionError from None
    assert [one.rule for one in found] == ["unreadable-file"]
