"""Asks git repositories for commits and files, apart from the settings of the folder that this runs in.

Nothing of a repository runs: no hooks, and no program of its ``.gitattributes``. Where the file that names it is not
trusted, git gets no settings and no credentials of the user, and fetches over https alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conda_lockstep.conda.trust import Trust
from conda_lockstep.conda.urls import reason_of_answer, without_credentials
from conda_lockstep.errors import LockstepError

SECONDS = 600
MAX_BYTES = 16 << 20
"""The most bytes of a file that metadata are read from."""
_FULL = re.compile(r"[0-9a-f]{40}")
_SHORT = re.compile(r"[0-9a-f]{7,39}")
_ONLY_HERE = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_ADVICE": "0",
    "LC_ALL": "C",
}
_UNTRUSTED = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ASKPASS": "true",
    "GIT_ALLOW_PROTOCOL": "https",
}


@dataclass(frozen=True, slots=True)
class Git:
    """git for URLs whose files are trusted as far as ``trust``; ``cache`` is a folder for what is fetched."""

    cache: Path
    trust: Trust

    def commit_of(self, url: str, rev: str) -> str:
        """Return the commit that a branch or a tag is at now, or the default branch where ``rev`` is empty.

        Of a branch and a tag with one name it is the branch, as pip has it. Raises ``LockstepError`` where the
        repository cannot be read, or has no such revision.
        """
        if _FULL.fullmatch(rev):
            return rev
        listed = self.run("ls-remote", "--", url, secret=url)
        refs = {name: commit for commit, _, name in (line.partition("\t") for line in listed.splitlines())}
        names = [f"refs/heads/{rev}", f"refs/tags/{rev}^{{}}", f"refs/tags/{rev}", rev] if rev else ["HEAD"]
        found = next((refs[name] for name in names if name in refs), "")
        if not found and _SHORT.fullmatch(rev):
            found = self._abbreviated(url, rev)
        if not found:
            what = f"has no branch, tag or commit '{rev}'" if rev else "has no default branch"
            raise LockstepError(what, remedy="write another revision after '@'")
        return found

    def fetch(self, url: str, commit: str, rev: str = "") -> GitTree:
        """Return the files of a commit. Raises ``LockstepError`` where it cannot be fetched."""
        folder = self._folder(url)
        if not self._has(folder, commit):
            try:
                self.run(
                    "fetch", "--quiet", "--depth=1", "--no-tags", "--", url, commit, cwd=folder, secret=url
                )
            except LockstepError:
                # Some servers send what a branch or a tag names, and no commit by its hash.
                self.run("fetch", "--quiet", "--tags", "--", url, rev or "HEAD", cwd=folder, secret=url)
        if not self._has(folder, commit):
            raise LockstepError(f"has no commit {commit}", remedy="write a commit that a branch or a tag has")
        return GitTree(
            self, folder, self.run("rev-parse", "--verify", f"{commit}^{{tree}}", cwd=folder).strip()
        )

    def clone(self, url: str, commit: str, folder: Path, *, recorded_url: str) -> str:
        """Check a commit out into a folder that is not there, with its submodules; return the hash of its tree.

        The repository's remote is ``recorded_url``. Raises ``LockstepError``.
        """
        folder.mkdir(parents=True)
        self.run("init", "--quiet", ".", cwd=folder)
        self.run("remote", "add", "--", "origin", recorded_url, cwd=folder)
        # The history is there, so that a build can tell its version from tags; old files are not.
        where = ["--", url]
        self.run(
            "fetch",
            "--quiet",
            "--tags",
            *where,
            "+refs/heads/*:refs/remotes/origin/*",
            cwd=folder,
            secret=url,
        )
        if not self._has(folder, commit):
            self.run("fetch", "--quiet", *where, commit, cwd=folder, secret=url)
        self.run("checkout", "--quiet", "--detach", commit, "--", cwd=folder)
        if (folder / ".gitmodules").is_file():
            self.run("submodule", "--quiet", "update", "--init", "--recursive", cwd=folder)
        return self.run("rev-parse", "--verify", "HEAD^{tree}", cwd=folder).strip()

    def _abbreviated(self, url: str, rev: str) -> str:
        folder = self._folder(url)
        self.run("fetch", "--quiet", "--tags", "--", url, "+refs/heads/*:refs/all/*", cwd=folder, secret=url)
        return self.run(
            "rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}", cwd=folder, check=False
        ).strip()

    def _folder(self, url: str) -> Path:
        """Return the bare repository that keeps what is fetched from a URL."""
        name = hashlib.sha256(without_credentials(url).encode()).hexdigest()[:24]
        folder = self.cache / name
        if not (folder / "HEAD").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            self.run("init", "--quiet", "--bare", ".", cwd=folder)
        return folder

    def _has(self, folder: Path, commit: str) -> bool:
        return bool(self.run("cat-file", "-e", f"{commit}^{{tree}}", cwd=folder, check=False, answer="yes"))

    def run(
        self,
        command: str,
        *arguments: str,
        cwd: Path | None = None,
        secret: str = "",
        check: bool = True,
        answer: str = "",
    ) -> str:
        """Return git's output; ``answer`` in its place where git succeeds.

        ``secret`` is a URL that may have credentials, which a message must not show. A command that fails raises
        ``LockstepError``, without ``check`` it returns nothing.
        """
        settings = [
            f"core.hooksPath={os.devnull}", "core.fsmonitor=false", "protocol.ext.allow=never",
            "advice.detachedHead=false", "gc.auto=0", "init.defaultBranch=main", "safe.bareRepository=all",
        ]  # fmt: skip
        words = ["git", *(word for each in settings for word in ("-c", each)), command, *arguments]
        try:
            done = subprocess.run(
                words, cwd=cwd, env=self._environment(), capture_output=True, text=True, encoding="utf-8",
                errors="replace", stdin=subprocess.DEVNULL, timeout=SECONDS, check=False,
            )  # fmt: skip
        except FileNotFoundError:
            raise LockstepError("git is not installed", remedy="install git") from None
        except subprocess.TimeoutExpired:
            raise LockstepError(f"git {command} took longer than {SECONDS} s", remedy="try again") from None
        if done.returncode == 0:
            return answer or done.stdout
        if not check:
            return ""
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        text = without_credentials(" ".join(lines[-2:]).replace(secret or "\0", without_credentials(secret)))
        what = f"cannot be read{reason_of_answer(text, self.trust)}"
        raise LockstepError(what, remedy="check the URL, the revision and the network")

    def _environment(self) -> Mapping[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_") or key in _KEPT}
        return {**kept, **_ONLY_HERE, **(_UNTRUSTED if self.trust.distrust else {})}


_KEPT = (
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_ASKPASS",
    "GIT_SSL_CAINFO",
    "GIT_SSL_NO_VERIFY",
    "GIT_PROXY_COMMAND",
)
"""How git connects may depend on the machine; what it does here may not."""


@dataclass(frozen=True, slots=True)
class GitTree:
    """The files of a commit; ``tree`` is git's hash of them."""

    git: Git
    folder: Path
    tree: str

    def read(self, path: str) -> str | None:
        """Return the text of a file; None where there is none."""
        name = f"{self.tree}:{path}"
        if self.git.run("cat-file", "-t", name, cwd=self.folder, check=False).strip() != "blob":
            return None
        size = self.git.run("cat-file", "-s", name, cwd=self.folder).strip()
        if int(size) > MAX_BYTES:
            raise LockstepError(
                f"{path} has {int(size):,} bytes", remedy="state its metadata in pyproject.toml"
            )
        return self.git.run("cat-file", "blob", name, cwd=self.folder)

    def has_folder(self, path: str) -> bool:
        """Return whether a path is a folder of the commit."""
        return (
            self.git.run("cat-file", "-t", f"{self.tree}:{path}", cwd=self.folder, check=False).strip()
            == "tree"
        )
