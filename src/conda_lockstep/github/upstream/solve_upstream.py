"""The solving step of the upstream check: what the channels changed since each lock was made. It has no token."""

from __future__ import annotations

import datetime
import os
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.drift.attribution.upstream import against_today
from conda_lockstep.drift.report import Comparison, Evidence, Report
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.event.files import is_inside, select_files
from conda_lockstep.github.event.inputs import Inputs
from conda_lockstep.github.event.runner import Runner, without_paths
from conda_lockstep.github.event.workflow_commands import group, quoted
from conda_lockstep.github.handoff import upstream_handoff as findings_file
from conda_lockstep.github.handoff.handoff import MAX_TEXT
from conda_lockstep.github.handoff.upstream_handoff import Findings, Refreshed
from conda_lockstep.github.report.gate import LADDER
from conda_lockstep.lock.check.select import read_own
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.paths import machine_lock_path
from conda_lockstep.lock.solve.dates import horizon_of, utc_now
from conda_lockstep.lock.solve.keep import UpdateRequest
from conda_lockstep.lock.update.lock_target import settings_of
from conda_lockstep.lock.update.make import Solvers, make_locks
from conda_lockstep.lock.update.relock import LockedPlatform, platforms_of
from conda_lockstep.render.drift import text as drift_text
from conda_lockstep.settings import load
from conda_lockstep.text.printable import shortened
from conda_lockstep.text.resolve_path import resolve_path


def look(runner: Runner, inputs: Inputs, out: TextIO) -> Findings:
    """Compare every lock with its channels, and write the results for the reporting step.

    Nothing is written to the checkout. A lock that cannot be compared is among the failures, with its reasons.
    """
    os.chdir(runner.workspace)
    found = _UpstreamRun(runner, inputs, out, utc_now())
    try:
        files, found.failures = select_files(runner.workspace, inputs.files, runner.below)
        for path in files:
            with group(str(path), out), quoted(out):
                found.at(path)
    except LockstepError as error:
        found.failures.append(str(error))
    findings = found.findings()
    failures = tuple(shortened(without_paths(line, runner), MAX_TEXT) for line in findings.failures)
    findings = replace(findings, failures=failures)
    findings_file.write(findings, runner.folder / findings_file.FILE_NAME)
    return findings


class _UpstreamRun:
    """Collects the results of all files."""

    def __init__(self, runner: Runner, inputs: Inputs, out: TextIO, now: datetime.datetime) -> None:
        self.now = now
        self.workspace, self.inputs, self.out = runner.workspace, inputs, out
        self.cache = inputs.cache_dir or runner.cache
        self.solvers = Solvers()
        self.comparisons: list[Comparison] = []
        self.identities: list[tuple[str, str, str]] = []
        self.refreshed: list[Refreshed] = []
        self.failures: list[str] = []
        self.moved: list[Path] = []

    def at(self, path: Path) -> None:
        """Check the locks of an environment file; if one has changed, make today's locks if they are requested."""
        compared, failed = len(self.comparisons), len(self.failures)
        try:
            locks = read_own(path, broken=lambda lock, error: self._fail(error, lock))
            locks = {lock: held for lock, held in locks.items() if is_inside(self.workspace, lock)}
            if not locks:
                print(f"{path}: no lock to watch", file=self.out)
            for lock in locks:
                for each in platforms_of(lock, TRUSTED, self.inputs.platforms):
                    self._compare(each)
            if any(comparison.rows for comparison in self.comparisons[compared:]):
                self.moved.append(path)
                if self.inputs.lock_update != "none" and len(self.failures) == failed:
                    self._refresh(path, locks)
        except LockstepError as error:
            self._fail(error, path)

    def findings(self) -> Findings:
        """Return all results."""
        if not self.identities and not self.failures:
            error = LockstepError("no lock to watch", remedy="run: lockstep lock")
            self.failures.append(str(error))
        report = Report(
            comparisons=tuple(self.comparisons),
            evidence=Evidence(("solved",), LADDER[2:]),
            reproduce=tuple(f"lockstep upstream {shlex.quote(path.as_posix())}" for path in self.moved),
            accept=tuple(f"lockstep lock --update-all {shlex.quote(path.as_posix())}" for path in self.moved),
        )
        failures = tuple(dict.fromkeys(self.failures))
        return Findings(report, tuple(self.identities), tuple(self.refreshed), failures)

    def _compare(self, each: LockedPlatform) -> None:
        """Compare one platform with its channels today; results from before an error are kept."""
        settings = replace(each.settings_at(self.now), cache=self.cache)
        solver, label = self.solvers.of(settings), each.path.as_posix()
        packages = each.lock.platforms[each.platform]
        self.identities.append((label, each.platform, packages.environment_id))
        try:
            for comparison in against_today(each.file, each.lock, label, solver, settings):
                self.comparisons.append(comparison)
                print(drift_text.render(Report((comparison,))), file=self.out)
        except LockstepError as error:
            self._fail(error, each.path, Path(each.file.path))

    def _refresh(self, path: Path, old: Mapping[Path, Lock]) -> None:
        """Make the locks that ``lockstep lock --update-all`` would write, and keep those that differ."""
        file, config = read(path), load(resolve_path(path).parent, TRUSTED)
        settings = settings_of(
            file, config, [*old.values()], cache=self.cache, horizon=horizon_of("", config.min_age, self.now)
        )
        made = make_locks(file, settings, self.solvers.of(settings), [*old.values()], UpdateRequest(all=True))
        after = {machine_lock_path(path, name): cep37.render(lock) for name, lock in made.items()}
        before = {lock: lock.read_bytes().decode("utf-8", "replace") for lock in old}
        gone = [lock for lock in before if lock not in after and cep37.is_ours(before[lock], old[lock])]
        for target in [*after, *gone]:
            one, other = before.get(target, ""), after.get(target, "")
            if one != other:
                self.refreshed.append(Refreshed(target.as_posix(), one, other))

    def _fail(self, error: LockstepError, *paths: Path) -> None:
        """Record an error, with its file if the error does not name one."""
        named = any(path.as_posix() in str(error) for path in paths)
        line = str(error) if named else f"{paths[0].as_posix()}: {error}"
        self.failures.append(line)
        print(*error.detail, line, sep="\n", file=self.out)
