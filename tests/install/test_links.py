"""Nothing is written or removed through a symbolic link: what lies behind it is not the prefix's."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conda_lockstep.errors import LockstepError
from conda_lockstep.install.build import BuildOptions, build_environment, plan_sync, sync_environment
from conda_lockstep.packages import PackageSet
from conda_lockstep.snapshot import deep
from conda_lockstep.snapshot import prefix as prefixes
from tests.install.conftest import World
from tests.install.test_sync import built as built
from tests.install.test_sync import packages as packages
from tests.install.test_sync import prefix as prefix
from tests.install.test_sync import record, site


def contents(folder: Path) -> dict[str, tuple[str, int]]:
    """Hash and modification time of everything in a folder that is not the prefix's."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


def linked(path: Path, outside: Path) -> None:
    """Move a file or folder out of the prefix, with an own inode, and leave a link to it."""
    if path.is_dir():
        shutil.copytree(path, outside, symlinks=True)
        (outside / "mine.txt").write_text("not in any package")
        shutil.rmtree(path)
    else:
        shutil.copy2(path, outside)
        path.unlink()
    path.symlink_to(outside)


def package_folder(prefix: Path, outside: Path) -> None:
    linked(site(prefix) / "click", outside / "click")


def package_folder_with_changes(prefix: Path, outside: Path) -> None:
    linked(site(prefix) / "click", outside / "click")
    (outside / "click" / "core.py").write_text("# developed here")
    (outside / "click" / "new.py").write_text("")


def wheel_folder(prefix: Path, outside: Path) -> None:
    linked(site(prefix) / "humanize", outside / "humanize")


def metadata_of_a_wheel(prefix: Path, outside: Path) -> None:
    (info,) = site(prefix).glob("humanize-*.dist-info")
    linked(info, outside / "info")


def all_of_site_packages(prefix: Path, outside: Path) -> None:
    linked(site(prefix), outside / "site")


def folder_of_programs(prefix: Path, outside: Path) -> None:
    linked(prefix / "bin", outside / "bin")


def record_of_a_package(prefix: Path, outside: Path) -> None:
    linked(record(prefix, "click"), outside / "click.json")
    (site(prefix) / "click" / "core.py").unlink()


def module(prefix: Path, outside: Path) -> None:
    linked(site(prefix) / "six.py", outside / "six.py")


LINKS = [
    package_folder, package_folder_with_changes, wheel_folder, metadata_of_a_wheel, all_of_site_packages,
    folder_of_programs, record_of_a_package, module,
]  # fmt: skip


@pytest.mark.parametrize("link", LINKS, ids=lambda each: each.__name__)
def test_sync_replaces_the_link_and_leaves_what_is_behind_it(
    prefix: Path, packages: PackageSet, world: World, tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link(prefix, outside)
    before = contents(outside)
    assert plan_sync(packages, prefix).steps
    sync_environment(packages, prefix, BuildOptions(world.mirrors, cache=world.cache))
    assert contents(outside) == before
    found = deep.look(prefixes.read_contents(prefix)).installed
    assert found.inconsistencies == ()
    assert plan_sync(packages, prefix).steps == ()


@pytest.mark.parametrize(
    "link", [each for each in LINKS if each is not record_of_a_package], ids=lambda each: each.__name__
)
def test_a_deep_look_sees_a_link_in_the_place_of_what_was_installed(
    prefix: Path, packages: PackageSet, tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link(prefix, outside)
    damages = deep.look(prefixes.read_contents(prefix)).installed.inconsistencies
    assert any("is a link to" in file.detail for damage in damages for file in damage.files)


@pytest.mark.parametrize("link", LINKS, ids=lambda each: each.__name__)
def test_build_brings_another_version_without_touching_what_is_behind_a_link(
    prefix: Path, packages: PackageSet, world: World, tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    other = world.lock("python", "pip", "urllib3<2", "click")  # six and the wheels go
    outside = tmp_path / "outside"
    outside.mkdir()
    link(prefix, outside)
    before = contents(outside)
    build_environment(other, prefix, BuildOptions(world.mirrors, cache=world.cache))
    assert contents(outside) == before
    assert prefixes.read(prefix).packages.environment_id == other.environment_id
    assert deep.look(prefixes.read_contents(prefix)).installed.inconsistencies == ()


def test_a_new_file_does_not_go_through_a_link_that_lies_at_its_place(
    prefix: Path, packages: PackageSet, world: World, tmp_path: Path
) -> None:
    less = world.lock("python", "pip")
    build_environment(less, prefix, BuildOptions(world.mirrors, cache=world.cache))
    mine = tmp_path / "mine.py"
    mine.write_text("mine")
    (site(prefix) / "six.py").symlink_to(mine)
    (site(prefix) / "tabulate.py").symlink_to(mine)
    build_environment(packages, prefix, BuildOptions(world.mirrors, cache=world.cache))
    assert mine.read_text() == "mine"
    assert not (site(prefix) / "six.py").is_symlink()


def test_byte_code_of_a_removed_wheel_is_not_removed_through_a_link(
    prefix: Path, packages: PackageSet, world: World, tmp_path: Path
) -> None:
    compiled = tmp_path / "compiled"
    compiled.mkdir()
    (compiled / "time.cpython-311.pyc").write_bytes(b"mine")
    folder = site(prefix) / "humanize" / "__pycache__"
    if folder.exists():
        shutil.rmtree(folder)
    folder.symlink_to(compiled)
    build_environment(world.lock("python", "pip"), prefix, BuildOptions(world.mirrors, cache=world.cache))
    assert (compiled / "time.cpython-311.pyc").read_bytes() == b"mine"


@pytest.mark.parametrize("name", [".lockstep-lock", ".lockstep-unfinished"])
def test_the_marks_of_a_build_are_not_written_through_a_link(
    prefix: Path, packages: PackageSet, world: World, tmp_path: Path, name: str
) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    os.utime(mine, (1, 1))
    (prefix / "conda-meta" / name).symlink_to(mine)
    sync_environment(packages, prefix, BuildOptions(world.mirrors, cache=world.cache))
    assert (mine.read_text(), mine.stat().st_mtime) == ("mine", 1)


def test_records_that_would_be_written_elsewhere_are_refused(
    prefix: Path, packages: PackageSet, world: World, tmp_path: Path
) -> None:
    linked(prefix / "conda-meta", tmp_path / "records")
    before = contents(tmp_path / "records")
    for bring in (build_environment, sync_environment):
        with pytest.raises(LockstepError, match=r"conda-meta: is a link to .*; remove the link"):
            bring(packages, prefix, BuildOptions(world.mirrors, cache=world.cache))
    assert contents(tmp_path / "records") == before
