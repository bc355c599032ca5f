"""``lockstep lint`` on a file and its lock: given either, it finds the other, and says each thing once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conda_lockstep.cli.main import main
from tests.lint.test_lock import ENVIRONMENT, FOREIGN, LOCK
from tests.support.forge import Forge

STALE = ENVIRONMENT.replace("cuda-version=12.6", "cuda-version=12.4")
EDITED = LOCK.replace("'12.6'", "'12.9'").replace("cuda-version-12.6-", "cuda-version-12.9-")


@pytest.fixture(autouse=True)
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stale file, and a lock that was edited."""
    monkeypatch.chdir(tmp_path)
    Path("environment.yml").write_text(STALE)
    Path("conda-lock.yml").write_text(EDITED)


def rules_found(capsys: pytest.CaptureFixture[str], *argv: str) -> list[tuple[str, str]]:
    main(["lint", "--format", "json", *argv])
    found = json.loads(capsys.readouterr().out)
    return [(finding["path"], finding["rule"]) for finding in found]


BOTH = [("environment.yml", "stale-lock"), ("conda-lock.yml", "hand-edited-lock")]


@pytest.mark.parametrize(
    "files",
    [
        ("environment.yml",),
        ("conda-lock.yml",),
        ("environment.yml", "conda-lock.yml"),
        ("./environment.yml",),
    ],
)
def test_given_either_both_are_judged_once(
    capsys: pytest.CaptureFixture[str], files: tuple[str, ...]
) -> None:
    found = rules_found(capsys, "--select", "lock", *files)
    assert sorted(found) == sorted(BOTH)


def test_a_plain_run_says_what_is_wrong_with_the_lock_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    found = rules_found(capsys, "environment.yml")
    assert ("conda-lock.yml", "hand-edited-lock") in found
    assert "stale-lock" not in {rule for _, rule in found}
    assert rules_found(capsys, "conda-lock.yml") == [("conda-lock.yml", "hand-edited-lock")]


def test_other_families_do_not_look_at_locks(capsys: pytest.CaptureFixture[str]) -> None:
    assert rules_found(capsys, "--select", "pins,secrets", "conda-lock.yml") == []
    assert {path for path, _ in rules_found(capsys, "--select", "pins", "environment.yml")} == {
        "environment.yml"
    }


def test_a_layout_is_shown_and_mended(capsys: pytest.CaptureFixture[str]) -> None:
    Path("conda-lock.yml").write_text(LOCK.replace("'", '"'))
    assert main(["lint", "--select", "hand-edited-lock", "--diff", "environment.yml"]) == 1
    assert "\n+  version: '12.6'\n" in capsys.readouterr().out
    assert main(["lint", "--select", "hand-edited-lock", "--fix", "environment.yml"]) == 0
    assert Path("conda-lock.yml").read_text() == LOCK


def test_a_baseline_holds_what_is_wrong_with_a_pair(capsys: pytest.CaptureFixture[str]) -> None:
    lint = ["lint", "--select", "lock", "environment.yml"]
    for _ in range(2):
        assert main([*lint, "--write-baseline", "baseline.json"]) == 0
        assert len(json.loads(Path("baseline.json").read_text())["findings"]) == 2
        assert main([*lint, "--baseline", "baseline.json"]) == 0
    Path("conda-lock.yml").write_text(LOCK)
    assert main([*lint, "--baseline", "baseline.json"]) == 0
    assert "no longer needed: conda-lock.yml: hand-edited-lock" in capsys.readouterr().err


def test_no_secret_of_a_lock_is_printed_in_any_format(capsys: pytest.CaptureFixture[str]) -> None:
    secret = "hunter2hunter2"
    url = f"https://ci:{secret}@conda.example.com"
    Path("conda-lock.yml").write_text(FOREIGN.replace("https://conda.anaconda.org", url))
    for output in ("text", "json", "github", "sarif", "junit"):
        assert main(["lint", "--select", "lock", "--format", output, "environment.yml"]) == 1
        streams = capsys.readouterr()
        assert "lock-with-credentials" in streams.out
        assert secret not in streams.out + streams.err


def test_a_lock_that_is_none_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("conda-lock.yml").write_text("name: x\n")
    assert main(["lint", "--select", "lock-without-hash", "conda-lock.yml"]) == 2
    assert capsys.readouterr().err == (
        "lockstep: conda-lock.yml:1:1: no conda-lock file: 'version: 1' is missing; "
        "run 'lockstep lock' to write the lock again\n"
    )


@pytest.mark.parametrize("select", [(), ("--select", "lock")])
def test_whether_a_lock_fits_is_said_without_the_solver(select: tuple[str, ...]) -> None:
    code = (
        "import sys\nfrom conda_lockstep.cli.main import main\nmain(['lint', *sys.argv[1:]])\n"
        "print('MODULES', *sys.modules)"
    )
    command = [sys.executable, "-I", "-c", code, *select, "environment.yml"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = run.stdout.rpartition("MODULES")[2].split()
    assert "rattler" not in loaded
    assert ("conda_lockstep.lock.check.satisfiability" in loaded) == bool(select)


def test_pins_are_offered_from_the_lock_beside_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("conda-lock.yml").write_text(LOCK)
    Path("environment.yml").write_text(ENVIRONMENT.replace("=12.6", "  # the driver's"))
    main(["lint", "--select", "pins", "--format", "json", "environment.yml"])
    fixes = {
        finding["rule"]: finding["fix"] for finding in json.loads(capsys.readouterr().out) if finding["fix"]
    }
    assert fixes["unpinned-conda"]["safety"] == "unsafe"
    assert "as locked in conda-lock.yml" in fixes["unpinned-conda"]["message"]
    main(["lint", "--select", "pins", "--fix", "environment.yml"])
    assert "cuda-version  #" in Path("environment.yml").read_text()
    main(["lint", "--select", "pins", "--fix", "--unsafe-fixes", "environment.yml"])
    text = Path("environment.yml").read_text()
    assert "  - cuda-version=12.6  # the driver's\n  - tzdata=2026c\n" in text
    assert main(["lint", "--select", "lock", "environment.yml"]) == 0


def test_pins_follow_a_lock_that_changes_while_a_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    Path("environment.yml").write_text("channels: [conda-forge]\ndependencies:\n  - tzdata\n")
    for version in ("2024a", "2025b"):
        Path("conda-lock.yml").write_text(LOCK.replace("version: '2026c'", f"version: '{version}'"))
        main(["lint", "--select", "unpinned-conda", "--show-fixes", "environment.yml"])
        assert f"pin tzdata to '={version}'" in capsys.readouterr().out


def test_what_lockstep_lock_writes_has_no_findings(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path.parent / "rattler"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path.parent / "uv"))
    Path("lockstep.toml").write_text(f'pypi-index = "{forge.pypi.as_uri()}/simple"\n')
    text = (
        f"channels:\n  - {forge.channel_url}\ndependencies:\n  - python\n  - pip\n  - pip:\n    - humanize\n"
    )
    Path("environment.yml").write_text(text)
    assert main(["lock"]) == 0
    lint = ["lint", "--select", "lock", "--extend-select", "missing-lock", "--strict"]
    assert main([*lint, "environment.yml"]) == 0
    assert main(["pin", "--precision", "patch"]) == 0
    pinned = r"- python=3\.\d+\.\d+\n  - pip=[\d.]+\n  - pip:\n    - humanize==[\d.]+\n$"
    assert re.search(pinned, Path("environment.yml").read_text())
    assert main([*lint, "conda-lock.yml"]) == 0
    assert main(["lock", "--check"]) == 0
