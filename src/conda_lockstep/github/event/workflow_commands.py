"""The runner's workflow commands: text that is not a command, groups, outputs, the job summary.

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
    """Print text inside this context as text, even if it looks like a workflow command."""
    word = secrets.token_hex(16)
    print(f"::stop-commands::{word}", file=stream, flush=True)
    try:
        yield
    finally:
        print(f"\n::{word}::", file=stream, flush=True)


@contextmanager
def group(title: str, stream: TextIO) -> Iterator[None]:
    """Fold what is printed inside this context under a title."""
    print(f"::group::{data(title)}", file=stream, flush=True)
    try:
        yield
    finally:
        print("::endgroup::", file=stream, flush=True)


def write_outputs(path: Path, values: Mapping[str, str]) -> None:
    """Append outputs to a step's file; no value can end itself early or start another."""
    blocks = []
    for name, value in values.items():
        delimiter = f"end-{secrets.token_hex(16)}"
        blocks.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
    _append(path, "".join(blocks))


def write_summary(path: Path, markdown: str) -> None:
    """Append to the job summary; raises ``LockstepError`` if it is longer than GitHub's limit of 1 MiB."""
    size = len(markdown.encode())
    if size > SUMMARY_LIMIT:
        raise LockstepError(f"the job summary has {size:,} bytes, GitHub's limit is {SUMMARY_LIMIT:,}")
    _append(path, markdown.rstrip("\n") + "\n")


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise LockstepError(f"cannot be written: {error.strerror}", where=str(path)) from error
