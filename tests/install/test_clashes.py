"""A path that two packages claim is known before anything is linked."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

import pytest

from conda_lockstep.errors import LockstepError
from conda_lockstep.install.build import BuildOptions, build_environment
from conda_lockstep.install.fetch.contents import PackagePaths, PythonLayout, clashes, of_conda, read_entries
from conda_lockstep.install.fetch.wheel import of_wheel
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.snapshot import prefix as prefixes
from tests.support.forge import Draft, Member

RELEASED = datetime(2025, 1, 1, tzinfo=timezone.utc)
LAYOUT = PythonLayout("lib/python3.12/site-packages", "bin", "include/python3.12")


def wheel(folder: Path, name: str, files: Mapping[str, bytes]) -> Package:
    """Write a wheel, and return it as a lock has it."""
    info = f"{name}-1.0.dist-info"
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in contents.items()]
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in contents.items():
            archive.writestr(member, data)
        archive.writestr(f"{info}/RECORD", "".join([*lines, f"{info}/RECORD,,\n"]))
    return Package(
        "pip",
        name.replace("_", "-"),
        "1.0",
        url=path.as_uri(),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def with_pip(packages: PackageSet, *pip: Package) -> PackageSet:
    return PackageSet.of([*packages.values(), *pip])


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({"six.py": b"# mine"}, "lib/python3.*/site-packages/six.py"),
        ({"mine-1.0.data/scripts/python3": b"#!/bin/sh"}, "bin/python3"),
        ({"mine-1.0.data/data/bin/pip": b"#!/bin/sh"}, "bin/pip"),
        ({"mine-1.0.dist-info/entry_points.txt": b"[console_scripts]\npip = mine:main\n"}, "bin/pip"),
        ({"pip/__init__.py": b"", "pip/__main__.py": b""}, "pip/__.* and 1 more paths of conda's pip"),
    ],
    ids=["module", "script", "data", "entry point", "two"],
)
def test_a_wheel_never_overwrites_conda(world, tmp_path, files, path):
    packages = world.lock("python", "pip", "six")
    prefix = tmp_path / "env"
    with pytest.raises(
        LockstepError, match=f"pip's mine 1.0 would overwrite .*{path}.*; take one of the two out"
    ):
        world.build(with_pip(packages, wheel(tmp_path, "mine", files)), prefix)
    assert not prefix.exists()


def test_an_environment_that_is_there_is_not_touched(world, tmp_path):
    packages = world.lock("python", "six")
    prefix = tmp_path / "env"
    world.build(packages, prefix)
    with pytest.raises(LockstepError, match="would overwrite"):
        world.build(with_pip(packages, wheel(tmp_path, "mine", {"six.py": b"# mine"})), prefix)
    assert prefixes.read(prefix).packages.environment_id == packages.environment_id


def test_two_wheels_may_share_what_is_the_same_and_nothing_else(world, tmp_path):
    packages = world.lock("python")
    one = wheel(tmp_path, "cuda_a", {"nvidia/__init__.py": b"", "nvidia/a.py": b"A = 1\n"})
    two = wheel(tmp_path, "cuda_b", {"nvidia/__init__.py": b"", "nvidia/b.py": b"B = 1\n"})
    three = wheel(tmp_path, "cuda_c", {"nvidia/a.py": b"A = 2\n"})
    world.build(with_pip(packages, one, two), tmp_path / "env")
    world.build(with_pip(packages, two), tmp_path / "env")
    (shared,) = (tmp_path / "env").glob("lib/python*/site-packages/nvidia/__init__.py")
    assert sorted(path.name for path in shared.parent.glob("*.py")) == ["__init__.py", "b.py"]
    with pytest.raises(
        LockstepError, match=r"cuda-c 1\.0 would overwrite .*/nvidia/a\.py of pip's cuda-a 1\.0"
    ):
        world.build(with_pip(packages, one, two, three), tmp_path / "other")


def test_what_two_conda_packages_share_is_told(forge, world_of, tmp_path):
    channel = forge.copy(tmp_path / "channel")
    for name, text in (("one", b"1"), ("two", b"2")):
        members = (Member("etc/shared.conf", text), Member("etc/same.conf", b"same"))
        channel.add(Draft(name, "1.0", "0", RELEASED, noarch="generic", members=members))
    world = world_of(channel.url)
    outcome = build_environment(
        world.lock("one", "two"), tmp_path / "env", BuildOptions(world.mirrors, cache=world.cache)
    )
    assert [(clash.path, clash.first.name, clash.second.name) for clash in outcome.shared] == [
        ("etc/shared.conf", "one", "two")
    ]
    assert (tmp_path / "env" / "etc" / "shared.conf").exists()


def test_link_scripts_are_told_and_run_only_when_asked(forge, world_of, tmp_path):
    channel = forge.copy(tmp_path / "channel")
    script = Member("bin/.nosy-post-link.sh", b"#!/bin/sh\ntouch $PREFIX/it-ran\n", executable=True)
    channel.add(Draft("nosy", "1.0", "0", RELEASED, noarch="generic", members=(script,)))
    world = world_of(channel.url)
    packages = world.lock("nosy")
    outcome = build_environment(
        packages, tmp_path / "off", BuildOptions(world.mirrors, cache=tmp_path / "cache")
    )
    assert [package.name for package in outcome.unrun] == ["nosy"]
    assert not (tmp_path / "off" / "it-ran").exists()
    options = BuildOptions(world.mirrors, cache=tmp_path / "cache", link_scripts=True)
    assert build_environment(packages, tmp_path / "on", options).unrun == ()
    assert (tmp_path / "on" / "it-ran").exists()


def test_the_paths_of_a_noarch_package_are_those_of_its_python():
    package = Package("conda", "tool", "1.0")
    paths = b"""{"paths": [{"_path": "site-packages/tool.py", "sha256": "ab"}, {"_path": "python-scripts/run"},
                {"_path": "share/tool.txt"}], "paths_version": 1}"""
    entries = read_entries(paths, b"") or []
    link = b'{"noarch": {"type": "python", "entry_points": ["tool = tool:main"]}}'
    assert of_conda(package, entries, link, LAYOUT).paths == {
        "lib/python3.12/site-packages/tool.py": "ab",
        "bin/run": "",
        "share/tool.txt": "",
        "bin/tool": "entry point tool:main",
    }


def test_the_paths_of_a_wheel_are_where_an_installer_puts_them(tmp_path):
    files = {
        "tool.py": b"",
        "tool-1.0.data/purelib/pure.py": b"",
        "tool-1.0.data/platlib/plat.py": b"",
        "tool-1.0.data/headers/tool.h": b"",
        "tool-1.0.data/data/share/tool.txt": b"",
        "tool-1.0.data/scripts/run": b"",
        "tool-1.0.dist-info/entry_points.txt": b"[console_scripts]\nTool = tool : main\n[other]\nx = y\n",
    }
    package = wheel(tmp_path, "tool", files)
    found = of_wheel(package, tmp_path / "tool-1.0-py3-none-any.whl", LAYOUT).paths
    site = "lib/python3.12/site-packages"
    assert {path for path in found if ".dist-info" not in path} == {
        f"{site}/tool.py", f"{site}/pure.py", f"{site}/plat.py", "include/python3.12/tool/tool.h", "share/tool.txt",
        "bin/run", "bin/Tool",
    }  # fmt: skip
    assert found["bin/Tool"] == "entry point tool:main"
    assert found[f"{site}/tool.py"] == hashlib.sha256(b"").hexdigest()


def test_what_is_no_wheel_is_one_line(tmp_path):
    (tmp_path / "x.whl").write_bytes(b"PK")
    with pytest.raises(LockstepError, match=r"^https://host/x\.whl: is no wheel: File is not a zip file$"):
        of_wheel(Package("pip", "x", "1", url="https://host/x.whl"), tmp_path / "x.whl", LAYOUT)


def test_a_clash_needs_two_packages():
    one, two = (Package("conda", name, "1") for name in ("one", "two"))
    assert not list(clashes([PackagePaths(one, {"a": "1"}), PackagePaths(two, {"a": "1", "b": ""})]))
    assert [
        clash.path for clash in clashes([PackagePaths(one, {"a": ""}), PackagePaths(two, {"a": ""})])
    ] == ["a"]
