"""The hooks as users get them: from a tag of a git repository, installed by pre-commit and by prek themselves."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.install.fetch.folder_lock import wait_for
from tests.support.repository import IDENTITY, Repository

REPOSITORY = Path(__file__).parents[2]
CACHE = REPOSITORY / ".cache" / "hooks"
TAG = "v0.1.0"
_SHIPPED = ("src", "hooks", "docs", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
_TOOLS = {
    "pre-commit": [sys.executable, "-m", "pre_commit"],
    "prek": [str(Path(sys.executable).with_name("prek"))],
}


class Done(NamedTuple):
    """What a run came to: its exit status, and all that it printed."""

    status: int
    printed: str


class Hooks(NamedTuple):
    """This project in a repository of its own, with a tag, and the folder where the tools keep what they install."""

    folder: Path

    @property
    def url(self) -> str:
        return (self.folder / "repository").as_uri()

    def run(self, tool: str, scratch: Repository, *options: str) -> Done:
        """Run a tool's hooks in a repository, as ``pre-commit run`` does."""
        home = {"PRE_COMMIT_HOME": str(self.folder / "pre-commit"), "PREK_HOME": str(self.folder / "prek")}
        done = subprocess.run(
            [*_TOOLS[tool], "run", *(options or ("--all-files",))], cwd=scratch.folder,
            env={**_clean(os.environ), **IDENTITY, **home},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout)


def build() -> Hooks:
    """Return the hooks of the working tree; built once for what is in it, older ones are thrown away."""
    files = _files()
    digest = hashlib.sha256()
    for name in files:
        digest.update(f"{name}\0".encode() + (REPOSITORY / name).read_bytes() + b"\0")
    folder = CACHE / digest.hexdigest()[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("wb") as lock:
        wait_for(lock)
        if not (folder / "ready").exists():
            for old in CACHE.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            repository = Repository(folder / "repository")
            for name in files:
                target = repository.folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(REPOSITORY / name, target)
            repository.commit({}, "release")
            repository.git("tag", TAG)
            (folder / "ready").touch()
    return Hooks(folder)


def config(hooks: Hooks, *ids: str, options: Mapping[str, str] | None = None) -> str:
    """Return a ``.pre-commit-config.yaml`` with some hooks, each with the same options."""
    lines = ["repos:", f"- repo: {hooks.url}", f"  rev: {TAG}", "  hooks:"]
    for name in ids:
        lines += [f"  - id: {name}", *(f"    {key}: {value}" for key, value in (options or {}).items())]
    return "\n".join(lines) + "\n"


def _files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *_SHIPPED],
        cwd=REPOSITORY, capture_output=True, check=True,
    ).stdout  # fmt: skip
    names = {name for name in listed.decode().split("\0") if name}
    return sorted(name for name in names if (REPOSITORY / name).is_file())


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what a hook that runs these tests, or this virtual environment, has set."""
    return {
        key: value
        for key, value in environment.items()
        if not key.startswith(("GIT_", "PRE_COMMIT", "PREK", "PYTEST", "COV_")) and key != "VIRTUAL_ENV"
    }
