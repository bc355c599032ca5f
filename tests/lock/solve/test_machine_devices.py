"""Each machine is judged by its own driver: a GPU machine gets no CPU build because of what another machine lacks."""

from __future__ import annotations

import zipfile
from datetime import datetime, timezone
from pathlib import Path

import pytest
from tests.support.forge.pypi import write_index

from conda_lockstep.cli.main import main
from conda_lockstep.config import DeclaredMachine
from conda_lockstep.drift.fleet.between_machines import differences, lines
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model.metadata import cpu_allowed_of, machines_of

V100 = DeclaredMachine("v100", "linux-64", driver="470.57.02")
A100 = DeclaredMachine("a100", "linux-64", driver="535.104.05", glibc="2.31")
OLD = DeclaredMachine("old", "linux-64", glibc="2.17")
LOGIN = DeclaredMachine("login", "linux-64")

TORCH = "channels: [conda-forge]\ndependencies: [pytorch, python=3.12]\n"


@pytest.mark.parametrize("machines", [(V100,), (V100, LOGIN), (LOGIN, V100), (A100, V100, LOGIN)])
def test_a_machine_without_a_gpu_gives_no_other_a_cpu_build(locking_all, machines):
    with pytest.raises(LockstepError) as caught:
        locking_all(TORCH, machines=machines)
    message = str(caught.value)
    assert message.startswith("environment.yml:2:16: linux-64: pytorch ")
    assert "is a CPU build, but v100 has a GPU with CUDA 11.4;" in message


def test_machines_that_may_share_a_cpu_build_share_a_lock_that_records_it(locking_all):
    locks = locking_all(TORCH, machines=(A100, V100, LOGIN), cpu_allow=None)
    assert {name: machines_of(lock, "linux-64") for name, lock in locks.items()} == {
        "a100": ("a100",),
        "v100": ("v100", "login"),
    }
    assert cpu_allowed_of(locks["v100"], "linux-64") == ("pytorch",)
    assert cpu_allowed_of(locks["a100"], "linux-64") == ()
    (difference,) = differences(locks.values(), (A100, V100, LOGIN))
    assert next(lines(difference)).endswith(
        "packages differ: __cuda is 12.2 on a100, 11.4 on v100, none on login"
    )


def test_an_allowance_of_the_settings_is_not_recorded_in_the_lock(locking_all):
    (lock,) = locking_all(TORCH, machines=(V100,), cpu_allow=("pytorch",), cpu_declared=("pytorch",)).values()
    assert cpu_allowed_of(lock, "linux-64") == ()


def test_an_old_glibc_elsewhere_gives_a_gpu_machine_no_cpu_build(locking_all):
    locks = locking_all(TORCH, machines=(A100, OLD))
    assert {name: machines_of(lock, "linux-64") for name, lock in locks.items()} == {
        "a100": ("a100",),
        "old": ("old",),
    }
    assert "cuda" in locks["a100"].platforms["linux-64"]["conda", "pytorch"].build


@pytest.fixture
def folder(anaconda, index_cache, tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(index_cache))
    (tmp_path / "environment.yml").write_text(TORCH)
    return tmp_path


def _declare(folder: Path, anaconda: str, *machines: str, allow: str = "") -> None:
    drivers = {"v100": 'driver = "470.57.02"', "a100": 'driver = "535.104.05"', "login": ""}
    tables = "".join(f'[machines.{name}]\nplatform = "linux-64"\n{drivers[name]}\n' for name in machines)
    mirrors = f'[mirrors]\n"https://conda.anaconda.org" = "{anaconda}"\n'
    (folder / "lockstep.toml").write_text(f"{allow}\n{mirrors}{tables}")


def test_check_finds_the_cpu_build_that_a_gpu_machine_would_get(folder, anaconda, capsys):
    _declare(folder, anaconda, "v100", "login")
    assert main(["lock"]) == 2
    assert not (folder / "conda-lock.yml").exists()

    # A lock that was made before the machine had a GPU, under the same name.
    (folder / "lockstep.toml").write_text(
        (folder / "lockstep.toml").read_text().replace('driver = "470.57.02"', "")
    )
    assert main(["lock"]) == 0
    assert main(["lock", "--check"]) == 0
    _declare(folder, anaconda, "v100", "login")
    capsys.readouterr()
    assert main(["lock", "--check"]) == 1
    out = capsys.readouterr().out
    assert "environment.yml:2:16: linux-64: pytorch 2." in out
    assert "is a CPU build, but v100 has a GPU with CUDA 11.4; require a CUDA build" in out


def test_an_allowed_cpu_build_passes_the_check_and_the_next_lock(folder, anaconda, capsys):
    _declare(folder, anaconda, "v100", "login")
    assert main(["lock", "--allow-cpu"]) == 0
    before = (folder / "conda-lock.yml").read_bytes()
    assert main(["lock", "--check"]) == 0
    assert main(["lock"]) == 0
    assert (folder / "conda-lock.yml").read_bytes() == before


def test_a_cpu_wheel_is_refused_for_a_gpu_machine_and_found_by_the_check(
    forge, tmp_path, monkeypatch, capsys
):
    index = tmp_path / "pypi"
    wheels = [_wheel(tmp_path, "onnxruntime"), _wheel(tmp_path, "app", requires="onnxruntime")]
    write_index(index, [(wheel, datetime(2025, 1, 1, tzinfo=timezone.utc)) for wheel in wheels])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    head = f"channels:\n  - {forge.channel_url}\ndependencies:\n  - python\n  - pip:\n      - app\n"
    (tmp_path / "environment.yml").write_text(head + "      - onnxruntime\n")
    settings = f'pypi-index = "{index.as_uri()}/simple"\n'
    machine = '[machines.a100]\nplatform = "linux-64"\n'
    (tmp_path / "lockstep.toml").write_text(settings + machine)
    assert main(["lock"]) == 0
    (tmp_path / "lockstep.toml").write_text(f'{settings}{machine}cuda = "12.4"\n')
    capsys.readouterr()
    assert main(["lock", "--check"]) == 1
    what = (
        "environment.yml:7:9: linux-64: onnxruntime 1.0 is a CPU build, but a100 has a GPU with CUDA 12.4; "
        "require CUDA: 'onnxruntime-gpu'"
    )
    assert what in capsys.readouterr().out
    assert main(["lock"]) == 2
    assert what in capsys.readouterr().err
    # Nothing in the file names it: many packages that depend on it run it on CPUs.
    (tmp_path / "environment.yml").write_text(head)
    assert main(["lock"]) == 0
    assert "linux-64: onnxruntime 1.0 is a CPU build, but a100 has" in capsys.readouterr().err
    assert main(["lock", "--check"]) == 0


def _wheel(folder: Path, name: str, requires: str = "") -> Path:
    path, info = folder / f"{name}-1.0-py3-none-any.whl", f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        wheel.writestr(f"{info}/METADATA", metadata + (f"Requires-Dist: {requires}\n" if requires else ""))
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


def test_a_cpu_build_is_allowed_for_as_long_as_the_settings_allow_it(folder, anaconda):
    _declare(folder, anaconda, "v100", "login", allow='cpu-allow = ["pytorch"]')
    assert main(["lock"]) == 0
    assert main(["lock", "--check"]) == 0
    _declare(folder, anaconda, "v100", "login")
    assert main(["lock", "--check"]) == 1
