"""The real metadata of three channels on loopback, and a shorthand to lock an environment file against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conda_lockstep.environment.document import read
from conda_lockstep.lock.channels import Mirrors
from conda_lockstep.lock.make import Settings, make_lock
from conda_lockstep.lock.model import Lock
from tests.support.http_server import serve

Locking = Callable[..., Lock]


@pytest.fixture(scope="session")
def anaconda(corpus: Path) -> Iterator[str]:
    """The URL of a server that stands in for conda.anaconda.org, with a subset of its real metadata."""
    with serve(corpus / "channels") as server:
        yield server.url


@pytest.fixture(scope="session")
def index_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where channel indexes are kept while the tests run."""
    return tmp_path_factory.mktemp("indexes")


@pytest.fixture
def locking(anaconda: str, index_cache: Path, tmp_path: Path) -> Locking:
    """Locks a file, or the text of one, against the real metadata: ``locking(text, cuda="12.9")``."""

    def lock(source: str | Path, *, platforms: tuple[str, ...] = ("linux-64",), cuda: str = "") -> Lock:
        if isinstance(source, str):
            text, source = source, tmp_path / "environment.yml"
            source.write_text(text)
        mirrors = Mirrors({"https://conda.anaconda.org": anaconda})
        file = read(source, shown_as=source.name)
        return make_lock(file, Settings(platforms, cuda=cuda, mirrors=mirrors, cache=index_cache))

    return lock
