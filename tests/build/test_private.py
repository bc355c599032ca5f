"""Private channels: credentials reach the server, from wherever they are kept, and nothing else."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conda_lockstep.snapshot import prefix as prefixes

SECRET = "s3cret-9f"
BASIC = "Basic " + base64.b64encode(f"joe:{SECRET}".encode()).decode()


@pytest.fixture
def servers(forge, http_server, tmp_path):
    """A channel and an index that let in joe alone; the channel also under a token."""
    root = tmp_path / "served"
    (root / "t" / SECRET).mkdir(parents=True)
    (root / "t" / SECRET / "private").symlink_to(forge.channel)
    (root / "private").symlink_to(forge.channel)
    return http_server(root), http_server(forge.pypi)


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "RATTLER_CACHE_DIR": str(folder / "written" / "rattler"),
        "UV_CACHE_DIR": str(folder / "written" / "uv"),
        **environment,
    }
    command = [sys.executable, "-m", "conda_lockstep", *arguments]
    return subprocess.run(
        command, cwd=folder / "written", env=environment, capture_output=True, text=True, timeout=120
    )


def no_secret(folder: Path, *outputs: subprocess.CompletedProcess[str]) -> None:
    """No file that was written has it, in its name or in its bytes, and nothing that was said."""
    tokens = [SECRET.encode(), BASIC.partition(" ")[2].encode()]
    for path in (folder / "written").rglob("*"):
        assert SECRET not in str(path)
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 20:
            assert not [token for token in tokens if token in path.read_bytes()], path
    for output in outputs:
        assert SECRET not in output.stdout + output.stderr


def lay_out(folder: Path, channel: str, mirrors: dict[str, str]) -> Path:
    (folder / "written").mkdir()
    (folder / "written" / "environment.yml").write_text(
        f"channels: ['{channel}']\ndependencies: [python, six, pip, pip: [humanize]]\n"
    )
    lines = "".join(f'"{source}" = "{target}"\n' for source, target in mirrors.items())
    (folder / "written" / "lockstep.toml").write_text(f"[mirrors]\n{lines}")
    return folder / "written"


def with_user(url: str, user: str) -> str:
    return url.replace("://", f"://{user}@")


@pytest.mark.parametrize("kept", ["variables", "condarc"])
def test_lock_and_build_get_in_and_leave_no_trace(servers, tmp_path, kept):
    channel, index = servers
    for server in servers:
        server.demand(BASIC)
    variable = kept == "variables"
    url = f"{channel.url}/private"
    written = lay_out(
        tmp_path,
        with_user(url, "joe:${PASS}") if variable else url,
        {"https://pypi.org": with_user(index.url, "joe:${PASS}") if variable else index.url},
    )
    home = tmp_path / "home"
    home.mkdir()
    if kept == "condarc":
        (home / ".condarc").write_text(
            f"channels:\n- {with_user(url, 'joe:${PASS}')}\n- {with_user(index.url, 'joe:${PASS}')}\n"
        )
    locked = run(tmp_path, "lock", PASS=SECRET)
    assert locked.returncode == 0, locked.stderr
    built = run(tmp_path, "build", "--prefix", "env", PASS=SECRET)
    assert built.returncode == 0, built.stderr
    assert ("conda", "six") in prefixes.read(written / "env").packages
    no_secret(tmp_path, locked, built)
    if variable:
        mirrored = run(tmp_path, "mirror", "conda-lock.yml", "--to", "mirror", PASS=SECRET)
        assert mirrored.returncode == 0, mirrored.stderr
        no_secret(tmp_path, mirrored)


def test_a_token_goes_into_the_path_of_a_request_alone(servers, tmp_path, forge):
    channel, _ = servers
    channel.fail("/private/*", "403")
    written = lay_out(
        tmp_path, f"{channel.url}/t/${{TOKEN}}/private", {"https://pypi.org": forge.pypi.as_uri()}
    )
    locked = run(tmp_path, "lock", TOKEN=SECRET)
    assert locked.returncode == 0, locked.stderr
    built = run(tmp_path, "build", "--prefix", "env", TOKEN=SECRET)
    assert built.returncode == 0, built.stderr
    assert f"url: {channel.url}/private/noarch/six" in (written / "conda-lock.yml").read_text()
    no_secret(tmp_path, locked, built)


def test_who_is_not_let_in_is_told_where_credentials_are_looked_for(servers, tmp_path, forge):
    channel, _ = servers
    url = f"{channel.url}/private"
    lay_out(tmp_path, with_user(url, "joe:${PASS}"), {"https://pypi.org": forge.pypi.as_uri()})
    assert run(tmp_path, "lock", PASS=SECRET).returncode == 0
    channel.demand(BASIC)
    for environment in ({}, {"PASS": f"{SECRET}-wrong"}):
        built = run(tmp_path, "build", "--prefix", "env", **environment)
        assert built.returncode == 2
        assert f"{url}/" in built.stderr
        assert "cannot be fetched: 401 Unauthorized; see 'Private channels'" in built.stderr
        assert len(built.stderr.splitlines()) == 1
        no_secret(tmp_path, built)


def test_another_host_that_a_channel_sends_us_to_does_not_see_the_password(http_server, tmp_path):
    from conda_lockstep.build.http import receive
    from conda_lockstep.lock.access import Access

    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"x")
    storage, channel = http_server(tmp_path / "a"), http_server(tmp_path)
    channel.redirect("/private/*", f"{storage.url.replace('127.0.0.1', 'localhost')}/x")
    received = bytearray()

    class Sink:
        size = 0

        def expect(self, size: int) -> None: ...

        def clear(self) -> None: ...

        def write(self, block: bytes) -> None:
            received.extend(block)

    receive(f"{channel.url}/private/x", Access([with_user(channel.url, f"joe:{SECRET}")]), Sink())
    assert bytes(received) == b"x"
    assert channel.requests[0].headers["Authorization"] == BASIC
    assert "Authorization" not in storage.requests[0].headers
