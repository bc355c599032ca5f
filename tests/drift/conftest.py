"""The sound prefix that the tests of this folder read, copy and damage, and the real metadata of three channels."""

from tests.lock.conftest import anaconda, index_cache
from tests.support.prefixes import installed

__all__ = ["anaconda", "index_cache", "installed"]
