"""The fixture that gives a test its own GitHub, and fails it for whatever GitHub would not have understood."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.github import FakeGitHub, UnavailableError, running


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A local GitHub; the test fails where an exchange breaks the description."""
    try:
        with running() as fake:
            yield fake
    except UnavailableError as error:
        pytest.skip(str(error))
    assert fake.violations == []
