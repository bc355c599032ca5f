"""``lockstep build`` as it is typed: only from a lock, and only from one that fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_lockstep.cli.main import main
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.snapshot import prefix as prefixes


@pytest.fixture
def folder(forge, tmp_path, monkeypatch) -> Path:
    """A folder to type commands in, with a locked environment file for the forge's channel."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path.parent / "rattler"))
    (tmp_path / "environment.yml").write_text(
        f"channels: ['{forge.channel_url}']\ndependencies: [python, six]\n"
    )
    assert main(["lock"]) == 0
    return tmp_path


def test_a_lock_is_built_and_named_by_its_id(folder, forge, capsys):
    capsys.readouterr()
    assert main(["build", "--prefix", "env"]) == 0
    packages = cep37.read(Path("conda-lock.yml")).platforms[forge.subdir]
    out = capsys.readouterr().out
    assert out == f"env: {len(packages)} packages from conda-lock.yml ({packages.environment_id})\n"
    assert prefixes.read(Path("env")).packages.environment_id == packages.environment_id


def test_a_lock_may_be_named_itself(folder):
    (folder / "environment.yml").unlink()
    assert main(["build", "conda-lock.yml", "--prefix", "env"]) == 0
    assert ("conda", "six") in prefixes.read(Path("env")).packages


def test_a_lock_is_made_first_where_that_is_asked_for_and_one_that_is_there_is_kept(folder, capsys):
    locked = Path("conda-lock.yml").read_bytes()
    Path("conda-lock.yml").unlink()
    assert main(["build", "--solve", "--prefix", "env"]) == 0
    assert Path("conda-lock.yml").read_bytes() == locked
    assert ("conda", "six") in prefixes.read(Path("env")).packages
    text = Path("environment.yml").read_text().replace("six]", "six, click]")
    Path("environment.yml").write_text(text)
    assert main(["build", "--solve", "--prefix", "env"]) == 2
    assert "the lock no longer fits environment.yml" in capsys.readouterr().err
    assert Path("conda-lock.yml").read_bytes() == locked


def test_what_an_unfinished_build_left_is_removed_and_said(folder, capsys):
    (folder / "env" / "conda-meta").mkdir(parents=True)
    (folder / "env" / "conda-meta" / ".lockstep-unfinished").write_text("")
    (folder / "env" / "bin").mkdir()
    (folder / "env" / "bin" / "half").write_text("")
    assert main(["build", "--prefix", "env"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "lockstep: env: removed the remains of an unfinished build",
        "lockstep: env: 2 packages came from the cache without hashing; --prove checks every file",
    ]
    assert not (folder / "env" / "bin" / "half").exists()


def _no_lock(folder: Path, forge) -> None:
    (folder / "conda-lock.yml").unlink()


def _stale(folder: Path, forge) -> None:
    text = (folder / "environment.yml").read_text()
    (folder / "environment.yml").write_text(text.replace("six", "six, click"))


def _other_platform(folder: Path, forge) -> None:
    lock = cep37.read(folder / "conda-lock.yml")
    other = "osx-arm64" if forge.subdir != "osx-arm64" else "linux-64"
    cep37.write(
        Lock({other: lock.platforms[forge.subdir]}, lock.channels, lock.sources), folder / "conda-lock.yml"
    )


def _no_hash(folder: Path, forge) -> None:
    lines = (folder / "conda-lock.yml").read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.lstrip().startswith(("md5:", "sha256:"))]
    (folder / "conda-lock.yml").write_text("".join(kept).replace("  hash:\n", "  hash: {}\n"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_no_lock, "conda-lock.yml: no lock found; run: lockstep lock environment.yml"),
        (
            _stale,
            "conda-lock.yml: the lock no longer fits environment.yml; run: lockstep lock environment.yml",
        ),
        (
            _other_platform,
            "conda-lock.yml: the lock is for osx-arm64, this machine is linux-64; run: lockstep lock",
        ),
        (_no_hash, "conda-lock.yml: the lock is damaged; run: lockstep lock environment.yml"),
    ],
)
def test_a_build_needs_a_lock_that_fits(folder, forge, capsys, change, message):
    change(folder, forge)
    capsys.readouterr()
    assert main(["build", "--prefix", "env"]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"lockstep: {message}")
    assert not Path("env").exists()


def test_a_stale_lock_shows_the_line_that_made_it_stale(folder, forge, capsys):
    _stale(folder, forge)
    capsys.readouterr()
    assert main(["build", "--prefix", "env"]) == 2
    reasons = capsys.readouterr().err.splitlines()[:-1]
    assert reasons == [f"environment.yml:2:29: 'click' is not in the lock for {forge.subdir}"]
