"""Fetching the files of a lock: patient with servers, sure of bytes, and nothing is fetched twice."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from conda_lockstep.errors import LockstepError
from conda_lockstep.install.fetch import http
from conda_lockstep.install.fetch.download import Archive, Store
from conda_lockstep.install.fetch.progress import Quiet
from conda_lockstep.lock.channels.access import Access

DATA = bytes(range(256)) * 20_000


@pytest.fixture
def server(http_server, tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "a.conda").write_bytes(DATA)
    return http_server(tmp_path / "served")


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "archives", Access())


def archive(server, data: bytes = DATA, *, name: str = "a.conda", kind: str = "sha256") -> Archive:
    digest = hashlib.new(kind, data).hexdigest()
    return Archive(f"https://channel/noarch/{name}", f"{server.url}/{name}", kind, digest)


def get(store: Store, wanted: Archive) -> bytes:
    return store.fetch([wanted], Quiet())[wanted].read_bytes()


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_what_was_fetched_is_not_fetched_again(server, store, kind):
    assert get(store, archive(server, kind=kind)) == DATA
    assert get(store, archive(server, kind=kind)) == DATA
    assert len(server.requests) == 1


def test_a_download_that_broke_off_is_continued(server, store):
    server.fail("*.conda", "truncate", times=1)
    assert get(store, archive(server)) == DATA
    assert [request.headers.get("Range") for request in server.requests] == [None, f"bytes={len(DATA) // 2}-"]


def test_a_later_run_continues_it_as_well(server, store, monkeypatch):
    server.fail("*.conda", "truncate", times=1)
    server.fail("*.conda", "404")
    with pytest.raises(
        LockstepError, match=r"https://channel/noarch/a.conda: cannot be fetched from http.*404 Not Found"
    ):
        get(store, archive(server))
    server.heal()
    assert get(store, archive(server)) == DATA
    assert server.requests[-1].headers["Range"] == f"bytes={len(DATA) // 2}-"


def test_a_server_that_starts_over_is_followed(server, store, monkeypatch):
    server.fail("*.conda", "truncate", times=1)
    monkeypatch.setattr(server._http.RequestHandlerClass, "_start", lambda handler: 0)
    assert get(store, archive(server)) == DATA


def test_what_began_as_another_file_is_fetched_anew(server, store, tmp_path):
    wanted = archive(server)
    part = store.path(wanted).with_name("a.conda.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    assert get(store, wanted) == DATA
    assert [request.headers.get("Range") for request in server.requests] == ["bytes=1000-", None]


def test_what_is_longer_than_the_file_is_fetched_anew(server, store):
    wanted = archive(server)
    part = store.path(wanted).with_name("a.conda.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(DATA + b"more")
    server.fail("*.conda", "416", times=1)
    assert get(store, wanted) == DATA


@pytest.mark.parametrize("damage", [b"", DATA[:-1], b"y" + DATA[1:]], ids=["empty", "truncated", "swapped"])
def test_a_stored_file_of_other_bytes_is_fetched_again(server, store, damage):
    wanted = archive(server)
    get(store, wanted)
    store.path(wanted).write_bytes(damage)
    assert get(store, wanted) == DATA


@pytest.mark.parametrize(
    "served", [b"y" + DATA[1:], DATA[:-9], DATA + b"more"], ids=["swapped", "short", "long"]
)
def test_a_served_file_of_other_bytes_is_refused_and_leaves_nothing(server, store, served):
    (server.folder / "a.conda").write_bytes(served)
    found = hashlib.sha256(served).hexdigest()
    with pytest.raises(
        LockstepError, match=f"is not the file that the lock names: sha256 .* expected, {found} found"
    ):
        get(store, archive(server))
    assert not store.path(archive(server)).exists()
    (server.folder / "a.conda").write_bytes(DATA)
    assert get(store, archive(server)) == DATA


@pytest.mark.parametrize("status", ["429", "503"])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_server_is_not_asked_again_before_it_says(server, store, status, form):
    # A date has whole seconds: two from now are at least one.
    server.fail(
        "*.conda",
        status,
        times=1,
        retry_after=1 if form == "seconds" else formatdate(time.time() + 2, usegmt=True),
    )
    assert get(store, archive(server)) == DATA
    first, second = server.requests
    assert second.at - first.at >= 0.95


def test_a_wait_that_is_too_long_is_told(server, store):
    server.fail("*.conda", "429", retry_after=7200)
    with pytest.raises(
        LockstepError, match="429 Too Many Requests; the server asks to retry in 7200 s; build again then"
    ):
        get(store, archive(server))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("reset", "Connection reset by peer"),
        ("500", "500 Internal Server Error"),
        ("401", "401 Unauthorized; see 'Private channels'"),
        ("404", "404 Not Found; check the channel"),
    ],
)
def test_a_fault_that_stays_is_one_line_with_the_url(server, store, fault, said, monkeypatch):
    monkeypatch.setattr(http, "TRIES", 2)
    server.fail("*.conda", fault)
    with pytest.raises(LockstepError) as caught:
        get(store, archive(server))
    assert str(caught.value).startswith(
        "https://channel/noarch/a.conda: cannot be fetched from http://127.0.0.1:"
    )
    assert said in str(caught.value)


def test_what_only_rattler_fetches_fails_in_one_line_as_well(store):
    digest = hashlib.sha256(DATA).hexdigest()
    wanted = Archive("https://channel/a.conda", "oci://127.0.0.1:9/a.conda", "sha256", digest)
    with pytest.raises(
        LockstepError, match=r"^https://channel/a\.conda: cannot be fetched from oci://127\.0\.0\.1:9/a"
    ):
        get(store, wanted)


def test_one_file_that_cannot_be_had_ends_the_others(server, store, tmp_path):
    (server.folder / "slow.conda").write_bytes(DATA)
    server.fail("/slow.conda", "hang")
    start = time.monotonic()
    with pytest.raises(LockstepError, match=r"none\.conda"):
        store.fetch([archive(server, name="slow.conda"), archive(server, name="none.conda")], Quiet())
    assert time.monotonic() - start < 10


def test_two_who_want_the_same_file_fetch_it_once(server, store):
    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: results.append(get(Store(store.folder, Access()), archive(server))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [DATA] * 4
    assert len(server.requests) == 1


HOLDER = """
import fcntl, sys, time
file = open(sys.argv[1], "a+b")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


def test_the_claim_of_a_process_that_was_killed_holds_nobody_up(server, store):
    wanted = archive(server)
    part = store.path(wanted).with_name("a.conda.part")
    part.parent.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", HOLDER, part], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        threading.Timer(0.3, holder.kill).start()
        assert get(store, wanted) == DATA


def test_a_file_of_a_folder_is_checked_where_it_is(store, tmp_path):
    path = tmp_path / "a.conda"
    path.write_bytes(DATA)
    wanted = Archive("https://channel/a.conda", path.as_uri(), "sha256", hashlib.sha256(DATA).hexdigest())
    assert store.fetch([wanted], Quiet())[wanted] == path
    path.write_bytes(b"other")
    with pytest.raises(LockstepError, match=r"a.conda: is not the file that the lock names"):
        store.fetch([wanted], Quiet())
    path.unlink()
    with pytest.raises(
        LockstepError, match=r"a.conda: cannot be read: No such file or directory; check the channel"
    ):
        store.fetch([wanted], Quiet())
    assert not list(Path(store.folder).glob("**/*.part"))
