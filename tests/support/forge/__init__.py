"""The forge: real conda channels and a real PyPI index on this machine, made once and cached.

    from tests.support.forge import build_forge

    forge = build_forge()              # minutes the first time (downloads), a millisecond after
    forge.channel                      # Path: noarch/, linux-64/ with repodata.json and repodata.json.zst
    forge.channel_url                  # file:///…/channel
    forge.pypi                         # Path: a PEP 503 / 691 index, simple/NAME/index.html; files/*.whl
    forge.python_version               # "3.11.7": of the machine's interpreter, in the channel as ``python``
    forge.subdir                       # "linux-64" or "linux-aarch64"
    forge.records()                    # every Record of the channel; forge.newest("numpy") one of them

A test that needs another world copies the channel (hard links, milliseconds) and changes the copy:

    upstream = forge.copy(tmp_path / "channel")        # Channel: .root, .url, .records(), .newest(name)
    upstream.release("numpy")                          # publish the newer numpy that the forge holds back
    upstream.withdraw(upstream.newest("tqdm"))         # vanished upstream
    upstream.rebuild(upstream.newest("six"))           # other bytes under the same name
    upstream.amend(upstream.newest("click"), depends=["python"])        # repodata hot-fix, same file
    upstream.add(Draft("tiny", "1.0", "0", released=…, noarch="generic"))     # anything else

A rattler Gateway remembers what it read: solve a changed channel with a new one. ``newest`` goes by timestamp.

Under pytest these are the fixtures ``forge`` and ``http_server`` (tests/conftest.py). In a shell:

    python -m tests.support.forge              # builds, prints where things are
    python -m tests.support.forge --to DIR     # and copies channel and index to DIR/channel and DIR/pypi

What is in the channel: ``python`` (this machine's CPython), ``python_abi``, ``pip`` and the releases of
catalogue.py repacked from PyPI's wheels (pure ones as ``noarch: python``, the others built for this
Python), the stand-ins of standins.py (``pytorch`` with CUDA and CPU builds, ``cuda-version``, …). Records carry
PyPI's upload time; those held back are dated after all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.support.forge.archive import Draft, Member
from tests.support.forge.channel import Channel, Record

__all__ = ["Channel", "Draft", "Forge", "Member", "Record", "build_forge"]


@dataclass(frozen=True, slots=True)
class Forge:
    """Where the forge's things are; read-only, shared by everyone on this machine."""

    channel: Path
    pypi: Path
    python_version: str
    subdir: str
    held_back: Path

    @property
    def channel_url(self) -> str:
        return self.channel.as_uri()

    def records(self) -> list[Record]:
        """Return all records of the channel, by name, then time."""
        return Channel(self.channel).records()

    def newest(self, name: str, build: str = "") -> Record:
        """Return the newest record of a package (of builds that start so); KeyError where there is none."""
        return Channel(self.channel).newest(name, build)

    def copy(self, to: Path) -> Channel:
        """Copy the channel to the new folder ``to``, there to be changed."""
        return Channel(self.channel, self.held_back).copy(to)


def build_forge(cache: Path | None = None) -> Forge:
    """Return the forge, building what is not in the cache (``$LOCKSTEP_FORGE_CACHE``, else ``.cache/forge``).

    Raises DownloadError where a wheel is neither cached nor to be had from the package registry.
    """
    from tests.support.forge.build import build

    return build(cache)
