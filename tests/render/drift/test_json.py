"""The drift document: a documented schema, a round trip, and no trust in who wrote it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given, settings
from tests.render.drift.test_markdown import filled
from tests.render.hostile import texts
from tests.render.samples import LARGE, SAMPLES, TELLING, comparison, packages_of, report
from tests.support.schemas import schema

from conda_lockstep.drift.report import Report
from conda_lockstep.errors import LockstepError
from conda_lockstep.render.drift.json import dumps, loads

WITH_PACKAGES = report(comparison(*map(packages_of, TELLING)))


@pytest.mark.parametrize("sample", [*SAMPLES.values(), WITH_PACKAGES, LARGE, Report(())])
def test_a_document_reads_back_as_what_was_written(sample: Report) -> None:
    assert loads(dumps(sample), "report.json") == sample


@given(texts)
@settings(max_examples=50, deadline=None)
def test_any_text_survives(text: str) -> None:
    assert loads(dumps(filled(text)), "report.json") == filled(text)


@pytest.mark.parametrize("sample", [*SAMPLES.values(), WITH_PACKAGES])
def test_a_document_matches_the_schema_in_the_docs(sample: Report) -> None:
    jsonschema.validate(json.loads(dumps(sample)), schema("drift-json.md"))


def test_the_schema_allows_nothing_that_is_not_written() -> None:
    document = json.loads(dumps(WITH_PACKAGES))
    for change in ({"extra": 1}, {"schema": 1}, {"worst": "bad"}, {"comparisons": [{}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document | change, schema("drift-json.md"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 1}, "is not a drift report of schema 3"),
        ({"kind": "conda-lockstep snapshot"}, "is not a drift report of schema 3"),
        ({"schema": "1"}, "'schema' is not a whole number"),
        ({"comparisons": [1]}, "not a JSON object"),
        ({"notes": [1]}, "'notes' is not a list of texts"),
        ({"evidence": {"reached": "all"}}, "'reached' is not a list of texts"),
    ],
)
def test_an_invalid_document_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(LockstepError, match=re.escape(message)):
        loads(json.dumps(json.loads(dumps(SAMPLES["telling"])) | change), "report.json")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("severity", "apocalyptic", "'severity' is 'apocalyptic'"),
        ("subject", None, "'subject' is not text"),
        ("classes", "bytes", "'classes' is not a list of texts"),
        ("old", {"manager": "npm", "name": "a", "version": "1"}, "'manager' is 'npm'"),
    ],
)
def test_an_invalid_change_is_refused_with_its_location(field: str, value: object, message: str) -> None:
    document = json.loads(dumps(SAMPLES["telling"]))
    document["comparisons"][0]["changes"][2][field] = value
    with pytest.raises(LockstepError, match=re.escape(message)) as caught:
        loads(json.dumps(document), "report.json")
    assert "comparisons[0] changes[2]" in str(caught.value)


def test_a_document_is_bounded() -> None:
    rows = SAMPLES["telling"].comparisons[0].rows * 12_000
    with pytest.raises(LockstepError, match="contains more than 100000 changes"):
        loads(dumps(report(replace(SAMPLES["telling"].comparisons[0], rows=rows))), "report.json")
    with pytest.raises(LockstepError, match="larger than 64 MiB"):
        loads(" " * ((64 << 20) + 1), "report.json")
