"""Changes that bring, keep or remove a known vulnerability: matched by name, once each, in every format."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from tests.support.advisories import Record, record, write_export
from tests.support.locks import lock_text
from tests.support.schemas import schema

from conda_lockstep.cli.main import main
from conda_lockstep.drift.advisories.lookup import projects
from conda_lockstep.drift.advisories.mark import mark
from conda_lockstep.drift.advisories.osv import read_advisories
from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.operands import parse_source
from conda_lockstep.drift.report import Report
from conda_lockstep.packages import Package
from conda_lockstep.render.drift import json as drift_json

REQUESTS = record(
    "GHSA-9wx4-h78v-vm56", aliases=["CVE-2024-35195"], database_specific={"severity": "MODERATE"}
)
TORCH = record("GHSA-tttt", "torch", [{"introduced": "0"}, {"last_affected": "2.5.1"}])


def marked(folder: Path, old: list[str], new: list[str], *records: Record) -> Report:
    before, after = (
        parse_source(lock_text(*packages), name) for packages, name in ((old, "old"), (new, "new"))
    )
    return mark(
        compare(before, after), read_advisories(write_export(folder / "osv", *records)), after.platforms
    )


@pytest.mark.parametrize(
    ("old", "new", "effects"),
    [
        (["requests==2.31.0"], ["requests==2.32.3"], ["removed"]),
        (["requests==2.32.3"], ["requests==2.31.0"], ["introduced"]),
        (["requests==2.30.0"], ["requests==2.31.0"], ["kept"]),
        (["requests==2.32.0"], ["requests==2.32.3"], []),
        (["tqdm==1.0"], ["tqdm==1.0", "requests==2.31.0"], ["introduced"]),
        (["tqdm==1.0", "requests==2.31.0"], ["tqdm==1.0"], ["removed"]),
        (["requests 2.31.0"], ["requests 2.32.3"], ["removed"]),
        (["requests 2.31.0"], ["requests==2.31.0"], ["kept"]),
        (["requests==2.31.0"], ["requests 2.32.3"], ["removed"]),
        (["pytorch 2.6.0"], ["pytorch 2.5.1"], ["introduced"]),
        (["torch==2.6.0+cu126"], ["torch==2.5.1+cu121"], ["introduced"]),
    ],
)
def test_a_row_is_marked_with_what_it_does(
    tmp_path: Path, old: list[str], new: list[str], effects: list[str]
) -> None:
    report = marked(tmp_path, old, new, REQUESTS, TORCH)
    assert [each.effect for row in report.rows for each in row.advisories] == effects


def test_a_mark_says_what_the_advisory_says(tmp_path: Path) -> None:
    (row,) = marked(tmp_path, ["requests 2.32.3"], ["requests 2.31.0"], REQUESTS).rows
    (advisory,) = row.advisories
    assert advisory == (
        "CVE-2024-35195", "introduced", "requests", "same name", ("GHSA-9wx4-h78v-vm56",),
        "requests has a flaw", ("MODERATE",), "2.32.0",
    )  # fmt: skip


def test_records_with_common_aliases_are_one_vulnerability(tmp_path: Path) -> None:
    same = record("PYSEC-2024-60", aliases=["CVE-2024-35195"], summary="")
    linked = record("OTHER-1", aliases=["PYSEC-2024-60"])
    other = record("GHSA-zzzz", aliases=["CVE-2020-1"])
    report = marked(tmp_path, ["requests==2.32.3"], ["requests==2.31.0"], REQUESTS, same, linked, other)
    found = [(each.id, each.aliases) for each in report.rows[0].advisories]
    assert found == [
        ("CVE-2020-1", ("GHSA-zzzz",)),
        ("CVE-2024-35195", ("GHSA-9wx4-h78v-vm56", "OTHER-1", "PYSEC-2024-60")),
    ]


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        (Package("pip", "Zope_Interface", "1"), (("zope-interface", "pip"),)),
        (Package("conda", "requests", "1"), (("requests", "same name"),)),
        (Package("conda", "pytorch", "1"), (("torch", "name table"),)),
        (Package("conda", "libcurl", "1"), ()),
    ],
)
def test_a_package_is_matched_by_the_name_table(package: Package, expected: tuple[object, ...]) -> None:
    assert projects(package) == expected


def test_unchanged_packages_are_counted_and_what_was_not_looked_up_is_named(tmp_path: Path) -> None:
    odd = record("GHSA-odd", "tqdm", [{"introduced": "2004d"}])
    packages = ["requests==2.31.0", "libcurl 8.0", "pytorch 2.5.1", "tqdm==1.0"]
    report = marked(tmp_path, [*packages, "numpy 1.0"], [*packages, "numpy 2.0"], REQUESTS, TORCH, odd)
    (comparison,) = report.comparisons
    assert comparison.advisories == (2, 1)
    assert comparison.notes[-3:] == (
        "2 packages that did not change: 2 known advisories",
        "advisories were not looked up for 1 conda package: no PyPI project is known for them",
        "whether an advisory affects it could not be decided: tqdm 1.0 (GHSA-odd)",
    )
    assert [row.advisories for row in comparison.rows] == [()]


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "old.conda-lock.yml").write_text(
        lock_text("requests==2.32.3", "pillow==10.0", "torch==2.5.0")
    )
    (tmp_path / "new.conda-lock.yml").write_text(
        lock_text("requests==2.31.0", "pillow==10.3", "torch==2.5.1")
    )
    pillow = record("GHSA-pppp", "pillow", [{"introduced": "0"}, {"fixed": "10.3"}])
    write_export(tmp_path / "osv", REQUESTS, TORCH, pillow)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def diff(*arguments: str) -> int:
    return main(["diff", "old.conda-lock.yml", "new.conda-lock.yml", "--advisories", "osv", *arguments])


def test_the_text_marks_rows(locks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff() == 1
    printed = capsys.readouterr().out
    assert (
        "introduces CVE-2024-35195 (GHSA-9wx4-h78v-vm56), MODERATE, fixed in 2.32.0: requests has a flaw"
        in printed
    )
    assert "removes GHSA-pppp: pillow has a flaw" in printed
    assert "still has GHSA-tttt: torch has a flaw" in printed
    assert "  advisories: 1 introduced, 1 still present, 1 removed" in printed


def test_the_json_holds_them_and_reads_back(locks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    diff("--format", "json")
    text = capsys.readouterr().out
    jsonschema.validate(json.loads(text), schema("drift-json.md"))
    assert drift_json.dumps(drift_json.loads(text, "drift.json")) == text
    assert '"effect": "introduced"' in text
    assert "lockstep diff old.conda-lock.yml new.conda-lock.yml --advisories osv" in text


@pytest.mark.parametrize("format", ["markdown", "html"])
def test_a_comment_and_a_page_mark_them(locks: Path, capsys: pytest.CaptureFixture[str], format: str) -> None:  # noqa: A002
    diff("--format", format)
    printed = capsys.readouterr().out
    assert "1 introduced, 1 still present, 1 removed" in printed
    assert "CVE-2024-35195" in printed


def test_an_export_that_is_none_and_files_without_versions_are_one_line(
    locks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (locks / "bad.json").write_text("{")
    (locks / "a.yml").write_text("dependencies:\n  - numpy\n")
    for arguments, said in (
        (("old.conda-lock.yml", "new.conda-lock.yml", "--advisories", "bad.json"), "bad.json: is not JSON"),
        (("old.conda-lock.yml", "new.conda-lock.yml", "--advisories", "absent"), "absent: no such file"),
        (("a.yml", "a.yml", "--advisories", "osv"), "environment files have no versions"),
    ):
        assert main(["diff", *arguments]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert said in line


def test_hostile_records_stay_text(locks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = record("GHSA-<b>", summary="<img src=x> @octocat \x1b[31m ![x](https://evil.example/x.png)")
    write_export(locks / "osv", hostile)
    diff("--format", "html")
    assert "<img" not in capsys.readouterr().out
    diff()
    assert "\x1b" not in capsys.readouterr().out
    diff("--format", "markdown")
    assert "`@octocat`" in capsys.readouterr().out
