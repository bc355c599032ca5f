"""``lockstep lint``: rules over environment files and what installs from them, in the format that is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.config import Config
from conda_lockstep.environment.named_files import STDIN, read_stdin, with_folders
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine import reading, running, selection
from conda_lockstep.lint.engine.exclusion import not_excluded
from conda_lockstep.lint.engine.findings import UNREADABLE, Finding
from conda_lockstep.lint.engine.partner_files import with_companions
from conda_lockstep.lint.engine.registry import Rule, families_of
from conda_lockstep.settings import load

if TYPE_CHECKING:
    from conda_lockstep.lint.engine.baseline import BaselineScope
    from conda_lockstep.lint.engine.fixing import Fixed
    from conda_lockstep.lint.targets.target import Target


def run(
    *,
    files: Sequence[Path],
    fix: bool,
    unsafe: bool,
    output: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    extend_select: tuple[str, ...] = (),
    baseline: Path | None = None,
    write_baseline: Path | None = None,
    strict: bool,
    diff: bool = False,
    statistics: bool = False,
    show_fixes: bool = False,
    stdin_filename: str = "",
    exit_zero: bool = False,
    today: str = "",
) -> int:
    """Lint files, print what was found, and return the exit status.

    A folder stands for the files that git knows below it, the file ``-`` for what is piped in: its name is
    ``stdin_filename``, and what ``fix`` makes of it goes to the standard output, the rest to the standard error.

    2 where a file could not be read, else 1 for errors and warnings (with ``strict`` for notes too; with ``exit_zero``
    for none), else 0. What a
    ``baseline`` holds is neither said nor counted; ``write_baseline`` records what is found, and the status is 0.
    ``diff`` shows what fixes would do and writes nothing; the status is then 1 where a file would change. ``today``
    (``YYYY-MM-DD``) is the date that last days are compared with, the machine's own where it is empty.
    """
    config = load(Path.cwd(), TRUSTED)
    config = config._replace(
        ignore=config.ignore + ignore, extend_select=config.extend_select + extend_select, today=today
    )
    only = select + extend_select if select else ()
    piped, failures = STDIN in files, list[LockstepError]()
    if piped:
        paths = [Path(stdin_filename or STDIN)]
    elif files:
        paths, failures = with_folders(files, partial(_discover, config, only))
    else:
        paths = _here(config, only)
    installs = any(reading.kind_of_target(str(path)) == "installs" for path in paths)
    chosen = selection.select(config, only, installs=installs)
    if not piped:
        paths = with_companions(paths, chosen)
    look = _LintRun(chosen, config, unsafe, partial(_piped, files) if piped else reading.read_file)
    if diff:
        return look.preview(paths, failures)
    seen = look.at(paths, failures, fix=fix, piped=piped)
    if write_baseline:
        return _record(seen, chosen, write_baseline)
    if baseline:
        seen = _without_old(seen, chosen, baseline)
    with redirect_stdout(sys.stderr if fix and piped else sys.stdout):
        _print(seen, output, strict, statistics, show_fixes)
    if seen.failures or any(finding.rule == UNREADABLE for finding in seen.findings):
        return 2
    fails = any(strict or finding.severity != "note" for finding in seen.findings)
    return int(fails and not exit_zero)


def _piped(named: Sequence[Path], path: Path) -> Target:
    """Read what is piped in as the file that it would be by its name."""
    return reading.parse_text(read_stdin(named, str(path)), str(path))


class _Seen(NamedTuple):
    """What came of looking at files: findings that are left, what was fixed, and files that are not there."""

    paths: Sequence[Path]
    findings: Sequence[Finding]
    done: Sequence[str]
    failures: Sequence[LockstepError]


def _here(config: Config, only: Sequence[str]) -> list[Path]:
    """Return the files that git knows here; that there are none is said, and is no failure."""
    found = _discover(config, only, Path())
    if not found:
        what = "Dockerfile, script or workflow" if _asked_for_installs(config, only) else "environment file"
        print(f"lockstep: git knows no {what} here", file=sys.stderr)
    return found


def _discover(config: Config, only: Sequence[str], folder: Path) -> list[Path]:
    """Return the files that git knows below a folder: environment files, and installs where it is asked for them."""
    from conda_lockstep.environment.discover import environment_files

    named, asked = set(only or config.select), _asked_for_installs(config, only)
    found = environment_files(folder) if not named or named - asked else []
    if asked:
        from conda_lockstep.lint.targets.install_script.discover import install_files

        found += install_files(folder)
    return not_excluded(found, folder, config)


def _asked_for_installs(config: Config, only: Sequence[str]) -> set[str]:
    """Return by which names it is asked for files that install packages: that of their family, or of its rules."""
    named = set(only or config.select).union(() if only else config.extend_select)
    return {name for name in named if _is_of_installs(name)}


def _is_of_installs(name: str) -> bool:
    return name not in families_of("environment") and (
        name == "installs" or selection.find_rule(name).family == "installs"
    )


class _LintRun(NamedTuple):
    """How files are looked at: by which rules, and whether they are piped in."""

    chosen: Sequence[Rule]
    config: Config
    unsafe: bool
    load: Callable[[Path], Target]

    def at(self, paths: Sequence[Path], failed: Sequence[LockstepError], *, fix: bool, piped: bool) -> _Seen:
        """Look at files, and mend them; ``failed`` are the errors of those that were not found."""
        findings: list[Finding] = []
        done: list[str] = []
        failures = [*failed]
        for path in paths:
            try:
                if fix:
                    fixed = self._fixed(path, piped)
                    findings += fixed.left
                    done += [f"{path}: fixed {what}" for what in fixed.done]
                else:
                    findings += running.lint_path(path, self.chosen, self.config, self.load)
            except LockstepError as error:
                failures.append(error)
        return _Seen(paths, findings, done, failures)

    def _fixed(self, path: Path, piped: bool) -> Fixed:
        from conda_lockstep.lint.engine import fixing

        if not piped:
            return fixing.fix_path(path, self.chosen, self.config, unsafe=self.unsafe)
        _, fixed = fixing.plan_path(path, self.chosen, self.config, self.load, unsafe=self.unsafe)
        sys.stdout.write(fixed.text)
        return fixed

    def preview(self, paths: Sequence[Path], failed: Sequence[LockstepError]) -> int:
        """Print as a diff what fixing would change; return 2 where a file could not be read, 1 where one changes."""
        from conda_lockstep.lint.engine import fixing
        from conda_lockstep.render.findings import text
        from conda_lockstep.render.findings.unified_diff import unified

        changed, done, failures = 0, 0, [str(failure) for failure in failed]
        for path in paths:
            try:
                file, fixed = fixing.plan_path(path, self.chosen, self.config, self.load, unsafe=self.unsafe)
            except LockstepError as error:
                failures.append(str(error))
                continue
            if file is None:
                failures += (f"{each.path}:{each.line}:{each.column}: {each.message}" for each in fixed.left)
            elif fixed.done:
                changed, done = changed + 1, done + len(fixed.done)
                after = file.with_text(fixed.text)
                sys.stdout.write(unified(file.document, after.document, colour=_colour()))
        sys.stderr.write(text.errors(failures))
        print(f"would fix {text.count(done, 'problem')} in {text.count(changed, 'file')}", file=sys.stderr)
        return 2 if failures else int(changed > 0)


def _record(seen: _Seen, chosen: Sequence[Rule], path: Path) -> int:
    from conda_lockstep.lint.engine import baseline
    from conda_lockstep.render.findings import text

    count = baseline.write(path, seen.findings, _scope(seen, chosen, path))
    print(f"lockstep: {path} holds {count} finding{'' if count == 1 else 's'}", file=sys.stderr)
    sys.stderr.write(text.errors(str(failure) for failure in seen.failures))
    return 2 if seen.failures else 0


def _without_old(seen: _Seen, chosen: Sequence[Rule], path: Path) -> _Seen:
    """Leave out what a baseline holds, and say what it need not hold any longer."""
    from conda_lockstep.lint.engine import baseline
    from conda_lockstep.render.findings import text

    compared = baseline.compare(baseline.read(path), seen.findings, _scope(seen, chosen, path))
    gone = [f"{path}: no longer needed: {key.path}: {key.rule}: {key.entry}" for key in compared.gone]
    if gone:
        gone.append(f"{path}: write it again with --write-baseline")
    sys.stderr.write(text.errors(gone))
    return seen._replace(findings=compared.new)


def _scope(seen: _Seen, chosen: Sequence[Rule], path: Path) -> BaselineScope:
    from conda_lockstep.lint.engine.baseline import BaselineScope

    return BaselineScope.of(path, seen.paths, (rule.name for rule in chosen))


def _colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _print(seen: _Seen, output: str, strict: bool, statistics: bool, show_fixes: bool) -> None:
    from conda_lockstep.render.findings import text

    if output == "text":
        sys.stdout.write(_text(seen, statistics, show_fixes))
    else:
        sys.stdout.write(_render(seen, output, strict))
    sys.stderr.write(text.errors(str(failure) for failure in seen.failures))


def _text(seen: _Seen, statistics: bool, show_fixes: bool) -> str:
    from conda_lockstep.render.findings import text

    colour = _colour()
    done = "".join(f"{text.visible(line)}\n" for line in seen.done)
    if statistics:
        from conda_lockstep.render.findings.statistics import render

        blocks = [done, render(seen.findings)]
    else:
        blocks = [done, text.render(seen.findings, colour=colour, fixes=show_fixes)]
    if not seen.failures or seen.findings or done:
        files = len(seen.paths) - len(seen.failures)
        blocks.append(text.summary(seen.findings, files, fixed=len(seen.done), colour=colour))
    return "\n".join(block for block in blocks if block)


def _render(seen: _Seen, output: str, strict: bool) -> str:
    """Return what programs read; each format is imported when it is asked for."""
    if output == "json":
        from conda_lockstep.render.findings import json

        return json.render(seen.findings)
    from conda_lockstep.render.paths import repository_root

    root = repository_root(Path.cwd())
    if output == "github":
        from conda_lockstep.render.findings import annotations

        return annotations.render(seen.findings, root)
    if output == "sarif":
        from conda_lockstep.render.findings import sarif

        return sarif.render(seen.findings, seen.failures, root)
    from conda_lockstep.render.findings import junit

    paths = [str(path) for path in seen.paths]
    return junit.render(paths, seen.findings, seen.failures, root, strict=strict)
