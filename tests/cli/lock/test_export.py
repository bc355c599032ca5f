"""``lockstep export`` as it is typed: which lock, which platforms, where to, and nothing half written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conda_lockstep.cli.main import main
from conda_lockstep.export import FORMATS
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

FORGE = "https://conda.anaconda.org/conda-forge"
PIP = Package(
    "conda", "pip", "24.0", "pyhd8ed1ab_0", "noarch", FORGE, f"{FORGE}/noarch/pip-24.0-pyhd8ed1ab_0.conda", "1" * 64,
    "2" * 32,
)  # fmt: skip
SIX = Package(
    "pip", "six", "1.17.0", url="https://files.pythonhosted.org/six-1.17.0-py3-none-any.whl", sha256="3" * 64
)
LOCK = Lock({"linux-64": PackageSet.of([PIP, SIX])}, ("conda-forge",), ("environment.yml",))
IMAGE = f"train@sha256:{'a' * 64}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    cep37.write(LOCK, Path("conda-lock.yml"))
    return tmp_path


@pytest.mark.parametrize("name", [known.name for known in FORMATS])
def test_every_format_is_written_whole_and_the_same_each_time(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "--format", name, "--image", IMAGE, "--output", "out"]) == 0
    assert (
        main(["export", "conda-lock.yml", "--format", name, "--image", IMAGE, "--platform", "linux-64"]) == 0
    )
    text = Path("out").read_text()
    assert text.endswith("\n")
    assert capsys.readouterr().out == text


def test_one_of_several_platforms(capsys: pytest.CaptureFixture[str]) -> None:
    both = {"linux-64": LOCK.platforms["linux-64"], "osx-arm64": PackageSet.of([PIP])}
    cep37.write(replace(LOCK, platforms=both), Path("conda-lock.yml"))
    assert main(["export", "--format", "explicit", "--platform", "osx-arm64"]) == 0
    streams = capsys.readouterr()
    assert "# platform: osx-arm64\n" in streams.out
    assert (streams.out.count("http"), streams.err) == (1, "")


def test_a_lock_of_another_tool_is_read_as_import_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--format", "pixi", "--output", "pixi.lock"]) == 0
    text = (
        Path("pixi.lock").read_text().replace(SIX.url, "./six").replace("  sha256: '" + "3" * 64 + "'\n", "")
    )
    Path("pixi.lock").write_text(text)
    assert main(["export", "pixi.lock", "--format", "environment"]) == 0
    streams = capsys.readouterr()
    assert "channels:\n  - conda-forge\n" in streams.out
    assert "six" not in streams.out
    assert (
        "lockstep: environment: six 1.17.0 is left out: './six' is a folder or a file of one machine\n"
        in streams.err
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope.yml"], "nope.yml: no such file; check the path"),
        (["environment.yml"], "environment.yml: is no lock; its lock is conda-lock.yml"),
        (["other.yml"], "other.yml: is no lock; name a conda-lock.yml, an @EXPLICIT file or a pixi.lock"),
        (["--platform", "osx-64"], "conda-lock.yml: has nothing for osx-64; it is for linux-64"),
        (["--output", "no/such/folder"], "no/such/folder: cannot be written: No such file or directory"),
        (["empty/conda-lock.yml"], "empty/conda-lock.yml: has no platform; run: lockstep lock"),
    ],
)
def test_a_mistake_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    for name in ("environment.yml", "other.yml"):
        Path(name).write_text("dependencies: [numpy]\n")
    Path("empty").mkdir()
    cep37.write(Lock({}), Path("empty/conda-lock.yml"))
    assert main(["export", "--format", "explicit", *arguments]) == 2
    streams = capsys.readouterr()
    assert (streams.out, streams.err.splitlines()[-1]) == ("", f"lockstep: {said}")


def test_no_lock_here(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("conda-lock.yml").unlink()
    assert main(["export", "--format", "explicit"]) == 2
    said = "lockstep: no conda-lock.yml found in this folder; name the lock, or run: lockstep lock\n"
    assert capsys.readouterr().err == said


def test_a_blank_in_a_url_is_refused_wherever_lines_count(capsys: pytest.CaptureFixture[str]) -> None:
    odd = SIX._replace(url=f"{SIX.url}\n--index-url=https://evil.example/six.whl")
    cep37.write(replace(LOCK, platforms={"linux-64": PackageSet.of([PIP, odd])}), Path("conda-lock.yml"))
    assert main(["export", "--format", "requirements"]) == 2
    assert "lockstep: conda-lock.yml: 'six' has a blank in 'https://" in capsys.readouterr().err
