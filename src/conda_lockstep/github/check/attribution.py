"""Whose doing the changes of a lock are: ``lockstep diff --causes``, for as long as there is time."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from conda_lockstep.drift.attribution.cause_text import late
from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.operands import parse_source
from conda_lockstep.drift.report import Report
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.check import sandbox
from conda_lockstep.github.check.locking import CheckedLock
from conda_lockstep.github.event.base import Base
from conda_lockstep.github.handoff.handoff import MAX_ITEMS, Cause, Caveat
from conda_lockstep.lock.model.paths import SUFFIX
from conda_lockstep.render.drift import json as drift_json
from conda_lockstep.text.atomic import write_text

SECONDS = 180.0
"""For all locks of a run together: solving anew is a service, and no check waits for it for long."""
UNKNOWN = "could not attribute the changes, so all of them count against the pull request"


@dataclass(frozen=True, slots=True)
class Told:
    """The causes of a lock's changes, and what makes them uncertain."""

    causes: tuple[Cause, ...] = ()
    caveats: tuple[Caveat, ...] = ()


@dataclass(slots=True)
class Inquiry:
    """Asks for the causes of one lock after the other, against one base commit.

    ``folder`` is the Action's own, ``cache`` holds the channels' indexes. Channels are asked with the credentials with
    which they were asked to lock. What goes wrong is told to ``out`` as well.
    """

    base: Base
    workspace: Path
    folder: Path
    cache: Path
    out: TextIO
    _deadline: float | None = field(default=None, init=False)

    def about(self, locked: CheckedLock, name: str) -> Told:
        """Attribute each change of a lock; nothing if it did not change, or has no base.

        ``name`` tells the inquiries of one run apart.
        """
        if locked.lock is None:
            return Told()
        platforms = tuple(locked.lock.platforms)
        try:
            before = self.base.read(locked.lock_path.as_posix())
        except LockstepError as error:
            return _nothing(platforms, f"{UNKNOWN}: {error}")
        if before is None or not _differs(before, locked):
            return Told()
        return self._asked(
            locked, platforms, before.decode("utf-8", "replace"), self.folder / f"causes-{name}"
        )

    def _asked(self, locked: CheckedLock, platforms: tuple[str, ...], before: str, place: Path) -> Told:
        place.mkdir(parents=True, exist_ok=True)
        old, new, answer = place / f"base.{SUFFIX}", place / f"head.{SUFFIX}", place / "answer.json"
        write_text(old, before)
        write_text(new, locked.text)
        # fmt: off
        command = [
            sys.executable, "-I", "-m", "conda_lockstep", "diff", str(old), str(new), "--causes",
            f"--file={locked.path}", "--format", "json", "--fail-on", "never", "--output", str(answer),
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
            return _told(drift_json.loads(answer.read_text(encoding="utf-8"), answer.name))
        except LockstepError as error:
            return _nothing(platforms, f"{UNKNOWN}: {error}")

    def _time_left(self) -> float:
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + SECONDS
        return max(0.1, self._deadline - now)


def _differs(before: bytes, locked: CheckedLock) -> bool:
    """Whether there is a change to tell the cause of; what cannot be read is for the half that reports."""
    try:
        old, new = (
            parse_source(text, locked.lock_path.name)
            for text in (before.decode("utf-8", "replace"), locked.text)
        )
        return bool(compare(old, new).rows)
    except LockstepError:
        return False


def _told(report: Report) -> Told:
    causes = (
        Cause(each.platform, row.manager, row.subject, row.attribution, row.new.timestamp if row.new else 0)
        for each in report.comparisons
        for row in each.rows
    )
    caveats = tuple(Caveat(each.platform, note) for each in report.comparisons for note in each.notes)
    return Told(tuple(causes)[:MAX_ITEMS], caveats)


def _nothing(platforms: tuple[str, ...], why: str) -> Told:
    return Told((), tuple(Caveat(platform, why) for platform in platforms))
