"""Writing files: whole or not at all, and never in the place of something that is no file."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from conda_lockstep.errors import LockstepError
from conda_lockstep.text.atomic import write_bytes, write_text


def test_a_file_is_written_as_it_is_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    write_text(path, "new\r\n")
    assert path.read_bytes() == b"new\r\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    write_text(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "text"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals or named pipes")
def test_a_pipe_is_written_into_and_not_replaced(tmp_path: Path) -> None:
    path, read = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    write_bytes(path, b"text")
    reader.join()
    assert read == [b"text"]
    assert path.is_fifo()


def test_a_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(LockstepError, match="cannot be written: Is a directory"):
        write_text(tmp_path, "text")
