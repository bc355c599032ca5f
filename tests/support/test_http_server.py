"""The loopback server's promises: it serves what is there, and fails as it is told to."""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.http_server import PYPI_JSON, Server, serve

BODY = b"0123456789" * 1000


@pytest.fixture
def server(http_server: Callable[[Path], Server], tmp_path: Path) -> Server:
    (tmp_path / "file").write_bytes(BODY)
    project = tmp_path / "simple" / "thing"
    project.mkdir(parents=True)
    (project / "index.html").write_text("<html></html>")
    (project / "index.json").write_text("{}")
    return http_server(tmp_path)


def test_a_file_is_served_and_the_request_is_kept(server: Server) -> None:
    assert get(server, "/file") == BODY
    assert [(request.method, request.path) for request in server.requests] == [("GET", "/file")]


@pytest.mark.parametrize("status", ["401", "404", "500", "503"])
def test_a_status_is_answered_until_healed(server: Server, status: str) -> None:
    server.fail("/f*", status)
    for _ in range(2):
        with pytest.raises(urllib.error.HTTPError, match=status) as answer:
            get(server, "/file")
        answer.value.close()
    server.heal()
    assert get(server, "/file") == BODY


def test_a_limit_says_when_to_come_back_and_ends(server: Server) -> None:
    server.fail("*", "429", times=1, retry_after=7)
    with pytest.raises(urllib.error.HTTPError) as answer:
        get(server, "/file")
    assert answer.value.headers["Retry-After"] == "7"
    answer.value.close()
    assert get(server, "/file") == BODY


def test_a_truncated_body_ends_early(server: Server) -> None:
    server.fail("*", "truncate")
    with pytest.raises(http.client.IncompleteRead) as answer:
        get(server, "/file")
    assert answer.value.partial == BODY[: len(BODY) // 2]


def test_a_reset_ends_the_connection(server: Server) -> None:
    server.fail("*", "reset")
    with pytest.raises(ConnectionResetError):
        get(server, "/file")


def test_a_hang_lasts_until_the_client_gives_up(server: Server) -> None:
    server.fail("*", "hang")
    with pytest.raises(TimeoutError):
        get(server, "/file", timeout=0.2)


def test_closing_lets_go_of_a_client_that_hangs(tmp_path: Path) -> None:
    outcome: list[Exception] = []

    def ask(server: Server) -> None:
        try:
            get(server, "/file")
        except Exception as error:
            outcome.append(error)

    with serve(tmp_path) as server:
        server.fail("*", "hang")
        client = threading.Thread(target=ask, args=(server,))
        client.start()
        while not server.requests:
            time.sleep(0.01)
    client.join(timeout=5)
    assert outcome


def test_an_unknown_fault_is_refused(server: Server) -> None:
    with pytest.raises(ValueError, match="no such fault"):
        server.fail("*", "explode")


def test_pypis_json_is_for_clients_that_ask_for_it(server: Server) -> None:
    assert get(server, "/simple/thing/") == b"<html></html>"
    assert get(server, "/simple/thing/", Accept=PYPI_JSON) == b"{}"


def get(server: Server, path: str, timeout: float = 10, **headers: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(server.url + path, headers=headers)
    with opener.open(request, timeout=timeout) as answer:
        return bytes(answer.read())
