"""The forge's promises: real packages that install and run, the same bytes every time, changes in copies only."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
import rattler
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rattler import (
    BuildString,
    GenericVirtualPackage,
    MatchSpec,
    PackageName,
    RepoDataRecord,
    Subdir,
    Version,
)

from tests.support.forge import Channel, Draft, Forge, Member, build_forge
from tests.support.forge.archive import read, write
from tests.support.forge.catalogue import CHANNEL, HELD_BACK, PYPI
from tests.support.forge.depends import match_spec, match_specs
from tests.support.forge.download import DownloadError, download, read_pins, wheel_of
from tests.support.forge.platform import SUBDIR
from tests.support.forge.pypi import SDIST_MARKER, SDIST_ONLY
from tests.support.forge.store import PARTIAL, REPOSITORY, build_once
from tests.support.http_server import Server

SPECS = ("python", "pip", "numpy", "pandas", "requests", "pyyaml", "pytorch", "tqdm")
Serve = Callable[[Path], Server]


@pytest.fixture(scope="module")
def prefix(forge: Forge, tmp_path_factory: pytest.TempPathFactory) -> Path:
    prefix = tmp_path_factory.mktemp("installed") / "prefix"
    install(forge.channel_url, SPECS, prefix)
    return prefix


@pytest.mark.parametrize(
    ("statement", "printed"),
    [
        ("import ssl, json, sqlite3, ctypes; print('ok')", "ok"),
        ("import numpy; print(numpy.zeros(3).sum(), numpy.linalg.det(numpy.eye(2)))", "0.0 1.0"),
        ("import pandas; print(pandas.DataFrame({'a': [1, 2]}).a.sum())", "3"),
        ("import yaml; print(yaml.__with_libyaml__, yaml.load('a: 1', yaml.CSafeLoader))", "True {'a': 1}"),
        ("import requests, torch; print(torch.__version__)", "2.4.1"),
    ],
)
def test_what_is_installed_imports_and_works(prefix: Path, statement: str, printed: str) -> None:
    assert python(prefix, "-c", statement).strip() == printed


def test_the_interpreter_is_the_machines_own_and_lives_in_the_prefix(prefix: Path, forge: Forge) -> None:
    statement = "import sys, os, site; print(sys.version.split()[0], sys.prefix, os.__file__, sys.path[-1])"
    version, where, library, packages = python(prefix, "-I", "-c", statement).split()
    assert (version, where) == (forge.python_version, str(prefix))
    assert library.startswith(f"{prefix}/")
    assert packages.startswith(f"{prefix}/") and packages.endswith("/site-packages")


def test_pip_runs_and_finds_no_broken_requirement(prefix: Path) -> None:
    assert python(prefix, "-m", "pip", "--version").startswith("pip ")
    assert "No broken requirements" in python(prefix, "-m", "pip", "check")


@pytest.mark.parametrize("script", ["tqdm", "normalizer"])
def test_scripts_of_noarch_and_of_compiled_packages_run_in_the_prefix(prefix: Path, script: str) -> None:
    done = subprocess.run([prefix / "bin" / script, "--version"], text=True, capture_output=True, check=True)
    assert done.stdout
    assert (prefix / "bin" / script).read_text().startswith(f"#!{prefix}/bin/python")


def test_the_channel_installs_over_http(forge: Forge, http_server: Serve, tmp_path: Path) -> None:
    server = http_server(forge.channel)
    install(server.url, ("python", "six"), tmp_path / "prefix")
    assert python(tmp_path / "prefix", "-c", "import six; print('ok')") == "ok\n"
    assert any("repodata.json" in request.path for request in server.requests)


@pytest.mark.parametrize(
    ("cuda", "build"), [(None, "cpu_"), ("11.8", "cpu_"), ("12.4", "cuda120_")], ids=["none", "11.8", "12.4"]
)
def test_pytorchs_build_follows_the_machines_cuda(forge: Forge, cuda: str | None, build: str) -> None:
    assert solve(forge.channel_url, ("pytorch",), cuda=cuda)["pytorch"].file_name.startswith(
        f"pytorch-2.4.1-{build}"
    )


def test_the_reader_of_another_make_reads_the_packages(forge: Forge) -> None:
    from conda_package_streaming.package_streaming import stream_conda_component

    for name in ("numpy", "requests"):
        record = forge.newest(name)
        path = forge.channel / record.subdir / record.filename
        for component in ("pkg", "info"):
            assert sum(1 for _ in stream_conda_component(path, component=component))


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
    started = time.process_time()
    assert build_forge() == forge
    assert time.process_time() - started < 0.1


def test_every_record_is_dated_hashed_and_sized(forge: Forge) -> None:
    for record in forge.records():
        path = forge.channel / record.subdir / record.filename
        assert record.size == path.stat().st_size
        assert len(record.sha256) == 64 and len(record.md5) == 32
        assert 0 < record.timestamp < time.time() * 1000


def test_a_release_appears_in_a_copy_and_is_newer_than_a_cut_off_at_today(
    forge: Forge, tmp_path: Path
) -> None:
    today = datetime.fromtimestamp(max(r.timestamp for r in forge.records()) / 1000 + 1, timezone.utc)
    upstream = forge.copy(tmp_path / "upstream")
    released = upstream.release("numpy")
    assert solve(upstream.url, ("numpy",))["numpy"].version == Version(released.version)
    assert solve(upstream.url, ("numpy",), today)["numpy"].version == Version(forge.newest("numpy").version)
    assert solve(forge.channel_url, ("numpy",))["numpy"].version != Version(released.version)


def test_a_withdrawn_package_is_gone_from_the_copy_alone(forge: Forge, tmp_path: Path) -> None:
    upstream = forge.copy(tmp_path / "upstream")
    record = upstream.newest("tqdm")
    upstream.withdraw(record)
    assert not upstream.path(record).exists()
    with pytest.raises(KeyError):
        upstream.newest("tqdm")
    assert forge.newest("tqdm") == record


def test_a_rebuilt_package_has_its_name_and_other_bytes(forge: Forge, tmp_path: Path) -> None:
    before = contents(forge.channel)
    upstream = forge.copy(tmp_path / "upstream")
    record = upstream.newest("six")
    rebuilt = upstream.rebuild(record)
    assert (rebuilt.filename, rebuilt.timestamp) == (record.filename, record.timestamp)
    assert rebuilt.sha256 != record.sha256
    install(upstream.url, ("python", "six"), tmp_path / "prefix")
    assert (
        python(tmp_path / "prefix", "-c", "import six; print(open(six.__file__).read()[-10:])")
        == "# rebuilt\n\n"
    )
    assert contents(forge.channel) == before


def test_an_amended_record_keeps_its_file(forge: Forge, tmp_path: Path) -> None:
    upstream = forge.copy(tmp_path / "upstream")
    record = upstream.newest("click")
    upstream.amend(record, depends=["python", "six"])
    amended = upstream.newest("click")
    assert amended.depends == ("python", "six")
    assert amended.sha256 == record.sha256


def test_a_channel_of_ones_own_installs(tmp_path: Path) -> None:
    channel = Channel.create(tmp_path / "channel")
    draft = Draft(
        name="tiny",
        version="1.0",
        build="0",
        released=datetime(2025, 1, 1, tzinfo=timezone.utc),
        noarch="generic",
        members=(Member("share/tiny.txt", b"tiny\n"),),
    )
    channel.add(draft)
    install(channel.url, ("tiny",), tmp_path / "prefix")
    assert (tmp_path / "prefix" / "share" / "tiny.txt").read_text() == "tiny\n"


@pytest.mark.parametrize("kind", ["file", "http"])
def test_uv_installs_from_the_index_into_a_prefix(
    forge: Forge, http_server: Serve, tmp_path: Path, kind: str
) -> None:
    install(forge.channel_url, ("python",), tmp_path / "prefix")
    index = forge.pypi.as_uri() if kind == "file" else http_server(forge.pypi).url
    uv(
        tmp_path,
        "install",
        "--python",
        f"{tmp_path}/prefix/bin/python",
        "--index-url",
        f"{index}/simple/",
        "humanize",
    )
    assert python(tmp_path / "prefix", "-c", "import humanize; print(humanize.intcomma(1000))") == "1,000\n"


def test_the_index_answers_a_cut_off_by_upload_time(forge: Forge, http_server: Serve, tmp_path: Path) -> None:
    index = f"{http_server(forge.pypi).url}/simple/"
    resolved = uv(
        tmp_path, "compile", "-", "--index-url", index, "--exclude-newer", "2025-01-01", given="certifi"
    )
    assert "certifi==2024.12.14" in resolved


def test_a_conflict_with_the_channels_newest_is_real(forge: Forge, tmp_path: Path) -> None:
    given = f"opensearch-py\nurllib3=={forge.newest('urllib3').version}\n"
    with pytest.raises(subprocess.CalledProcessError) as refused:
        uv(tmp_path, "compile", "-", "--index-url", f"{forge.pypi.as_uri()}/simple/", given=given)
    assert "urllib3<2" in refused.value.stderr


def test_the_sdist_tells_when_it_is_run(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sdist,) = (forge.pypi / "files").glob("*.tar.gz")
    assert sdist.name.startswith(SDIST_ONLY.replace("-", "_"))
    subprocess.run(["tar", "-xf", sdist, "-C", tmp_path, "--strip-components=1"], check=True)
    monkeypatch.setenv(SDIST_MARKER, str(tmp_path / "ran"))
    subprocess.run([sys.executable, "setup.py", "--name"], cwd=tmp_path, capture_output=True, check=False)
    assert (tmp_path / "ran").exists()


def test_the_pins_are_the_catalogues() -> None:
    assert set(read_pins()) == {Requirement(line) for line in (*CHANNEL, *HELD_BACK, *PYPI)}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("series", ["3.10", "3.11", "3.12", "3.13", "3.14"])
def test_the_pins_have_a_wheel_for_every_python(series: str, machine: str) -> None:
    tag = f"-cp{series.replace('.', '')}-"
    for requirement, pin in read_pins().items():
        if requirement.marker and not requirement.marker.evaluate({"python_version": series}):
            continue
        fits = [
            name
            for name in pin.files
            if name.endswith("-any.whl") or (machine in name and (tag in name or "-abi3-" in name))
        ]
        assert fits, f"{requirement} has no wheel for Python {series} on {machine}"


def test_a_wheel_of_other_bytes_than_pinned_is_refused(
    forge: Forge, http_server: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{http_server(forge.pypi).url}/simple/")
    pin = next(pin for line, pin in read_pins().items() if line.name == "tabulate")
    download([pin], tmp_path)
    assert wheel_of(pin, tmp_path).is_file()
    with pytest.raises(DownloadError, match="DO NOT MATCH THE HASHES"):
        download([replace(pin, files=dict.fromkeys(pin.files, "0" * 64))], tmp_path / "other")


@pytest.mark.parametrize(
    ("specifiers", "spec"),
    [
        ("", "name"),
        (">=1.21.1,<3", "name >=1.21.1,<3"),
        ("<4,>=2", "name >=2,<4"),
        ("==1.2.3", "name ==1.2.3"),
        ("==2.*", "name 2.*"),
        ("~=3.1.2", "name >=3.1.2,3.1.*"),
        ("!=3.0.*,>=2.7", "name >=2.7,!=3.0.*"),
    ],
)
def test_a_requirement_becomes_a_match_spec(specifiers: str, spec: str) -> None:
    assert match_spec("name", SpecifierSet(specifiers)) == spec
    assert str(MatchSpec(spec).name) == str(MatchSpec("name").name)


def test_markers_and_extras_decide_what_is_required() -> None:
    lines = ["a>=1; python_version >= '3'", "b; python_version < '3'", "c; extra == 'd'", "Typing-Extensions"]
    assert match_specs([Requirement(line) for line in lines]) == ("a >=1", "typing_extensions")


def test_a_build_that_dies_leaves_nothing_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys\n"
        "from tests.support.forge.store import build_once\n"
        "def build(folder):\n    (folder / 'half').write_text('')\n    os.kill(os.getpid(), 9)\n"
        "build_once(pathlib.Path(sys.argv[1]), 'thing', build)\n"
    )
    died = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=REPOSITORY, check=False)
    assert died.returncode == -9
    assert not (tmp_path / "thing").exists()
    assert list(tmp_path.glob(f"{PARTIAL}*"))
    built = build_once(tmp_path, "thing", lambda folder: (folder / "whole").touch())
    assert [path.name for path in built.iterdir()] == ["whole"]
    assert not list(tmp_path.glob(f"{PARTIAL}*"))


def test_two_processes_build_once(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from tests.support.forge.store import build_once\n"
        "def build(folder):\n    print('built', flush=True)\n    time.sleep(0.3)\n"
        "build_once(pathlib.Path(sys.argv[1]), 'thing', build)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    pair = [subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) for _ in range(2)]
    assert sorted(process.communicate()[0] for process in pair) == [b"", b"built\n"]


def test_the_command_copies_channel_and_index(forge: Forge, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.forge", "--to", str(tmp_path / "here")]
    printed = subprocess.run(command, cwd=REPOSITORY, text=True, capture_output=True, check=True).stdout
    assert f"channel: {(tmp_path / 'here' / 'channel').as_uri()}\n" in printed
    assert Channel(tmp_path / "here" / "channel").records() == forge.records()
    assert contents(tmp_path / "here" / "pypi") == contents(forge.pypi)


def solve(
    url: str, specs: tuple[str, ...], cut_off: datetime | None = None, cuda: str | None = None
) -> dict[str, RepoDataRecord]:
    """Solve for a machine with glibc 2.31 and, maybe, CUDA; the records by name."""
    machine = {"__glibc": "2.31"} | ({"__cuda": cuda} if cuda else {})
    virtual_packages = [
        GenericVirtualPackage(PackageName(name), Version(version), BuildString("0"))
        for name, version in machine.items()
    ]
    records = asyncio.run(
        rattler.solve(
            [rattler.Channel(url)],
            [MatchSpec(spec) for spec in specs],
            platforms=[Subdir(SUBDIR), Subdir("noarch")],
            virtual_packages=virtual_packages,
            exclude_newer=cut_off,
        )
    )
    return {record.name.normalized: record for record in records}


def install(url: str, specs: tuple[str, ...], prefix: Path) -> None:
    records = list(solve(url, specs).values())
    asyncio.run(rattler.install(records, prefix, cache_dir=prefix.parent / "packages", show_progress=False))


def python(prefix: Path, *arguments: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(prefix.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(prefix / "bin" / "python"), *arguments]
    return subprocess.run(
        command, env=environment, check=True, text=True, capture_output=True, cwd="/"
    ).stdout


def uv(folder: Path, *arguments: str, given: str | None = None) -> str:
    command = [
        sys.executable,
        "-m",
        "uv",
        "--no-config",
        "--cache-dir",
        str(folder / "uv"),
        "pip",
        *arguments,
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_"))}
    return subprocess.run(
        command, env=environment, input=given, check=True, text=True, capture_output=True
    ).stdout


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
