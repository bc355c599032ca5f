"""The checking step of the Action: lints, solves and builds. It has no token and sends nothing to GitHub."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from conda_lockstep.conda.trust import Trust
from conda_lockstep.config import Config
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.check import building
from conda_lockstep.github.check.attribution import Inquiry, LockCauses
from conda_lockstep.github.check.locking import CheckedLock, lock_environment
from conda_lockstep.github.event.base import CommitRange, find_commit_range
from conda_lockstep.github.event.base_settings import judged_by_base
from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.github.event.event import Event
from conda_lockstep.github.event.files import is_inside, select_files
from conda_lockstep.github.event.inputs import Inputs
from conda_lockstep.github.event.renames import find_old_paths
from conda_lockstep.github.event.runner import Runner, without_paths
from conda_lockstep.github.event.trust import Decision, may_build, reason_for_distrust
from conda_lockstep.github.event.workflow_commands import group, quoted
from conda_lockstep.github.handoff import handoff as handoffs
from conda_lockstep.github.handoff.handoff import MAX_TEXT, Checked, Handoff, Remark
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lint.engine.findings import UNREADABLE, Finding
from conda_lockstep.lint.engine.partner_files import with_companions
from conda_lockstep.lock.model.paths import is_lock
from conda_lockstep.lock.solve.dates import utc_now
from conda_lockstep.settings import load
from conda_lockstep.text.printable import shortened


def check(event: Event, runner: Runner, inputs: Inputs, out: TextIO) -> Handoff:
    """Check every environment file of the checkout, and write the results for the reporting step."""
    os.chdir(runner.workspace)
    handoff = _without_paths(_look(event, runner, inputs, out), runner)
    handoffs.write(handoff, runner.folder / handoffs.FILE_NAME)
    return handoff


def _look(event: Event, runner: Runner, inputs: Inputs, out: TextIO) -> Handoff:
    trust = Trust(reason_for_distrust(event))
    # This step has no token to ask GitHub: the base is what the checkout alone knows of it.
    change = find_commit_range(event, runner.workspace, base_ref=inputs.base_ref, head_ref=inputs.head_ref)
    base = CommitFiles(runner.workspace, change.base)
    settings = _BaseSettings(runner.workspace, trust, base, change)
    try:
        config = settings.of(runner.below)
        files, failures = select_files(runner.workspace, inputs.files, runner.below)
        findings, unread = _linted(files, config, runner.workspace)
    except LockstepError as error:
        return Handoff(failures=(str(error),), base=change.base)
    cache = _cache(event, runner, inputs)
    inquiry = Inquiry(
        base, runner.workspace, runner.folder, cache, trust, out, old_paths=_old_paths(base, change, runner)
    )
    look = _CheckRun(
        event,
        inputs,
        runner,
        may_build(event, hosted=runner.hosted),
        base,
        cache,
        inquiry,
        utc_now(),
        out,
        settings,
        change.is_judged,
    )
    failures += unread
    unreadable = {finding.path for finding in findings if finding.rule == UNREADABLE}
    checked: list[Checked] = []
    for number, path in enumerate(files):
        with group(str(path), out), quoted(out):
            try:
                if str(path) not in unreadable:
                    checked += look.at(path, number)
            except LockstepError as error:
                failures.append(str(error))
    return Handoff(
        tuple(map(_remark, findings)),
        tuple(checked),
        tuple(dict.fromkeys(failures)),
        change.base,
        tuple(path.as_posix() for path in files),
        settings.are_its_own,
    )


@dataclass(slots=True)
class _BaseSettings:
    """The settings of a run: those that judge are the base's. ``are_its_own`` is whether those could not be read."""

    workspace: Path
    trust: Trust
    base: CommitFiles
    change: CommitRange
    are_its_own: bool = False

    def of(self, folder: Path) -> Config:
        """Return the settings that 'lockstep lock' would take in a folder: those closest to it."""
        config = load(self.workspace / folder, self.trust)
        if not self.change.base:
            return config
        try:
            return judged_by_base(config, self.base, folder)
        except LockstepError:
            self.are_its_own = True
            return config


def _old_paths(base: CommitFiles, change: CommitRange, runner: Runner) -> dict[str, str]:
    """Return the paths that renamed environment files and locks have on the base; empty if the base cannot be read."""
    head = CommitFiles(runner.workspace, change.head)
    try:
        return find_old_paths(base, head, runner.folder) if change.base else {}
    except LockstepError:
        return {}


def _without_paths(handoff: Handoff, runner: Runner) -> Handoff:
    """Return the hand-off with no path of the runner in any of its messages."""

    def cleaned(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(shortened(without_paths(text, runner), MAX_TEXT) for text in texts)

    def one(checked: Checked) -> Checked:
        [build_reason] = cleaned([checked.build_reason])
        caveats = (replace(each, text=cleaned([each.text])[0]) for each in checked.caveats)
        return replace(
            checked,
            reasons=cleaned(checked.reasons),
            notices=cleaned(checked.notices),
            build_reason=build_reason,
            caveats=tuple(caveats),
        )

    remarks = (replace(remark, message=cleaned([remark.message])[0]) for remark in handoff.remarks)
    return replace(
        handoff,
        remarks=tuple(remarks),
        checked=tuple(map(one, handoff.checked)),
        failures=cleaned(handoff.failures),
    )


def _linted(files: Sequence[Path], config: Config, workspace: Path) -> tuple[list[Finding], list[str]]:
    """Lint as ``lockstep lint`` does, but nothing outside the checkout; also return what could not be read."""
    chosen = lint.select(config)
    findings: list[Finding] = []
    failures: list[str] = []
    for path in with_companions(files, chosen):
        if not is_inside(workspace, path):
            continue
        try:
            findings += lint.lint_path(path, chosen, config)
        except LockstepError as error:
            # A lock that cannot be read is reported as stale.
            failures += [] if is_lock(path.name) else [str(error)]
    return findings, failures


@dataclass(frozen=True, slots=True)
class _CheckRun:
    """The state that all files of a run share."""

    event: Event
    inputs: Inputs
    runner: Runner
    gate: Decision
    base: CommitFiles
    cache: Path
    inquiry: Inquiry
    now: datetime.datetime
    out: TextIO
    settings: _BaseSettings
    is_judged: bool

    def at(self, path: Path, number: int) -> Iterator[Checked]:
        """Lock an environment file for its machines; build the lock for this one if that is requested and allowed."""
        config = self.settings.of(path.parent)
        building.check_machine(self.inputs.machine, config)
        found = lock_environment(path, config, self.inputs, self.runner.workspace, self.cache, self.now)
        for index, locked in enumerate(found):
            built = self._built(locked, found, config, self.runner.folder / f"build-{number}")
            causes = self.inquiry.about(locked, f"{number}-{index}") if self.is_judged else LockCauses()
            yield self._checked(path, locked, built, causes)

    def _built(
        self, locked: CheckedLock, found: Sequence[CheckedLock], config: Config, place: Path
    ) -> building.Built:
        print(
            f"{locked.lock_path}: {locked.state}", *locked.reasons, *locked.notices, sep="\n  ", file=self.out
        )
        built = building.decide(locked, self.inputs.build, self.gate, self.event, self.base)
        built = built or building.belongs_elsewhere(locked, found, self.inputs.machine)
        if built is None:
            built = building.build(locked, config, place, self.runner.workspace, self.cache, self.out)
        print(f"{locked.path}: {built.state}: {built.reason}", file=self.out)
        return built

    def _checked(self, path: Path, locked: CheckedLock, built: building.Built, causes: LockCauses) -> Checked:
        return Checked(
            path=path.as_posix(),
            lock_path=locked.lock_path.as_posix(),
            state=locked.state,
            sha256=locked.sha256,
            lock_sha256=locked.lock_sha256,
            reasons=locked.reasons,
            committed=locked.committed,
            lock=locked.text,
            notices=locked.notices,
            build=built.state,
            build_reason=built.reason,
            reached=("linted", *(("solved",) if locked.lock else ()), *built.reached),
            causes=causes.causes,
            caveats=causes.caveats,
        )


def _cache(event: Event, runner: Runner, inputs: Inputs) -> Path:
    """Return where downloads are cached; an untrusted change gets no cache that outlives the run."""
    if inputs.cache_dir is None or reason_for_distrust(event):
        return runner.cache
    return inputs.cache_dir


def _remark(finding: Finding) -> Remark:
    path = Path(finding.path).as_posix()
    return Remark(finding.rule, finding.severity, finding.message, path, finding.line, finding.column)
