"""The real metadata of three channels on loopback, and a shorthand to lock an environment file against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import read
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.solve.keep import NOTHING, UpdateRequest
from conda_lockstep.lock.solve.solve import Solver
from conda_lockstep.lock.update.make import Settings, make_locks
from tests.support.http_server import serve

Locking = Callable[..., Lock]


@pytest.fixture(scope="session")
def anaconda(channel_data: Path) -> Iterator[str]:
    """The URL of a server that stands in for conda.anaconda.org, with a subset of its real metadata."""
    with serve(channel_data) as server:
        yield server.url


@pytest.fixture(scope="session")
def index_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where channel indexes are kept while the tests run."""
    return tmp_path_factory.mktemp("indexes")


@pytest.fixture(scope="session")
def solver(anaconda: str, index_cache: Path) -> Solver:
    """A solver of the real metadata; it reads each channel once."""
    return Solver(Mirrors({"https://conda.anaconda.org": anaconda}, TRUSTED), cache=index_cache / "repodata")


@pytest.fixture
def locking_all(solver: Solver, index_cache: Path, tmp_path: Path) -> Callable[..., dict[str, Lock]]:
    """Locks a file, or the text of one, against the real metadata, for each machine; see ``make_locks``."""

    def lock(
        source: str | Path,
        *,
        platforms: tuple[str, ...] = ("linux-64",),
        old: Sequence[Lock] = (),
        update: UpdateRequest = NOTHING,
        **settings: Any,
    ) -> dict[str, Lock]:
        if isinstance(source, str):
            text, source = source, tmp_path / "environment.yml"
            source.write_text(text)
        file = read(source, shown_as=source.name)
        chosen = Settings(platforms, mirrors=solver.mirrors, cache=index_cache, **settings)
        return make_locks(file, chosen, solver, old, update)

    return lock


@pytest.fixture
def locking(locking_all: Callable[..., dict[str, Lock]]) -> Locking:
    """Locks where there is one lock for all machines: ``locking(text, cuda="12.9")``."""

    def lock(source: str | Path, **given: Any) -> Lock:
        (only,) = locking_all(source, **given).values()
        return only

    return lock
