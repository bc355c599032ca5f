"""A mirror has exactly the files of its locks, and a lock builds from it alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conda_lockstep.cli.main import main
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats import cep37
from conda_lockstep.snapshot import prefix as prefixes

FILE = "channels: [forge]\ndependencies: [python, six, pip, pip: [humanize]]\n"


@pytest.fixture
def project(forge, tmp_path, monkeypatch) -> Path:
    """A folder with a locked environment file, to type commands in."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "rattler"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    (folder / "environment.yml").write_text(FILE)
    settings = {
        "https://conda.anaconda.org/forge": forge.channel_url,
        "https://pypi.org": forge.pypi.as_uri(),
    }
    _set_mirrors(folder, settings)
    assert main(["lock"]) == 0
    return folder


def _set_mirrors(folder: Path, mirrors: dict[str, str]) -> None:
    lines = "".join(f'"{source}" = "{target}"\n' for source, target in mirrors.items())
    (folder / "lockstep.toml").write_text(f"[mirrors]\n{lines}")


def _mirror(capsys, *arguments: str) -> dict[str, str]:
    """Mirror the lock; return the settings that it prints."""
    capsys.readouterr()
    assert main(["mirror", "conda-lock.yml", "--to", "mirror", *arguments]) == 0
    return dict(re.findall(r'^"(.+)" = "(.+)"$', capsys.readouterr().out, re.MULTILINE))


def _files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.suffix in (".conda", ".whl")}


def _elsewhere(project: Path, settings: dict[str, str]) -> Path:
    """Return a folder with file and lock, which knows the mirror alone."""
    folder = project.parent / "elsewhere"
    folder.mkdir()
    for name in ("environment.yml", "conda-lock.yml"):
        (folder / name).write_bytes((project / name).read_bytes())
    _set_mirrors(folder, settings)
    return folder


def _run(folder: Path, *arguments: str, wrapped: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run a command with new caches, where nothing but loopback can be reached."""
    nowhere = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https", "all")}
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "RATTLER_CACHE_DIR": str(folder / "rattler"),
        "UV_CACHE_DIR": str(folder / "uv"),
        "no_proxy": "127.0.0.1",
        **nowhere,
    }
    command = [*wrapped, sys.executable, "-m", "conda_lockstep", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("over", ["file", "http"])
def test_a_lock_builds_and_solves_from_its_mirror_alone(project, capsys, http_server, over):
    server = http_server(project / "mirror")
    settings = _mirror(capsys, *(["--url", server.url] if over == "http" else []))
    lock = cep37.read(project / "conda-lock.yml")
    (packages,) = lock.platforms.values()
    assert _files(project / "mirror") == {package.url.rpartition("/")[2] for package in packages.values()}
    folder = _elsewhere(project, settings)
    wrapped = ("unshare", "-rn") if over == "file" and _may_unshare() else ()
    built = _run(folder, "build", "--prefix", "env", wrapped=wrapped)
    assert built.returncode == 0, built.stderr
    found = prefixes.read(folder / "env")
    assert found.packages.environment_id == packages.environment_id
    assert {key: each.url for key, each in found.packages.items()} == {
        key: each.url for key, each in packages.items()
    }
    if over == "http":
        return
    locked = _run(folder, "lock", wrapped=wrapped)
    assert locked.returncode == 0, locked.stderr
    assert (folder / "conda-lock.yml").read_bytes() == (project / "conda-lock.yml").read_bytes()


def _may_unshare() -> bool:
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0


def test_what_is_there_is_not_fetched_again_and_what_is_not_locked_goes(project, forge, capsys, http_server):
    servers = [http_server(forge.channel), http_server(forge.pypi)]
    _set_mirrors(
        project, {"https://conda.anaconda.org/forge": servers[0].url, "https://pypi.org": servers[1].url}
    )
    _mirror(capsys)
    before = _files(project / "mirror")
    (project / "mirror" / "notes.txt").write_text("mine")
    for server in servers:
        server.requests.clear()
    _mirror(capsys)
    assert not [request for server in servers for request in server.requests]
    (project / "environment.yml").write_text("channels: [forge]\ndependencies: [python, click]\n")
    assert main(["lock"]) == 0
    for server in servers:
        server.requests.clear()
    _mirror(capsys)
    fetched = {request.path.rpartition("/")[2] for server in servers for request in server.requests}
    after = _files(project / "mirror")
    assert set(after - before) == fetched
    assert {name.partition("-")[0] for name in before - after} >= {"six", "humanize"}
    assert not (project / "mirror" / "simple" / "humanize").exists()
    assert (project / "mirror" / "notes.txt").read_text() == "mine"
    index = json.loads(next((project / "mirror").glob("**/noarch/repodata.json")).read_text())
    assert set(index["packages.conda"]) == {name for name in after if "-py" in name or "_abi-" in name}


def test_a_mirror_says_of_dependencies_what_the_lock_says(project, forge, tmp_path, capsys):
    """A channel mends a package's dependencies in its index; the package itself still has the old ones."""
    channel = forge.copy(tmp_path / "channel")
    channel.amend(channel.newest("six"), depends=["python >=3.8"])
    _set_mirrors(
        project, {"https://conda.anaconda.org/forge": channel.url, "https://pypi.org": forge.pypi.as_uri()}
    )
    assert main(["lock"]) == 0
    _mirror(capsys)
    index = json.loads(next((project / "mirror").glob("**/noarch/repodata.json")).read_text())
    (record,) = (record for record in index["packages.conda"].values() if record["name"] == "six")
    assert record["depends"] == ["python >=3.8"]
    assert "indexed_timestamp" not in record


def test_a_damaged_file_of_a_mirror_is_mended_and_a_swapped_one_is_refused(project, forge, tmp_path, capsys):
    _mirror(capsys)
    (six,) = (project / "mirror").glob("**/six-*.conda")
    content = six.read_bytes()
    six.write_bytes(content[:-1])
    _mirror(capsys)
    assert six.read_bytes() == content
    channel = forge.copy(tmp_path / "channel")
    channel.rebuild(channel.newest("six"))
    _set_mirrors(
        project, {"https://conda.anaconda.org/forge": channel.url, "https://pypi.org": forge.pypi.as_uri()}
    )
    six.unlink()
    assert main(["mirror", "conda-lock.yml", "--to", "mirror"]) == 2
    assert re.search(r"six-.*\.conda: is not the file that the lock names: sha256", capsys.readouterr().err)
    assert not six.exists()


def test_a_folder_of_other_things_is_no_place_for_a_mirror(project, capsys):
    (project / "mirror").mkdir()
    (project / "mirror" / "thesis.tex").write_text("years of work")
    assert main(["mirror", "conda-lock.yml", "--to", "mirror"]) == 2
    err = capsys.readouterr().err
    assert err.endswith("mirror: is a folder of other things, not a mirror; name a new or empty folder\n")
    assert [path.name for path in (project / "mirror").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("url", ["https://host/a/../../etc/x-1-0.conda", "https://host/%2e%2e/%2e%2e/x.whl"])
def test_a_url_does_not_lead_out_of_a_mirror(url):
    from conda_lockstep.install.mirror import place_of

    with pytest.raises(LockstepError, match="is no URL to be mirrored"):
        place_of(url)
