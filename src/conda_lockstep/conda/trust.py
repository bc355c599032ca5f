"""Whether files may use the environment variables of this machine: a URL could send them anywhere."""

from __future__ import annotations

from typing import NamedTuple


class Trust(NamedTuple):
    """How far the files of a run are trusted. ``distrust`` is the reason not to, empty where they are trusted.

    Files that are not trusted get no environment variable into a URL, and no server's answer into a message.
    """

    distrust: str


TRUSTED = Trust(distrust="")
"""For files that the user of the command line chose."""
