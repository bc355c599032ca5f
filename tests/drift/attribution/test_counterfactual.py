"""Whose doing a change is, on real metadata: a lock of March 2025, a changed file, and what was uploaded since."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from conda_lockstep.cli.main import main

HEAD = "channels:\n  - conda-forge\ndependencies:\n"
ENTRIES = ("python=3.12", "numpy<2.2", "pandas")
CHANGED = ("python=3.12", "numpy=1.26", "pandas")


@pytest.fixture(scope="module")
def base(anaconda, index_cache, tmp_path_factory) -> Path:
    """A folder with a file, and its lock as of 1 March 2025."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "lockstep.toml").write_text(f'[mirrors]\n"https://conda.anaconda.org" = "{anaconda}"\n')
    _write(folder, ENTRIES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RATTLER_CACHE_DIR", str(index_cache))
        patch.chdir(folder)
        assert main(["lock", "--platform", "linux-64", "--exclude-newer", "2025-03-01"]) == 0
    return folder


@pytest.fixture
def folder(base, index_cache, tmp_path, monkeypatch) -> Path:
    """A folder to change the file in, with the lock as it was in ``base/``."""
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(index_cache))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(base, tmp_path, dirs_exist_ok=True)
    shutil.copytree(base, tmp_path / "base")
    return tmp_path


def _write(folder: Path, entries: tuple[str, ...]) -> None:
    (folder / "environment.yml").write_text(HEAD + "".join(f"  - {entry}\n" for entry in entries))


def _causes(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any], list[str]]:
    capsys.readouterr()
    status = main(["diff", "base/conda-lock.yml", "conda-lock.yml", "--causes", "--format", "json", *options])
    (comparison,) = json.loads(capsys.readouterr().out)["comparisons"]
    return status, {row["subject"]: row for row in comparison["changes"]}, comparison["notes"]


def test_an_upstream_release_is_attributed_to_upstream_and_does_not_fail(folder, capsys):
    assert main(["lock", "--update-all"]) == 0
    status, rows, notes = _causes(capsys)
    assert (status, notes) == (0, [])
    assert len(rows) > 20
    assert {row["attribution"] for row in rows.values()} == {"upstream"}
    assert re.fullmatch(r"upstream, uploaded 20\d\d-\d\d-\d\d", rows["python"]["cause"])
    assert rows["python"]["new"]["timestamp"] > rows["python"]["old"]["timestamp"] > 0


def test_a_changed_pin_is_attributed_to_the_pull_request_and_fails_when_critical(folder, capsys):
    _write(folder, CHANGED)
    assert main(["lock"]) == 0
    status, rows, _ = _causes(capsys, "--fail-on", "critical")
    assert status == 1
    assert {row["attribution"] for row in rows.values()} == {"pull_request"}
    assert (rows["numpy"]["severity"], rows["numpy"]["cause"]) == ("critical", "this pull request")


def test_changes_of_both_are_distinguished(folder, capsys):
    _write(folder, CHANGED)
    assert main(["lock", "--update-all"]) == 0
    _, rows, _ = _causes(capsys)
    assert rows["numpy"]["attribution"] == "pull_request"
    assert rows["python"]["attribution"] == rows["openssl"]["attribution"] == "upstream"
    # Only numpy 1.26 needs it, and there is a newer one since.
    assert rows["libstdcxx-ng"]["attribution"] == "both"
    assert rows["libstdcxx-ng"]["cause"].startswith("this pull request and upstream together, uploaded 2026-")


def test_a_pin_of_a_later_release_needs_both_the_pin_and_the_release(folder, capsys):
    _write(folder, ("python=3.12.13", "numpy<2.2", "pandas"))
    assert main(["lock"]) == 0
    _, rows, notes = _causes(capsys)
    assert rows["python"]["attribution"] == "both"
    assert any("had no solution at the old lock's cut-off, 2025-" in note for note in notes)


def test_a_lock_edited_by_hand_is_unexplained_and_fails(folder, capsys):
    path = folder / "conda-lock.yml"
    text = path.read_text()
    (sha256,) = re.findall(r"tzdata-2025a-\S+\n(?:.*\n)*?.*sha256: '(\w{64})", text)[:1]
    path.write_text(text.replace(sha256, "c" * 64))
    status, rows, _ = _causes(capsys, "--fail-on", "critical")
    assert status == 1
    assert rows["tzdata"]["attribution"] == "unexplained"
    assert rows["tzdata"]["cause"].startswith("unexplained (by neither the file nor upstream)")


def test_a_change_is_traced_to_the_entry_that_pulls_it_in(folder, capsys):
    _write(folder, CHANGED)
    assert main(["lock"]) == 0
    capsys.readouterr()
    assert main(["diff", "base/conda-lock.yml", "conda-lock.yml", "--explain", "--fail-on", "never"]) == 0
    assert (
        """
            environment.yml:5: numpy=1.26
              numpy 1.26.4 requires libstdcxx-ng >=12
"""
        in capsys.readouterr().out
    )


def test_causes_need_the_file_beside_the_lock(folder, capsys):
    (folder / "environment.yml").unlink()
    (folder / "conda-lock.yml").write_text((folder / "conda-lock.yml").read_text() + "\n")
    assert main(["diff", "base/conda-lock.yml", "conda-lock.yml", "--causes"]) == 2
    assert "lockstep: conda-lock.yml: has no environment file beside it" in capsys.readouterr().err


def test_locks_in_another_folder_need_the_file_option(folder, capsys):
    assert main(["lock", "--update-all"]) == 0
    (folder / "elsewhere").mkdir()
    (folder / "conda-lock.yml").rename(folder / "elsewhere" / "new.conda-lock.yml")
    capsys.readouterr()
    new = "elsewhere/new.conda-lock.yml"
    options = ["--causes", "--file", "environment.yml", "--format", "json", "--fail-on", "any"]
    assert main(["diff", "base/conda-lock.yml", new, *options]) == 0
    (comparison,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert {row["attribution"] for row in comparison["changes"]} == {"upstream"}
