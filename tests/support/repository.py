"""Small real git repositories for tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

IDENTITY = {
    "GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip


class Repository:
    """A git repository in a folder, made when it is not there yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / ".git").exists():
            self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        """Run git here and return what it prints, less the last line end."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env={**os.environ, **IDENTITY},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
        return done.stdout.rstrip("\n")

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write files by their paths; None removes one."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_text(content, encoding="utf-8")

    def commit(self, files: Mapping[str, str | None], message: str = "change") -> str:
        """Write files, commit everything, and return the commit."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str, at: str = "HEAD") -> None:
        """Check out a new branch."""
        self.git("checkout", "--quiet", "-b", name, at)

    def merge(self, head: str, into: str) -> str:
        """Check out the merge of a commit into another, as GitHub's ``refs/pull/N/merge``; return it."""
        self.git("checkout", "--quiet", "--detach", into)
        self.git("merge", "--quiet", "--no-ff", "--no-edit", head)
        return self.git("rev-parse", "HEAD")
