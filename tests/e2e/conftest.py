"""What the end-to-end tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.github.plugin import github
from tests.support.hooks import Hooks, build
from tests.support.repository import Repository

__all__ = ["github"]


@pytest.fixture(scope="session")
def hooks() -> Hooks:
    """The hooks, as a repository with a tag that their tools install from."""
    return build()


@pytest.fixture
def scratch(tmp_path: Path) -> Repository:
    """A repository to run them in."""
    return Repository(tmp_path / "scratch")
