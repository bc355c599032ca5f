"""Private channels: credentials reach the server, from wherever they are kept, and nothing else."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

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


def in_condarc(home: Path, channel: str, index: str) -> None:
    (home / ".condarc").write_text(
        f"channels:\n- {with_user(channel, 'joe:${PASS}')}\n- {with_user(index, 'joe:${PASS}')}\n"
    )


def in_netrc(home: Path, channel: str, index: str) -> None:
    (home / ".netrc").write_text(f"machine 127.0.0.1 login joe password {SECRET}\n")
    (home / ".netrc").chmod(0o600)


def in_rattlers_store(home: Path, channel: str, index: str) -> None:
    basic = {"BasicHTTP": {"username": "joe", "password": SECRET}}
    hosts = {urlsplit(url).netloc: basic for url in (channel, index)}
    (home / ".rattler").mkdir()
    (home / ".rattler" / "credentials.json").write_text(json.dumps(hosts))


@pytest.mark.parametrize("store", [None, in_condarc, in_netrc, in_rattlers_store])
def test_lock_and_build_get_in_and_leave_no_trace(servers, tmp_path, store):
    """From what is written with the channel, by variables, or from where a store has it."""
    channel, index = servers
    for server in servers:
        server.demand(BASIC)
    url = f"{channel.url}/private"
    written = lay_out(
        tmp_path,
        url if store else with_user(url, "joe:${PASS}"),
        {"https://pypi.org": index.url if store else with_user(index.url, "joe:${PASS}")},
    )
    home = tmp_path / "home"
    home.mkdir()
    if store:
        store(home, url, index.url)
    locked = run(tmp_path, "lock", PASS=SECRET)
    assert locked.returncode == 0, locked.stderr
    built = run(tmp_path, "build", "--prefix", "env", PASS=SECRET)
    assert built.returncode == 0, built.stderr
    assert ("conda", "six") in prefixes.read(written / "env").packages
    mirrored = run(tmp_path, "mirror", "conda-lock.yml", "--to", "mirror", PASS=SECRET)
    assert mirrored.returncode == 0, mirrored.stderr
    no_secret(tmp_path, locked, built, mirrored)


def token_of_anaconda(home: Path, url: str) -> None:
    (home / ".config" / "binstar").mkdir(parents=True)
    (home / ".config" / "binstar" / f"{quote(url, safe='')}.token").write_text(SECRET)


def token_of_rattler(home: Path, url: str) -> None:
    (home / ".rattler").mkdir()
    store = {urlsplit(url).netloc: {"CondaToken": SECRET}}
    (home / ".rattler" / "credentials.json").write_text(json.dumps(store))


@pytest.mark.parametrize("store", [None, token_of_anaconda, token_of_rattler])
def test_a_token_goes_into_the_path_of_a_request_alone(servers, tmp_path, forge, store):
    channel, _ = servers
    channel.fail("/private/*", "403")
    written = lay_out(
        tmp_path,
        f"{channel.url}{'' if store else '/t/${TOKEN}'}/private",
        {"https://pypi.org": forge.pypi.as_uri()},
    )
    (tmp_path / "home").mkdir()
    if store:
        store(tmp_path / "home", channel.url)
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
    from conda_lockstep.install.fetch.http import receive
    from conda_lockstep.lock.channels.access import Access

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
