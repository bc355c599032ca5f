"""The forge's promises: real packages that install and run, the same bytes every time, changes in copies only."""

from __future__ import annotations

import asyncio
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.forge import Forge, build_forge
from tests.support.forge.archive import read, write

SPECS = ("python", "pip", "numpy", "requests", "pyyaml", "pytorch", "tqdm")


def solve_and_install(channel_url: str, forge: Forge, prefix: Path, specs: tuple[str, ...] = SPECS) -> None:
    from rattler import Channel, MatchSpec, VirtualPackage, install, solve

    async def run() -> None:
        records = await solve(
            [Channel(channel_url)],
            [MatchSpec(spec) for spec in specs],
            platforms=[forge.subdir, "noarch"],
            virtual_packages=VirtualPackage.detect(),
        )
        await install(records, prefix, cache_dir=prefix.parent / "cache", show_progress=False)

    asyncio.run(run())


def run(prefix: Path, *arguments: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(prefix.parent)}
    command = [str(prefix / "bin" / "python"), *arguments]
    return subprocess.run(
        command, env=environment, check=True, text=True, capture_output=True, cwd="/"
    ).stdout


@pytest.fixture(scope="module")
def prefix(forge: Forge, tmp_path_factory: pytest.TempPathFactory) -> Path:
    prefix = tmp_path_factory.mktemp("installed") / "prefix"
    solve_and_install(forge.channel_url, forge, prefix)
    return prefix


@pytest.mark.parametrize(
    ("statement", "printed"),
    [
        ("import ssl, json, sqlite3, ctypes; print('ok')", "ok"),
        ("import numpy; print(numpy.zeros(3).sum(), numpy.linalg.det(numpy.eye(2)))", "0.0 1.0"),
        ("import yaml; print(yaml.__with_libyaml__, yaml.load('a: 1', yaml.CSafeLoader))", "True {'a': 1}"),
        ("import requests, torch; print(torch.__version__)", "2.4.1"),
    ],
)
def test_what_is_installed_imports_and_works(prefix: Path, statement: str, printed: str) -> None:
    assert run(prefix, "-c", statement).strip() == printed


def test_the_interpreter_is_the_machines_own_and_lives_in_the_prefix(prefix: Path, forge: Forge) -> None:
    printed = run(
        prefix, "-c", "import sys, os; print(sys.version.split()[0], sys.prefix, os.__file__)"
    ).split()
    assert printed[0] == forge.python_version
    assert printed[1] == str(prefix)
    assert printed[2].startswith(str(prefix))


def test_pip_runs_and_finds_no_broken_requirement(prefix: Path) -> None:
    assert run(prefix, "-m", "pip", "--version").startswith("pip ")
    assert "No broken requirements" in run(prefix, "-m", "pip", "check")


@pytest.mark.parametrize("script", ["tqdm", "normalizer"])
def test_scripts_of_noarch_and_of_compiled_packages_run_in_the_prefix(prefix: Path, script: str) -> None:
    done = subprocess.run([prefix / "bin" / script, "--version"], text=True, capture_output=True, check=True)
    assert done.stdout
    assert (prefix / "bin" / script).read_text().startswith(f"#!{prefix}/bin/python")


def test_the_channel_installs_over_http(forge: Forge, http_server, tmp_path: Path) -> None:
    server = http_server(forge.channel)
    solve_and_install(server.url, forge, tmp_path / "prefix", ("python", "six"))
    assert run(tmp_path / "prefix", "-c", "import six; print('ok')") == "ok\n"
    assert any("repodata.json" in request.path for request in server.requests)


def test_a_package_reads_back_to_the_same_bytes(forge: Forge, tmp_path: Path) -> None:
    for name in ("tqdm", "markupsafe", "python", "cuda-version"):
        path = forge.channel / forge.newest(name).subdir / forge.newest(name).filename
        assert write(read(path), tmp_path).read_bytes() == path.read_bytes()


def test_a_second_forge_has_the_same_bytes(forge: Forge, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    for wheels in forge.channel.parents[1].glob("wheels-*"):
        (tmp_path / "cache" / wheels.name).symlink_to(wheels)
    again = build_forge(tmp_path / "cache")
    assert again.channel != forge.channel
    for first, second in ((forge.channel, again.channel), (forge.pypi, again.pypi)):
        assert contents(first) == contents(second)


def test_a_second_call_takes_no_time(forge: Forge) -> None:
    started = time.perf_counter()
    assert build_forge() == forge
    assert time.perf_counter() - started < 0.1


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
