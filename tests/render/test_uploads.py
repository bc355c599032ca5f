"""What ``lockstep upstream --bisect`` prints: text, whatever a channel calls its files."""

from __future__ import annotations

import datetime
import json

import pytest
from hypothesis import given

from conda_lockstep.drift.attribution.upload import Upload, UploadChange
from conda_lockstep.packages import Package
from conda_lockstep.render.uploads import UploadRow, as_json, as_text
from tests.render.hostile import ATTACKS, texts

MOMENT = datetime.datetime(2025, 6, 1, 12, tzinfo=datetime.timezone.utc)


def rows(text: str) -> list[UploadRow]:
    package = Package("conda", text, text, build=text, subdir="noarch")
    upload = Upload(text, text, f"{text}.conda", f"https://h/{text}", MOMENT)
    return [
        UploadRow(text, text, text, UploadChange(package, after, uploads, 10, 4, 1, at_cutoff=not uploads))
        for after, uploads in ((package, (upload,)), (None, ()))
    ]


def assert_harmless(text: str) -> None:
    plain, said = (as_text(rows(each)) for each in ("plain", text))
    assert said.count("\n") == plain.count("\n")
    assert said.replace("\n", "").isprintable()
    assert json.loads(as_json(rows(text)))["packages"][0]["package"] == text


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_channel_name_controls_the_terminal(attack: str) -> None:
    assert_harmless(attack)


@given(texts)
def test_no_other_text_controls_the_terminal(text: str) -> None:
    assert_harmless(text)
