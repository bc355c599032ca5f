"""The sound prefix that the tests of this folder read, copy and damage."""

from tests.support.prefixes import installed

__all__ = ["installed"]
