"""Attributes the changes of locks with ``lockstep diff --causes``, within a time limit."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from conda_lockstep.conda.trust import Trust
from conda_lockstep.drift.attribution.cause_text import late
from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.operands import parse_source
from conda_lockstep.drift.report import Report, Row
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.check import sandbox
from conda_lockstep.github.check.base_file import write_base_file
from conda_lockstep.github.check.locking import CheckedLock
from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.github.handoff.handoff import MAX_ITEMS, Cause, Caveat
from conda_lockstep.lock.model.paths import SUFFIX
from conda_lockstep.render.drift import json as drift_json
from conda_lockstep.text.atomic import write_text

SECONDS = 180.0
"""For all locks of a run together: solving anew is a service, and no check waits for it for long."""
UNKNOWN = "could not attribute the changes, so all of them count against the pull request"


@dataclass(frozen=True, slots=True)
class LockCauses:
    """The causes of a lock's changes, and what makes them uncertain."""

    causes: tuple[Cause, ...] = ()
    caveats: tuple[Caveat, ...] = ()


@dataclass(slots=True)
class Inquiry:
    """Attributes the changes of one lock after the other against one base commit.

    ``folder`` is the Action's own, ``cache`` holds the channels' indexes. Channels are read with the credentials that
    the solve used. Errors are written to ``out`` as well. ``old_paths`` are those of the base, by a file's path today,
    for the files that the change renames.
    """

    base: CommitFiles
    workspace: Path
    folder: Path
    cache: Path
    trust: Trust
    out: TextIO
    old_paths: Mapping[str, str] = field(default_factory=dict)
    _deadline: float | None = field(default=None, init=False)

    def about(self, locked: CheckedLock, name: str) -> LockCauses:
        """Attribute each change of a lock; return nothing if it did not change or has no base.

        ``name`` distinguishes the calls of one run.
        """
        if locked.lock is None:
            return LockCauses()
        platforms = tuple(locked.lock.platforms)
        try:
            path = locked.lock_path.as_posix()
            before = self.base.read(self.old_paths.get(path, path))
        except LockstepError as error:
            return _nothing(platforms, f"{UNKNOWN}: {error}")
        if before is None or not _differs(before, locked):
            return LockCauses()
        return self._attributed(
            locked, platforms, before.decode("utf-8", "replace"), self.folder / f"causes-{name}"
        )

    def _attributed(
        self, locked: CheckedLock, platforms: tuple[str, ...], before: str, place: Path
    ) -> LockCauses:
        place.mkdir(parents=True, exist_ok=True)
        try:
            path = locked.path.as_posix()
            base_file = write_base_file(self.base, Path(self.old_paths.get(path, path)), place / "base")
        except LockstepError as error:
            return _nothing(platforms, f"{UNKNOWN}: {error}")
        if base_file is None:
            return _nothing(platforms, f"{UNKNOWN}: {locked.path} does not exist on the base commit")
        old, new, answer = place / f"base.{SUFFIX}", place / f"head.{SUFFIX}", place / "answer.json"
        write_text(old, before)
        write_text(new, locked.text)
        # fmt: off
        command = [
            sys.executable, "-I", "-m", "conda_lockstep", "diff", str(old), str(new), "--causes",
            f"--old-file={base_file}", f"--file={locked.path}", "--format", "json", "--fail-on", "never",
            "--output", str(answer), "--untrusted", self.trust.distrust,
        ]
        # fmt: on
        environment = {**os.environ, **sandbox.caches_in(self.cache)}
        outcome = sandbox.run(command, place, self.workspace, self._time_left(), environment=environment)
        if outcome.status != 0:
            print(outcome.output, file=self.out)
        if outcome.status is None:
            return _nothing(platforms, late(int(SECONDS)))
        try:
            if outcome.status != 0:
                raise LockstepError(outcome.complaint)
            return _causes_of(drift_json.loads(answer.read_text(encoding="utf-8"), answer.name))
        except LockstepError as error:
            return _nothing(platforms, f"{UNKNOWN}: {error}")

    def _time_left(self) -> float:
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + SECONDS
        return max(0.1, self._deadline - now)


def _differs(before: bytes, locked: CheckedLock) -> bool:
    """Return whether a lock has changes to attribute; the reporting step handles what cannot be read."""
    try:
        old, new = (
            parse_source(text, locked.lock_path.name)
            for text in (before.decode("utf-8", "replace"), locked.text)
        )
        return bool(compare(old, new).rows)
    except LockstepError:
        return False


def _causes_of(report: Report) -> LockCauses:
    causes = (
        Cause(each.platform, row.manager, row.subject, row.attribution, _uploaded(row), row.chain)
        for each in report.comparisons
        for row in each.rows
        if row.attribution
    )
    caveats = tuple(Caveat(each.platform, note) for each in report.comparisons for note in each.notes)
    return LockCauses(tuple(causes)[:MAX_ITEMS], caveats)


def _uploaded(row: Row) -> int:
    """Return the upload date if it has to do with the cause: that may also be what upstream removed."""
    return row.new.timestamp if row.new and "uploaded" in row.cause else 0


def _nothing(platforms: tuple[str, ...], why: str) -> LockCauses:
    return LockCauses((), tuple(Caveat(platform, why) for platform in platforms))
