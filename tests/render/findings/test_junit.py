"""JUnit XML: one suite that dashboards read, whatever the texts hold."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render.finding_samples import hostile, note, unpinned

from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.render.findings.junit import render

ROOT = Path.cwd()
GONE = LockstepError("no such file", where="gone.yml", remedy="check the path")


def suite_of(document: str) -> ET.Element:
    """The one suite; its counts are those of its cases."""
    root = ET.fromstring(document.encode("utf-8"))
    (suite,) = root
    cases = list(suite)
    assert suite.tag == "testsuite"
    for element in (root, suite):
        assert int(element.attrib["tests"]) == len(cases)
        assert int(element.attrib["failures"]) == sum(case.find("failure") is not None for case in cases)
        assert int(element.attrib["errors"]) == sum(case.find("error") is not None for case in cases)
    return suite


def test_a_clean_file_is_a_case_that_passed() -> None:
    (case,) = suite_of(render(["environment.yml"], [], [], ROOT))
    assert case.attrib == {"classname": "environment.yml", "name": "clean", "file": "environment.yml"}
    assert len(case) == 0


def test_every_finding_is_a_case_and_so_is_a_file_that_is_not_there() -> None:
    paths = ["environment.yml", "gone.yml", "clean.yml"]
    suite = suite_of(render(paths, [unpinned(), unpinned(line=5, name="scipy")], [GONE], ROOT))
    assert [(case.attrib["file"], case.attrib["name"]) for case in suite] == [
        ("environment.yml", "unpinned-conda at 4:5"),
        ("environment.yml", "unpinned-conda at 5:5"),
        ("gone.yml", "readable"),
        ("clean.yml", "clean"),
    ]
    failure = suite[0].find("failure")
    assert failure is not None
    assert failure.attrib == {"message": "'numpy' has no version", "type": "warning"}
    assert failure.text == "'numpy' has no version\nwrite numpy=2.1\n  - numpy"
    error = suite[2].find("error")
    assert error is not None
    assert error.attrib["message"] == "gone.yml: no such file; check the path"


@pytest.mark.parametrize(("strict", "failures"), [(False, "0"), (True, "1")])
def test_notes_fail_where_they_fail_the_run(strict: bool, failures: str) -> None:
    suite = suite_of(render(["environment.yml"], [note()], [], ROOT, strict=strict))
    assert suite.attrib["failures"] == failures
    assert "mixes channels" in "".join(suite.itertext())


def test_a_place_in_a_file_that_cannot_be_read_names_the_file() -> None:
    broken = LockstepError("too deep", where=Location("deep.yml", 3, 1))
    (case,) = suite_of(render(["deep.yml"], [], [broken], ROOT))
    assert case.attrib["file"] == "deep.yml"


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters()), st.text(st.characters(exclude_characters="\0"), min_size=1))
def test_any_text_makes_a_document(text: str, path: str) -> None:
    finding = unpinned(path)._replace(message=text, help=text, lines=(text,))
    suite_of(render([path, "other.yml"], [finding], [LockstepError(text, where=text)], ROOT))


def test_hostile_text_stays_text() -> None:
    (case,) = suite_of(render([], [hostile()], [], ROOT))
    assert [child.tag for child in case] == ["failure"]
    assert len(case[0]) == 0
