from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.lint import found, of

from conda_lockstep.cli.main import main
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine import baseline
from conda_lockstep.lint.engine.baseline import BaselineScope, Key, entry_text
from conda_lockstep.lint.engine.runner import Finding

RULES = ("unpinned-conda", "duplicate-spec", "unpinned-pip")
FILE = Path("baseline.json")


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def scope(*paths: str, rules: tuple[str, ...] = RULES) -> BaselineScope:
    return BaselineScope.of(FILE, [Path(path) for path in paths or ("environment.yml",)], rules)


def recorded(text: str) -> None:
    baseline.write(FILE, found(text, *RULES), scope())


def new(text: str) -> list[tuple[str, int]]:
    findings = found(text, *RULES)
    compared = baseline.compare(baseline.read(FILE), findings, scope())
    return [(finding.rule, finding.line) for finding in compared.new]


def gone(text: str) -> list[str]:
    return [key.entry for key in baseline.compare(baseline.read(FILE), found(text, *RULES), scope()).gone]


BEFORE = of("numpy", "scipy  # c", "pandas=1.2", pip=["torch"])


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        of("pandas=1.2", "scipy", "numpy", pip=["torch"]),
        of("attrs=1.2", "numpy  # lately", '"scipy"', pip=["rich==1.2", "torch"]),
        "name: x\n\n\n" + BEFORE.replace("\n  - ", "\n    - ").replace("    - torch", "        - torch"),
        BEFORE.replace("\n", "\r\n"),
        "channels: [conda-forge, nodefaults]\ndependencies: [numpy, scipy, pandas=1.2, {pip: [torch]}]\n",
    ],
)
def test_a_recorded_finding_is_recognized_wherever_its_entry_moves(after: str) -> None:
    recorded(BEFORE)
    assert new(after) == []
    assert gone(after) == []


@given(st.permutations(["numpy", "scipy", "pandas=1.2", "attrs", "attrs", "zlib>=1"]))
@settings(deadline=None)
def test_reordering_brings_no_finding_back(entries: list[str]) -> None:
    recorded(of("numpy", "scipy", "pandas=1.2", "attrs", "attrs", "zlib>=1"))
    assert new(of(*entries)) == []
    assert gone(of(*entries)) == []


def test_a_new_finding_is_reported() -> None:
    recorded(BEFORE)
    assert new(of("numpy", "scipy", "attrs", pip=["torch"])) == [("unpinned-conda", 5)]


def test_of_several_equal_findings_the_last_is_new() -> None:
    recorded(of("numpy", "numpy"))
    assert new(of("numpy", "numpy", "numpy")) == [("duplicate-spec", 5)]


def test_an_edit_of_the_entry_brings_its_finding_back() -> None:
    recorded(of("numpy"))
    assert new(of("numpy *")) == [("unpinned-conda", 3)]


def test_a_finding_that_is_gone_is_reported() -> None:
    recorded(BEFORE)
    assert gone(of("numpy", pip=["torch==2.4"])) == ["scipy", "torch"]


def test_a_finding_that_was_not_checked_is_not_reported_as_gone() -> None:
    recorded(BEFORE)
    Path("environment.yml").touch()
    known = baseline.read(FILE)
    assert baseline.compare(known, [], scope("other.yml")).gone == ()
    assert baseline.compare(known, [], scope(rules=("channel-order",))).gone == ()
    assert len(baseline.compare(known, [], scope()).gone) == 3


def test_a_file_that_was_deleted_needs_no_baseline() -> None:
    recorded(BEFORE)
    assert len(baseline.compare(baseline.read(FILE), [], scope("other.yml")).gone) == 3


def test_a_file_that_cannot_be_read_keeps_its_baseline() -> None:
    recorded(BEFORE)
    broken = Finding("unreadable-file", "document", "error", "m", "h", "environment.yml", 1, 1, 1, 1)
    compared = baseline.compare(baseline.read(FILE), [broken], scope())
    assert compared.new == (broken,)
    assert compared.gone == ()


def test_a_baseline_is_the_same_bytes_for_the_same_findings() -> None:
    recorded(of("scipy", "numpy", "numpy"))
    first = FILE.read_bytes()
    assert first == (
        b'{\n  "version": 1,\n  "findings": [\n'
        b'    {"path": "environment.yml", "rule": "duplicate-spec", "entry": "numpy", "count": 1},\n'
        b'    {"path": "environment.yml", "rule": "unpinned-conda", "entry": "numpy", "count": 1},\n'
        b'    {"path": "environment.yml", "rule": "unpinned-conda", "entry": "scipy", "count": 1}\n'
        b"  ]\n}\n"
    )
    recorded(of("numpy", "scipy", "numpy"))
    assert FILE.read_bytes() == first
    assert baseline.read(FILE)[Key("environment.yml", "unpinned-conda", "numpy")] == 1


def test_a_baseline_without_findings_is_valid() -> None:
    recorded(of("numpy=1.2"))
    assert FILE.read_text() == '{\n  "version": 1,\n  "findings": []\n}\n'
    assert baseline.read(FILE) == {}


def test_writing_for_some_files_or_rules_keeps_the_records_of_others() -> None:
    Path("a.yml").touch()
    Path("b.yml").touch()
    a = [finding._replace(path="a.yml") for finding in found(of("numpy"), *RULES)]
    b = [finding._replace(path="b.yml") for finding in found(of("scipy"), *RULES)]
    assert baseline.write(FILE, [*a, *b], scope("a.yml", "b.yml")) == 2
    assert baseline.write(FILE, [], scope("a.yml", rules=("duplicate-spec",))) == 2
    assert baseline.write(FILE, [], scope("a.yml")) == 1
    assert list(baseline.read(FILE)) == [Key("b.yml", "unpinned-conda", "scipy")]


def test_paths_are_relative_to_the_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "envs"
    folder.mkdir()
    finding = found(of("numpy"), *RULES)[0]._replace(path="envs/a.yml")
    baseline.write(FILE, [finding], BaselineScope.of(FILE, [Path("envs/a.yml")], RULES))
    monkeypatch.chdir(folder)
    outside = Path("..", FILE)
    assert [key.path for key in baseline.read(outside)] == ["envs/a.yml"]
    same = finding._replace(path="a.yml")
    known = baseline.read(outside)
    assert baseline.compare(known, [same], BaselineScope.of(outside, [Path("a.yml")], RULES)).new == ()


@pytest.mark.parametrize(
    ("lines", "column", "text"),
    [
        (("  - numpy",), 5, "numpy"),
        (("  -   numpy  >=1.2   # c",), 7, "numpy >=1.2"),
        (("  - 'numpy'",), 5, "numpy"),
        (("channels: [conda-forge, defaults]  # c",), 12, "conda-forge"),
        (("channels: [conda-forge, defaults]  # c",), 25, "defaults"),
        (("channels: [conda-forge, defaults]",), 1, "channels: [conda-forge, defaults]"),
        (("channels: [conda-forge, defaults]",), 11, "channels: [conda-forge, defaults]"),
        (("    numpy, scipy]",), 5, "numpy, scipy]"),
        (("  - numpy[version='>=1,<2']",), 11, "numpy[version='>=1,<2']"),
        (("name: x",), 1, "name: x"),
        (("  # lockstep: ignore=pins",), 3, "# lockstep: ignore=pins"),
        (("  - 'a", "    b'  # c"), 5, "a b"),
        (("  - 'a' b",), 5, "'a' b"),
        (("  - a 'b'",), 5, "a 'b'"),
        (("  - '",), 5, "'"),
        (("  - https://u:*********@host/c",), 15, "https://u:***@host/c"),
        ((), 1, ""),
    ],
)
def test_an_entry_is_identified_by_its_text_without_layout(
    lines: tuple[str, ...], column: int, text: str
) -> None:
    assert entry_text(lines, column) == text


def test_no_secret_reaches_a_baseline() -> None:
    text = (
        "channels: [conda-forge, nodefaults]\ndependencies:\n  - https://me:hunter22@example.org/c::numpy\n"
    )
    findings = found(text, "secrets", "pins", "channels")
    assert findings
    baseline.write(FILE, findings, scope(rules=tuple(finding.rule for finding in findings)))
    assert "hunter22" not in FILE.read_text()
    assert "***@" in FILE.read_text()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "baseline.json:1:2: the baseline is not valid JSON"),
        ("<<<<<<< ours\n", "baseline.json:1:1: the baseline is not valid JSON"),
        ("[]", "'findings' is not a list"),
        ('{"version": 1}', "'findings' is not a list"),
        ('{"version": 2, "findings": []}', "unsupported baseline version 2, expected 1"),
        ('{"version": 1, "findings": [{}]}', "finding 1 of the baseline"),
        ('{"version": 1, "findings": [[]]}', "finding 1 of the baseline"),
        ('{"version": 1, "findings": [{"path": "a", "rule": "b", "entry": "c", "count": 0}]}', "finding 1"),
        (
            '{"version": 1, "findings": [{"path": "a", "rule": "b", "entry": "c", "count": true}]}',
            "finding 1",
        ),
        ("[" * 200_000, "not valid JSON"),
    ],
)
def test_a_file_that_is_not_a_baseline_is_rejected_and_never_overwritten(content: str, said: str) -> None:
    FILE.write_text(content)
    with pytest.raises(LockstepError, match="create it again with --write-baseline") as refusal:
        baseline.read(FILE)
    assert said in str(refusal.value)
    assert str(refusal.value).startswith("baseline.json:")
    with pytest.raises(LockstepError):
        baseline.write(FILE, [], scope())
    assert FILE.read_text() == content


def test_a_folder_is_not_a_baseline(tmp_path: Path) -> None:
    with pytest.raises(LockstepError, match=f"^{tmp_path}: is a folder, not a file; pass a file$"):
        baseline.read(tmp_path)


def test_a_missing_baseline_is_reported() -> None:
    with pytest.raises(
        LockstepError, match=r"baseline\.json: baseline not found; create it with --write-baseline"
    ):
        baseline.read(FILE)


def test_the_command_line_records_hides_and_reports_findings(capsys: pytest.CaptureFixture[str]) -> None:
    file = Path("environment.yml")
    file.write_text("name: demo\n" + of("numpy", "python=3.11"))
    assert main(["lint", str(file)]) == 1
    assert main(["lint", str(file), "--write-baseline", str(FILE)]) == 0
    assert "baseline.json contains 1 finding\n" in capsys.readouterr().err
    assert main(["lint", str(file), "--baseline", str(FILE)]) == 0
    assert capsys.readouterr() == ("No issues found in 1 file\n", "")
    file.write_text("name: demo\n" + of("python=3.11", "scipy"))
    assert main(["lint", str(file), "--baseline", str(FILE), "--format", "json"]) == 1
    out, err = capsys.readouterr()
    assert [finding["rule"] for finding in json.loads(out)] == ["unpinned-conda"]
    assert "no longer needed: environment.yml: unpinned-conda: numpy" in err


def test_a_baseline_is_not_read_and_written_in_one_run(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["lint", "--baseline", "a", "--write-baseline", "b"])
    assert stop.value.code == 2
    assert "not allowed with" in capsys.readouterr().err
