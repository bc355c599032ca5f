"""The prefix and its surroundings, as the looks at its start need them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

_SHOWN = 3


class Context(NamedTuple):
    """A prefix whose programs are about to start.

    ``root`` is its real path; ``listings`` are its site-packages with the names in each; ``environ`` are the variables
    of the job. ``unowned`` returns those of some paths, relative to the prefix, that belong to no package. ``system``
    is the root of the file system.
    """

    root: str
    listings: Mapping[str, Iterable[str]]
    environ: Mapping[str, str]
    unowned: Callable[[set[str]], set[str]]
    system: str = os.sep

    @property
    def libraries(self) -> list[str]:
        """Return the folders of the standard library, such as ``lib/python3.11``, relative to the prefix."""
        return [os.path.relpath(os.path.dirname(folder), self.root) for folder in self.listings]

    def is_inside(self, path: str) -> bool:
        """Return whether a path is in the prefix."""
        path = os.path.realpath(path)
        return path == self.root or path.startswith(self.root + os.sep)


def some(names: Iterable[str]) -> str:
    """Return the first names of several, and how many more there are."""
    ordered = sorted(names)
    more = len(ordered) - _SHOWN
    return ", ".join(ordered[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
