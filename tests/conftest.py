"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import skips
from tests.support.corpus import ABSENT, absent, drop_what_needs_the_corpus, find_channels, find_corpus
from tests.support.forge import Forge, build_forge
from tests.support.http_server import Server, serve
from tests.support.lock_pairs import lock_files, lock_pair

__all__ = ["lock_files", "lock_pair"]

_DROPPED = pytest.StashKey[int]()

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
    """The corpus of real files; tests that use it are not collected where it is absent."""
    found = find_corpus()
    if found is None:
        absent(ABSENT)
    return found


@pytest.fixture(scope="session")
def channel_data() -> Path:
    """Real channel metadata: an excerpt, which is in the repository, or the corpus, which has more."""
    return find_channels()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    dropped = drop_what_needs_the_corpus(items)
    config.stash[_DROPPED] = len(dropped)
    config.hook.pytest_deselected(items=dropped)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    count = config.stash.get(_DROPPED, 0)
    if count or find_corpus() is None:
        terminalreporter.write_line(f"{ABSENT}: {count or 'the'} tests that widen the run are not in it")
