"""What the tests of the GitHub half share."""

from __future__ import annotations

from tests.support.github.plugin import github

__all__ = ["github"]
