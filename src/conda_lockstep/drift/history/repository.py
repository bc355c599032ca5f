"""Reads a git repository through git's plumbing: no checkout, no network, nothing written."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from conda_lockstep.environment.discover import git_refusal
from conda_lockstep.errors import LockstepError


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with at least one commit.

    ``folder`` is where git runs, ``top`` the top of the work tree; None in a bare repository. ``head`` is the full id
    of the commit that is checked out.
    """

    folder: Path
    top: Path | None
    head: str
    is_shallow: bool

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Return what git prints. Raises ``LockstepError`` if it fails."""
        done = _run(self.folder, arguments, stdin)
        if done.returncode:
            raise git_refusal(self.folder, done.stderr.decode("utf-8", "replace"), "read the history")
        return done.stdout

    def resolve(self, revision: str) -> str:
        """Return the full id of the commit that a revision names, empty if it names none."""
        done = _run(
            self.folder, ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        )
        return done.stdout.decode().strip() if done.returncode == 0 else ""

    def relative(self, path: Path) -> str:
        """Return a path relative to the top of the repository, with ``/``; a link in its last part is not followed.

        Raises ``LockstepError`` for a path outside of the repository.
        """
        if self.top is None:
            return path.as_posix()
        try:
            # A lock that is a link is a link in git, too; the folders above it are where they lead to.
            return (path.parent.resolve() / path.name).relative_to(self.top.resolve()).as_posix()
        except ValueError:
            what = f"is outside of the git repository {self.top}"
            raise LockstepError(what, where=str(path), remedy="pass locks of one repository") from None


def open_repository(folder: Path) -> Repository:
    """Return the repository around a folder. Raises ``LockstepError`` if there is none, or no commit in it."""
    done = _run(folder, ("rev-parse", "--is-shallow-repository", "--is-bare-repository"))
    if done.returncode:
        complaint = done.stderr.decode("utf-8", "replace")
        if "not a git repository" in complaint:
            remedy = "run it in the repository that the locks are committed to"
            raise LockstepError("is not in a git repository", where=str(folder.resolve()), remedy=remedy)
        raise git_refusal(folder, complaint, "read the history")
    is_shallow, is_bare = (word == "true" for word in done.stdout.decode().split())
    top = None
    if not is_bare:
        found = _run(folder, ("rev-parse", "--show-toplevel"))
        top = Path(os.fsdecode(found.stdout.removesuffix(b"\n"))) if found.returncode == 0 else None
    repository = Repository(folder, top, "", is_shallow)
    head = repository.resolve("HEAD")
    if not head:
        raise LockstepError(
            "the git repository has no commits", where=str(folder.resolve()), remedy="commit a lock first"
        )
    return Repository(folder, top, head, is_shallow)


class BlobReader:
    """Reads the contents of files by their object ids, with one process for all of them."""

    def __init__(self, repository: Repository) -> None:
        self._folder = repository.folder
        self._process = _batch(self._folder)

    def __enter__(self) -> BlobReader:
        """Return itself; leaving ends the process."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        self._process.communicate()

    def read(self, blob: str, limit: int) -> bytes:
        """Return the content of a file.

        Raises ``LockstepError`` if it is not in this clone, or larger than ``limit`` bytes.
        """
        words = self._ask(blob)
        if not words:
            # Of an object that a partial clone lacks, git dies.
            self._process.communicate()
            self._process = _batch(self._folder)
        if len(words) != 3:
            raise LockstepError(f"git does not have its content {blob[:10]} in this clone")
        size = int(words[2])
        if size > limit:
            self._skip(size + 1)
            raise LockstepError(f"larger than {limit >> 20} MiB")
        return self._take(size + 1)[:-1]

    def _ask(self, blob: str) -> list[str]:
        """Return the words of git's answer: the id, the type and the size of an object; fewer if it has none."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise ValueError("the process was started with pipes")
        try:
            stdin.write(f"{blob}\n".encode())
            stdin.flush()
        except BrokenPipeError:
            return []
        return stdout.readline().decode("ascii", "replace").split()

    def _take(self, size: int) -> bytes:
        stdout = self._process.stdout
        return stdout.read(size) if stdout else b""

    def _skip(self, size: int) -> None:
        while size > 0 and (part := self._take(min(size, 1 << 20))):
            size -= len(part)


def _batch(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*_GIT, "cat-file", "--batch"],
        cwd=folder,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


_GIT = ("git", "-c", "log.showSignature=false", "-c", "protocol.allow=never")
"""``showSignature`` would mix the output of gpg into ours; in a partial clone, git would fetch what is missing."""


def _run(folder: Path, arguments: Iterable[str], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            [*_GIT, *arguments], cwd=folder, env=_environment(), input=stdin, capture_output=True
        )
    except FileNotFoundError:
        raise LockstepError("git is not installed", remedy="install git 2.31 or later") from None


def _environment() -> dict[str, str]:
    """Return the environment of git: messages in English, nothing written to the index, and no fetch."""
    return {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
