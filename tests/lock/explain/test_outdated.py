"""What is newer, and which lines hold it back: every answer is tried out by locking the file changed as it says."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import zipfile
from datetime import datetime, timezone
from pathlib import Path

import pytest
from tests.support.advisories import record, write_export
from tests.support.forge.pypi import write_index

from conda_lockstep.cli.main import main
from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.lock.channels.channels import Mirrors, channels_of
from conda_lockstep.lock.model.virtual_packages import virtual_packages
from conda_lockstep.lock.solve.requested_spec import requested_specs
from conda_lockstep.lock.solve.solve import Request, Solver, UnsolvableError

HEAD = "channels:\n  - conda-forge\ndependencies:\n"
ENTRIES = ("python=3.12", "numpy<2.2", "pandas=2.2", "pytorch=2.4.*=*cuda*", "scipy")
FEW = ("openssl=3.3", "cmake<4", "libcurl<8.13", "libpq")


@pytest.fixture
def folder(anaconda, index_cache, tmp_path, monkeypatch) -> Path:
    """A folder to type commands in, whose conda-forge is the real metadata."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(index_cache))
    (tmp_path / "lockstep.toml").write_text(f'[mirrors]\n"https://conda.anaconda.org" = "{anaconda}"\n')
    return tmp_path


def _lock(folder: Path, *entries: str) -> None:
    (folder / "environment.yml").write_text(HEAD + "".join(f"  - {entry}\n" for entry in entries))
    assert main(["lock", "--cuda", "12.9", "--platform", "linux-64"]) == 0


def test_what_is_newer_is_listed_with_the_lines_that_hold_it_back(folder, capsys):
    _lock(folder, *ENTRIES)
    capsys.readouterr()
    assert main(["outdated"]) == 1
    assert (
        capsys.readouterr().out
        == """\
conda-lock.yml (linux-64)
  package  locked   new lock  available  newest  what to do, or the reason
  python   3.12.13  3.12.13   3.12.13    3.14.6  pandas 3.0.0 (line 6) needs python 3.12.*
  numpy    2.1.3    2.1.3     2.4.3      2.4.6   open 'numpy<2.2' (line 5); not 2.4.6: it needs python 3.14.*, \
but pandas 3.0.0 (line 6) needs python 3.12.*
  pandas   2.2.3    2.2.3     3.0.0      3.0.0   open 'pandas=2.2' (line 6)
  pytorch  2.4.1    2.4.1     2.10.0     2.10.0  open 'pytorch=2.4.*=*cuda*' (line 7)
"""
    )


def test_locked_packages_with_known_vulnerabilities_are_listed(folder, capsys):
    _lock(folder, *ENTRIES)
    events = [{"introduced": "0"}, {"fixed": "2.4"}]
    flaw = record(
        "GHSA-nnnn", "numpy", events, aliases=["CVE-2025-1"], database_specific={"severity": "HIGH"}
    )
    write_export(folder / "osv", flaw, record("GHSA-tttt", "torch", [{"introduced": "0"}]))
    capsys.readouterr()
    assert main(["outdated", "--advisories", "osv"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[lines.index("advisories:") + 1 : -1] == [
        "  numpy 2.1.3: CVE-2025-1 (GHSA-nnnn), HIGH, fixed in 2.4, matched with numpy on PyPI by its name: "
        "numpy has a flaw",
        "    2.4.3, which is available, does not have it",
        "  pytorch 2.4.1: GHSA-tttt, matched with torch on PyPI by the name table: torch has a flaw",
        "    2.10.0, which is available, still has it",
    ]
    assert lines[-1].startswith("note: advisories were not looked up for ")
    assert main(["outdated", "--advisories", "osv", "--format", "json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)["platforms"]
    found = [(each["name"], each["id"], each["available_affected"]) for each in told["advisories"]["found"]]
    assert found == [("numpy", "CVE-2025-1", False), ("pytorch", "GHSA-tttt", True)]


def test_the_version_that_the_own_entry_alone_allows_is_shown_beside_the_newest(folder, capsys):
    _lock(folder, "python=3.12", "numpy=2.2")
    capsys.readouterr()
    assert main(["outdated"]) == 1
    assert capsys.readouterr().out.splitlines()[3] == (
        "  numpy    2.2.6    2.2.6     2.4.6      2.4.6   open 'numpy=2.2' (line 5) and 'python=3.12' (line 4); "
        "opening 'numpy=2.2' (line 5) alone gives 2.4.3"
    )


@pytest.mark.parametrize("entries", [ENTRIES, ("python=3.12", "numpy=2.0", "pandas=2.2.2", "scipy=1.13")])
def test_no_version_above_the_available_one_is_left_if_every_entry_is_opened(
    folder, anaconda, capsys, entries
):
    _lock(folder, *entries)
    capsys.readouterr()
    assert main(["outdated", "--format", "json"]) == 1
    (grouped,) = json.loads(capsys.readouterr().out)["platforms"]
    mirrors = Mirrors({"https://conda.anaconda.org": anaconda}, TRUSTED)
    solver = Solver(mirrors)
    names = [re.split("[=<]", entry)[0] for entry in entries]
    for package in grouped["packages"]:
        build = "=*cuda*" if package["name"] == "pytorch" else ""
        for sign, solvable in (("==", True), (">", False)):
            spec = f"{package['name']}{sign}{package['available']}{build}"
            others = [name for name in names if name != package["name"]]
            text = HEAD + "".join(f"  - '{entry}'\n" for entry in (*others, spec))
            assert _has_solution(solver, mirrors, text) == solvable, (package, spec)
        assert bool(package["why"]) == (package["available"] != package["newest"])


def test_each_group_of_lines_lets_the_newest_in_and_no_smaller_one_does(folder, anaconda, capsys):
    _lock(folder, *FEW)
    capsys.readouterr()
    assert main(["outdated", "--all", "--format", "json"]) == 1
    (grouped,) = json.loads(capsys.readouterr().out)["platforms"]
    mirrors = Mirrors({"https://conda.anaconda.org": anaconda}, TRUSTED)
    solver = Solver(mirrors)
    tried = 0
    for package in grouped["packages"]:
        newest = f"{package['name']}=={package['available']}"
        for group in package["holders"]:
            lines = [entry["line"] for entry in group]
            for opened in (lines, lines[1:]):
                entries = [
                    re.split("[=<]", entry)[0] if number in opened else entry
                    for number, entry in enumerate(FEW, 4)
                ]
                text = HEAD + "".join(f"  - {entry}\n" for entry in (*entries, newest))
                assert _has_solution(solver, mirrors, text) == (opened == lines), (package, opened)
                tried += 1
    assert tried >= 6


def _has_solution(solver: Solver, mirrors: Mirrors, text: str) -> bool:
    file = parse(text, "environment.yml")
    facts = virtual_packages("linux-64", "12.9")
    request = Request(requested_specs(file, mirrors), channels_of(file, mirrors), "linux-64", facts)
    try:
        return bool(asyncio.run(solver.records(request)))
    except UnsolvableError:
        return False


def test_a_file_that_is_up_to_date_says_so(folder, capsys):
    _lock(folder, "tzdata", "zlib")
    capsys.readouterr()
    assert main(["outdated"]) == 0
    assert capsys.readouterr().out == "conda-lock.yml (linux-64): no newer versions\n"


def test_a_release_of_today_is_in_a_new_lock(forge, tmp_path, monkeypatch, capsys):
    channel = forge.copy(tmp_path / "channel")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    text = f"channels:\n  - {channel.url}\ndependencies:\n  - idna\n  - urllib3=2.3\n"
    (tmp_path / "environment.yml").write_text(text)
    assert main(["lock"]) == 0
    for name in ("idna", "urllib3"):
        channel.release(name)
    capsys.readouterr()
    assert main(["outdated"]) == 1
    idna, urllib3 = capsys.readouterr().out.splitlines()[2:]
    assert re.fullmatch(r"  idna +3.10 +3.11 +3.11 +3.11 +a new lock has it", idna)
    assert re.fullmatch(r"  urllib3 +2.3.0 +2.3.0 +2.5.0 +2.5.0 +open 'urllib3=2.3' \(line 5\)", urllib3)


def test_pip_packages_are_judged_by_the_index(forge, tmp_path, monkeypatch, capsys):
    released = datetime(2025, 1, 1, tzinfo=timezone.utc)
    index = tmp_path / "pypi"

    def publish(*versions: str) -> None:
        shutil.rmtree(index, ignore_errors=True)
        write_index(
            index, [(_wheel(tmp_path, name, v), released) for name in ("app", "tool") for v in versions]
        )

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    (tmp_path / "lockstep.toml").write_text(f'pypi-index = "{index.as_uri()}/simple"\n')
    text = f"channels:\n  - {forge.channel_url}\ndependencies:\n  - python\n  - pip:\n      - app<2\n      - tool\n"
    (tmp_path / "environment.yml").write_text(text)
    publish("1.0")
    assert main(["lock"]) == 0
    publish("1.0", "1.5", "2.0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-of-tomorrow"))
    capsys.readouterr()
    assert main(["outdated"]) == 1
    out = capsys.readouterr().out
    assert re.search(r"app \(pip\) +1.0 +1.5 +2.0 +2.0 +open 'app<2' \(line 6\)\n", out)
    assert re.search(r"tool \(pip\) +1.0 +2.0 +2.0 +2.0 +a new lock has it\n", out)


def _wheel(folder: Path, name: str, version: str) -> Path:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        info = f"{name}-{version}.dist-info"
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "lockstep: conda-lock.yml: no lock found; run: lockstep lock environment.yml\n"),
        (["none.yml"], "lockstep: none.yml: no such file"),
    ],
)
def test_what_cannot_be_answered_is_one_line(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "environment.yml").write_text(f"{HEAD}  - zlib\n")
    assert main(["outdated", *arguments]) == 2
    assert capsys.readouterr().err.startswith(message)
