"""Proves that an edit of a user's YAML changed nothing but our own entries, to readers of YAML 1.1 and of 1.2."""

from __future__ import annotations

from collections.abc import Callable

from conda_lockstep.errors import LockstepError
from conda_lockstep.text.source import Source
from conda_lockstep.text.yaml_as_conda import load_as_conda
from conda_lockstep.text.yaml_values import load


def same_except_ours(path: str, before: str, after: str, others: Callable[[object], object]) -> bool:
    """Return whether two texts have the same values apart from what ``others`` leaves out of a document.

    pre-commit and PyYAML read YAML 1.1, GitHub and prek read 1.2. Comments and layout are kept by editing spans only.
    """
    try:
        return others(load(before, path)) == others(load(after, path)) and others(
            load_as_conda(Source.of(path, before))
        ) == others(load_as_conda(Source.of(path, after)))
    except LockstepError:
        return False
