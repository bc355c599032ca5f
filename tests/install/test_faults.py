"""What goes wrong in a build is said in one line, and what is left of it is never trusted."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conda_lockstep.errors import LockstepError
from conda_lockstep.install.build import BuildOptions, build_environment
from conda_lockstep.install.prefix import building
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import PackageSet
from conda_lockstep.snapshot import prefix as prefixes
from conda_lockstep.snapshot.unfinished import is_unfinished
from tests.install.conftest import CHANNEL

NEEDS_ROOT_TO_MATTER = pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")


def test_other_bytes_in_a_local_channel_are_refused(forge, world_of, tmp_path):
    channel = forge.copy(tmp_path / "channel")
    world = world_of(channel.url)
    packages = world.lock("python", "six")
    channel.rebuild(channel.newest("six"))
    with pytest.raises(
        LockstepError,
        match=r"six-.*\.conda: is not the file that the lock names: sha256 [0-9a-f]{64} expected",
    ):
        world.build(packages, tmp_path / "env", fresh=True)
    assert not (tmp_path / "env").exists()


def test_other_bytes_from_a_server_are_refused_and_the_retry_succeeds(forge, world_of, http_server, tmp_path):
    channel = forge.copy(tmp_path / "channel")
    world = world_of(http_server(channel.root).url)
    packages = world.lock("python", "six")
    expected = packages["conda", "six"].sha256
    (served,) = channel.root.glob("noarch/six-1.17*.conda")
    right = served.read_bytes()
    channel.rebuild(channel.newest("six"))
    with pytest.raises(
        LockstepError,
        match=rf"six-.*\.conda: is not the file that the lock names: sha256 {expected} expected",
    ):
        world.build(packages, tmp_path / "env", fresh=True)
    assert not (tmp_path / "env").exists()
    served.unlink()
    served.write_bytes(right)
    world.build(packages, tmp_path / "env", fresh=True)
    assert prefixes.read(tmp_path / "env").packages.environment_id == packages.environment_id


def test_other_bytes_in_the_cache_are_not_taken_for_the_lock(forge, world_of, tmp_path):
    channel = forge.copy(tmp_path / "channel")
    world = world_of(channel.url)
    world.build(world.lock("six", "python"), tmp_path / "one")
    channel.rebuild(channel.newest("six"))
    packages = world.lock("six", "python")
    world.build(packages, tmp_path / "two")
    assert prefixes.read(tmp_path / "two").packages["conda", "six"].sha256 == packages["conda", "six"].sha256


def test_another_wheel_of_the_same_name_is_refused(forge, world_of, http_server, tmp_path):
    folder = tmp_path / "pypi"
    (folder / "simple").mkdir(parents=True)
    (folder / "files").mkdir()
    for part in ("simple/humanize", "simple/index.html"):
        (folder / part).symlink_to(forge.pypi / part)
    (wheel,) = (forge.pypi / "files").glob("humanize-*.whl")
    copy = folder / "files" / wheel.name
    copy.write_bytes(wheel.read_bytes())
    (folder / "files" / f"{wheel.name}.metadata").symlink_to(f"{wheel}.metadata")
    world = world_of(pypi=http_server(folder).url)
    packages = world.lock("python", pip=("humanize",))
    with zipfile.ZipFile(copy, "a") as changed:
        changed.writestr("humanize/more.py", "print('other bytes')")
    with pytest.raises(
        LockstepError, match=r"humanize.*is not the file that the lock names: sha256 \w+ expected, \w+ found"
    ):
        world.build(packages, tmp_path / "env", fresh=True)
    assert not (tmp_path / "env").exists()


@pytest.mark.parametrize(
    ("fault", "reason"), [("404", "404 Not Found"), ("reset", "Connection reset by peer")]
)
def test_a_wheel_that_cannot_be_fetched_is_named_by_its_url(
    forge, world_of, http_server, tmp_path, fault, reason
):
    server = http_server(forge.pypi)
    world = world_of(pypi=server.url)
    packages = world.lock("python", pip=("humanize",))
    server.fail("*/humanize-*.whl", fault)
    with pytest.raises(LockstepError) as caught:
        world.build(packages, tmp_path / "env", fresh=True)
    wheel = "files/humanize-4.12.0-py3-none-any.whl"
    assert str(caught.value).startswith(
        f"https://pypi.org/{wheel}: cannot be fetched from {server.url}/{wheel}: "
    )
    assert reason in str(caught.value)
    assert not (tmp_path / "env").exists()


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            "404",
            r"https://conda\.anaconda\.org/forge/noarch/six-.*: cannot be fetched from http.*: 404 Not Found",
        ),
        ("truncate", r"https://conda\.anaconda\.org/forge/noarch/six-.*: cannot be fetched from http"),
        ("reset", r"https://conda\.anaconda\.org/forge/noarch/six-.*: cannot be fetched from http"),
    ],
)
def test_a_download_that_fails_names_the_package_and_the_retry_succeeds(
    forge, world_of, http_server, tmp_path, fault, message
):
    server = http_server(forge.channel)
    world = world_of(server.url)
    packages = world.lock("python", "six")
    server.fail("*/six-*.conda", fault)
    with pytest.raises(LockstepError, match=message):
        world.build(packages, tmp_path / "env", fresh=True)
    assert not (tmp_path / "env").exists()
    server.heal()
    world.build(packages, tmp_path / "env", fresh=True)
    assert prefixes.read(tmp_path / "env").packages.environment_id == packages.environment_id


def _prepare_file(prefix: Path) -> None:
    prefix.write_text("not a folder")


def _prepare_other_things(prefix: Path) -> None:
    prefix.mkdir()
    (prefix / "thesis.tex").write_text("years of work")


def _prepare_base(prefix: Path) -> None:
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "condabin").mkdir()


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (_prepare_file, "is a file, not a folder; name another prefix"),
        (
            _prepare_other_things,
            "is a folder of other things, not an environment; name a new or empty folder",
        ),
        (_prepare_base, "is a base environment, which conda itself lives in; name another prefix"),
    ],
)
def test_what_is_no_place_for_an_environment_is_left_alone(world, tmp_path, prepare, message):
    prefix = tmp_path / "place"
    prepare(prefix)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(LockstepError) as caught:
        world.build(PackageSet.of([]), prefix)
    assert str(caught.value) == f"{prefix}: {message}"
    assert sorted(tmp_path.rglob("*")) == before


def test_a_prefix_under_a_file_is_said_to_be_impossible(world, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LockstepError, match="cannot be built in: Not a directory"):
        world.build(PackageSet.of([]), tmp_path / "file" / "env")


@NEEDS_ROOT_TO_MATTER
def test_a_folder_that_cannot_be_written_is_said_to_be(world, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(LockstepError, match="cannot be built in: Permission denied"):
        world.build(PackageSet.of([]), tmp_path / "env")


def test_a_cache_that_is_no_folder_is_one_line(world, tmp_path):
    packages = world.lock("python", "six")
    (tmp_path / "env-cache").mkdir()
    (tmp_path / "env-cache" / "pkgs").write_text("")
    with pytest.raises(LockstepError, match=r"env: cannot be built: .*File exists"):
        world.build(packages, tmp_path / "env", fresh=True)
    assert not (tmp_path / "env").exists()


def test_a_disk_that_takes_no_more_is_one_line(world, forge, tmp_path):
    """As on a full disk, writing fails in the middle: here by a limit on the size of a file."""
    arguments = _child_arguments(
        world, forge, world.lock("python", "six"), tmp_path, tmp_path / "env", tmp_path / "cache"
    )
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    done = subprocess.run(
        [sys.executable, "-c", limit + CHILD, *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2
    assert re.fullmatch(
        r".*/env: cannot be built: failed to fetch python-.*: File too large[^\n]*\n", done.stderr
    ), done.stderr
    assert not (tmp_path / "env").exists()


@contextmanager
def _mounted(folder: Path, *arguments: str) -> Iterator[Path]:
    """Mount something for the length of a test, which root may; skip where we may not."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *arguments, str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    ("megabytes", "reason"),
    [
        (3, r"\.conda\.part: cannot be written: No space left on device; make room"),
        (40, r"/env: cannot be built: .*No space left on device"),
    ],
    ids=["while fetching", "while linking"],
)
def test_a_full_disk_is_one_line_and_the_retry_succeeds(
    world_of, forge, http_server, tmp_path, megabytes, reason
):
    server = http_server(forge.channel)
    world = world_of(server.url)
    packages = world.lock("python", "six")
    with _mounted(tmp_path / "disk", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs") as disk:
        options = BuildOptions(world.mirrors, cache=disk / "cache")
        with pytest.raises(LockstepError, match=reason) as caught:
            build_environment(packages, disk / "env", options)
        assert "\n" not in str(caught.value)
        assert not (disk / "env").exists()
        subprocess.run(["mount", "-o", "remount,size=300m", str(disk)], check=True)
        build_environment(packages, disk / "env", options)
        assert prefixes.read(disk / "env").packages.environment_id == packages.environment_id


def test_a_cache_that_cannot_be_written_is_used_as_it_is(world_of, forge, http_server, tmp_path):
    server = http_server(forge.channel)
    world = world_of(server.url)
    shared = tmp_path / "shared"
    build_environment(
        world.lock("python", "six"), tmp_path / "one", BuildOptions(world.mirrors, cache=shared)
    )
    packages = world.lock("python", "six", "click")
    server.requests.clear()
    before = sorted(shared.rglob("*"))
    with _mounted(tmp_path / "read-only", "--bind", "-o", "ro", str(shared)) as cache:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(cache)], check=True)
        build_environment(packages, tmp_path / "two", BuildOptions(world.mirrors, cache=cache))
    assert prefixes.read(tmp_path / "two").packages.environment_id == packages.environment_id
    assert [request.path.rpartition("/")[2].partition("-")[0] for request in server.requests] == ["click"]
    assert sorted(shared.rglob("*")) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "read-only", "shared", "two"]


@pytest.mark.parametrize("damage", ["removed", "truncated"])
def test_a_package_that_is_damaged_in_the_cache_is_extracted_again(world, tmp_path, damage):
    packages = world.lock("python", "six")
    options = BuildOptions(world.mirrors, cache=tmp_path / "cache")
    build_environment(packages, tmp_path / "one", options)
    (module,) = (tmp_path / "cache" / "pkgs").glob("six-*/site-packages/six.py")
    content = module.read_bytes()
    module.unlink()
    if damage == "truncated":
        module.write_bytes(content[:100])
    build_environment(packages, tmp_path / "two", options)
    (linked,) = (tmp_path / "two").glob("lib/python*/site-packages/six.py")
    assert linked.read_bytes() == content


def test_a_second_build_of_a_prefix_waits_and_says_so(world, forge, tmp_path):
    packages = world.lock("python", "six")
    arguments = _child_arguments(world, forge, packages, tmp_path, tmp_path / "env", world.cache)
    with building(tmp_path / "env"):
        child = subprocess.Popen([sys.executable, "-c", CHILD, *arguments], stderr=subprocess.PIPE, text=True)
        said = child.stderr.readline()
        assert said.endswith("env: waiting for another process that is at work there\n")
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.2)
    assert child.communicate(timeout=120)[1] == ""
    assert child.returncode == 0
    assert prefixes.read(tmp_path / "env").packages.environment_id == packages.environment_id
    assert not list((tmp_path / "env" / "conda-meta").glob(".*"))


def test_builds_of_other_prefixes_share_a_new_cache(world, world_of, http_server, forge, tmp_path):
    server = http_server(forge.channel)
    packages = world.lock("python", "six")
    children = []
    for number in range(2):
        arguments = _child_arguments(
            world, forge, packages, tmp_path, tmp_path / f"env{number}", tmp_path / "cache"
        )
        arguments[4] = server.url
        children.append(
            subprocess.Popen([sys.executable, "-c", CHILD, *arguments], stderr=subprocess.PIPE, text=True)
        )
    said = [child.communicate(timeout=120)[1] for child in children]
    assert [child.returncode for child in children] == [0, 0], said
    for number in range(2):
        found = prefixes.read(tmp_path / f"env{number}")
        assert found.packages.environment_id == packages.environment_id
        assert found.inconsistencies == ()


def test_a_build_that_fails_leaves_an_environment_as_it_was(world_of, http_server, forge, tmp_path):
    server = http_server(forge.channel)
    world = world_of(server.url)
    prefix = tmp_path / "env"
    before, after = world.lock("python", "six"), world.lock("python", "six", "click")
    world.build(before, prefix, fresh=True)
    server.fail("*/click-*", "404")
    with pytest.raises(LockstepError, match="404 Not Found"):
        world.build(after, prefix, fresh=True)
    assert prefixes.read(prefix).packages.environment_id == before.environment_id


def test_a_failed_build_leaves_no_prefix_behind(tmp_path):
    with pytest.raises(ZeroDivisionError), building(tmp_path / "env"):
        raise ZeroDivisionError
    assert not (tmp_path / "env").exists()


def test_a_failed_change_of_an_environment_is_marked_and_started_anew(world, tmp_path):
    prefix = tmp_path / "env"
    packages = world.lock("python", "six")
    world.build(packages, prefix)
    with pytest.raises(ZeroDivisionError), building(prefix) as work:
        work.begin()
        raise ZeroDivisionError
    assert is_unfinished(prefix)
    with pytest.raises(LockstepError, match="is unfinished: a build or a sync began there and did not end"):
        prefixes.read(prefix)
    (prefix / "half-linked").write_text("")
    assert world.build(packages, prefix) is True
    assert not (prefix / "half-linked").exists()
    assert prefixes.read(prefix).packages.environment_id == packages.environment_id


CHILD = """
import os, sys
from pathlib import Path
from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.install.build import BuildOptions, build_environment
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.channels.channels import Mirrors
lock, prefix, cache, *mirrors = sys.argv[1:]
packages = next(iter(cep37.read(Path(lock)).platforms.values()))
print("go", flush=True)
try:
    mirrors = Mirrors(dict(zip(mirrors[::2], mirrors[1::2])), TRUSTED)
    build_environment(packages, Path(prefix), BuildOptions(mirrors, cache=Path(cache)))
    print("done", flush=True)
except LockstepError as error:
    print(error, file=sys.stderr, flush=True)
    os._exit(2)
"""


def _child_arguments(world, forge, packages, folder: Path, prefix: Path, cache: Path) -> list[str]:
    cep37.write(Lock({world.subdir: packages}), folder / "conda-lock.yml")
    mirrors = [CHANNEL, forge.channel_url, "https://pypi.org", forge.pypi.as_uri()]
    return [str(folder / "conda-lock.yml"), str(prefix), str(cache), *mirrors]


def _moments(prefix: Path, cache: Path) -> Iterator[Callable[[], bool]]:
    """Yield states of a build, from its first step to its last: whether each has been reached."""
    yield lambda: True
    yield cache.exists
    yield prefix.exists
    yield lambda: is_unfinished(prefix)
    for records in range(1, 6):
        yield lambda records=records: len(list(prefix.glob("conda-meta/*.json"))) >= records
    yield lambda: prefix.exists() and not is_unfinished(prefix)


def test_a_build_killed_at_any_moment_is_known_and_done_again(world, forge, tmp_path):
    packages = world.lock("python", "six", pip=("humanize",))
    killed = 0
    for attempt in range(10):
        prefix = tmp_path / f"env{attempt}"
        cache = tmp_path / f"cache{attempt // 2}"  # new, or as a killed build left it
        reached = list(_moments(prefix, cache))[attempt]
        arguments = _child_arguments(world, forge, packages, tmp_path, prefix, cache)
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, *arguments], stdout=subprocess.PIPE, start_new_session=True
        ) as child:
            child.stdout.readline()
            while child.poll() is None and not reached():
                pass
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
        if any(prefix.glob("conda-meta/*.json")) and not is_unfinished(prefix):
            assert prefixes.read(prefix).packages.environment_id == packages.environment_id
        else:
            killed += 1
        build_environment(packages, prefix, BuildOptions(world.mirrors, cache=cache))
        assert prefixes.read(prefix).inconsistencies == ()
        assert prefixes.read(prefix).packages.environment_id == packages.environment_id
        assert not is_unfinished(prefix)
    assert killed >= 3
