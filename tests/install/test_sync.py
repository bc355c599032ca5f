"""A prefix that was tampered with is brought back to its lock, and what was right in it is not touched."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.errors import LockstepError
from conda_lockstep.install.build import BuildOptions, build_environment, plan_sync, sync_environment
from conda_lockstep.install.link.pip_part import python_of
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import PackageSet
from conda_lockstep.snapshot import prefix as prefixes
from tests.install.conftest import World
from tests.support.forge import Forge
from tests.support.prefixes import copy_of, moved_copy_of


@pytest.fixture(scope="module")
def built(forge, cache, tmp_path_factory) -> tuple[Path, PackageSet]:
    """An environment and its packages; copied and damaged by each test."""
    from conda_lockstep.lock.channels.channels import Mirrors
    from tests.install.conftest import CHANNEL

    world = World(
        Mirrors({CHANNEL: forge.channel_url, "https://pypi.org": forge.pypi.as_uri()}, TRUSTED),
        cache,
        forge.subdir,
    )
    packages = world.lock("python", "pip", "urllib3>=2", "six", "click", pip=("humanize", "tabulate"))
    prefix = tmp_path_factory.mktemp("built") / "env"
    world.build(packages, prefix)
    return prefix, packages


@pytest.fixture
def prefix(built, tmp_path) -> Path:
    return copy_of(built[0], tmp_path / "env")


@pytest.fixture
def packages(built) -> PackageSet:
    return built[1]


def site(prefix: Path) -> Path:
    (found,) = prefix.glob("lib/python3.*/site-packages")
    return found


def put(path: Path, content: str | bytes) -> None:
    """Write a new file in place of one whose bytes others share."""
    path.unlink()
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def record(prefix: Path, name: str) -> Path:
    (found,) = (prefix / "conda-meta").glob(f"{name}-[0-9]*.json")
    return found


def pip_install(prefix: Path, forge: Forge, pattern: str) -> None:
    wheel = next((forge.pypi / "files").glob(pattern))
    command = [python_of(prefix), "-I", "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel]
    subprocess.run(
        command, check=True, timeout=120, env={"PATH": "/usr/bin:/bin", "HOME": str(prefix.parent)}
    )


def upgraded_by_pip(prefix: Path, forge: Forge) -> None:
    pip_install(prefix, forge, "urllib3-1.26*.whl")


def stray_of_pip(prefix: Path, forge: Forge) -> None:
    pip_install(prefix, forge, "colorama-*.whl")


def file_of_the_same_size(prefix: Path, forge: Forge) -> None:
    path = site(prefix) / "six.py"
    content = path.read_bytes()
    put(path, content[:-1] + b"#")


def file_emptied(prefix: Path, forge: Forge) -> None:
    put(site(prefix) / "click" / "core.py", b"")


def file_removed(prefix: Path, forge: Forge) -> None:
    (site(prefix) / "six.py").unlink()


def program_removed(prefix: Path, forge: Forge) -> None:
    for path in prefix.glob("bin/python3*"):
        path.unlink()


def link_turned(prefix: Path, forge: Forge) -> None:
    (prefix / "bin" / "python").unlink()
    (prefix / "bin" / "python").symlink_to("/bin/true")


def link_replaced_by_a_file(prefix: Path, forge: Forge) -> None:
    path = prefix / "bin" / "python"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    path.chmod(0o755)


def record_removed(prefix: Path, forge: Forge) -> None:
    record(prefix, "six").unlink()


def record_broken(prefix: Path, forge: Forge) -> None:
    record(prefix, "six").write_text("{")


def record_doubled(prefix: Path, forge: Forge) -> None:
    found = json.loads(record(prefix, "six").read_text())
    found["version"] = "1.16.0"
    (prefix / "conda-meta" / f"six-1.16.0-{found['build']}.json").write_text(json.dumps(found))


def downgraded_by_hand(prefix: Path, forge: Forge) -> None:
    found = json.loads(record(prefix, "click").read_text())
    found["version"], found["sha256"] = "8.0.0", "0" * 64
    record(prefix, "click").unlink()
    (prefix / "conda-meta" / f"click-8.0.0-{found['build']}.json").write_text(json.dumps(found))


def wheel_file_changed(prefix: Path, forge: Forge) -> None:
    put(site(prefix) / "humanize" / "time.py", "")


def wheel_removed(prefix: Path, forge: Forge) -> None:
    shutil.rmtree(site(prefix) / "humanize")
    (info,) = site(prefix).glob("humanize-*.dist-info")
    shutil.rmtree(info)


def wheel_of_another_version(prefix: Path, forge: Forge) -> None:
    (info,) = site(prefix).glob("tabulate-*.dist-info")
    text = (info / "METADATA").read_text().replace("\nVersion: 0.9.0", "\nVersion: 0.8.0")
    put(info / "METADATA", text)
    info.rename(info.with_name("tabulate-0.8.0.dist-info"))


DAMAGES: list[tuple[tuple[Callable[[Path, Forge], None], ...], list[str]]] = [
    (
        (upgraded_by_pip, stray_of_pip, wheel_removed, file_emptied, file_of_the_same_size),
        [
            "relink conda click",
            "relink conda six",
            "relink conda urllib3",
            "install pip humanize",
            "remove pip colorama",
            "remove pip urllib3",
        ],
    ),
    (
        (program_removed, record_removed, wheel_file_changed),
        ["relink conda python", "install conda six", "relink pip humanize", "remove pip six"],
    ),
    (
        (record_broken, downgraded_by_hand, wheel_of_another_version),
        ["replace conda click", "install conda six", "replace pip tabulate", "remove pip six"],
    ),
    ((link_turned,), ["relink conda python"]),
    ((link_replaced_by_a_file,), ["relink conda python"]),
    ((record_doubled, file_emptied), ["relink conda click", "install conda six"]),
]


def everything(prefix: Path) -> dict[str, tuple[int, int, int]]:
    """What tells whether a file was touched: inode, time and size, by path."""
    return {
        str(path.relative_to(prefix)): (path.lstat().st_ino, path.lstat().st_mtime_ns, path.lstat().st_size)
        for path in prefix.rglob("*")
        if not path.is_dir() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize(
    ("damages", "steps"),
    DAMAGES,
    ids=[" ".join(damage.__name__ for damage in damages) for damages, _ in DAMAGES],
)
def test_what_differs_is_mended_and_nothing_else(prefix, packages, forge, world, damages, steps):
    for damage in damages:
        damage(prefix, forge)
    before = everything(prefix)
    plan = plan_sync(packages, prefix)
    assert [f"{step.action} {step.package.manager} {step.package.name}" for step in plan.steps] == steps
    assert everything(prefix) == before
    outcome = sync_environment(packages, prefix, BuildOptions(world.mirrors, cache=world.cache))
    assert outcome.steps == plan.steps
    assert prefixes.read(prefix).inconsistencies == ()
    touched = {step.package.name for step in plan.steps}
    others = [
        name for name in ("python", "pip", "click", "tabulate", "humanize", "six") if name not in touched
    ]
    after = everything(prefix)
    for name in others:
        mine = {
            path
            for path in before
            if path.startswith(f"conda-meta/{name}-") or f"site-packages/{name}" in path
        }
        assert {path: after.get(path) for path in mine} == {path: before[path] for path in mine}


def test_a_sound_prefix_is_left_alone(prefix, packages, world):
    before = everything(prefix)
    assert sync_environment(packages, prefix, BuildOptions(world.mirrors, cache=world.cache)).steps == ()
    assert everything(prefix) == before


def test_a_file_that_was_changed_through_a_hard_link_is_mended_in_the_cache_too(
    built, packages, world, tmp_path
):
    """An editor that writes in place changes the cache's copy as well, from which it would be linked again."""
    options = BuildOptions(world.mirrors, cache=tmp_path / "cache")
    build_environment(packages, tmp_path / "env", options)
    path = site(tmp_path / "env") / "six.py"
    with path.open("r+b") as file:
        file.write(b"# other")
    sync_environment(packages, tmp_path / "env", options)
    assert path.read_bytes() == (site(built[0]) / "six.py").read_bytes()


def test_where_there_is_no_environment_it_is_said(packages, world, tmp_path):
    with pytest.raises(
        LockstepError, match=r"none: there is no conda environment; run: lockstep build --prefix"
    ):
        sync_environment(packages, tmp_path / "none", BuildOptions(world.mirrors, cache=world.cache))
    assert not (tmp_path / "none").exists()


CHILD = """
import sys
from pathlib import Path
from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.install.build import BuildOptions, sync_environment
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.channels.channels import Mirrors
lock, prefix, cache, channel, pypi = sys.argv[1:]
packages = next(iter(cep37.read(Path(lock)).platforms.values()))
mirrors = Mirrors({"https://conda.anaconda.org/forge": channel, "https://pypi.org": pypi}, TRUSTED)
print("go", flush=True)
sync_environment(packages, Path(prefix), BuildOptions(mirrors, cache=Path(cache)))
"""


def test_a_sync_that_was_killed_is_not_trusted_and_the_next_one_mends(
    prefix, packages, world, forge, tmp_path
):
    lock = tmp_path / "conda-lock.yml"
    cep37.write(Lock({world.subdir: packages}), lock)
    arguments = [lock, prefix, world.cache, forge.channel_url, forge.pypi.as_uri()]
    mark = prefix / "conda-meta" / ".lockstep-unfinished"
    marked = 0
    for _ in range(20):  # a sync may end between the look and the signal: then it is done again
        file_removed(prefix, forge)
        shutil.rmtree(site(prefix) / "click")
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, *map(str, arguments)],
            stdout=subprocess.PIPE,
            start_new_session=True,
        ) as child:
            child.stdout.readline()
            while child.poll() is None and not mark.exists():
                pass
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
        if mark.exists():
            marked += 1
            with pytest.raises(LockstepError, match=r"is unfinished: .*or run: lockstep sync --prefix"):
                prefixes.read(prefix)
        sync_environment(packages, prefix, BuildOptions(world.mirrors, cache=world.cache))
        assert plan_sync(packages, prefix).steps == ()
        assert prefixes.read(prefix).packages.environment_id == packages.environment_id
        if marked == 2:
            return
    pytest.fail("no sync was killed while it changed the prefix")


def test_a_prefix_that_was_moved_is_linked_again_where_it_is(built, packages, world, tmp_path):
    moved = moved_copy_of(built[0], tmp_path / "env")
    options = BuildOptions(world.mirrors, cache=world.cache)
    for bring in (sync_environment, build_environment):
        steps = {step.package.name for step in bring(packages, moved, options).steps}
        assert {"pip", "humanize"} & steps == {"pip"}
        program = subprocess.run([moved / "bin" / "pip", "--version"], capture_output=True, text=True)
        assert str(moved) in program.stdout
        assert sync_environment(packages, moved, options).steps == ()
        moved = moved.rename(tmp_path / f"{moved.name}-moved")


MODES = [
    ("bin/python3.*", 0o644, 0o755),
    ("bin/pip", 0o600, 0o755),
    ("bin/python3.*", 0o4755, 0o755),
    ("lib/python3.*/site-packages/six.py", 0o600, 0o644),
    ("lib/python3.*/site-packages/click", 0o700, 0o755),
    ("lib/python3.*/site-packages/humanize", 0o000, 0o055),
]


@pytest.mark.parametrize(("pattern", "wrong", "right"), MODES)
def test_permission_bits_are_brought_back(prefix, packages, world, pattern, wrong, right):
    prefix.chmod(0o755)
    path = next(path for path in prefix.glob(pattern) if not path.is_symlink())
    path.chmod(wrong)
    steps = sync_environment(packages, prefix, BuildOptions(world.mirrors, cache=world.cache)).steps
    assert [step.action for step in steps] == ["chmod"]
    assert path.stat().st_mode & 0o7777 == right
    assert sync_environment(packages, prefix, BuildOptions(world.mirrors, cache=world.cache)).steps == ()


def emptied(fields: dict) -> None:
    fields["files"], fields["paths_data"]["paths"] = [], []


def unhashed(fields: dict) -> None:
    for entry in fields["paths_data"]["paths"]:
        entry.pop("sha256", None), entry.pop("sha256_in_prefix", None)


def partly_unhashed(fields: dict) -> None:
    entry = next(each for each in fields["paths_data"]["paths"] if each["path_type"] == "hardlink")
    entry.pop("sha256", None), entry.pop("sha256_in_prefix", None)


@pytest.mark.parametrize("change", [emptied, unhashed, partly_unhashed])
def test_a_record_that_proves_nothing_is_written_anew(prefix, packages, world, change):
    path = record(prefix, "python")
    fields = json.loads(path.read_text())
    change(fields)
    path.write_text(json.dumps(fields, indent=2))
    options = BuildOptions(world.mirrors, cache=world.cache)
    steps = sync_environment(packages, prefix, options).steps
    assert ("relink", "python") in [(step.action, step.package.name) for step in steps]
    assert sync_environment(packages, prefix, options).steps == ()
