"""Clears a prefix before packages are linked: symbolic links, through which nothing is written, and permissions.

A package may be a link into a checkout, a record one into another prefix. The link is removed, never what it leads to.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.install.fetch.contents import PackagePaths
from conda_lockstep.install.link.present import Owner
from conda_lockstep.packages import Key
from conda_lockstep.snapshot.linked_folders import link_above, linked_folders
from conda_lockstep.snapshot.permissions import WrongMode


def links_above(prefix: Path, owners: Iterable[Owner]) -> dict[str, str]:
    """Return the folders with files of packages that are links which no package brought, each with its target."""
    owners = tuple(owners)
    own = {file.path for owner in owners for file in owner.files if file.link}
    folders = {file.path.rpartition("/")[0] for owner in owners for file in owner.files}
    folders |= {owner.record.parent.relative_to(prefix).as_posix() for owner in owners}
    return linked_folders(os.path.realpath(prefix), sorted(folders), own)


def reached_through(owners: Iterable[Owner], links: dict[str, str]) -> dict[Key, str]:
    """Return the packages with files below some links, each with the reason in words."""
    found = {}
    for owner in owners if links else ():
        for file in owner.files:
            if link := link_above(file.path.rpartition("/")[0], links):
                found[owner.package.key] = f"{link} is a link to {links[link]}"
                break
    return found


def clear_links(
    prefix: Path, links: Iterable[str], new: Iterable[PackagePaths], kept: Iterable[Owner]
) -> None:
    """Remove some links, and all at the places of new files and on the way to them; links that are kept stay.

    Raises ``LockstepError`` where one cannot be removed.
    """
    root = os.path.realpath(prefix)
    own = {file.path for owner in kept for file in owner.files if file.link}
    paths = {path for contents in new for path in contents.paths}
    folders = {path.rpartition("/")[0] for path in paths}
    above = linked_folders(root, sorted(folders), own)
    for path in (*links, *above, *(path for path in paths - own if os.path.islink(f"{root}/{path}"))):
        try:
            os.unlink(f"{root}/{path}")
        except FileNotFoundError:
            continue
        except OSError as error:
            what = f"is a link that cannot be removed: {error.strerror}"
            raise LockstepError(
                what, where=str(prefix / path), remedy="remove it, then run this again"
            ) from None


def correct_modes(prefix: Path, wrong: Iterable[WrongMode]) -> None:
    """Set the permission bits of files and folders, but not of what a link leads to. Raises ``LockstepError``."""
    for each in wrong:
        path = prefix / each.path
        try:
            if not path.is_symlink():
                path.chmod(each.right)
        except FileNotFoundError:
            continue
        except OSError as error:
            what = f"permissions cannot be changed: {error.strerror}"
            raise LockstepError(what, where=str(path), remedy="run this as the owner of the prefix") from None
