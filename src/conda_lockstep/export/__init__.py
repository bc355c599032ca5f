"""Locks in other formats: one module per format, one row per format."""

from __future__ import annotations

import re
from importlib import import_module
from typing import NamedTuple

from conda_lockstep.errors import LockstepError
from conda_lockstep.export.model import Export, Subject


class Format(NamedTuple):
    """A format: its name, which is that of its module, and what it is."""

    name: str
    what: str


FORMATS: tuple[Format, ...] = (
    Format("explicit", "an @EXPLICIT file (CEP 23), for conda create --file"),
    Format("requirements", "the pip part as a requirements.txt with hashes"),
    Format("pylock", "the pip part as a pylock.toml (PEP 751)"),
    Format("pixi", "a pixi.lock, version 7"),
    Format("environment", "an environment.yml with every version and build"),
    Format("manifest", "the whole lock as JSON, for lockstep verify on a node that has only Python"),
    Format("cyclonedx", "a software bill of materials (CycloneDX 1.6)"),
    Format("dockerfile", "a Dockerfile that builds the environment from its lock"),
    Format("kubernetes", "a patch that verifies the environment before a Job starts"),
)


def export(name: str, subject: Subject) -> Export:
    """Write a lock in another format. Raises ``LockstepError`` for what the format cannot hold at all."""
    if name not in (known.name for known in FORMATS):
        choices = ", ".join(known.name for known in FORMATS)
        raise LockstepError(f"there is no format '{name}'", remedy=f"choose from: {choices}")
    _refuse_blanks(subject)
    module = import_module(f"conda_lockstep.export.{name}")
    written: Export = module.render(subject)
    return written


def _refuse_blanks(subject: Subject) -> None:
    """Raise for a package that would end its line in most formats, and begin another one."""
    for packages in subject.lock.platforms.values():
        for package in packages.values():
            for text in (package.name, package.version, package.build, package.url):
                if re.search(r"[\s\x00-\x20\x7f]", text):
                    raise LockstepError(
                        f"{package.name!r} has a blank in {text!r}, which no format of one line has room for",
                        where=subject.path,
                    )
