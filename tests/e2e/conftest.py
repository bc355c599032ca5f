"""What the end-to-end tests share."""

from __future__ import annotations

from tests.support.github.plugin import github

__all__ = ["github"]
