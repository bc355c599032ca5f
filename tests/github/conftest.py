"""What the tests of the GitHub half share."""

from __future__ import annotations

from tests.lock.conftest import anaconda, index_cache
from tests.support.github.plugin import github

__all__ = ["anaconda", "github", "index_cache"]
