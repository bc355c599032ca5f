"""``lockstep lock`` as it is typed: where the lock goes, what is said, and nothing half written."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.small_index import SmallWheel, write_small_index

from conda_lockstep.cli.main import main
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.metadata import cuda_of
from conda_lockstep.lock.model.paths import lock_path


@pytest.fixture
def folder(forge, tmp_path, monkeypatch) -> Path:
    """A folder to type commands in, with an environment file for the forge's channel."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path.parent / "rattler"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path.parent / "uv"))
    _write(tmp_path / "environment.yml", forge, "six")
    (tmp_path / "lockstep.toml").write_text(f'pypi-index = "{forge.pypi.as_uri()}/simple"\n')
    return tmp_path


def _write(path: Path, forge, *entries: str, platforms: str = "") -> None:
    lines = "".join(f"  - {entry}\n" for entry in entries)
    path.write_text(f"channels:\n  - {forge.channel_url}\n{platforms}dependencies:\n{lines}")


@pytest.mark.parametrize(
    ("file", "lock"),
    [
        ("environment.yml", "conda-lock.yml"),
        ("environment.yaml", "conda-lock.yml"),
        ("gpu.yml", "gpu.conda-lock.yml"),
        ("envs/train.yaml", "envs/train.conda-lock.yml"),
        ("environment-gpu.yml", "environment-gpu.conda-lock.yml"),
    ],
)
def test_a_lock_lies_beside_its_file(file, lock):
    assert lock_path(Path(file)) == Path(lock)


def test_locking_writes_checks_and_says_what_was_assumed(folder, forge, capsys):
    assert main(["lock"]) == 0
    out = capsys.readouterr().out
    digest = cep37.read(Path("conda-lock.yml")).platforms[forge.subdir].environment_id
    assert f"conda-lock.yml: {forge.subdir}: " in out
    assert digest in out
    assert "for a machine with __archspec=1=" in out
    assert main(["lock", "--check"]) == 0
    assert capsys.readouterr().out == "conda-lock.yml fits environment.yml\n"


def test_a_stale_lock_is_told_by_the_line_that_made_it_stale(folder, forge, capsys):
    assert main(["lock"]) == 0
    _write(folder / "environment.yml", forge, "six", "click")
    capsys.readouterr()
    assert main(["lock", "--check"]) == 1
    out, err = capsys.readouterr()
    assert out == f"environment.yml:5:5: 'click' is not in the lock for {forge.subdir}\n"
    assert (
        err == "lockstep: conda-lock.yml no longer fits environment.yml; run: lockstep lock environment.yml\n"
    )


def test_locking_again_says_what_changed(folder, forge, capsys):
    assert main(["lock"]) == 0
    before = (folder / "conda-lock.yml").read_bytes()
    capsys.readouterr()
    assert main(["lock"]) == 0
    assert (folder / "conda-lock.yml").read_bytes() == before
    assert "click" not in capsys.readouterr().out
    _write(folder / "environment.yml", forge, "six", "click")
    assert main(["lock"]) == 0
    assert "click" in capsys.readouterr().out


def test_the_files_own_platforms_are_locked_for(folder, forge, capsys):
    _write(folder / "environment.yml", forge, "tzdata-none", platforms="platforms: [linux-64, osx-arm64]\n")
    assert main(["lock", "--platform", "win-95"]) == 2
    assert capsys.readouterr().err.startswith("lockstep: 'win-95' is no platform")


def test_the_cuda_of_the_old_lock_is_kept_until_another_is_given(folder, capsys):
    assert main(["lock", "--cuda", "12.4"]) == 0
    assert cuda_of(cep37.read(Path("conda-lock.yml"))) == "12.4"
    assert main(["lock"]) == 0
    assert cuda_of(cep37.read(Path("conda-lock.yml"))) == "12.4"
    assert main(["lock", "--cuda", ""]) == 0
    assert cuda_of(cep37.read(Path("conda-lock.yml"))) == ""


def test_several_files_each_get_their_lock(folder, forge):
    _write(folder / "dev.yml", forge, "click")
    assert main(["lock", "environment.yml", "dev.yml"]) == 0
    assert ("conda", "click") in cep37.read(Path("dev.conda-lock.yml")).platforms[forge.subdir]


def test_a_broken_old_lock_is_written_anew(folder, capsys):
    (folder / "conda-lock.yml").write_text("<<<<<<< HEAD\nversion: 1\n")
    assert main(["lock", "--check"]) == 2
    assert "conda-lock.yml:1:1: unresolved merge conflict ('<<<<<<<')" in capsys.readouterr().err
    assert main(["lock"]) == 0
    assert main(["lock", "--check"]) == 0


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda path: path.unlink(), "lockstep: environment.yml: no such file"),
        (lambda path: (path.unlink(), path.mkdir()), "lockstep: environment.yml: is a folder"),
        (
            lambda path: path.write_bytes("channels: []\n".encode("utf-16")),
            "lockstep: environment.yml:1:1: the file is UTF-16",
        ),
        (lambda path: path.write_text(BOMB), "lockstep: environment.yml:"),
        (lambda path: path.write_text("dependencies: [six]\n"), "lockstep: environment.yml: no channels"),
        (lambda path: path.write_text("channels: [x\n"), "lockstep: environment.yml:2:1: not YAML"),
        (
            lambda path: path.write_bytes(b"# " + b"x" * (50 << 20)),
            "lockstep: environment.yml:1:1: larger than 1 MiB",
        ),
        (
            lambda path: path.write_text(path.read_text().replace("six", "six=99")),
            "lockstep: environment.yml:4:5: no version fits 'six=99'",
        ),
        (
            lambda path: path.write_text("channels: ['http://127.0.0.1:1/c']\ndependencies: [six]\n"),
            "lockstep: http://127.0.0.1:1/c: the channel cannot be reached",
        ),
    ],
)
def test_bad_input_is_one_line_and_leaves_the_old_lock_whole(folder, capsys, prepare, message):
    (folder / "conda-lock.yml").write_text("the old one\n")
    prepare(folder / "environment.yml")
    capsys.readouterr()
    assert main(["lock"]) == 2
    err = capsys.readouterr().err.splitlines()
    assert err[-1].startswith(message), err
    assert "Traceback" not in "\n".join(err)
    assert (folder / "conda-lock.yml").read_text() == "the old one\n"
    assert sorted(path.name for path in folder.iterdir()) == [
        "conda-lock.yml",
        "environment.yml",
        "lockstep.toml",
    ] or ("environment.yml" not in [path.name for path in folder.iterdir()])


def test_a_missing_lock_says_what_to_run(folder, capsys):
    assert main(["lock", "--check"]) == 2
    assert capsys.readouterr().err == (
        "lockstep: conda-lock.yml: no lock found; run: lockstep lock environment.yml\n"
    )


def test_an_update_is_asked_for_and_a_moment_is_kept_to(folder, forge, capsys):
    upstream = forge.copy(folder.parent / f"{folder.name}-upstream")
    for name in ("idna", "requests"):
        upstream.release(name)
    text = f"channels: ['{upstream.url}']\ndependencies: [python, requests]\n"
    (folder / "environment.yml").write_text(text)
    held_back = "2026-01-31"
    versions = []
    for arguments in (
        ["--exclude-newer", held_back],
        [],
        ["--min-age", "1"],
        ["--update", "idna"],
        ["--update-all"],
        ["--exclude-newer", held_back],
    ):
        assert main(["lock", *arguments]) == 0
        packages = cep37.read(Path("conda-lock.yml")).platforms[forge.subdir]
        versions.append((packages["conda", "idna"].version, packages["conda", "requests"].version))
    old, new = ("3.10", "2.32.3"), ("3.11", "2.32.5")
    assert versions == [old, old, old, ("3.11", "2.32.3"), new, old]
    assert "idna" in capsys.readouterr().out
    # the settings' own, which the command line overrides
    with (folder / "lockstep.toml").open("a") as settings:
        settings.write("min-age = 100000\n")
    capsys.readouterr()
    assert main(["lock", "--update-all"]) == 2
    assert capsys.readouterr().err.endswith(
        "pass a later --exclude-newer or a shorter --min-age, or request an older version\n"
    )
    assert main(["lock", "--update-all", "--min-age", "0"]) == 0
    with pytest.raises(SystemExit, match="2"):
        main(["lock", "--min-age", "soon"])
    assert "'soon' is not a number of days" in capsys.readouterr().err


def test_what_is_to_be_known_of_the_pip_part_is_said(folder, forge, capsys):
    index = write_small_index(folder / "pypi", [SmallWheel("gone", "1.0", yanked="it eats data")])
    (folder / "lockstep.toml").write_text(f'pypi-index = "{index.as_uri()}"\n')
    _write(folder / "environment.yml", forge, "python", "pip", "pip: [gone==1.0]")
    assert main(["lock"]) == 0
    assert (
        "lockstep: environment.yml:6:11: gone 1.0 was withdrawn (yanked) by its publisher (it eats data); "
        in (capsys.readouterr().err)
    )
