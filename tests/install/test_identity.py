"""The environment id is one: of the lock, of its ``@EXPLICIT`` file, and of the prefix that was built from it."""

from __future__ import annotations

import zipfile
from datetime import datetime, timezone
from pathlib import Path

import pytest

from conda_lockstep.drift.compare.operands import from_lock, side_of
from conda_lockstep.lock.formats import cep37, explicit
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.snapshot import prefix as prefixes
from tests.support.forge.pypi import write_index

RELEASED = datetime(2025, 1, 1, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def spelled(tmp_path_factory) -> Path:
    """An index with projects whose metadata spell their version in a way of their own."""
    folder = tmp_path_factory.mktemp("index")
    wheels = [_wheel(folder, *version) for version in (("2024.01.1", "2024.01.1"), ("1.0rc1", "1.0-RC.1"))]
    write_index(folder / "pypi", [(wheel, RELEASED) for wheel in wheels])
    return folder / "pypi"


def _wheel(folder: Path, version: str, told: str) -> Path:
    name = "dated" if version.startswith("2024") else "candidate"
    path, info = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {told}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


def test_lock_explicit_file_and_prefix_have_one_id(world_of, forge, spelled, tmp_path):
    world = world_of(forge.channel_url, spelled.as_uri())
    packages = world.lock("python", "six", pip=("dated", "candidate"))
    world.build(packages, tmp_path / "env")
    installed = prefixes.read(tmp_path / "env").packages
    read = cep37.parse(cep37.render(Lock({world.subdir: packages}, sources=("environment.yml",))), "lock")
    assert installed.environment_id == packages.environment_id == read.platforms[world.subdir].environment_id
    assert {installed["pip", name].version for name in ("dated", "candidate")} == {"2024.1.1", "1.0rc1"}

    conda_id = installed.only("conda").environment_id
    text = explicit.render(packages, world.subdir)
    assert f"# environment id of the conda part: {conda_id}\n" in text
    assert _id(text, world.subdir) == (packages.environment_id, True)
    # without pip's comments, as conda writes it, there is the conda part alone
    alone = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("# pip "))
    assert _id(alone, world.subdir) == (conda_id, False)
    assert conda_id != packages.environment_id


def _id(text: str, platform: str) -> tuple[str, bool]:
    """The id under which an explicit file goes, and whether it is that of all packages."""
    told = from_lock(explicit.parse(text, "explicit.txt"), "explicit.txt")
    side = side_of(told, told.platforms[platform])
    return side.environment_id, side.complete
