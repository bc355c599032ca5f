"""``lockstep lock --check``: checks whether locks fit their environment files and are sound, without a solver."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.check.integrity import integrity_notes
from conda_lockstep.lock.check.select import named, read_own
from conda_lockstep.lock.check.status import stale_reasons
from conda_lockstep.lock.model.paths import lock_path
from conda_lockstep.lock.solve.machines import refuse_unknown
from conda_lockstep.settings import load
from conda_lockstep.text.resolve_path import resolve_path


def run(files: Sequence[Path], platforms: Sequence[str] = (), machine: str = "") -> int:
    """Check the locks of the files, or only that for a declared machine. Exit status 1 where one is stale."""
    return max(_check(path, platforms, machine) for path in files)


def _check(path: Path, platforms: Sequence[str], machine: str) -> int:
    file, config = read(path), load(resolve_path(path).parent, TRUSTED)
    refuse_unknown(machine, config)
    locks = read_own(path)
    if not locks:
        remedy = f"run: lockstep lock {path}"
        raise LockstepError("there is no lock yet", where=str(lock_path(path)), remedy=remedy)
    found = stale_reasons(file, locks, config, platforms)
    if machine:
        own = named(locks, machine)
        found = {own: found[own]}
    for reasons in found.values():
        for reason in reasons:
            print(f"{reason}")
    for target in found:
        for note in integrity_notes(locks[target]) if target in locks else ():
            print(f"lockstep: {target}: {note}; run: lockstep lock {path}", file=sys.stderr)
    stale = [f"{target}" for target, reasons in found.items() if reasons]
    if stale:
        fits = "no longer fits" if len(stale) == 1 else "no longer fit"
        print(f"lockstep: {', '.join(stale)} {fits} {path}; run: lockstep lock {path}", file=sys.stderr)
        return 1
    for target in found:
        print(f"{target} fits {path}")
    return 0
