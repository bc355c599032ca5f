"""A channel that gives nothing ends the lock in one line that names it, in good time, and writes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.update.make import Settings, make_lock
from tests.support.http_server import Server

Serve = Callable[[Path], Server]


def _lock(channel: str, tmp_path: Path, mirrors: Mirrors | None = None) -> None:
    file = parse(f"channels: ['{channel}']\ndependencies: [zlib]\n", "environment.yml")
    settings = Settings(
        ("linux-64",), mirrors=mirrors or Mirrors({}, TRUSTED), cache=tmp_path / "cache", seconds=1
    )
    make_lock(file, settings)


@pytest.mark.parametrize(
    ("pattern", "fault", "message"),
    [
        ("*", "404", "the channel answers 404 for its index; check its name"),
        ("*", "500", "the channel answers 500 Internal Server Error; try again later, or use a mirror"),
        ("*", "503", "the channel answers 503 Service Unavailable; try again later, or use a mirror"),
        ("*", "401", "the channel refuses access (401 Unauthorized); log in to it, or leave the channel out"),
        ("*", "403", "the channel refuses access (403 Forbidden); log in to it, or leave the channel out"),
        ("*", "hang", "the channel does not answer within 1 s; try again later, or use a mirror"),
        ("*/repodata.json*", "truncate", "the channel sent only a part of its index; try again"),
    ],
)
def test_a_channel_that_fails_is_named_with_what_it_does(
    forge, http_server: Serve, tmp_path, pattern, fault, message
):
    server = http_server(forge.channel)
    server.fail(pattern, fault)
    start = time.monotonic()
    with pytest.raises(LockstepError) as caught:
        _lock(server.url, tmp_path)
    assert str(caught.value) == f"{server.url}: {message}"
    assert time.monotonic() - start < 20


def test_a_channel_that_resets_the_connection_is_named(forge, http_server: Serve, tmp_path):
    server = http_server(forge.channel)
    server.fail("*", "reset")
    with pytest.raises(LockstepError, match=rf"^{server.url}: the channel "):
        _lock(server.url, tmp_path)


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        (
            "http://127.0.0.1:1/chan",
            "http://127.0.0.1:1/chan: the channel cannot be reached: Connection refused",
        ),
        ("http://nowhere.invalid/chan", "http://nowhere.invalid/chan: the channel cannot be reached: "),
        (
            "file:///no/such/folder",
            "file:///no/such/folder: the channel has no noarch/repodata.json; check its name",
        ),
        (
            "/no/such/folder",
            "file:///no/such/folder: the channel has no noarch/repodata.json; check its name",
        ),
        ("http://joe:s3cret@127.0.0.1:1/t/tk-1/c", "http://127.0.0.1:1/c: the channel cannot be reached"),
    ],
)
def test_a_channel_that_is_not_there_is_named_without_credentials(tmp_path, channel, message):
    with pytest.raises(LockstepError) as caught:
        _lock(channel, tmp_path)
    assert str(caught.value).startswith(message)


def test_a_mirror_that_fails_is_named_beside_the_channel(tmp_path):
    mirrors = Mirrors({"https://conda.anaconda.org": "http://127.0.0.1:1/mirror"}, TRUSTED)
    with pytest.raises(LockstepError) as caught:
        _lock("conda-forge", tmp_path, mirrors)
    assert str(caught.value).startswith(
        "https://conda.anaconda.org/conda-forge: the channel cannot be reached: Connection refused (os error 111) "
        "(fetched from http://127.0.0.1:1/mirror/conda-forge)"
    )


def test_something_that_is_no_index_is_said_to_be_none(http_server: Serve, tmp_path):
    for subdir in ("noarch", "linux-64"):
        (tmp_path / "site" / subdir).mkdir(parents=True)
        (tmp_path / "site" / subdir / "repodata.json").write_text("<html>please log in</html>")
    server = http_server(tmp_path / "site")
    with pytest.raises(LockstepError, match="the channel has no index"):
        _lock(server.url, tmp_path)


def test_a_server_that_recovers_is_asked_again(forge, http_server: Serve, tmp_path):
    server = http_server(forge.channel)
    server.fail("*/noarch/repodata.json.zst", "503", times=1)
    file = parse(f"channels: ['{server.url}']\ndependencies: [six]\n", "environment.yml")
    lock = make_lock(
        file, Settings((forge.subdir,), cache=tmp_path / "cache", seconds=5, mirrors=Mirrors({}, TRUSTED))
    )
    assert ("conda", "six") in lock.platforms[forge.subdir]


def test_credentials_reach_the_server_and_not_the_lock(forge, http_server: Serve, tmp_path):
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "tk-99").symlink_to(forge.channel, target_is_directory=True)
    server = http_server(tmp_path)
    host = server.url.removeprefix("http://")
    text = f"channels: ['http://joe:s3cret@{host}/t/tk-99']\ndependencies: ['http://joe:s3cret@{host}/t/tk-99::six']\n"
    lock = make_lock(
        parse(text, "environment.yml"),
        Settings((forge.subdir,), cache=tmp_path / "cache", mirrors=Mirrors({}, TRUSTED)),
    )
    assert all("authorization" in request.headers for request in server.requests)
    rendered = cep37.render(lock)
    assert f"url: {server.url}" in rendered
    assert "s3cret" not in rendered
    assert "tk-99" not in rendered
