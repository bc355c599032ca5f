"""Locks to export: a real one of two platforms with a pip part, and one of the forge that can be installed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.export.model import Subject
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.formats.canonical import canonical
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.update.make import Settings, make_lock
from tests.support.forge import Forge
from tests.support.http_server import Server

WITH_PIP = Path(__file__).with_name("two_platforms.conda-lock.yml")
"""What conda-forge and PyPI have, as our own writer puts it: names, versions, URLs and hashes."""


@pytest.fixture(scope="session")
def real() -> Lock:
    """A lock of two platforms, 28 packages, 4 of them by pip."""
    return canonical(cep37.read(WITH_PIP), WITH_PIP.name).lock


@pytest.fixture
def subject(real: Lock) -> Subject:
    """One platform of it."""
    return Subject(one(real, "linux-64"), "conda-lock.yml")


def one(lock: Lock, platform: str) -> Lock:
    return replace(lock, platforms={platform: lock.platforms[platform]})


@pytest.fixture
def forged(forge: Forge, http_server: Callable[[Path], Server], tmp_path: Path) -> Lock:
    """A lock of the forge with a pip part, its files on loopback."""
    index = f"{http_server(forge.pypi).url}/simple"
    text = f"channels: [{forge.channel_url}]\ndependencies: [python, six, pip, pip: [requests-toolbelt, humanize]]\n"
    settings = Settings((forge.subdir,), mirrors=Mirrors({}, TRUSTED), index=index, cache=tmp_path / "cache")
    return make_lock(parse(text, "environment.yml"), settings)
