"""Hashes by several processes are those of hashlib, whatever lies there."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from pathlib import Path

import pytest

from conda_lockstep.snapshot import hashing


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    """Files about the size of a chunk, larger ones, and names that are no UTF-8."""
    sizes = (0, 1, hashing._CHUNK - 1, hashing._CHUNK, hashing._CHUNK + 1, 3 << 20, 5 << 20)
    contents = {os.fsencode(tmp_path / f"file-{size}"): os.urandom(size) for size in sizes}
    contents[os.fsencode(tmp_path) + b"/caf\xe9\n.so"] = b"odd"
    for path, content in contents.items():
        Path(os.fsdecode(path)).write_bytes(content)
    return {os.fsdecode(path): content for path, content in contents.items()}


@pytest.mark.parametrize("workers", [1, 3])
def test_every_file_has_its_hash(files: dict[str, bytes], workers: int) -> None:
    found = hashing.sha256_of({path: len(content) for path, content in files.items()}, workers)
    assert found == {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}


def test_what_cannot_be_read_has_none_and_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    found = hashing.sha256_of({str(tmp_path / name): 1 for name in ("pipe", "absent", "")})
    assert found[str(tmp_path / "absent")] == found[str(tmp_path)] == ""
    assert found[str(tmp_path / "pipe")] == hashlib.sha256(b"").hexdigest()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_share_of_a_worker_that_was_killed_is_hashed_all_the_same(
    files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"import os, sys; sys.stdin.read(); os.kill(os.getpid(), {int(signal.SIGBUS)})"
    monkeypatch.setattr(hashing.itself, "command", lambda *_, **__: [sys.executable, "-c", code])
    found = hashing.sha256_of({path: len(content) for path, content in files.items()}, workers=2)
    assert found == {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
