"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import skips
from tests.support.corpus import ABSENT, find_corpus
from tests.support.forge import Forge, build_forge
from tests.support.http_server import Server, serve

# How long an example takes says more about the machine than about the code.
settings.register_profile("lockstep", deadline=None)
settings.load_profile("lockstep")


def pytest_configure(config: pytest.Config) -> None:
    """Explain each skip; see tests/support/skips.py."""
    skips.register(config)


@pytest.fixture(scope="session")
def forge() -> Forge:
    """Real local conda channels and a PyPI index; see tests/support/forge."""
    return build_forge()


@pytest.fixture
def http_server() -> Iterator[Callable[[Path], Server]]:
    """Serves a folder on loopback: ``http_server(folder).url``; closed with the test."""
    with ExitStack() as servers:
        yield lambda folder: servers.enter_context(serve(folder))


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The corpus of real files, or a visible skip."""
    found = find_corpus()
    if found is None:
        pytest.skip(ABSENT)
    return found
