"""Every command means the same files by the same words."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_lockstep.cli.main import main
from conda_lockstep.cli.which_files import environment_files_for, locked_files_for
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

TEXT = "channels: [conda-forge]\ndependencies: [six]\nplatforms: [linux-64]\n"
CHANNEL = "https://conda.anaconda.org/conda-forge"
URL = f"{CHANNEL}/noarch/six-1.17.0-pyhe01879c_1.conda"
SIX = Package("conda", "six", "1.17.0", "pyhe01879c_1", "noarch", CHANNEL, URL, "a" * 64, "b" * 32)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two environment files, one of them locked, and a third below a folder."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("environment.yml", "exp.yml", "deep/env.yml"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(TEXT)
    write_lock("exp.conda-lock.yml", "exp.yml")
    return tmp_path


def write_lock(path: str, source: str) -> None:
    cep37.write(Lock({"linux-64": PackageSet.of([SIX])}, (CHANNEL,), (source,)), Path(path))


MEANT: list[tuple[list[str], list[str]]] = [
    ([], ["deep/env.yml", "environment.yml", "exp.yml"]),
    (["."], ["deep/env.yml", "environment.yml", "exp.yml"]),
    (["deep"], ["deep/env.yml"]),
    (["exp.yml"], ["exp.yml"]),
    (["exp.conda-lock.yml"], ["exp.yml"]),
    (["environment.yml", "exp.conda-lock.yml", "exp.yml"], ["environment.yml", "exp.yml"]),
    (["none.yml"], ["none.yml"]),
]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("named", "meant"), MEANT)
def test_paths_mean_environment_files(named: list[str], meant: list[str]) -> None:
    files, failures = environment_files_for([Path(name) for name in named])
    assert ([str(file) for file in files], failures) == (meant, [])


@pytest.mark.usefixtures("folder")
def test_a_lock_without_its_file_is_an_error_of_its_own() -> None:
    Path("exp.yml").unlink()
    files, (error,) = environment_files_for([Path("exp.conda-lock.yml"), Path("environment.yml")])
    assert [str(file) for file in files] == ["environment.yml"]
    assert str(error).startswith("exp.conda-lock.yml: is a lock, and no environment file is next to it")


@pytest.mark.usefixtures("folder")
def test_what_the_settings_exclude_is_found_by_no_command_but_can_be_named() -> None:
    Path("lockstep.toml").write_text('exclude = ["deep/**"]\n')
    assert [str(file) for file in environment_files_for([])[0]] == ["environment.yml", "exp.yml"]
    assert [str(file) for file in environment_files_for([Path("deep/env.yml")])[0]] == ["deep/env.yml"]


@pytest.mark.usefixtures("folder")
def test_of_files_that_were_found_those_without_a_lock_are_listed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert [str(file) for file in locked_files_for([])[0]] == ["exp.yml"]
    assert capsys.readouterr().err.splitlines() == [
        "lockstep: deep/env.yml: has no lock, skipped",
        "lockstep: environment.yml: has no lock, skipped",
    ]


@pytest.mark.usefixtures("folder")
def test_a_check_of_everything_looks_at_every_lock(capsys: pytest.CaptureFixture[str]) -> None:
    write_lock("conda-lock.yml", "environment.yml")
    assert main(["lock", "--check"]) == 0
    assert capsys.readouterr().out == "conda-lock.yml fits environment.yml\nexp.conda-lock.yml fits exp.yml\n"
    Path("exp.yml").write_text(TEXT.replace("six", "six=1.16"))
    assert main(["lock", "--check"]) == 1
    assert "conda-lock.yml fits environment.yml" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", [["lock", "--check"], ["pin", "--diff"]])
def test_a_file_that_cannot_be_read_does_not_stop_the_others(
    capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    Path("bad.yml").write_text("dependencies: [\n")
    assert main([*command, "bad.yml", "none.yml", "exp.yml"]) == 2
    streams = capsys.readouterr()
    assert "bad.yml" in streams.err
    assert "none.yml: no such file" in streams.err
    assert "exp.yml" in streams.out
