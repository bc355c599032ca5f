"""Folders of a prefix that are symbolic links: what lies below them is elsewhere, often in somebody's checkout.

Standard library only.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable


def linked_folders(root: str, folders: Iterable[str], own: Container[str] = ()) -> dict[str, str]:
    """Return the links among some folders of a prefix and the folders above them, each with its target.

    ``folders`` are relative to ``root``, divided by ``/``. A link in ``own`` was brought by a package, and counts only
    where it leads out of the prefix. Of a link, what is below it is not looked at.
    """
    known: dict[str, str] = {"": ""}  # folder -> the link that it is below of, or is; empty for none
    found: dict[str, str] = {}

    def link_above(folder: str) -> str:
        above = known.get(folder)
        if above is None:
            above = link_above(folder.rpartition("/")[0])
            if not above and _is_foreign(root, folder, own):
                above, found[folder] = folder, os.readlink(f"{root}/{folder}")
            known[folder] = above
        return above

    for folder in folders:
        link_above(folder)
    return found


def link_above(path: str, links: Container[str]) -> str:
    """Return which of some linked folders a path is below of, or is; empty for none."""
    while path:
        if path in links:
            return path
        path = path.rpartition("/")[0]
    return ""


def _is_foreign(root: str, folder: str, own: Container[str]) -> bool:
    path = f"{root}/{folder}"
    if not os.path.islink(path):
        return False
    if folder not in own:
        return True
    real = os.path.realpath(path)
    return real != root and not real.startswith(root + os.sep)
