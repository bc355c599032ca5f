"""Reading OSV exports, and deciding which versions they affect, as the schema says."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from tests.support.advisories import Record, record, write_export

from conda_lockstep.drift.advisories.osv import Advisories, Affected, RangeEvent, read_advisories
from conda_lockstep.drift.advisories.ranges import fix_of, is_affected
from conda_lockstep.errors import LockstepError

INTRODUCED, FIXED, LAST, LIMIT = "introduced", "fixed", "last_affected", "limit"


def affected(*ranges: list[tuple[str, str]], versions: tuple[str, ...] = ()) -> Affected:
    events = tuple(tuple(RangeEvent(kind, version) for kind, version in each) for each in ranges)  # type: ignore[arg-type]
    return Affected("x", frozenset(versions), events)


TWO_RANGES = affected([(INTRODUCED, "1.0.0"), (FIXED, "1.0.2"), (INTRODUCED, "3.0.0"), (FIXED, "3.2.5")])
UP_TO = affected([(INTRODUCED, "0"), (LAST, "2.1.214")])


@pytest.mark.parametrize(
    ("given", "version", "expected"),
    [
        (affected([(INTRODUCED, "0")]), "0.0.1.dev1", True),
        (affected([(INTRODUCED, "0")]), "99", True),
        (affected([(INTRODUCED, "0"), (FIXED, "1.0.2")]), "1.0.1", True),
        (affected([(INTRODUCED, "0"), (FIXED, "1.0.2")]), "1.0.2", False),
        (affected([(INTRODUCED, "0"), (FIXED, "1.0.2")]), "1.0.2rc1", True),
        (affected([(INTRODUCED, "0"), (FIXED, "1.0.2")]), "1.0.2.post1", False),
        (affected([(INTRODUCED, "0"), (FIXED, "1.10")]), "1.9", True),
        (affected([(INTRODUCED, "0"), (FIXED, "1!1.0")]), "2025.1", True),
        (TWO_RANGES, "0.9", False),
        (TWO_RANGES, "1.0", True),
        (TWO_RANGES, "2.0", False),
        (TWO_RANGES, "3.2.4", True),
        (TWO_RANGES, "3.2.5", False),
        (affected([(FIXED, "1.0.2"), (INTRODUCED, "0")]), "1.0.1", True),  # events need not be sorted
        (UP_TO, "2.1.214", True),
        (UP_TO, "2.1.215", False),
        (UP_TO, "2.1.214+cu121", True),  # a local label is a build of that release
        (affected([(INTRODUCED, "0"), (FIXED, "2.4.0")]), "2.4.0+cpu", False),
        (affected([(INTRODUCED, "0"), (LIMIT, "2.0")]), "1.9", True),
        (affected([(INTRODUCED, "0"), (LIMIT, "2.0")]), "2.0", False),
        (affected([(INTRODUCED, "0"), (LIMIT, "*")]), "2.0", True),
        (affected([(INTRODUCED, "0"), (LIMIT, "2.0"), (LIMIT, "3.0")]), "2.5", True),
        (affected([(INTRODUCED, "5.0")], [(INTRODUCED, "0"), (FIXED, "1.0")]), "0.5", True),
        (affected(versions=("1.0", "1.1")), "1.1", True),
        (affected(versions=("1.0", "1.1")), "1.1.0", True),
        (affected(versions=("1.0", "1.1")), "1.1+cu121", True),
        (affected(versions=("1.0", "1.1")), "1.2", False),
        (affected([(INTRODUCED, "2.0")], versions=("1.0",)), "1.0", True),
        (affected([(INTRODUCED, "0")], versions=("2004d",)), "2004d", True),
        (affected([(INTRODUCED, "0")]), "2004d", None),
        (affected([(INTRODUCED, "2004x")]), "1.0", None),
        (affected([(INTRODUCED, "2004x")], [(INTRODUCED, "0")]), "1.0", True),
        (Affected("x", frozenset(), (), has_commits=True), "1.0", None),
        (Affected("x", frozenset({"1.0"}), (), has_commits=True), "2.0", False),
    ],
)
def test_a_version_is_affected_as_the_schema_evaluates_it(
    given: Affected, version: str, expected: bool | None
) -> None:
    assert is_affected(given, version) is expected


@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 40))
def test_a_range_is_what_lies_between_its_events(start: int, length: int, version: int) -> None:
    between = affected([(INTRODUCED, f"1.{start}"), (FIXED, f"1.{start + length}")])
    assert is_affected(between, f"1.{version}") is (start <= version < start + length)


@given(
    st.lists(st.sampled_from(["0.9", "1.0", "1.5", "2.0rc1", "2.0", "3.0"]), min_size=1),
    st.sampled_from(["1.0", "1.7", "2.0"]),
)
def test_the_fix_is_the_lowest_one_above_the_version(fixes: list[str], version: str) -> None:
    later = [fix for fix in fixes if Version(fix) > Version(version)]
    found = fix_of([affected([(INTRODUCED, "0"), *((FIXED, fix) for fix in fixes)])], version)
    assert found == min(later, key=Version, default="")


def names(advisories: Advisories) -> dict[str, list[str]]:
    return {project: [each.id for each in found] for project, found in advisories.by_project.items()}


RECORDS = (
    record("GHSA-1", "Requests"),
    record("PYSEC-2", "zope.interface"),
    record("GHSA-3", "left-pad", ecosystem="npm"),
    record("GHSA-4", "pillow", withdrawn="2024-01-01T00:00:00Z"),
)
EXPECTED = {"requests": ["GHSA-1"], "zope-interface": ["PYSEC-2"]}


def test_a_folder_an_archive_a_list_and_a_record_are_read(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "osv" / "PyPI", *RECORDS).parent
    (folder / "README.txt").write_text("not a record")
    assert names(read_advisories(folder)) == EXPECTED
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for each in RECORDS:
            archive.writestr(f"{each['id']}.json", json.dumps(each))
    assert names(read_advisories(tmp_path / "all.zip")) == EXPECTED
    (tmp_path / "all.json").write_text(json.dumps(RECORDS))
    assert names(read_advisories(tmp_path / "all.json")) == EXPECTED
    (tmp_path / "one.json").write_text(json.dumps(RECORDS[0]))
    assert names(read_advisories(tmp_path / "one.json")) == {"requests": ["GHSA-1"]}


def test_the_later_of_two_records_with_one_id_decides(tmp_path: Path) -> None:
    newer = record("GHSA-1", "requests", modified="2025-06-01T00:00:00Z", withdrawn="2025-06-01T00:00:00Z")
    other = record("GHSA-2", "pillow")
    for order in ([RECORDS[0], newer, other], [newer, RECORDS[0], other]):
        (tmp_path / "all.json").write_text(json.dumps(order))
        assert names(read_advisories(tmp_path / "all.json")) == {"pillow": ["GHSA-2"]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is not JSON"),
        ('{"id": "GHSA-9", "affected": [{"package": {"ecosystem": "PyPI"', "is not JSON"),
        ('["PyPI"]', "is not an OSV record"),
        ('{"affected": [{"package": {"ecosystem": "PyPI", "name": "x"}}]}', "'id' is not text"),
        ('{"id": "G", "affected": [{"package": {"ecosystem": "PyPI", "name": 3}}]}', "'package.name' is not text"),
        ('{"id": "G", "affected": {"PyPI": 1}}', "'affected' is not a list"),
        ('{"id": "G", "affected": [{"package": {"ecosystem": "PyPI", "name": "x"}, "ranges": [{}]}]}', "'type' is"),
        ("[" * 100_000, "is not JSON"),
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_read_is_named_and_a_file_is_an_error(
    tmp_path: Path, content: str, reason: str
) -> None:
    folder = write_export(tmp_path / "osv", RECORDS[0])
    (folder / "bad.json").write_text(content)
    found = read_advisories(folder)
    assert names(found) == {"requests": ["GHSA-1"]}
    (named,) = found.unreadable
    assert "bad.json" in named
    assert reason in named
    with pytest.raises(LockstepError) as error:
        read_advisories(folder / "bad.json")
    assert "bad.json" in str(error.value)


def test_what_is_no_export_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "npm.json").write_text(json.dumps(RECORDS[2]))
    (tmp_path / "torn.zip").write_bytes(b"PK\x03\x04" + bytes(40))
    for name, reason in (
        ("empty", "has no advisory about a PyPI project"), ("npm.json", "has no advisory about a PyPI project"),
        ("torn.zip", "is not JSON"), ("absent", "no such file"),
    ):  # fmt: skip
        with pytest.raises(LockstepError, match=reason):
            read_advisories(tmp_path / name)


def test_a_damaged_or_huge_member_of_an_archive_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conda_lockstep.drift.advisories.osv.MAX_RECORD", 2000)
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.json", json.dumps(RECORDS[0]))
        archive.writestr("huge.json", json.dumps(record("GHSA-5", "x", details="x" * 3000)))
        archive.writestr("torn.json", json.dumps(record("GHSA-6", "y")))
    data = path.read_bytes()
    path.write_bytes(data.replace(b"y has a flaw", b"y has a claw"))
    found = read_advisories(path)
    assert names(found) == {"requests": ["GHSA-1"]}
    assert [("huge.json" in each, "torn.json" in each) for each in found.unreadable] == [
        (True, False),
        (False, True),
    ]


def test_severity_is_as_written(tmp_path: Path) -> None:
    vector = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:H/I:H/A:N"
    one: Record = record(
        severity=[{"type": "CVSS_V3", "score": vector}, {"type": "CVSS_V2", "score": "AV:L/AC:M/Au:N/C:N/I:P/A:C"}],
        database_specific={"severity": "MODERATE"},
    )  # fmt: skip
    (tmp_path / "one.json").write_text(json.dumps(one))
    (found,) = read_advisories(tmp_path / "one.json").by_project["requests"]
    assert found.severity == ("MODERATE", vector, "CVSS_V2 AV:L/AC:M/Au:N/C:N/I:P/A:C")
