"""What is to become of a file, before anything is written."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.errors import LockstepError


class Planned(NamedTuple):
    """A file's path from the repository's root, its text before (None without a file) and after, and what is done."""

    path: Path
    before: str | None
    after: str
    what: str


def read(root: Path, path: Path) -> str | None:
    """Return a file's text with its line ends, None where there is no file; ``LockstepError`` for what is no text."""
    try:
        return (root / path).read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise LockstepError("not UTF-8", where=str(path), remedy="save it as UTF-8") from None
    except OSError as error:
        raise LockstepError(f"cannot be read: {error.strerror}", where=str(path)) from None


def diff(planned: Planned) -> str:
    """Return a unified diff that ``git apply`` takes; empty where nothing changes."""
    before = planned.before or ""
    if planned.before is not None and planned.after == before:
        return ""
    path = planned.path.as_posix()
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        planned.after.splitlines(keepends=True),
        "/dev/null" if planned.before is None else f"a/{path}",
        f"b/{path}",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def is_older(ref: str, tag: str) -> bool:
    """Say whether a ref is the tag of an earlier version; a branch or a commit is not: somebody chose it."""
    versions = [re.fullmatch(r"v?(\d+(?:\.\d+)*)", each) for each in (ref, tag)]
    old, new = (tuple(map(int, match[1].split("."))) if match else () for match in versions)
    return bool(old) and old < new
