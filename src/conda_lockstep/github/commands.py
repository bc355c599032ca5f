"""The runner's side channels: workflow commands on the output, job outputs, the job summary.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO, TypeAlias

from conda_lockstep.errors import LockstepError

SUMMARY_LIMIT = 1024 * 1024

Level: TypeAlias = Literal["error", "warning", "notice"]


def annotation(
    level: Level, message: str, *, file: str = "", line: int = 0, column: int = 0, title: str = ""
) -> str:
    """Return the command that shows a message beside a line of a file; 0 and empty parts are left out."""
    properties = {
        "file": file,
        "line": str(line or ""),
        "col": str(column or ""),
        "title": title,
    }
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{level}{' ' + given if given else ''}::{_data(message)}"


@contextmanager
def quoted(stream: TextIO) -> Iterator[None]:
    """Let what is printed within be text and no command, whatever it says."""
    word = secrets.token_hex(16)
    print(f"::stop-commands::{word}", file=stream, flush=True)
    try:
        yield
    finally:
        print(f"\n::{word}::", file=stream, flush=True)


@contextmanager
def group(title: str, stream: TextIO) -> Iterator[None]:
    """Fold what is printed within under a title."""
    print(f"::group::{_data(title)}", file=stream, flush=True)
    try:
        yield
    finally:
        print("::endgroup::", file=stream, flush=True)


def write_outputs(path: Path, values: Mapping[str, str]) -> None:
    """Append a step's outputs to its file; no value can end itself early or start another."""
    blocks = []
    for name, value in values.items():
        delimiter = f"end-{secrets.token_hex(16)}"
        blocks.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
    _append(path, "".join(blocks))


def write_summary(path: Path, markdown: str) -> None:
    """Append to the job summary; LockstepError where it is longer than the 1 MiB that GitHub shows."""
    size = len(markdown.encode())
    if size > SUMMARY_LIMIT:
        raise LockstepError(f"the job summary has {size:,} bytes, and GitHub takes {SUMMARY_LIMIT:,}")
    _append(path, markdown.rstrip("\n") + "\n")


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise LockstepError(f"cannot be written: {error.strerror}", where=str(path)) from error


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
