"""Real files to test on: our own cases, in every clone, and the corpus beside a working copy, which widens the run.

A test that reads these files through :func:`environment_files` or :func:`install_files` runs everywhere. One that needs
the corpus itself has the fixture ``corpus``: it is not collected where the corpus is absent, and one line says so.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

REPOSITORY = Path(__file__).parents[2]
HOOKS = REPOSITORY / "hooks"
CORPUS = REPOSITORY.parent / "shared" / "corpus"
EXCERPT = REPOSITORY / "tests" / "support" / "channels"
ABSENT = "the corpus (../shared/corpus) is not on this machine"


def find_corpus() -> Path | None:
    """Return the corpus folder, None where it is not on this machine."""
    return CORPUS if CORPUS.is_dir() else None


def find_channels() -> Path:
    """Return a folder of real channel metadata, ``CHANNEL/SUBDIR/repodata.json.zst``: our excerpt, or the corpus."""
    return CORPUS / "channels" if find_corpus() else EXCERPT


def environment_files(*folders: str) -> list[Path]:
    """Return our own environment files, and those in some folders of the corpus where it is on this machine."""
    own = [
        path
        for path in HOOKS.glob("*/*/*.yml")
        if "lock" not in path.name and "installs" not in path.parts[-3]
    ]
    return sorted(own) + [path for name in folders for path in sorted(CORPUS.joinpath(name).rglob("*.y*ml"))]


def install_files() -> dict[Path, str]:
    """Return our own Dockerfiles, scripts and workflows and those of the corpus, each with the path it is read as."""
    shown = {"docker": "docker/{}.Dockerfile", "shell": "{}", "workflow": ".github/workflows/{}"}
    own = {path: _shown(path) for path in sorted(HOOKS.glob("lockstep-installs/*/*before.*"))}
    corpus = {
        path: shown[path.parent.name].format(path.name)
        for path in sorted(CORPUS.glob("installs/*/*"))
        if path.parent.name in shown
    }
    return {**own, **corpus}


def absent(what: str) -> NoReturn:
    """Skip a test for what this machine lacks; in CI, which has all that the tests need, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have it: {what}")
    pytest.skip(what)


def drop_what_needs_the_corpus(items: list[pytest.Item]) -> list[pytest.Item]:
    """Take the tests that need the corpus out of some, and return them, where it is not on this machine."""
    if find_corpus():
        return []
    dropped = [item for item in items if "corpus" in getattr(item, "fixturenames", ())]
    items[:] = [item for item in items if item not in dropped]
    return dropped


def _shown(path: Path) -> str:
    return f".github/workflows/{path.name}" if path.suffix == ".yml" else path.name
