"""Which files of a repository are environment files."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from conda_lockstep.errors import LockstepError

NAME = re.compile(r"(?:.*[-_.])?(?:conda[-_]?)?(?:env|environment)s?(?:[-_.].*)?\.ya?ml", re.IGNORECASE)
"""Names that environment files go by; the hooks' ``files:`` says the same."""
_KEYS = re.compile(rb"^(channels|dependencies)[ \t]*:", re.MULTILINE)
_SKIPPED = re.compile(r"(?:^|/)\.github/|(?:^|[-.])conda-lock\.ya?ml$|pixi\.lock$")


def environment_files(folder: Path) -> list[Path]:
    """Return the environment files that git tracks, or would, below a folder, in order.

    A file counts by what it holds: top-level ``dependencies:`` and ``channels:``, or the first alone where the
    name says the rest. Raises ``LockstepError`` outside of a git repository.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.yml", "*.yaml"]
    try:
        listed = subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise LockstepError("git is not installed", remedy="name the files to look at") from None
    except subprocess.CalledProcessError:
        raise LockstepError(
            "not in a git repository", where=str(folder), remedy="name the files to look at"
        ) from None
    names = sorted({name.decode("utf-8", "surrogateescape") for name in listed.split(b"\0") if name})
    return [Path(name) for name in names if not _SKIPPED.search(name) and _is_environment(folder / name)]


def _is_environment(path: Path) -> bool:
    try:
        head = path.read_bytes()[: 1 << 16]
    except OSError:
        return False
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return NAME.fullmatch(path.name) is not None
    keys = {match.group(1) for match in _KEYS.finditer(head)}
    return b"dependencies" in keys and (b"channels" in keys or NAME.fullmatch(path.name) is not None)
