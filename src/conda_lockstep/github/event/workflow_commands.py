"""The runner's side channels: text that is no command, groups, job outputs, the job summary.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from conda_lockstep.errors import LockstepError
from conda_lockstep.render.findings.annotations import data

SUMMARY_LIMIT = 1024 * 1024


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
    print(f"::group::{data(title)}", file=stream, flush=True)
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
