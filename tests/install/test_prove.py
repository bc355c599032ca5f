"""Files that were changed in the cache are linked unseen by default, which is said; ``--prove`` finds them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conda_lockstep.install.build import BuildOptions, build_environment
from conda_lockstep.packages import PackageSet
from conda_lockstep.snapshot import deep
from conda_lockstep.snapshot import prefix as prefixes
from tests.install.conftest import World


def change_in_place(path: Path) -> None:
    """Change two bytes and keep the size, as an editor does that writes through a hard link."""
    with path.open("r+b") as file:
        file.write(b"# ")


@pytest.fixture
def packages(world: World) -> PackageSet:
    return world.lock("python", "six", pip=("humanize",))


@pytest.fixture
def options(world: World, tmp_path: Path) -> BuildOptions:
    return BuildOptions(world.mirrors, cache=tmp_path / "cache")


def test_a_cache_that_was_changed_in_place_is_found_and_fetched_again(
    packages: PackageSet, options: BuildOptions, tmp_path: Path
) -> None:
    build_environment(packages, tmp_path / "first", options)
    (changed,) = (tmp_path / "first").glob("lib/python3.*/site-packages/six.py")
    (wheel,) = (tmp_path / "first").glob("lib/python3.*/site-packages/humanize/time.py")
    right = changed.read_bytes(), wheel.read_bytes()
    change_in_place(changed)
    change_in_place(wheel)

    unproved = build_environment(packages, tmp_path / "second", options).unproved
    assert {"six", "humanize"} <= {package.name for package in unproved}

    outcome = build_environment(packages, tmp_path / "third", replace(options, prove=True))
    assert outcome.unproved == ()
    (changed,) = (tmp_path / "third").glob("lib/python3.*/site-packages/six.py")
    (wheel,) = (tmp_path / "third").glob("lib/python3.*/site-packages/humanize/time.py")
    assert (changed.read_bytes(), wheel.read_bytes()) == right
    assert deep.look(prefixes.read_contents(tmp_path / "third", {})).installed.inconsistencies == ()


def test_nothing_is_left_unproved_where_all_was_fetched(
    world: World, options: BuildOptions, tmp_path: Path
) -> None:
    assert build_environment(world.lock("six"), tmp_path / "env", options).unproved == ()


def test_dots_in_a_path_are_resolved_before_it_is_written_into_files(
    world: World, options: BuildOptions, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    build_environment(world.lock("python", "pip"), tmp_path / "a" / ".." / "env", options)
    first = (tmp_path / "env" / "bin" / "pip").read_text().splitlines()[0]
    assert first.startswith(f"#!{tmp_path}/env/bin/python")
