"""The wheel that is chosen is the one that pip would choose: both asked, over generated sets of wheels."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.model.virtual_packages import VirtualPackage
from conda_lockstep.lock.pip.requirements import pip_part
from conda_lockstep.lock.pip.resolve import resolve
from conda_lockstep.lock.pip.wheels import WheelTarget
from tests.support.small_index import SmallWheel, write_small_index

PROJECTS = 30
PYTHONS = (
    "cp311-cp311",
    "cp311-abi3",
    "cp38-abi3",
    "cp312-cp312",
    "cp310-cp310",
    "cp311-none",
    "py311-none",
    "py3-none",
)
# Not manylinux1 and manylinux2010 alone: where pip is told the platforms, it ranks them as no machine does.
PLATFORMS = (
    "any", "linux_x86_64", "linux_aarch64", "manylinux_2_5_x86_64.manylinux1_x86_64", "manylinux2014_x86_64",
    "manylinux_2_17_x86_64.manylinux2014_x86_64", "manylinux_2_24_x86_64", "manylinux_2_28_x86_64",
    "manylinux_2_34_x86_64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64", "musllinux_1_2_x86_64",
    "macosx_10_9_x86_64", "macosx_11_0_arm64", "macosx_11_0_universal2", "macosx_14_0_arm64", "win_amd64", "win32",
)  # fmt: skip
TARGETS = (
    WheelTarget("3.11.7", "linux-64", (VirtualPackage("__glibc", "2.28"),)),
    WheelTarget("3.12.1", "linux-aarch64", (VirtualPackage("__glibc", "2.34"),)),
    WheelTarget("3.11.7", "osx-arm64", (VirtualPackage("__osx", "11.0"),)),
    WheelTarget("3.11.7", "win-64", ()),
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Projects with a pure wheel of 1.0, and wheels of 2.0 for this and that: the same ones each time."""
    chance = random.Random("wheels")
    files = []
    for number in range(PROJECTS):
        name = f"p{number}"
        files.append(SmallWheel(name, "1.0"))
        tags = {f"{chance.choice(PYTHONS)}-{chance.choice(PLATFORMS)}" for _ in range(chance.randint(1, 9))}
        for tag in sorted(tags):
            builds = chance.choice((("",), ("",), ("1",), ("2", "10"), ("", "1a")))
            files += [SmallWheel(name, "2.0", tag=tag, build=build) for build in builds]
    return write_small_index(tmp_path_factory.mktemp("choice") / "pypi", files)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: f"{target.named} {target.python}")
def test_the_wheel_is_the_one_that_pip_chooses(index, target, index_cache, tmp_path):
    names = [f"p{number}" for number in range(PROJECTS)]
    listed = "".join(f"  - {name}\n" for name in names)
    part = pip_part(parse(f"dependencies:\n- pip:\n{listed}", "environment.yml"))
    ours = resolve(
        part, (), target, Mirrors({}, TRUSTED), index=index.as_uri(), cache=index_cache / "uv"
    ).packages
    chosen = {package.name: package.url.rpartition("/")[2] for package in ours}
    assert chosen == _pips(names, index, target, tmp_path)
    assert sum("-2.0-" in name for name in chosen.values()) > PROJECTS / 10


def _pips(names: list[str], index: Path, target: WheelTarget, folder: Path) -> dict[str, str]:
    """Ask pip for a machine that is not this one; it takes the platforms that such a machine has, best first."""
    platforms = dict.fromkeys(tag.platform for tag in target.tags if tag.platform != "any")
    abi = f"cp{''.join(target.python.split('.')[:2])}"
    command = [
        sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-", "--isolated",
        "--disable-pip-version-check", "--no-cache-dir", "--no-deps", "--only-binary", ":all:", "--target", str(folder),
        "--ignore-installed", "--index-url", index.as_uri(), "--python-version", target.python,
        "--implementation", "cp", "--abi", abi, "--abi", "abi3", "--abi", "none",
        *(word for platform in platforms for word in ("--platform", platform)), *names,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)["install"]
    return {
        item["metadata"]["name"]: item["download_info"]["url"].rpartition("/")[2].replace("%2B", "+")
        for item in report
    }
