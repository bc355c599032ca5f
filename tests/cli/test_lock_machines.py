"""Locks of declared machines in use: written, checked, chosen by name or by what a node has, and tidied up."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conda_lockstep.cli.main import main
from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.github.check.locking import lock_environment
from conda_lockstep.github.event.inputs import Inputs
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.metadata import machines_of
from conda_lockstep.lock.solve.dates import utc_now
from conda_lockstep.settings import load
from conda_lockstep.snapshot import machine as machines
from conda_lockstep.snapshot import prefix as prefixes
from tests.support.prefixes import copy_of

GPU, CPU = "environment.a100.conda-lock.yml", "environment.login.conda-lock.yml"


def _machine(forge, name: str, *lines: str) -> str:
    return f'[machines.{name}]\nplatform = "{forge.subdir}"\n' + "".join(f"{line}\n" for line in lines)


def _settings(forge, *found: str) -> str:
    return f'pypi-index = "{forge.pypi.as_uri()}/simple"\n' + "".join(found)


@pytest.fixture(scope="module")
def locked(forge, tmp_path_factory) -> Path:
    """A folder with an environment file, two machines, and their locks: one has a GPU."""
    folder = tmp_path_factory.mktemp("locked")
    entries = "".join(f"  - {entry}\n" for entry in ("python", "pytorch", "six"))
    (folder / "environment.yml").write_text(f"channels:\n  - {forge.channel_url}\ndependencies:\n{entries}")
    a100 = _machine(forge, "a100", 'driver = "535.104.05"')
    (folder / "lockstep.toml").write_text(_settings(forge, a100, _machine(forge, "login")))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("RATTLER_CACHE_DIR", str(folder.parent / "rattler"))
        assert main(["lock"]) == 0
        assert main(["build", "--machine", "login", "--prefix", str(folder.parent / "login")]) == 0
    return folder


@pytest.fixture
def folder(locked, tmp_path, monkeypatch) -> Path:
    """A copy of that folder to type commands in, on a node without a GPU."""
    monkeypatch.chdir(shutil.copytree(locked, tmp_path / "repository"))
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(locked.parent / "rattler"))
    _node(monkeypatch, "__glibc=2.35=0", "__linux=5.10=0", "__unix=0=0")
    return Path()


def _node(monkeypatch, *facts: str) -> None:
    """Make this node one that has these virtual packages, whatever machine the tests run on."""
    monkeypatch.setattr(machines, "_virtual_packages", lambda *_: facts)


@pytest.fixture
def login(locked, tmp_path) -> Path:
    """A prefix that was built from the lock for machines without a GPU."""
    return copy_of(locked.parent / "login", tmp_path / "login")


def test_machines_that_differ_have_locks_of_their_own(folder, forge, capsys):
    assert main(["lock"]) == 0
    out = capsys.readouterr().out
    assert sorted(path.name for path in folder.glob("*conda-lock.yml")) == [GPU, CPU]
    builds = [cep37.read(Path(name)).platforms[forge.subdir]["conda", "pytorch"].build for name in (GPU, CPU)]
    assert ["cuda" in build for build in builds] == [True, False]
    assert f"{GPU}: {forge.subdir}: " in out
    assert "  for a100 with __archspec=1=" in out
    assert "packages differ: __cuda is 12.2 on a100, none on login" in out
    assert "  pytorch: 2.4.1 cuda120_" in out
    assert "  only on a100: cuda-version" in out
    assert out.count("  unchanged") == 2


def test_each_lock_is_checked(folder, capsys):
    assert main(["lock", "--check"]) == 0
    assert capsys.readouterr().out == f"{GPU} fits environment.yml\n{CPU} fits environment.yml\n"
    assert main(["lock", "--check", "--machine", "login"]) == 0
    assert capsys.readouterr().out == f"{CPU} fits environment.yml\n"
    file = Path("environment.yml")
    file.write_text(file.read_text().replace("six", "six=1.0"))
    assert main(["lock", "--check"]) == 1
    out, err = capsys.readouterr()
    assert out.count("environment.yml:6:5: 'six=1.0' is requested") == 2
    assert err.splitlines() == [
        f"lockstep: {name} no longer fits environment.yml; run: lockstep lock environment.yml"
        for name in (GPU, CPU)
    ]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (
            lambda forge: [_machine(forge, "login")],
            f"{GPU}: the lock is for the machine 'a100' ({{platform}}), which the settings do not have",
        ),
        (
            lambda forge: [
                _machine(forge, "a100", 'cuda = "12.2"'),
                _machine(forge, "login"),
                _machine(forge, "new"),
            ],
            "environment.yml: no lock is for the machine 'new' ({platform})",
        ),
        (
            lambda forge: [_machine(forge, "a100", 'cuda = "11.4"'), _machine(forge, "login")],
            f"{GPU}: the packages for {{platform}} need __cuda >=12; 'a100' does not have that",
        ),
        (
            lambda forge: [
                _machine(forge, "a100", 'cuda = "12.2"'),
                _machine(forge, "login", 'cuda = "12.2"'),
            ],
            f"{CPU}: 'login' has a GPU; the lock for {{platform}} was made for machines without",
        ),
        (
            lambda forge: [],
            f"{GPU}: the lock is for the machine 'a100' ({{platform}}), which the settings do not have",
        ),
    ],
)
def test_locks_of_other_machines_than_the_settings_have_are_stale(folder, forge, capsys, others, said):
    Path("lockstep.toml").write_text(_settings(forge, *others(forge)))
    assert main(["lock", "--check"]) == 1
    assert said.format(platform=forge.subdir) in capsys.readouterr().out.splitlines()
    assert main(["lint", "--select", "stale-lock", "environment.yml"]) == 1
    assert said.format(platform=forge.subdir).partition(": ")[2] in capsys.readouterr().out


def test_a_faster_driver_makes_no_lock_stale(folder, forge):
    a100 = _machine(forge, "a100", 'driver = "580.95.05"')
    Path("lockstep.toml").write_text(_settings(forge, a100, _machine(forge, "login", 'glibc = "2.39"')))
    assert main(["lock", "--check"]) == 0


def test_what_no_machine_has_any_more_is_removed(folder, forge, capsys):
    Path("lockstep.toml").write_text(_settings(forge, _machine(forge, "a100", 'driver = "535.104.05"')))
    Path("other.a100.conda-lock.yml").write_text("of another file\n")
    before = cep37.read(Path(GPU))
    assert main(["lock"]) == 0
    out = capsys.readouterr().out
    assert out.count("removed: no machine uses this lock anymore") == 2
    assert sorted(path.name for path in folder.glob("*conda-lock.yml")) == [
        "conda-lock.yml",
        "other.a100.conda-lock.yml",
    ]
    assert cep37.read(Path("conda-lock.yml")) == before
    assert main(["lock", "--check"]) == 0


def test_one_machine_is_locked_alone(folder, forge, capsys):
    file, before = Path("environment.yml"), Path(CPU).read_bytes()
    file.write_text(file.read_text() + "  - click\n")
    assert main(["lock", "--machine", "a100"]) == 0
    assert CPU not in capsys.readouterr().out.partition("packages differ")[0]
    assert Path(CPU).read_bytes() == before
    assert ("conda", "click") in cep37.read(Path(GPU)).platforms[forge.subdir]
    assert main(["lock", "--check", "--machine", "a100"]) == 0
    assert main(["lock", "--check"]) == 1


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["lock", "--machine", "h100"], "no machine 'h100' in the settings; known are a100, login"),
        (
            ["lock", "--cuda", "12.4"],
            "the settings declare the CUDA of each machine (a100, login); leave out --cuda, ",
        ),
        (
            ["build", "--prefix", "env", "--machine", "h100"],
            "no lock is for a machine 'h100'; known are a100, login",
        ),
        (
            ["verify", "--prefix", "env", "--machine", "h100"],
            "no lock is for a machine 'h100'; known are a100, login",
        ),
        (
            ["lock", "--update", "sixx"],
            "'sixx' is not in the lock, so it cannot be updated; did you mean 'six'?",
        ),
    ],
)
def test_what_is_not_there_is_one_line(folder, capsys, command, said):
    assert main(command) == 2
    assert capsys.readouterr().err.startswith(f"lockstep: {said}")


def test_a_node_takes_the_lock_that_fits_it(folder, login, monkeypatch, capsys):
    assert main(["verify", "--prefix", str(login)]) == 0
    assert f"{login} matches {CPU} exactly (" in capsys.readouterr().out
    assert main(["verify", "--prefix", str(login), "--machine", "a100"]) == 1
    _node(monkeypatch, "__cuda=12.4=0", "__glibc=2.35=0", "__linux=5.10=0", "__unix=0=0")
    assert main(["verify", "--prefix", str(login)]) == 1
    assert "the GPU build became a CPU build" in capsys.readouterr().out
    _node(monkeypatch, "__cuda=11.4=0", "__glibc=2.35=0", "__linux=5.10=0", "__unix=0=0")
    assert main(["verify", "--prefix", str(login)]) == 0
    _node(monkeypatch, "__unix=0=0")
    assert main(["verify", "--prefix", str(login)]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"lockstep: no lock fits this machine: {GPU} needs __cuda >=12, __glibc >=2.17")
    assert err.endswith("select one with --machine\n")


def test_the_lock_that_fits_is_built(folder, forge, capsys):
    assert main(["build", "--prefix", "env"]) == 0
    assert f" packages from {CPU} (" in capsys.readouterr().out
    assert "cpu" in prefixes.read(Path("env")).packages["conda", "pytorch"].build


def test_pins_are_those_of_all_machines(folder, capsys):
    assert main(["pin", "--diff", "environment.yml"]) == 1
    assert "+  - pytorch=2.4\n" in capsys.readouterr().out
    assert main(["lint", "--select", "pins", "--fix", "--unsafe-fixes", "environment.yml"]) == 0
    assert "  - pytorch=2.4\n" in Path("environment.yml").read_text()
    assert main(["lock", "--check"]) == 0


def test_the_action_has_a_lock_for_each(folder, forge):
    file, workspace = Path("environment.yml"), Path.cwd()

    def locks():
        found = lock_environment(
            file, load(workspace, TRUSTED), Inputs("check"), workspace, workspace / "cache", utc_now()
        )
        return {locked.lock_path.name: locked for locked in found}

    assert {name: locked.state for name, locked in locks().items()} == {GPU: "current", CPU: "current"}
    Path(GPU).unlink()
    found = locks()
    assert {name: locked.state for name, locked in found.items()} == {GPU: "missing", CPU: "current"}
    assert "cuda" in found[GPU].lock.platforms[forge.subdir]["conda", "pytorch"].build
    Path("lockstep.toml").write_text(_settings(forge, _machine(forge, "login"), _machine(forge, "farm")))
    found = locks()
    assert {name: locked.state for name, locked in found.items()} == {
        "conda-lock.yml": "missing",
        CPU: "stale",
    }
    assert machines_of(found["conda-lock.yml"].lock, forge.subdir) == ("login", "farm")
