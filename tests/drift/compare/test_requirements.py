"""A lock's requirements against this machine: a lock for a GPU does not match a node without a driver."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.prefixes import Installed, copy_of

from conda_lockstep.cli.main import main
from conda_lockstep.drift.compare.requirements import requirements, row_of_unmet, unmet
from conda_lockstep.lock.formats import cep37, manifest
from conda_lockstep.lock.model import metadata as lock_metadata
from conda_lockstep.lock.model.envelope import Envelope
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package

MACHINE = ("__unix=0=0", "__linux=5.10.0=0", "__glibc=2.31=0", "__cuda=12.2=0", "__archspec=1=x86_64_v3")
LOGIN = tuple(each for each in MACHINE if not each.startswith("__cuda"))


@pytest.mark.parametrize(
    ("needs", "allows", "machine", "found"),
    [
        ({"__cuda": ">=12"}, {}, MACHINE, []),
        ({"__cuda": ">=12"}, {}, LOGIN, [("__cuda", "")]),
        ({"__cuda": "*"}, {}, LOGIN, [("__cuda", "")]),
        ({"__cuda": "*"}, {}, MACHINE, []),
        ({"__cuda": ">=12.4"}, {}, MACHINE, [("__cuda", "12.2")]),
        ({"__cuda": ">=11,<12"}, {}, MACHINE, [("__cuda", "12.2")]),
        ({}, {"__cuda": ">=12.4"}, MACHINE, [("__cuda", "12.2")]),
        ({}, {"__cuda": ">=12.4"}, LOGIN, []),
        ({"__cuda": ">=12"}, {"__cuda": ">=12"}, MACHINE, []),
        ({"__glibc": ">=2.17,<3.0.a0"}, {}, MACHINE, []),
        ({"__glibc": ">=2.34"}, {}, MACHINE, [("__glibc", "2.31")]),
        ({"__glibc": ">=2.34", "__cuda": ">=13"}, {}, LOGIN, [("__cuda", ""), ("__glibc", "2.31")]),
        ({"__archspec": "1 x86_64_v3"}, {}, MACHINE, []),
        ({"__archspec": "1 x86_64_v2"}, {}, MACHINE, []),
        ({"__archspec": "1 x86_64_v4"}, {}, MACHINE, [("__archspec", "x86_64_v3")]),
        ({"__linux": ">=5.4"}, {}, MACHINE, []),
        ({"__linux": ">=6"}, {}, MACHINE, [("__linux", "5.10.0")]),
        ({"__win": "*"}, {}, MACHINE, [("__win", "")]),
        ({"__osx": ">=11"}, {}, MACHINE, [("__osx", "")]),
        ({"__unix": "*", "__linux": "*"}, {}, MACHINE, []),
        ({}, {}, (), []),
    ],
)
def test_a_machine_meets_a_lock_or_lacks_something(
    needs: dict[str, str], allows: dict[str, str], machine: tuple[str, ...], found: list[tuple[str, str]]
) -> None:
    result = unmet(Envelope(needs, allows), machine)
    assert [(each.name, each.found) for each in result] == found


def test_recorded_requirements_win_over_those_of_the_packages() -> None:
    package = Package("conda", "pytorch", "2.5.1", depends=("__cuda >=12",), constrains=("__glibc >=2.28",))
    assert requirements({"linux-64.needs": "__cuda >=11; __unix"}, "linux-64", [package]).needs == {
        "__cuda": ">=11",
        "__unix": "*",
    }
    assert requirements({"linux-64.machine": "__unix=0"}, "linux-64", [package]).needs == {}
    for metadata in ({}, {"linux-aarch64.needs": "__cuda >=11"}):
        found = requirements(metadata, "linux-64", [package])
        assert (found.needs, found.allows) == ({"__cuda": ">=12"}, {"__glibc": ">=2.28"})


def test_the_row_contains_what_is_required_what_was_found_and_by_which_packages() -> None:
    package = Package("conda", "pytorch", "2.5.1", depends=("__cuda >=12",))
    (without,) = unmet(Envelope({"__cuda": ">=12"}, {}), LOGIN, [package])
    row = row_of_unmet(without)
    assert (row.subject, row.severity, row.before, row.after) == ("__cuda", "critical", ">=12", "none")
    assert row.detail == "this machine has no working NVIDIA driver; required by pytorch"
    (older,) = unmet(Envelope({"__cuda": ">=12.4"}, {}), MACHINE)
    assert row_of_unmet(older).detail == "the driver of this machine supports CUDA 12.2 at most"


@pytest.fixture
def gpu_lock(installed: Installed, tmp_path: Path) -> Path:
    """A lock that requires a CUDA version that no driver has."""
    recorded = lock_metadata.describe(installed.platform, (), installed.packages.values())
    recorded[f"{installed.platform}.needs"] = "__cuda >=99; __unix"
    lock = replace(installed.lock, metadata=recorded)
    cep37.write(lock, tmp_path / "gpu.conda-lock.yml")
    return tmp_path / "gpu.conda-lock.yml"


def cpu_lock(installed: Installed, folder: Path) -> Path:
    lock = replace(installed.lock, metadata={f"{installed.platform}.needs": "__unix"})
    cep37.write(lock, folder / "cpu.conda-lock.yml")
    return folder / "cpu.conda-lock.yml"


@pytest.mark.parametrize("depth", [[], ["--deep"], ["--gpu-libraries"]])
def test_a_lock_for_a_newer_driver_is_red_unless_the_machine_is_ignored(
    installed: Installed, gpu_lock: Path, capsys: pytest.CaptureFixture[str], depth: list[str]
) -> None:
    command = ["verify", "--prefix", str(installed.prefix), "--lock", str(gpu_lock), *depth]
    assert main(command) == 1
    out = capsys.readouterr().out
    assert ">=99 → " in out
    assert "GPU code fails or falls back to the CPU" in out
    assert main([*command, "--ignore-machine"]) == 0
    assert "requirements were not compared with this machine (--ignore-machine)" in capsys.readouterr().out


def test_a_manifest_keeps_the_requirements(
    installed: Installed, gpu_lock: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = tmp_path / "lock.json"
    lock.write_text(manifest.render(cep37.read(gpu_lock)))
    assert main(["verify", "--prefix", str(installed.prefix), "--lock", str(lock), "--format", "json"]) == 1
    (comparison,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert [change["subject"] for change in comparison["changes"]] == ["__cuda"]


def test_a_lock_for_another_platform_is_not_judged_by_this_machine(
    installed: Installed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = Lock({"osx-arm64": installed.packages}, metadata={"osx-arm64.needs": "__osx >=11"})
    cep37.write(lock, tmp_path / "conda-lock.yml")
    command = ["verify", "--prefix", str(installed.prefix), "--lock", str(tmp_path / "conda-lock.yml")]
    assert main([*command, "--platform", "osx-arm64"]) == 0
    assert "requirements were not compared with this machine: it is " in capsys.readouterr().out


def test_each_of_several_prefixes_is_verified(
    installed: Installed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = copy_of(installed.prefix, tmp_path / "broken")
    next(broken.glob("conda-meta/tqdm-*.json")).unlink()
    lock = ["--lock", str(cpu_lock(installed, tmp_path))]
    sound, drifted = ["--prefix", str(installed.prefix)], ["--prefix", str(broken)]
    assert main(["verify", *sound, *lock]) == 0
    for order in ([*sound, *drifted], [*drifted, *sound]):
        capsys.readouterr()
        assert main(["verify", *order, *lock]) == 1
        out = capsys.readouterr().out
        assert f"{installed.prefix} matches" in out
        assert "tqdm" in out
        assert str(broken) in out


def test_a_prefix_that_cannot_be_read_does_not_stop_the_others(
    installed: Installed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = ["--lock", str(cpu_lock(installed, tmp_path))]
    prefixes = ["--prefix", str(tmp_path / "absent"), "--prefix", str(installed.prefix)]
    assert main(["verify", *prefixes, *lock]) == 2
    streams = capsys.readouterr()
    assert f"{tmp_path}/absent: no such folder" in streams.err
    assert f"{installed.prefix} matches" in streams.out
    assert main(["verify", *prefixes, *lock, "--format", "json"]) == 2
    assert len(json.loads(capsys.readouterr().out)["comparisons"]) == 1
