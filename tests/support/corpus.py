"""Finds the corpus of real files that lies beside a working copy, where there is one."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
CORPUS = REPOSITORY.parent / "shared" / "corpus"
ABSENT = "the corpus (../shared/corpus) is not on this machine"


def find_corpus() -> Path | None:
    """Return the corpus folder, None where it is not on this machine."""
    return CORPUS if CORPUS.is_dir() else None
