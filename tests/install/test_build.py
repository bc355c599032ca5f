"""From a lock to a prefix that runs, is exactly the lock, and says where its packages are from."""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest

from conda_lockstep.install.link.pip_part import python_of
from conda_lockstep.snapshot import prefix as prefixes
from tests.support.forge import Draft, Member
from tests.support.small_index import SmallWheel, write_small_index


def _run(prefix: Path, code: str) -> str:
    done = subprocess.run(
        [python_of(prefix), "-I", "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("over", ["file", "http"])
def test_a_built_environment_runs_and_is_the_lock(world_of, forge, http_server, tmp_path, over):
    world = world_of(*(http_server(folder).url for folder in (forge.channel, forge.pypi) if over == "http"))
    packages = world.lock("python", "numpy", "requests", pip=("requests-toolbelt", "humanize"))
    prefix = tmp_path / "env"
    assert world.build(packages, prefix, fresh=True) is False
    assert _run(prefix, "import sys, numpy; print(sys.prefix, numpy.ones(3).sum())") == f"{prefix} 3.0"
    assert _run(prefix, "import requests_toolbelt, humanize; print(humanize.intcomma(12345))") == "12,345"
    installed = prefixes.read(prefix)
    assert installed.packages.environment_id == packages.environment_id
    assert installed.inconsistencies == ()
    assert {key: package.sha256 for key, package in installed.packages.items()} == {
        key: package.sha256 for key, package in packages.items()
    }
    assert not (prefix / "conda-meta" / ".lockstep-unfinished").exists()


def test_a_pip_part_of_every_kind_is_installed_as_it_was_locked(world_of, forge, tmp_path):
    """Extras, markers, a local version, a file by its URL, one of another index, and the file that fits best."""
    version = "".join(forge.python_version.split(".")[:2])
    wheels = [
        SmallWheel("app", "1.0", requires=("local[more]", "six", "tabulate; sys_platform == 'win32'")),
        SmallWheel("local", "2.1+cu118", requires=("tagged; extra == 'more'",), extras=("more",)),
        SmallWheel("tagged", "1.0"),
        SmallWheel("tagged", "1.0", tag=f"cp{version}-cp{version}-manylinux_2_17_{platform.machine()}"),
    ]
    index = write_small_index(tmp_path / "pypi", wheels)
    extra = write_small_index(tmp_path / "extra", [SmallWheel("private", "1.0", extras=("a",))])
    write_small_index(tmp_path / "direct", [SmallWheel("direct", "3.0")])
    world = world_of(pypi=index.parent.as_uri())
    url = (tmp_path / "direct" / "files" / "direct-3.0-py3-none-any.whl").as_uri()
    packages = world.lock(
        "python", "six", pip=(f"--extra-index-url {extra.as_uri()}", "app", "private[a]", f"direct @ {url}")
    )
    assert [key[1] for key in packages.only("pip")] == ["app", "direct", "local", "private", "tagged"]
    world.build(packages, tmp_path / "env", fresh=True)
    installed = prefixes.read(tmp_path / "env").packages
    assert installed.digest == packages.digest
    assert {key: package.sha256 for key, package in installed.items()} == {
        key: package.sha256 for key, package in packages.items()
    }
    code = "import app, local, tagged, private, direct; print(local.VERSION, tagged.TAG, direct.VERSION)"
    tag = (
        f"cp{version}-cp{version}-manylinux_2_17_{platform.machine()}"
        if forge.subdir.startswith("linux")
        else "py3-none-any"
    )
    assert _run(tmp_path / "env", code) == f"2.1+cu118 {tag} 3.0"


def test_the_prefix_names_the_channel_and_not_its_mirror(world, tmp_path):
    packages = world.lock("python", "requests", pip=("humanize",))
    world.build(packages, tmp_path / "env")
    record = json.loads(next((tmp_path / "env" / "conda-meta").glob("requests-*.json")).read_text())
    assert record["channel"] == "https://conda.anaconda.org/forge"
    assert record["url"] == packages["conda", "requests"].url
    assert record["noarch"] == "python"
    assert record["timestamp"] > 0
    (origin,) = (tmp_path / "env").glob("lib/python*/site-packages/humanize-*.dist-info/direct_url.json")
    loaded = json.loads(origin.read_text())
    assert loaded["url"] == packages["pip", "humanize"].url
    assert loaded["archive_info"]["hashes"] == {"sha256": packages["pip", "humanize"].sha256}
    code = (
        "from importlib.metadata import files\n"
        "print(next(file.hash.value for file in files('humanize') if file.name == 'direct_url.json'))"
    )
    digest = base64.urlsafe_b64encode(hashlib.sha256(origin.read_bytes()).digest()).decode().rstrip("=")
    assert _run(tmp_path / "env", code) == digest


def test_building_again_changes_nothing(world, tmp_path):
    packages = world.lock("python", "six", pip=("humanize",))
    prefix = tmp_path / "env"
    world.build(packages, prefix)
    before = {path: path.read_bytes() for path in (prefix / "conda-meta").glob("*.json")}
    world.build(packages, prefix)
    assert {path: path.read_bytes() for path in (prefix / "conda-meta").glob("*.json")} == before
    assert prefixes.read(prefix).packages.environment_id == packages.environment_id


def test_an_environment_is_brought_to_another_lock(world, tmp_path):
    prefix = tmp_path / "env"
    world.build(world.lock("python", "requests", "click", pip=("humanize", "tabulate")), prefix)
    packages = world.lock("python", "requests", "urllib3<2", pip=("opensearch-py",))
    world.build(packages, prefix)
    assert prefixes.read(prefix).packages.keys() == packages.keys()
    _run(prefix, "import opensearchpy, urllib3; assert urllib3.__version__.startswith('1.')")


def test_what_pip_did_behind_condas_back_is_undone(world, forge, tmp_path):
    packages = world.lock("python", "pip", "urllib3>=2")
    prefix = tmp_path / "env"
    world.build(packages, prefix)
    wheel = next((forge.pypi / "files").glob("urllib3-1.26*.whl"))
    subprocess.run(
        [python_of(prefix), "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel],
        check=True,
        timeout=120,
    )
    assert prefixes.read(prefix).inconsistencies
    world.build(packages, prefix)
    assert prefixes.read(prefix).inconsistencies == ()
    assert _run(prefix, "import urllib3; print(urllib3.__version__)") == packages["conda", "urllib3"].version


def test_link_scripts_do_not_run(forge, world_of, tmp_path):
    channel = forge.copy(tmp_path / "channel")
    script = Member("bin/.nosy-post-link.sh", b"#!/bin/sh\ntouch $PREFIX/it-ran\n", executable=True)
    released = datetime(2025, 1, 1, tzinfo=timezone.utc)
    channel.add(Draft("nosy", "1.0", "0", released=released, noarch="generic", members=(script,)))
    world = world_of(channel.url)
    world.build(world.lock("nosy"), tmp_path / "env", fresh=True)
    assert (tmp_path / "env" / "conda-meta" / "nosy-1.0-0.json").exists()
    assert not (tmp_path / "env" / "it-ran").exists()
