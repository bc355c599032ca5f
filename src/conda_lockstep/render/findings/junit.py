"""Findings as JUnit XML, which test dashboards read: one suite, a case for each finding and for each clean file.

There is no standard; this is what Jenkins, GitLab and pytest agree on: https://github.com/testmoapp/junitxml.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.lint.engine.findings import Finding
from conda_lockstep.render.findings.lines import visible
from conda_lockstep.render.paths import from_root


def render(
    paths: Sequence[str],
    findings: Sequence[Finding],
    failures: Sequence[LockstepError],
    root: Path,
    *,
    strict: bool = False,
) -> str:
    """Return a document with what was found in ``paths``; those without a finding are cases that passed.

    As for the exit status, notes fail with ``strict`` only; otherwise they are the output of a case that passed.
    """
    cases = [_failed(finding, root, strict) for finding in findings]
    cases += [_not_read(failure, root) for failure in failures]
    with_cases = {finding.path for finding in findings} | {_path(failure) for failure in failures}
    cases += [_case(path, "clean", root) for path in paths if path not in with_cases]
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(len(failures)),
        "skipped": "0",
    }
    suites = ET.Element("testsuites", counts)
    suite = ET.SubElement(suites, "testsuite", {"name": "conda-lockstep", **counts})
    suite.extend(cases)
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(suites, encoding="unicode")}\n'


def _case(path: str, name: str, root: Path, **more: str) -> ET.Element:
    shown = visible(from_root(path, root))
    return ET.Element("testcase", {"classname": shown, "name": name, "file": shown, **more})


def _failed(finding: Finding, root: Path, strict: bool) -> ET.Element:
    name = f"{finding.rule} at {finding.line}:{finding.column}"
    case = _case(finding.path, name, root, line=str(finding.line))
    if strict or finding.severity != "note":
        shown = ET.SubElement(
            case, "failure", {"message": visible(finding.message), "type": finding.severity}
        )
    else:
        shown = ET.SubElement(case, "system-out")
    shown.text = "\n".join(visible(part) for part in (finding.message, finding.help, *finding.lines) if part)
    return case


def _not_read(failure: LockstepError, root: Path) -> ET.Element:
    case = _case(_path(failure), "readable", root)
    ET.SubElement(case, "error", {"message": visible(str(failure)), "type": "error"})
    return case


def _path(failure: LockstepError) -> str:
    return failure.where.path if isinstance(failure.where, Location) else failure.where or ""
