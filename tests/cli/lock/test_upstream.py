"""What upstream did since a lock was made: released, took away, replaced, hot-fixed; and which upload did it."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.drift.attribution.change import Change

from conda_lockstep.cli.main import main
from conda_lockstep.lock.formats import cep37
from conda_lockstep.packages import Package, PackageSet

DAY = 86_400_000
START = 1_700_000_000_000
"""Milliseconds."""


@pytest.fixture
def upstream(forge, tmp_path, monkeypatch):
    """A channel to change, and a lock made from it."""
    channel = forge.copy(tmp_path / "channel")
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    text = f"channels:\n  - {channel.url}\ndependencies:\n  - idna\n  - six\n  - tqdm\n  - urllib3=2.3\n"
    Path("environment.yml").write_text(text)
    assert main(["lock"]) == 0
    return channel


def _report(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    status = main(["upstream", "environment.yml", "--format", "json", *options])
    return status, json.loads(capsys.readouterr().out)


def test_an_upstream_that_did_nothing_is_no_drift(upstream, capsys):
    status, told = _report(capsys)
    assert (status, told["worst"]) == (0, None)
    assert len(told["comparisons"]) == 1


def test_releases_and_what_holds_back_are_told(upstream, capsys):
    upstream.release("idna")
    upstream.release("urllib3")
    status, told = _report(capsys)
    (comparison,) = told["comparisons"]
    assert status == 1
    assert [(row["subject"], row["before"], row["after"]) for row in comparison["changes"]] == [
        ("idna", "3.10", "3.11")
    ]
    assert comparison["changes"][0]["attribution"] == "upstream"
    assert comparison["notes"] == [
        "urllib3 2.5.0 is available but not in a new lock: open 'urllib3=2.3' (line 7)"
    ]
    assert _report(capsys, "--fail-on", "critical")[0] == 0
    assert comparison["changes"][0]["chain"] == ["environment.yml:4: idna"]
    for options, shown in (((), False), (("--explain",), True), (("--format", "html"), True)):
        main(["upstream", "environment.yml", *options])
        assert ("environment.yml:4: idna" in capsys.readouterr().out) == shown


def test_what_vanished_was_replaced_or_hot_fixed_is_told(upstream, capsys):
    upstream.withdraw(upstream.newest("tqdm"))
    upstream.rebuild(upstream.newest("six"))
    upstream.amend(upstream.newest("idna"), depends=["python >=3.9"])
    status, told = _report(capsys)
    files = {
        row["subject"]: row
        for row in next(each for each in told["comparisons"] if each["name"].startswith("files in"))[
            "changes"
        ]
    }
    assert status == 2, (
        "without its only tqdm the file has no solution; the changes of the files are reported all the same"
    )
    assert {name: row["classes"][0] for name, row in files.items()} == {
        "tqdm": "vanished",
        "six": "bytes",
        "idna": "metadata",
    }
    assert (files["six"]["severity"], files["tqdm"]["severity"]) == ("critical", "high")
    assert "hot-fixed: requires python >=3.9" in files["idna"]["detail"]


def test_a_file_that_was_replaced_is_told_once(upstream, capsys):
    upstream.rebuild(upstream.newest("six"))
    upstream.release("idna")
    _, told = _report(capsys)
    rows = [(row["subject"], row["classes"][0]) for each in told["comparisons"] for row in each["changes"]]
    assert rows == [("six", "bytes"), ("idna", "upgrade")]


def _record(name: str, version: str, moment: int | None, *depends: str) -> tuple[str, dict[str, Any]]:
    file = f"{name}-{version}-0.tar.bz2"
    record = {
        "name": name, "version": version, "build": "0", "build_number": 0, "subdir": "noarch",
        "depends": [*depends], "md5": f"{hash((name, version)) & (1 << 128) - 1:032x}", "size": 1,
    }  # fmt: skip
    return file, record | ({"timestamp": moment} if moment else {})


def test_bisect_names_the_planted_upload_among_a_thousand(tmp_path, monkeypatch, capsys):
    """The engine's upload moves the app: a newer app was there all along, and had to wait for it."""
    number = random.Random(6).randrange(100, 900)
    records = dict(
        [
            _record("app", "1.0", START, "engine", "noise"),
            _record("app", "2.0", START, "engine >=2", "noise"),
            _record("engine", "1.0", START),
            _record("noise", "1.0", START),
            _record("noise", "0.1", None),
            _record("engine", "2.0", START + number * DAY),
            *(_record("noise", f"1.{day}", START + day * DAY) for day in range(1, 1000) if day != number),
        ]
    )
    channel = tmp_path / "channel"
    for subdir, packages in (("noarch", records), ("linux-64", {})):
        (channel / subdir).mkdir(parents=True)
        index = {
            "info": {"subdir": subdir},
            "packages": packages,
            "packages.conda": {},
            "repodata_version": 1,
        }
        (channel / subdir / "repodata.json").write_text(json.dumps(index))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    Path("environment.yml").write_text(f"channels:\n  - {channel.as_uri()}\ndependencies:\n  - app\n")
    assert main(["lock", "--platform", "linux-64", "--exclude-newer", "2023-11-15"]) == 0
    capsys.readouterr()
    assert main(["upstream", "conda-lock.yml", "--bisect", "app", "--format", "json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)["packages"]
    (upload,) = told["uploads"]
    assert (told["before"], told["after"]) == ("app 1.0 0", "app 2.0 0")
    assert upload["file"] == "noarch/engine-2.0-0.tar.bz2"
    assert (told["moments"], told["undated"]) == (1000, 1)
    assert told["solves"] <= 1 + math.ceil(math.log2(1000))
    assert main(["upstream", "conda-lock.yml", "--bisect", "app"]) == 1
    out = capsys.readouterr().out
    assert "changed by noarch/engine-2.0-0.tar.bz2, uploaded " in out
    assert f"searched 1,000 upload times in {told['solves']} solves\n  1 record without an upload date" in out


def test_bisect_says_in_one_line_that_it_knows_nothing_of_pip(upstream, capsys):
    lock = Path("conda-lock.yml")
    held = cep37.read(lock)
    (platform,) = held.platforms
    wheel = Package("pip", "torch-metrics", "1.0", url="https://x/t.whl", sha256="0" * 64)
    packages = PackageSet.of((*held.platforms[platform].values(), wheel))
    cep37.write(replace(held, platforms={platform: packages}), lock)
    capsys.readouterr()
    assert main(["upstream", "conda-lock.yml", "--bisect", "Torch_Metrics"]) == 2
    error = capsys.readouterr().err
    assert "'torch_metrics' is pip's: --bisect looks among the uploads to conda channels alone" in error
    assert error.count("\n") == 1


def test_bisect_tells_a_removal_from_an_upload(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    change = Change(tmp_path)
    for version, day in (("1.0", -30), ("1.1", 0)):
        change.main.upload("app", version, day=day)
    change.base("app")
    change.main.upload("tool", "1.0", day=60)
    change.main.withdraw("app", "1.1")
    capsys.readouterr()
    assert main(["upstream", "base/conda-lock.yml", "--bisect", "app"]) == 1
    out = capsys.readouterr().out
    assert ": app 1.1 0 → app 1.0 0\n" in out
    assert (
        "not changed by an upload: its channel removed, replaced or hot-fixed noarch/app-1.1-0.conda" in out
    )
    change.main.upload("app", "1.2", day=90)
    assert main(["upstream", "base/conda-lock.yml", "--bisect", "app"]) == 1
    assert "changed by noarch/app-1.2-0.conda, uploaded to" in capsys.readouterr().out


def test_what_the_lock_held_back_is_not_attributed_to_upstream(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    change = Change(tmp_path)
    for version, day in (("1.0", -90), ("1.1", -60)):
        change.main.upload("app", version, day=day)
    change.main.upload("lib", "1.0", day=0)
    change.base("app=1.0", "lib")
    change.base_file("app", "lib")
    change.main.upload("lib", "1.1", day=60)
    capsys.readouterr()
    assert main(["upstream", "base/environment.yml", "--format", "json"]) == 1
    (comparison,) = json.loads(capsys.readouterr().out)["comparisons"]
    causes = {row["subject"]: (row["attribution"], row["cause"]) for row in comparison["changes"]}
    assert causes == {
        "app": ("unexplained", "not upstream since: a new lock at the cut-off of this one already had it"),
        "lib": ("upstream", "upstream, uploaded 2024-03-01"),
    }


def test_bisect_says_where_nothing_moved(upstream, capsys):
    capsys.readouterr()
    assert main(["upstream", "environment.yml", "--bisect", "six"]) == 0
    out = capsys.readouterr().out
    assert ": six " in out
    assert " is still in a new lock\n" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bisect", "none"], "'none' is neither locked nor in a new lock"),
        (["--bisect", "six", "--format", "html"], "the answer of --bisect is text or JSON"),
        (["none.yml"], "none.yml"),
        (["--platform", "win-64"], "has nothing for 'win-64'"),
        (["--fail-on", "bad"], "unknown severity 'bad'"),
    ],
)
def test_what_cannot_be_answered_is_one_line(upstream, capsys, arguments, message):
    given = arguments if arguments == ["none.yml"] else ["environment.yml", *arguments]
    capsys.readouterr()
    assert main(["upstream", *given]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_every_lock_here_is_looked_at_with_git_and_without(upstream, capsys):
    import subprocess

    assert main(["upstream"]) == 0
    without = capsys.readouterr().out
    assert without.startswith("conda-lock.yml (")
    subprocess.run(["git", "init", "-q"], check=True)
    assert main(["upstream"]) == 0
    assert capsys.readouterr().out == without
