"""Every format and every header counts alike: an event once, on however many platforms, in however many rows."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.operands import Operand
from conda_lockstep.drift.report import Report, distinct
from conda_lockstep.lint.engine.findings import Finding
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.render.drift import html, markdown
from conda_lockstep.render.drift import json as drift_json
from conda_lockstep.render.drift import text as drift_text
from conda_lockstep.render.findings import json as findings_json
from conda_lockstep.render.findings import junit
from conda_lockstep.render.findings import text as findings_text
from tests.drift.severity.base_locks import CONDA, PIP, operand
from tests.drift.severity.test_class_mutations import on_cpu, pip_on_cpu
from tests.drift.strategies import package_sets
from tests.render.finding_samples import note, unpinned

PLATFORMS = ("linux-64", "linux-aarch64", "osx-arm64")
_COUNT = re.compile(r"(\d+) (critical|high|medium|low|info)")


def locks(packages: dict[str, PackageSet], label: str) -> Operand:
    return Operand(label, "conda-lock", packages)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Draw a report over one to three platforms, some of which are alike, or only on one side."""
    sides = []
    for label in ("old.yml", "new.yml"):
        one, other = draw(package_sets), draw(package_sets)
        names = draw(st.lists(st.sampled_from(PLATFORMS), min_size=1, unique=True))
        sides.append(locks({name: draw(st.sampled_from([one, other])) for name in names}, label))
    return compare(*sides)


def of_json(report: Report) -> dict[str, int]:
    document = json.loads(drift_json.dumps(report))
    return dict(document["counts"])


def counted(text: str) -> dict[str, int]:
    return {severity: int(number) for number, severity in _COUNT.findall(text)}


def of_text(report: Report) -> dict[str, int]:
    lines = drift_text.render(report).splitlines()
    whole = [line for line in lines if line.startswith("in all ")]
    return counted((whole or [line for line in lines if re.match(r"  \d+ changes?: ", line)] or [""])[-1])


def of_markdown(report: Report) -> dict[str, int]:
    return counted(markdown.render(report, budget=markdown.SUMMARY_BUDGET).splitlines()[0])


def of_html(report: Report) -> dict[str, int]:
    page = html.render(report)
    title = re.search(r"<h1>(.*?)</h1>", page)
    filters = re.findall(r'id="show-(\w+)" checked>\w+ <b>(\d+)</b>', page)
    assert title
    found = counted(title[1])
    assert {name: int(number) for name, number in filters if number != "0"} == found
    return found


@given(reports())
@settings(max_examples=150, deadline=None)
def test_every_format_of_a_drift_report_counts_alike(report: Report) -> None:
    assert of_json(report) == of_text(report) == of_markdown(report) == of_html(report)
    assert sum(of_json(report).values()) == len(distinct(report))


@pytest.mark.parametrize(("old", "new"), [(CONDA, on_cpu()), (PIP, pip_on_cpu())], ids=["conda", "pip"])
def test_a_switch_of_the_device_is_one_change_on_two_platforms(
    old: tuple[Package, ...], new: tuple[Package, ...]
) -> None:
    report = compare(*(_on_two_platforms(operand(packages)) for packages in (old, new)))
    assert [row.subject for row in report.rows if row.severity == "critical"] in (
        2 * ["pytorch"],
        2 * ["torch"],
    )
    assert of_json(report)["critical"] == 1
    assert "more: " in drift_text.render(report)
    assert "more with it</summary>" in markdown.render(report)
    assert "more with it</summary>" in html.render(report)
    assert len(report.rows) > 20


def _on_two_platforms(one: Operand) -> Operand:
    packages = one.platforms["linux-64"]
    return one._replace(platforms={"linux-64": packages, "linux-aarch64": packages})


@given(st.lists(st.sampled_from(["warning", "error", "note"]), max_size=12))
def test_every_format_of_findings_counts_alike(severities: list[str]) -> None:
    findings: list[Finding] = [
        note()._replace(line=line) if each == "note" else unpinned(line=line)._replace(severity=each)  # type: ignore[arg-type]
        for line, each in enumerate(severities, 1)
    ]
    document = json.loads(findings_json.render(findings))
    suites = ET.fromstring(junit.render(["environment.yml"], findings, (), Path(), strict=True))
    summary = findings_text.summary(findings, 1)
    for severity in ("error", "warning", "note"):
        number = severities.count(severity)
        assert sum(each["severity"] == severity for each in document) == number
        assert len(suites.findall(f".//failure[@type='{severity}']")) == number
        assert not number or re.search(rf"\b{number} {severity}", summary)
    assert int(suites.attrib["failures"]) == len(severities)
