"""Locks before and after a change, solved from real channel metadata, in three formats.

A test takes a folder by name from the fixture ``lock_pair``: a pair of ours, or one of the corpus.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.export import export
from conda_lockstep.export.model import Subject
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.update.make import Settings, make_lock, solver_for
from tests.support.corpus import find_channels, find_corpus
from tests.support.http_server import serve

OWN = {
    "arrays": ("python=3.12, numpy=2.1, scipy", "python=3.12, numpy=2.4, scipy"),
    "training": ("python=3.11, pytorch=2.3.*=cuda*", "python=3.12, pytorch=2.10.*=cuda*"),
    "device": ("python=3.12, pytorch=2.5.*=cuda*", "python=3.12, pytorch=2.5.*=cpu*"),
}
"""By name, what the environment file of each side requests."""

LockPair = Callable[[str], Path]
LockFiles = Callable[..., list[Path]]

FILES = ("conda-lock.yml", "pixi.lock", "conda-linux-64.lock")


def pair_names() -> list[str]:
    """Return the names of our pairs, and of those of the corpus where it is on this machine."""
    corpus = find_corpus()
    return [*OWN, *(sorted(path.name for path in (corpus / "locks" / "pairs").iterdir()) if corpus else ())]


def formats_of(name: str) -> list[str]:
    """Return the files that each side of a pair has."""
    corpus = find_corpus()
    if name in OWN or corpus is None:
        return list(FILES)
    return [file for file in FILES if (corpus / "locks" / "pairs" / name / "new" / file).exists()]


@pytest.fixture(scope="session")
def lock_pair(tmp_path_factory: pytest.TempPathFactory) -> LockPair:
    """Return the folder of a pair, with ``old/`` and ``new/``."""
    root = tmp_path_factory.mktemp("pairs")

    @cache
    def folder(name: str) -> Path:
        if name not in OWN:
            corpus = find_corpus()
            assert corpus is not None
            return corpus / "locks" / "pairs" / name
        for side, specs in zip(("old", "new"), OWN[name], strict=True):
            _write(f"channels: [conda-forge]\ndependencies: [{specs}]\n", root / name / side)
        return root / name

    return folder


@pytest.fixture(scope="session")
def lock_files(lock_pair: LockPair) -> LockFiles:
    """Return the locks of one format, by the name of its file: those of our pairs, and those that globs find."""

    def files(name: str, *globs: str) -> list[Path]:
        own = [lock_pair(pair) / side / name for pair in OWN for side in ("old", "new")]
        corpus = find_corpus()
        found = [path for glob in globs for path in (corpus / "locks").glob(glob)] if corpus else []
        return [*own, *sorted(found)]

    return files


def _write(text: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with serve(find_channels()) as server:
        mirrors = Mirrors({"https://conda.anaconda.org": server.url}, TRUSTED)
        settings = Settings(("linux-64",), cuda="12.9", mirrors=mirrors, cache=folder.parent / "cache")
        lock = make_lock(parse(text, "environment.yml"), settings, solver_for(settings))
    (folder / "environment.yml").write_text(text)
    cep37.write(lock, folder / "conda-lock.yml")
    subject = Subject(lock, "conda-lock.yml")
    (folder / "pixi.lock").write_text(export("pixi", subject).text)
    (folder / "conda-linux-64.lock").write_text(export("explicit", subject).text)
