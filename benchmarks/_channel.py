"""A channel as large as one likes: the forge's, with a real CPython and NumPy, filled up with generated packages.

They are laid out as wheels are, and one of them has as many files as PyTorch.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from tests.support.forge import Draft, Forge, Member, build_forge

FILES, FILES_OF_THE_LARGEST = 60, 12_000
RELEASED = datetime(2025, 1, 1, tzinfo=timezone.utc)


def filled_channel(folder: Path, packages: int) -> Forge:
    """Write a channel from which :func:`names_of` installs that many packages."""
    forge = build_forge()
    channel = forge.copy(folder)
    channel.add(*drafts(packages - len(names_of(forge))))
    return Forge(channel.root, forge.pypi, forge.python_version, forge.subdir, forge.held_back)


def names_of(forge: Forge) -> list[str]:
    """Return all packages that can be in one environment."""
    return sorted({record.name for record in forge.records()} - {"pytorch-cpu"})


def drafts(number: int) -> Iterator[Draft]:
    for index in range(number):
        name = f"filling-{index:03}"
        files = FILES_OF_THE_LARGEST if index == 0 else FILES
        yield Draft(
            name,
            "1.0",
            "pyh0_0",
            RELEASED,
            noarch="python",
            depends=("python",),
            members=tuple(members(name, files)),
        )


def members(name: str, files: int) -> Iterator[Member]:
    """Yield a distribution as wheels have them: modules, metadata, and a RECORD with a hash for each."""
    module, info = name.replace("-", "_"), f"site-packages/{name.replace('-', '_')}-1.0.dist-info"
    contents = {
        f"site-packages/{module}/module_{index:05}.py": f"INDEX = {index}\n".encode()
        for index in range(files)
    }
    contents[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    contents[f"{info}/INSTALLER"] = b"conda"
    lines = [f"{path.partition('/')[2]},sha256={digest(data)},{len(data)}" for path, data in contents.items()]
    contents[f"{info}/RECORD"] = "\n".join([*lines, ""]).encode()
    yield from (Member(path, data) for path, data in contents.items())


def digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
