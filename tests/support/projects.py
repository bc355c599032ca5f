"""Writes projects and git repositories for tests: small, real, and made in milliseconds.

write_files(tmp_path / "knn", {"setup.py": "…"})
repository = GitRepository.create(tmp_path / "origin", {"pyproject.toml": "…"})
repository.commit({"pyproject.toml": "…"}, tag="v2")      # returns the commit
repository.url                                            # file:///…/origin
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


def pyproject(name: str, *dependencies: str, version: str = "1.0", more: str = "", module: str = "") -> str:
    """Return a ``pyproject.toml`` for setuptools with one module, by default of the project's name."""
    listed = ", ".join(f'"{dependency}"' for dependency in dependencies)
    module = module or name.replace("-", "_")
    return (
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        f'[project]\nname = "{name}"\nversion = "{version}"\ndependencies = [{listed}]\n{more}'
        f'[tool.setuptools]\npy-modules = ["{module}"]\n'
    )


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder; return the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@dataclass(frozen=True, slots=True)
class GitRepository:
    """A git repository that can be fetched from over ``file://``."""

    folder: Path

    @classmethod
    def create(cls, folder: Path, files: Mapping[str, str]) -> GitRepository:
        """Make a repository with one commit on ``main``."""
        folder.mkdir(parents=True)
        made = cls(folder)
        made.git("init", "--quiet", "--initial-branch=main")
        made.commit(files)
        return made

    @property
    def url(self) -> str:
        """The URL to fetch from."""
        return self.folder.as_uri()

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return self.git("rev-parse", "HEAD")

    def commit(self, files: Mapping[str, str], tag: str = "") -> str:
        """Write files, commit them all, and return the commit."""
        write_files(self.folder, files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=change")
        if tag:
            self.git("tag", "--annotate", "--message=release", tag)
        return self.head

    def git(self, *arguments: str) -> str:
        """Run git in the repository, apart from the settings of this machine; return its output."""
        identity = (
            "-c",
            "user.name=Test",
            "-c",
            "user.email=test@example.org",
            "-c",
            "protocol.file.allow=always",
        )
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()
