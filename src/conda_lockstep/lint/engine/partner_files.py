"""What is linted together with the files that were named: locks beside them, requirements files that they name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.reading import kind_of_target
from conda_lockstep.lint.engine.registry import Rule
from conda_lockstep.text.encoding import read_bytes


def with_companions(paths: Sequence[Path], chosen: Sequence[Rule]) -> list[Path]:
    """Return the files, each with those that belong to it and that a chosen rule is about."""
    return _with_requirements(_with_partners(paths, chosen), chosen)


def _with_partners(paths: Sequence[Path], chosen: Sequence[Rule]) -> list[Path]:
    """Return the files, with the locks beside them and the files beside locks that a chosen rule is about."""
    kinds = {kind for rule in chosen if rule.family == "lock" for kind in rule.targets}
    if not kinds:
        return list(paths)
    from conda_lockstep.lock.model.paths import environment_of, is_lock, locks_of

    locks = [path for path in paths if is_lock(str(path))]
    found = dict.fromkeys(paths)
    if "environment" in kinds:
        found |= dict.fromkeys(file for lock in locks if (file := environment_of(lock)))
    if "lock" in kinds:
        files = [path for path in found if not is_lock(str(path))]
        found |= dict.fromkeys(lock for beside in locks_of(files).values() for lock in beside)
    return list(found)


def _with_requirements(paths: list[Path], chosen: Sequence[Rule]) -> list[Path]:
    """Return the files, each with the requirements files that it names, where a chosen rule looks at those."""
    if not any("requirements" in rule.targets for rule in chosen):
        return paths
    found: dict[Path, None] = {}
    for path in paths:
        found[path] = None
        if kind_of_target(str(path)) == "environment" and _mentions_a_file(path):
            from conda_lockstep.environment.requirements import named_by

            found |= dict.fromkeys(named_by(path))
    return list(found)


def _mentions_a_file(path: Path) -> bool:
    """Say whether ``-r`` stands in a file at all, which few have, and which costs less than to read it twice."""
    try:
        data = read_bytes(path, str(path))
    except LockstepError:
        return False
    return b"-r" in data and re.search(rb"-r\b|--requirement\b", data) is not None
