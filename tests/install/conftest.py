"""A folder with an environment file and its lock for the forge's channel, and a shorthand to build it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.install.build import BuildOptions, build_environment
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.update.make import Settings, make_lock
from conda_lockstep.packages import PackageSet

CHANNEL = "https://conda.anaconda.org/forge"
INDEX = "https://pypi.org/simple"


@dataclass(frozen=True, slots=True)
class World:
    """A channel and an index behind mirrors, and a cache for what is fetched from them."""

    mirrors: Mirrors
    cache: Path
    subdir: str

    def lock(self, *conda: str, pip: tuple[str, ...] = ()) -> PackageSet:
        """Solve entries for this machine."""
        lines = "".join(f"  - {entry}\n" for entry in conda)
        items = "".join(f"      - {entry}\n" for entry in pip)
        text = f"channels: [forge]\ndependencies:\n{lines}" + (f"  - pip:\n{items}" if pip else "")
        settings = Settings((self.subdir,), mirrors=self.mirrors, index=INDEX, cache=self.cache)
        return make_lock(parse(text, "environment.yml"), settings).platforms[self.subdir]

    def build(self, packages: PackageSet, prefix: Path, *, fresh: bool = False) -> bool:
        """Build a prefix; with nothing in the cache where ``fresh``."""
        cache = prefix.parent / f"{prefix.name}-cache" if fresh else self.cache
        return build_environment(packages, prefix, BuildOptions(self.mirrors, cache=cache)).had_remains


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where archives and indexes are kept while the tests run."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def world_of(forge, cache) -> Callable[..., World]:
    """Makes a world of a channel's URL and an index's: ``world_of(channel_url, pypi_url)``."""

    def world(channel: str = forge.channel_url, pypi: str = forge.pypi.as_uri()) -> World:
        return World(Mirrors({CHANNEL: channel, "https://pypi.org": pypi}, TRUSTED), cache, forge.subdir)

    return world


@pytest.fixture
def world(world_of) -> World:
    """The forge, from its folder."""
    return world_of()
