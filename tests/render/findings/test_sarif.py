"""SARIF: held by the schema of the standard, and by what code scanning makes of it."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from tests.render.finding_samples import hostile, note, unpinned
from tests.support.github.npm import UnavailableError, member

from conda_lockstep.cli.main import main
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.runner import FixAt
from conda_lockstep.render.findings.sarif import render

ROOT = Path.cwd()
FILE_NAMES = st.binary(min_size=1).filter(lambda name: not set(name) & set(b"/\0")).map(os.fsdecode)


@cache
def schema() -> Draft4Validator:
    """The schema of SARIF 2.1.0 as Microsoft's own checker ships it."""
    try:
        path = member("@microsoft/jest-sarif", "1.0.0-beta.0", "lib/schemas/sarif-2.1.0-rtm.5.json")
    except UnavailableError as error:
        pytest.skip(str(error))
    return Draft4Validator(json.loads(path.read_bytes()))


def run_of(text: str) -> dict[str, Any]:
    """The one run of a log that fits the schema."""
    log = json.loads(text)
    schema().validate(log)
    (run,) = log["runs"]
    return dict(run)


def test_a_log_without_findings_is_valid_and_says_that_it_ran() -> None:
    run = run_of(render([], [], ROOT))
    assert run["results"] == []
    assert run["tool"]["driver"]["rules"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_a_result_has_its_place_its_level_and_what_to_do() -> None:
    run = run_of(render([unpinned(), note()], [], ROOT))
    assert run["columnKind"] == "unicodeCodePoints"
    (result, other) = run["results"]
    assert (result["ruleId"], result["level"]) == ("unpinned-conda", "warning")
    assert result["message"] == {"text": "'numpy' has no version; write numpy=2.1"}
    place = {"uri": "environment.yml", "uriBaseId": "%SRCROOT%"}
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": place,
                "region": {"startLine": 4, "startColumn": 5, "endLine": 4, "endColumn": 10},
            }
        }
    ]
    (related,) = result["relatedLocations"]
    assert related["message"] == {"text": "locked as 2.1.3 here"}
    assert related["physicalLocation"]["region"]["startLine"] == 9
    assert (other["level"], other["message"]) == ("note", {"text": "mixes channels"})
    assert "fixes" not in other


def test_rules_are_described_once_each_and_results_point_at_them() -> None:
    run = run_of(render([unpinned(), note(), unpinned(name="scipy")], [], ROOT))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["defaults-channel", "unpinned-conda"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    for rule in rules:
        assert {"shortDescription", "fullDescription", "help"} <= rule.keys()
        assert rule["help"]["markdown"].endswith(f"`lockstep explain {rule['id']}` shows the whole page.")
        assert "`" not in rule["shortDescription"]["text"] + rule["help"]["text"]
        assert "](../" not in rule["help"]["markdown"]


def test_a_fix_is_carried_as_replacements_and_says_whether_it_is_safe() -> None:
    (result,) = run_of(render([unpinned()], [], ROOT))["results"]
    (fix,) = result["fixes"]
    assert fix["properties"] == {"safety": "unsafe"}
    (change,) = fix["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 4, "startColumn": 5, "endLine": 4, "endColumn": 10},
            "insertedContent": {"text": "numpy=2.1"},
        }
    ]


def test_a_fix_whose_edits_are_withheld_is_left_out() -> None:
    (result,) = run_of(render([unpinned()._replace(fix=FixAt("replace the token", "unsafe", ()))], [], ROOT))[
        "results"
    ]
    assert "fixes" not in result


def test_what_could_not_be_read_is_told() -> None:
    failure = LockstepError("no such file", where="gone.yml", remedy="check the path")
    (invocation,) = run_of(render([], [failure], ROOT))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"] == [
        {"level": "error", "message": {"text": "gone.yml: no such file; check the path"}}
    ]


def test_fingerprints_stay_when_lines_move_and_differ_where_findings_do() -> None:
    before = [
        unpinned(line=4),
        unpinned(line=5, name="scipy"),
        unpinned(line=6),
        unpinned("other.yml"),
        note(),
    ]
    after = [
        unpinned(line=14, name="scipy"),
        unpinned(line=15),
        unpinned(line=20),
        note(),
        unpinned("other.yml"),
    ]
    marks = [
        {result["partialFingerprints"]["primaryLocationLineHash"] for result in run_of(text)["results"]}
        for text in (render(before, [], ROOT), render(after, [], ROOT))
    ]
    assert marks[0] == marks[1]
    assert len(marks[0]) == len(before)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("envs/gpu node.yml", {"uri": "envs/gpu%20node.yml", "uriBaseId": "%SRCROOT%"}),
        ("a:b#c?.yml", {"uri": "a%3Ab%23c%3F.yml", "uriBaseId": "%SRCROOT%"}),
        ("größe.yml", {"uri": "gr%C3%B6%C3%9Fe.yml", "uriBaseId": "%SRCROOT%"}),
        ("\udcff.yml", {"uri": "%FF.yml", "uriBaseId": "%SRCROOT%"}),
        ("./environment.yml", {"uri": "environment.yml", "uriBaseId": "%SRCROOT%"}),
        ("/else where/e.yml", {"uri": "file:///else%20where/e.yml"}),
    ],
)
def test_paths_are_uris_from_the_root(path: str, place: dict[str, str]) -> None:
    (result,) = run_of(render([unpinned(path)], [], ROOT))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == place


def test_text_of_a_file_becomes_neither_a_link_nor_a_control_character() -> None:
    text = render([hostile()], [], ROOT)
    (result,) = run_of(text)["results"]
    assert result["message"]["text"].isprintable()
    assert "](" not in result["message"]["text"].replace("\\](", "")
    text.encode("utf-8")


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters()), FILE_NAMES)
def test_any_text_and_any_path_make_a_valid_log(text: str, path: str) -> None:
    finding = unpinned(path)._replace(message=text, help=text, lines=(text, text), also=((1, 1, 1, text),))
    run = run_of(render([finding], [LockstepError(text, where=path)], ROOT))
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert urlsplit(uri).query == urlsplit(uri).fragment == ""


def test_a_secret_is_in_no_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = ("hunter2secret", "tk-0123456789abcdef")
    (tmp_path / "environment.yml").write_text(
        "channels:\n"
        f"  - https://user:{secrets[0]}@conda.example.com/main\n"
        f"  - https://conda.example.com/t/{secrets[1]}/main\n"
        f"  - https://conda.example.com/t/{secrets[1]}/main\n"
        "dependencies:\n"
        f"  - https://user:{secrets[0]}@conda.example.com/main::numpy\n"
        "  - pip:\n"
        f"      - --extra-index-url https://user:{secrets[0]}@pypi.example.com/simple\n"
        f"      - git+https://user:{secrets[0]}@git.example.com/x.git\n"
    )
    monkeypatch.chdir(tmp_path)
    for output in ("text", "json", "github", "sarif", "junit"):
        assert main(["lint", "environment.yml", "--format", output]) == 1
        streams = capsys.readouterr()
        assert not any(secret in streams.out + streams.err for secret in secrets), output


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_replacements_make_of_the_file_what_fix_makes_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], end: str
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "environment.yml"
    lines = ["# 🐍 é", "dependencies:", "  - python=3.12 # 🐍", "  - pip: # 🐍", "    - humanize==4.12", ""]
    file.write_text(end.join(lines), encoding="utf-8", newline="")
    chosen = ["lint", "--select", "pip-not-listed", "environment.yml"]
    main([*chosen, "--format", "sarif"])
    (result,) = run_of(capsys.readouterr().out)["results"]
    ((replacement,),) = [change["replacements"] for change in result["fixes"][0]["artifactChanges"]]
    main([*chosen, "--fix"])
    assert replaced(end.join(lines), replacement) == file.read_bytes().decode("utf-8")


def replaced(text: str, replacement: dict[str, Any]) -> str:
    """Apply one replacement as a viewer does: lines and code points from 1, the end exclusive."""
    lines = text.splitlines(keepends=True)
    region = replacement["deletedRegion"]
    start, end = (
        sum(map(len, lines[: region[f"{side}Line"] - 1])) + region[f"{side}Column"] - 1
        for side in ("start", "end")
    )
    return text[:start] + replacement["insertedContent"]["text"] + text[end:]
